"""Graphs for the rehearsal, and the recordings of a real ComfyUI to hold it against."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def recording(shared: Path, name: str, version: str = "0.33.0") -> Any:
    """One file of the recorded contract."""
    return json.loads((shared / "contract" / f"comfyui-{version}" / f"{name}.json").read_text("utf-8"))


def shared_graph(shared: Path, name: str) -> dict[str, Any]:
    """One of the graphs that really ran."""
    return json.loads((shared / "contract" / "graphs" / f"{name}.graph.json").read_text("utf-8"))


def node(class_type: str, **inputs: Any) -> dict[str, Any]:
    """A node of a graph in API form."""
    return {"class_type": class_type, "inputs": inputs, "_meta": {"title": class_type}}


def as_posted(graph: Mapping[str, Any]) -> dict[str, Any]:
    """A graph out of a clip or a history without what the server wrote into it: which bytes its files had."""
    left_out = "is_changed"
    return {
        node_id: {key: value for key, value in one.items() if key != left_out}
        for node_id, one in graph.items()
    }


def small_graph(**changes: Any) -> dict[str, Any]:
    """A one-stage text-to-video graph, 64x64, 9 frames, with sound. changes: seed, text, prefix, steps."""
    made = {"seed": 1, "text": "rain on a window", "prefix": "t/clip", "sigmas": "1.0, 0.5, 0.0", **changes}
    return {
        "ckpt": node("CheckpointLoaderSimple", ckpt_name="ltx-2-19b-distilled.safetensors"),
        "avae": node("LTXVAudioVAELoader", ckpt_name="ltx-2-19b-distilled.safetensors"),
        "te": node(
            "LTXAVTextEncoderLoader",
            text_encoder="gemma_3_12B_it_fp4_mixed.safetensors",
            ckpt_name="ltx-2-19b-distilled.safetensors",
            device="default",
        ),
        "pos": node("CLIPTextEncode", clip=["te", 0], text=made["text"]),
        "neg": node("ConditioningZeroOut", conditioning=["pos", 0]),
        "cond": node("LTXVConditioning", positive=["pos", 0], negative=["neg", 0], frame_rate=24.0),
        "vlat": node("EmptyLTXVLatentVideo", width=64, height=64, length=9, batch_size=1),
        "alat": node(
            "LTXVEmptyLatentAudio", frames_number=9, frame_rate=24, batch_size=1, audio_vae=["avae", 0]
        ),
        "cat": node("LTXVConcatAVLatent", video_latent=["vlat", 0], audio_latent=["alat", 0]),
        "noise": node("RandomNoise", noise_seed=made["seed"]),
        "guider": node("CFGGuider", model=["ckpt", 0], positive=["cond", 0], negative=["cond", 1], cfg=1.0),
        "samp": node("KSamplerSelect", sampler_name="euler"),
        "sig": node("ManualSigmas", sigmas=made["sigmas"]),
        "stage": node(
            "SamplerCustomAdvanced",
            noise=["noise", 0],
            guider=["guider", 0],
            sampler=["samp", 0],
            sigmas=["sig", 0],
            latent_image=["cat", 0],
        ),
        "sep": node("LTXVSeparateAVLatent", av_latent=["stage", 0]),
        "dec": node("VAEDecode", samples=["sep", 0], vae=["ckpt", 2]),
        "adec": node("LTXVAudioVAEDecode", samples=["sep", 1], audio_vae=["avae", 0]),
        "vid": node("CreateVideo", images=["dec", 0], audio=["adec", 0], fps=24.0),
        "save": node(
            "SaveVideo", video=["vid", 0], filename_prefix=made["prefix"], format="auto", codec="auto"
        ),
    }


def other(name: str, value: Any) -> Any:
    """Another legal value for a node's input."""
    replacements = {
        "sigmas": "1.0, 0.0",
        "sampler_name": "heun",
        "model_name": "ltx-2-temporal-upscaler-x2-1.0.safetensors",
        "filename_prefix": "prime/one",
    }
    if name in replacements:
        return replacements[name]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + {"width": 32, "noise_seed": 1000}.get(name, 1)
    return f"{value} again"


def priming(graph: Mapping[str, Any], cached: list[str]) -> dict[str, Any]:
    """A graph of which exactly the nodes `cached` are equal: every other one with a value has another."""
    primed = copy.deepcopy(dict(graph))
    for node_id, one in primed.items():
        names = [name for name, value in one["inputs"].items() if not isinstance(value, list)]
        free = [name for name in names if not name.endswith(("ckpt_name", "lora_name", "codec", "format"))]
        if node_id not in cached and free:
            one["inputs"][free[0]] = other(free[0], one["inputs"][free[0]])
    return primed


def story(messages: list[Any], prompt_id: str | None = None) -> list[Any]:
    """Messages without what changes from run to run: ids, times, how many steps were told of.

    Each becomes (type, what matters); the steps of one node are told once.
    """
    told: list[Any] = []
    for one in messages:
        kind, data = one["type"], one["data"]
        if kind == "progress_state":
            states = tuple((name, state["state"]) for name, state in data["nodes"].items())
            keys = tuple(sorted({key for state in data["nodes"].values() for key in state}))
            line = (kind, states, keys)
        elif kind in ("executing", "executed", "progress"):
            line = (kind, data["node"], tuple(sorted(data)))
        elif kind == "execution_cached":
            line = (kind, tuple(data["nodes"]), tuple(sorted(data)))
        elif kind in ("execution_error", "execution_interrupted"):
            line = (kind, data["node_id"], data["node_type"], tuple(sorted(data["executed"])))
            line += (tuple(sorted(data)),)
        elif kind == "status":
            line = (kind, data["status"]["exec_info"]["queue_remaining"], "sid" in data)
        else:
            line = (kind, tuple(sorted(data)))
        told.append(line)
    return _steps_once(told)


def _steps_once(told: list[Any]) -> list[Any]:
    short: list[Any] = []
    for line in told:
        short.append(line)
        while len(short) >= 4 and short[-4:-2] == short[-2:] and short[-1][0] == "progress":
            del short[-2:]
    return short


def texts_of(recorded: list[Any]) -> list[Any]:
    """The text messages of a recording."""
    return [one["text"] for one in recorded if one.get("text")]
