"""Nodes that handle pictures, sound and video between decoding and saving."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import ceil
from typing import Any

from ltxlib.core.span import in_thousandths
from ltxlib.rehearsal.calls import Call, NodeFailed, Performer
from ltxlib.rehearsal.followed import Inverted, Keypoints, Outlines
from ltxlib.rehearsal.values import (
    Cut,
    Joined,
    Mask,
    Model,
    Pictures,
    Several,
    Silence,
    Solid,
    Vae,
    Video,
)


def _empty_image(call: Call) -> tuple[Any, ...]:
    size = (int(call[name]) for name in ("width", "height", "batch_size"))
    return (Pictures(*size, Solid(int(call.get("color", 0)))),)


def _solid_mask(call: Call) -> tuple[Any, ...]:
    return (Mask(int(call["width"]), int(call["height"]), float(call["value"])),)


def _composite(call: Call) -> tuple[Any, ...]:
    """Black laid by multiplication over the top of a mask, as wide as that: its rows are then held."""
    below, above = call.a(Mask, "destination"), call.a(Mask, "source")
    top = (int(call["x"]), int(call["y"])) == (0, 0) and above.width_px >= below.width_px
    if call["operation"] != "multiply" or above.value != 0 or not top:
        raise NodeFailed("RuntimeError", "the rehearsal only performs MaskComposite with black above white")
    return (replace(below, black_rows_px=min(below.height_px, above.height_px)),)


def _image_size(call: Call) -> tuple[Any, ...]:
    pictures = call.a(Pictures, "image")
    return pictures.width_px, pictures.height_px, pictures.frames


def _scale(call: Call) -> tuple[Any, ...]:
    pictures = call.a(Pictures, "image")
    width, height = int(call["width"]), int(call["height"])
    width = width or round(pictures.width_px * height / pictures.height_px)
    height = height or round(pictures.height_px * width / pictures.width_px)
    return (pictures.sized(width, height),)


def _scale_by(call: Call) -> tuple[Any, ...]:
    pictures, by = call.a(Pictures, "image"), float(call["scale_by"])
    return (pictures.sized(round(pictures.width_px * by), round(pictures.height_px * by)),)


def _longer_edge(call: Call) -> tuple[Any, ...]:
    pictures = call.a(Pictures, "images")
    by = int(call["longer_edge"]) / max(pictures.width_px, pictures.height_px)
    return (pictures.sized(round(pictures.width_px * by), round(pictures.height_px * by)),)


def _as_it_is(call: Call) -> tuple[Any, ...]:
    return (call.a(Pictures, "image"),)


def _outlines(call: Call) -> tuple[Any, ...]:
    pictures = call.a(Pictures, "image")
    return (replace(pictures, source=Outlines(pictures), first=0),)


def _invert(call: Call) -> tuple[Any, ...]:
    pictures = call.a(Pictures, "image")
    return (replace(pictures, source=Inverted(pictures), first=0),)


def _find_joints(call: Call) -> tuple[Any, ...]:
    model = call.a(Model, "model")
    call.a(Vae, "vae")
    if not model.name.startswith("sdpose"):
        raise NodeFailed("ValueError", "The provided model does not have a heatmap_head.")
    return (Keypoints(call.a(Pictures, "image")),)


def _draw_joints(call: Call) -> tuple[Any, ...]:
    pictures = call.a(Keypoints, "keypoints").of
    return (replace(pictures, source=Outlines(pictures, "pose"), first=0),)


def _new_size(call: Call, width: int, height: int) -> tuple[float, float]:
    """The size that ResizeImageMaskNode's chosen way of resizing asks for."""
    way = call["resize_type"]
    part = f"{way!s}"

    def number(name: str) -> float:
        return float(call[f"resize_type.{name}"])

    if part == "scale dimensions":
        wanted = number("width"), number("height")
        return (
            wanted[0] or width * wanted[1] / height,
            wanted[1] or height * (wanted[0] or width) / width,
        )
    if part == "match size":
        other = call["resize_type.match"]
        return other.width_px, other.height_px
    if part == "scale to multiple":
        step = int(number("multiple"))
        return max(step, width // step * step), max(step, height // step * step)
    by = {
        "scale by multiplier": lambda: number("multiplier"),
        "scale longer dimension": lambda: number("longer_size") / max(width, height),
        "scale shorter dimension": lambda: number("shorter_size") / min(width, height),
        "scale width": lambda: number("width") / width,
        "scale height": lambda: number("height") / height,
        "scale total pixels": lambda: (number("megapixels") * 1024 * 1024 / (width * height)) ** 0.5,
    }[part]()
    return width * by, height * by


def _resize(call: Call) -> tuple[Any, ...]:
    given = call["input"]
    width, height = _new_size(call, given.width_px, given.height_px)
    if isinstance(given, Mask):
        return (Mask(max(1, round(width)), max(1, round(height))),)
    return (call.a(Pictures, "input").sized(round(width), round(height)),)


def _join_batches(call: Call) -> tuple[Any, ...]:
    first, second = call.a(Pictures, "image1"), call.a(Pictures, "image2")
    second = second.sized(first.width_px, first.height_px)
    return (replace(first, frames=first.frames + second.frames, source=Several((first, second)), first=0),)


def _repeat(call: Call) -> tuple[Any, ...]:
    pictures, amount = call.a(Pictures, "image"), int(call["amount"])
    return (
        replace(pictures, frames=pictures.frames * amount, source=Several((pictures,) * amount), first=0),
    )


def _from_batch(call: Call) -> tuple[Any, ...]:
    pictures, index, length = call.a(Pictures, "image"), int(call["batch_index"]), int(call["length"])
    # An index from the end counts back, as Python's do; both are kept within what is there.
    index = min(max(0, index + pictures.frames if index < 0 else index), pictures.frames - 1)
    length = min(length, pictures.frames - index)
    return (replace(pictures, frames=length, first=pictures.first + index),)


def _create_video(call: Call) -> tuple[Any, ...]:
    # ComfyUI rounds to thousandths when it saves.
    fps = in_thousandths(Fraction(str(call["fps"])))
    return (Video(call.a(Pictures, "images"), fps, call.get("audio")),)


def _components(call: Call) -> tuple[Any, ...]:
    video = call.a(Video, "video")
    return video.pictures, video.sound, float(video.fps), 8, "sRGB"


def _slice(call: Call) -> tuple[Any, ...]:
    """From a moment on, counted from the end where it is negative; a duration of 0 is all the rest."""
    video = call.a(Video, "video")
    whole_s = video.pictures.frames / video.fps
    start, wanted = Fraction(str(call["start_time"])), Fraction(str(call["duration"]))
    start = max(Fraction(0), whole_s + start) if start < 0 else start
    lasts = min(wanted or whole_s, whole_s - start)
    if lasts <= 0:
        raise NodeFailed("ValueError", f"Failed to slice video:\nSource duration: {float(whole_s)}")
    first, end = ceil(start * video.fps), ceil((start + lasts) * video.fps)
    pictures = replace(video.pictures, first=video.pictures.first + first, frames=max(1, end - first))
    sound = video.sound and Cut(video.sound, start, min(lasts, max(Fraction(0), video.sound.seconds - start)))
    return (Video(pictures, video.fps, sound),)


def _silence(call: Call) -> tuple[Any, ...]:
    return (Silence(Fraction(str(call["duration"])), int(call["sample_rate"])),)


def _join_sounds(call: Call) -> tuple[Any, ...]:
    pair = (call["audio1"], call["audio2"])
    return (Joined(pair if call["direction"] == "after" else pair[::-1]),)


def _trim_sound(call: Call) -> tuple[Any, ...]:
    sound = call["audio"]
    start = Fraction(str(call["start_index"]))
    start = max(Fraction(0), start + sound.seconds if start < 0 else start)
    return (Cut(sound, start, min(Fraction(str(call["duration"])), max(Fraction(0), sound.seconds - start))),)


PERFORMERS: dict[str, Performer] = {
    "EmptyImage": _empty_image,
    "SolidMask": _solid_mask,
    "MaskComposite": _composite,
    "GetImageSize": _image_size,
    "ImageScale": _scale,
    "ImageScaleBy": _scale_by,
    "ResizeImagesByLongerEdge": _longer_edge,
    "ResizeImageMaskNode": _resize,
    "LTXVPreprocess": _as_it_is,
    "Canny": _outlines,
    "ImageInvert": _invert,
    "SDPoseKeypointExtractor": _find_joints,
    "SDPoseDrawKeypoints": _draw_joints,
    "ImageBatch": _join_batches,
    "RepeatImageBatch": _repeat,
    "ImageFromBatch": _from_batch,
    "CreateVideo": _create_video,
    "GetVideoComponents": _components,
    "Video Slice": _slice,
    "EmptyAudio": _silence,
    "AudioConcat": _join_sounds,
    "TrimAudioDuration": _trim_sound,
}
