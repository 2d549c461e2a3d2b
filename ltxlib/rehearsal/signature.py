"""What makes two nodes the same work: their class, their values, and all that is wired into them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ltxlib.rehearsal.inputs import is_link
from ltxlib.rehearsal.state import Folders, input_file

_READS_FILE = {"LoadImage": "image", "LoadImageMask": "image", "LoadVideo": "file", "LoadAudio": "audio"}
_BY_TIME = {"LoadVideo"}
"""Of these ComfyUI asks when the file was written; of the others it reads the bytes."""


class Signatures:
    """The signature of every node of one graph; None for a node that cannot run (a cycle, a loose wire)."""

    def __init__(self, graph: Mapping[str, Any], folders: Folders) -> None:
        self._graph = graph
        self._folders = folders
        self._known: dict[str, str | None] = {}
        self._path: set[str] = set()

    def of(self, node_id: str) -> str | None:
        """The signature of a node, ancestors included."""
        if node_id not in self._known:
            if node_id in self._path or node_id not in self._graph:
                return None
            self._path.add(node_id)
            self._known[node_id] = self._compute(node_id)
            self._path.discard(node_id)
        return self._known[node_id]

    def file_state(self, node_id: str) -> str | float | None:
        """What tells one file from another for a node that loads one: its bytes' SHA-256, or its time.

        None for any other node, and for one whose file cannot be read; the loader will say so.
        """
        node = self._graph[node_id]
        inputs = node.get("inputs")
        name = inputs.get(_READS_FILE.get(node["class_type"], "")) if isinstance(inputs, Mapping) else None
        path = input_file(self._folders, name) if isinstance(name, str) else None
        try:
            if path is None:
                return None
            if node["class_type"] in _BY_TIME:
                return path.stat().st_mtime
            return hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError:  # gone or unreadable since it was looked for
            return None

    def _compute(self, node_id: str) -> str | None:
        node = self._graph[node_id]
        inputs = node.get("inputs")
        if not isinstance(inputs, Mapping):
            return None
        parts: list[Any] = [node["class_type"], self.file_state(node_id)]
        for name, value in sorted(inputs.items()):
            if is_link(value):
                ancestor = self.of(value[0]) if len(value) == 2 and isinstance(value[0], str) else None
                if ancestor is None:
                    return None
                parts.append([name, ancestor, value[1]])
            else:
                parts.append([name, value])
        return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()
