"""In and out points that the loop lab found, in a film's file."""

from dataclasses import replace

import pytest

from ltxlib.core.film import CutWish, FilmSettings, Transition
from ltxlib.errors import BadInput
from ltxlib.store.films import film_names, load_film, save_film
from ltxlib.studio.assemble import choose, lay_out
from ltxlib.studio.loop_film import film_to_change, put_into_film
from ltxlib.studio.loop_lab import loop_report
from tests.studio.test_loop_lab import put
from tests.support import loops


@pytest.fixture
def shelf(project):
    """The film's shelf of a project."""
    return project.set(rehearsal=False)


@pytest.fixture
def report(shelf, tmp_path):
    """Of a take of water, which loops by a crossfade."""
    return loop_report(shelf, put(shelf, loops.restless, tmp_path, scene="sea"))


def test_a_first_film_has_all_scenes_and_the_points_of_one(project, shelf, report, tmp_path):
    """The others keep their usual takes."""
    put(shelf, loops.standing, tmp_path, scene="wall", take_id="take01-w")
    done = put_into_film(project, shelf, report, ["wall", "sea", "not-made"])
    film = load_film(project, "film")
    assert done.path.name == "film.toml"
    assert [(cut.scene, bool(cut.take)) for cut in film.cuts] == [("wall", False), ("sea", True)]
    assert film.cuts[1].in_s == pytest.approx(report.in_s, abs=0.001)
    assert film.cuts[1].transition is None
    assert "sea, take 1, now goes from" in done.sentence


def test_the_film_is_cut_at_exactly_these_frames(project, shelf, report):
    """From the file to the timeline nothing is lost to rounding, and the loop's joint is the crossfade."""
    done = put_into_film(project, shelf, report, ["sea"])
    settings = load_film(project, "film")
    way = report.advice.way
    takes, problems = choose(shelf, ["sea"], settings)
    (cut,) = lay_out(shelf, takes, settings).cuts
    assert problems == []
    assert (cut.skip_frames, cut.frames) == (way.in_frame, way.out_frame - way.in_frame)
    assert cut.crossfade_frames == way.crossfade_frames
    assert "follows with a crossfade" in done.sentence


def test_a_film_that_is_there_keeps_what_people_wrote(project, shelf, report):
    """Every place of that take changes; other places, wishes and remarks stay."""
    cuts = (
        CutWish("wall", gain_db=-3.0),
        CutWish("sea", transition=Transition("cut", 0.0), gain_db=-6.0),
        CutWish("wall"),
        CutWish("sea", used=False, take="another"),
    )
    path = save_film(project, FilmSettings(name="calm", cuts=cuts), "calm")
    path.write_text("# mine\n" + path.read_text())
    put_into_film(project, shelf, report, ["sea"], film="calm")
    film = load_film(project, "calm")
    assert path.read_text().startswith("# mine\n")
    assert [cut.scene for cut in film.cuts] == ["wall", "sea", "wall", "sea"]
    assert (film.cuts[1].gain_db, str(film.cuts[1].transition)) == (-6.0, "cut")
    assert film.cuts[1].take == report.take.take_id
    assert (film.cuts[3].take, film.cuts[3].used) == ("another", False)


def test_a_scene_that_is_not_in_the_film_comes_last(project, shelf, report):
    """And one that was left out is in again."""
    save_film(project, FilmSettings(cuts=(CutWish("wall"),)), "one")
    put_into_film(project, shelf, report, [], film="one")
    assert [cut.scene for cut in load_film(project, "one").cuts] == ["wall", "sea"]
    save_film(project, FilmSettings(cuts=(CutWish("wall"), CutWish("sea", used=False))), "two")
    put_into_film(project, shelf, report, [], film="two")
    assert load_film(project, "two").cuts[1].used


def test_another_way_may_be_asked_for(project, shelf, report):
    """A straight cut where the best would be a crossfade."""
    way = replace(report.measured.trimmed, in_frame=6, out_frame=60)
    done = put_into_film(project, shelf, report, ["sea"], way=way)
    assert (done.wish.in_s, done.wish.out_s) == (0.25, 2.5)
    assert "a straight cut" in done.sentence
    assert str(load_film(project, "film").cuts[0].transition) == "cut"


def test_the_film_changed_last_is_the_one(project, shelf, report):
    """Unless one is named."""
    assert film_to_change(project) == "film"
    save_film(project, FilmSettings(name="calm"), "calm")
    assert film_to_change(project) == "calm"
    assert film_to_change(project, "other") == "other"
    assert film_names(project) == ["calm"]


def test_a_film_file_to_be_mended_is_left_alone(project, shelf, report):
    """It is told by line."""
    project.films.mkdir()
    path = project.films / "film.toml"
    path.write_text('[[cut]]\nscene = "sea"\nin_s = "soon"\n')
    with pytest.raises(BadInput):
        put_into_film(project, shelf, report, ["sea"])
    assert "soon" in path.read_text()
