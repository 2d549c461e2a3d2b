"""Graphs that a server must refuse, each made by one change to a good one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.rehearsal_graphs import node

UUID_CLASS = "61915fab-cab7-41be-9727-d69a7e41f24a"


def _set(node_id: str, name: str, value: Any) -> Callable[[dict[str, Any]], Any]:
    def change(graph: dict[str, Any]) -> None:
        graph[node_id]["inputs"][name] = value

    return change


def _drop(node_id: str, name: str) -> Callable[[dict[str, Any]], Any]:
    return lambda graph: graph[node_id]["inputs"].pop(name) and None


def _class(node_id: str, class_type: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda graph: graph[node_id].update(class_type=class_type)


def _add(**nodes: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda graph: graph.update(nodes)


def _only(**nodes: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda graph: (graph.clear(), graph.update(nodes))


def _scaled(source: str) -> dict[str, Any]:
    return node("ImageScaleBy", image=[source, 0], upscale_method="bilinear", scale_by=1.0)


def _image(name: str) -> Callable[[dict[str, Any]], Any]:
    return _add(img=node("LoadImage", image=name), pv=node("PreviewImage", images=["img", 0]))


def _two(graph: dict[str, Any]) -> None:
    _set("vlat", "width", "64")(graph)
    _set("vlat", "height", "x")(graph)


EMPTY_IMAGE = node("EmptyImage", width=64, height=64, batch_size=1, color=0)
CASES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "unknown_class": _class("samp", "NoSuchNode"),
    "uuid_class": _add(u={"class_type": UUID_CLASS, "inputs": {}, "_meta": {"title": "Samplers"}}),
    "missing_class_type": lambda graph: graph["samp"].pop("class_type") and None,
    "class_type_null": _class("samp", None),
    "missing_model_file": _set("ckpt", "ckpt_name", "ltx-2-19b-nope.safetensors"),
    "missing_lora_file": _set("lora", "lora_name", "your_camera_lora.safetensors"),
    "bad_enum": _set("samp", "sampler_name", "nope"),
    "wrong_link_type": _set("guider1", "model", ["avae", 0]),
    "link_slot_out_of_range": _set("guider1", "model", ["avae", 9]),
    "link_to_missing_node": _set("guider1", "model", ["ghost", 0]),
    "missing_required_link": _drop("guider1", "model"),
    "missing_required_widget": _drop("noise1", "noise_seed"),
    "below_min": _set("vlat", "width", 8),
    "above_max": _set("alat", "frames_number", 5000),
    "wrong_scalar_type": _set("vlat", "width", "wide"),
    "numeric_string_is_coerced": _two,
    "list_literal_not_link": _set("vlat", "width", [1, 2, 3]),
    "missing_image_file": _image("nope.png"),
    "image_traversal": _image("../../../etc/passwd"),
    "cycle": _only(a=_scaled("b"), b=_scaled("a"), c=node("PreviewImage", images=["a", 0])),
    "no_outputs": lambda graph: graph.pop("save") and None,
    "empty_prompt": lambda graph: graph.clear(),
    "one_bad_output_of_two": _only(
        e=EMPTY_IMAGE, pv=node("PreviewImage"), pv2=node("PreviewImage", images=["e", 0])
    ),
    "save_prefix_traversal": _only(
        e=EMPTY_IMAGE, s=node("SaveImage", images=["e", 0], filename_prefix="../../../lab/x")
    ),
}


def plain(answer: Any) -> Any:
    """An answer without what differs by right: texts for people, tracebacks, ids of the run."""
    if isinstance(answer, dict):
        left_out = ("tooltip", "prompt_id", "number")
        kept = {key: plain(value) for key, value in answer.items() if key not in left_out}
        return {**kept, **({"traceback": "..."} if "traceback" in kept else {})}
    return [plain(one) for one in answer] if isinstance(answer, list) else answer
