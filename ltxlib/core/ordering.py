"""In which order takes are rendered: few swaps of models and LoRAs, sources before what starts from them.

ComfyUI keeps what the prompt before used. Another checkpoint is read from disk again (minutes), other LoRAs
are worked into the weights again (seconds to a minute), another workflow with the same files costs little.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ltxlib.core.plan import RenderPlan

# How many ways of going on are weighed at a swap; among more than that, those that come first in the table.
_MOST_WEIGHED = 24
_Cost = tuple[int, int, int]
_FREE: _Cost = (0, 0, 0)


@dataclass(frozen=True)
class Loaded:
    """What a server holds while it makes a take: model files, LoRAs with their strengths, kind of graph."""

    models: Hashable
    loras: Hashable
    kind: Hashable

    def swap_to(self, other: Loaded) -> _Cost:
        """What changes from this take to another: models, LoRAs, kind; of these only the dearest counts."""
        if self.models != other.models:
            return (1, 0, 0)
        if self.loras != other.loras:
            return (0, 1, 0)
        return (0, 0, 1) if self.kind != other.kind else _FREE


def loaded(plan: RenderPlan) -> Loaded:
    """What a server must load for a take.

    Of a graph of the creator's own without a tag for the model nobody knows, so it counts as another model.
    """
    values = plan.values
    models = plan.scene.model if values.get("checkpoint") else plan.workflow
    loras = []
    for name in ("camera_lora", "distilled_lora"):
        if values.get(name):
            strength = values.get(name.replace("_lora", "_strength"), values.get(f"{name}_strength"))
            loras.append((values[name], strength))
    loras += [tuple(one) for one in values.get("style_loras") or ()]
    return Loaded(models, tuple(loras), (plan.workflow, plan.draft, bool(values.get("audio", True))))


def in_order(plans: Iterable[RenderPlan]) -> list[RenderPlan]:
    """The same takes in the order in which they are best rendered; pure, and the same for the same takes.

    Of orders in which each take comes after those that it starts from, one with few swaps of models, then of
    LoRAs, then of graphs; what is alike stays in the order given. Takes that wait for each other in a ring
    keep their order.
    """
    work = _Work.of(list(plans))
    order: list[int] = []
    holds: Loaded | None = None
    while len(order) < len(work.keys):
        holds = work.best_next(holds)
        order += work.make_all(holds)
    return [work.plans[place] for place in order]


def swaps(plans: Sequence[RenderPlan]) -> _Cost:
    """How often models, LoRAs and graphs change when takes are made in this order; the first load is none."""
    keys = [loaded(plan) for plan in plans]
    return _sum(one.swap_to(other) for one, other in pairwise(keys))


@dataclass
class _Work:
    """What is still to be ordered. Takes are known by their places in the list that was given."""

    plans: list[RenderPlan]
    keys: list[Loaded]
    # By take: for how many it still waits; and which wait for it.
    waits: list[int]
    takers: list[list[int]]
    # By what must be loaded: the takes that may begin, first in the table first.
    ready: dict[Loaded, list[int]]
    blocked: int

    @classmethod
    def of(cls, plans: list[RenderPlan]) -> _Work:
        places = {plan.key: place for place, plan in enumerate(plans)}
        waits, takers = [0] * len(plans), [[] for _ in plans]
        for place, plan in enumerate(plans):
            for source in {source.key for source in plan.sources.values()}:
                if source in places and places[source] != place:
                    takers[places[source]].append(place)
                    waits[place] += 1
        keys = [loaded(plan) for plan in plans]
        ready: dict[Loaded, list[int]] = defaultdict(list)
        for place, key in enumerate(keys):
            if not waits[place]:
                ready[key].append(place)
        return cls(plans, keys, waits, takers, dict(ready), sum(map(bool, waits)))

    def copy(self) -> _Work:
        ready = {key: list(heap) for key, heap in self.ready.items()}
        return _Work(self.plans, self.keys, list(self.waits), self.takers, ready, self.blocked)

    def best_next(self, holds: Loaded | None) -> Loaded:
        """What to load next: of the cheapest swaps the one after which the rest goes with the fewest."""
        options = self._cheapest(holds)
        if not options:
            # A ring, which no checked table has: the first of its takes is let go.
            place = next(place for place, count in enumerate(self.waits) if count > 0)
            self.waits[place] = 0
            self.blocked -= 1
            self.ready.setdefault(self.keys[place], []).append(place)
            return self.keys[place]
        if len(options) == 1 or not self.blocked:
            return options[0]
        return min(options[:_MOST_WEIGHED], key=self._rest)

    def _cheapest(self, holds: Loaded | None) -> list[Loaded]:
        """What may be loaded next at the lowest price, first in the table first."""
        if not self.ready:
            return []
        prices = {key: holds.swap_to(key) if holds else _FREE for key in self.ready}
        low = min(prices.values())
        return sorted(
            (key for key, price in prices.items() if price == low), key=lambda key: self.ready[key][0]
        )

    def _rest(self, first: Loaded) -> _Cost:
        """What all swaps cost when this is loaded next and then always the cheapest."""
        ahead, holds, costs = self.copy(), first, []
        ahead.make_all(first)
        while ahead.ready:
            following = ahead._cheapest(holds)[0]
            costs.append(holds.swap_to(following))
            ahead.make_all(following)
            holds = following
        return _sum(costs)

    def make_all(self, key: Loaded) -> list[int]:
        """Take out all that can be made with this loaded, that which becomes ready meanwhile included."""
        heap, made = self.ready.pop(key), []
        while heap:
            place = heapq.heappop(heap)
            made.append(place)
            # Made: it can never become ready again.
            self.waits[place] = -1
            for taker in self.takers[place]:
                if self.waits[taker] <= 0:
                    continue
                self.waits[taker] -= 1
                if not self.waits[taker]:
                    self.blocked -= 1
                    heapq.heappush(heap if self.keys[taker] == key else self._queue(taker), taker)
        return made

    def _queue(self, place: int) -> list[int]:
        return self.ready.setdefault(self.keys[place], [])


def _sum(costs: Iterable[_Cost]) -> _Cost:
    models = loras = kinds = 0
    for model, lora, kind in costs:
        models, loras, kinds = models + model, loras + lora, kinds + kind
    return models, loras, kinds
