"""What a look before the night found, as a person reads it; amounts in words."""

import json

import pytest

from ltxlib.core.amounts import count_text, range_text, size_text, time_text, usd_text
from ltxlib.core.problem import Problem
from ltxlib.core.readiness import BAD, DOUBT, GOOD, Line, lines_text


def test_lines_are_read_in_columns_with_their_cures_below():
    """A mark, what, what was seen; problems and the cure below, the cure of what is well left out."""
    problem = Problem("row 2", "is odd.", "Mend it.")
    text = lines_text(
        [
            Line("Disk", GOOD, "9 GB free.", "not shown"),
            Line("Graphs", BAD, "One problem.", "Look there.", (problem,)),
            Line("Clock", DOUBT, "May not do."),
        ]
    )
    assert text.splitlines() == [
        "ok    Disk    9 GB free.",
        "NO    Graphs  One problem.",
        "              row 2: is odd. Mend it.",
        "              Look there.",
        "look  Clock   May not do.",
    ]
    assert lines_text([]) == ""


def test_a_long_list_is_cut():
    """A hundred problems do not push everything else off the screen."""
    problems = tuple(Problem(f"row {number}", f"is {number} times odd.", "") for number in range(100))
    shown = lines_text([Line("Table", BAD, "Many.", "", problems)]).splitlines()
    assert len(shown) == 14
    assert shown[-1].strip() == "and 88 more like these"


def test_the_same_in_many_places_is_said_once():
    """A table of short prompts is one remark, not thirty."""
    three = tuple(Problem(f"row {number}", "is short.", "Say more.") for number in (2, 3, 4))
    shown = lines_text([Line("Table", DOUBT, "Look:", "", (*three, Problem("row 3", "is odd.", "")))])
    assert [text.strip() for text in shown.splitlines()[1:]] == [
        "row 2: is short. Say more. (And at 2 more places.)",
        "row 3: is odd.",
    ]


def test_a_line_is_plain_json():
    """For machines all of it, problems one by one."""
    line = Line("Graphs", BAD, "One problem.", "Look.", (Problem("row 2", "is odd.", "Mend it."),))
    assert json.loads(json.dumps(line.to_json()))["problems"][0]["where"] == "row 2"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (time_text(0.2), "0 s"),
        (time_text(59.6), "1 min"),
        (time_text(185), "3 min 5 s"),
        (time_text(3600), "1 h 0 min"),
        (time_text(7800), "2 h 10 min"),
        (usd_text(0), "$0.00"),
        (usd_text(0.001), "under $0.01"),
        (usd_text(1.2), "$1.20"),
        (range_text("$1", "$1"), "$1"),
        (range_text("$1", "$2"), "$1 to $2"),
        (size_text(40e6), "40 MB"),
        (size_text(3.14e9), "3.1 GB"),
        (count_text(1, "take"), "1 take"),
        (count_text(2, "take"), "2 takes"),
    ],
)
def test_amounts_are_said_as_people_say_them(said, words):
    """Seconds, dollars, bytes and counts."""
    assert said == words
