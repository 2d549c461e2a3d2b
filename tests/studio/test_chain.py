"""Rows that start from takes of other rows, rendered in one batch by a real server."""

import json

import pytest

from ltxlib.core.take import KEEP
from ltxlib.errors import BadInput
from ltxlib.store import takes as take_store
from ltxlib.store.takes import load_takes
from ltxlib.studio import events
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.job import job_for

HEADER = "scene,mode,prompt,source,frames,width,height,takes,enabled"
WORDS = "Mist drifts over the water with a soft hush."
LAST = f"last,extend,{WORDS},more,33,,,1,yes"
MORE = f"more,extend,{WORDS},mist,33,,,1,yes"
MIST = f"mist,t2v,{WORDS},,25,192,128,1,yes"


def write(project, *rows):
    project.scenes_csv.write_text("\n".join((HEADER, *rows)) + "\n")


def run(project):
    connection = connect(project)
    return list(run_batch(job_for(project, connection, check_project(project, shelf=connection.shelf))))


def takes_of(project):
    found, problems = load_takes(project.set(rehearsal=True))
    assert problems == []
    return {take.scene: take for take in found}


def test_takes_are_made_after_those_they_start_from(project, server, tmp_path):
    """Three rows in the wrong order are rendered in the right one; records name source and hash."""
    write(project, LAST, MORE, MIST)
    happened = run(project)
    assert happened[-1] == events.BatchEnded(made=3, there=0, failed=0, cancelled=False)
    saved = [event.take.scene for event in happened if isinstance(event, events.TakeSaved)]
    assert saved == ["mist", "more", "last"]
    takes = takes_of(project)
    mist, more, last = (takes[name] for name in ("mist", "more", "last"))
    assert (more.source, more.source_sha256) == (mist.key, mist.clip.sha256)
    assert (last.source, last.source_sha256) == (more.key, more.clip.sha256)
    assert (mist.source, mist.overlap_frames, more.overlap_frames, last.overlap_frames) == ("", 0, 25, 25)
    assert (last.clip.width_px, last.clip.height_px, last.clip.frames) == (192, 128, 33)
    (loaded,) = (n["inputs"]["file"] for n in more.graph.values() if n["class_type"] == "LoadVideo")
    assert loaded.startswith(f"ltx-{mist.clip.sha256[:20]}") and loaded.endswith(".mp4")
    assert len(list((tmp_path / "input").rglob("*.mp4"))) == 2
    again = run(project)
    assert again[-1] == events.BatchEnded(made=0, there=3, failed=0, cancelled=False)


def test_a_source_that_fails_takes_its_dependents_along(project, server):
    """What starts from a take that could not be made is not rendered and says why; the rest is made."""
    write(project, LAST, MORE, MIST, f"sea,t2v,{WORDS},,9,192,128,1,yes")
    server.faults.add("node_errors")
    happened = run(project)
    assert happened[-1] == events.BatchEnded(made=1, there=0, failed=3, cancelled=False)
    failed = {event.plan.scene.scene: event for event in happened if isinstance(event, events.TakeFailed)}
    assert set(failed) == {"mist", "more", "last"}
    assert "only a part of the graph" in failed["mist"].reason
    assert "It starts from mist/take01-" in failed["more"].reason
    assert "only a part of the graph" in failed["more"].reason
    assert "It starts from more/take01-" in failed["last"].reason
    assert "Mend mist first" in failed["more"].cure
    submitted = [e for e in project.set(rehearsal=True).journal if e["event"] == "submitted"]
    assert [entry["scene"] for entry in submitted] == ["mist", "sea"]
    assert run(project)[-1] == events.BatchEnded(made=3, there=1, failed=0, cancelled=False)


def test_the_kept_take_is_started_from(project, server):
    """With the row switched off, the take a person kept is the source; on the other shelf there is none."""
    write(project, MIST.replace("25,192,128,1", "25,192,128,2"))
    run(project)
    shelf = project.set(rehearsal=True)
    second = load_takes(shelf)[0][1]
    take_store.decide(shelf, second, KEEP)
    write(project, MIST.removesuffix("yes") + "no", MORE)
    checked = check_project(project, shelf=shelf)
    assert checked.plans[0].sources["source"].key == second.key
    film = checked.on(project.set(rehearsal=False))
    assert ["switched off and has no take yet" in problem.what for problem in film.errors] == [True]
    # The job believes the server about the shelf, whatever the check was told before.
    job = job_for(project, connect(project), film)
    assert job.plans[0].sources["source"].key == second.key
    assert list(run_batch(job))[-1].made == 1


def test_a_source_that_vanished_is_told(project, server):
    """A clip that was deleted after planning fails what starts from it, in words."""
    write(project, MIST)
    run(project)
    shelf = project.set(rehearsal=True)
    write(project, MIST.removesuffix("yes") + "no", MORE)
    job = job_for(project, connect(project), check_project(project, shelf=shelf))
    (mist,) = load_takes(shelf)[0]
    take_store.clip_path(shelf, mist.scene, mist.take_id).unlink()
    (failed,) = [event for event in run_batch(job) if isinstance(event, events.TakeFailed)]
    assert "It is not there any more." in failed.reason


def test_a_cut_off_run_is_adopted_with_its_source(project, server):
    """What the server still has of a take that starts from another is fetched, not sent again."""
    write(project, MIST)
    run(project)
    write(project, MIST, MORE)
    first = run_batch(job_for(project, connect(project), check_project(project)))
    for event in first:
        if isinstance(event, events.TakeSubmitted):
            break
    first.close()
    happened = run(project)
    assert any(isinstance(event, events.TakeSubmitted) and event.again for event in happened)
    more = takes_of(project)["more"]
    sent = [e for e in project.set(rehearsal=True).journal if e["event"] == "submitted"][-1]
    assert sent["source"] in json.dumps(more.graph)


def test_a_ring_is_part_of_the_one_report(project):
    """Bad sources are told beside every other mistake, and nothing is rendered."""
    write(project, MORE.replace(",mist,", ",last,"), LAST, f"sea,i2v,{WORDS},,9,192,128,1,yes")
    with pytest.raises(BadInput) as told:
        check_project(project).or_raise()
    assert "ring" in str(told.value.problems) and "image" in str(told.value.problems)
