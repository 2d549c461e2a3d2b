"""The morning report on disk: what the journal tells of the last run, with a small picture of each take."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from ltxlib.core.figures import Figures, Made, last_run
from ltxlib.core.ladder import words_of
from ltxlib.core.report_page import Card, Report, page
from ltxlib.errors import LtxlibError
from ltxlib.media.poster import write_poster
from ltxlib.store import takes as take_store
from ltxlib.store.files import inside, write_whole
from ltxlib.store.project import Shelf
from ltxlib.studio.price import HourlyPrice

# Small enough to mail: at this width a picture is about 10 KB, so all of them together stay below 2 MB.
PICTURE_PX = 240
MOST_PICTURES = 150


@dataclass(frozen=True)
class NightPart:
    """What a night knows beyond its batch: when it began and ended, in seconds since 1970; how it went."""

    began: float
    ended: float
    says: str
    lines: tuple[str, ...] = ()


def write_report(
    shelf: Shelf, price: HourlyPrice | None = None, night: NightPart | None = None
) -> Path | None:
    """Write the report of the last run, whole or not at all; None when nothing ever ran.

    night: then it is this night's, with or without a run in it, and time and money are those of the whole
    night. It needs nothing but the disk, so it can be written after a night that died half way. Raises
    StoreError.
    """
    figures = _of_night(shelf, last_run(shelf.journal), night) if night else last_run(shelf.journal)
    if figures is None:
        return None
    report = Report(
        figures,
        _cards(shelf, figures),
        _next_steps(figures),
        price.usd if price else None,
        price.source if price else "",
        night.says if night else "",
        night.lines if night else (),
    )
    began = "".join(letter for letter in figures.began[:16] if letter.isdigit())
    path = inside(shelf.folder, "reports", f"night-{began}.html")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, page(report).encode())
    return path


def _of_night(shelf: Shelf, run: Figures | None, night: NightPart) -> Figures:
    """The figures of the run that belongs to a night, over the whole night; empty ones when it had none."""
    began, last = (datetime.fromtimestamp(at, timezone.utc) for at in (night.began, night.ended))
    if run is None or datetime.fromisoformat(run.began) < began.replace(microsecond=0):
        run = Figures("", "", True, False, shelf.rehearsal, None, (), (), 0, 0)
    return replace(run, began=began.isoformat(), last=last.isoformat())


def _cards(shelf: Shelf, figures: Figures) -> tuple[Card, ...]:
    decided = take_store.decisions(shelf)
    cards = []
    for number, made in enumerate(figures.made):
        try:
            take = take_store.load_take(take_store.record_path(shelf, made.scene, made.take_id))
        except LtxlibError as error:
            cards.append(Card(made.scene, made.take_id, b"", 0.0, made.render_s, "", (error.message,)))
            continue
        jpeg = _picture(shelf, made) if number < MOST_PICTURES else b""
        decision = decided.get(take.key, "")
        cards.append(
            Card(
                take.scene,
                take.take_id,
                jpeg,
                take.clip.duration_s,
                made.render_s,
                decision,
                tuple(take.warnings),
                words_of(take.rung),
            )
        )
    return tuple(cards)


def _picture(shelf: Shelf, made: Made) -> bytes:
    clip = take_store.clip_path(shelf, made.scene, made.take_id)
    try:
        with tempfile.TemporaryDirectory() as folder:
            return write_poster(clip, Path(folder) / "small.jpg", PICTURE_PX).read_bytes()
    except (LtxlibError, OSError):
        # A report without one picture is better than none.
        return b""


def _next_steps(figures: Figures) -> tuple[str, ...]:
    steps = []
    if not figures.ended or figures.cancelled:
        steps.append("Run the batch again: it goes on from here, and what is made is not made twice.")
    if figures.failed:
        steps.append("Mend what is named below, or run the batch again: takes that failed are tried anew.")
    if figures.lowered:
        steps.append(
            "Where takes are named smaller, shorter or the like, memory ran out. To have them as asked, take"
            " a card with more memory or an fp8 model, switch the ladder off, and run the batch again."
        )
    if figures.made:
        steps.append("Open notebook 03, watch the takes and keep the good ones; notebook 04 joins them.")
    if not figures.rehearsal:
        steps.append("A pod that is not stopped costs money: look on RunPod's page whether yours is.")
    return tuple(steps)
