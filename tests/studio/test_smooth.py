"""Twice as many frames a second: what the row asks for, what the file is, and the film made of it."""

from dataclasses import replace

import pytest

from ltxlib.core.plan import estimate, take_s
from ltxlib.core.scene import cells_for, read_scene
from ltxlib.media.probe import probe
from ltxlib.store.takes import clip_path, load_takes
from ltxlib.studio.assemble import FilmSettings, choose, lay_out
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.job import job_for

HEADER = "scene,mode,prompt,image,source,frames,fps,width,height,audio,smooth"
WORDS = "Mist drifts over the water with a soft hush."
ROWS = (
    f"mist,t2v,{WORDS},,,17,24,128,128,yes,yes",
    f"still,i2v,{WORDS},still.png,,9,25,128,128,no,yes",
    f"on,extend,{WORDS},,mist,41,,,,yes,",
)


def test_the_file_has_twice_the_rate_and_keeps_its_length(project, server):
    """2n-1 frames at twice the rate, sound in step; what goes on from it has its rate; the film follows."""
    project.scenes_csv.write_text("\n".join((HEADER, *ROWS)) + "\n")
    job = job_for(project, connect(project), check_project(project))
    assert list(run_batch(job))[-1].made == 3
    shelf = project.set(rehearsal=True)
    takes = {take.scene: take for take in load_takes(shelf)[0]}
    mist, still, on = (takes[name].clip for name in ("mist", "still", "on"))
    assert (mist.frames, mist.fps, still.frames, still.fps) == (33, "48", 17, "50")
    assert (on.frames, on.fps, takes["on"].overlap_frames) == (41, "48", 25)
    assert mist.duration_s == pytest.approx(17 / 24, abs=0.021)
    info = probe(clip_path(shelf, "mist", takes["mist"].take_id))
    assert abs(info.audio_duration_s - float(info.duration_s)) < 0.06
    assert not still.has_sound
    assert takes["mist"].workflow == "asmr-txt2vid-smooth.json"
    assert takes["mist"].settings["clip_fps"] == 48
    pair, problems = choose(shelf, ["mist", "on"], FilmSettings())
    assert problems == []
    timeline = lay_out(shelf, pair, FilmSettings(crossfade_s=0.25))
    assert (timeline.fps, timeline.frames) == (48, 33 + 41 - 25)


def test_more_frames_are_more_work(project):
    """The estimate counts what stage two has more of, and the plan's length is that of the file."""
    project.scenes_csv.write_text("\n".join((HEADER, ROWS[0])) + "\n")
    (plan,) = check_project(project).plans
    plain = replace(plan, scene=replace(plan.scene, smooth=False))
    assert take_s(plan) == pytest.approx([part * 1.6 for part in take_s(plain)])
    assert estimate([plan]).high_s > estimate([plain]).high_s


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (f"a,extend,{WORDS},,b,33,,,,yes,yes", "Mode extend cannot double its frames"),
        (f"a,t2v,{WORDS},,,9,,128,128,yes,maybe", "neither yes nor no"),
    ],
)
def test_where_frames_cannot_be_doubled_it_is_told(row, what):
    """A mode without such a workflow is refused in a sentence."""
    _, problems = read_scene(dict(zip(HEADER.split(","), row.split(","), strict=True)), 2)
    assert what in problems[0].what
    assert problems[0].where == "scenes.csv row 2, column smooth"


def test_one_stage_cannot_double():
    """Doubling comes between two stages; a scene that doubles survives being written."""
    cells = {"scene": "a", "prompt": WORDS, "smooth": "yes"}
    _, (problem,) = read_scene({**cells, "stages": "1"}, 2)
    assert "between the two stages" in problem.what
    scene, problems = read_scene(cells, 2)
    assert problems == [] and scene.smooth
    assert read_scene(cells_for(scene), 2)[0] == scene
