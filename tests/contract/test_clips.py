"""Every way of making a clip gives what its scene asks for, in the rehearsal and on a real ComfyUI."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ltxlib.core import recipes
from ltxlib.core.plan import WORKFLOWS
from ltxlib.store.takes import load_takes
from ltxlib.studio.check import check_project
from tests.support.bench import Bench
from tests.support.contract_ways import WAYS, Rendered, Way, project_for, rate, render
from tests.support.rehearsal_graphs import as_posted

SOUND = {"LTXVEmptyLatentAudio", "LTXVConcatAVLatent", "LTXVSeparateAVLatent", "LTXVAudioVAEDecode"}
# The sound comes in pieces of 1/25 s and ends with the last whole one.
SHORTER_S = 0.1


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
    _expect_clip(way, made)
    assert made.take.rehearsal is not bench.real
    assert made.clip.is_relative_to(made.project.set(rehearsal=not bench.real).takes)
    (kept,), problems = load_takes(made.project.set(rehearsal=not bench.real))
    assert (kept.take_id, kept.clip, problems) == (made.take.take_id, made.take.clip, [])
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
    assert bool(kinds & SOUND) is sounds
    # The clip itself says how it was made, so that it can be made again without the kit.
    assert as_posted(json.loads(info.tags["prompt"])) == json.loads(json.dumps(made.take.graph))


def test_every_workflow_has_a_way(tmp_path: Path) -> None:
    """Each shipped workflow is what some scene here is made with; the usual ones with and without sound."""
    tried = set()
    for number, way in enumerate(WAYS):
        (plan,) = check_project(project_for(way, tmp_path / str(number), 1)).or_raise().plans
        tried.add((plan.workflow, plan.scene.audio))
    assert {name for name, _ in tried} == set(recipes.shipped())
    assert tried >= {(name, False) for name in WORKFLOWS.values()}
