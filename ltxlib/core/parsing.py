"""From a file's bytes to plain values, whatever the file is: what is no workflow is refused in one sentence.

Nothing here can be made to run for minutes or out of stack by a file that was damaged or made to do so.
"""

from __future__ import annotations

import codecs
import json
import math
from collections.abc import Mapping
from typing import Any

from ltxlib.core.file_format import who
from ltxlib.errors import WorkflowError

# The largest official template is well under 1 MB; what is larger holds pictures, or is something else.
LARGEST_BYTES = 16 * 2**20
DEEPEST = 100

_SAVE_AGAIN = "Save the workflow from ComfyUI again, or fetch the file again."
_DRAG = "Drag it onto ComfyUI's window: if it carries its workflow, that opens; then save it with Save."
# How files begin that people rename by mistake: where the mark stands, the mark, what it is.
_OTHER_KINDS = (
    (0, b"\x89PNG", "a picture (PNG)", _DRAG),
    (0, b"\xff\xd8\xff", "a picture (JPEG)", _DRAG),
    (0, b"RIFF", "a picture, sound or film (RIFF)", _DRAG),
    (4, b"ftyp", "a film (MP4)", _DRAG),
    (0, b"\x1aE\xdf\xa3", "a film (MKV or WebM)", _DRAG),
    (0, b"PK\x03\x04", "a ZIP archive", "Unpack it, and name the workflow inside."),
    (0, b"\x1f\x8b", "packed (gzip)", "Unpack it, and name the workflow inside."),
)


class Doubled(dict[str, Any]):
    """An object of a file that gives one name twice; `twice` is that name, and its last value counts."""

    twice: str = ""


def refuse_size(size_bytes: int, name: str) -> None:
    """WorkflowError when a file is too large to be a workflow."""
    if size_bytes > LARGEST_BYTES:
        raise WorkflowError(
            f"{name} is {size_bytes / 1e6:.0f} MB, and no workflow is larger than"
            f" {LARGEST_BYTES / 1e6:.0f} MB.",
            cure="Check that it is the right file; pictures pasted into notes can make it that large.",
        )


def text_of(data: bytes, name: str) -> str:
    """The text in a file's bytes. WorkflowError says what the file is when it is no text."""
    refuse_size(len(data), name)
    if not data.strip():
        raise WorkflowError(f"{name} is empty.", cure=_SAVE_AGAIN)
    for place, mark, kind, cure in _OTHER_KINDS:
        if data[place : place + len(mark)] == mark:
            raise WorkflowError(f"{name} is {kind}, not a workflow.", cure=cure)
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise WorkflowError(f"{name} is not a workflow: it is no text at all.", cure=_SAVE_AGAIN) from error


def parse(text: str, name: str) -> dict[str, Any]:
    """The object a workflow file holds. WorkflowError when it is no whole JSON object, or one without end."""
    refuse_size(len(text), name)
    try:
        value = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise WorkflowError(
            f"{name} is not a whole workflow file: it breaks off or is garbled at line {error.lineno}.",
            cure=_SAVE_AGAIN,
        ) from error
    except RecursionError as error:
        raise WorkflowError(
            f"{name} is not a workflow: it holds lists in lists without end.", cure=_SAVE_AGAIN
        ) from error
    except ValueError as error:  # a number of thousands of digits
        raise WorkflowError(
            f"{name} is not a workflow: it holds a number that is too long to be one.", cure=_SAVE_AGAIN
        ) from error
    if not isinstance(value, dict):
        raise WorkflowError(f"{name} is not a workflow: it holds a list or a bare value.", cure=_SAVE_AGAIN)
    _refuse_unsound(value, name)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    doubled, seen = Doubled(value), set()
    for key, _ in pairs:
        if key in seen:
            doubled.twice = key
            break
        seen.add(key)
    return doubled


def _refuse_unsound(value: dict[str, Any], name: str) -> None:
    """WorkflowError for numbers that are none and for nests too deep to walk, naming the node they are in."""
    waiting: list[tuple[Any, int, str]] = [(value, 0, "")]
    while waiting:
        part, depth, node = waiting.pop()
        if isinstance(part, float) and not math.isfinite(part):
            where = node or "it"
            raise WorkflowError(
                f"{name}: {where} holds {part}, which is no number.",
                cure="Open the workflow in ComfyUI, give that node a number and save it again.",
            )
        if not isinstance(part, (dict, list)):
            continue
        if depth > DEEPEST:
            where = node or "it"
            raise WorkflowError(f"{name}: {where} holds lists in lists without end.", cure=_SAVE_AGAIN)
        children = part.items() if isinstance(part, dict) else enumerate(part)
        waiting += [(child, depth + 1, _named(key, child) or node) for key, child in children]


def _named(key: Any, part: Any) -> str:
    """A node's name when this part of a file looks like one."""
    if isinstance(part, Mapping) and "id" in part and "type" in part and "nodes" not in part:
        return who(part) if "origin_id" not in part else ""
    if isinstance(part, Mapping) and "class_type" in part:
        meta = part.get("_meta")
        title = meta.get("title") if isinstance(meta, Mapping) else None
        return who({"id": key, "title": title or part["class_type"]})
    return ""
