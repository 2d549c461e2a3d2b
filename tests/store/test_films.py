"""Film files on disk: written atomically, edited by people, filled in by forms."""

import os
from dataclasses import replace

import pytest

from ltxlib.core.film import CutWish, FilmLook, FilmSettings, LongForm, Transition
from ltxlib.core.soundtrack import Layer, Soundtrack
from ltxlib.errors import BadInput, StoreError, UnsafeName
from ltxlib.store.films import film_names, film_path, load_film, read_film, save_film
from ltxlib.store.project import Project

SETTINGS = FilmSettings(
    name="Night rain",
    cuts=(CutWish("rain", in_s=1.5, transition=Transition("black", 0.0, 24)), CutWish("still", gain_db=-3.0)),
    sound=Soundtrack(beds=(Layer("brook.flac"),)),
    long=LongForm(length_s=36000.0),
)


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def test_a_film_is_written_read_and_listed(project):
    """A new file has a remark for each value, reads back as it was and leaves nothing half written."""
    path = save_film(project, SETTINGS)
    assert path == project.films / "night-rain.toml"
    assert load_film(project, "night-rain") == SETTINGS
    text = path.read_text()
    assert 'length = "10 h"' in text
    assert "# gentle film grain" in text
    assert max(map(len, text.splitlines())) <= 110
    os.utime(path, (1, 1))
    save_film(project, FilmSettings(), "other")
    assert film_names(project) == ["other", "night-rain"]
    assert sorted(file.name for file in project.films.iterdir()) == ["night-rain.toml", "other.toml"]


def test_yes_and_no_change_and_keep_their_remarks(project):
    """A value that is true or false is filled in like any other."""
    path = save_film(project, SETTINGS, "x")
    save_film(project, replace(SETTINGS, sound=replace(SETTINGS.sound, even=False)), "x")
    assert load_film(project, "x").sound.even is False
    (line,) = (line for line in path.read_text().splitlines() if line.startswith("even"))
    assert line.startswith("even = false ")
    assert line.endswith("# bring the clips nearer to one loudness")


def test_what_people_wrote_stays(project):
    """Remarks, names of nobody's and ways of writing a value outlive a form that saves."""
    path = save_film(project, SETTINGS, "x")
    text = path.read_text().replace('length = "10 h" ', 'length = "10:00:00" ')
    text = text.replace(
        '[[cut]]\nscene = "still"', '# the quiet one\n[[cut]]\nscene = "still"  # dear\nmood = 3'
    )
    text = text.replace("grain = 0 ", "grain = 0 # none yet;")
    path.write_text(f"{text}\n[mine]\nkeep = true\n\n# The end.\n")
    changed = replace(
        SETTINGS,
        title="Rain",
        cuts=(SETTINGS.cuts[1], CutWish("fog", "take01-a"), replace(SETTINGS.cuts[0], out_s=4.0)),
        look=FilmLook(grain=2),
    )
    save_film(project, changed, "x")
    assert load_film(project, "x") == changed
    now = path.read_text()
    for kept in ('"10:00:00"', "# dear", "mood = 3", "none yet;", "[mine]\nkeep = true", "# The end."):
        assert kept in now
    places = [
        now.index(mark)
        for mark in ("# What the film shows", "# the quiet one", '"fog"', '"rain"', "# Sounds")
    ]
    assert places == sorted(places)
    assert [problem.warning for problem in read_film(project, "x")[1]] == [True, True]


def test_saving_the_same_changes_no_byte(project):
    """A form that saves what it read leaves a person's file as it was, odd spacing included."""
    project.films.mkdir()
    path = project.films / "mine.toml"
    path.write_text(
        'title="Rain"   # big\n[look]\n  grain=2\n\n\n[[cut]]\nscene = "a"\n[[cut]]\nscene = "b"\n'
    )
    settings = load_film(project, "mine")
    assert settings.name == "mine"
    save_film(project, settings, "mine")
    assert load_film(project, "mine") == settings
    first = path.read_bytes()
    stamp = path.stat().st_mtime_ns
    save_film(project, settings, "mine")
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (first, stamp)
    assert b"[look]\n  grain=2\n" in first


def test_cuts_that_are_gone_are_taken_out(project):
    """Fewer cuts, fewer beds, and none at all are what the file says then."""
    save_film(project, SETTINGS, "x")
    fewer = replace(SETTINGS, cuts=SETTINGS.cuts[1:], sound=Soundtrack())
    save_film(project, fewer, "x")
    assert load_film(project, "x") == fewer
    none = replace(fewer, cuts=())
    save_film(project, none, "x")
    assert load_film(project, "x") == none


def test_a_file_that_lacks_tables_gets_them(project):
    """A short file of a person's grows only by what is asked for otherwise than usual."""
    project.films.mkdir()
    path = project.films / "x.toml"
    path.write_text('name = "x"')
    save_film(project, replace(SETTINGS, name="x", crossfade_s=2.0), "x")
    assert load_film(project, "x") == replace(SETTINGS, name="x", crossfade_s=2.0)
    assert "[look]" not in path.read_text()


@pytest.mark.parametrize(
    "odd",
    ['cut = [{scene = "a"}]\n', "look = {grain = 1}\n", "look.grain = 1\nsound.even = false\n"],
)
def test_other_ways_of_writing_tables_are_read_and_written_anew(project, odd):
    """Lists in one line are understood; when they cannot be filled in, the old file stays beside the new."""
    project.films.mkdir()
    path = project.films / "x.toml"
    path.write_text(odd)
    before = load_film(project, "x")
    assert before != FilmSettings(name="x")
    changed = replace(before, cuts=(CutWish("b"),), look=FilmLook(grain=3))
    save_film(project, changed, "x")
    assert load_film(project, "x") == changed
    kept = path.with_name("x.toml.before")
    assert not kept.exists() or kept.read_text() == odd
    assert film_names(project) == ["x"]


def test_faults_name_the_line(project):
    """A file that is no TOML, and one with wrong values, are told by line; saving leaves it alone."""
    project.films.mkdir()
    path = project.films / "x.toml"
    path.write_text('name = "a"\n\n[look]\ngrain = lots\n')
    with pytest.raises(BadInput) as caught:
        load_film(project, "x")
    assert caught.value.problems[0].where == "films/x.toml line 4"
    with pytest.raises(BadInput):
        save_film(project, SETTINGS, "x")
    assert "lots" in path.read_text()
    path.write_text('name = "a"\n\n[look]\ngrain = 9\nheight = "tall"\ntint = 1\n')
    with pytest.raises(BadInput) as caught:
        load_film(project, "x")
    assert [problem.where for problem in caught.value.problems] == [
        "films/x.toml line 4, look, grain",
        "films/x.toml line 5, look, height",
        "films/x.toml line 6, look, tint",
    ]
    path.write_text("name = [\n")
    with pytest.raises(BadInput, match="cannot be read"):
        load_film(project, "x")


def test_files_that_are_no_film_are_sentences(project):
    """Missing, not text, too large, and names that lead elsewhere are told with what to do."""
    with pytest.raises(BadInput, match="no film called"):
        load_film(project, "x")
    save_film(project, SETTINGS, "here")
    with pytest.raises(BadInput, match="There are: here"):
        load_film(project, "x")
    (project.films / "x.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="UTF-8"):
        load_film(project, "x")
    (project.films / "x.toml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(BadInput, match="larger"):
        load_film(project, "x")
    for name in ("", "../x", "a/b", "a\\b", ".hidden"):
        with pytest.raises(UnsafeName):
            film_path(project, name)
    (project.films / "folder.toml").mkdir()
    with pytest.raises(StoreError):
        load_film(project, "folder")


def test_windows_line_ends_and_a_byte_order_mark_are_understood(project):
    """A file from Notepad is read, and its lines are counted as people count them."""
    project.films.mkdir()
    (project.films / "x.toml").write_bytes(b'\xef\xbb\xbfname = "a"\r\n[look]\r\ngrain = 9\r\n')
    with pytest.raises(BadInput) as caught:
        load_film(project, "x")
    assert caught.value.problems[0].where == "films/x.toml line 3, look, grain"
