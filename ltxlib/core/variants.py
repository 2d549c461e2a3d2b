"""Which of several graphs for one clip a server can run: the one that is wanted, else the next best."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ltxlib.core.file_format import BYPASSED, MUTED, NOTE_TYPES, definitions_of, nodes_of
from ltxlib.core.schema import NodeSchema

# Nodes that only the web client knows; they are gone once a graph is flattened.
_CLIENT_ONLY = NOTE_TYPES | {"PrimitiveNode", "Reroute"}


@dataclass(frozen=True)
class Candidate:
    """One graph that could make the clip: the workflow's name and the node classes it cannot do without."""

    name: str
    classes: frozenset[str]


@dataclass(frozen=True)
class Choice:
    """What was chosen: the name of a candidate, or None when the server can run none of them.

    wanted: the first candidate's name. lacking: the classes that the server would need for that one.
    """

    name: str | None
    wanted: str
    lacking: tuple[str, ...] = ()

    @property
    def as_wanted(self) -> bool:
        """Whether the server can do what was wanted."""
        return self.name == self.wanted


def classes_of(ui: Mapping[str, Any]) -> frozenset[str]:
    """The node classes a workflow needs; those of nodes that are switched off do not count."""
    inner = {str(definition.get("id")) for definition in definitions_of(ui)}
    kinds = {str(node.get("type")) for node, _ in nodes_of(ui) if node.get("mode") not in (MUTED, BYPASSED)}
    return frozenset(kinds - inner - _CLIENT_ONLY)


def lacking(classes: Iterable[str], schema: NodeSchema) -> tuple[str, ...]:
    """The classes that a server does not have, in alphabetical order."""
    return tuple(sorted(name for name in classes if name not in schema))


def choose(candidates: Sequence[Candidate], schema: NodeSchema) -> Choice:
    """The first candidate that the server has all nodes for; at least one candidate must be given."""
    wanted = candidates[0]
    for candidate in candidates:
        if not lacking(candidate.classes, schema):
            return Choice(candidate.name, wanted.name, lacking(wanted.classes, schema))
    return Choice(None, wanted.name, lacking(wanted.classes, schema))
