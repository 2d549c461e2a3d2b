"""Model files in words: which are here, what is to come, whether it fits, how far a download is."""

from __future__ import annotations

from collections.abc import Iterable

from ltxlib.core.amounts import size_text
from ltxlib.core.catalog_parts import ModelFile
from ltxlib.core.problem import Problem
from ltxlib.hub import shelf
from ltxlib.hub.asking import page_of
from ltxlib.studio.fetch_state import CHECKING, FETCHING, READY, FetchState, FileState
from ltxlib.studio.models import SPARE_BYTES, ModelsPlan
from ltxlib.ui import look

_GATED = "asks you to log in"
_PHASES = {FETCHING: "fetching", CHECKING: "checking what came"}


def amount(size_bytes: int | None) -> str:
    """A size as people say it; of files that nobody has counted too."""
    return "size not known" if size_bytes is None else size_text(size_bytes)


def state_text(one: shelf.Found) -> tuple[str, str]:
    """How one file is, in a few words, and the kind of their label."""
    if one.state == shelf.THERE:
        return "here", "good"
    if one.state == shelf.ELSEWHERE and one.lies is not None:
        return f"in {one.lies.parent.name}/, to be moved", "wait"
    if one.state == shelf.HALF:
        return f"{amount(one.have_bytes)} of it here", "wait"
    if one.state == shelf.WRONG_SIZE:
        return "damaged, to be fetched anew", "bad"
    return "missing", ""


def plan_html(plan: ModelsPlan, here: bool, state: FetchState | None = None) -> str:
    """Every file with its size and how it is; here: whether the machine has a place for them at all.

    state: of the download that runs.
    """
    rows = []
    for one in plan.found:
        file = one.file
        moving = state.files.get(file.name) if state else None
        if moving is not None:
            how = _moving_html(moving)
        elif here:
            how = look.tag(*state_text(one))
        else:
            how = ""
        if file.gated and one.state != shelf.THERE and moving is None:
            page = look.link(page_of(file), _GATED)
            how += f' <span class="ltx-quiet">{page}</span>'
        place = f'<span class="ltx-quiet">{look.escape(file.folder)}/</span>'
        rows.append((f"{place}{look.escape(file.name)}", look.escape(amount(file.size_bytes)), how))
    return look.table(("File", "Size", "State"), rows)


def _moving_html(file: FileState) -> str:
    if file.phase == READY:
        return look.tag("here", "good")
    if not file.phase and not file.done_bytes:
        return look.tag("waits")
    part = file.done_bytes / file.size_bytes if file.size_bytes else 0.0
    words = f"{'checking ' if file.phase == CHECKING else ''}{part:.0%}"
    return f'<span class="ltx-quiet">{words}</span>{look.bar(file.done_bytes, file.size_bytes, thin=True)}'


def room_html(plan: ModelsPlan) -> str:
    """How much it is, how long it takes, and what is left of the disk; in red when it does not fit."""
    unknown = sum(one.file.size_bytes is None and one.state != shelf.THERE for one in plan.found)
    and_more = f" and {look.plural(unknown, 'file')} of unknown size" if unknown else ""
    rows = [("Together", f"{amount(plan.total_bytes)}{and_more} in {plan.models}")]
    if plan.missing:
        rows.append(("Still to fetch", f"{amount(plan.left_bytes)}{and_more}"))
        if plan.seconds is not None and plan.bytes_per_s:
            took = f"about {look.span_text(plan.seconds)}"
            rows.append(("Time", f"{took}, at the {speed(plan.bytes_per_s)} that were measured here"))
        else:
            rows.append(("Time", "not known: no speed was measured here yet"))
    after = plan.free_bytes - plan.left_bytes
    then = f", {amount(max(after, 0))} afterwards" if plan.missing else ""
    rows.append(("Free on the disk", f"{amount(plan.free_bytes)} now{then}"))
    table = look.facts((name, look.escape(words)) for name, words in rows)
    if plan.fits or not plan.missing:
        return table
    lacks = plan.left_bytes + SPARE_BYTES - plan.free_bytes
    says = (
        f"This does not fit: {amount(lacks)} more are wanted, {amount(SPARE_BYTES)} of them to stay free "
        "for takes."
    )
    cure = "Choose a smaller model, delete what is not needed, or rent a larger volume."
    return table + look.note(says, cure, kind="bad")


def speed(bytes_per_s: float) -> str:
    """A speed as people say it."""
    return f"{size_text(round(bytes_per_s))} a second"


def button_text(plan: ModelsPlan) -> str:
    """What the button does."""
    if any(one.state == shelf.HALF for one in plan.missing):
        return f"Go on: {amount(plan.left_bytes)} are left"
    if plan.missing:
        size = f", {amount(plan.left_bytes)}" if plan.left_bytes else ""
        return f"Fetch {look.plural(len(plan.missing), 'file')}{size}"
    if plan.misplaced:
        return f"Move {look.plural(len(plan.misplaced), 'file')} to the right place"
    return "All of them are here"


def progress_html(state: FetchState | None, *, stopping: bool) -> str:
    """All files together: how much, how fast, how long still."""
    if state is None:
        words = "Stopping ..." if stopping else "Asking Hugging Face for each file ..."
        return f'<div class="ltx-said"><span class="ltx-now">{words}</span></div>'
    head = f"{amount(state.done_bytes)} of {amount(state.size_bytes)}"
    now = [f"{_PHASES.get(state.phase, state.phase)} {state.file}"]
    if state.bytes_per_s and state.phase == FETCHING:
        now.append(speed(state.bytes_per_s))
        if state.left_s is not None:
            now.append(f"{look.span_text(state.left_s)} left")
    said = "Stopping ..." if stopping else ", ".join(now)
    return (
        f'<div class="ltx-said"><b>{head}</b><span class="ltx-now">{look.escape(said)}</span></div>'
        f"{look.bar(state.done_bytes, state.size_bytes)}"
    )


def unknown_html(names: Iterable[str]) -> str:
    """Files that own workflows name and the kit does not know."""
    told = [
        Problem(
            name,
            "A workflow of yours names it; the kit does not know where it comes from.",
            "Put it into its folder below models/ by hand.",
            warning=True,
        )
        for name in names
    ]
    return look.problem_table(told) if told else ""


def gated_in(plan: ModelsPlan) -> list[ModelFile]:
    """The missing files that Hugging Face gives only to those who agreed to their terms."""
    return [one.file for one in plan.missing if one.file.gated]
