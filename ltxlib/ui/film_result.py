"""A finished film, told: player, certificate, facts, how to take it home, and the films before it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ltxlib.core.amounts import size_text
from ltxlib.store.project import Shelf
from ltxlib.studio.assemble import Film, masters
from ltxlib.ui import look
from ltxlib.ui.video import files_url, folder_url, video_html

_SHOWN = 10
_STATES = {"good": ("good", "good"), "doubt": ("look at it", "wait"), "bad": ("bad", "bad")}
_STAND_IN = "REHEARSAL: the pictures and sounds of this film are stand-ins. It is not to be published."
_HOME = (
    "On a pod: open the folder, right-click the film in Jupyter's file browser and choose Download. "
    "What stays on the pod is paid for as long as it is there."
)


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


def certificate_lines(facts: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """What the check of the finished file found: what, its state, what was seen, what to do."""
    certificate = facts.get("certificate")
    lines = certificate.get("lines") if isinstance(certificate, Mapping) else None
    found = []
    for line in lines if isinstance(lines, list) else []:
        if isinstance(line, Mapping):
            what, state, seen, cure = (str(line.get(key) or "") for key in ("what", "state", "seen", "cure"))
            found.append((what, state, seen, cure))
    return found


def certificate_texts(facts: Mapping[str, Any]) -> list[str]:
    """The same in lines of text."""
    lines = certificate_lines(facts)
    texts = [f"{_words(state)[0]}: {what}: {seen} {cure}".rstrip() for what, state, seen, cure in lines]
    return ["Checked before it was called done:", *(f"  {text}" for text in texts)] if texts else []


def _words(state: str) -> tuple[str, str]:
    return _STATES.get(state, (state, ""))


def certificate_html(facts: Mapping[str, Any]) -> str:
    """The certificate as a quiet table; what is not good stands out."""
    rows = []
    for what, state, seen, cure in certificate_lines(facts):
        more = f' <span class="ltx-cure">{look.escape(cure)}</span>' if cure else ""
        mark = look.tag(*_words(state))
        rows.append((mark, f"<b>{look.escape(what)}</b>", f"{look.escape(seen)}{more}"))
    if not rows:
        return ""
    head = '<div class="ltx-scene-name">Checked before it was called done</div>'
    decoded = facts["certificate"].get("decoded")
    head += f'<div class="ltx-hint">{look.escape(decoded)}</div>' if decoded else ""
    return f'<div class="ltx-certificate">{head}{look.table(("", "What", "Seen"), rows)}</div>'


def film_html(film: Film, still: Path | None = None) -> str:
    """The film in a player, what is known of it, and how to take it home; still: shown until it plays."""
    facts = film.facts
    rows = [(name, look.escape(value)) for name, value in fact_texts(facts)]
    rows.append(("Where it is", f"<code>{look.escape(film.path)}</code>"))
    rows.append(("Take it home", home_html(film.path, facts)))
    again = "This very film was made before; here it is." if film.reused else "Your film is ready."
    loud = look.note(_STAND_IN, kind="wait") if facts.get("rehearsal") else ""
    player = video_html(film.path, still=still, shape=_shape(facts))
    return f"{look.note(again)}{loud}{player}{look.facts(rows)}{certificate_html(facts)}"


def home_html(path: Path, facts: Mapping[str, Any]) -> str:
    """How a film leaves this machine: a link where there is one, and its size."""
    url, folder = files_url(path), folder_url(path.parent)
    size = facts.get("size_bytes")
    said = f" ({size_text(size)})" if isinstance(size, int) else ""
    if not url or not folder:
        return f"Copy the file{said}."
    link = f'<a href="{look.escape(url)}" download="{look.escape(path.name)}">Download the film</a>{said}'
    place = f'<a href="{look.escape(folder)}" target="_blank">Open its folder</a>'
    return f'{link} &nbsp; {place}<div class="ltx-hint">{_HOME}</div>'


def _shape(facts: Mapping[str, Any]) -> tuple[int, int] | None:
    """Width and height in pixels, when the record is whole."""
    width, height = facts.get("width_px"), facts.get("height_px")
    return (width, height) if isinstance(width, int) and isinstance(height, int) else None


def films_html(shelf: Shelf) -> str:
    """The films of this shelf, newest first."""
    rows = []
    for path in masters(shelf)[:_SHOWN]:
        facts, url = read_facts(path), files_url(path)
        name = look.escape(path.name)
        seconds, size = facts.get("duration_s"), facts.get("size_bytes")
        length = look.clock(seconds) if isinstance(seconds, int | float) else ""
        made = look.when(str(facts.get("made_at", "")))
        shown = f'<a href="{look.escape(url)}" target="_blank">{name}</a>' if url else name
        large = size_text(size) if isinstance(size, int) else ""
        rows.append((shown, look.escape(length), look.escape(large), look.escape(made)))
    if not rows:
        return ""
    head = '<div class="ltx-scene-name">Films so far</div>'
    return head + look.table(("File", "Length", "Size", "Made"), rows)


def read_facts(film: Path) -> dict[str, Any]:
    """A film's record; empty when it is not whole."""
    try:
        facts = json.loads(film.with_suffix(".json").read_bytes())
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}
