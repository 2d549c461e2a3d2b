"""The sound that an extended take begins with: where it comes, and how long the whole is once encoded."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from ltxlib.core import carried_sound, overlap, recipes, roles, schema
from ltxlib.core.scene import Scene
from ltxlib.core.sources import Source
from tests.support.bench import Bench
from tests.support.clips import make_clip
from tests.support.rehearsal_graphs import node

# Frames and rate of the take, frames of what goes on from it: blocks of sound fall differently in each.
PAIRS = [(25, "25", 33), (65, "24", 65), (41, "24", 49), (33, "30", 121), (49, "24000/1001", 57)]
# What coding and cutting may move a click by.
NEAR_S = 0.003


def _values(source: Source, frames: int) -> dict[str, Any]:
    scene = Scene("more", "It goes on.", mode="extend", source="rain", frames=frames, fps=source.fps)
    return overlap.values(scene, {"source": source})


def _sounds(bench: Bench, clip: Path, values: dict[str, Any], folder: Path) -> dict[str, np.ndarray]:
    """What the shipped workflow gives its sound encoder, and what comes back when that is decoded at once."""
    given = {**values, "source": bench.comfy().upload_image(clip), "filename_prefix": "carried/x"}
    ui = json.loads(recipes.shipped()["asmr-extend.json"])
    graph = roles.prepare(ui, schema.NodeSchema(bench.object_info), given)
    (encoder,) = (key for key, one in graph.items() if one["class_type"] == "LTXVAudioVAEEncode")
    kept, wanted = {}, [encoder]
    while wanted:
        key = wanted.pop()
        kept[key] = graph[key]
        wanted += [
            value[0]
            for value in graph[key]["inputs"].values()
            if isinstance(value, list) and value[0] in graph
        ]
    inputs = graph[encoder]["inputs"]
    kept["back"] = node("LTXVAudioVAEDecode", samples=[encoder, 0], audio_vae=inputs["audio_vae"])
    # A prefix of its own, so that no server answers from what it remembers.
    prefix = f"carried/{folder.name}-{clip.stem}"
    kept["in"] = node("SaveAudio", audio=inputs["audio"], filename_prefix=f"{prefix}-in")
    kept["out"] = node("SaveAudio", audio=["back", 0], filename_prefix=f"{prefix}-out")
    entry = bench.http.run(kept)
    assert entry["status"]["status_str"] == "success", entry["status"]["messages"][-1]
    client, heard = bench.comfy(), {}
    for output in client.status(entry["prompt"][1]).outputs:
        heard[output.node] = _heard(client.download(output, folder / f"{clip.stem}-{output.node}.flac"))
    return heard


def _heard(path: Path) -> np.ndarray:
    """The left channel at 48 kHz."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=48_000)
        pieces = [piece for frame in container.decode(audio=0) for piece in resampler.resample(frame)]
        pieces += resampler.resample(None)
    return np.concatenate([piece.to_ndarray()[0] for piece in pieces])


@pytest.mark.parametrize(("had", "rate", "frames"), PAIRS)
def test_extend_hears_the_end_of_its_source_where_it_was(
    bench: Bench, tmp_path: Path, had: int, rate: str, frames: int
) -> None:
    """A click in the take is as far from the overlap in what is encoded; encoding crops nothing."""
    fps = Fraction(rate)
    source = Source("rain", "take01-0123456789", 128, 64, had, fps, has_sound=True)
    values = _values(source, frames)
    begins_s, sound_s = (had - values["overlap_frames"]) / fps, carried_sound.made_s(had / fps)
    click_s = float(begins_s) + 0.2
    options = {"frames": had, "fps": rate, "sound_s": float(sound_s), "wave": "clicks", "peak": 0.9}
    clicks = make_clip(tmp_path / "clicks.mp4", clicks_s=(click_s,), **options)
    silent = make_clip(tmp_path / "silent.mp4", clicks_s=(), **options)
    one, other = (_sounds(bench, clip, values, tmp_path) for clip in (clicks, silent))
    given = one["in"]
    loud = np.flatnonzero(np.abs(given) > np.abs(given).max() / 2)
    assert loud[0] / 48_000 == pytest.approx(0.2, abs=NEAR_S)
    # What the encoder takes is whole blocks and some samples, of which only half can be cut off before it.
    left_over = Fraction(len(given), 48_000) % carried_sound.BLOCK_S
    assert 0 <= left_over < Fraction(1, 1000)
    lasts_s = frames / fps
    assert 0 <= Fraction(len(given), 48_000) - lasts_s < carried_sound.BLOCK_S + Fraction(1, 1000)
    steps = carried_sound.steps_of(carried_sound.whole_blocks_s(lasts_s))
    assert len(one["out"]) / 48_000 == pytest.approx((4 * steps - 3) / 100, abs=0.001)
    # The decoder gives each step its own place: nothing differs before the click.
    apart = np.abs(one["out"] - other["out"])
    assert np.flatnonzero(apart > apart.max() / 20)[0] / 48_000 == pytest.approx(0.2, abs=0.06)
