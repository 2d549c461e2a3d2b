"""What masks hold and slices leave: pictures and sounds that sampling must not touch."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
import pytest

from tests.support.rehearsal import Client, look
from tests.support.rehearsal_graphs import node, small_graph

# The audio VAE gives sound at this rate, whatever it was given.
MODEL_HZ = 24000
# What is encoded of a second of sound: whole blocks of 4096 samples at 44.1 kHz (measured on 0.33.0).
ENCODED_S = 0.93


def rate_of(path: Any) -> int:
    """The samples a second of a file's sound."""
    with av.open(str(path)) as container:
        return container.streams.audio[0].rate


def sounding(path: Any) -> np.ndarray:
    """The samples of a file's sound, one channel."""
    with av.open(str(path)) as container:
        blocks = [
            frame.to_ndarray()[0][:: 1 if frame.format.is_planar else len(frame.layout.channels)]
            for frame in container.decode(audio=0)
        ]
    return np.concatenate(blocks).astype(float)


def masked(value: float, **more: Any) -> dict[str, Any]:
    """A small graph whose sound is the tone of a file, under a mask of one value."""
    graph = small_graph()
    graph["t"] = node("LoadAudio", audio="tone.wav")
    graph["x"] = node("LTXVAudioVAEEncode", audio=["t", 0], audio_vae=["avae", 0])
    graph["m"] = node("SolidMask", value=value, width=8, height=9)
    graph["h"] = node("SetLatentNoiseMask", samples=["x", 0], mask=["m", 0])
    graph["cat"]["inputs"]["audio_latent"] = ["h", 0]
    graph["s"] = node("SaveAudio", audio=["adec", 0], filename_prefix="held/a")
    return {**graph, **more}


def saved_sound(client: Client, graph: dict[str, Any]) -> np.ndarray:
    entry = client.run(graph)
    assert entry["status"]["status_str"] == "success", entry["status"]["messages"][-1]
    (path,) = client.saved(entry, "s", "audio")
    assert rate_of(path) == MODEL_HZ
    return sounding(path)


def test_a_black_mask_holds_a_sound_and_a_white_one_does_not(stocked: Client) -> None:
    """Under black the tone comes out as it went in, under white something else does."""
    held, made = saved_sound(stocked, masked(0.0)), saved_sound(stocked, masked(1.0))
    assert abs(len(held) / MODEL_HZ - ENCODED_S) < 0.003
    peaks = [np.abs(np.fft.rfft(samples[:20000])).argmax() for samples in (held, made)]
    assert peaks[0] == pytest.approx(440 * 20000 / MODEL_HZ, abs=1)
    assert peaks[1] != pytest.approx(peaks[0], abs=1)


def test_black_above_white_holds_the_beginning(stocked: Client) -> None:
    """Three of nine rows are black: the first third is the tone, the rest is not."""
    black = node("SolidMask", value=0.0, width=8, height=3)
    both = {
        "b": black,
        "c": node("MaskComposite", destination=["m", 0], source=["b", 0], x=0, y=0, operation="multiply"),
    }
    graph = masked(1.0, **both)
    graph["h"]["inputs"]["mask"] = ["c", 0]
    sound = saved_sound(stocked, graph)
    shares = []
    for part in (sound[:6000], sound[-6000:]):
        powers = np.abs(np.fft.rfft(part)) ** 2
        tone = round(440 * 6000 / MODEL_HZ)
        shares.append(powers[tone - 1 : tone + 2].sum() / powers.sum())
    assert shares[0] > 0.95
    assert shares[1] < 0.5


def test_what_the_rehearsal_does_not_know_of_masks_it_says(stocked: Client) -> None:
    """Another way of laying masks over each other fails the node in words."""
    other = node("MaskComposite", destination=["m", 0], source=["m", 0], x=0, y=0, operation="add")
    graph = masked(1.0, c=other)
    graph["h"]["inputs"]["mask"] = ["c", 0]
    failed = stocked.fail(graph)
    assert failed["node_id"] == "c" and "MaskComposite" in failed["exception_message"]


@pytest.mark.parametrize(
    ("start", "duration", "frames", "sound_s"),
    [
        (0.0, 0.0, 12, 1.0),
        (0.25, 0.0, 9, 0.75),
        (-0.5, 0.0, 6, 0.5),
        (0.21, 0.5, 6, 0.5),
        (-9.0, 0.0, 12, 1.0),
    ],
)
def test_a_slice_is_cut_in_picture_and_sound(
    stocked: Client, start: float, duration: float, frames: int, sound_s: float
) -> None:
    """From a moment on, or from the end, so long or to the end; the sound is cut at the same moment."""
    graph = {
        "v": node("LoadVideo", file="v.mp4"),
        "cut": node(
            "Video Slice", video=["v", 0], start_time=start, duration=duration, strict_duration=False
        ),
        "c": node("GetVideoComponents", video=["cut", 0]),
        "n": node("CreateVideo", images=["c", 0], audio=["c", 1], fps=["c", 2]),
        "save": node("SaveVideo", video=["n", 0], filename_prefix="cut/a", format="mp4", codec="h264"),
    }
    clip = look(stocked.saved(stocked.run(graph))[0])
    assert clip.frames == frames
    assert clip.sound_s == pytest.approx(sound_s, abs=0.06)


def test_a_slice_behind_the_end_fails(stocked: Client) -> None:
    """There is nothing there, and the node says so as the real one does."""
    graph = {
        "v": node("LoadVideo", file="v.mp4"),
        "cut": node("Video Slice", video=["v", 0], start_time=5.0, duration=0.0, strict_duration=False),
        "save": node("SaveVideo", video=["cut", 0], filename_prefix="cut/a", format="mp4", codec="h264"),
    }
    assert "Failed to slice video" in stocked.fail(graph)["exception_message"]
