"""Sound on its way through the graph."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tests.support.rehearsal import Client, look
from tests.support.rehearsal_graphs import as_posted, node, small_graph


def heard(client: Client, sound: str, **nodes: Any) -> Any:
    """Save what a node sounds like, and decode it."""
    import av

    graph = {**nodes, "s": node("SaveAudio", audio=[sound, 0], filename_prefix="sound/a")}
    entry = client.run(graph)
    assert entry["status"]["status_str"] == "success", entry["status"]["messages"][-1]
    (path,) = client.saved(entry, "s", "audio")
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
        rate = container.streams.audio[0].rate
    samples = sum(frame.size for frame in frames) / 2
    return path, samples / rate, max(int(np.abs(frame.astype(np.int64)).max()) for frame in frames)


def test_sounds_are_loaded_joined_trimmed_and_saved(stocked: Client) -> None:
    """Lengths add up and are cut as asked; silence is silent; the file is FLAC."""
    tone = node("LoadAudio", audio="tone.wav")
    path, seconds, loudest = heard(stocked, "t", t=tone)
    assert path.name == "a_00001_.flac"
    assert seconds == pytest.approx(1.0, abs=0.05)
    assert loudest > 0
    quiet = node("EmptyAudio", duration=0.5, sample_rate=48000, channels=2)
    assert heard(stocked, "q", q=quiet)[1:] == (0.5, 0)
    both = {
        "t": tone,
        "q": quiet,
        "j": node("AudioConcat", audio1=["q", 0], audio2=["t", 0], direction="after"),
    }
    assert heard(stocked, "j", **both)[1] == pytest.approx(1.5, abs=0.05)
    begun = node("TrimAudioDuration", audio=["j", 0], start_index=0.0, duration=0.25)
    assert heard(stocked, "c", **both, c=begun)[1:] == (0.25, 0)
    ended = node("TrimAudioDuration", audio=["j", 0], start_index=-0.5, duration=60.0)
    _, seconds, loudest = heard(stocked, "c", **both, c=ended)
    assert seconds == pytest.approx(0.5, abs=0.05)
    assert loudest > 0


@pytest.mark.parametrize(("rate_hz", "together_hz"), [(24000, 44100), (48000, 48000)])
def test_joined_sounds_get_the_highest_of_their_rates(
    stocked: Client, rate_hz: int, together_hz: int
) -> None:
    """The others are resampled: a tone at 44.1 kHz keeps its pitch and its length behind half a second."""
    import av

    nodes = {
        "t": node("LoadAudio", audio="tone.wav"),
        "q": node("EmptyAudio", duration=0.5, sample_rate=rate_hz, channels=2),
        "j": node("AudioConcat", audio1=["q", 0], audio2=["t", 0], direction="after"),
    }
    path, seconds, _ = heard(stocked, "j", **nodes)
    with av.open(str(path)) as container:
        assert container.streams.audio[0].rate == together_hz
        blocks = [frame.to_ndarray().reshape(-1, 2)[:, 0] for frame in container.decode(audio=0)]
    sound = np.concatenate(blocks).astype(float)
    assert seconds == pytest.approx(1.5, abs=0.01)
    half = together_hz // 2
    assert not sound[:half].any()
    assert np.abs(np.fft.rfft(sound[half : 2 * half])).argmax() == pytest.approx(440 / 2, abs=1)


def test_sampled_sound_is_the_same_at_a_higher_rate(stocked: Client) -> None:
    """Joined to a sound at 48 kHz it is resampled, not made anew."""
    import av

    graph = small_graph()
    del graph["save"]
    graph["q"] = node("EmptyAudio", duration=0.5, sample_rate=48000, channels=2)
    graph["j"] = node("AudioConcat", audio1=["adec", 0], audio2=["q", 0], direction="after")

    def samples(sound: str) -> np.ndarray:
        path, _, _ = heard(stocked, sound, **graph)
        with av.open(str(path)) as container:
            blocks = [frame.to_ndarray().reshape(-1, 2)[:, 0] for frame in container.decode(audio=0)]
        return np.concatenate(blocks).astype(float)

    alone, joined = samples("adec"), samples("j")
    spectra = [np.abs(np.fft.rfft(one))[:500] for one in (alone, joined[: 2 * len(alone)] / 2)]
    assert np.corrcoef(*spectra)[0, 1] > 0.99


def test_sampled_sound_can_be_saved_alone(stocked: Client) -> None:
    """The sound of a take as FLAC, 24 kHz; sound that was encoded and never sampled comes back as it is."""
    graph = small_graph()
    del graph["save"]
    _, seconds, loudest = heard(stocked, "adec", **graph)
    assert seconds == pytest.approx(0.33, abs=0.01)
    assert loudest > 0
    graph["t"] = node("LoadAudio", audio="tone.wav")
    graph["x"] = node("LTXVAudioVAEEncode", audio=["t", 0], audio_vae=["avae", 0])
    graph["adec"]["inputs"]["samples"] = ["x", 0]
    assert heard(stocked, "adec", **graph)[1] == pytest.approx(0.93, abs=0.003)


@pytest.mark.parametrize(
    ("given_s", "back_s"),
    [(0.125, 0.09), (0.3, 0.25), (0.36, 0.25), (1.0, 0.93), (1.3, 1.21), (1.301, 1.29), (2.0, 1.93)],
)
def test_encoding_takes_whole_blocks_of_sound(stocked: Client, given_s: float, back_s: float) -> None:
    """What comes back of a sound is as long as it was from a real ComfyUI 0.33.0."""
    graph = small_graph()
    graph["q"] = node("EmptyAudio", duration=given_s, sample_rate=24000, channels=2)
    graph["x"] = node("LTXVAudioVAEEncode", audio=["q", 0], audio_vae=["avae", 0])
    graph["d"] = node("LTXVAudioVAEDecode", samples=["x", 0], audio_vae=["avae", 0])
    assert heard(stocked, "d", **graph)[1] == pytest.approx(back_s, abs=0.003)


def test_a_sound_shorter_than_a_block_cannot_be_encoded(stocked: Client) -> None:
    """The node fails as the real one does, and says why."""
    graph = small_graph()
    graph["q"] = node("EmptyAudio", duration=0.09, sample_rate=24000, channels=2)
    graph["x"] = node("LTXVAudioVAEEncode", audio=["q", 0], audio_vae=["avae", 0])
    graph["cat"]["inputs"]["audio_latent"] = ["x", 0]
    failed = stocked.fail(graph)
    assert failed["node_id"] == "x" and failed["exception_type"] == "RuntimeError"
    assert "too short" in failed["exception_message"]


def test_another_sound_can_be_put_under_a_clip(stocked: Client) -> None:
    """A loaded sound wired to CreateVideo is what is heard while the picture lasts; silence is silent."""
    graph = small_graph()
    graph["t"] = node("LoadAudio", audio="tone.wav")
    graph["vid"]["inputs"]["audio"] = ["t", 0]
    clip = look(stocked.saved(stocked.run(graph))[0])
    assert clip.sound_s == pytest.approx(9 / 24, abs=0.03)
    assert (clip.sound_hz, clip.frames) == (44100, 9)
    assert as_posted(json.loads(clip.tags["prompt"])) == graph
    graph["t"] = node("EmptyAudio", duration=0.3, sample_rate=48000, channels=2)
    quiet = look(stocked.saved(stocked.run(graph))[0])
    assert quiet.loudest == 0
    assert quiet.sound_s == pytest.approx(0.3, abs=0.03)


def test_a_reference_sound_changes_nothing_else(stocked: Client) -> None:
    """LTXVReferenceAudio passes model and prompts on."""
    graph = small_graph()
    graph["t"] = node("LoadAudio", audio="tone.wav")
    graph["ref"] = node(
        "LTXVReferenceAudio",
        model=["ckpt", 0],
        positive=["cond", 0],
        negative=["cond", 1],
        reference_audio=["t", 0],
        audio_vae=["avae", 0],
        identity_guidance_scale=3.0,
        start_percent=0.0,
        end_percent=1.0,
    )
    graph["guider"]["inputs"].update(model=["ref", 0], positive=["ref", 1], negative=["ref", 2])
    assert stocked.run(graph)["status"]["status_str"] == "success"


@pytest.mark.parametrize(
    ("loader", "name"),
    [
        (node("LoadVideo", file="broken.mp4"), "broken.mp4"),
        (node("LoadVideo", file="tone.wav"), "tone.wav"),
        (node("LoadAudio", audio="mute.mp4"), "mute.mp4"),
    ],
)
def test_files_without_what_is_wanted_fail_the_loader(stocked: Client, loader: Any, name: str) -> None:
    """No video, no sound, or no media at all: execution_error at the loader."""
    graph = small_graph()
    graph["l"] = loader
    if loader["class_type"] == "LoadVideo":
        graph["save"]["inputs"]["video"] = ["l", 0]
    else:
        graph["vid"]["inputs"]["audio"] = ["l", 0]
    assert stocked.fail(graph)["node_id"] == "l"


def test_a_video_without_sound_has_none_to_save(stocked: Client) -> None:
    """SaveAudio given nothing fails, as the real node does."""
    graph = {
        "v": node("LoadVideo", file="mute.mp4"),
        "c": node("GetVideoComponents", video=["v", 0]),
        "s": node("SaveAudio", audio=["c", 1], filename_prefix="a"),
    }
    assert stocked.fail(graph)["node_id"] == "s"
