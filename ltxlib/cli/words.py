"""How numbers and moments are put into words on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ltxlib.core.plan import Estimate
from ltxlib.studio import events


def span(seconds: float) -> str:
    """A time as a person says it: "42 s", "3 min 5 s", "2 h 10 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def pod_time(estimate: Estimate) -> str:
    """What the same work would take on a pod, with where the figure comes from."""
    return f"{span(estimate.low_s)} to {span(estimate.high_s)} ({estimate.source})"


def event_line(event: events.Event) -> str:
    """One line for a batch event; empty for those that are not worth one."""
    if isinstance(event, events.BatchStarted):
        return f"{event.takes} takes asked for, {event.there} there already."
    if isinstance(event, events.TakeSaved):
        warned = f" (look at it: {' '.join(event.take.warnings)})" if event.take.warnings else ""
        return f"made    {event.take.key} in {span(event.take.render_s)}{warned}"
    if isinstance(event, events.TakeFailed):
        return f"FAILED  {event.plan.scene.scene}/{event.plan.take_id}: {event.reason} {event.cure}"
    if isinstance(event, events.ServerLost):
        return f"waiting for the server: {event.reason}"
    if isinstance(event, events.BatchEnded):
        end = "stopped" if event.cancelled else "done"
        return f"{end}: {event.made} made, {event.there} there already, {event.failed} failed."
    return ""


def event_facts(event: events.Event) -> Mapping[str, Any]:
    """A batch event as a flat JSON object, for machines."""
    facts: dict[str, Any] = {"event": type(event).__name__}
    for name, value in vars(event).items():
        if name == "plan":
            facts |= {"scene": value.scene.scene, "take": value.take_id, "seed": value.seed}
        elif name == "take":
            facts |= {
                "sha256": value.clip.sha256,
                "render_s": value.render_s,
                "warnings": list(value.warnings),
            }
        else:
            facts[name] = value if isinstance(value, (int, float, bool)) else str(value)
    return facts
