"""A night in words and a bar: where it is while it runs, and how it ended."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from ltxlib.core.status import ALL_MADE, NOTHING_STARTED, BatchStatus, Rendering
from ltxlib.store.night_files import AFTER_TAKE, NOW
from ltxlib.studio.night import NOTEBOOKS
from ltxlib.studio.night_end import EXIT_WORDS
from ltxlib.studio.watching import COUNTDOWN, PHASES, STOPPING, NightView
from ltxlib.ui import look
from ltxlib.ui.video import files_url, open_url

CLOSE = "You may close this page and the laptop now: the night goes on by itself, and shows here again."


def running_html(view: NightView) -> str:
    """Phase, bar, present moment, time and money of a night that runs."""
    batch = view.batch
    parts = [_head(view), _bar(batch), _steps(batch)]
    ordered = {
        AFTER_TAKE: "It ends after the take that is being rendered.",
        NOW: "It is being ended now. Finished takes are kept.",
    }.get(view.orders.end)
    if ordered:
        parts.append(look.note(ordered, kind="wait"))
    if view.phase in (COUNTDOWN, STOPPING):
        parts.append(_countdown(view))
    parts.append(look.facts(_running_facts(view)))
    if not ordered and view.phase not in (COUNTDOWN, STOPPING):
        parts.append(look.note(CLOSE))
    return "".join(parts)


def _head(view: NightView) -> str:
    batch = view.batch
    said = PHASES.get(view.phase, view.phase) or "getting ready"
    head = said[:1].upper() + said[1:]
    if view.phase == "02_generate" and batch and batch.takes:
        head += f", {batch.takes - batch.left} of {look.plural(batch.takes, 'take')}"
    now = look.escape(_now(batch)) if view.phase == "02_generate" else ""
    return f'<div class="ltx-said"><b>{look.escape(head)}</b><span class="ltx-now">{now}</span></div>'


def _now(batch: BatchStatus | None) -> str:
    """What happens at this moment, in a few words."""
    if batch is None:
        return "getting ready ..."
    if batch.waiting_for:
        return f"Waiting: {batch.waiting_for}"
    at_work = _at_work(batch)
    if not at_work:
        return "" if batch.ended else "getting ready ..."
    first, more = at_work[0], len(at_work) - 1
    name = f"{first.scene}, take {first.take_no}"
    said = f"{name}: step {first.step} of {first.steps}" if first.steps else f"{name}: waiting its turn"
    return f"{said}, and {more} more" if more else said


def _at_work(batch: BatchStatus) -> list[Rendering]:
    """The takes that are rendered at this moment; where none moves yet, the one that comes first."""
    moving = [one for one in batch.now if one.steps]
    return moving or list(batch.now[:1])


def _bar(batch: BatchStatus | None) -> str:
    """What is there, what failed and what is left, in one bar; nothing before anything is counted."""
    if batch is None or not batch.takes:
        return ""
    there, failed = batch.there + batch.made, batch.failed
    good, bad = (100 * min(count / batch.takes, 1.0) for count in (there, failed))
    return (
        f'<div class="ltx-bar ltx-two" role="progressbar" aria-valuemin="0" aria-valuemax="{batch.takes}" '
        f'aria-valuenow="{there + failed}"><i style="width:{good:.1f}%"></i>'
        f'<i class="ltx-failed" style="width:{bad:.1f}%"></i></div>'
    )


def _steps(batch: BatchStatus | None) -> str:
    at_work = _at_work(batch) if batch and not batch.ended else []
    return look.bar(at_work[0].step, at_work[0].steps, thin=True) if at_work and at_work[0].steps else ""


def _countdown(view: NightView) -> str:
    text = str(view.light.get("text") or "")
    if view.countdown_s is not None:
        minutes, seconds = divmod(round(view.countdown_s), 60)
        left = f"The pod is stopped in {minutes}:{seconds:02d} min, unless somebody keeps it running."
        return look.note(left, kind="wait")
    return look.note(text or f"The night is {PHASES[STOPPING]}.", kind="wait")


def _running_facts(view: NightView) -> list[tuple[str, str]]:
    rows = [("Takes", _counts(view.batch))] if view.batch and view.batch.takes else []
    running = f"since {_moment(view.began)}, {look.span_text(view.elapsed_s)}"
    if view.left_s is not None and view.phase == "02_generate":
        running += f"; about {look.span_text(view.left_s)} of rendering left"
    rows.append(("Running", running))
    over = view.phase in (COUNTDOWN, STOPPING)
    if view.limits and view.limits.until and not over:
        rows.append(("Ends by", _moment(view.limits.until)))
    rows += [("Money", said)] if (said := _money(view)) else []
    if view.options.get("stop_pod") and (view.orders.keep_pod or not over):
        after = "it is left running this time" if view.orders.keep_pod else "it is stopped when all is over"
        rows.append(("The pod", after))
    last = (view.batch.last if view.batch and not view.says else "") or view.says
    rows += [("Said last", last)] if last else []
    return [(name, look.escape(text)) for name, text in rows]


def _counts(batch: BatchStatus | None) -> str:
    if batch is None:
        return ""
    parts = [f"{batch.made} made"]
    parts += [f"{batch.there} there before"] if batch.there else []
    parts += [f"{batch.failed} failed"] if batch.failed else []
    parts += [f"{batch.left} left"] if batch.left else []
    return f"{', '.join(parts)}, of {batch.takes}"


def _money(view: NightView) -> str:
    """What it cost so far, beside what it may cost; empty when nobody knows the price."""
    if view.spent_usd is None:
        return ""
    said = f"${view.spent_usd:.2f}"
    budget = view.limits.budget_usd if view.limits and view.running else None
    said += f" of ${budget:.2f}" if budget is not None else ""
    said += f", at ${view.usd_per_hour:.2f} an hour" if view.usd_per_hour is not None else ""
    said += f" ({view.price_source})" if view.price_source else ""
    return f"a pod would have cost {said}" if view.rehearsal else said


def ended_html(view: NightView, executed: Sequence[Path] = ()) -> str:
    """How the last night ended; executed: the copies of the notebooks as they ran."""
    if view.died:
        cure = "Start it again: it goes on where it was, and renders nothing twice."
        parts = [look.note(view.told, cure, kind="bad")]
    else:
        kind = {ALL_MADE: "", NOTHING_STARTED: "bad"}.get(view.exit_code or ALL_MADE, "wait")
        parts = [look.note(view.told, kind=kind)]
    light = _light(view)
    rows = [("Takes", look.escape(_counts(view.batch)))] if view.batch and view.batch.takes else []
    if view.ended_at:
        lasted = f"{_moment(view.ended_at)}, after {look.span_text(view.elapsed_s)}"
        rows.append(("Ended", look.escape(lasted)))
    rows += [("Money", look.escape(said))] if (said := _money(view)) else []
    if view.exit_code is not None:
        words = EXIT_WORDS.get(view.exit_code, "")
        rows.append(("Exit code", look.escape(f"{view.exit_code}: {words}" if words else view.exit_code)))
    if view.report:
        rows.append(("Report", _link(view.report, files_url(view.report), "Open the morning report")))
    if executed:
        links = [_link(path, open_url(path), path.stem) for path in executed]
        rows.append(("Notebooks as they ran", ", ".join(links)))
    return "".join([*parts, light, look.facts(rows)])


def _light(view: NightView) -> str:
    """What became of the pod, in red when it runs on though it was to be stopped."""
    text = str(view.light.get("text") or "")
    if not text:
        asked = view.died and view.options.get("stop_pod")
        text = "Whether the pod was stopped is not known. Look on RunPod's page." if asked else ""
        return look.note(text, kind="bad") if text else ""
    if view.light.get("stopped"):
        return look.note(text)
    return look.note(text, kind="wait" if view.orders.keep_pod or "no pod" in text else "bad")


def executed_copies(view: NightView) -> list[Path]:
    """The executed notebooks of this very night that are on the disk, in their order."""
    if view.notebook is None:
        return []
    copies = [view.notebook.with_name(f"{name}.ipynb") for name in NOTEBOOKS]
    return [copy for copy in copies if _changed(copy) >= view.began]


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _link(path: Path, url: str | None, words: str) -> str:
    """A link that opens in a page of its own, or where the file lies."""
    if url is None:
        return f"<code>{look.escape(path)}</code>"
    return f'<a href="{look.escape(url)}" target="_blank" rel="noopener">{look.escape(words)}</a>'


def _moment(moment: float) -> str:
    """A moment by this machine's clock: "Mon 06:30 UTC"."""
    return time.strftime("%a %H:%M %Z", time.localtime(moment))
