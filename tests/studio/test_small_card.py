"""A batch on a card with too little memory: down the ladder, and what is remembered of it (show 4)."""

from __future__ import annotations

import html
import json
from dataclasses import replace

import pytest

from ltxlib.core import ladder
from ltxlib.store import rungs
from ltxlib.store import takes as take_store
from ltxlib.studio import events
from ltxlib.studio.assemble import FilmSettings, assemble, choose
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.job import Care, job_for
from ltxlib.studio.report import write_report
from ltxlib.studio.review import review

HEADER = "scene,mode,prompt,source,frames,width,height,takes,audio"
WORDS = "Mist drifts over the water with a soft hush."
MIST = f"mist,t2v,{WORDS},,25,256,256,1,yes"
SEA = f"sea,t2v,{WORDS},,25,256,256,1,yes"
MORE = f"more,extend,{WORDS},mist,17,,,1,yes"
FULL = 256 * 256 * 25


def job_of(project, *rows):
    project.scenes_csv.write_text("\n".join((HEADER, *rows)) + "\n")
    connection = connect(project)
    return job_for(project, connection, check_project(project, shelf=connection.shelf))


def saved(happened):
    return {event.take.scene: event.take for event in happened if isinstance(event, events.TakeSaved)}


def lowered(happened):
    return [
        (event.plan.scene.scene, event.plan.rung)
        for event in happened
        if isinstance(event, events.TakeLowered)
    ]


def test_a_take_too_large_for_the_card_is_made_a_rung_down(project, server):
    """Fewer frames fit: the take is made so and says it everywhere; the next scene begins there at once."""
    server.faults.add("oom", above_px_frames=256 * 256 * 24)
    job = job_of(project, MIST)
    happened = list(run_batch(job))
    assert (happened[-1].made, happened[-1].failed) == (1, 0)
    assert lowered(happened) == [("mist", 1), ("mist", 2), ("mist", 3)]
    take = saved(happened)["mist"]
    (asked,) = job.plans
    assert (take.rung, take.asked, take.clip.frames) == (3, asked.take_id, 17)
    assert take.warnings[0] == "Made shorter, 0.71 s instead of 1.04 s, since memory ran out."
    (tiles,) = (one["inputs"] for one in take.graph.values() if one["class_type"] == "VAEDecodeTiled")
    assert tiles["tile_size"] == 256
    told(job, take)
    job = job_of(project, MIST, SEA)
    happened = list(run_batch(job))
    assert (happened[-1].made, happened[-1].there, happened[-1].failed) == (1, 1, 0)
    assert lowered(happened) == []
    assert saved(happened)["sea"].rung == 3
    again = list(run_batch(job))[-1]
    assert (again.made, again.there) == (0, 2)


def told(job, take):
    """Record, report, gallery, film and its manifest all say what the take is."""
    said = take.made_otherwise
    assert said.startswith("Made shorter")
    record = json.loads(take_store.record_path(job.shelf, take.scene, take.take_id).read_text())
    assert (record["rung"], record["asked"], record["warnings"][0]) == (3, take.asked, said)
    page = write_report(job.shelf).read_text()
    assert "1</b>made with less memory" in page
    assert '<span class="tag warn">shorter</span>' in page
    assert html.escape(said) in page and "switch the ladder off" in page
    (shown,), _ = review(job.shelf, [take.scene])
    assert (shown.take, shown.chosen) == (take, True)
    chosen, problems = choose(job.shelf, [take.scene], FilmSettings())
    assert [(one.what, one.warning) for one in problems] == [(said, True)]
    film = assemble(job.shelf, chosen, FilmSettings())
    (one,) = json.loads(film.path.with_suffix(".json").read_text())["made_otherwise"]
    assert one == {
        "scene": take.scene,
        "take": take.take_id,
        "asked": take.asked,
        "rung": 3,
        "says": said,
    }


def test_small_tiles_are_enough_where_only_decoding_is_too_much(project, server):
    """On rung 2 the clip has the size and length that were asked for."""
    server.faults.add("oom", above_px_frames=FULL, at="decoding")
    happened = list(run_batch(job_of(project, MIST.replace("256,256", "512,256"))))
    assert lowered(happened) == [("mist", 1), ("mist", 2)]
    take = saved(happened)["mist"]
    assert (take.rung, take.clip.width_px, take.clip.frames) == (2, 512, 25)


def test_freed_memory_is_enough_where_something_lay_in_it(project, server):
    """On rung 1 it is the take that was asked for, and nothing is remembered against the card."""
    server.faults.add("oom", until_free=True)
    job = job_of(project, MIST)
    happened = list(run_batch(job))
    take = saved(happened)["mist"]
    assert (lowered(happened), take.rung, take.asked) == ([("mist", 1)], 1, "")
    assert take.take_id == job.plans[0].take_id
    assert not (job.shelf.folder / "rungs.json").exists()


def test_at_the_end_of_the_ladder_the_take_fails(project, server):
    """A card that holds nothing: every rung is tried once, then the reason is told, and the rest goes on."""
    server.faults.add("oom", above_px_frames=9)
    job = job_of(project, MIST)
    happened = list(run_batch(job))
    assert [rung for _, rung in lowered(happened)] == [1, 2, 3, 4, 5, 6]
    assert (happened[-1].made, happened[-1].failed) == (0, 1)
    (failed,) = (event for event in happened if isinstance(event, events.TakeFailed))
    assert "memory" in failed.reason


def test_with_the_ladder_off_a_take_fails_as_it_was_asked(project, server):
    """Nothing is made smaller, what was made so does not count, and what was remembered is forgotten."""
    server.faults.add("oom", above_px_frames=256 * 256 * 24)
    job = job_of(project, MIST)
    assert list(run_batch(job))[-1].made == 1
    assert rungs.held_for(job.shelf, rungs.machine_of(job.connection.facts), job.plans[0])
    strict = replace(job, care=Care(ladder=False))
    happened = list(run_batch(strict))
    assert (happened[-1].made, happened[-1].there, happened[-1].failed) == (0, 0, 1)
    assert lowered(happened) == []
    assert not (job.shelf.folder / "rungs.json").exists()
    server.faults.clear()
    happened = list(run_batch(strict))
    assert saved(happened)["mist"].rung == 0
    takes, _ = take_store.load_takes(job.shelf)
    assert sorted(take.rung for take in takes) == [0, 3]


def test_rows_that_start_from_a_lowered_take_follow_it(project, server):
    """A chain is made whole on a small card: the second clip goes on from the first as it really is."""
    server.faults.add("oom", above_px_frames=256 * 256 * 40)
    job = job_of(project, MIST.replace("25", "49", 1), MORE)
    happened = list(run_batch(job))
    takes = saved(happened)
    assert (happened[-1].made, happened[-1].failed) == (2, 0)
    mist, more = takes["mist"], takes["more"]
    assert (mist.rung, more.rung, more.source, more.goes_on_from) == (3, 3, mist.key, mist.key)
    assert more.clip.frames == 17
    assert "since mist, which it starts from" in more.warnings[0]
    again = list(run_batch(job))[-1]
    assert (again.made, again.there) == (0, 2)


@pytest.mark.parametrize("frames", [9, 17])
def test_smaller_scenes_are_not_held_down(project, server, frames):
    """What ran out of memory with more pixels and frames says nothing of a scene that asks for less."""
    server.faults.add("oom", above_px_frames=256 * 256 * 24)
    list(run_batch(job_of(project, MIST)))
    happened = list(run_batch(job_of(project, SEA.replace("25", str(frames), 1))))
    assert saved(happened)["sea"].rung == 0
    assert ladder.words_of(0) == ""


def test_a_row_that_follows_is_tried_once_more_with_memory_freed(project, server):
    """It has no rungs of its own, but what lay in memory may have been all that was in its way."""
    server.faults.add("oom", above_px_frames=256 * 256 * 40)
    happened = []
    for event in run_batch(job_of(project, MIST.replace("25", "49", 1), MORE)):
        happened.append(event)
        if isinstance(event, events.TakeSaved) and event.take.scene == "mist":
            server.faults.add("oom", until_free=True)
    assert (happened[-1].made, happened[-1].failed) == (2, 0)
    assert lowered(happened)[-1] == ("more", 3)


def test_one_hopeless_take_keeps_no_other_from_its_rungs(project, server):
    """A take that fails on every rung teaches nothing: another of its kind still finds its own rung."""
    server.faults.add("oom", of="mist", count=20)
    assert list(run_batch(job_of(project, MIST)))[-1].failed == 1
    server.faults.add("oom", of="haze")
    happened = list(run_batch(job_of(project, MIST.replace("mist,", "haze,", 1))))
    assert (happened[-1].made, happened[-1].failed) == (1, 0)
    assert saved(happened)["haze"].rung == ladder.FREED
