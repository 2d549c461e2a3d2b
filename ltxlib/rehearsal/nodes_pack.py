"""Nodes of the pack ComfyUI-LTXVideo, as far as the kit's workflows use them.

They refuse what the pack refuses (its sources of June 2026): a tiled sampler wants a guider that keeps its
conditionings, tiled and looping samplers take no sound.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ltxlib.rehearsal.calls import Call, NodeFailed, Performer
from ltxlib.rehearsal.nodes_sample import sampled
from ltxlib.rehearsal.values import (
    LATENT_FRAMES,
    AudioLatent,
    AVLatent,
    Conditioning,
    Guider,
    Model,
    Noise,
    Pictures,
    Sigmas,
    TextEncoder,
    UpscaleModel,
    Vae,
    VideoLatent,
)


def _checkpoint(call: Call) -> tuple[Any, ...]:
    name = call["ckpt_name"]
    return Model(name), TextEncoder(name), Vae(name)


def _upscale_model(call: Call) -> tuple[Any, ...]:
    name = call["model_name"]
    return (UpscaleModel(name, time="temporal" in name),)


def _whole_numbers(call: Call, text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise NodeFailed("ValueError", str(error)) from error


def _apply_stg(call: Call) -> tuple[Any, ...]:
    model, layers = call.a(Model, "model"), _whole_numbers(call, str(call["block_indices"]))
    return (replace(model, left_out=layers + model.left_out),)


def _guider(call: Call, *, keeps: bool) -> Guider:
    positive, negative = call.a(Conditioning, "positive"), call.a(Conditioning, "negative")
    return Guider(call.a(Model, "model"), positive, negative, keeps)


def _stg_guider(call: Call) -> tuple[Any, ...]:
    guider = _guider(call, keeps=False)
    if not guider.model.left_out:
        raise NodeFailed("KeyError", "'skip_block_list'")
    return (guider,)


def _stg_guider_advanced(call: Call) -> tuple[Any, ...]:
    for name in ("sigmas", "cfg_values", "stg_scale_values", "stg_rescale_values"):
        try:
            _ = [float(part) for part in str(call[name]).split(",")]
        except ValueError as error:
            raise NodeFailed("ValueError", str(error)) from error
    return (_guider(call, keeps=True),)


def _picture_alone(call: Call) -> VideoLatent:
    latent = call["latents"]
    if isinstance(latent, AVLatent):
        message = f"{call.class_type} does not support audio and video latents, only video latents."
        raise NodeFailed("ValueError", message)
    return call.a(VideoLatent, "latents")


def _begun(call: Call, latent: VideoLatent, strength: Any) -> VideoLatent:
    image = call.get("optional_cond_images")
    if image is None or latent.start is not None:
        return latent
    return replace(latent, start=call.a(Pictures, "optional_cond_images"), strength=float(strength))


def _tiled(call: Call) -> tuple[Any, ...]:
    guider, latent = call.a(Guider, "guider"), _picture_alone(call)
    if not guider.keeps:
        message = "Guider does not have raw conds, cannot use it as a guider. Please use STGGuiderAdvanced."
        raise NodeFailed("ValueError", message)
    strength = str(call.get("images_cond_strengths", "0.9")).split(",")[0]
    latent = _begun(call, latent, strength)
    tiles, sigmas = int(call["horizontal_tiles"]) * int(call["vertical_tiles"]), call.a(Sigmas, "sigmas")
    seed = call.a(Noise, "noise").seed
    for _ in range(tiles):
        made = sampled(call, guider, seed, sigmas, latent, tiles)
    return made, made


def stretches(steps: int, tile: int, overlap: int) -> int:
    """In how many stretches a latent of so many steps is sampled, each `tile` steps long with an overlap."""
    return max(1, -(-(steps - overlap) // (tile - overlap)))


def _looping(call: Call) -> tuple[Any, ...]:
    guider, latent = call.a(Guider, "guider"), _picture_alone(call)
    if guider.negative is None:
        raise NodeFailed("ValueError", "Guider does not have negative conds, cannot use it as a guider.")
    guide = call.get("optional_guiding_latents")
    if guide is not None and call.a(VideoLatent, "optional_guiding_latents").steps != latent.steps:
        message = "The number of frames in the latents and optional_guiding_latents must be the same"
        raise NodeFailed("AssertionError", message)
    tile, overlap = (int(call[name]) // LATENT_FRAMES for name in ("temporal_tile_size", "temporal_overlap"))
    sigmas, seed = call.a(Sigmas, "sigmas"), call.a(Noise, "noise").seed
    latent = _begun(call, latent, call["cond_image_strength"])
    if guide is not None:
        latent = replace(latent, start=guide.content, lead=guide.content)
    pieces = stretches(latent.steps, tile, overlap)
    for _ in range(pieces):
        made = sampled(call, guider, seed, sigmas, latent, pieces)
    return (made,)


def _mask_by_time(call: Call) -> tuple[Any, ...]:
    latent = call["av_latent"]
    if not isinstance(latent, AVLatent) or not isinstance(latent.audio, AudioLatent):
        raise NodeFailed("ValueError", "av_latent must be a NestedTensor")
    held = replace(latent.video, held=not call["mask_video"])
    positive, negative = call.a(Conditioning, "positive"), call.a(Conditioning, "negative")
    return positive, negative, replace(latent, video=held), 1.0, 1.0


def _transition(call: Call) -> tuple[Any, ...]:
    """Two latents laid over each other: the first one's end fades into the second one's beginning."""
    one, two = call.a(VideoLatent, "samples1"), call.a(VideoLatent, "samples2")
    overlap = int(call["overlap"])
    if int(call.get("axis", 0)) != 2:
        raise NodeFailed(
            "RuntimeError", "the rehearsal can lay latents over each other in time (axis 2) only"
        )
    if overlap > min(one.steps, two.steps) or (one.columns, one.rows) != (two.columns, two.rows):
        message = "The size of tensor a must match the size of tensor b"
        raise NodeFailed("RuntimeError", message)
    end = two.content or two.end
    last = replace(end, first=end.first + end.frames - 1, frames=1) if end is not None else None
    return (replace(one, steps=one.steps + two.steps - overlap, start=one.start or one.content, end=last),)


PERFORMERS: dict[str, Performer] = {
    "LowVRAMCheckpointLoader": _checkpoint,
    "LowVRAMLatentUpscaleModelLoader": _upscale_model,
    "LTXVApplySTG": _apply_stg,
    "STGGuider": _stg_guider,
    "STGGuiderAdvanced": _stg_guider_advanced,
    "LTXVTiledSampler": _tiled,
    "LTXVLoopingSampler": _looping,
    "LTXVSetAudioVideoMaskByTime": _mask_by_time,
    "LTXVLinearOverlapLatentTransition": _transition,
}
