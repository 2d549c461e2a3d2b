"""scenes.csv as people's programs really write it."""

import codecs

import pytest

from ltxlib.core.columns import NAMES
from ltxlib.core.scene import Scene
from ltxlib.errors import BadInput, StoreError
from ltxlib.store.scene_sheet import add_scene, edit_scene, read_sheet

PLAIN = "scene,prompt,frames,notes\nrain,Rain falls.,65,a\nsea,Waves roll.,73,b\n"


@pytest.fixture
def sheet(tmp_path):
    def write(data):
        path = tmp_path / "scenes.csv"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    return write


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        codecs.BOM_UTF8 + PLAIN.encode(),
        codecs.BOM_UTF16_LE + PLAIN.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + PLAIN.encode("utf-16-be"),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace(",", " , "),
        PLAIN + ",,,\n\n,,,\n",
        PLAIN.replace("scene,prompt", "Scene, PROMPT "),
        PLAIN.rstrip("\n"),
        "scene,prompt,frames,notes\n\nrain,Rain falls.,65,a\n\nsea,Waves roll.,73,b\n",
    ],
)
def test_excel_habits_survive(sheet, data):
    """Marks, encodings, separators, line ends, spaces and empty rows change nothing."""
    found = read_sheet(sheet(data))
    assert found.problems == ()
    assert [(scene.scene, scene.prompt, scene.frames) for scene in found.scenes] == [
        ("rain", "Rain falls.", 65),
        ("sea", "Waves roll.", 73),
    ]
    assert found.rows == 2


def test_the_old_windows_encoding_is_understood(sheet):
    """What Excel saves as plain CSV keeps its umlauts."""
    assert read_sheet(sheet("scene,prompt\na,Wälder rauschen – leise.\n".encode("cp1252"))).scenes[
        0
    ].prompt == ("Wälder rauschen – leise.")


def test_line_breaks_in_quotes_belong_to_the_cell(sheet):
    """A prompt of several lines is one prompt, and later rows keep the numbers that Excel shows."""
    found = read_sheet(sheet('scene,prompt,frames\na,"One,\ntwo ""three""",65\nb,x,64\n'))
    assert found.scenes[0].prompt == 'One,\ntwo "three"'
    assert found.problems[0].where == "scenes.csv row 3, column frames"


def test_empty_rows_do_not_shift_row_numbers(sheet):
    """The row named in a problem is the row of the spreadsheet."""
    assert (
        read_sheet(sheet("scene,prompt,frames\n\n,,\na,x,64\n"))
        .problems[0]
        .where.startswith("scenes.csv row 4")
    )


def test_unknown_columns_are_kept_and_told(sheet):
    """A column of one's own is a warning, not an error."""
    found = read_sheet(sheet("scene,prompt,mood\na,x,calm\n"))
    assert len(found.scenes) == 1
    assert [(problem.warning, "mood" in problem.what) for problem in found.problems] == [(True, True)]


def test_missing_and_doubled_columns_are_told(sheet):
    """Without its needed columns, or with one twice, the table cannot be meant."""
    assert any(
        "no column named prompt" in problem.what for problem in read_sheet(sheet("scene\na\n")).problems
    )
    assert any(
        "twice" in problem.what for problem in read_sheet(sheet("scene,prompt,prompt\na,x,y\n")).problems
    )


def test_a_comma_without_quotes_is_named(sheet):
    """The commonest slip, a comma in a prompt, is told with its cure."""
    found = read_sheet(sheet("scene,prompt\na,Rain, softly falling\n"))
    (problem,) = found.problems
    assert problem.where == "scenes.csv row 2"
    assert "quotation marks" in problem.cure


def test_problems_of_all_rows_come_together(sheet):
    """Every faulty row is in the one report, doubled names included."""
    found = read_sheet(sheet("scene,prompt,frames\na,x,64\nb,,65\nc,x,65\nC,x,65\n"))
    assert [problem.where.split(",")[0] for problem in found.problems] == [
        "scenes.csv row 2",
        "scenes.csv row 3",
        "scenes.csv row 5",
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"  \n \n", "is empty"),
        (b"PK\x03\x04\x00\x00rest", "not a table"),
        (b'scene,prompt\na,"never closed\n', "cannot be read as a table"),
        (b"x" * 8_000_001, "not a table"),
    ],
)
def test_what_is_no_table_is_refused(sheet, data, said):
    """An empty file, a spreadsheet file or an open quote is one clear sentence."""
    with pytest.raises(BadInput, match=said):
        read_sheet(sheet(data))


def test_a_missing_file_is_a_sentence(tmp_path):
    """No scenes.csv is told with what to do."""
    with pytest.raises(BadInput, match="could not be read"):
        read_sheet(tmp_path / "scenes.csv")


def test_a_table_without_rows_is_a_problem(sheet):
    """A header alone asks for nothing, and says so."""
    assert "no scene" in read_sheet(sheet("scene,prompt\n")).problems[0].what


ODD = (
    '\ufeffscene;prompt;mood;frames\r\nrain;"Rain; a\r\nlot";calm ;65\r\n  sea ;Waves roll.;;73\r\n;;;\r\n'
).encode()


def test_an_edit_touches_one_cell(sheet):
    """Editing a row leaves every other byte as it was, marks and separators included."""
    path = sheet(ODD)
    edit_scene(path, "sea", {"frames": "81"})
    assert path.read_bytes() == ODD.replace(b"73", b"81")


def test_an_added_row_follows_the_last_one(sheet):
    """A new scene is written as the file is written, before trailing empty rows, the rest untouched."""
    path = sheet(ODD)
    add_scene(path, Scene("fire", "Fire; embers.", frames=121))
    assert path.read_bytes().startswith(ODD[: -len(";;;\r\n")])
    found = read_sheet(path)
    assert [scene.scene for scene in found.scenes] == ["rain", "sea", "fire"]
    assert (found.scenes[2].prompt, found.scenes[2].frames) == ("Fire; embers.", 121)


def test_a_row_is_added_after_a_missing_line_end(sheet):
    """A file that does not end in a line end gets one before the new row."""
    path = sheet("scene,prompt\na,x")
    add_scene(path, Scene("b", "y"))
    assert [scene.scene for scene in read_sheet(path).scenes] == ["a", "b"]


def test_the_first_scene_makes_the_file(tmp_path):
    """Without a file, adding a scene writes one with every column."""
    path = tmp_path / "scenes.csv"
    add_scene(path, Scene("a", "x, y"))
    assert read_sheet(path).scenes[0].prompt == "x, y"
    assert len(path.read_text().splitlines()[0].split(",")) == len(NAMES)


def test_a_scene_that_the_columns_cannot_hold_is_refused(sheet):
    """Nothing a person set is dropped because the table has no place for it."""
    path = sheet(PLAIN)
    with pytest.raises(BadInput, match="no column seed"):
        add_scene(path, Scene("fire", "Fire.", seed=4))
    assert path.read_text() == PLAIN


def test_letters_the_old_encoding_lacks_move_the_file_to_utf8(sheet):
    """Nothing a person writes is lost to an old encoding."""
    path = sheet("scene,prompt\na,Wälder\n".encode("cp1252"))
    add_scene(path, Scene("b", "雪"))
    assert [scene.prompt for scene in read_sheet(path).scenes] == ["Wälder", "雪"]


def test_an_impossible_edit_writes_nothing(sheet):
    """Unknown scenes and columns, doubled names and illegal values are refused before the disk is touched."""
    path = sheet(PLAIN)
    with pytest.raises(BadInput, match="no scene named"):
        edit_scene(path, "fire", {"frames": "65"})
    with pytest.raises(BadInput, match="no column"):
        edit_scene(path, "rain", {"width": "768"})
    with pytest.raises(BadInput, match="65 frames"):
        edit_scene(path, "rain", {"frames": "64"})
    with pytest.raises(BadInput, match="already a scene"):
        add_scene(path, Scene("RAIN", "x"))
    assert path.read_text() == PLAIN


def test_a_table_without_names_cannot_be_edited(sheet):
    """Rows cannot be told apart without their name."""
    with pytest.raises(StoreError, match="no column scene"):
        edit_scene(sheet("prompt\nx\n"), "a", {"prompt": "y"})
