"""How panels look: one style sheet and the few pieces of HTML they are made of.

Every text of a person or a server goes through `escape` before it becomes HTML.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from ltxlib.core.problem import Problem
from ltxlib.errors import LtxlibError
from ltxlib.ui.job import Outcome


def escape(text: object) -> str:
    """The text as it is, safe inside HTML and inside an attribute."""
    return html.escape(str(text), quote=True)


# Only this host's: what a server says must not become a link that leads people elsewhere.
_HUB_PAGE = re.compile(r"https://huggingface\.co/[\w./-]*[\w/-]")


def linked(text: object) -> str:
    """The text, escaped, with addresses of Hugging Face's pages as links."""
    return _HUB_PAGE.sub(lambda found: link(found[0], found[0]), escape(text))


def link(url: str, text: str) -> str:
    """A link that opens in a page of its own."""
    return f'<a href="{escape(url)}" target="_blank" rel="noopener">{escape(text)}</a>'


def style() -> str:
    """The style sheet, to be put into a page."""
    return f"<style>{Path(__file__).with_name('look.css').read_text('utf-8')}</style>"


def heading(title: str, below: str = "") -> str:
    """A panel's title and one quiet line below it."""
    sub = f'<div class="ltx-sub">{escape(below)}</div>' if below else ""
    return f'<div class="ltx-h">{escape(title)}</div>{sub}'


def rehearsal_banner() -> str:
    """What stands on every panel while the rehearsal plays ComfyUI."""
    return (
        '<div class="ltx-rehearsal" role="status"><b>REHEARSAL</b><span>This machine plays the part of the '
        "pod. Clips are drawn stand-ins, not made by LTX-2, and are kept apart from real takes. "
        "Nothing here costs money: try everything.</span></div>"
    )


def note(text: str, cure: str = "", *, kind: str = "", inside: str = "") -> str:
    """A sentence in a box: kind "" for news, "wait" for a warning, "bad" for a failure.

    text and cure are escaped here; inside is HTML that is ready.
    """
    mark = f" ltx-{kind}" if kind else ""
    more = f'<span class="ltx-cure">{linked(cure)}</span>' if cure else ""
    return f'<div class="ltx-note{mark}" role="status">{escape(text)}{more}{inside}</div>'


def failure(outcome: Outcome) -> str:
    """What went wrong and what to do, in a sentence each; the traceback only behind a fold."""
    error = outcome.error
    if not isinstance(error, LtxlibError):
        text = "Something happened that the kit did not foresee. What was finished is kept."
        cure = "Run this again. If it stays, send us the technical details below."
        return note(text, cure, kind="bad", inside=_fold(outcome.details))
    problems = getattr(error, "problems", ())
    table = problem_table(problems) if problems else ""
    return note(error.message, error.cure, kind="bad", inside=table + _fold(outcome.details))


def _fold(details: str) -> str:
    return f"<details><summary>technical details</summary><pre>{escape(details)}</pre></details>"


def problem_table(problems: Iterable[Problem]) -> str:
    """All problems at once: where, what is wrong, what to do."""
    rows = []
    listed = list(problems)
    mixed = len({problem.warning for problem in listed}) > 1
    for problem in listed:
        mark = f" {tag('only a warning', 'wait')}" if mixed and problem.warning else ""
        rows.append((escape(problem.where), escape(problem.what) + mark, linked(problem.cure)))
    return table(("Where", "What is wrong", "What to do"), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the cells are HTML that is ready, the head is plain text."""
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<table class="ltx-table"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'


def tag(text: str, kind: str = "") -> str:
    """A small label; kind "good", "wait", "bad" or none."""
    return f'<span class="ltx-tag{f" ltx-{kind}" if kind else ""}">{escape(text)}</span>'


def bar(done: float, whole: float, *, thin: bool = False) -> str:
    """A progress bar, empty when there is nothing to do."""
    percent = 100 * min(max(done / whole, 0.0), 1.0) if whole else 0.0
    return (
        f'<div class="ltx-bar{" ltx-thin" if thin else ""}" role="progressbar" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{percent:.0f}"><i style="width:{percent:.1f}%"></i></div>'
    )


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and values below each other; the values are HTML that is ready."""
    rows = "".join(f"<tr><td>{escape(name)}</td><td>{value}</td></tr>" for name, value in pairs)
    return f'<table class="ltx-table ltx-facts"><tbody>{rows}</tbody></table>'


def span_text(seconds: float) -> str:
    """A stretch of work as people say it: "40 s", "12 min", "2 h 5 min"."""
    if seconds < 1:
        return "less than 1 s"
    if seconds < 90:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def clock(seconds: float | Fraction) -> str:
    """The length of a film: "21.7 s", "12:05", "1:02:05"."""
    if seconds < 60:
        return f"{float(seconds):.1f} s"
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def when(made_at: str) -> str:
    """A moment as it stands in records, as people read it: "22 Nov, 10:44 UTC"."""
    try:
        moment = datetime.fromisoformat(made_at)
    except ValueError:
        return ""
    return f"{moment.day} {moment:%b, %H:%M} UTC"


def plural(count: int, one: str, many: str = "") -> str:
    """A number and its noun: "1 take", "3 takes"."""
    return f"{count} {one if count == 1 else many or one + 's'}"
