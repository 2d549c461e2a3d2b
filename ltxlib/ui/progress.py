"""What a batch has told so far, for both faces: a bar and a list in the browser, lines of text by night."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from ltxlib.core.plan import RenderPlan
from ltxlib.studio import events
from ltxlib.ui import look


@dataclass
class BatchState:
    """Counts and lists grown from the events of one batch; `apply` is called by its thread alone.

    noun: what is made, "take" or "draft".
    """

    takes: int = 0
    there: int = 0
    saved: list[events.TakeSaved] = field(default_factory=list)
    failed: list[events.TakeFailed] = field(default_factory=list)
    written: list[events.PromptWritten] = field(default_factory=list)
    current: RenderPlan | None = None
    step: int = 0
    steps: int = 0
    lost: str = ""
    ended: events.BatchEnded | None = None
    remarks: list[str] = field(default_factory=list)
    began_s: float = field(default_factory=time.monotonic)
    noun: str = "take"

    @property
    def done(self) -> int:
        """Takes that need no more work: there before, made now, or failed."""
        return self.there + len(self.saved) + len(self.failed)

    def apply(self, event: events.Event) -> None:
        """Take in one event."""
        if isinstance(event, events.BatchStarted):
            self.takes, self.there = event.takes, event.there
        elif isinstance(event, events.PromptWritten):
            self.written.append(event)
        elif isinstance(event, events.TakeSubmitted):
            self.lost = ""
            if self.current is None:
                self._now(event.plan)
        elif isinstance(event, events.TakeProgress):
            self._now(event.plan)
            self.step, self.steps, self.lost = event.step, event.steps, ""
        elif isinstance(event, events.TakeSaved):
            self.saved.append(event)
            self._leave(event.plan)
        elif isinstance(event, events.TakeFailed):
            self.failed.append(event)
            self._leave(event.plan)
        elif isinstance(event, (events.TakeDelayed, events.TakeLowered)):
            self._leave(event.plan)
            self.remarks.append(_remark(event))
        elif isinstance(event, events.ServerNursed):
            self.remarks.append(event.says)
            self.lost = ""
        elif isinstance(event, events.ServerLost):
            self.lost = event.reason
        elif isinstance(event, events.BatchEnded):
            self.ended, self.current = event, None

    def _now(self, plan: RenderPlan) -> None:
        if plan is not self.current:
            self.current, self.step, self.steps = plan, 0, 0

    def _leave(self, plan: RenderPlan) -> None:
        if plan is self.current:
            self.current, self.step, self.steps = None, 0, 0

    def now_text(self) -> str:
        """What happens at this moment, in a few words."""
        if self.lost:
            return f"{self.lost} Waiting for it to come back."
        if self.current is None:
            ready = "Prompts are written out ..." if self.written and not self.saved else "Getting ready ..."
            return ready if self.ended is None else ""
        name = f"{self.current.scene.scene}, {self.noun} {self.current.take_no}"
        return f"{name}: step {self.step} of {self.steps}" if self.steps else f"{name}: waiting its turn"

    def end_text(self) -> str:
        """How it ended, in one sentence."""
        ended = self.ended
        if ended is None:
            return ""
        parts = [f"{look.plural(ended.made, self.noun)} made"]
        if ended.there:
            parts.append(f"{ended.there} were there already")
        if ended.failed:
            parts.append(f"{ended.failed} failed")
        early = ended.cancelled or ended.stopped_by
        stopped = "Stopped. What was finished is kept: " if early else "Done: "
        why = f" {ended.says}" if ended.says and not ended.cancelled else ""
        return f"{stopped}{', '.join(parts)}, in {look.span_text(time.monotonic() - self.began_s)}.{why}"


def _remark(event: events.TakeDelayed | events.TakeLowered) -> str:
    """What a take met with on its way, in a sentence."""
    name = f"{event.plan.scene.scene}, take {event.plan.take_no}"
    if isinstance(event, events.TakeLowered):
        return f"{name}: {event.says}"
    return f"{name} failed and is tried again: {event.reason}"


def panel_html(state: BatchState, *, running: bool, stopping: bool, listed: bool = True) -> str:
    """Bar, present moment, what was saved (where it is to be listed) and what failed with reason and cure."""
    head = f"{state.done} of {look.plural(state.takes, state.noun)}" if state.takes else ""
    now = "Stopping after this moment ..." if stopping and running else state.now_text()
    parts = [
        f'<div class="ltx-said"><b>{head}</b><span class="ltx-now">{look.escape(now)}</span></div>',
        look.bar(state.done, state.takes),
    ]
    if running and state.steps:
        parts.append(look.bar(state.step, state.steps, thin=True))
    if state.ended:
        early = state.ended.cancelled or state.ended.stopped_by
        kind = "wait" if state.failed or early else ""
        parts.append(look.note(state.end_text(), kind=kind))
    parts += [
        _failed_html(state),
        _remarks_html(state),
        _written_html(state),
        _saved_html(state) if listed else "",
    ]
    return "".join(parts)


def _failed_html(state: BatchState) -> str:
    rows = []
    for event in state.failed:
        name = f"{event.plan.scene.scene}, {state.noun} {event.plan.take_no}"
        reason = look.escape(event.reason).replace("\n", "<br>")
        rows.append((look.tag("failed", "bad"), look.escape(name), reason, look.escape(event.cure)))
    return look.table(("", state.noun.capitalize(), "Why", "What to do"), rows) if rows else ""


def _remarks_html(state: BatchState) -> str:
    """What was met with and dealt with on the way, the newest first."""
    if not state.remarks:
        return ""
    rows = [(look.tag("dealt with", "wait"), look.escape(text)) for text in reversed(state.remarks)]
    return f'<div class="ltx-scroll">{look.table(("", "On the way"), rows)}</div>'


def _written_html(state: BatchState) -> str:
    """The prompts that the text encoder wrote out, to be read behind a fold."""
    if not state.written:
        return ""
    rows = [
        (
            look.escape(event.plan.scene.scene),
            look.escape(event.text or "The prompt stays as it is."),
            look.escape(event.says),
        )
        for event in state.written
    ]
    head: tuple[str, ...] = ("Scene", "Written out", "Worth knowing")
    if not any(row[-1] for row in rows):
        head, rows = head[:-1], [row[:-1] for row in rows]
    count = look.plural(len(rows), "prompt")
    said = f"{count} written out by the text encoder"
    return f"<details><summary>{said}</summary>{look.table(head, rows)}</details>"


def _saved_html(state: BatchState) -> str:
    rows: list[tuple[str, ...]] = []
    for event in reversed(state.saved):
        take = event.take
        clip = f"{take.clip.duration_s:.2f} s, made in {look.span_text(take.render_s)}"
        warned = " ".join(take.warnings)
        rows.append(
            (
                look.tag("made", "good"),
                look.escape(f"{take.scene}, {state.noun} {take.take_no}"),
                look.escape(clip),
                look.escape(warned),
            )
        )
    if not rows:
        return ""
    head: tuple[str, ...] = ("", state.noun.capitalize(), "Clip", "Worth knowing")
    if not any(row[-1] for row in rows):
        head, rows = head[:-1], [row[:-1] for row in rows]
    return f'<div class="ltx-scroll">{look.table(head, rows)}</div>'


class TextProgress:
    """The same as lines of text: each take as it is saved or failed, a sign of life every half minute."""

    def __init__(self, state: BatchState, every_s: float = 30.0) -> None:
        self.state = state
        self.every_s = every_s
        self._saved = self._failed = self._written = self._remarked = 0
        self._started = False
        self._spoke_s = time.monotonic()

    def see(self) -> None:
        """Print what is new."""
        state = self.state
        if state.takes and not self._started:
            self._started = True
            self._say(f"{look.plural(state.takes, 'take')} wanted, {state.there} of them there already.")
        for told in state.written[self._written :]:
            self._written += 1
            what = "written out by the text encoder" if told.text else "the prompt stays as it is"
            self._say(f"  words   {told.plan.scene.scene}: {what}{f' ({told.says})' if told.says else ''}")
        while self._saved < len(state.saved):
            event = state.saved[self._saved]
            self._saved += 1
            self._say(
                f"  made    {event.take.scene}, take {event.take.take_no} "
                f"({event.take.clip.duration_s:.2f} s, in {look.span_text(event.take.render_s)}; "
                f"{state.done} of {state.takes})"
            )
        for remark in state.remarks[self._remarked :]:
            self._remarked += 1
            self._say(f"  note    {remark}")
        while self._failed < len(state.failed):
            event = state.failed[self._failed]
            self._failed += 1
            self._say(
                f"  FAILED  {event.plan.scene.scene}, take {event.plan.take_no}: {event.reason} {event.cure}"
            )
        if time.monotonic() - self._spoke_s >= self.every_s and state.ended is None:
            self._say(f"  {state.now_text()} ({state.done} of {state.takes} done)")

    def _say(self, text: str) -> None:
        print(text, flush=True)
        self._spoke_s = time.monotonic()
