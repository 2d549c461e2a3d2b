"""What ComfyUI's queue and history say about a prompt, as plain values.

Pure: the shapes are those recorded from ComfyUI 0.27.0 and 0.33.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from ltxlib.comfy.failure import failed, interrupted, unexplained
from ltxlib.errors import ComfyError, OutputMissing, ServerAnswerError

Kind = Literal["pending", "running", "succeeded", "failed", "interrupted", "unknown"]
VIDEO_SUFFIXES = frozenset({".mp4", ".webm", ".mkv", ".mov", ".m4v", ".avi"})
SOUND_SUFFIXES = frozenset({".flac", ".wav", ".mp3", ".opus", ".ogg", ".m4a"})
_ENDINGS = ("execution_success", "execution_error", "execution_interrupted")


@dataclass(frozen=True)
class OutputFile:
    """One file a node wrote on the server.

    subfolder: below the folder that `type` names ("output" is kept, "temp" is wiped at the next start).
    animated: the server says that it moves.
    """

    node: str
    filename: str
    subfolder: str = ""
    type: str = "output"
    animated: bool = False

    @property
    def is_video(self) -> bool:
        """Whether the name is that of a film, not of a picture or a sound."""
        return PurePosixPath(self.filename).suffix.lower() in VIDEO_SUFFIXES

    @property
    def is_sound(self) -> bool:
        """Whether the name is that of a sound."""
        return PurePosixPath(self.filename).suffix.lower() in SOUND_SUFFIXES


@dataclass(frozen=True)
class PromptState:
    """Where one prompt stands.

    outputs: every file it wrote, in the order the nodes ended; only when kind is "succeeded".
    texts: every text a node showed (PreviewAny's), as node and text.
    error: what to raise when kind is "failed" or "interrupted".
    duration_s: from start to end on the server, where it says so. cached: no node had to work, so the
    files are those of an earlier run. ahead: how many prompts come before it; only when "pending".
    """

    prompt_id: str
    kind: Kind
    outputs: tuple[OutputFile, ...] = ()
    error: ComfyError | None = None
    duration_s: float | None = None
    cached: bool = False
    ahead: int | None = None
    texts: tuple[tuple[str, str], ...] = ()

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.kind in ("succeeded", "failed", "interrupted")


@dataclass(frozen=True)
class QueueState:
    """The prompt ids the server works on and those that wait, in the order they will run."""

    running: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()


def outputs_of(node: str, output: object) -> tuple[OutputFile, ...]:
    """Every file in what one node reported, whatever the list is called.

    SaveVideo lists its film under "images"; other packs use "gifs", "videos" or "audio".
    """
    if not isinstance(output, Mapping):
        return ()
    flags = output.get("animated")
    moves = any(bool(flag) for flag in flags) if isinstance(flags, list) else bool(flags)
    return tuple(
        OutputFile(
            node=node,
            filename=item["filename"],
            subfolder=_text(item.get("subfolder")),
            type=_text(item.get("type")) or "output",
            animated=moves or name in ("gifs", "videos", "video"),
        )
        for name, listed in output.items()
        for item in (listed if isinstance(listed, list) else [listed])
        if isinstance(item, Mapping) and isinstance(item.get("filename"), str) and item["filename"]
    )


def queue_state(body: object) -> QueueState:
    """The answer of `GET /queue`. Raises ServerAnswerError when it is something else.

    The server lists what waits in the order of its heap, which is not the order of running, so the
    entries are put in order of their number here.
    """
    if not isinstance(body, Mapping):
        raise ServerAnswerError("The server's list of waiting work is not what ComfyUI sends.")
    waiting = sorted(_queue_entries(body.get("queue_pending")), key=lambda entry: entry[0])
    return QueueState(
        running=tuple(prompt_id for _, prompt_id in _queue_entries(body.get("queue_running"))),
        pending=tuple(prompt_id for _, prompt_id in waiting),
    )


def history_state(body: object, prompt_id: str) -> PromptState | None:
    """The answer of `GET /history/{id}` for one prompt; None when the server has no entry for it.

    An empty answer means queued, running or unknown alike. Raises ServerAnswerError for other shapes.
    """
    if not isinstance(body, Mapping):
        raise ServerAnswerError("The server's record of finished work is not what ComfyUI sends.")
    entry = body.get(prompt_id)
    if entry is None:
        return None
    if not isinstance(entry, Mapping):
        raise ServerAnswerError("The server's record of this render is not what ComfyUI sends.")
    return _entry_state(entry, prompt_id)


def require_video(state: PromptState, node: str | None = None) -> OutputFile:
    """The one film a finished prompt was made for: the last kept one, or that of `node` where it is named.

    Raises the prompt's own error when it failed or was stopped, OutputMissing when it succeeded and left
    no film: a graph whose save node was not reached, or an answer from the cache that names no file.
    """
    if state.error is not None:
        raise state.error
    if state.kind != "succeeded":
        raise OutputMissing(
            "The render has not finished, so there is no clip yet.", cure="Wait until it ends."
        )
    videos = [file for file in state.outputs if file.is_video and node in (None, file.node)]
    kept = [file for file in videos if file.type == "output"]
    if kept:
        return kept[-1]
    if videos:
        raise OutputMissing(
            "ComfyUI made only a preview of the clip, which it throws away.",
            cure="The workflow needs a Save Video node at its end; open it in ComfyUI and add one.",
        )
    if state.cached:
        raise OutputMissing(
            "ComfyUI had this very render in its memory and named no file for it.",
            cure="Render it again with another seed, or restart ComfyUI.",
        )
    raise OutputMissing(
        "ComfyUI reported success, but no clip was saved.",
        cure="Check that the workflow ends in a Save Video node and that the picture reaches it.",
    )


def require_text(state: PromptState, node: str) -> str:
    """The text that a node of a finished prompt showed. Raises OutputMissing when it showed none."""
    shown = [text for shower, text in state.texts if shower == node]
    if not shown:
        raise OutputMissing(
            "ComfyUI reported success, but showed no text.",
            cure="Restart ComfyUI and run this again; if it stays, update ComfyUI.",
        )
    return "\n".join(shown)


def require_sound(state: PromptState) -> OutputFile:
    """The one sound a finished prompt was made for: the last kept one.

    Raises the prompt's own error when it failed, OutputMissing when it left no sound.
    """
    if state.error is not None:
        raise state.error
    kept = [file for file in state.outputs if file.is_sound and file.type == "output"]
    if not kept:
        raise OutputMissing(
            "ComfyUI reported success, but no sound was saved.",
            cure="Check that the workflow ends in a Save Audio node and that the sound reaches it.",
        )
    return kept[-1]


def _entry_state(entry: Mapping[str, object], prompt_id: str) -> PromptState:
    status = entry.get("status")
    status = status if isinstance(status, Mapping) else {}
    messages = dict(_messages(status.get("messages")))
    graph = _graph_of(entry.get("prompt"))
    duration_s = _duration_s(messages)
    verdict = status.get("status_str")
    # Both kinds of end are "error" in the history; only the messages tell a stop from a failure.
    if "execution_interrupted" in messages:
        error: ComfyError = interrupted(messages["execution_interrupted"], graph)
        return PromptState(prompt_id, "interrupted", error=error, duration_s=duration_s)
    if "execution_error" in messages:
        return PromptState(
            prompt_id, "failed", error=failed(messages["execution_error"], graph), duration_s=duration_s
        )
    # Servers older than the status field leave it empty; then only the files can tell.
    if verdict not in (None, "success"):
        return PromptState(prompt_id, "failed", error=unexplained(), duration_s=duration_s)
    listed = entry.get("outputs")
    outputs = listed.items() if isinstance(listed, Mapping) else ()
    files = tuple(file for node, output in outputs for file in outputs_of(str(node), output))
    texts = tuple((str(node), text) for node, output in outputs for text in _texts_of(output))
    from_cache = messages.get("execution_cached", {}).get("nodes")
    cached = bool(graph) and isinstance(from_cache, list) and set(graph) <= {str(node) for node in from_cache}
    return PromptState(
        prompt_id, "succeeded", outputs=files, duration_s=duration_s, cached=cached, texts=texts
    )


def _texts_of(output: object) -> list[str]:
    """What one node showed as text: a list in ComfyUI 0.27 and 0.33, one text alone in other packs."""
    shown = output.get("text") if isinstance(output, Mapping) else None
    return [text for text in (shown if isinstance(shown, list) else [shown]) if isinstance(text, str)]


def _messages(listed: object) -> Iterator[tuple[str, Mapping[str, object]]]:
    for message in listed if isinstance(listed, list) else ():
        if isinstance(message, list) and len(message) == 2:
            kind, data = message
            yield str(kind), data if isinstance(data, Mapping) else {}


def _graph_of(item: object) -> Mapping[str, object]:
    """The graph inside a queue or history item `[number, prompt id, graph, extra data, outputs]`."""
    graph = item[2] if isinstance(item, list) and len(item) > 2 else None
    return graph if isinstance(graph, Mapping) else {}


def _duration_s(messages: Mapping[str, Mapping[str, object]]) -> float | None:
    start = messages.get("execution_start", {}).get("timestamp")
    ends = (messages[kind].get("timestamp") for kind in _ENDINGS if kind in messages)
    end = next(ends, None)
    if isinstance(start, int | float) and isinstance(end, int | float) and end >= start:
        return (end - start) / 1000
    return None


def _queue_entries(listed: object) -> list[tuple[float, str]]:
    return [
        (float(item[0]), item[1])
        for item in (listed if isinstance(listed, list) else ())
        if isinstance(item, list)
        and len(item) > 1
        and isinstance(item[0], int | float)
        and isinstance(item[1], str)
    ]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
