"""How fast this machine makes takes, told by those it made; for others the catalog's figures stand in.

Work is counted as the catalog counts it: pixels times frames, times the steps that are made at full size.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ltxlib.core import catalog, controls, plan, specials
from ltxlib.core.modes import MODES, SMALLEST_PX
from ltxlib.core.plan import Estimate, RenderPlan
from ltxlib.core.scene import Scene
from ltxlib.core.take import Take

_CATALOG = "the catalog's figures"
# The newest takes tell how it is now.
_MOST = 200
_LOW, _HIGH = 0.1, 0.9
# Few takes say little of how much they differ: the range is made wider by this.
_FEW, _WIDER = 4, 1.25
# PyTorch's place and memory manager around the name of a card: "cuda:0 NVIDIA L40S : cudaMallocAsync".
_DRESS = re.compile(r"^(?:cuda|xpu|hip|mps)(?::\d+)? +| : \w+$")


@dataclass(frozen=True)
class Kind:
    """What takes have in common whose times can be compared: the model, and the way it is used."""

    model: str
    way: str


@dataclass(frozen=True)
class Speed:
    """Seconds for a unit of work, from quick to slow, and of how many takes this is known."""

    low_s: float
    high_s: float
    takes: int


@dataclass(frozen=True)
class Pace:
    """How fast takes are made on a card (its name, empty when not known).

    rehearsal: told by stand-ins, so only of stand-ins. kinds, models: speeds by kind, and by model over all
    of its kinds.
    """

    card: str = ""
    rehearsal: bool = False
    kinds: Mapping[Kind, Speed] = field(default_factory=dict)
    models: Mapping[str, Speed] = field(default_factory=dict)

    def speed_of(self, asked: RenderPlan) -> Speed | None:
        """How fast takes like this one were made, else any of its model; None when there were none."""
        kind, _ = _kind_and_work(asked.scene, draft=asked.draft)
        return self.kinds.get(kind) or (self.models.get(kind.model) if _scales(asked.scene) else None)

    def take_s(self, asked: RenderPlan) -> tuple[float, float] | None:
        """How long a take lasts here, in seconds from best to worst, else by the catalog; None: not known."""
        speed = self.speed_of(asked)
        if speed is None:
            return None if self.rehearsal else plan.take_s(asked)
        _, work = _kind_and_work(asked.scene, draft=asked.draft)
        return speed.low_s * work, speed.high_s * work


def card_of(server: Mapping[str, Any]) -> str:
    """The card that a server's facts name, as people call it; empty when they name none."""
    devices = server.get("devices")
    first = devices[0] if isinstance(devices, (list, tuple)) and devices else ""
    return _DRESS.sub("", first).strip() if isinstance(first, str) else ""


def pace_of(takes: Iterable[Take], card: str | None = None, *, rehearsal: bool = False) -> Pace:
    """How fast takes were made on a card; takes of other cards do not count.

    card: as `card_of` names it; None for the card of the newest take. rehearsal: whether the pace of
    stand-ins is asked for; a film's never counts stand-ins.
    """
    # Made with less memory than was asked for, a take is other work than its record tells.
    mine = [take for take in takes if take.rehearsal == rehearsal and take.render_s > 0 and take.rung < 2]
    mine = sorted(mine, key=lambda take: take.made_at, reverse=True)
    if card is None:
        card = next((name for name in map(card_of, (take.server for take in mine)) if name), "")
    units: dict[Kind, list[float]] = defaultdict(list)
    pooled: dict[str, list[float]] = defaultdict(list)
    for take in [take for take in mine if card_of(take.server) == card][:_MOST]:
        scene = _scene_of(take)
        if scene is None:
            continue
        kind, work = _kind_and_work(scene, draft=take.draft)
        units[kind].append(take.render_s / work)
        if _scales(scene):
            pooled[kind.model].append(take.render_s / work)
    return Pace(
        card,
        rehearsal,
        {kind: _speed(found) for kind, found in units.items()},
        {model: _speed(found) for model, found in pooled.items()},
    )


def estimate_by(plans: Iterable[RenderPlan], pace: Pace, lanes: int = 1) -> Estimate:
    """What a night of these plans would take here: by takes that were made, for the others by the catalog.

    lanes: how many servers share the work. Of a rehearsal the catalog says nothing, so takes unlike those it
    made are left out.
    """
    wanted = list(plans)
    measured = [one for one in wanted if pace.speed_of(one)]
    others = [one for one in wanted if not pace.speed_of(one)]
    if not measured and not pace.rehearsal:
        guess = plan.estimate(others)
        named = f"{_CATALOG}, {guess.source}" if others and guess.known else guess.source
        return _shared(replace(guess, source=named), lanes, len(wanted))
    spans = [span for span in map(pace.take_s, measured) if span]
    low_s, high_s = sum(span[0] for span in spans), sum(span[1] for span in spans)
    sources = [_told(pace, measured)] if measured else []
    left_out = len(others)
    if pace.rehearsal:
        if others:
            sources.append("the rehearsal has made no take like these here yet")
    elif others:
        rest = plan.estimate(others)
        low_s, high_s, left_out = low_s + rest.low_s, high_s + rest.high_s, rest.left_out
        sources.append(f"for the others {_CATALOG}, {rest.source}" if rest.known else rest.source)
    else:
        # The model may be loaded already.
        high_s += catalog.FIRST_LOAD_S[1]
    known = left_out < len(wanted) or not wanted
    source = "; ".join(sources) or "nothing to render"
    return _shared(Estimate(low_s, high_s, source, left_out, known), lanes, len(wanted))


def _told(pace: Pace, measured: list[RenderPlan]) -> str:
    """From how many takes the figure comes, and where they were made."""
    used: dict[Kind | str, Speed] = {}
    for one in measured:
        kind, _ = _kind_and_work(one.scene, draft=one.draft)
        key: Kind | str = kind if kind in pace.kinds else kind.model
        used[key] = pace.kinds[kind] if kind in pace.kinds else pace.models[kind.model]
    # A model's takes of all kinds hold those of one kind.
    pooled = {key for key in used if isinstance(key, str)}
    count = sum(s.takes for key, s in used.items() if not (isinstance(key, Kind) and key.model in pooled))
    return f"from {count} take{'' if count == 1 else 's'} made here{f' on {pace.card}' if pace.card else ''}"


def _shared(whole: Estimate, lanes: int, takes: int) -> Estimate:
    share = max(min(lanes, takes), 1)
    return Estimate(whole.low_s / share, whole.high_s / share, whole.source, whole.left_out, whole.known)


def _scales(scene: Scene) -> bool:
    """Whether the kit knows how the work of a take grows, whichever of its own ways it is made in."""
    return not scene.workflow and bool(MODES[scene.mode].seen)


def _kind_and_work(scene: Scene, *, draft: bool) -> tuple[Kind, float]:
    """With which takes a take can be compared, and how many units of work it is."""
    if scene.workflow:
        # What a graph of the creator's own does with a frame is its own affair.
        kind = Kind(scene.model, f"{scene.workflow}{' draft' if draft else ''}")
        return kind, scene.width * scene.height * scene.frames
    if not MODES[scene.mode].seen:
        return Kind(scene.model, scene.mode), SMALLEST_PX**2 * scene.frames
    way = "draft" if draft else f"{scene.stages} stages"
    share = plan.work_share(scene, draft=draft) or 1.0
    return Kind(scene.model, way), scene.width * scene.height * scene.frames * share


def _speed(found: list[float]) -> Speed:
    ranked = sorted(found)
    wider = _WIDER if len(ranked) < _FEW else 1.0
    return Speed(_at(ranked, _LOW) / wider, _at(ranked, _HIGH) * wider, len(ranked))


def _at(ranked: list[float], share: float) -> float:
    """The value below which so large a share of the others lies."""
    place = share * (len(ranked) - 1)
    low = int(place)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (ranked[high] - ranked[low]) * (place - low)


def _scene_of(take: Take) -> Scene | None:
    """The row that a take was made for, as far as its work depends on it; None when the record is silent."""
    if take.model not in catalog.KNOWN or take.mode not in MODES:
        return None
    held = take.settings
    width, height = held.get("width_px", take.clip.width_px), held.get("height_px", take.clip.height_px)
    steps, cfg, frames = held.get("steps"), held.get("cfg"), held.get("frames", take.clip.frames)
    numbers = (width, height, frames)
    if not all(isinstance(number, int) for number in numbers) or not frames:
        return None
    # A draft's file is smaller than its scene.
    if MODES[take.mode].seen and (not (width and height) or (take.draft and "width_px" not in held)):
        return None
    smooth = "clip_fps" in held
    stages, special, own = _way_of(take, smooth=smooth)
    return Scene(
        take.scene,
        take.prompt,
        mode=take.mode,
        model=take.model,
        width=width,
        height=height,
        frames=frames,
        stages=stages,
        special=special,
        workflow=own,
        smooth=smooth,
        steps=int(steps) if isinstance(steps, (int, float)) else None,
        cfg=float(cfg) if isinstance(cfg, (int, float)) else None,
    )


def _way_of(take: Take, *, smooth: bool) -> tuple[int, str, str]:
    """Stages, special and the creator's own graph of a take, told by the name of its workflow."""
    for name, special in specials.SPECIALS.items():
        if special.workflows.get(take.mode) == take.workflow:
            return 2, name, ""
    if take.mode == controls.MODE and any(
        take.workflow == one.workflow for one in controls.CONTROLS.values()
    ):
        return 2, specials.NONE, ""
    graph = catalog.KNOWN[take.model].graph
    files = plan.SMOOTH_WORKFLOWS if smooth else plan.WORKFLOWS
    for mode, stages in files:
        if mode == take.mode and plan.workflow_name(mode, stages, graph, smooth=smooth) == take.workflow:
            return stages, specials.NONE, ""
    return 2, specials.NONE, take.workflow
