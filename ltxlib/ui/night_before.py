"""What is told before a night: all that was looked at, time and money, whether the pod could be stopped."""

from __future__ import annotations

from collections.abc import Sequence

from ltxlib.core.amounts import range_text, time_text, usd_text
from ltxlib.core.readiness import BAD, DOUBT, GOOD, Line
from ltxlib.pod.stopping import Proof
from ltxlib.studio.preflight import Preflight
from ltxlib.ui import look

_ORDER = (BAD, DOUBT, GOOD)
_KINDS = {BAD: "bad", DOUBT: "wait"}


def verdict_html(found: Preflight) -> str:
    """Whether the night can start, in a sentence with time and money, and all that was looked at."""
    table = _table(found.lines)
    if found.bad:
        cure = "Mend what is red, then press the button again."
        return look.note("The night cannot start like this.", cure, kind="bad") + table
    if any(line.state == DOUBT for line in found.lines):
        text = "It can start. What is yellow is worth a look first."
        return look.note(text, _range(found), kind="wait") + table
    return look.note("All is ready for the night.", _range(found)) + table


def _table(lines: Sequence[Line]) -> str:
    """Bad, doubtful or good, in this order; what was seen, and below it what to do."""
    rows = [
        (
            look.tag(line.state, _KINDS.get(line.state, "good")),
            look.escape(line.what),
            look.escape(line.seen) + _cure(line) + _details(line),
        )
        for line in sorted(lines, key=lambda line: _ORDER.index(line.state))
    ]
    return f'<div class="ltx-preflight">{look.table(("", "What", "What was seen"), rows)}</div>'


def _cure(line: Line) -> str:
    return f'<span class="ltx-cure">{look.escape(line.cure)}</span>' if line.cure else ""


def _details(line: Line) -> str:
    """What is wrong one by one, behind a fold."""
    if not line.problems:
        return ""
    count = look.plural(len(line.problems), "line")
    inside = f'<div class="ltx-scroll">{look.problem_table(line.problems)}</div>'
    opened = " open" if line.state == BAD else ""
    return f"<details{opened}><summary>{count}</summary>{inside}</details>"


def _range(found: Preflight) -> str:
    """Time and money of the night, from least to most; empty when nobody knows."""
    if not found.missing or found.low_s is None or found.high_s is None:
        return ""
    said = f"It takes {range_text(time_text(found.low_s), time_text(found.high_s))}"
    if found.low_usd is not None and found.high_usd is not None:
        said += f" and costs {range_text(usd_text(found.low_usd), usd_text(found.high_usd))}"
    return f"{said}, as far as can be told."


def proofs_html(proofs: Sequence[Proof]) -> str:
    """What the test of the light switch found; nothing was stopped."""
    works = bool(proofs) and proofs[-1].good
    rows = [
        (
            look.tag("good" if proof.good else "bad", "good" if proof.good else "bad"),
            look.escape(proof.what),
            look.escape(proof.seen),
        )
        for proof in proofs
    ]
    text = "The light switch answers. Nothing was stopped." if works else "The light switch does not answer."
    cure = "" if works else "Stop the pod by hand in the morning, on RunPod's page."
    return look.note(text, cure, kind="" if works else "bad") + look.table(
        ("", "What", "What was seen"), rows
    )
