"""Words into HTML: escaped, readable, the same everywhere."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ltxlib.core.problem import Problem
from ltxlib.errors import BadInput, RenderFailed
from ltxlib.ui import look
from ltxlib.ui.job import Outcome

EVIL = "<script>alert('x')</script> \"&"


def failed(error: Exception) -> Outcome:
    outcome = Outcome()
    with outcome:
        raise error
    return outcome


@pytest.mark.parametrize(
    "html",
    [
        look.heading(EVIL, EVIL),
        look.note(EVIL, EVIL),
        look.tag(EVIL),
        look.facts([(EVIL, "ready")]),
        look.table((EVIL,), []),
        look.problem_table([Problem(EVIL, EVIL, EVIL)]),
        look.failure(failed(RenderFailed(EVIL, cure=EVIL))),
        look.failure(failed(BadInput(EVIL, [Problem(EVIL, EVIL, EVIL)], cure=EVIL))),
        look.failure(failed(KeyError(EVIL))),
    ],
)
def test_nothing_that_people_write_becomes_a_tag(html):
    """A name, a prompt or a server's message is text, never markup."""
    assert "<script" not in html
    assert "&lt;script" in html


def test_a_known_failure_is_a_sentence_and_a_cure():
    """What happened and what to do are open to see; the traceback is behind a fold."""
    html = look.failure(failed(RenderFailed("It fell over.", cure="Pick it up.")))
    assert "It fell over." in html
    assert "Pick it up." in html
    assert html.index("<details>") < html.index("Traceback")


def test_pages_of_hugging_face_are_links_and_no_others():
    """What people must press is a link; an address that a server named is only text."""
    html = look.linked("Open https://huggingface.co/Maker/Model-1.5, or <b> https://evil.example/x.")
    page = "https://huggingface.co/Maker/Model-1.5"
    assert f'<a href="{page}" target="_blank" rel="noopener">{page}</a>, or &lt;b&gt;' in html
    assert html.count("<a ") == 1
    assert look.note("Closed.", "Open https://huggingface.co/a/b").count("<a ") == 1


def test_an_unknown_failure_says_so_kindly():
    """A fault of the kit itself is owned up to, with what to do."""
    html = look.failure(failed(ZeroDivisionError("division by zero")))
    assert "did not foresee" in html
    assert "ZeroDivisionError" in html


def test_warnings_are_marked_only_among_errors():
    """A list of nothing but warnings needs no mark on each."""
    warning, error = Problem("a", "b", "c", warning=True), Problem("d", "e", "f")
    assert "only a warning" in look.problem_table([warning, error])
    assert "only a warning" not in look.problem_table([warning])


def test_a_bar_stays_within_itself():
    """Nothing to do is an empty bar, and more than all is a full one."""
    assert "width:0.0%" in look.bar(0, 0)
    assert "width:25.0%" in look.bar(1, 4)
    assert "width:100.0%" in look.bar(9, 4, thin=True)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "less than 1 s"),
        (42, "42 s"),
        (89.4, "89 s"),
        (90, "2 min"),
        (3540, "59 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_spans_read_as_people_say_them(seconds, text):
    """Work is told in the coarsest unit that helps."""
    assert look.span_text(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0.0 s"), (Fraction(520, 24), "21.7 s"), (725.9, "12:05"), (3725, "1:02:05")]
)
def test_films_read_as_clocks(seconds, text):
    """A long film's length reads as on a player, a short one's to the tenth of a second."""
    assert look.clock(seconds) == text


def test_moments_and_counts():
    """Times of records and numbers of things read well, and odd ones do no harm."""
    assert look.when("2026-11-22T10:44:05.123+00:00") == "22 Nov, 10:44 UTC"
    assert look.when("someday") == ""
    assert look.plural(1, "take") == "1 take"
    assert look.plural(2, "take") == "2 takes"
    assert look.plural(0, "take is", "takes are") == "0 takes are"


def test_the_style_sheet_is_there():
    """The look comes with the panels, under class names of our own only."""
    sheet = look.style()
    assert sheet.startswith("<style>")
    selectors = [line for line in sheet.splitlines() if line.startswith(".")]
    assert selectors
    assert all(line.startswith(".ltx-") for line in selectors)
