"""How numbers and moments are put into words on the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ltxlib.core.catalog import GB
from ltxlib.core.catalog_parts import ModelFile, Price
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
    if not estimate.known:
        return f"a time that is not known ({estimate.source})"
    least = "more than " if estimate.left_out else ""
    return f"{least}{span(estimate.low_s)} to {span(estimate.high_s)} ({estimate.source})"


NOT_KNOWN = "not known"


def span_of(took: tuple[float, float] | None) -> str:
    """A time from best to worst, such as "45 s to 2 min 30 s"."""
    if took is None:
        return NOT_KNOWN
    low, high = map(span, took)
    return low if low == high else f"{low} to {high}"


def gate(repo: str) -> str:
    """What must be done once before files of a gated repository can be brought."""
    return f"agree to the terms at https://huggingface.co/{repo} and log in on the pod (hf auth login)"


def gated(repo: str) -> str:
    """What "gated" means in a list of models."""
    return f"gated: files of {repo} come only to those who did this once: {gate(repo)}."


def usd(seconds: float, price: Price) -> float:
    """What so much time costs, in US dollars, exact to a hundredth of a cent."""
    return round(seconds / 3600 * price.usd_per_hour, 4)


def money(took: tuple[float, float] | None, price: Price) -> str:
    """What a time from best to worst costs, such as "$0.01 to $0.02"."""
    if took is None:
        return NOT_KNOWN
    low, high = (f"{usd(seconds, price):.2f}" for seconds in took)
    if high == "0.00":
        return "under $0.01"
    if low == "0.00":
        return f"up to ${high}"
    return f"${high}" if low == high else f"${low} to ${high}"


def span_facts(took: tuple[float, float] | None, price: Price) -> dict[str, float | None]:
    """A time from best to worst and its cost, for machines; None where they are not known."""
    low_s, high_s = took or (None, None)
    return {
        "low_s": low_s,
        "high_s": high_s,
        "low_usd": None if low_s is None else usd(low_s, price),
        "high_usd": None if high_s is None else usd(high_s, price),
    }


def gigabytes(size_bytes: int | None) -> str:
    """A file's size, such as "27.1 GB" (of 10^9 bytes, as Hugging Face counts them)."""
    return f"{size_bytes / GB:.1f} GB" if size_bytes else NOT_KNOWN


def together(files: Sequence[ModelFile]) -> str:
    """The size of files together; "more than" when one of them is not known."""
    least = "more than " if any(file.size_bytes is None for file in files) else ""
    return least + gigabytes(sum(file.size_bytes or 0 for file in files))


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines with straight columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def count(number: int, word: str) -> str:
    """A number with its word: "1 take", "2 takes"."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def event_line(event: events.Event) -> str:
    """One line for a batch event; empty for those that are not worth one."""
    if isinstance(event, events.BatchStarted):
        return f"{event.takes} takes asked for, {event.there} there already."
    if isinstance(event, events.PromptWritten):
        what = "prompt written out by the text encoder" if event.text else "prompt stays as it is"
        return f"words   {event.plan.scene.scene}: {what}{f' ({event.says})' if event.says else ''}"
    if isinstance(event, events.Noted):
        return f"worth a look: {event.problem}"
    if isinstance(event, events.TakeSaved):
        warned = f" (look at it: {' '.join(event.take.warnings)})" if event.take.warnings else ""
        return f"made    {event.take.key} in {span(event.take.render_s)}{warned}"
    if isinstance(event, events.TakeFailed):
        return f"FAILED  {event.plan.scene.scene}/{event.plan.take_id}: {event.reason} {event.cure}"
    if isinstance(event, events.TakeDelayed):
        again = f"again in {span(event.pause_s)}" if event.pause_s >= 1 else "again"
        return f"failed  {event.plan.scene.scene}/{event.plan.take_id}, {again}: {event.reason}"
    if isinstance(event, events.TakeLowered):
        return f"smaller {event.plan.scene.scene}/{event.plan.take_id}: {event.says}"
    if isinstance(event, events.ServerNursed):
        return f"server  {event.says}"
    if isinstance(event, events.ServerLost):
        return f"waiting for the server: {event.reason}"
    if isinstance(event, events.BatchEnded):
        end = "stopped" if event.cancelled or event.stopped_by else "done"
        why = f" {event.says}" if event.says else ""
        return f"{end}: {event.made} made, {event.there} there already, {event.failed} failed.{why}"
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
