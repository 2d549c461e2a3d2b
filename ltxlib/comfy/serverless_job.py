"""What is sent to a worker-comfyui endpoint: graph, pictures, how long it may take.

Facts: the input is {"workflow": API graph, "images": [{"name", "image": base64}]} and each image is put into
ComfyUI's input folder under its name, clips too (worker-comfyui 5.8.5). `/run` takes 10 MB; a job may run for
10 minutes unless `policy.executionTimeout` (ms) says otherwise, and lives 24 hours at most (`policy.ttl`);
both are from RunPod's docs ("Send API requests", "Operation reference", 2026).
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from ltxlib.comfy.transfer import name_for, read_whole
from ltxlib.comfy.wording import one_line
from ltxlib.errors import PromptRejected, StoreError

LIMIT_BYTES = 10_000_000
# A first render loads 25 GB from a network volume; a worker that hangs is paid for until this ends.
RUN_S = 3600.0
LIVE_S = 24 * 3600.0
# Room for the braces and the policy around what is counted.
_ROOM_BYTES = 4096
# Nodes whose files worker-comfyui hands back, and those whose work it drops.
_GIVEN = frozenset({"SaveVideo", "SaveWEBM", "SaveImage", "SaveAnimatedPNG", "SaveAnimatedWEBP"})
_DROPPED = {
    "SaveAudio": "sound",
    "SaveAudioMP3": "sound",
    "SaveAudioOpus": "sound",
    "PreviewAny": "text",
    "VHS_VideoCombine": "clips of VideoHelperSuite",
}


class Pictures:
    """The files that prompts name, to be sent along with each prompt that does."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Path, str]] = {}
        self._lock = threading.Lock()

    def keep(self, path: Path) -> str:
        """Remember a picture or a clip; gives its name for LoadImage, LoadVideo. Raises StoreError.

        Only where it lies and what it holds is kept, so that a night of many pictures stays small.
        """
        data = read_whole(path)
        name = name_for(path, data)
        with self._lock:
            self._known[name] = (path, hashlib.sha256(data).hexdigest())
        return name

    def named_in(self, graph: Mapping[str, object]) -> list[dict[str, str]]:
        """The files a graph names, as worker-comfyui takes them. Raises StoreError when one has changed."""
        images = []
        for name in dict.fromkeys(_texts_in(graph)):
            with self._lock:
                known = self._known.get(name)
            if known is None:
                continue
            path, sha256 = known
            data = read_whole(path)
            if hashlib.sha256(data).hexdigest() != sha256:
                raise StoreError(
                    f"{path.name} was changed while the batch was running.", cure="Run the batch again."
                )
            images.append({"name": name, "image": base64.b64encode(data).decode("ascii")})
        return images


def job_body(graph: Mapping[str, object], images: list[dict[str, str]], size_bytes: int) -> dict[str, object]:
    """The body of `POST /run`. size_bytes: the graph's own size as JSON.

    Raises PromptRejected when it is more than RunPod takes.
    """
    total_bytes = size_bytes + sum(len(one["image"]) + len(one["name"]) + 32 for one in images) + _ROOM_BYTES
    if total_bytes > LIMIT_BYTES:
        raise PromptRejected(
            f"With its pictures and clips this render is {total_bytes / 1e6:.1f} MB, and RunPod takes "
            f"{LIMIT_BYTES / 1e6:.0f} MB at most.",
            cure="Nothing was rendered. Save the picture as JPEG, or smaller; a take that starts from a long "
            "clip needs a ComfyUI of its own rather than an endpoint.",
        )
    job: dict[str, object] = {"workflow": graph}
    if images:
        job["images"] = images
    return {"input": job, "policy": {"executionTimeout": int(RUN_S * 1000), "ttl": int(LIVE_S * 1000)}}


def why_not(graph: Mapping[str, object]) -> str:
    """Why worker-comfyui could not hand back what a graph makes; empty when it can."""
    kinds = {node.get("class_type") for node in graph.values() if isinstance(node, Mapping)}
    dropped = sorted({_DROPPED[kind] for kind in kinds if kind in _DROPPED})
    if not dropped or kinds & _GIVEN:
        return ""
    return (
        f"A RunPod endpoint hands back pictures and clips only, and this graph ends in "
        f"{one_line(' and '.join(dropped))}."
    )


def _texts_in(graph: Mapping[str, object]) -> Iterator[str]:
    for node in graph.values():
        inputs = node.get("inputs") if isinstance(node, Mapping) else None
        for value in inputs.values() if isinstance(inputs, Mapping) else ():
            if isinstance(value, str):
                yield value
