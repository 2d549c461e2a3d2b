"""How a film in the making is told: its phase, the time left, what it will be, its certificate."""

from __future__ import annotations

from ltxlib.core.problem import Problem
from ltxlib.media.settings import MasterProgress
from ltxlib.studio.estimating import FilmEstimate
from ltxlib.ui import film_work
from ltxlib.ui.film_before import Foreseen, foreseen_html
from ltxlib.ui.film_result import certificate_html, certificate_texts, home_html
from ltxlib.ui.film_work import FilmState

ESTIMATE = FilmEstimate(
    120, 5.0, 64, 32, 60, 200, 3_000_000_000, notes=("Nothing is coded yet.", "Odd: one.")
)


def test_the_phase_and_the_time_left_are_told(monkeypatch):
    """Time left is told for the picture and for the check, each by its own pace."""
    state, clock = FilmState(), [0.0]
    monkeypatch.setattr(film_work.time, "monotonic", lambda: clock[0])
    assert state.words == "getting ready ..."
    told = []
    for now_s, event in (
        (1, MasterProgress("look", 1, 2, 0.01)),
        (2, MasterProgress("look", 2, 2, 0.02)),
        (60, MasterProgress("picture", 10, 100, 0.2)),
        (70, MasterProgress("picture", 20, 100, 0.4)),
        (80, MasterProgress("picture", 100, 100, 0.9)),
        (90, MasterProgress("check", 25, 100, 0.97)),
        (100, MasterProgress("check", 50, 100, 0.98)),
    ):
        clock[0] = now_s
        state.apply(event)
        told.append((state.words, state.left))
    assert told == [
        ("looking at the takes", ""),
        ("mixing the sound", ""),
        ("rendering the picture, frame 10 of 100", ""),
        ("rendering the picture, frame 20 of 100", "30 s left"),
        ("checking the finished film", "3 s left"),
        ("checking the finished film", ""),
        ("checking the finished film", "20 s left"),
    ]


def test_one_line_says_what_the_film_will_be():
    """Length, size, time, and notes; a warning is told once, with its cure; an error hides the rest."""
    warned = Foreseen(ESTIMATE, (Problem("variety", "Odd: one.", "Film <more>.", True),))
    html = foreseen_html(warned)
    assert "last 5.0 s (120 frames), 64 x 32, about 3.0 GB. Rendering takes about 60 s to 3 min." in html
    assert "Nothing is coded yet." in html
    assert html.count("Odd: one.") == 1
    assert "Film &lt;more&gt;." in html
    assert warned.good
    wrong = Foreseen(ESTIMATE, (*warned.problems, Problem("bed 1", "There is no sounds/x.", "Put it there.")))
    assert not wrong.good
    assert "cannot be rendered yet" in foreseen_html(wrong)
    assert "Rendering takes" not in foreseen_html(wrong)
    assert foreseen_html(Foreseen()) == ""


def test_the_certificate_is_a_quiet_table():
    """What is good is quiet, what is doubtful stands out with its cure, and all of it is escaped."""
    lines = [
        {"what": "Frames", "state": "good", "seen": "120", "cure": ""},
        {"what": "Joints", "state": "doubt", "seen": "a <click> at 0:03", "cure": "Listen to it."},
    ]
    facts = {"certificate": {"lines": lines, "decoded": "All was played."}}
    html = certificate_html(facts)
    assert '<span class="ltx-tag ltx-good">good</span>' in html
    assert '<span class="ltx-tag ltx-wait">look at it</span>' in html
    assert "a &lt;click&gt; at 0:03" in html
    assert "All was played." in html
    assert certificate_texts(facts)[1:] == [
        "  good: Frames: 120",
        "  look at it: Joints: a <click> at 0:03 Listen to it.",
    ]
    for damaged in ({}, {"certificate": ["x"]}, {"certificate": {"lines": "x"}}, {"certificate": None}):
        assert certificate_html(damaged) == ""
        assert certificate_texts(damaged) == []


def test_without_jupyter_the_way_home_is_the_file_itself(tmp_path):
    """Where nothing can be shown by address, plain words with the size stand there."""
    assert home_html(tmp_path / "film.mp4", {"size_bytes": 2_500_000_000}) == "Copy the file (2.5 GB)."
