"""Why ComfyUI refused a graph: the answers of `POST /prompt` turned into problems in plain words. Pure.

The kinds and their fields are those recorded from ComfyUI 0.27.0 and 0.33.0; a kind that is not among them
is passed on in the server's own words.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping

from ltxlib.comfy.wording import node_title, one_line, sentence
from ltxlib.core.problem import Problem
from ltxlib.core.schema import pack_of
from ltxlib.errors import PromptRejected

_Fields = Mapping[str, object]
_MODEL_SUFFIXES = (".safetensors", ".sft", ".gguf", ".ckpt", ".pt", ".pt2", ".pth", ".bin")
# Which folder below ComfyUI's models/ an input reads from; a class of node goes before the bare input.
_FOLDER_BY_NODE = {
    ("LatentUpscaleModelLoader", "model_name"): "latent_upscale_models",
    ("UpscaleModelLoader", "model_name"): "upscale_models",
    ("LTXVGemmaCLIPModelLoader", "gemma_path"): "text_encoders",
}
_FOLDER_BY_INPUT = {
    "ckpt_name": "checkpoints",
    "lora_name": "loras",
    "vae_name": "vae",
    "unet_name": "diffusion_models",
    "text_encoder": "text_encoders",
    "clip_name": "text_encoders",
    "clip_name1": "text_encoders",
    "clip_name2": "text_encoders",
    "control_net_name": "controlnet",
    "clip_vision_name": "clip_vision",
}
_KINDS_OF_NUMBER = {"INT": "a whole number", "FLOAT": "a number", "BOOLEAN": "yes or no", "STRING": "a text"}
_IN_SCENE = "Change it in the scene or in the workflow."
_IN_COMFYUI = "Open the workflow in ComfyUI, mend this node and save it again."
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def rejection(body: object, graph: Mapping[str, object] | None = None) -> PromptRejected:
    """The error for a refusing answer of `POST /prompt`, one problem for each thing it found.

    body: the parsed JSON answer. graph: what was posted; it lends the nodes their titles.
    """
    body = body if isinstance(body, Mapping) else {}
    problems = node_problems(body.get("node_errors"), graph)
    if not problems:
        problems = [_whole_graph(body.get("error"))]
    count = "one thing" if len(problems) == 1 else f"{len(problems)} things"
    return PromptRejected(f"ComfyUI refused the graph and named {count} to mend.", problems)


def node_problems(node_errors: object, graph: Mapping[str, object] | None = None) -> list[Problem]:
    """One problem for each error of each node, in the server's order; none for an empty answer."""
    problems = []
    for node, report in node_errors.items() if isinstance(node_errors, Mapping) else ():
        report = report if isinstance(report, Mapping) else {}
        class_type = report.get("class_type")
        class_type = class_type if isinstance(class_type, str) else ""
        where = node_title(str(node), class_type, graph)
        errors = report.get("errors")
        for error in errors if isinstance(errors, list) and errors else [{}]:
            what, cure = _one_error(error if isinstance(error, Mapping) else {}, class_type)
            problems.append(Problem(where, sentence(what), cure))
    return problems


def _whole_graph(error: object) -> Problem:
    """The problem for an answer that names no node, or one whose kind is not installed."""
    where = "The graph"
    if not isinstance(error, Mapping):
        said = one_line(error) if error else "it gave no reason"
        return Problem(where, sentence(f"ComfyUI refused it: {said}"), _IN_COMFYUI)
    kind, extra = error.get("type"), _mapping(error.get("extra_info"))
    if kind == "missing_node_type":
        return _missing_node(extra)
    if kind == "prompt_no_outputs":
        return Problem(
            where,
            "Nothing in it saves a clip.",
            "Add a Save Video node at the end of the workflow in ComfyUI.",
        )
    if kind == "no_prompt":
        return Problem(where, "The server received no graph.", "Check the address of ComfyUI.")
    if kind == "invalid_prompt_id":
        return Problem(where, "The server does not take the name this render was given.", "Run it again.")
    return Problem(where, sentence(_in_its_own_words(error)), _IN_COMFYUI)


def _missing_node(extra: _Fields) -> Problem:
    node, class_type = one_line(extra.get("node_id") or ""), extra.get("class_type")
    title = one_line(extra.get("node_title") or class_type or "node", 80)
    where = f'Node "{title}" ({node})'
    if not isinstance(class_type, str) or not class_type:
        return Problem(where, "It does not say what kind of node it is.", _IN_COMFYUI)
    if _UUID.fullmatch(class_type):
        return Problem(
            where,
            "It is a group of nodes (a subgraph) whose contents are not in the workflow file.",
            "Take a copy of the workflow that was saved with its subgraphs inside.",
        )
    pack = pack_of(class_type)
    source = f"It comes with {pack}: install that" if pack else "Update ComfyUI, or install the node's pack"
    return Problem(
        where,
        f'This server does not know the kind of node "{one_line(class_type, 80)}".',
        f"{source}, and restart ComfyUI.",
    )


def _one_error(error: _Fields, class_type: str) -> tuple[str, str]:
    kind, extra = error.get("type"), _mapping(error.get("extra_info"))
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    name = extra.get("input_name")
    if reader is not None and isinstance(name, str):
        return reader(name, {**error, **extra, "class_type": class_type})
    if kind == "dependency_cycle":
        details = one_line(error.get("details"))
        return f"These nodes wait for each other in a circle: {details}", _IN_COMFYUI
    return _in_its_own_words(error), _IN_COMFYUI


def _not_in_list(name: str, fields: _Fields) -> tuple[str, str]:
    value = one_line(fields.get("received_value"))
    if name == "image" and str(fields["class_type"]).startswith("LoadImage"):
        return _no_picture(value)
    allowed = _allowed(fields.get("input_config"))
    known_folder = _folder(str(fields["class_type"]), name)
    if known_folder is None and not value.lower().endswith(_MODEL_SUFFIXES):
        return f'"{value}" is no possible value of {name}', f"Choose another one.{_nearest(value, allowed)}"
    place = f"ComfyUI's folder models/{known_folder}" if known_folder else "ComfyUI's models folder"
    empty = " That folder is empty." if allowed == [] else ""
    return (
        f'The model file "{value}" is not on the server.{empty}',
        f"Put it into {place} (notebook 01 lists what is missing).{_nearest(value, allowed)}",
    )


def _wrong_type(name: str, fields: _Fields) -> tuple[str, str]:
    wanted = _declared_type(fields.get("input_config"))
    given = one_line(fields.get("received_type"))
    return (
        f'The input "{name}" takes {wanted}, but a wire brings it {given}',
        f"Open the workflow in ComfyUI, connect it to an output of type {wanted} and save it again.",
    )


def _missing(name: str, fields: _Fields) -> tuple[str, str]:
    return (
        f'The input "{name}" is empty',
        "Open the workflow in ComfyUI, connect or fill it and save it again.",
    )


def _too_small(name: str, fields: _Fields) -> tuple[str, str]:
    return _out_of_range(name, fields, "min", "the smallest it may be is")


def _too_big(name: str, fields: _Fields) -> tuple[str, str]:
    return _out_of_range(name, fields, "max", "the largest it may be is")


def _out_of_range(name: str, fields: _Fields, limit_key: str, words: str) -> tuple[str, str]:
    config = fields.get("input_config")
    options = _mapping(config[1]) if isinstance(config, list) and len(config) > 1 else {}
    value, limit = fields.get("received_value"), options.get(limit_key)
    if value is None or limit is None:
        return f"{name}: {_in_its_own_words(fields)}", _IN_COMFYUI
    return (
        f"{name} is {one_line(value)}; {words} {one_line(limit)}",
        _IN_SCENE,
    )


def _no_conversion(name: str, fields: _Fields) -> tuple[str, str]:
    wanted = _declared_type(fields.get("input_config"))
    wanted = _KINDS_OF_NUMBER.get(wanted, wanted)
    value = one_line(fields.get("received_value"))
    return f'"{value}" stands where {name} needs {wanted}', _IN_SCENE


def _bad_link(name: str, fields: _Fields) -> tuple[str, str]:
    return f'What stands at the input "{name}" is neither a value nor a wire', _IN_COMFYUI


def _broken_wire(name: str, fields: _Fields) -> tuple[str, str]:
    raised, details = fields.get("exception_type"), one_line(fields.get("details"))
    if raised == "KeyError":
        return f"A wire comes from a node that is not in the graph: {details}", _IN_COMFYUI
    if raised == "IndexError":
        return "A wire comes from an output that its node does not have", _IN_COMFYUI
    return f"ComfyUI stumbled while checking it: {details}", _IN_COMFYUI


def _own_check(name: str, fields: _Fields) -> tuple[str, str]:
    details = one_line(fields.get("details"))
    _, found, file = details.partition("Invalid image file: ")
    if found:
        return _no_picture(file)
    return f"The node itself refuses what it was given: {details}", _IN_COMFYUI


def _no_picture(file: str) -> tuple[str, str]:
    return (
        f'The picture "{file}" is not on the server',
        "Run it again so that the picture is sent once more; check that the scene names the right one.",
    )


_READERS: dict[str, Callable[[str, _Fields], tuple[str, str]]] = {
    "value_not_in_list": _not_in_list,
    "return_type_mismatch": _wrong_type,
    "required_input_missing": _missing,
    "value_smaller_than_min": _too_small,
    "value_bigger_than_max": _too_big,
    "invalid_input_type": _no_conversion,
    "bad_linked_input": _bad_link,
    "exception_during_inner_validation": _broken_wire,
    "exception_during_validation": _broken_wire,
    "custom_validation_failed": _own_check,
}


def _folder(class_type: str, name: str) -> str | None:
    return _FOLDER_BY_NODE.get((class_type, name)) or _FOLDER_BY_INPUT.get(name)


def _allowed(config: object) -> list[str] | None:
    """The values an input takes, in both shapes ComfyUI writes; None when it leaves them out as too many."""
    first = config[0] if isinstance(config, list) and config else None
    if first == "COMBO" and len(config) > 1:
        first = _mapping(config[1]).get("options")
    return [str(item) for item in first] if isinstance(first, list) else None


def _nearest(value: str, allowed: list[str] | None) -> str:
    close = difflib.get_close_matches(value, allowed or [], n=3, cutoff=0.5)
    return (
        f" Nearest to it on the server: {', '.join(one_line(name, 80) for name in close)}." if close else ""
    )


def _declared_type(config: object) -> str:
    first = config[0] if isinstance(config, list) and config else None
    return first if isinstance(first, str) else "something else"


def _in_its_own_words(error: _Fields) -> str:
    parts = [one_line(error.get(key) or "") for key in ("message", "details")]
    return ": ".join(part for part in parts if part) or "ComfyUI gave no reason"


def _mapping(value: object) -> _Fields:
    return value if isinstance(value, Mapping) else {}
