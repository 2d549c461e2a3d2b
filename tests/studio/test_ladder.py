"""Takes on lower rungs, made by a real server: their clips, their records, and what starts from them."""

from __future__ import annotations

import json
import threading
import uuid
from dataclasses import replace

import pytest

from ltxlib.comfy.state import require_video
from ltxlib.core import ladder
from ltxlib.errors import SourceMissing
from ltxlib.media.probe import probe
from ltxlib.store import takes as take_store
from ltxlib.studio import saving
from ltxlib.studio.chain import Chain, clip_of
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.job import job_for
from tests.support.takes import a_take

HEADER = "scene,mode,prompt,source,frames,width,height,takes,audio"
WORDS = "Mist drifts over the water with a soft hush."
MIST = f"mist,t2v,{WORDS},,17,256,256,1,yes"
MORE = f"more,extend,{WORDS},mist,33,,,1,yes"


def job_of(project, *rows):
    project.scenes_csv.write_text("\n".join((HEADER, *rows)) + "\n")
    connection = connect(project)
    return job_for(project, connection, check_project(project, shelf=connection.shelf))


def means_of(job):
    return ladder.Means(job.workflows, job.schema)


def made(job, plan):
    """The take of a plan, and its clip; made without a batch, which would choose the rung itself."""
    prompt_id = str(uuid.uuid4())
    files = {key: clip_of(job.shelf, source) for key, source in plan.sources.items()}
    names = {key: job.client.upload_image(path) for key, (path, _) in files.items()}
    graph = job.graph(plan, prompt_id, names)
    state = ended(job, job.client.submit(graph, prompt_id=prompt_id))
    finished = saving.Finished(plan, prompt_id, graph, require_video(state), 1.0)
    return saving.save(job.shelf, job.connection, finished)


def ended(job, prompt_id):
    """How a prompt ended."""
    while (state := job.client.status(prompt_id)).kind in ("pending", "running"):
        threading.Event().wait(0.02)
    return state


def test_a_lowered_take_is_checked_against_what_it_is_and_says_so(project, server):
    """Two rungs of one take: each clip is as long and large as its rung makes it, and its record tells."""
    job = job_of(project, MIST)
    (asked,) = job.plans
    means = means_of(job)
    smaller, clip = made(job, ladder.lower(asked, ladder.SMALLER, means))
    info = probe(clip)
    assert (info.width_px, info.height_px, info.frames, info.has_audio) == (192, 192, 9, True)
    assert (smaller.rung, smaller.asked, smaller.take_id) == (4, asked.take_id, f"{asked.take_id}-r4")
    said = (
        "Made smaller, 192x192 instead of 256x256; shorter, 0.38 s instead of 0.71 s, since memory ran out."
    )
    assert smaller.warnings[0] == said
    silent, clip = made(job, ladder.lower(asked, ladder.SILENT, means))
    assert (silent.rung, silent.clip.has_sound, silent.workflow) == (6, False, "asmr-txt2vid-1stage.json")
    assert silent.warnings[0].endswith("in one stage instead of two; without sound, since memory ran out.")
    written = json.loads(clip.with_suffix(".json").read_text())
    assert (written["rung"], written["asked"]) == (6, asked.take_id)
    lines = [entry for entry in job.shelf.journal if entry["event"] == "saved"]
    assert [(line["take"], line["rung"], line["asked"]) for line in lines] == [
        (smaller.take_id, 4, asked.take_id),
        (silent.take_id, 6, asked.take_id),
    ]
    assert take_store.standing_in(job.shelf, "mist", asked.take_id) == smaller
    whole, _ = made(job, asked)
    assert (whole.rung, whole.asked, whole.take_id) == (0, "", asked.take_id)
    assert "memory" not in " ".join(whole.warnings)


def test_a_take_made_after_memory_was_freed_is_the_one_asked_for(project, server):
    """Rung 1 leaves no mark but its number: id, warnings and journal are those of any take."""
    job = job_of(project, MIST)
    (asked,) = job.plans
    take, _ = made(job, ladder.lower(asked, ladder.FREED, means_of(job)))
    assert (take.take_id, take.rung, take.asked) == (asked.take_id, 1, "")
    assert "memory" not in " ".join(take.warnings)
    (line,) = (entry for entry in job.shelf.journal if entry["event"] == "saved")
    assert "rung" not in line


def test_a_graph_in_small_tiles_is_run_by_the_server(project, server):
    """What the ladder makes of a graph is taken and rendered, without a word of complaint."""
    job = job_of(project, MIST)
    (asked,) = job.plans
    graph = ladder.tile(job.graph(asked, "f00", {}), job.schema)
    (tiles,) = (one["inputs"] for one in graph.values() if one["class_type"] == "VAEDecodeTiled")
    assert tiles["tile_size"] == 256
    state = ended(job, job.client.submit(graph))
    assert (state.kind, len(state.outputs)) == ("succeeded", 1)


def test_what_starts_from_a_lowered_take_follows_it_down(project, server):
    """The row that goes on from it gets its size, says why, and is a take of its own."""
    job = job_of(project, MIST, MORE)
    mist, more = job.plans
    lowered, _ = made(job, ladder.lower(mist, ladder.SMALLER, means_of(job)))
    chain = Chain(job.shelf)
    assert chain.next_of([more], []) == (0, None)
    plan = chain.follow(more)
    take, clip = made(job, plan)
    assert (probe(clip).width_px, take.clip.frames, take.rung, take.asked) == (192, 33, 4, more.take_id)
    assert (take.source, take.source_sha256) == (lowered.key, lowered.clip.sha256)
    assert (take.goes_on_from, take.overlap_frames) == (lowered.key, 9)
    said = "Made smaller, 192x192 instead of 256x256, since mist, which it starts from, was made with less"
    assert take.warnings[0] == f"{said} memory."
    assert take_store.there(job.shelf, more)
    assert not take_store.there(job.shelf, more, ladder=False)


@pytest.mark.parametrize(
    ("mode", "size", "frames"),
    [("detail", (192, 192), 9), ("foley", (192, 192), 9), ("control", (256, 256), 9)],
)
def test_every_way_of_starting_from_a_take_can_follow_it(project, server, mode, size, frames):
    """Detail and new sound are made for the smaller, shorter clip that is there, outlines for its length."""
    cells = "17,256,256" if mode == "control" else ",,"
    job = job_of(project, MIST, f"more,{mode},{WORDS},mist,{cells},1,yes")
    mist, more = job.plans
    lowered, _ = made(job, ladder.lower(mist, ladder.SMALLER, means_of(job)))
    take, clip = made(job, Chain(job.shelf).follow(more))
    info = probe(clip)
    assert ((info.width_px, info.height_px), info.frames) == (size, frames)
    assert (take.take_id, take.source) == (f"{more.take_id}-r4", lowered.key)
    assert "since mist, which it starts from" in take.warnings[0]


@pytest.fixture
def chained(project, server):
    """A job of a take and one that goes on from it, and the first one's lowered take on the shelf."""
    job = job_of(project, MIST, MORE)
    mist, _ = job.plans
    low = ladder.lower(mist, ladder.SHORTER, means_of(job))
    clip = job.shelf.folder / "clip.mp4"
    clip.parent.mkdir(parents=True, exist_ok=True)
    clip.write_bytes(b"clip")
    facts = replace(a_take().clip, width_px=256, height_px=256, frames=9)
    take = a_take(scene="mist", take_id=low.take_id, rung=3, asked=low.asked, clip=facts)
    take_store.save_take(job.shelf, take, clip)
    return job


def test_a_source_that_is_still_coming_is_waited_for(chained):
    """While the take that is asked for may still be made, nobody starts from its stand-in."""
    mist, more = chained.plans
    chain = Chain(chained.shelf)
    assert chain.next_of([more, mist], []) == (1, None)
    lowered = ladder.lower(mist, ladder.SMALLER, means_of(chained))
    assert chain.next_of([more], [mist]) is None
    assert chain.next_of([more], [lowered]) is None
    assert chain.next_of([more], []) == (0, None)


def test_with_the_ladder_off_only_the_take_asked_for_will_do(chained):
    """The row is given up with the reason, as it always was, and follows nothing."""
    mist, more = chained.plans
    chain = Chain(chained.shelf, ladder=False)
    chain.note_failure(ladder.lower(mist, ladder.SMALLER, means_of(chained)), "memory ran out")
    place, why = chain.next_of([more], [])
    assert (place, type(why)) == (0, SourceMissing)
    assert "memory ran out" in why.message
    assert chain.follow(more) is more


def test_the_workflow_of_one_stage_is_read_along(project):
    """A check brings the files that lower rungs need; one that is gone stops nothing."""
    row = MIST.replace("mist", "rain")
    project.scenes_csv.write_text("\n".join((HEADER, row)) + "\n")
    assert set(check_project(project).workflows) == {"asmr-txt2vid.json", "asmr-txt2vid-1stage.json"}
    (project.workflows / "asmr-txt2vid-1stage.json").unlink()
    checked = check_project(project)
    assert (checked.errors, set(checked.workflows)) == ([], {"asmr-txt2vid.json"})
    (project.workflows / "asmr-txt2vid-1stage.json").write_text("{")
    assert set(check_project(project).workflows) == {"asmr-txt2vid.json"}
