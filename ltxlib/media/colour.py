"""Which colour code a clip's numbers are in, and how they become BT.709, the code of the finished film.

A video file holds brightness and two colour differences; two codes are in use (BT.601 and BT.709), and
read by the wrong one, greens and reds shift. Files ought to say which; many do not:

- ComfyUI since 2026-08 converts to BT.709 and says so. Believed.
- ComfyUI before that lets swscale convert with its default, BT.601, and says nothing, whatever the size
  (measured with PyAV 14 and 18: `VideoFrame.from_ndarray(rgb).reformat("yuv420p")`; source: ComfyUI's
  video_types.py). Its clips carry the tag `prompt` or `workflow`: a silent clip with one of them is BT.601.
- Any other silent clip: what players assume, BT.709 from 720 lines or 1280 columns on, below that BT.601
  (which is also what swscale makes of small RGB pictures).

Only the matrix and the range are changed. Primaries are left alone: what a model paints is sRGB, whose
primaries are BT.709's, also where swscale coded it as BT.601. The transfer tag `iec61966-2-1` of new ComfyUI
is a name for the same numbers, so no gamma is applied either.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from ltxlib.media.probe import ClipInfo

BT709, BT601, BT2020 = "bt709", "bt601", "bt2020"
HD_LINES_PX, HD_COLUMNS_PX = 720, 1280
COMFY_TAGS = ("prompt", "workflow")
HDR_TRANSFERS = ("smpte2084", "arib-std-b67")
_KNOWN = {
    "bt709": BT709,
    "bt470bg": BT601,
    "smpte170m": BT601,
    "fcc": BT601,
    "smpte240m": BT709,
    "bt2020nc": BT2020,
    "bt2020c": BT2020,
}
# The names of the codes in the filters `colorspace` and `setparams`.
_FILTER_NAMES = {BT709: "bt709", BT601: "smpte170m", BT2020: "bt2020nc"}
# What the `colorspace` filter takes; it is 30 times as fast as swscale's way through RGB and as exact.
_QUICK_FORMATS = {
    f"yuv{sampling}p{depth}" for sampling in ("420", "422", "444") for depth in ("", "10le", "12le")
}
# Without these swscale loses 1.6 levels of brightness when it changes the matrix (measured).
EXACT = "flags=lanczos+accurate_rnd+full_chroma_int+full_chroma_inp"
# Said on both sides, because a scale that is left to guess takes its output for BT.601 (measured). Colour
# samples of H.264 lie over every second column of brightness; swscale takes them to lie between two, so that
# at twice the size colours would stand half a pixel beside their edges, at three times a whole (measured).
SAME = "in_color_matrix=bt709:out_color_matrix=bt709:in_range=tv:out_range=tv:in_h_chr_pos=0:out_h_chr_pos=0"

Step = tuple[str, str]

# RGB, 0-255, to what the film is made of.
FROM_RGB: list[Step] = [("scale", f"out_color_matrix=bt709:out_range=tv:{EXACT}"), ("format", "yuv420p")]


def matrix_of(info: ClipInfo) -> str:
    """The code a clip's colours are in: "bt709", "bt601" or "bt2020", by the rules written above."""
    if info.color_space:
        return _KNOWN[info.color_space]
    if any(tag in info.tags for tag in COMFY_TAGS):
        return BT601
    shortest, longest = sorted((info.width_px, info.height_px))
    return BT709 if shortest >= HD_LINES_PX or longest >= HD_COLUMNS_PX else BT601


def is_full_range(info: ClipInfo) -> bool:
    """Whether black is 0 and white 255 (True), or 16 and 235 as video usually has it."""
    return info.color_range == "pc" or info.pixel_format.startswith("yuvj")


def is_ready(info: ClipInfo) -> bool:
    """Whether the clip's numbers already are the film's: BT.709, 16-235, 8 bits, 4:2:0."""
    return info.pixel_format == "yuv420p" and matrix_of(info) == BT709 and not is_full_range(info)


def _is_rgb(info: ClipInfo) -> bool:
    return any(mark in info.pixel_format for mark in ("rgb", "bgr", "gbr", "pal8"))


def to_bt709(info: ClipInfo, *, even: bool = True) -> list[Step]:
    """The filter steps that turn the clip's numbers into BT.709, 16-235, 4:2:0, 8 bits; [] when they are.

    even: whether its pictures, as they are coded, have even sides; the quick way needs them.
    """
    if is_ready(info):
        return []
    if _is_rgb(info):
        return FROM_RGB
    matrix, span = matrix_of(info), "pc" if is_full_range(info) else "tv"
    if even and info.pixel_format in _QUICK_FORMATS and (matrix != BT709 or span == "pc"):
        name = _FILTER_NAMES[matrix]
        # Equal primaries and transfer on both sides and fast=1: only matrix, range and depth change.
        return [
            ("setparams", f"colorspace={name}:color_primaries=bt709:color_trc=bt709:range={span}"),
            ("colorspace", "space=bt709:primaries=bt709:trc=bt709:range=tv:format=yuv420p:fast=1"),
        ]
    return [
        ("setparams", f"range={span}"),
        (
            "scale",
            f"in_color_matrix={matrix}:out_color_matrix=bt709:in_range={span}:out_range=tv:{EXACT}",
        ),
        ("format", "yuv420p"),
    ]


def to_rgb(info: ClipInfo) -> list[Step]:
    """The filter steps that turn the clip's numbers into RGB, 0-255."""
    if _is_rgb(info):
        return [("format", "rgb24")]
    span = "pc" if is_full_range(info) else "tv"
    words = f"in_color_matrix={matrix_of(info)}:in_range={span}:out_range=pc:{EXACT}"
    return [("setparams", f"range={span}"), ("scale", words), ("format", "rgb24")]


def filter_chain(first: Any, steps: Sequence[Step]) -> Any:
    """A PyAV filter graph for frames like `first`; push frames in, pull frames out."""
    import av.filter

    graph = av.filter.Graph()
    last = graph.add_buffer(
        width=first.width, height=first.height, format=first.format.name, time_base=Fraction(1, 1_000_000)
    )
    for name, words in steps:
        step = graph.add(name, words)
        last.link_to(step)
        last = step
    last.link_to(graph.add("buffersink"))
    graph.configure()
    return graph
