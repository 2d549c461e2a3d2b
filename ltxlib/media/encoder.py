"""Which encoder makes a film's picture: x264, or the graphics card's own (NVENC) where it really works.

That an encoder is listed says nothing: it needs a card that has it, a driver that fits, and memory. So before
NVENC is used it codes two short pieces with the very settings of the film, and these must be as the join
needs them: equal headers, key frames where they were asked for and nowhere else, pictures out of order by one
depth, every picture there when they are decoded, and near to what went in. Anything else, and x264 does it.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ltxlib.errors import MediaError
from ltxlib.media.mezzanine import coded
from ltxlib.media.pieces import key_frames
from ltxlib.media.planes import plane_of
from ltxlib.media.writer import NVENC, Coding, FilmShape, group_frames

# Below this the card's picture is too far from what it was given, whatever it claims.
LEAST_DB = 36.0
MORE_FRAMES = 5


def encoder(wish: str, shape: FilmShape, coding: Coding) -> tuple[Coding, tuple[str, ...]]:
    """The coding with the encoder to use, and what people should know of the choice, one sentence each.

    wish: one of `settings.ENCODERS`; "auto" and "nvenc" both take NVENC only where it passes the trial.
    """
    if wish == "x264":
        return coding, ()
    card = replace(coding, encoder=NVENC)
    fault = misfit(shape, card)
    if not fault:
        return card, ("The picture was coded by the graphics card (NVENC), whose quality varies by card.",)
    return coding, (f"The graphics card was not used to code the picture, x264 was: {fault}",)


def misfit(shape: FilmShape, coding: Coding) -> str:
    """Why pieces of this coding cannot be joined to a film, as a sentence; "" when they can."""
    count = group_frames(shape.fps) + MORE_FRAMES
    try:
        first, second = (_Trial(shape, coding, seed, count) for seed in (0, 1))
    except MediaError:
        return "its encoder does not work here."
    if not first.header or first.header != second.header:
        return "its encoder writes other headers for each piece."
    wanted = [*key_frames(count, group_frames(shape.fps))]
    for trial in (first, second):
        if sorted(trial.shown) != [*range(count)] or trial.decoded != count:
            return "its encoder loses or doubles pictures."
        if trial.keys != wanted:
            return "its encoder does not begin afresh where it is asked to."
        if trial.depths != first.depths or len(trial.depths) != 1:
            return "its encoder orders the pictures of each piece in another way."
        if trial.least_db < LEAST_DB:
            return f"its picture is too far from the clips ({trial.least_db:.1f} dB)."
    return ""


class _Trial:
    """One short piece, coded and looked at. shown: the frame of each packet, as decoded; keys: the frames
    that begin afresh; depths: by how many frames packets are decoded early; least_db: the worst picture."""

    def __init__(self, shape: FilmShape, coding: Coding, seed: int, count: int) -> None:
        import av

        held = io.BytesIO()
        for _done in coded(_moving(shape, seed, count), held, shape, coding, count):
            pass
        held.seek(0)
        with av.open(held) as container:
            stream = container.streams.video[0]
            self.header = bytes(stream.codec_context.extradata or b"")
            packets = [packet for packet in container.demux(stream) if packet.size]
            step = 1 / (shape.fps * stream.time_base)
            self.shown = [round(packet.pts / step) for packet in packets]
            self.keys = [at for at, packet in zip(self.shown, packets, strict=True) if packet.is_keyframe]
            self.depths = {number - round(packet.dts / step) for number, packet in enumerate(packets)}
            container.seek(0)
            pairs = zip(container.decode(stream), _moving(shape, seed, count), strict=False)
            levels = [_psnr_db(frame, wanted) for frame, wanted in pairs]
        self.decoded, self.least_db = len(levels), min(levels, default=0.0)


def _moving(shape: FilmShape, seed: int, count: int) -> Iterator[Any]:
    """Soft waves that wander, as PyAV pictures."""
    import av
    import numpy as np

    along = np.arange(shape.width_px)[None, :] / 23.0
    down = np.arange(shape.height_px)[:, None] / 17.0
    for number in range(count):
        frame = av.VideoFrame(shape.width_px, shape.height_px, "yuv420p")
        turn = 0.15 * number + seed
        plane_of(frame, 0)[:] = (110 + 40 * np.sin(along + turn) + 40 * np.cos(down - turn)).astype(np.uint8)
        for plane in (1, 2):
            plane_of(frame, plane)[:] = 120 + 8 * plane
        frame.colorspace, frame.color_range = 1, 1
        yield frame


def _psnr_db(shown: Any, wanted: Any) -> float:
    import numpy as np

    error = np.square(plane_of(shown, 0).astype(float) - plane_of(wanted, 0)).mean()
    return 10 * math.log10(255**2 / max(float(error), 1e-9))
