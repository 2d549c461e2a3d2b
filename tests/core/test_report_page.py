"""The morning report."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from ltxlib.core.figures import Failed, Figures, Made
from ltxlib.core.report_page import Card, Report, headline, page

NIGHT = Figures(
    began="2026-11-22T23:00:00.000+00:00",
    last="2026-11-23T05:30:00.000+00:00",
    ended=True,
    cancelled=False,
    rehearsal=False,
    wanted=3,
    made=(Made("rain", "take01-ab", 95.0), Made("sea", "take01-cd", 3605.0)),
    failed=(Failed("<b>fire</b>", "take01-ef", "Memory & patience ran out.", "Choose a smaller size."),),
    lost=1,
    away=2,
)
CARDS = (
    Card("rain", "take01-ab", b"\xff\xd8jpeg", 2.71, 95.0, "keep", ("It is silent.",)),
    Card('"><script>x</script>', "take01-cd", b"", 2.71, 3605.0),
)


class Reader(HTMLParser):
    """The text, the tags and the addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words, self.tags, self.addresses = [], [], []
        self.feed(text)
        self.text = " ".join(" ".join(self.words).split())

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href")]


def test_the_page_tells_the_night():
    """Figures, failures with their cures, takes with their pictures, and what to do next."""
    read = Reader(page(Report(NIGHT, CARDS, ("Open notebook 03.",), 0.59, "asked")))
    for words in (
        "The night is over: 2 takes made, 1 failed.",
        "From 22 November 2026, 23:00 to 05:30 (UTC). The server was away 2 times.",
        "Sent again because the server forgot: 1 take.",
        "6 h 30 min",
        "84% of it idle",
        "$3.83 at $0.59 an hour",
        "Open notebook 03.",
        "<b>fire</b>",
        "What to do: Choose a smaller size.",
        "rain kept",
        "2.71 s, made in 1 min 35 s",
        "made in 1 h 0 min",
        "It is silent.",
    ):
        assert words in read.text, words
    assert "REHEARSAL" not in read.text


def test_the_page_stands_alone():
    """It runs no script, loads nothing, and text of people stays text."""
    read = Reader(page(Report(NIGHT, CARDS, ())))
    assert "script" not in read.tags
    assert "link" not in read.tags
    assert len(read.addresses) == 1
    assert read.addresses[0].startswith("data:image/jpeg;base64,")
    assert "$" not in read.text


@pytest.mark.parametrize(
    ("ended", "cancelled", "words"),
    [
        (False, False, "The night was cut off: 2 takes made, 1 failed until then."),
        (True, True, "The night was cancelled: 2 takes made, 1 failed until then."),
    ],
)
def test_a_night_that_ended_early_says_so(ended, cancelled, words):
    """Cut off or cancelled is told in the first line."""
    night = Figures(**{**vars(NIGHT), "ended": ended, "cancelled": cancelled, "rehearsal": True})
    assert headline(night) == words
    assert "REHEARSAL" in page(Report(night, (), ()))


def test_takes_made_with_less_memory_are_marked():
    """Each says in a word what it is, the figures say how many there are; without any, nothing is said."""
    low = replace(NIGHT, made=(Made("rain", "take01-ab-r4", 95.0, 4), Made("sea", "take01-cd", 3605.0)))
    cards = (Card("rain", "take01-ab-r4", b"", 1.7, 95.0, "", ("Made smaller.",), "smaller"), CARDS[1])
    read = Reader(page(Report(low, cards, ())))
    assert "1 made with less memory" in read.text
    assert "rain smaller take01-ab-r4" in read.text
    assert "Made smaller." in read.text
    plain = Reader(page(Report(NIGHT, CARDS, ())))
    assert "less memory" not in plain.text
