"""Which encoder makes the picture: x264, unless the card's own was asked for and really works."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import islice

import pytest

from ltxlib.core.timeline import Cut, Timeline
from ltxlib.media import encoder as module
from ltxlib.media.encoder import encoder, misfit
from ltxlib.media.master import MasterSettings, render_master
from ltxlib.media.writer import NVENC, Coding, FilmShape
from tests.support.clips import make_clip

SHAPE = FilmShape(160, 96, Fraction(12))


def nvenc_works() -> bool:
    return misfit(SHAPE, Coding(encoder=NVENC)) == ""


def test_pieces_of_x264_are_as_the_join_needs_them():
    """The trial passes what is known to be right, at every usual rate of key frames."""
    assert misfit(SHAPE, Coding()) == ""
    assert misfit(FilmShape(96, 160, Fraction(30000, 1001)), Coding(23, "ultrafast")) == ""


def test_x264_is_used_unless_something_else_is_asked_for():
    """No trial is made, nothing is told."""
    assert encoder("x264", SHAPE, Coding()) == (Coding(), ())


@pytest.mark.parametrize("wish", ["auto", "nvenc"])
@pytest.mark.skipif(nvenc_works(), reason="this machine's card can")
def test_a_card_that_cannot_is_told_and_the_film_is_made_by_x264(tmp_path, wish):
    """The same film as without the wish, with a note that says so."""
    clip = make_clip(tmp_path / "a.mp4", frames=9)
    timeline = Timeline((Cut(str(clip), "a", "take", 9),), Fraction(24), 128, 64)
    plain = MasterSettings(preset="ultrafast")
    made = [
        render_master(timeline, tmp_path / "film.mp4", settings, work_dir=tmp_path / "work")
        for settings in (plain, replace(plain, encoder=wish))
    ]
    assert made[0].sha256 == made[1].sha256
    told = "The graphics card was not used to code the picture, x264 was: its encoder does not work here."
    assert told in made[1].notes
    assert told not in made[0].notes


@pytest.mark.skipif(not nvenc_works(), reason="needs a graphics card with NVENC")
def test_a_card_that_can_is_used(tmp_path):
    """The film is made by it, in pieces of its own."""
    clip = make_clip(tmp_path / "a.mp4", frames=60)
    timeline = Timeline((Cut(str(clip), "a", "take", 60),) * 2, Fraction(24), 160, 96, 6)
    settings = MasterSettings(encoder="auto")
    report = render_master(timeline, tmp_path / "film.mp4", settings, work_dir=tmp_path / "work")
    assert any("NVENC" in note for note in report.notes)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("loses one", "loses or doubles"),
        ("no keys", "begin afresh"),
        ("other headers", "other headers"),
        ("coarse", "too far from the clips"),
    ],
)
def test_an_encoder_that_does_otherwise_is_not_used(monkeypatch, fault, told):
    """Each thing that would spoil the join is found in the trial."""
    real, made = module.coded, []

    def spoiled(frames, out, shape, coding, count):
        made.append(out)
        if fault == "loses one":
            yield from real(islice(frames, count - 1), out, shape, coding, count)
        elif fault == "no keys":
            yield from real(frames, out, shape, coding, shape.fps.numerator)
        elif fault == "other headers":
            yield from real(
                frames, out, shape, replace(coding, preset=("slow", "ultrafast")[len(made) % 2]), count
            )
        else:
            yield from real(frames, out, shape, replace(coding, crf=51), count)

    monkeypatch.setattr(module, "coded", spoiled)
    coding, notes = encoder("auto", SHAPE, Coding())
    assert coding == Coding()
    assert misfit(SHAPE, Coding()) != ""
    assert told in misfit(SHAPE, Coding())
    assert len(notes) == 1


def test_an_unknown_encoder_is_a_problem():
    """Said before anything is done."""
    [problem] = MasterSettings(encoder="av1").problems()
    assert "av1" in problem.what
