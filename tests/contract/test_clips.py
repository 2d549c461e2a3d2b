"""Every way of making a clip gives what its scene asks for, in the rehearsal and on a real ComfyUI."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import av
import pytest

from ltxlib.core import recipes
from ltxlib.core.modes import MODES
from ltxlib.core.plan import SMOOTH_WORKFLOWS, WORKFLOWS
from ltxlib.media.listen import check_sound
from ltxlib.store.takes import clip_path, load_takes
from ltxlib.studio.check import check_project
from tests.support.bench import Bench
from tests.support.contract_ways import WAYS, Rendered, Way, project_for, rate, render
from tests.support.rehearsal_graphs import as_posted

SOUND = {"LTXVEmptyLatentAudio", "LTXVConcatAVLatent", "LTXVSeparateAVLatent", "LTXVAudioVAEDecode"}
# The sound comes in pieces of 1/25 s and ends with the last whole one.
SHORTER_S = 0.1
SOUND_HZ = 24000


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_way_gives_the_clip_that_its_scene_asks_for(
    bench: Bench, way: Way, tmp_path: Path, seed: int, told: Callable[..., None]
) -> None:
    """Size, frames, rate and sound of the clip are those of the row; the take is recorded as what it is."""
    missing = way.missing(bench)
    if missing:
        pytest.skip(missing)
    made = render(way, bench, tmp_path / "project", seed)
    told(bench, way, made)
    if way.mode.sound_alone:
        _expect_sound(way, made)
    else:
        _expect_clip(way, made)
    assert made.take.rehearsal is not bench.real
    assert made.clip.is_relative_to(made.project.set(rehearsal=not bench.real).takes)
    takes, problems = load_takes(made.project.set(rehearsal=not bench.real))
    kept = {take.scene: take for take in takes}
    assert sorted(kept) == sorted(row["scene"] for row in way.rows)
    assert (kept[way.name].take_id, kept[way.name].clip, problems) == (made.take.take_id, made.take.clip, [])
    for column in way.mode.sources:
        source = kept[way.row[column]]
        named = (getattr(made.take, column), getattr(made.take, f"{column}_sha256"))
        assert named == (source.key, source.clip.sha256)
    if way.mode.keeps_picture:
        shelf, source = made.project.set(rehearsal=not bench.real), kept[way.row["source"]]
        assert _pictures(made.clip) == _pictures(clip_path(shelf, source.scene, source.take_id))
    assert made.take.server["comfyui"]


def _expect_clip(way: Way, made: Rendered) -> None:
    wanted, info = way.clip, made.info
    assert (info.width_px, info.height_px) == (int(wanted["width"]), int(wanted["height"]))
    assert info.frames == int(wanted["frames"])
    assert (info.fps, info.variable_rate) == (rate(wanted["fps"]), False)
    assert (info.codec, info.pixel_format) == ("h264", "yuv420p")
    sounds = wanted["audio"] == "yes"
    assert info.has_audio is sounds
    if sounds:
        assert (info.audio_codec, info.audio_channels) == ("aac", 2)
        assert 0 <= info.duration_s - info.audio_duration_s < SHORTER_S
    kinds = {node["class_type"] for node in made.take.graph.values()}
    # A detail pass takes its source's sound as it is.
    assert bool(kinds & SOUND) is (sounds and not MODES[made.take.mode].keeps_sound)
    # The clip itself says how it was made, so that it can be made again without the kit.
    assert as_posted(json.loads(info.tags["prompt"])) == json.loads(json.dumps(made.take.graph))


def _pictures(clip: Path) -> list[bytes]:
    """The coded pictures of a clip, as they are."""
    with av.open(str(clip)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def _expect_sound(way: Way, made: Rendered) -> None:
    """A FLAC at the model's own rate, as long as the picture would be, with something to hear in it."""
    wanted, clip = way.clip, made.take.clip
    lasts_s = float(int(wanted["frames"]) / rate(wanted["fps"]))
    assert (made.clip.suffix, clip.frames, clip.width_px, clip.has_sound) == (".flac", 0, 0, True)
    assert 0 <= lasts_s - clip.duration_s < SHORTER_S
    with av.open(str(made.clip)) as container:
        (stream,) = container.streams
        assert (stream.type, stream.codec_context.name, stream.channels) == ("audio", "flac", 2)
        assert stream.rate == SOUND_HZ
    assert check_sound(made.clip, lasts_s) == []
    assert {node["class_type"] for node in made.take.graph.values()} >= SOUND


def of_core_nodes(names: Iterable[str]) -> set[str]:
    """Those without the workflows that need the node pack ComfyUI-LTXVideo.

    The ComfyUI of this contract has none: the pack wants a GPU. Its nodes are held against their recording
    (test_shipped_workflows.py), and rehearsed by the tests of the studio.
    """
    return {name for name in names if not name.startswith("ltxvideo-")}


def test_every_workflow_has_a_way(tmp_path: Path) -> None:
    """Each shipped workflow is what some scene here is made with; the usual ones with and without sound."""
    tried = set()
    for number, way in enumerate(WAYS):
        plans = check_project(project_for(way, tmp_path / str(number), 1)).or_raise().plans
        (plan,) = (plan for plan in plans if plan.scene.scene == way.name)
        tried.add((plan.workflow, plan.scene.audio))
    assert of_core_nodes(name for name, _ in tried) == of_core_nodes(recipes.shipped())
    # Some modes are about sound, so none of their scenes is silent.
    silent = (name for (mode, _), name in WORKFLOWS.items() if not MODES[mode].sound)
    assert tried >= {(name, False) for name in of_core_nodes((*silent, *SMOOTH_WORKFLOWS.values()))}
