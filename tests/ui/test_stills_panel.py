"""Your own pictures: brought by either way, told of, listed, and made scenes of."""

from __future__ import annotations

import re

import pytest

from ltxlib.store.scene_sheet import read_sheet
from ltxlib.ui import upload
from ltxlib.ui.one_take import OneTakePanel
from ltxlib.ui.stills import A_PAGE, StillsPanel, stills_panel
from tests.studio.test_stills import a_zip, picture
from tests.ui.test_film_sound import brought


@pytest.fixture
def panel(project, in_jupyter) -> StillsPanel:
    in_jupyter(project.root)
    made = StillsPanel(project)
    made.settle()
    return made


def send(panel, *files) -> None:
    """What the page sends when files are dropped, and the answers it gets."""
    widget = panel.place.widget
    answers = []
    widget.send = lambda said, *_: answers.append(said)
    for number, (name, data) in enumerate(files):
        key = str(number)
        widget._handle_custom_msg(
            {"do": "begin", "id": key, "name": name, "size": len(data), "number": key}, []
        )
        if answers.pop() == {"number": key, "answer": "go"}:
            for at in range(0, len(data), 1 << 20):
                piece = {"do": "piece", "id": key, "at": at, "number": "p"}
                widget._handle_custom_msg(piece, [memoryview(data)[at : at + (1 << 20)]])
            widget._handle_custom_msg({"do": "end", "id": key, "number": "e"}, [])
    widget._handle_custom_msg({"do": "over", "number": "o"}, [])
    panel.door.settle()
    panel.settle()


def listed(panel) -> list[str]:
    return [card.still.name for card in panel.cards if card.still]


def test_what_is_dropped_is_told_and_listed(panel, project):
    """New, there already, not taken: each with its reason; the list shows the new ones first, marked."""
    take = OneTakePanel(project)
    take.settle()
    data = picture(colour=(1, 2, 3))
    send(panel, ("<b>cabin.png", data), ("again.png", data), ("clip.mp4", b"x"), (".DS_Store", b"x"))
    told = panel.told.value
    for words in ("1 picture is in images/ now", "1 was there already", "1 file was not taken", "is a clip"):
        assert words in told
    assert "<b>cabin" not in told
    assert "DS_Store" not in told
    assert listed(panel) == ["b-cabin.png", "still.png"]
    assert ">new<" in panel.cards[0].words.value
    assert ">new<" not in panel.cards[1].words.value
    assert "in scene still" in panel.cards[1].words.value
    assert re.search(r'src="/files/production/stills/\w+\.jpg\?v=', panel.cards[0].picture.value)
    assert panel.drawer.selected_index == 0
    assert panel.drawer.titles == ("2 pictures in images/",)
    take.settle()
    assert "b-cabin.png" in take.form.image.options
    send(panel, ("next.png", picture(colour=(3, 3, 3))))
    assert "there already" not in panel.told.value
    assert ">new<" not in panel.cards[1].words.value


def test_a_zip_brings_many_and_pages_are_turned(panel, project):
    """More than a page holds is turned over, the newest first."""
    files = [(f"set/{number:02}.png", picture(colour=(number, 0, 0))) for number in range(A_PAGE + 3)]
    send(panel, ("stills.zip", a_zip(files)))
    assert f"{A_PAGE + 3} pictures are in images/ now" in panel.told.value
    first = listed(panel)
    assert (len(first), panel.newer.disabled, panel.older.disabled) == (A_PAGE, True, False)
    panel.older.click()
    panel.settle()
    assert len(listed(panel)) == 4
    assert not set(listed(panel)) & set(first)
    assert panel.older.disabled
    panel.newer.click()
    panel.settle()
    assert listed(panel) == first


def test_a_page_that_is_turned_during_a_look_stays_turned(panel):
    """What was gathered before the press is shown, and then what was asked for by it."""
    files = [(f"{number:02}.png", picture(colour=(number, 0, 0))) for number in range(A_PAGE + 3)]
    send(panel, ("stills.zip", a_zip(files)))
    late = panel._gather()
    panel._turn(A_PAGE)
    panel._fill(late)
    panel.settle()
    panel.refresh()
    panel.settle()
    assert f"{A_PAGE + 1} to {A_PAGE + 4} of {A_PAGE + 4}" in panel.where.value


def test_the_same_word_about_many_is_said_once(panel):
    """Many small pictures make one line."""
    files = [(f"{number:03}.png", picture(size=(90, 90), colour=(number, 0, 0))) for number in range(12)]
    send(panel, *files)
    assert panel.told.value.count("the clip will be soft") == 1
    assert "000.png, 001.png, 002.png and 9 more" in panel.told.value


def test_the_plain_button_brings_them_too(panel):
    """Where the page has no drop place, a file comes in one piece."""
    panel.place.plain.value = (brought("a.png", picture()), brought("b.mp4", b"x"))
    panel.settle()
    assert "1 picture is in images/ now" in panel.told.value
    assert "is a clip" in panel.told.value
    assert "a.png" in listed(panel)
    assert panel.place.plain.value == ()


def test_without_anywidget_there_is_the_plain_button(project, monkeypatch):
    """It is there at once, and nothing is sent that a page could not show."""
    monkeypatch.setattr(upload, "find_spec", lambda _: None)
    made = StillsPanel(project)
    made.settle()
    assert made.place.widget is None
    assert "ltx-drop-only" in made.place.part.children[0]._dom_classes


def test_a_scene_is_made_with_the_creators_words(panel, project):
    """The form begins with good words; the row is written once, and the list says so."""
    card = panel.cards[0]
    card.make.click()
    assert "ltx-empty" not in panel.form._dom_classes
    assert panel.scene.value == "still-2"
    assert panel.prompt.value
    panel.scene.value = "no good!"
    panel.add.click()
    assert "ltx-bad" in panel.notice.value
    panel.scene.value, panel.prompt.value = "mist", "Mist drifts; a soft hush."
    panel.add.click()
    panel.settle()
    assert "Added: mist is now the last row of scenes.csv" in panel.notice.value
    scene = read_sheet(project.scenes_csv).scenes[-1]
    assert (scene.scene, scene.image, scene.mode, scene.width) == ("mist", "still.png", "i2v", 1920)
    assert "ltx-empty" in panel.form._dom_classes
    assert "in scenes still, mist" in card.words.value
    panel.add.click()
    assert len(read_sheet(project.scenes_csv).scenes) == 3


def test_never_mind_writes_nothing(panel, project):
    """The form closes and the table is as it was."""
    before = project.scenes_csv.read_bytes()
    panel.cards[0].make.click()
    panel.never.click()
    panel.add.click()
    assert project.scenes_csv.read_bytes() == before


def test_a_message_that_is_none_is_passed_over(panel):
    """Whatever a page sends, the panel stands."""
    panel.place.widget._handle_custom_msg("nonsense", [])
    panel.place.widget._handle_custom_msg({}, [])
    panel.settle()


def test_the_night_prints_a_line(project, night, capsys):
    """Nothing is brought by night."""
    stills_panel()
    assert "1 picture in images/" in capsys.readouterr().out
