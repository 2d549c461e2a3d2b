"""What a render that did not end well means: ComfyUI's own report turned into the kit's errors. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ltxlib.comfy.wording import node_title, one_line, sentence
from ltxlib.errors import RenderFailed, RenderInterrupted

# What torch, CUDA, ROCm, Metal and ComfyUI itself write when memory is short.
_MEMORY_WORDS = (
    "out of memory",
    "allocation on device",
    "not enough memory",
    "can't allocate memory",
    "cannot allocate memory",
    "cublas_status_alloc_failed",
)
_MEMORY_CURE = (
    "The server ran out of memory. Use fewer frames, a smaller size or the fp8 model for this scene, "
    "then run it again."
)


def out_of_memory(exception_type: str, message: str) -> bool:
    """Whether a failure was for want of memory, the graphics card's or the machine's."""
    name = exception_type.rpartition(".")[2]
    if name in ("OutOfMemoryError", "MemoryError"):
        return True
    words = message.lower()
    return any(word in words for word in _MEMORY_WORDS)


def failed(data: Mapping[str, object], graph: Mapping[str, object] | None = None) -> RenderFailed:
    """The error for an `execution_error` report; `graph` lends the node its title."""
    node, class_type = _text(data, "node_id"), _text(data, "node_type")
    exception_type, message = _text(data, "exception_type"), _text(data, "exception_message")
    memory = out_of_memory(exception_type, message)
    where = node_title(node, class_type, graph)
    reason = one_line(message.strip().partition("\n")[0]) or exception_type or "it gave no reason"
    return RenderFailed(
        sentence(f"{where} failed while rendering: {reason}"),
        cure=_MEMORY_CURE if memory else None,
        node=node,
        class_type=class_type,
        out_of_memory=memory,
    )


def interrupted(data: Mapping[str, object], graph: Mapping[str, object] | None = None) -> RenderInterrupted:
    """The error for an `execution_interrupted` report, which the history files under errors."""
    node, class_type = _text(data, "node_id"), _text(data, "node_type")
    if not (node or class_type):
        return RenderInterrupted("The render was stopped before it began.")
    return RenderInterrupted(
        f"The render was stopped in mid-work. {node_title(node, class_type, graph)} was at it."
    )


def unexplained() -> RenderFailed:
    """The error for a run that the history calls an error without saying why."""
    return RenderFailed("ComfyUI says that the render failed, and gives no reason.")


def _text(data: Mapping[str, object], key: str) -> str:
    value = data.get(key)
    return "" if value is None else str(value)
