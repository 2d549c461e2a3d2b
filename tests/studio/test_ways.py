"""Every way of making a clip, from its row in scenes.csv to the take on disk."""

from itertools import pairwise

import av
import numpy as np
import pytest
from PIL import Image

from ltxlib.core.plan import WORKFLOWS
from ltxlib.store.takes import load_takes
from ltxlib.studio import events
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.job import job_for
from tests.support.studio import a_project

HEADER = "scene,mode,prompt,image,end_image,stages,frames,width,height,audio"
WORDS = "Mist drifts over the water with a soft hush."
SOUND = {"LTXVEmptyLatentAudio", "LTXVConcatAVLatent", "LTXVSeparateAVLatent", "LTXVAudioVAEDecode"}
ROWS = (
    f"words,t2v,{WORDS},,,,9,192,128,yes",
    f"picture,i2v,{WORDS},still.png,,,9,192,128,yes",
    f"loop,loop,{WORDS},still.png,,,49,192,128,yes",
    f"between,flf,{WORDS},still.png,sub/end.png,2,49,192,128,yes",
    f"words-once,t2v,{WORDS},,,1,9,192,128,yes",
    f"picture-once,i2v,{WORDS},still.png,,1,9,192,128,yes",
)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A project whose scenes are made in every way there is, with sound and silent, in one batch."""
    from ltxlib.rehearsal.server import RehearsalServer

    root = tmp_path_factory.mktemp("ways")
    project = a_project(root / "project")
    silent = [row.replace(",", "-silent,", 1).removesuffix("yes") + "no" for row in ROWS]
    project.scenes_csv.write_text("\n".join((HEADER, *ROWS, *silent)) + "\n")
    ramp = np.linspace(20, 220, 240, dtype=np.uint8)
    for name, tones in (("still.png", ramp), ("sub/end.png", ramp[::-1])):
        path = project.images / name
        path.parent.mkdir(exist_ok=True)
        Image.merge("RGB", [Image.fromarray(np.tile(tones, (160, 1)))] * 3).save(path)
    with pytest.MonkeyPatch.context() as patch, RehearsalServer(root / "out", root / "in") as server:
        patch.setenv("LTX_COMFY_URL", server.url)
        happened = list(run_batch(job_for(project, connect(project), check_project(project))))
        uploads = sorted(path.name for path in (root / "in").rglob("*.png"))
    assert happened[-1] == events.BatchEnded(made=12, there=0, failed=0, cancelled=False)
    takes, problems = load_takes(project.set(rehearsal=True))
    assert problems == []
    return project, {take.scene: take for take in takes}, uploads


def clip_of(film, scene):
    """Every frame of a scene's clip as grey levels, and how many sound streams it has."""
    project, takes, _ = film
    path = project.set(rehearsal=True).takes / scene / takes[scene].clip.file
    with av.open(str(path)) as container:
        sounds = len(container.streams.audio)
        frames = [frame.to_ndarray(format="gray").astype(float) for frame in container.decode(video=0)]
    return frames, sounds


def alike_db(one, other):
    """How alike two frames are, as PSNR."""
    return 10 * np.log10(255**2 / max(1e-9, np.mean((one - other) ** 2)))


@pytest.mark.parametrize("silent", [False, True], ids=["sound", "silent"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split(",", 1)[0])
def test_a_way_gives_the_clip_that_was_asked_for(film, row, silent):
    """Size, length and sound are those of the row, made by its own workflow; silent ones sample no sound."""
    name, mode, _, _, _, stages, frames, *_ = row.split(",")
    scene = f"{name}-silent" if silent else name
    take = film[1][scene]
    clip, sounds = clip_of(film, scene)
    assert (len(clip), clip[0].shape) == (int(frames), (128, 192))
    assert (sounds, take.clip.has_sound) == ((0, False) if silent else (1, True))
    assert (take.mode, take.workflow) == (mode, WORKFLOWS[mode, int(stages or 2)])
    kinds = {node["class_type"] for node in take.graph.values()}
    assert kinds & SOUND == (set() if silent else SOUND)


def test_a_loop_ends_where_it_began_and_moves_in_between(film):
    """First and last frame are one picture; the middle is further away from it than the ends."""
    clip, _ = clip_of(film, "loop")
    assert alike_db(clip[0], clip[-1]) > 38
    middle = alike_db(clip[0], clip[len(clip) // 2])
    assert middle < alike_db(clip[0], clip[-1]) - 3
    plain, _ = clip_of(film, "picture")
    assert alike_db(clip[0], plain[0]) > 38


def test_a_way_between_two_pictures_begins_and_ends_with_them(film):
    """The clip goes from the first picture to the second without a jump, and the record names both."""
    clip, _ = clip_of(film, "between")
    assert clip[0][:, :40].mean() < 70 < 170 < clip[0][:100, -40:].mean()
    assert clip[-1][:, :40].mean() > 170 > 70 > clip[-1][:100, -40:].mean()
    steps = [np.abs(b - a).mean() for a, b in pairwise(clip)]
    assert max(steps) < 8
    take = film[1]["between"]
    assert (take.image, take.end_image) == ("still.png", "sub/end.png")
    assert len({take.image_sha256, take.end_image_sha256, ""}) == 3
    assert (film[1]["loop"].end_image, film[1]["loop"].end_image_sha256) == ("", "")


def test_each_picture_is_sent_once(film):
    """Eight takes from a picture, two of them with a second one, need two uploads."""
    assert len(film[2]) == 2
    loop, between = (
        {
            node["inputs"]["image"]
            for node in film[1][name].graph.values()
            if node["class_type"] == "LoadImage"
        }
        for name in ("loop", "between")
    )
    assert loop < between == set(film[2])


def test_a_killed_run_is_adopted_with_both_pictures(tmp_path, server):
    """What the server still has of a way between two pictures is fetched, with the graph that was sent."""
    project = a_project(tmp_path / "p")
    project.scenes_csv.write_text(f"{HEADER}\n{ROWS[3]}\n".replace("sub/end", "end"))
    Image.new("RGB", (64, 64), "white").save(project.images / "end.png")
    first = run_batch(job_for(project, connect(project), check_project(project)))
    for event in first:
        if isinstance(event, events.TakeSubmitted):
            break
    first.close()
    happened = list(run_batch(job_for(project, connect(project), check_project(project))))
    assert any(isinstance(event, events.TakeSubmitted) and event.again for event in happened)
    (take,), _ = load_takes(project.set(rehearsal=True))
    (sent,) = (entry for entry in project.set(rehearsal=True).journal if entry["event"] == "submitted")
    by_title = {
        node["_meta"]["title"]: node["inputs"]["image"]
        for node in take.graph.values()
        if node["class_type"] == "LoadImage"
    }
    assert by_title == {
        "First picture [ltx.image]": sent["image"],
        "Last picture [ltx.end_image]": sent["end_image"],
    }
    assert sent["image"] != sent["end_image"]


def test_a_last_picture_that_is_not_there_is_told(tmp_path):
    """The column end_image is looked after as image is."""
    project = a_project(tmp_path / "p")
    project.scenes_csv.write_text(f"{HEADER}\n{ROWS[3]}\n")
    (problem,) = check_project(project).errors
    assert problem.where == "scenes.csv row 2, column end_image"
    assert "There is no sub/end.png" in problem.what
