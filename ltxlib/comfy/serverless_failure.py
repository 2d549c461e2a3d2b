"""Why a job of worker-comfyui failed, from its words to the kit's errors. Pure.

The words are those of worker-comfyui 5.8.5 (handler.py): `error` is one sentence, `details` what came up on
the way. The runpod SDK 1.12.0 (rp_job.py) hands `error` on beside the output, and packs an exception of the
handler's into JSON with `error_type` and `error_message`.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping

from ltxlib.comfy.failure import failed, out_of_memory
from ltxlib.comfy.refusal import node_problems, rejection
from ltxlib.comfy.wording import one_line, sentence
from ltxlib.errors import ComfyError, PromptRejected, RenderFailed, RenderInterrupted

_Graph = Mapping[str, object] | None
# "Node Type: KSampler, Node ID: 3, Message: ..." for a node that failed while rendering.
_NODE = re.compile(r"Node Type: (?P<kind>.*?), Node ID: (?P<node>.*?), Message: (?P<message>.*)", re.DOTALL)
# "• Node 4 (errors): [{...}]" for what ComfyUI refused; what stands behind is Python's way of writing values.
_REFUSED = re.compile(r"^• Node (?P<node>[^\s(]+) \((?P<field>\w+)\): (?P<value>.*)$", re.MULTILINE)
# What ComfyUI answered, as it came, where worker-comfyui could not read it.
_RAW = ". Raw response: "
_REFUSAL_WORDS = ("workflow validation failed", "comfyui validation failed", "missing 'workflow'")
_GONE_WORDS = ("not reachable", "websocket communication error", "http communication error")
_LOG_CURE = "Look at the logs on the endpoint's page at RunPod, then run this again."
_LONGEST_READ = 200_000


def failure(error: object, details: object, graph: _Graph = None) -> ComfyError:
    """The error for a job that FAILED. error: RunPod's field. details: worker-comfyui's, where it comes."""
    texts = [*_texts(error), *_texts(details)]
    for text in texts:
        node = _NODE.search(text)
        if node:
            fields = {"node_id": node["node"], "node_type": node["kind"]}
            return failed({**fields, "exception_message": node["message"]}, graph)
    for text in texts:
        if _RAW in text or _REFUSED.search(text) or any(word in text.lower() for word in _REFUSAL_WORDS):
            return _refused(text, graph)
    said = " ".join(one_line(text.partition("\n")[0]) for text in texts[:2])
    if any(word in said.lower() for word in _GONE_WORDS):
        return RenderFailed(
            sentence(f"ComfyUI in the RunPod worker died or never came up: {said}"),
            cure="Often it ran out of memory: choose a card with more, or a smaller size. " + _LOG_CURE,
        )
    memory = any(out_of_memory("", text) for text in texts)
    return RenderFailed(
        sentence(f"The RunPod worker failed: {said or 'it gave no reason'}"),
        cure=None if memory else _LOG_CURE,
        out_of_memory=memory,
    )


def timed_out() -> RenderFailed:
    """The error for a job that RunPod gave up on."""
    return RenderFailed(
        "RunPod gave the render up: it took longer than it may, or its worker was heard of no more.",
        cure=f"{_LOG_CURE} A first render loads the model, which takes minutes from a network volume.",
    )


def cancelled() -> RenderInterrupted:
    """The error for a job that somebody cancelled."""
    return RenderInterrupted("The job was cancelled, here or on RunPod's page.")


def _refused(text: str, graph: _Graph) -> PromptRejected:
    """ComfyUI's refusal in the worker, in the same words as one of a ComfyUI that is asked directly."""
    reports: dict[str, dict[str, object]] = {}
    for found in _REFUSED.finditer(text):
        value = _value(found["value"])
        if found["field"] == "class_type":
            value = found["value"].strip()
        reports.setdefault(found["node"], {})[found["field"]] = value
    problems = node_problems(reports, graph)
    raw = _unpacked(text.partition(_RAW)[2])
    if not problems and raw is not None:
        problems = list(rejection(raw, graph).problems)
    if not problems:
        said = " ".join(line.strip() for line in text.splitlines() if line.strip())
        return PromptRejected(
            sentence(f"ComfyUI in the RunPod worker refused the graph: {one_line(said, 400)}")
        )
    count = "one thing" if len(problems) == 1 else f"{len(problems)} things"
    return PromptRejected(
        f"ComfyUI in the RunPod worker refused the graph and named {count} to mend.",
        problems,
        cure="Model files have to be on the endpoint's network volume or in its image (see the README).",
    )


def _value(text: str) -> object:
    try:
        return ast.literal_eval(text) if len(text) < _LONGEST_READ else None
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _texts(value: object) -> list[str]:
    """Every sentence in what was said: a text, JSON in a text, a list, or the report of an exception."""
    if isinstance(value, str):
        packed = _unpacked(value)
        return _texts(packed) if packed is not None else [value] if value.strip() else []
    if isinstance(value, Mapping):
        named = (value.get(key) for key in ("error_message", "message", "error", "details"))
        return [text for one in named if one is not None for text in _texts(one)]
    if isinstance(value, Iterable):
        return [text for one in value for text in _texts(one)]
    return []


def _unpacked(text: str) -> object | None:
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, (dict, list)) else None
