"""Nodes that bring something in: models by name, pictures, videos and sound from files, plain values."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path
from typing import Any

from ltxlib.rehearsal.calls import Call, NodeFailed, Performer
from ltxlib.rehearsal.state import input_file
from ltxlib.rehearsal.values import (
    Conditioning,
    ImageFile,
    Lora,
    Mask,
    Model,
    Pictures,
    SoundFile,
    TextEncoder,
    UpscaleModel,
    Vae,
    Video,
    VideoFile,
)


def _checkpoint(call: Call) -> tuple[Any, ...]:
    name = call["ckpt_name"]
    return Model(name), TextEncoder(name), Vae(name)


def _audio_vae(call: Call) -> tuple[Any, ...]:
    return (Vae(call["ckpt_name"], audio=True),)


def _vae(call: Call) -> tuple[Any, ...]:
    name = call["vae_name"]
    return (Vae(name, audio="audio" in name),)


def _text_encoder(call: Call) -> tuple[Any, ...]:
    return (TextEncoder(call.get("text_encoder") or call["clip_name"]),)


def _unet(call: Call) -> tuple[Any, ...]:
    return (Model(call["unet_name"]),)


def _with_lora(call: Call) -> tuple[Any, ...]:
    model = call.a(Model, "model")
    strength = float(call["strength_model"])
    if strength:
        lora = Lora(call["lora_name"], strength)
        model = dataclasses.replace(model, loras=(*model.loras, lora))
    return (model, call["clip"]) if call.class_type == "LoraLoader" else (model,)


def _model_as_it_is(call: Call) -> tuple[Any, ...]:
    return (call.a(Model, "model"),)


def _upscale_model(call: Call) -> tuple[Any, ...]:
    name = call["model_name"]
    space = Fraction(3, 2) if "x1.5" in name else Fraction(2)
    return (UpscaleModel(name, space, time="temporal" in name),)


def _file(call: Call, wanted: str) -> Path:
    name = str(call[wanted])
    path = input_file(call.bench.folders, name)
    if path is None:
        raise NodeFailed("FileNotFoundError", f"[Errno 2] No such file or directory: '{name}'")
    return path


def _image_size(path: Path) -> tuple[int, int]:
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            return ImageOps.exif_transpose(picture).size
    except UnidentifiedImageError as error:
        raise NodeFailed("PIL.UnidentifiedImageError", str(error)) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise NodeFailed(type(error).__name__, str(error)) from error


def _load_image(call: Call) -> tuple[Any, ...]:
    path = _file(call, "image")
    width, height = _image_size(path)
    return Pictures(width, height, 1, ImageFile(path)), Mask(width, height)


def _load_image_mask(call: Call) -> tuple[Any, ...]:
    return (Mask(*_image_size(_file(call, "image"))),)


def _seconds(stream: Any) -> Fraction:
    if stream.duration is not None:
        return Fraction(stream.duration) * stream.time_base
    return Fraction(stream.container.duration or 0, 1_000_000)


def _sounding(path: Path) -> Fraction:
    """How long the sound in a file is once decoded: in whole blocks of its coding, as ComfyUI has it."""
    import av

    with av.open(str(path)) as container:
        return sum((Fraction(f.samples, f.sample_rate) for f in container.decode(audio=0)), Fraction(0))


def _open_media(path: Path) -> tuple[Video | None, SoundFile | None]:
    """What is in a media file: pictures at their rate, and sound."""
    import av

    try:
        with av.open(str(path)) as container:
            sound = None
            if container.streams.audio:
                heard = container.streams.audio[0]
                sound = SoundFile(path, _sounding(path), heard.rate)
            if not container.streams.video:
                return None, sound
            stream = container.streams.video[0]
            fps = Fraction(stream.average_rate or 24)
            frames = stream.frames or max(1, round(_seconds(stream) * fps))
            pictures = Pictures(stream.width, stream.height, frames, VideoFile(path))
            return Video(pictures, fps, sound), sound
    except av.FFmpegError as error:
        raise NodeFailed(f"av.error.{type(error).__name__}", str(error)) from error


def _load_video(call: Call) -> tuple[Any, ...]:
    path = _file(call, "file")
    video, _ = _open_media(path)
    if video is None:
        raise NodeFailed("ValueError", f"No video stream found in file '{path.name}'")
    return (video,)


def _load_audio(call: Call) -> tuple[Any, ...]:
    path = _file(call, "audio")
    _, sound = _open_media(path)
    if sound is None:
        raise NodeFailed("ValueError", f"No audio stream found in file '{path.name}'")
    return (sound,)


def _primitive(call: Call) -> tuple[Any, ...]:
    return (call["value"],)


def _join_text(call: Call) -> tuple[Any, ...]:
    return (call.get("delimiter", "").join((call["string_a"], call["string_b"])),)


def _encode_text(call: Call) -> tuple[Any, ...]:
    call.a(TextEncoder, "clip")
    return (Conditioning(str(call["text"])),)


def _lotus(call: Call) -> tuple[Any, ...]:
    return (Conditioning(""),)


def _zero_out(call: Call) -> tuple[Any, ...]:
    return (dataclasses.replace(call.a(Conditioning, "conditioning"), zeroed=True),)


def _set_frame_rate(call: Call) -> tuple[Any, ...]:
    rate = float(call["frame_rate"])
    return tuple(
        dataclasses.replace(call.a(Conditioning, name), frame_rate=rate) for name in ("positive", "negative")
    )


def _reference_audio(call: Call) -> tuple[Any, ...]:
    return call.a(Model, "model"), call["positive"], call["negative"]


PERFORMERS: dict[str, Performer] = {
    "CheckpointLoaderSimple": _checkpoint,
    "LTXVAudioVAELoader": _audio_vae,
    "VAELoader": _vae,
    "LTXAVTextEncoderLoader": _text_encoder,
    "CLIPLoader": _text_encoder,
    "UNETLoader": _unet,
    "LoraLoader": _with_lora,
    "LoraLoaderModelOnly": _with_lora,
    "ModelSamplingLTXV": _model_as_it_is,
    "LatentUpscaleModelLoader": _upscale_model,
    "LoadImage": _load_image,
    "LoadImageMask": _load_image_mask,
    "LoadVideo": _load_video,
    "LoadAudio": _load_audio,
    "PrimitiveBoolean": _primitive,
    "PrimitiveFloat": _primitive,
    "PrimitiveInt": _primitive,
    "PrimitiveString": _primitive,
    "PrimitiveStringMultiline": _primitive,
    "StringConcatenate": _join_text,
    "CLIPTextEncode": _encode_text,
    "ConditioningZeroOut": _zero_out,
    "LotusConditioning": _lotus,
    "LTXVConditioning": _set_frame_rate,
    "LTXVReferenceAudio": _reference_audio,
}
