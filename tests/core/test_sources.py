"""Sources: which take a name means, what a row takes from it, and every way in which that goes wrong."""

from dataclasses import replace
from fractions import Fraction

import pytest

from ltxlib.core import overlap
from ltxlib.core.plan import Ingredients, plan_takes
from ltxlib.core.scene import Scene, cells_for, read_scene
from ltxlib.core.sources import check_planned, resolve
from ltxlib.core.take import KEEP, REJECT, ClipFacts
from tests.support.takes import a_take

RAIN = Scene("rain", "Rain.", frames=65, width=768, height=512, row=2)
MORE = Scene(
    "more",
    "It goes on.",
    mode="extend",
    source="rain",
    row=3,
    follows=("width", "height", "fps"),
)
OLD = a_take(take_id="take01-aaaaaaaaaa", made_at="2026-01-01")
NEW = a_take(take_id="take02-bbbbbbbbbb", take_no=2, made_at="2026-01-02")


def ingredients(found=None, **changes):
    given = {
        "prompts": {"rain": "Rain.", "more": "More.", "last": "Last."},
        "workflows": dict.fromkeys(("asmr-txt2vid.json", "asmr-extend.json"), "w" * 64),
        "images": {},
    }
    if found is not None:
        given |= {"sources": found.refs, "rejected": found.rejected}
    return Ingredients(**{**given, **changes})


def planned(*scenes, takes=(), decisions=None):
    """The plans of these rows by scene (the first take of each), and every problem."""
    found = resolve(scenes, takes, decisions or {})
    if found.problems:
        return {}, list(found.problems)
    plans = plan_takes(list(found.scenes), ingredients(found))
    used = {plan.scene.scene: plan.sources for plan in plans}
    problems = check_planned(found.scenes, found, used, "scenes.csv")
    return {plan.scene.scene: plan for plan in reversed(plans)}, problems


def test_a_row_may_start_from_a_take_that_is_not_there_yet():
    """The id of another row's first take is known, and is part of the id of the take that starts from it."""
    plans, problems = planned(RAIN, MORE)
    assert problems == []
    source = plans["more"].sources["source"]
    assert source.key == plans["rain"].key
    assert (source.width_px, source.height_px, source.frames, source.fps) == (768, 512, 65, 24)
    other, _ = planned(replace(RAIN, seed=7), MORE)
    assert other["more"].take_id != plans["more"].take_id
    again, _ = planned(MORE, RAIN)
    assert again["more"].take_id == plans["more"].take_id


def test_the_kept_take_goes_before_the_first():
    """A scene's name means what was kept of it, even where its row would make something else now."""
    plans, _ = planned(RAIN, MORE, takes=[OLD, NEW], decisions={OLD.key: KEEP})
    assert plans["more"].sources["source"].take_id == OLD.take_id
    plans, _ = planned(RAIN, MORE, takes=[OLD, NEW], decisions={OLD.key: KEEP, NEW.key: KEEP})
    assert plans["more"].sources["source"].take_id == NEW.take_id
    plans, _ = planned(RAIN, MORE, takes=[OLD, NEW])
    assert plans["more"].sources["source"].take_id == plans["rain"].take_id


def test_a_rejected_first_take_is_passed_over():
    """Nothing starts unasked from a take that a person threw out; when all are, that is told."""
    two = replace(RAIN, takes=2)
    plans, _ = planned(two)
    first = plans["rain"].key
    plans, problems = planned(two, MORE, decisions={first: REJECT})
    assert problems == []
    assert plans["more"].sources["source"].take_id.startswith("take02-")
    _, (problem,) = planned(RAIN, MORE, decisions={first: REJECT})
    assert "All takes of rain were rejected." in problem.what
    assert problem.where == "scenes.csv row 3, column source"


def test_a_number_means_that_take_of_the_row():
    """scene/2 is the second take the row asks for, else the second one that is there."""
    plans, _ = planned(replace(RAIN, takes=3), replace(MORE, source="rain/2"))
    assert plans["more"].sources["source"].take_id.startswith("take02-")
    plans, _ = planned(RAIN, replace(MORE, source="RAIN/2"), takes=[NEW])
    assert plans["more"].sources["source"].take_id == NEW.take_id


def test_an_id_means_that_very_take():
    """scene/take-id is a take that is there, or one that the row will make under that id."""
    plans, _ = planned(RAIN, replace(MORE, source=f"rain/{OLD.take_id}"), takes=[OLD])
    assert plans["more"].sources["source"].take_id == OLD.take_id
    coming = plans["rain"].take_id
    plans, problems = planned(RAIN, replace(MORE, source=f"rain/{coming}"))
    assert problems == []
    assert plans["more"].sources["source"].take_id == coming
    _, (problem,) = planned(RAIN, replace(MORE, source="rain/take01-0123456789"))
    assert "rain has no take take01-0123456789" in problem.what
    assert coming in problem.cure


def test_takes_of_a_row_that_is_off_or_gone_will_do():
    """A scene that is switched off, or no longer in the table, is a source while a take of it is there."""
    off = replace(RAIN, enabled=False)
    for rows in ((off, MORE), (MORE,)):
        plans, problems = planned(*rows, takes=[NEW, OLD])
        assert problems == []
        assert plans["more"].sources["source"].take_id == OLD.take_id
        plans, _ = planned(*rows, takes=[NEW, OLD], decisions={OLD.key: REJECT})
        assert plans["more"].sources["source"].take_id == NEW.take_id


@pytest.mark.parametrize(
    ("rows", "source", "takes", "what", "cure"),
    [
        ((RAIN,), "rian", (), "There is no scene named rian", "Did you mean rain?"),
        (
            (replace(RAIN, enabled=False),),
            "rain",
            (),
            "switched off and has no take yet",
            "yes under enabled",
        ),
        ((RAIN,), "rain/2", (), "rain has no take 2: its row asks for one take", "Write 2 under takes"),
        ((replace(RAIN, takes=2),), "rain/3", (), "asks for 2 takes", "Write 3 under takes"),
        ((RAIN,), "rain/0", (), "rain has no take 0", "takes"),
        ((replace(RAIN, enabled=False),), "rain/3", (OLD,), "rain has no take 3", "switch rain on"),
        ((RAIN,), "rain/nonsense", (OLD,), "rain has no take nonsense", OLD.take_id),
        ((RAIN,), "rain/nonsense", (), "rain has no take nonsense", "Write only rain"),
        ((), "more", (), "start from each other in a ring: more → more", "Let one begin otherwise"),
    ],
)
def test_a_source_that_is_none_is_told(rows, source, takes, what, cure):
    """Row, column, what is wrong and what to write instead."""
    _, (problem,) = planned(*rows, replace(MORE, source=source), takes=takes)
    assert problem.where == "scenes.csv row 3, column source"
    assert what in problem.what
    assert cure in problem.cure
    assert not problem.warning


def test_all_rejected_takes_of_a_row_that_is_off_are_told():
    """There is nothing to start from."""
    _, (problem,) = planned(MORE, takes=[OLD], decisions={OLD.key: REJECT})
    assert "All takes of rain were rejected" in problem.what


def test_a_ring_of_rows_is_told_once_and_by_name():
    """Three rows that wait for each other are one problem that names all of them."""
    rows = [replace(MORE, scene=name, source=of, row=row) for row, name, of in
            ((2, "a", "c"), (3, "b", "a"), (4, "c", "b"))]  # fmt: skip
    _, problems = planned(*rows)
    assert [problem.what for problem in problems] == [
        "The scenes start from each other in a ring: a → c → b → a."
    ]


def test_a_chain_of_rows_takes_size_and_rate_along():
    """What the first asks for goes through to the last, whatever the order of the file."""
    last = replace(MORE, scene="last", source="more", row=4)
    plans, problems = planned(last, MORE, replace(RAIN, fps=Fraction(25)))
    assert problems == []
    scene = plans["last"].scene
    assert (scene.width, scene.height, scene.fps) == (768, 512, 25)
    assert plans["last"].sources["source"].key == plans["more"].key


@pytest.mark.parametrize(
    ("changes", "column", "has"),
    [
        ({"width": 1536}, "width", "768"),
        ({"height": 1024}, "height", "512"),
        ({"fps": Fraction(25)}, "fps", "24"),
    ],
)
def test_another_size_or_rate_than_the_source_has_is_told(changes, column, has):
    """Going on from a clip keeps its size and rate; the cure names what to write."""
    asked = replace(MORE, **changes, follows=tuple({"width", "height", "fps"} - set(changes)))
    _, (problem,) = planned(RAIN, asked)
    assert problem.where == f"scenes.csv row 3, column {column}"
    assert f"rain has {has}" in problem.what
    assert f"Write {has}" in problem.cure


def test_the_overlap_is_whole_groups_and_leaves_something_new():
    """A second at most, never more than the source has, always at least eight new frames."""
    source = planned(RAIN, MORE)[0]["more"].sources
    assert overlap.frames(MORE, source) == 25
    assert overlap.frames(replace(MORE, frames=25), source) == 17
    short = {"source": replace(source["source"], frames=9)}
    assert overlap.frames(MORE, short) == 9
    assert overlap.frames(RAIN, source) == 0
    plans, _ = planned(RAIN, MORE)
    assert plans["more"].overlap_frames == plans["more"].values["overlap_frames"] == 25
    values = plans["more"].values
    assert values["overlap_first"] == -25
    # The last 25 of 65 begin at frame 40; reading begins half a frame before it, the sound exactly there.
    assert values["overlap_from_s"] == pytest.approx(39.5 / 24, abs=1e-4)
    assert values["overlap_from_s"] + values["overlap_start_s"] == pytest.approx(40 / 24, abs=2e-4)
    assert values["overlap_s"] == round(25 / 24, 4)
    # 65 frames are 2.71 s: 30 blocks of 4096 samples, 70 steps; of the second carried, whole steps stay.
    assert (values["sound_s"], values["sound_steps"], values["held_steps"]) == (2.7866, 70, 25)
    whole = overlap.values(MORE, {"source": replace(source["source"], frames=25)})
    assert (whole["overlap_from_s"], whole["overlap_start_s"]) == (0, 0)
    _, (problem,) = planned(RAIN, replace(MORE, frames=9))
    assert (problem.where, "17 frames" in problem.cure) == ("scenes.csv row 3, column frames", True)


def test_a_take_that_is_there_tells_its_own_size():
    """Size, length and rate come from the record of the file, not from the row."""
    clip = ClipFacts("a.mp4", 4, "0" * 64, 640, 384, 33, "25", 1.32, False)
    plans, problems = planned(RAIN, MORE, takes=[replace(OLD, clip=clip)], decisions={OLD.key: KEEP})
    assert problems == []
    scene, source = plans["more"].scene, plans["more"].sources["source"]
    assert (scene.width, scene.height, scene.fps) == (640, 384, 25)
    assert (source.frames, source.has_sound) == (33, False)


def cells(**changes):
    return {"scene": "more", "mode": "extend", "prompt": "It goes on.", "source": "rain", **changes}


def test_open_cells_follow_the_source_and_survive_being_written():
    """What is left empty is remembered as open; what is written is not, even where it is the default."""
    scene, problems = read_scene(cells(), 3)
    assert problems == []
    assert scene.follows == ("width", "height", "fps")
    assert read_scene(cells_for(scene), 3)[0] == scene
    scene, _ = read_scene(cells(width="1536"), 3)
    assert scene.follows == ("height", "fps")
    assert read_scene(cells_for(scene), 3)[0] == scene
    scene, _ = read_scene(cells(seconds="5"), 3)
    assert scene.follows == ("width", "height")


def test_a_source_is_wanted_where_it_is_used_and_only_there():
    """extend without a source is an error; a source elsewhere is a warning; a path is refused."""
    _, (problem,) = read_scene(cells(source=""), 3)
    assert "none is named" in problem.what
    _, (problem,) = read_scene(cells(mode="t2v"), 3)
    assert problem.warning
    assert "extend" in problem.cure
    _, (problem,) = read_scene(cells(mode="t2v", source="", end_source="rain"), 3)
    assert problem.warning
    _, (problem,) = read_scene(cells(source="a/b/c"), 3)
    assert "does not name a take" in problem.what
