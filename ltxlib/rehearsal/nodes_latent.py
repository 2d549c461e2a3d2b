"""Nodes that make, change and decode latents; sizes are floored without a word, as LTX-2's nodes do."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import ceil
from typing import Any

from ltxlib.rehearsal.calls import Call, NodeFailed, Performer
from ltxlib.rehearsal.faults import DECODING
from ltxlib.rehearsal.followed import Outlines, leads_unseen
from ltxlib.rehearsal.memory import need
from ltxlib.rehearsal.spec import LATENTS_PER_SECOND, STEP_S, STEPS_LOST, STEPS_PER_LATENT
from ltxlib.rehearsal.values import (
    LATENT_FRAMES,
    LTX_CELL_PX,
    PLAIN_CELL_PX,
    AudioLatent,
    AVLatent,
    Conditioning,
    Cut,
    Decoded,
    Drawing,
    DrawnSound,
    Joined,
    Mask,
    Pictures,
    Silence,
    Solid,
    Sound,
    UpscaleModel,
    Vae,
    VideoLatent,
)

_GREY = 0x808080
ENCODED_HZ = 44_100
ENCODED_BLOCK = 4096


def _video_steps(frames: int) -> int:
    return (frames - 1) // LATENT_FRAMES + 1


def _empty_video(call: Call) -> tuple[Any, ...]:
    columns, rows = int(call["width"]) // LTX_CELL_PX, int(call["height"]) // LTX_CELL_PX
    return (VideoLatent(columns, rows, _video_steps(int(call["length"]))),)


def _empty_image(call: Call) -> tuple[Any, ...]:
    columns, rows = int(call["width"]) // PLAIN_CELL_PX, int(call["height"]) // PLAIN_CELL_PX
    return (VideoLatent(columns, rows, int(call["batch_size"]), PLAIN_CELL_PX),)


def _empty_audio(call: Call) -> tuple[Any, ...]:
    _audio_vae(call, "audio_vae")
    seconds = Fraction(int(call["frames_number"])) / Fraction(str(call["frame_rate"]))
    return (AudioLatent(max(1, round(seconds * LATENTS_PER_SECOND))),)


def _audio_vae(call: Call, name: str) -> Vae:
    vae = call.a(Vae, name)
    if not vae.audio:
        raise NodeFailed("AttributeError", f"{vae.name} was loaded as a picture VAE, not as an audio VAE")
    return vae


def _concat(call: Call) -> tuple[Any, ...]:
    video = call.a(VideoLatent, "video_latent")
    audio = call["audio_latent"]
    if not isinstance(audio, AudioLatent | VideoLatent):
        raise NodeFailed("KeyError", "'samples'")
    return (AVLatent(video, audio),)


def _separate(call: Call) -> tuple[Any, ...]:
    latent = call.a(AVLatent, "av_latent")
    return latent.video, latent.audio


def _upsample(call: Call) -> tuple[Any, ...]:
    latent, model = call.a(VideoLatent, "samples"), call.a(UpscaleModel, "upscale_model")
    if model.time:
        return (replace(latent, steps=2 * latent.steps - 1),)
    columns, rows = int(latent.columns * model.space), int(latent.rows * model.space)
    return (replace(latent, columns=columns, rows=rows),)


def _scale(call: Call) -> tuple[Any, ...]:
    latent = call.a(VideoLatent, "samples")
    if call.class_type == "LatentUpscaleBy":
        by = float(call["scale_by"])
        columns, rows = round(latent.columns * by), round(latent.rows * by)
    else:
        # The node counts in the 8-pixel cells of older models, whatever the latent is.
        columns, rows = (int(call[side]) // PLAIN_CELL_PX for side in ("width", "height"))
        columns = columns or max(1, latent.columns * rows // max(1, latent.rows))
        rows = rows or max(1, latent.rows * columns // max(1, latent.columns))
    return (replace(latent, columns=max(1, columns), rows=max(1, rows)),)


def _start_with_image(call: Call) -> tuple[Any, ...]:
    latent, image = call.a(VideoLatent, "latent"), call.a(Pictures, "image")
    if call.get("bypass"):
        return (latent,)
    return (replace(latent, start=image, strength=float(call["strength"])),)


def _video_from_image(call: Call) -> tuple[Any, ...]:
    (latent,) = _empty_video(call)
    started = replace(latent, start=call.a(Pictures, "image"), strength=float(call["strength"]))
    return call["positive"], call["negative"], started


def _add_guide(call: Call) -> tuple[Any, ...]:
    """A guide is put at the end of the latent until LTXVCropGuides takes it away again."""
    latent, image = call.a(VideoLatent, "latent"), call.a(Pictures, "image")
    added = _video_steps(image.frames)
    at, last = int(call["frame_idx"]), (latent.steps - 1) * LATENT_FRAMES
    latent = replace(latent, guides=latent.guides + added)
    if leads_unseen(image):
        pass  # an IC-LoRA follows them; nothing of them is seen
    elif at == 0 and latent.start is None:
        latent = replace(latent, start=image, strength=float(call["strength"]))
        if image.frames > LATENT_FRAMES:
            whole = (image.frames - 1) // LATENT_FRAMES * LATENT_FRAMES + 1
            latent = replace(latent, lead=replace(image, frames=whole))
    elif at in (-1, last):
        latent = replace(latent, end=image)
    positive, negative = (
        replace(one, guides=one.guides + added)
        for one in (call.a(Conditioning, "positive"), call.a(Conditioning, "negative"))
    )
    return positive, negative, latent


def _crop_guides(call: Call) -> tuple[Any, ...]:
    positive, negative = call.a(Conditioning, "positive"), call.a(Conditioning, "negative")
    latent = call.a(VideoLatent, "latent")
    kept = max(0, latent.guides - positive.guides)
    return replace(positive, guides=0), replace(negative, guides=0), replace(latent, guides=kept)


def _mask_noise(call: Call) -> tuple[Any, ...]:
    samples, held = call["samples"], call.a(Mask, "mask").held
    if isinstance(samples, AudioLatent):
        return (replace(samples, held=held),)
    return (replace(call.a(VideoLatent, "samples"), held=held == 1),)


def _encode(call: Call) -> tuple[Any, ...]:
    vae, pixels = call.a(Vae, "vae"), call.a(Pictures, "pixels")
    if vae.of_stills:
        size = pixels.width_px // PLAIN_CELL_PX, pixels.height_px // PLAIN_CELL_PX
        return (VideoLatent(*size, pixels.frames, PLAIN_CELL_PX, content=pixels),)
    columns, rows = pixels.width_px // LTX_CELL_PX, pixels.height_px // LTX_CELL_PX
    steps = _video_steps(pixels.frames)
    return (VideoLatent(max(1, columns), max(1, rows), steps, content=pixels),)


def _decode(call: Call) -> tuple[Any, ...]:
    call.a(Vae, "vae")
    latent = call["samples"]
    if isinstance(latent, AVLatent):
        latent = latent.video
    if not isinstance(latent, VideoLatent):
        raise NodeFailed("ValueError", f"{call.class_type} was given sound to decode as a picture")
    width, height = latent.size_px
    side, at_once = call.get("tile_size", max(width, height)), call.get("temporal_size", latent.frames)
    need(call, DECODING, min(width, side) * min(height, side) * min(latent.frames, at_once))
    if latent.content is not None and latent.passes and latent.passes[-1].model.name.startswith("lotus"):
        return (
            replace(latent.content.sized(width, height), source=Outlines(latent.content, "depth"), first=0),
        )
    if latent.passes and not (latent.held and latent.content):
        start = latent.start or (latent.content if latent.content and not latent.passes[0].seed else None)
        source: Any = Drawing(latent.passes, start, latent.strength, latent.end, latent.lead)
    elif latent.content is not None:
        return (replace(latent.content.sized(width, height), frames=latent.frames),)
    else:
        source = Solid(_GREY)
    return (Pictures(width, height, latent.frames, source),)


def _encode_audio(call: Call) -> tuple[Any, ...]:
    _audio_vae(call, "audio_vae")
    sound: Sound = call["audio"]
    # ComfyUI 0.33.0 brings it to 44.1 kHz and keeps whole blocks of samples from its middle (sd.py).
    samples = int(sound.seconds * ENCODED_HZ)
    kept = samples // ENCODED_BLOCK * ENCODED_BLOCK
    if not kept:
        what = "cannot reshape tensor of 0 elements into shape [-1, 0]"
        raise NodeFailed("RuntimeError", f"{what} (the sound is too short to be encoded)")
    kept_s = Fraction(kept, ENCODED_HZ)
    lines = 1 + int(kept_s / STEP_S)
    middle = Cut(sound, Fraction((samples - kept) // 2, ENCODED_HZ), kept_s)
    return (AudioLatent(ceil(Fraction(lines, STEPS_PER_LATENT)), content=middle),)


def _decode_audio(call: Call) -> tuple[Any, ...]:
    vae = "audio_vae" if call.class_type == "LTXVAudioVAEDecode" else "vae"
    _audio_vae(call, vae)
    latent = call["samples"]
    if isinstance(latent, AVLatent):
        latent = latent.audio
    if not isinstance(latent, AudioLatent):
        raise NodeFailed("ValueError", "too many values to unpack (expected 4)")
    seconds = (latent.steps * STEPS_PER_LATENT - STEPS_LOST) * STEP_S
    if latent.content is not None and (not latent.passes or latent.held == 1):
        heard = Cut(latent.content, Fraction(0), min(seconds, latent.content.seconds))
        # The last step may be a begun one, which is decoded whole.
        rest_s = seconds - heard.seconds
        return (Decoded(Joined((heard, Silence(rest_s))) if rest_s else heard),)
    if latent.content is not None and latent.held:
        held_s = latent.held * Fraction(latent.steps, LATENTS_PER_SECOND)
        made = DrawnSound(latent.passes, seconds - held_s)
        return (Decoded(Joined((Cut(latent.content, Fraction(0), held_s), made))),)
    return (DrawnSound(latent.passes, seconds) if latent.passes else Silence(seconds),)


PERFORMERS: dict[str, Performer] = {
    "EmptyLTXVLatentVideo": _empty_video,
    "EmptyLatentImage": _empty_image,
    "LTXVEmptyLatentAudio": _empty_audio,
    "LTXVConcatAVLatent": _concat,
    "LTXVSeparateAVLatent": _separate,
    "LTXVLatentUpsampler": _upsample,
    "LatentUpscale": _scale,
    "LatentUpscaleBy": _scale,
    "LTXVImgToVideoInplace": _start_with_image,
    "LTXVImgToVideo": _video_from_image,
    "LTXVAddGuide": _add_guide,
    "LTXVCropGuides": _crop_guides,
    "SetLatentNoiseMask": _mask_noise,
    "VAEEncode": _encode,
    "VAEEncodeTiled": _encode,
    "VAEDecode": _decode,
    "VAEDecodeTiled": _decode,
    "LTXVAudioVAEEncode": _encode_audio,
    "LTXVAudioVAEDecode": _decode_audio,
    "VAEDecodeAudio": _decode_audio,
}
