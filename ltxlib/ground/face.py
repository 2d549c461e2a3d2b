"""What the ground shows: a list of steps with one bar, changed in place; by night plain lines.

The look is that of the panels, whose style sheet is read as a file; nothing of them is imported.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ltxlib.ground.watched import headless

GOOD, WAIT, BAD = "green", "amber", "red"
FIRST_NOTEBOOK = "1. Setup"
_WORDS = {GOOD: "well", WAIT: "worth knowing", BAD: "needs you"}
# Making the kit's Python takes from a few seconds to a minute or two; the bar slows down as it nears its end.
_USUAL_S = 25.0
# Run All takes the page to its foot, where nobody sees what the first cell is doing or why all stopped there.
_SEEN = """<script>setTimeout(() => {
  const box = document.querySelector(".ltx-ground");
  if (box) box.scrollIntoView({block: "center"});
}, 300);</script>"""
_OWN_LOOK = """.ltx-ground { line-height: 1.5; font-size: 14px; }
.ltx-ground > * + * { margin-top: 12px; }
.ltx-ground > .ltx-sub { margin-top: 0; }
.ltx-ground .ltx-line { color: var(--ltx-faint); font-size: 12.5px; white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; min-height: 19px; margin-top: 4px; }
.ltx-ground pre { font-size: 12px; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 260px;
  overflow-y: auto; }
.ltx-ground .ltx-sub:only-child { margin: -8px 0 -10px; }"""


@dataclass(frozen=True)
class Step:
    """One line: what was looked at, how it is, one sentence, one cure."""

    name: str
    state: str
    says: str
    cure: str = ""


@dataclass
class Face:
    """One output that changes in place."""

    steps: list[Step] = field(default_factory=list)
    _handle: Any = None

    def show(self, title: str, below: str = "", inside: str = "") -> None:
        """Show title, steps and whatever HTML comes below them. title, below: plain text."""
        if headless():
            return
        sub = f'<div class="ltx-sub">{escape(below)}</div>' if below else ""
        self._put(f'<div class="ltx-h">{escape(title)}</div>{sub}{_list(self.steps)}{inside}')

    def add(self, step: Step) -> None:
        """One more line; by night it is printed as the checklist's are."""
        self.steps.append(step)
        if headless():
            cure = f" -> {step.cure}" if step.cure and step.state != GOOD else ""
            print(f"{step.state.upper():5}  {step.name}: {step.says}{cure}", flush=True)

    def _put(self, inner: str) -> None:
        from IPython.display import HTML, display

        whole = HTML(_panel(inner))
        if self._handle is None:
            display(HTML(_style() + _SEEN))
            self._handle = display(whole, display_id=True)
        else:
            self._handle.update(whole)


def escape(text: object) -> str:
    """The text as it is, safe inside HTML and inside an attribute."""
    return html.escape(str(text), quote=True)


def note(text: str, cure: str = "", *, kind: str = "", inside: str = "") -> str:
    """A sentence in a box: kind "" for news, "wait" a warning, "bad" a failure. inside: ready HTML."""
    mark = f" ltx-{kind}" if kind else ""
    more = f'<span class="ltx-cure">{escape(cure)}</span>' if cure else ""
    return f'<div class="ltx-note{mark}" role="status">{escape(text)}{more}{inside}</div>'


def fold(summary: str, lines: Sequence[str]) -> str:
    """Lines that only some want to read."""
    if not lines:
        return ""
    text = escape("\n".join(lines))
    return f"<details><summary>{escape(summary)}</summary><pre>{text}</pre></details>"


def bar(seconds: float, line: str) -> str:
    """How far it is, as far as anybody can tell, and the installer's last line."""
    percent = 96 * (1 - math.exp(-seconds / _USUAL_S))
    return (
        f'<div class="ltx-bar" role="progressbar" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{percent:.0f}"><i style="width:{percent:.1f}%"></i></div>'
        f'<div class="ltx-line">{escape(line)}</div>'
    )


def waiting(text: str = "") -> str:
    """A calm box in a notebook that cannot work yet, with the way to notebook 01; short without text."""
    there = f'<a href="01_setup.ipynb">{FIRST_NOTEBOOK}</a>'
    if not text:
        return _style() + _panel(f'<div class="ltx-sub">This waits for {there}.</div>')
    cure = (
        f'<span class="ltx-cure">Open {there} and choose <i>Run</i>, <i>Run All Cells</i> there. '
        "Then come back and do the same here.</span>"
    )
    return _style() + _panel(note(text, kind="wait", inside=cure)) + _SEEN


def quietly(text: str) -> str:
    """A quiet line in place of a panel."""
    return _style() + _panel(f'<div class="ltx-sub">{escape(text)}</div>')


def say(ready: str) -> None:
    """Show HTML that is ready, below the cell."""
    from IPython.display import HTML, display

    display(HTML(ready))


def _list(steps: Sequence[Step]) -> str:
    rows = []
    for step in steps:
        cure = f'<span class="ltx-cure">{escape(step.cure)}</span>' if step.cure else ""
        rows.append(
            f'<div class="ltx-row ltx-{escape(step.state)}">'
            f'<span class="ltx-dot" role="img" aria-label="{_WORDS.get(step.state, "")}"></span>'
            f'<span class="ltx-name">{escape(step.name)}</span><span>{escape(step.says)}{cure}</span></div>'
        )
    return f'<div class="ltx-list">{"".join(rows)}</div>' if rows else ""


def _panel(inner: str) -> str:
    return f'<div class="ltx-panel ltx-ground">{inner}</div>'


def _style() -> str:
    sheet = Path(__file__).resolve().parents[1] / "ui" / "look.css"
    try:
        told = sheet.read_text("utf-8")
    except OSError:
        told = ""
    return f"<style>{told}\n{_OWN_LOOK}</style>"
