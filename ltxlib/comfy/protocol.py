"""What ComfyUI says over its WebSocket, as typed events.

Pure: a frame in, an event out, and never an exception. Whatever is not understood becomes Unknown, for a
newer server may say more than the recorded ones (0.27.0 and 0.33.0) did.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping

from ltxlib.comfy.events import (
    Event,
    Executed,
    Executing,
    ExecutionCached,
    ExecutionError,
    ExecutionInterrupted,
    ExecutionStart,
    ExecutionSuccess,
    FeatureFlags,
    NodeProgress,
    Preview,
    Progress,
    ProgressState,
    ProgressText,
    Status,
    Unknown,
)
from ltxlib.comfy.state import outputs_of
from ltxlib.comfy.wording import one_line

__all__ = [
    "CLIENT_FLAGS",
    "Event",
    "Executed",
    "Executing",
    "ExecutionCached",
    "ExecutionError",
    "ExecutionInterrupted",
    "ExecutionStart",
    "ExecutionSuccess",
    "FeatureFlags",
    "NodeProgress",
    "Preview",
    "Progress",
    "ProgressState",
    "ProgressText",
    "Status",
    "Unknown",
    "parse_binary",
    "parse_text",
]

# Sent first on every connection, so that previews name their node.
CLIENT_FLAGS = json.dumps({"type": "feature_flags", "data": {"supports_preview_metadata": True}})

_Data = Mapping[str, object]


class _NotUnderstoodError(Exception):
    """A field is missing or of another type than the recorded servers send."""


def parse_text(frame: str | bytes) -> Event:
    """The event of one text frame."""
    try:
        message = json.loads(frame)
    except (ValueError, RecursionError):
        return Unknown("", _excerpt(frame))
    kind = message.get("type") if isinstance(message, dict) else None
    data = message.get("data") if isinstance(message, dict) else None
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None or not isinstance(data, Mapping):
        return Unknown(kind if isinstance(kind, str) else "", _excerpt(frame))
    try:
        return reader(data)
    except _NotUnderstoodError:
        return Unknown(str(kind), _excerpt(frame))


def parse_binary(frame: bytes) -> Event:
    """The event of one binary frame: a big-endian number for the kind, then what that kind carries.

    1: number for the format (1 JPEG, 2 PNG), picture. 3: length, node id, text. 4: length, JSON, picture.
    """
    kind = _number_at(frame, 0)
    if kind == 1 and len(frame) >= 8:
        mime = "image/png" if _number_at(frame, 4) == 2 else "image/jpeg"
        return Preview(None, None, mime, bytes(frame[8:]))
    if kind in (3, 4):
        length = _number_at(frame, 4)
        if length is not None and 8 + length <= len(frame):
            head, rest = frame[8 : 8 + length], frame[8 + length :]
            if kind == 3:
                return ProgressText(_decoded(head) or None, _decoded(rest))
            return _preview(head, rest)
    return Unknown("binary" if kind is None else f"binary {kind}", f"{len(frame)} bytes")


def _preview(head: bytes, image: bytes) -> Event:
    try:
        about = json.loads(head)
    except (ValueError, RecursionError):
        return Unknown("binary 4", f"{len(image)} bytes")
    if not isinstance(about, Mapping):
        return Unknown("binary 4", f"{len(image)} bytes")
    return Preview(
        _text_or_none(about, "prompt_id"),
        _text_or_none(about, "node_id"),
        _text_or_none(about, "image_type") or "image/jpeg",
        bytes(image),
    )


def _status(data: _Data) -> Event:
    info = data.get("status")
    info = info.get("exec_info") if isinstance(info, Mapping) else None
    left = info.get("queue_remaining") if isinstance(info, Mapping) else None
    return Status(left if isinstance(left, int) else None, _text_or_none(data, "sid"))


def _progress_state(data: _Data) -> Event:
    nodes = data.get("nodes")
    if not isinstance(nodes, Mapping):
        raise _NotUnderstoodError
    return ProgressState(
        _text(data, "prompt_id"),
        tuple(
            NodeProgress(
                str(node), _number(about, "value"), _number(about, "max"), _text_or_none(about, "state") or ""
            )
            for node, about in nodes.items()
            if isinstance(about, Mapping)
        ),
    )


def _cached(data: _Data) -> Event:
    nodes = data.get("nodes")
    listed = nodes if isinstance(nodes, list) else []
    return ExecutionCached(_text(data, "prompt_id"), tuple(str(node) for node in listed))


def _executed(data: _Data) -> Event:
    node = _text(data, "node")
    return Executed(_text(data, "prompt_id"), node, outputs_of(node, data.get("output")))


def _progress(data: _Data) -> Event:
    return Progress(
        _text_or_none(data, "prompt_id"),
        _text_or_none(data, "node"),
        _number(data, "value"),
        _number(data, "max"),
    )


def _error(data: _Data) -> Event:
    return ExecutionError(
        _text(data, "prompt_id"),
        _text_or_none(data, "node_id") or "",
        _text_or_none(data, "node_type") or "",
        _text_or_none(data, "exception_type") or "",
        (_text_or_none(data, "exception_message") or "").strip(),
    )


def _interrupted(data: _Data) -> Event:
    return ExecutionInterrupted(
        _text(data, "prompt_id"), _text_or_none(data, "node_id") or "", _text_or_none(data, "node_type") or ""
    )


_READERS: dict[str, Callable[[_Data], Event]] = {
    "status": _status,
    "feature_flags": lambda data: FeatureFlags(dict(data)),
    "execution_start": lambda data: ExecutionStart(_text(data, "prompt_id")),
    "execution_cached": _cached,
    "executing": lambda data: Executing(_text_or_none(data, "prompt_id"), _text_or_none(data, "node")),
    "progress": _progress,
    "progress_state": _progress_state,
    "executed": _executed,
    "execution_success": lambda data: ExecutionSuccess(_text(data, "prompt_id")),
    "execution_error": _error,
    "execution_interrupted": _interrupted,
}


def _text(data: _Data, key: str) -> str:
    value = _text_or_none(data, key)
    if value is None:
        raise _NotUnderstoodError
    return value


def _text_or_none(data: _Data, key: str) -> str | None:
    # Some packs number their nodes, so a number is as good as a text.
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value)


def _number(data: _Data, key: str) -> float:
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _NotUnderstoodError
    return value


def _number_at(frame: bytes, offset: int) -> int | None:
    return struct.unpack_from(">I", frame, offset)[0] if len(frame) >= offset + 4 else None


def _decoded(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")


def _excerpt(frame: str | bytes) -> str:
    text = frame if isinstance(frame, str) else _decoded(frame[:400])
    return one_line(text[:400], 120)
