"""Nodes that sample: noise, guiders, schedules, and the samplers whose steps take the time."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from ltxlib.rehearsal.calls import Call, NodeFailed, Performer
from ltxlib.rehearsal.faults import SAMPLING
from ltxlib.rehearsal.memory import need, run_out
from ltxlib.rehearsal.values import (
    AudioLatent,
    AVLatent,
    Conditioning,
    Guider,
    Model,
    Noise,
    Pass,
    Sampler,
    Sigmas,
    VideoLatent,
)


def _random_noise(call: Call) -> tuple[Any, ...]:
    return (Noise(int(call["noise_seed"])),)


def _no_noise(call: Call) -> tuple[Any, ...]:
    return (Noise(None),)


def _choose_sampler(call: Call) -> tuple[Any, ...]:
    return (Sampler(call["sampler_name"]),)


def _guide(call: Call) -> tuple[Any, ...]:
    positive = call.get("positive") or call.get("conditioning") or call["cond1"]
    if not isinstance(positive, Conditioning):
        raise NodeFailed("ValueError", f"{call.class_type} was given no conditioning")
    return (Guider(call.a(Model, "model"), positive, call.get("negative")),)


def _manual_sigmas(call: Call) -> tuple[Any, ...]:
    parts = str(call["sigmas"]).replace(",", " ").split()
    try:
        return (Sigmas(tuple(float(part) for part in parts)),)
    except ValueError as error:
        raise NodeFailed("ValueError", str(error)) from error


def _even_sigmas(steps: int, start: float = 1.0) -> Sigmas:
    return Sigmas(tuple(start * (steps - step) / max(1, steps) for step in range(steps + 1)))


def _schedule(call: Call) -> tuple[Any, ...]:
    return (_even_sigmas(int(call["steps"])),)


def _basic_schedule(call: Call) -> tuple[Any, ...]:
    denoise = float(call["denoise"])
    return (_even_sigmas(int(call["steps"]), denoise) if denoise > 0 else Sigmas(()),)


def _first_sigma(call: Call) -> tuple[Any, ...]:
    return (Sigmas((float(call["sigma"]), *call.a(Sigmas, "sigmas").values[1:])),)


def _split_sigmas(call: Call) -> tuple[Any, ...]:
    sigmas, step = call.a(Sigmas, "sigmas").values, int(call["step"])
    return Sigmas(sigmas[: step + 1]), Sigmas(sigmas[step:])


def _advanced(call: Call) -> tuple[Any, ...]:
    guider, noise = call.a(Guider, "guider"), call.a(Noise, "noise")
    sampled = _sample(call, guider, noise.seed, call.a(Sigmas, "sigmas"))
    return sampled, sampled


def _custom(call: Call) -> tuple[Any, ...]:
    guider = Guider(call.a(Model, "model"), call.a(Conditioning, "positive"), call["negative"])
    seed = int(call["noise_seed"]) if call["add_noise"] else None
    sampled = _sample(call, guider, seed, call.a(Sigmas, "sigmas"))
    return sampled, sampled


def _plain(call: Call) -> tuple[Any, ...]:
    guider = Guider(call.a(Model, "model"), call.a(Conditioning, "positive"), call["negative"])
    sigmas = _even_sigmas(int(call["steps"]), float(call["denoise"]))
    return (_sample(call, guider, int(call["seed"]), sigmas),)


def _sample(call: Call, guider: Guider, seed: int | None, sigmas: Sigmas) -> Any:
    return sampled(call, guider, seed, sigmas, call["latent_image"])


def sampled(
    call: Call, guider: Guider, seed: int | None, sigmas: Sigmas, latent: Any, pieces: int = 1
) -> Any:
    """A latent after as many steps as there are noise levels, each of which takes its time.

    pieces: in how many it is sampled, so that the card holds only one of them at once.
    """
    steps = sigmas.steps
    if isinstance(latent, AVLatent) and not isinstance(latent.audio, AudioLatent):
        raise NodeFailed("ValueError", "too many values to unpack (expected 4)")
    if not isinstance(latent, AVLatent | VideoLatent | AudioLatent):
        raise NodeFailed("TypeError", f"{call.class_type} was given no latent")
    middle = max(1, steps // 2)
    for step in range(1, steps + 1):
        call.bench.step()
        if step == middle:
            call.bench.in_mid_take()
            if "oom" in call.bench.struck:
                run_out()
            film = latent.video if isinstance(latent, AVLatent) else latent
            if isinstance(film, VideoLatent):
                need(call, SAMPLING, math.prod(film.size_px) * film.frames // pieces)
        call.progress(step, steps)
    positive = guider.positive
    noise = min(1.0, max(sigmas.values, default=0.0))
    done = Pass(seed, steps, guider.model, positive.words, positive.frame_rate, noise)
    if isinstance(latent, AVLatent):
        return AVLatent(_passed(latent.video, done), _passed(latent.audio, done))
    return _passed(latent, done)


def _passed(latent: Any, done: Pass) -> Any:
    if not done.steps or (isinstance(latent, VideoLatent) and latent.held):
        return latent
    return replace(latent, passes=(*latent.passes, done))


PERFORMERS: dict[str, Performer] = {
    "RandomNoise": _random_noise,
    "DisableNoise": _no_noise,
    "KSamplerSelect": _choose_sampler,
    "BasicGuider": _guide,
    "CFGGuider": _guide,
    "DualCFGGuider": _guide,
    "LTXVDualCFGGuider": _guide,
    "ManualSigmas": _manual_sigmas,
    "LTXVScheduler": _schedule,
    "BasicScheduler": _basic_schedule,
    "SetFirstSigma": _first_sigma,
    "SplitSigmas": _split_sigmas,
    "SamplerCustomAdvanced": _advanced,
    "SamplerCustom": _custom,
    "KSampler": _plain,
}
