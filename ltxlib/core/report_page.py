"""The morning report: one page that carries its pictures with it, to be opened or mailed as it is.

Every text of a person or a server is escaped here; the page runs no script and loads nothing.
"""

from __future__ import annotations

import html
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime

from ltxlib.core.figures import Failed, Figures

_STYLE = """
:root{color-scheme:light dark;--ink:#1d2530;--quiet:#5b6675;--paper:#f6f7f9;--card:#fff;--line:#dfe4ea;
--good:#1d7a46;--bad:#b3261e;--wait:#8a5a00}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--quiet:#9aa6b5;--paper:#14181e;--card:#1d232b;
--line:#313a45;--good:#63c98e;--bad:#ff8a80;--wait:#e6b455}}
body{margin:0 auto;padding:24px 16px 48px;max-width:960px;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.5em;margin:0}h2{font-size:1.1em;margin:2em 0 .6em}p{margin:.4em 0}.quiet{color:var(--quiet)}
.banner{background:#ffd54d;color:#3a2c00;padding:8px 12px;border-radius:6px;margin:0 0 16px}
.figures{display:flex;flex-wrap:wrap;gap:12px;margin:16px 0}
.figure{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 16px;min-width:7em}
.figure b{display:block;font-size:1.35em}
.takes{display:grid;grid-template-columns:repeat(auto-fill,minmax(200px,1fr));gap:12px}
.take,.bad{background:var(--card);border:1px solid var(--line);border-radius:8px;overflow:hidden}
.take img{display:block;width:100%;height:auto}.take div,.bad{padding:8px 12px}
.bad{border-left:4px solid var(--bad);margin:8px 0}.tag{font-size:.85em;color:var(--quiet)}
.keep{color:var(--good)}.reject{color:var(--bad)}.warn{color:var(--wait);font-size:.85em}
"""


@dataclass(frozen=True)
class Card:
    """One take as it is shown: a small JPEG (empty for none), what was decided, what is worth a look.

    lowered: what it is for want of memory, in a word or two; empty where it is as asked.
    """

    scene: str
    take_id: str
    jpeg: bytes
    duration_s: float
    render_s: float
    decision: str = ""
    remarks: tuple[str, ...] = ()
    lowered: str = ""


@dataclass(frozen=True)
class Report:
    """All that the page tells. usd_per_hour is None when no price is known; next_steps are sentences.

    says: the night in one sentence, else the figures' own. lines: what else there is to know of it.
    """

    figures: Figures
    cards: tuple[Card, ...]
    next_steps: tuple[str, ...]
    usd_per_hour: float | None = None
    price_source: str = ""
    says: str = ""
    lines: tuple[str, ...] = ()


def headline(figures: Figures) -> str:
    """The night in one sentence."""
    made, failed = _count(len(figures.made), "take"), len(figures.failed)
    text = f"{made} made" + (f", {failed} failed" if failed else "")
    if not figures.ended:
        return f"The night was cut off: {text} until then."
    if figures.cancelled:
        return f"The night was cancelled: {text} until then."
    return f"The night is over: {text}."


def page(report: Report) -> str:
    """The whole page as HTML."""
    figures, title = report.figures, report.says or headline(report.figures)
    banner = ""
    if figures.rehearsal:
        banner = '<p class="banner"><b>REHEARSAL</b> The clips are drawn stand-ins, not made by LTX-2.</p>'
    parts = [
        banner,
        f"<h1>{_safe(title)}</h1>",
        f'<p class="quiet">{_safe(_when(figures))}</p>',
        f'<div class="figures">{"".join(_figure(*pair) for pair in _pairs(report))}</div>',
        _list("What to do next", report.next_steps),
        _list("The night", report.lines),
        _failures(figures.failed),
        _takes(report.cards),
    ]
    body = "\n".join(part for part in parts if part)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_safe(title)}</title><style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _pairs(report: Report) -> list[tuple[str, str]]:
    figures = report.figures
    pairs = [
        (str(len(figures.made)), "made"),
        (str(len(figures.failed)), "failed"),
        *([(str(figures.lowered), "made with less memory")] if figures.lowered else []),
        (_span(figures.elapsed_s), "in all"),
        (f"{figures.idle_share:.0%}", "of it idle"),
    ]
    if report.usd_per_hour is not None:
        hour = f"at ${report.usd_per_hour:g} an hour"
        # A rehearsal costs nothing; what the same time would cost is worth knowing all the same.
        told = f"on a pod {hour}" if figures.rehearsal else hour
        pairs.append((_usd(figures.usd(report.usd_per_hour)), told))
        each = figures.usd_per_take(report.usd_per_hour)
        if each is not None:
            pairs.append((_usd(each), "a take"))
    return pairs


def _figure(value: str, words: str) -> str:
    return f'<div class="figure"><b>{_safe(value)}</b>{_safe(words)}</div>'


def _when(figures: Figures) -> str:
    began, last = (datetime.fromisoformat(text) for text in (figures.began, figures.last))
    text = f"From {began:%d %B %Y, %H:%M} to {last:%H:%M} (UTC)."
    if figures.away:
        text += f" The server was away {_count(figures.away, 'time')}."
    if figures.lost:
        text += f" Sent again because the server forgot: {_count(figures.lost, 'take')}."
    return text


def _list(title: str, lines: tuple[str, ...]) -> str:
    items = "".join(f"<li>{_safe(line)}</li>" for line in lines)
    return f"<h2>{_safe(title)}</h2><ul>{items}</ul>" if lines else ""


def _failures(failed: tuple[Failed, ...]) -> str:
    if not failed:
        return ""
    boxes = [
        f'<div class="bad"><b>{_safe(one.scene)}</b> <span class="tag">{_safe(one.take_id)}</span>'
        f"<p>{_safe(one.reason)}</p><p><b>What to do:</b> {_safe(one.cure)}</p></div>"
        for one in failed
    ]
    return "<h2>What could not be made</h2>" + "".join(boxes)


def _takes(cards: tuple[Card, ...]) -> str:
    if not cards:
        return ""
    return '<h2>What was made</h2><div class="takes">' + "".join(map(_card, cards)) + "</div>"


def _card(card: Card) -> str:
    picture = ""
    if card.jpeg:
        data = b64encode(card.jpeg).decode()
        picture = f'<img alt="{_safe(card.scene)}" src="data:image/jpeg;base64,{data}">'
    mark = {"keep": "kept", "reject": "rejected"}.get(card.decision, "")
    tag = f' <span class="tag {_safe(card.decision)}">{mark}</span>' if mark else ""
    tag += f' <span class="tag warn">{_safe(card.lowered)}</span>' if card.lowered else ""
    remarks = "".join(f'<p class="warn">{_safe(remark)}</p>' for remark in card.remarks)
    facts = f"{card.duration_s:.2f} s, made in {_span(card.render_s)}"
    return (
        f'<div class="take">{picture}<div><b>{_safe(card.scene)}</b>{tag}'
        f'<p class="tag">{_safe(card.take_id)}<br>{facts}</p>{remarks}</div></div>'
    )


def _safe(text: object) -> str:
    return html.escape(str(text), quote=True)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _usd(amount: float) -> str:
    return f"${amount:.2f}" if amount >= 0.005 else "under 1 cent"


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
