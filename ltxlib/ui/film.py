"""A finished film, told: its player, its facts, how to take it home, and the films made before it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ltxlib.store.project import Shelf
from ltxlib.studio.assemble import Film, masters
from ltxlib.ui import look
from ltxlib.ui.video import files_url, video_html

_SHOWN = 10


def fact_texts(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is known of a film, as names and plain texts; none when its record is not whole."""
    try:
        length = f"{look.clock(facts['duration_s'])} ({facts['frames']} frames, {facts['fps']} a second)"
        loudness, peak = facts["integrated_lufs"], facts["true_peak_dbtp"]
        rows = [
            ("Length", length),
            ("Picture", f"{facts['width_px']} x {facts['height_px']}"),
            ("Loudness", "silent" if loudness is None else f"{loudness:.1f} LUFS"),
            ("Loudest peak", "silent" if peak is None else f"{peak:.1f} dBTP"),
            ("Size", f"{facts['size_bytes'] / 1e6:.1f} MB"),
        ]
        return rows + [("Note", str(said)) for said in facts.get("notes", ())]
    except (KeyError, TypeError, ValueError):
        return []


def film_html(film: Film, still: Path | None = None) -> str:
    """The film in a player, what is known of it, and how to take it home; still: shown until it plays."""
    rows = [(name, look.escape(value)) for name, value in fact_texts(film.facts)]
    rows.append(("Where it is", f"<code>{look.escape(film.path)}</code>"))
    url = files_url(film.path)
    if url:
        link = f'<a href="{look.escape(url)}" download="{look.escape(film.path.name)}">Download the film</a>'
        rows.append(("Take it home", f"{link} (or right-click the picture and save it)"))
    again = "This very film was made before; here it is." if film.reused else "Your film is ready."
    return (
        f"{look.note(again)}{video_html(film.path, still=still, shape=_shape(film.facts))}{look.facts(rows)}"
    )


def _shape(facts: Mapping[str, Any]) -> tuple[int, int] | None:
    """Width and height in pixels, when the record is whole."""
    width, height = facts.get("width_px"), facts.get("height_px")
    return (width, height) if isinstance(width, int) and isinstance(height, int) else None


def films_html(shelf: Shelf) -> str:
    """The films of this shelf, newest first."""
    rows = []
    for path in masters(shelf)[:_SHOWN]:
        facts, url = _read(path), files_url(path)
        name = look.escape(path.name)
        seconds = facts.get("duration_s")
        length = look.clock(seconds) if isinstance(seconds, int | float) else ""
        made = look.when(str(facts.get("made_at", "")))
        shown = f'<a href="{look.escape(url)}" target="_blank">{name}</a>' if url else name
        rows.append((shown, look.escape(length), look.escape(made)))
    if not rows:
        return ""
    head = '<div class="ltx-scene-name">Films so far</div>'
    return head + look.table(("File", "Length", "Made"), rows)


def _read(film: Path) -> dict[str, Any]:
    try:
        facts = json.loads(film.with_suffix(".json").read_bytes())
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}
