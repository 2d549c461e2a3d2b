"""Runs one graph node by node, with ComfyUI's cache and its messages."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ltxlib.errors import LtxlibError
from ltxlib.rehearsal.calls import Bench, Call, Made, NodeFailed, RunInterrupted
from ltxlib.rehearsal.catalogue import Catalogue
from ltxlib.rehearsal.inputs import inputs_of, is_link
from ltxlib.rehearsal.nodes import perform
from ltxlib.rehearsal.order import RunOrder
from ltxlib.rehearsal.preview import preview_jpeg
from ltxlib.rehearsal.queue import Job, Outcome
from ltxlib.rehearsal.signature import Signatures
from ltxlib.rehearsal.telling import Teller

log = logging.getLogger(__name__)

NODE_FAULTS = (ArithmeticError, AttributeError, EOFError, ImportError, LookupError, MemoryError, OSError,
               RuntimeError, TypeError, ValueError)  # fmt: skip
"""What a graph that passed validation may still trip a node over; the prompt fails, the server goes on."""


class Executor:
    """Keeps what the last graph's nodes made, and runs the next."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._cache: dict[str, Made] = {}

    def forget(self) -> None:
        """Empty the cache."""
        self._cache.clear()

    def run(self, job: Job, teller: Teller, outcome: Outcome, bench: Bench) -> None:
        """Run a prompt to its end, whatever that is; `outcome` gets it.

        RunAbandoned goes on to the caller: then nobody is to hear of this run any more.
        """
        teller.note("execution_start", {})
        signatures = Signatures(job.graph, bench.folders)
        wanted = {node_id: signatures.of(node_id) for node_id in job.graph}
        # What the last graph made and this one does not want is forgotten, as in ComfyUI's own cache.
        self._cache = {key: made for key, made in self._cache.items() if key in set(wanted.values())}
        cached = [node_id for node_id in job.graph if wanted[node_id] in self._cache]
        teller.note("execution_cached", {"nodes": cached})
        shared = replace(bench, graph=_with_files(job.graph, signatures))
        run = _Run(self._catalogue, self._cache, wanted, job, teller, outcome, shared)
        try:
            run.through()
        except RunInterrupted:
            outcome.status_str = "error"
            teller.note("execution_interrupted", run.where(), to_all=True)
        except (NodeFailed, LtxlibError, *NODE_FAULTS) as error:
            outcome.status_str = "error"
            teller.note("execution_error", run.failure(error))
        else:
            teller.note("execution_success", {})
        if "no_outputs" in bench.struck:
            outcome.outputs.clear()
            outcome.meta.clear()


def _with_files(graph: Mapping[str, Any], signatures: Signatures) -> dict[str, Any]:
    """The graph with what tells its files from others; so ComfyUI writes it into the clip, and only there."""
    states = {node_id: signatures.file_state(node_id) for node_id in graph}
    return {
        node_id: node if states[node_id] is None else {"is_changed": [states[node_id]], **node}
        for node_id, node in graph.items()
    }


@dataclass
class _Run:
    """One prompt on its way."""

    catalogue: Catalogue
    cache: dict[str, Made]
    signatures: Mapping[str, str | None]
    job: Job
    teller: Teller
    outcome: Outcome
    bench: Bench

    def __post_init__(self) -> None:
        self._at = ""
        self._executed: list[str] = []
        self._inputs: dict[str, Any] = {}

    def through(self) -> None:
        """Run every node that the outputs need."""
        order = RunOrder(self.job.graph, self.job.outputs, self._is_output, self._is_cached)
        while (node_id := order.pick()) is not None:
            made = self._cached(node_id)
            if made is not None:
                self.teller.executed(node_id, made.ui)
            else:
                self._at = node_id
                made = self._perform(node_id)
                self._keep(node_id, made)
                if made.ui is not None and "no_outputs" not in self.bench.struck:
                    self.teller.executed(node_id, made.ui)
                self._executed.append(node_id)
            self._show(node_id, made.ui)
            self.teller.finished(node_id)
            order.done(node_id)

    def _is_output(self, node_id: str) -> bool:
        return bool(self.catalogue.schema(self.job.graph[node_id]["class_type"])["output_node"])

    def _is_cached(self, node_id: str) -> bool:
        return self._cached(node_id) is not None

    def _cached(self, node_id: str) -> Made | None:
        signature = self.signatures[node_id]
        return self.cache.get(signature) if signature is not None else None

    def _keep(self, node_id: str, made: Made) -> None:
        signature = self.signatures[node_id]
        if signature is not None:
            self.cache[signature] = made

    def _show(self, node_id: str, ui: Mapping[str, Any] | None) -> None:
        if ui is not None:
            self.outcome.outputs[node_id] = dict(ui)
            self.outcome.meta[node_id] = {
                "node_id": node_id,
                "display_node": node_id,
                "parent_node": None,
                "real_node_id": node_id,
            }

    def _perform(self, node_id: str) -> Made:
        node = self.job.graph[node_id]
        self._inputs = {}
        self.teller.starts(node_id)
        self.bench.check()
        schema = self.catalogue.schema(node["class_type"])
        # Inputs that the node does not have are dropped; so is a list that stands open at an unknown choice.
        for wanted in inputs_of(schema, node["inputs"]):
            if wanted.name in node["inputs"]:
                self._inputs[wanted.name] = self._value(node["inputs"][wanted.name])
        previews = self.job.extra_data.get("preview_method") not in (None, "none", "default")

        def progress(done: int, of: int) -> None:
            self.teller.progress(node_id, done, of, preview_jpeg(node_id, done, of) if previews else None)

        return perform(Call(node_id, node["class_type"], self._inputs, self.bench, progress))

    def _value(self, given: Any) -> Any:
        if not is_link(given):
            return given
        made = self._cached(given[0])
        if made is None:
            raise NodeFailed("KeyError", f"'{given[0]}'")
        return made.values[given[1]]

    def where(self) -> dict[str, Any]:
        """Where the run stands, as execution_interrupted tells it."""
        return {
            "node_id": self._at,
            "node_type": self.job.graph[self._at]["class_type"],
            "executed": list(self._executed),
        }

    def failure(self, error: Exception) -> dict[str, Any]:
        """What went wrong, as execution_error tells it."""
        kind = error.kind if isinstance(error, NodeFailed) else type(error).__name__
        log.info("node %s of prompt %s failed: %s", self._at, self.job.prompt_id, error)
        return {
            **self.where(),
            "exception_message": f"{error}\n",
            "exception_type": kind,
            "traceback": traceback.format_tb(error.__traceback__),
            "current_inputs": {name: [str(value)] for name, value in self._inputs.items()},
            "current_outputs": list(self.job.graph),
        }
