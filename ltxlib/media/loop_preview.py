"""A short clip of a loop's seam, to be looked at: before it, across it, behind it, twice.

Short loops are shown whole, twice around, beginning in their middle: the file's own end is no seam then, and
a player that repeats it shows the loop for as long as one likes. Of long ones the seconds around the seam are
shown. A line below the picture tells where the seam is; the picture itself is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltxlib.core.looping import LoopWay
from ltxlib.errors import BadInput, ClipUnreadable
from ltxlib.media import colour
from ltxlib.media.conform import turned
from ltxlib.media.placing import placed
from ltxlib.media.probe import ClipInfo, open_clip, probe
from ltxlib.media.sound import CHANNELS, RATE_HZ, clip_sound
from ltxlib.media.writer import Coding, FilmShape, write_film, write_sound

if TYPE_CHECKING:
    import numpy as np

HEIGHT_PX, LINE_PX, LINE_LUMA, MARK_LUMA = 360, 8, 40, 220
# A loop that is no longer is shown whole; of longer ones, so much on either side of the seam.
WHOLE_S, AROUND_S = 8.0, 3.0
ROUNDS = 2
# Sound melts at least for so long, so that no straight cut clicks.
SOFT_S = 0.01
CODING = Coding(crf=20, preset="veryfast")
_TO_RGB = [
    ("scale", f"in_color_matrix=bt709:in_range=tv:out_range=pc:{colour.EXACT}"),
    ("format", "rgb24"),
]
STRIP_EACH, STRIP_PX, GAP_PX, QUALITY = 3, 200, 6, 88


@dataclass(frozen=True)
class _Moment:
    """One picture of the preview: a frame of the clip, what it melts with, its share; place: 0 to 1."""

    frame: int
    other: int | None
    share: float
    place: float


def preview_size(width_px: int, height_px: int) -> tuple[int, int]:
    """Width and height in pixels of the preview of a clip of this size, the line below it included."""
    height = min(HEIGHT_PX, max(height_px // 2 * 2, 2))
    return max(round(width_px * height / height_px / 2) * 2, 2), height + LINE_PX


def shows_whole(way: LoopWay, fps: Fraction) -> bool:
    """Whether a preview shows the whole loop, and not only the seconds around its seam."""
    return way.frames <= WHOLE_S * fps


def write_preview(clip: Path, way: LoopWay, out: Path) -> Path:
    """Writes the preview as an MP4 with sound, whole or not at all.

    Raises ClipUnreadable, BadInput when the way does not fit the clip, MediaError, StoreError.
    """
    info = probe(clip)
    _must_fit(info, way)
    moments = _moments(way, info.fps)
    pictures = _pictures(info, _frames_of(moments))
    shape = FilmShape(*preview_size(info.width_px, info.height_px), info.fps)
    with placed(Path(out), "The preview of the seam") as part:
        sound = part.with_name(f"{part.name}.m4a") if info.has_audio else None
        try:
            if sound is not None:
                write_sound([_sound(info, way, moments)], sound, 128)
            frames = (_painted(moment, pictures, shape) for moment in moments)
            for _ in write_film(frames, sound, part, shape, CODING):
                pass
        finally:
            if sound is not None:
                sound.unlink(missing_ok=True)
    return Path(out)


def write_strip(clip: Path, way: LoopWay, out_jpg: Path) -> Path:
    """Writes a JPEG of six pictures: the last before the seam and the first behind it, or how they melt.

    Raises as `write_preview` does.
    """
    from PIL import Image

    info = probe(clip)
    _must_fit(info, way)
    moments = [_moment(way, number) for number in _strip_numbers(way)]
    pictures = _pictures(info, _frames_of(moments))
    shown = [_image(_mixed(moment, pictures)) for moment in moments]
    height = max(round(STRIP_PX * shown[0].height / shown[0].width), 1)
    across = STRIP_PX + GAP_PX
    sheet = Image.new("RGB", (across * len(shown) + GAP_PX, height), (255, 255, 255))
    for place, image in enumerate(shown):
        behind = 2 * GAP_PX if place >= STRIP_EACH else 0
        sheet.paste(image.resize((STRIP_PX, height), Image.Resampling.LANCZOS), (place * across + behind, 0))
    with placed(Path(out_jpg), "The pictures of the seam") as part:
        sheet.save(part, "JPEG", quality=QUALITY)
    return Path(out_jpg)


def _strip_numbers(way: LoopWay) -> list[int]:
    """Which pictures of a round the strip shows: those next to the seam, or steps of the crossfade."""
    if way.crossfade_frames < 2 * STRIP_EACH:
        return [*range(way.frames - STRIP_EACH, way.frames), *range(STRIP_EACH)]
    steps = 2 * STRIP_EACH - 1
    return [way.frames - 1, *(round(way.crossfade_frames * step / steps) for step in range(1, steps + 1))]


def _frames_of(moments: Sequence[_Moment]) -> set[int]:
    return {m.frame for m in moments} | {m.other for m in moments if m.other is not None}


def _must_fit(info: ClipInfo, way: LoopWay) -> None:
    fits = way.in_frame >= 0 and way.out_frame <= info.frames and way.crossfade_frames >= 0
    if not fits or way.frames < max(2 * STRIP_EACH, way.crossfade_frames):
        raise BadInput(
            f"{info.path.name} cannot be looped from frame {way.in_frame} to {way.out_frame}.",
            cure="Measure it again: the clip is another one than it was.",
        )


def _moments(way: LoopWay, fps: Fraction) -> list[_Moment]:
    """Which pictures are shown, in order."""
    loop = [_moment(way, number) for number in range(way.frames)]
    if shows_whole(way, fps):
        middle = way.frames // 2
        return (loop[middle:] + loop[:middle]) * ROUNDS
    around = round(AROUND_S * fps)
    return (loop[-around:] + loop[:around]) * ROUNDS


def _moment(way: LoopWay, number: int) -> _Moment:
    """One picture of a round: where it melts, the end goes and the beginning comes."""
    place = number / way.frames
    frame, melt = way.in_frame + number, way.crossfade_frames
    if number >= melt:
        return _Moment(frame, None, 1.0, place)
    return _Moment(frame, way.out_frame - melt + number, (number + 1) / (melt + 1), place)


def _pictures(info: ClipInfo, wanted: set[int]) -> dict[int, tuple[Any, Any, Any]]:
    """The clip's frames of these numbers, small, as Y, Cb and Cr of the film's kind."""
    import numpy as np

    width, height = preview_size(info.width_px, info.height_px)
    size = f"{width}:{height - LINE_PX}:flags=area"
    steps = [*turned(info), ("scale", size), *colour.to_bt709(info)]
    steps += [("format", "yuv420p")]
    found: dict[int, tuple[Any, Any, Any]] = {}
    for number, frame in _decoded(info, steps, wanted):
        planes = []
        for plane in frame.planes:
            rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
            planes.append(rows[:, : plane.width].copy())
        found[number] = (planes[0], planes[1], planes[2])
    if wanted - set(found):
        raise ClipUnreadable(f"{info.path.name} has fewer pictures than it tells.")
    return found


def _decoded(info: ClipInfo, steps: list[colour.Step], wanted: set[int]) -> Iterator[tuple[int, Any]]:
    chain, last = None, max(wanted)
    with open_clip(info.path) as container:
        picture = container.streams.video[0]
        picture.thread_type = "AUTO"
        for number, frame in enumerate(container.decode(picture)):
            if number in wanted:
                chain = chain or colour.filter_chain(frame, steps)
                chain.push(frame)
                yield number, chain.pull()
            if number >= last:
                return


def _painted(moment: _Moment, pictures: dict[int, tuple[Any, Any, Any]], shape: FilmShape) -> Any:
    """One picture of the preview, with the line below it."""
    import numpy as np

    planes = _mixed(moment, pictures)
    line = np.full((LINE_PX, shape.width_px), LINE_LUMA, np.uint8)
    # Half a round apart from the seam is the line's left end, so the seam is in its middle.
    at = round(((moment.place + 0.5) % 1.0) * (shape.width_px - 1))
    line[2:6, max(at - 5, 0) : at + 6] = MARK_LUMA
    line[:, shape.width_px // 2 - 1 : shape.width_px // 2 + 1] = MARK_LUMA
    grey = np.full((LINE_PX // 2, shape.width_px // 2), 128, np.uint8)
    whole = [np.vstack([planes[0], line]), np.vstack([planes[1], grey]), np.vstack([planes[2], grey])]
    return _frame(whole)


def _mixed(moment: _Moment, pictures: dict[int, tuple[Any, Any, Any]]) -> list[Any]:
    """The planes of one picture, melted where it melts."""
    import numpy as np

    planes = list(pictures[moment.frame])
    if moment.other is None:
        return planes
    share, others = moment.share, pictures[moment.other]
    mixed = (share * a + (1 - share) * b for a, b in zip(planes, others, strict=True))
    return [np.round(plane).astype(np.uint8) for plane in mixed]


def _frame(planes: Sequence[Any]) -> Any:
    """A PyAV frame of three planes, BT.709, 16-235."""
    import av
    import numpy as np

    height, width = planes[0].shape
    frame = av.VideoFrame(width, height, "yuv420p")
    for plane, values in zip(frame.planes, planes, strict=True):
        rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
        rows[:, : plane.width] = values
    frame.colorspace, frame.color_range = 1, 1
    return frame


def _image(planes: Sequence[Any]) -> Any:
    """The same as a Pillow image."""
    from PIL import Image

    frame = _frame(planes)
    chain = colour.filter_chain(frame, _TO_RGB)
    chain.push(frame)
    return Image.fromarray(chain.pull().to_ndarray(format="rgb24"))


def _sound(info: ClipInfo, way: LoopWay, moments: Sequence[_Moment]) -> np.ndarray:
    """The sound of the preview: of one round, laid under the pictures."""
    import numpy as np

    def sample(frame: int) -> int:
        return round(frame * RATE_HZ / info.fps)

    whole = clip_sound(info, sample(info.frames))
    melt = max(sample(way.crossfade_frames), round(SOFT_S * RATE_HZ))
    start, length = sample(way.in_frame), sample(way.frames)
    loop = whole[start : start + length].copy()
    # What would have come behind the last sample goes on under the first ones.
    tail = np.zeros((melt, CHANNELS), np.float32)
    rest = whole[start + length : start + length + melt]
    tail[: len(rest)] = rest
    turn = (np.arange(melt, dtype=np.float32) + np.float32(0.5)) * np.float32(np.pi / 2 / melt)
    loop[:melt] = loop[:melt] * np.sin(turn)[:, None] + tail * np.cos(turn)[:, None]
    parts = []
    for moment in moments:
        number = round(moment.place * way.frames)
        parts.append(loop[sample(number) : sample(number + 1)])
    joined = np.concatenate(parts)
    total = sample(len(moments))
    filled = np.zeros((total, CHANNELS), np.float32)
    filled[: min(total, len(joined))] = joined[:total]
    return filled
