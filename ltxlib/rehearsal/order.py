"""In which order the nodes of a graph run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ltxlib.rehearsal.inputs import is_link


class RunOrder:
    """Nodes that are still to run; `pick` gives the next one, as ComfyUI 0.33.0 would choose it.

    A node is ready when nothing that it is wired to is still to run. Among ready nodes an output comes first,
    then one that an output waits for, then one two wires away from an output, then the first that was found
    (walking up from the outputs, the last input of a node first).
    """

    def __init__(
        self,
        graph: Mapping[str, Any],
        outputs: Iterable[str],
        is_output: Callable[[str], bool],
        is_cached: Callable[[str], bool],
    ) -> None:
        self._is_output = is_output
        self._waits_for: dict[str, set[str]] = {}
        self._feeds: dict[str, dict[str, None]] = {}
        for output in outputs:
            self._add(graph, output, is_cached)

    def _add(self, graph: Mapping[str, Any], output: str, is_cached: Callable[[str], bool]) -> None:
        stack, wires = [output], []
        while stack:
            node_id = stack.pop()
            if node_id in self._waits_for:
                continue
            self._waits_for[node_id] = set()
            self._feeds[node_id] = {}
            for value in graph[node_id]["inputs"].values():
                if is_link(value):
                    if not is_cached(value[0]):
                        stack.append(value[0])
                    wires.append((value[0], node_id))
        for source, target in wires:
            if source in self._waits_for:
                self._waits_for[target].add(source)
                self._feeds[source][target] = None

    def pick(self) -> str | None:
        """The next node to run; None when all have run."""
        ready = [node_id for node_id, sources in self._waits_for.items() if not sources]
        if not ready:
            return None
        return next(
            (
                node_id
                for near in (self._is_output, self._feeds_output, self._nearly_feeds_output)
                for node_id in ready
                if near(node_id)
            ),
            ready[0],
        )

    def _feeds_output(self, node_id: str) -> bool:
        return any(self._is_output(target) for target in self._feeds[node_id])

    def _nearly_feeds_output(self, node_id: str) -> bool:
        return any(self._feeds_output(target) for target in self._feeds[node_id])

    def done(self, node_id: str) -> None:
        """A node has run; what waited for it may be ready now."""
        del self._waits_for[node_id]
        for target in self._feeds.pop(node_id):
            self._waits_for[target].discard(node_id)
