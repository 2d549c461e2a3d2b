"""Have the text reader of a workflow write: the graph that asks it, cut from the graph of a take. Pure.

Facts are those of ComfyUI 0.27 and 0.33 (recorded) and of ComfyUI's and ComfyUI-LTXVideo's sources.
`TextGenerate` wraps its prompt into the model's own turns and, before the input `system_prompt` came, had no
place for instructions; they go first into the same turn then, where Gemma's own template puts them too.
`TextGenerateLTX2Prompt` brings instructions of its own, for lively clips, so it is only taken where nothing
else is. `LTXVGemmaEnhancePrompt` of ComfyUI-LTXVideo takes instructions, needs CUDA, and reads the same clip.
`LTXVPromptEnhancer` of that pack loads other models from the internet and takes none, so it is not used.
`PreviewAny` shows the text, which is how it comes back: `outputs[node]["text"]` in the history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ltxlib.core import roles
from ltxlib.core.schema import DYNAMIC_COMBO, InputSpec, NodeClass, NodeSchema
from ltxlib.core.wiring import is_link, takers
from ltxlib.errors import WorkflowError

# The first that a server has is used.
WRITERS = ("TextGenerate", "LTXVGemmaEnhancePrompt", "TextGenerateLTX2Prompt")
SHOWER = "PreviewAny"
MOST_SEED = 2**32 - 1
_TEXT_NODE = "PrimitiveStringMultiline"
_LONGEST = ("max_length", "max_tokens")


@dataclass(frozen=True)
class TextRequest:
    """What a model is asked to write.

    instructions: its task. request: what it works on. tokens: the longest answer. seed: 0 to MOST_SEED.
    with_picture: show it the first picture of the take, where the graph has one.
    """

    instructions: str
    request: str
    seed: int
    tokens: int = 512
    with_picture: bool = False


def writer_of(schema: NodeSchema) -> str | None:
    """The node with which a server can write text and show it; None when it has none."""
    if SHOWER not in schema:
        return None
    return next((name for name in WRITERS if name in schema), None)


def text_graph(
    api: Mapping[str, Any], schema: NodeSchema, request: TextRequest
) -> tuple[dict[str, Any], str]:
    """A graph that writes a text with the text reader of a take's graph, and the node that shows the text.

    Raises WorkflowError when the server cannot write, or the graph has no text reader to be found.
    """
    writer = writer_of(schema)
    if writer is None:
        raise WorkflowError(
            "This ComfyUI has no node that writes text (TextGenerate).",
            cure="Update ComfyUI, or write no in the column enhance.",
        )
    node_class = schema.node(writer)
    inputs = {"clip": _text_reader(api, schema), **_defaults(node_class)}
    fresh = _Fresh(api)
    picture = _picture(api, schema) if request.with_picture else None
    extra: dict[str, Any] = {}
    instructed = _instruct(node_class, schema, inputs, request)
    if instructed is not None:
        text_id = fresh.id()
        extra[text_id] = {**instructed, "_meta": {"title": "What the model is told"}}
        inputs["system_prompt"] = [text_id, 0]
    for name in _LONGEST:
        if name in node_class.by_name:
            inputs[name] = _at_most(node_class.by_name[name], request.tokens)
    for name in ("seed", "sampling_mode.seed"):
        if name in inputs:
            inputs[name] = request.seed
    if picture is not None:
        inputs[_picture_input(node_class)] = picture
    if "bypass_i2v" in inputs:
        inputs["bypass_i2v"] = picture is None
    kept = _behind(api, [value[0] for value in (inputs["clip"], picture) if value])
    writer_id, shower_id = fresh.id(), fresh.id()
    extra[writer_id] = {"class_type": writer, "inputs": inputs, "_meta": {"title": "Write"}}
    shown = {"source": [writer_id, 0]}
    extra[shower_id] = {"class_type": SHOWER, "inputs": shown, "_meta": {"title": "Show what was written"}}
    return {**kept, **extra}, shower_id


def _instruct(
    node_class: NodeClass, schema: NodeSchema, inputs: dict[str, Any], request: TextRequest
) -> dict[str, Any] | None:
    """Write task and request into the inputs; gives the node for the task where it needs one of its own."""
    spec = node_class.by_name.get("system_prompt")
    inputs["prompt"] = request.request
    if spec is not None and spec.widget_type is not None:
        inputs["system_prompt"] = request.instructions
        return None
    if spec is not None and _TEXT_NODE in schema:
        return {"class_type": _TEXT_NODE, "inputs": {"value": request.instructions}}
    inputs["prompt"] = f"{request.instructions}\n\n{request.request}"
    return None


def _defaults(node_class: NodeClass) -> dict[str, Any]:
    """Every value that the node needs, as it stands when the node is new."""
    found: dict[str, Any] = {}
    waiting = [spec for spec in node_class.inputs if not spec.optional or spec.name == "seed"]
    while waiting:
        spec = waiting.pop(0)
        if spec.type == DYNAMIC_COMBO:
            chosen = "on" if "on" in (spec.choices or ()) else next(iter(spec.choices or ()), None)
            found[spec.name] = chosen
            waiting += spec.children(chosen)
        elif spec.widget_type is not None:
            found[spec.name] = _default(spec)
    return found


def _default(spec: InputSpec) -> Any:
    if "default" in spec.options:
        return spec.options["default"]
    if spec.choices:
        return spec.choices[0]
    return {"INT": 0, "FLOAT": 0.0, "BOOLEAN": False}.get(spec.type, "")


def _at_most(spec: InputSpec, wanted: int) -> int:
    low, step = int(spec.options.get("min", 1)), int(spec.options.get("step", 1))
    most = min(wanted, int(spec.options.get("max", wanted)))
    return max(low, low + (most - low) // step * step)


def _picture_input(node_class: NodeClass) -> str:
    """The input for a picture: newer servers take several, in a group that grows."""
    if "image" in node_class.by_name or "images" not in node_class.by_name:
        return "image"
    return node_class.by_name["images"].grown(1)[0].name


def _picture(api: Mapping[str, Any], schema: NodeSchema) -> list[Any] | None:
    """The wire from the node that loads the first picture; None when the graph has none."""
    for node_id in roles.playing(api, "image"):
        node_class = schema.get(api[node_id]["class_type"])
        if node_class is not None and node_class.outputs[:1] == ("IMAGE",):
            return [node_id, 0]
    return None


def _text_reader(api: Mapping[str, Any], schema: NodeSchema) -> list[Any]:
    """The wire by which the prompt's node gets its text reader: there, or further down where text is read."""
    given = takers(api)
    everything = [node_id for node_id, node in api.items() if node["class_type"] == "CLIPTextEncode"]
    waiting, seen = [*roles.playing(api, "prompt"), *everything], set()
    for node_id in waiting:
        if node_id in seen:
            continue
        seen.add(node_id)
        inputs, node_class = api[node_id]["inputs"], schema.get(api[node_id]["class_type"])
        for name, value in inputs.items():
            spec = node_class.by_name.get(name) if node_class else None
            if spec is not None and spec.type == "CLIP" and is_link(value, api):
                return list(value)
        waiting += [taker for taker, _ in given[node_id]]
    raise WorkflowError(
        "The workflow has no text reader that could write: no node of it takes CLIP.",
        cure="Tag the node that reads the prompt with [ltx.prompt], or write no in the column enhance.",
    )


def _behind(api: Mapping[str, Any], starts: list[str]) -> dict[str, Any]:
    """These nodes and all that feeds them, in the graph's own order."""
    wanted, waiting = set(starts), list(starts)
    for node_id in waiting:
        for value in api[node_id]["inputs"].values():
            if is_link(value, api) and value[0] not in wanted:
                wanted.add(value[0])
                waiting.append(value[0])
    return {node_id: node for node_id, node in api.items() if node_id in wanted}


class _Fresh:
    """Ids that no node of a graph has."""

    def __init__(self, api: Mapping[str, Any]) -> None:
        used = [int(part) for node_id in api for part in node_id.split(":") if part.isdecimal()]
        self._last = max(used, default=0)

    def id(self) -> str:
        """The next one."""
        self._last += 1
        return str(self._last)
