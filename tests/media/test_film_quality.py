"""How near the finished film is to its clips: in detail, in brightness, and frame by frame."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from ltxlib.core.timeline import Cut, Timeline
from ltxlib.media.ffmpeg import find_ffmpeg
from ltxlib.media.master import MasterSettings, render_master
from ltxlib.media.probe import probe
from ltxlib.rehearsal.clip import ClipSpec, render_clip
from tests.support.clips import Recipe, make_clip, planes_of, rgb_picture
from tests.support.films import pictures

# As films are made: crf 18.
USUAL = MasterSettings(crf=18, fade_in_s=0, fade_out_s=0)
SCENES = (
    "Rain falls on a still lake at dusk, slow rings on the water.",
    "A brook runs over stones in a green forest, soft light.",
    "A fire crackles in a stone fireplace, embers glow.",
)
SIZE, FRAMES, CROSSFADE = (640, 384), 31, 10
BITS, BLOCK_PX = 7, 16


def film(tmp_path: Path, clips: list[Path], timeline: Timeline) -> Path:
    return render_master(timeline, tmp_path / "film.mp4", USUAL, work_dir=tmp_path / "work").path


def timeline_of(clips: list[Path], fps: Fraction, crossfade: int = 0) -> Timeline:
    facts = [probe(clip) for clip in clips]
    cuts = [Cut(str(info.path), info.path.stem, "take", info.frames_at(fps)) for info in facts]
    return Timeline(tuple(cuts), fps, facts[0].width_px, facts[0].height_px, crossfade)


def psnr_db(shown: list[list[np.ndarray]], wanted: list[list[np.ndarray]]) -> float:
    """Over all samples of all planes, as they stand in the files."""
    errors = [
        np.square(plane - other).ravel()
        for one, two in zip(shown, wanted, strict=True)
        for plane, other in zip(one, two, strict=True)
    ]
    return 10 * math.log10(255**2 / np.concatenate(errors).mean())


@pytest.fixture(scope="module")
def scenes(tmp_path_factory) -> list[Path]:
    """Clips with water, leaves and fire in them, coded as a server does."""
    folder = tmp_path_factory.mktemp("scenes")
    clips = []
    for number, words in enumerate(SCENES):
        clip = folder / f"{number}.mp4"
        spec = ClipSpec(words, number, *SIZE, FRAMES, Fraction(24))
        render_clip(spec, clip, ffmpeg_path=find_ffmpeg().path, tags={})
        clips.append(clip)
    return clips


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_bodies_and_crossfades_are_as_good_as_their_clips(tmp_path, scenes, order):
    """At crf 18: at least 43 dB in bodies, 44 dB in crossfades, against the mix of what the clips hold."""
    clips = [scenes[number] for number in order]
    sources = [pictures(clip) for clip in clips]
    shown = pictures(film(tmp_path, clips, timeline_of(clips, Fraction(24), CROSSFADE)))
    step = FRAMES - CROSSFADE
    assert len(shown) == 2 * step + FRAMES
    mixes, bodies = ([], []), ([], [])
    for number, frame in enumerate(shown):
        cut, place = min(number // step, 2), number - min(number // step, 2) * step
        kind, wanted = bodies, sources[cut][place]
        if cut and place < CROSSFADE:
            share, before = (place + 0.5) / CROSSFADE, sources[cut - 1][step + place]
            kind = mixes
            wanted = [(1 - share) * a + share * b for a, b in zip(before, wanted, strict=True)]
        kind[0].append(frame)
        kind[1].append(wanted)
    assert len(mixes[0]) == 2 * CROSSFADE
    assert psnr_db(*mixes) >= 44
    assert psnr_db(*bodies) >= 43


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"matrix": "bt709"}, id="BT.709"),
        pytest.param({"matrix": "bt709", "transfer": 13, "tags": {"prompt": "{}"}}, id="BT.709, sRGB"),
        pytest.param({"matrix": "bt601"}, id="BT.601"),
        pytest.param({"matrix": "bt601", "full_range": True}, id="BT.601, 0 to 255"),
        pytest.param({"matrix": "bt601", "tagged": False}, id="untagged, small"),
        pytest.param(
            {"matrix": "bt601", "tagged": False, "width_px": 1280, "tags": {"workflow": "{}"}},
            id="older ComfyUI",
        ),
        pytest.param({"matrix": "bt709", "tagged": False, "width_px": 1280}, id="untagged, large"),
    ],
)
def test_brightness_is_that_of_the_picture_whatever_the_clip_says(tmp_path, options):
    """The mean BT.709 luma of every frame is within half a level of the picture's own."""
    options = {"frames": 5, "sound": None, "options": {"crf": "4", "preset": "ultrafast"}, **options}
    clip = make_clip(tmp_path / "a.mp4", **options)
    made = film(tmp_path, [clip], timeline_of([clip], Fraction(24)))
    info = probe(made)
    assert (info.color_space, info.color_primaries, info.color_transfer, info.color_range) == (
        "bt709",
        "bt709",
        "bt709",
        "tv",
    )
    for number, shown in enumerate(pictures(made)):
        wanted = planes_of(rgb_picture(Recipe(**options), number), "bt709")
        assert shown[0].mean() == pytest.approx(wanted[0].mean(), abs=0.5)


def numbered(
    path: Path, first: int, frames: int, fps: Fraction, times_s: list[Fraction] | None = None
) -> Path:
    """A clip whose frames bear their number, from `first` on, in blocks of light and dark: its bits."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": "18", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = BITS * BLOCK_PX, 32, "yuv420p"
        context = stream.codec_context
        context.colorspace, context.color_primaries, context.color_trc, context.color_range = 1, 1, 1, 1
        tick = 1 / fps if times_s is None else Fraction(1, 90_000)
        context.time_base = tick
        for number in range(frames):
            frame = av.VideoFrame(stream.width, stream.height, "yuv420p")
            bits = [200 if first + number >> bit & 1 else 40 for bit in range(BITS)]
            luma = np.tile(np.repeat(np.uint8(bits), BLOCK_PX), (32, 1))
            rows = np.frombuffer(frame.planes[0], np.uint8).reshape(32, -1)
            rows[:, : luma.shape[1]] = luma
            for plane in frame.planes[1:]:
                plane.update(bytes([128]) * plane.buffer_size)
            frame.time_base = tick
            frame.pts = number if times_s is None else round(times_s[number] / tick)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def numbers(path: Path) -> list[int]:
    """What is written in each frame of a film."""
    found = []
    for luma, _blue, _red in pictures(path):
        blocks = luma.reshape(luma.shape[0], BITS, BLOCK_PX).mean((0, 2))
        assert np.all(np.abs(blocks - 120) > 50), "a frame shows two at once"
        found.append(sum(int(block > 120) << bit for bit, block in enumerate(blocks)))
    return found


RATES = [Fraction(rate) for rate in ("24000/1001", "24", "25", "30000/1001", "30", "48", "60")]


@pytest.mark.parametrize("fps", RATES, ids=str)
def test_no_frame_is_lost_or_doubled_at_any_usual_rate(tmp_path, fps):
    """Three clips on end, each frame numbered: the film counts through, and again joined by crossfades."""
    clips = [numbered(tmp_path / f"{first}.mp4", first, 30, fps) for first in (0, 30, 60)]
    timeline = timeline_of(clips, fps)
    assert numbers(film(tmp_path, clips, timeline)) == list(range(90))
    assert probe(tmp_path / "film.mp4").fps == fps
    # A crossfade between equal frames shows each of them once.
    follows = numbered(tmp_path / "follows.mp4", 24, 30, fps)
    joined = timeline_of([clips[0], follows], fps, crossfade=6)
    assert numbers(film(tmp_path, [clips[0], follows], joined)) == list(range(54))


@pytest.mark.parametrize("fps", [*RATES, None], ids=str)
def test_in_a_film_of_24_each_frame_shows_the_one_of_its_moment(tmp_path, fps):
    """Whatever the clip's rate, None being an uneven one; the film's frame k shows what stands at k/24."""
    times = [number / (fps or 24) for number in range(40)]
    if fps is None:
        # Late by up to a fifth of a frame; then a gap of three frames.
        times = [number / Fraction(24) + Fraction(number * 7 % 5, 600) for number in range(30)]
        times += [Fraction(number + 3, 24) for number in range(30, 40)]
    clip = numbered(tmp_path / "a.mp4", 0, 40, fps or Fraction(24), None if fps else times)
    timeline = timeline_of([clip], Fraction(24))
    wanted = []
    for place in range(timeline.frames):
        # A quarter of a frame late still counts as there.
        due = Fraction(4 * place + 1, 96)
        wanted.append(max(number for number, time in enumerate(times) if time <= due))
    found = numbers(film(tmp_path, [clip], timeline))
    assert found == wanted
    if fps in (None, *RATES[:2]):
        assert sorted(set(found)) == list(range(40))
