"""What POST /prompt finds wrong with a graph: ComfyUI 0.33.0's order, rules and words (recorded)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ltxlib.rehearsal.catalogue import Catalogue
from ltxlib.rehearsal.inputs import Input, fits, inputs_of, is_link
from ltxlib.rehearsal.state import Folders, input_file

LONGEST_LIST_SHOWN = 20
_CONVERSIONS = {"INT": int, "FLOAT": float, "STRING": str, "BOOLEAN": bool}
_FILE_INPUTS = {
    "LoadImage": ("image", "image"),
    "LoadImageMask": ("image", "image"),
    "LoadVideo": ("file", "video"),
    "LoadAudio": ("audio", "audio"),
}
"""Nodes that look for their file themselves: the input, and what a missing file is called."""

_Error = dict[str, Any]


@dataclass
class Verdict:
    """error: why nothing runs, or None. outputs: the output nodes that will run. node_errors: by node."""

    error: _Error | None
    outputs: list[str] = field(default_factory=list)
    node_errors: dict[str, Any] = field(default_factory=dict)


def _error(kind: str, message: str, details: str, **extra_info: Any) -> _Error:
    return {"type": kind, "message": message, "details": details, "extra_info": extra_info}


def no_prompt() -> dict[str, Any]:
    """The body of the 400 for a post that has no prompt in it."""
    words = "No prompt provided"
    return {"error": _error("no_prompt", words, words), "node_errors": {}}


def refusal(verdict: Verdict) -> dict[str, Any]:
    """The body of the 400 for a graph of which nothing can run."""
    return {"error": verdict.error, "node_errors": verdict.node_errors}


def all_failed() -> _Error:
    """Why nothing runs of a graph each of whose outputs has a fault."""
    return _error("prompt_outputs_failed_validation", "Prompt outputs failed validation", "")


def validate(
    graph: Mapping[str, Any],
    catalogue: Catalogue,
    folders: Folders,
    targets: Sequence[str] | None = None,
) -> Verdict:
    """Judge a graph; numbers written as text are turned into numbers in it, as ComfyUI does.

    targets: run only these output nodes. A graph that is no graph at all (a UI workflow) raises TypeError,
    where ComfyUI stumbles too.
    """
    outputs: list[str] = []
    for node_id, node in graph.items():
        if "class_type" not in node:
            return Verdict(_no_class(node_id, node))
        class_type = node["class_type"]
        if class_type not in catalogue:
            return Verdict(_unknown_class(node_id, node))
        if catalogue.schema(class_type)["output_node"] and (targets is None or node_id in targets):
            outputs.append(node_id)
    if not outputs:
        return Verdict(_error("prompt_no_outputs", "Prompt has no outputs", ""))
    judge = _Judge(graph, catalogue, folders)
    good = [output for output in outputs if judge.accepts(output)]
    if good:
        return Verdict(None, good, judge.node_errors)
    return Verdict(all_failed(), [], judge.node_errors)


def _title(node: Mapping[str, Any]) -> Any:
    return (node.get("_meta") or {}).get("title") or node.get("class_type")


def _missing(node_id: str, node: Mapping[str, Any], message: str) -> _Error:
    about = {"node_id": node_id, "class_type": node.get("class_type"), "node_title": _title(node)}
    return _error("missing_node_type", message, f"Node ID '#{node_id}'", **about)


def _no_class(node_id: str, node: Mapping[str, Any]) -> _Error:
    why = "has no class_type. The workflow may be corrupted or a custom node is missing."
    return _missing(node_id, node, f"Node '{_title(node)}' {why}")


def _unknown_class(node_id: str, node: Mapping[str, Any]) -> _Error:
    return _missing(node_id, node, f"Node '{_title(node)}' not found. The custom node may not be installed.")


class _Judge:
    """Walks from each output to its ancestors; a node is judged once."""

    def __init__(self, graph: Mapping[str, Any], catalogue: Catalogue, folders: Folders) -> None:
        self.node_errors: dict[str, Any] = {}
        self._graph = graph
        self._catalogue = catalogue
        self._folders = folders
        self._judged: dict[str, tuple[bool, list[_Error]]] = {}

    def accepts(self, output: str) -> bool:
        """Whether an output can run; if not, every fault found so far is noted as one it depends on."""
        try:
            good = self._judge(output, [])
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            about = _exception(error)
            reason = _error(
                "exception_during_validation", "Exception when validating node", str(error), **about
            )
            self._judged[output] = (False, [reason])
            good = False
        if not good:
            self._note(output)
        return good

    def _note(self, output: str) -> None:
        for node_id, (good, reasons) in self._judged.items():
            if not good and reasons:
                noted = self.node_errors.setdefault(
                    node_id,
                    {
                        "errors": reasons,
                        "dependent_outputs": [],
                        "class_type": self._graph[node_id]["class_type"],
                    },
                )
                noted["dependent_outputs"].append(output)

    def _judge(self, node_id: str, path: list[str]) -> bool:
        if node_id in self._judged:
            return self._judged[node_id][0]
        if node_id in path:
            self._blame_cycle([*path[path.index(node_id) :], node_id])
            return False
        node = self._graph[node_id]
        given = node["inputs"]
        schema = self._catalogue.schema(node["class_type"])
        own_check = _FILE_INPUTS.get(node["class_type"], ("", ""))[0]
        errors: list[_Error] = []
        ancestors_good = True
        for wanted in inputs_of(schema, given):
            if wanted.name not in given:
                if wanted.required:
                    errors.append(_needed(wanted.name))
            elif is_link(given[wanted.name]):
                ancestors_good &= self._judge_link(wanted, given[wanted.name], [*path, node_id], errors)
            else:
                errors += _judge_value(wanted, given, checks_itself=wanted.name == own_check)
        if own_check and not errors and ancestors_good and not is_link(given[own_check]):
            errors += self._judge_file(node["class_type"], given[own_check])
        good = ancestors_good and not errors
        # A node of a cycle was judged while its ancestors were; that verdict stands.
        return self._judged.setdefault(node_id, (good, errors))[0]

    def _judge_link(self, wanted: Input, link: Any, path: list[str], errors: list[_Error]) -> bool:
        """Judge a wire, adding what is wrong to `errors`; False when an ancestor is broken."""
        about = {"input_name": wanted.name, "input_config": wanted.config}
        if len(link) != 2:
            words = "Bad linked input, must be a length-2 list of [node_id, slot_index]"
            errors.append(_error("bad_linked_input", words, wanted.name, **about, received_value=link))
            return True
        source, slot = link
        received = _Slots(self._catalogue.schema(self._graph[source]["class_type"]))[slot]
        if not fits(received, wanted.type):
            details = f"{wanted.name}, received_type({received}) mismatch input_type({wanted.type})"
            words = "Return type mismatch between linked nodes"
            about |= {"received_type": received, "linked_node": link}
            errors.append(_error("return_type_mismatch", words, details, **about))
            return True
        try:
            return self._judge(source, path)
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            about |= {**_exception(error), "linked_node": link}
            words = "Exception when validating inner node"
            reason = _error("exception_during_inner_validation", words, str(error), **about)
            self._judged[source] = (False, [reason])
            return False

    def _blame_cycle(self, path: list[str]) -> None:
        nodes = list(dict.fromkeys(path))
        details = " -> ".join(f"{node_id} ({self._graph[node_id]['class_type']})" for node_id in path)
        for node_id in nodes:
            about = {"node_id": node_id, "cycle_nodes": nodes}
            reason = _error("dependency_cycle", "Dependency cycle detected", details, **about)
            self._judged[node_id] = (False, [reason])

    def _judge_file(self, class_type: str, name: Any) -> list[_Error]:
        wanted, kind = _FILE_INPUTS[class_type]
        found: Path | None = input_file(self._folders, str(name))
        if found is not None:
            return []
        details = f"{wanted} - Invalid {kind} file: {name}"
        words = "Custom validation failed for node"
        return [_error("custom_validation_failed", words, details, input_name=wanted)]


class _Slots:
    """A node's outputs, failing as ComfyUI's do: the old nodes keep theirs in a tuple, the new in a list."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._types = tuple(schema["output"]) if schema.get("python_module") == "nodes" else schema["output"]

    def __getitem__(self, slot: Any) -> Any:
        return self._types[slot]


def _exception(error: Exception) -> dict[str, Any]:
    return {
        "exception_message": str(error),
        "exception_type": type(error).__name__,
        "traceback": [],
    }


def _needed(name: str) -> _Error:
    return _error("required_input_missing", "Required input is missing", name, input_name=name)


def _judge_value(wanted: Input, given: dict[str, Any], *, checks_itself: bool) -> list[_Error]:
    """Judge a value that is no wire. `given` gets the value in its right type."""
    value = given[wanted.name]
    about = {"input_name": wanted.name, "input_config": wanted.config}
    if isinstance(value, Mapping) and "__value__" in value:
        value = given[wanted.name] = value["__value__"]
    convert = _CONVERSIONS.get(wanted.type) if isinstance(wanted.type, str) else None
    if convert is not None:
        try:
            given[wanted.name] = convert(value)
        except (TypeError, ValueError, OverflowError) as error:
            words = f"Failed to convert an input value to a {wanted.type} value"
            about |= {"received_value": value, "exception_message": str(error)}
            return [_error("invalid_input_type", words, f"{wanted.name}, {value}, {error}", **about)]
        value = given[wanted.name]
    if checks_itself:
        return []
    about["received_value"] = value
    least, most = wanted.options.get("min"), wanted.options.get("max")
    errors = []
    if least is not None and value < least:
        words = f"Value {value} smaller than min of {least}"
        errors.append(_error("value_smaller_than_min", words, wanted.name, **about))
    elif most is not None and value > most:
        words = f"Value {value} bigger than max of {most}"
        errors.append(_error("value_bigger_than_max", words, wanted.name, **about))
    choices = wanted.choices
    if choices is not None and not _chosen(value, choices, wanted.options):
        errors.append(_not_in_list(wanted.name, value, choices, about))
    return errors


def _chosen(value: Any, choices: list[Any], options: Mapping[str, Any]) -> bool:
    if options.get("multiselect") and isinstance(value, list):
        return all(one in choices for one in value)
    return value in choices


def _not_in_list(name: str, value: Any, choices: list[Any], about: dict[str, Any]) -> _Error:
    shown = str(choices)
    if len(choices) > LONGEST_LIST_SHOWN:
        shown, about = f"(list of length {len(choices)})", {**about, "input_config": None}
    return _error("value_not_in_list", "Value not in list", f"{name}: '{value}' not in {shown}", **about)
