"""The certificate beside a master: what it says, how loudly, and that a bad film never gets its name."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from ltxlib.core.timeline import Cut, Timeline
from ltxlib.errors import MediaError
from ltxlib.media.findings import Certificate, Line
from ltxlib.media.master import MasterSettings, render_master
from ltxlib.studio.certifying import (
    certificate_path,
    certificate_text,
    certify_master,
    expected_of,
    write_certificate,
)
from tests.support.clips import make_clip

GOOD = Line("frames", "good", "131, exactly (0:05.46).")
SOFT = Line("loudness", "doubt", "-31.3 LUFS (asked for: -30): 1.3 LU softer.", "Listen to it.")
BAD = Line("streams", "bad", "Its table of contents comes at the end.", "Make the film again.")
FACTS = {
    "master": "film-1234.mp4",
    "sha256": "ab" * 32,
    "made_at": "2026-11-22T20:00:00Z",
    "frames": 131,
    "duration_s": 131 / 24,
    "fps": "24",
    "width_px": 192,
    "height_px": 96,
}


def _film(folder: Path) -> Timeline:
    clips = [make_clip(folder / f"{n}.mp4", seed=n, wave="noise", peak=0.1, frames=25) for n in range(2)]
    cuts = tuple(Cut(str(clip), f"scene{n}", "take-01", 25) for n, clip in enumerate(clips))
    return Timeline(cuts, Fraction(24), 128, 64, 4)


def test_a_good_film_gets_its_name_and_its_certificate(tmp_path):
    """The look happens before the rename; the text lies beside the film."""
    timeline, settings, found = _film(tmp_path), MasterSettings(preset="ultrafast"), []
    expected = expected_of(timeline, settings)
    report = render_master(
        timeline,
        tmp_path / "out" / "film.mp4",
        settings,
        work_dir=tmp_path / "work",
        examine=lambda part: found.append(certify_master(part, expected)),
    )
    path = write_certificate(report.path, found[0], {"master": "film.mp4", "sha256": report.sha256})
    assert path == certificate_path(report.path) == tmp_path / "out" / "film.certificate.txt"
    text = path.read_text("utf-8")
    assert "All is well." in text and report.sha256 in text and "[good] Number of frames" in text
    assert sorted(p.name for p in path.parent.iterdir()) == ["film.certificate.txt", "film.mp4"]


def test_a_bad_film_never_gets_its_name(tmp_path):
    """The error names what is wrong, and nothing is left where the film would be."""
    timeline, settings = _film(tmp_path), MasterSettings(preset="ultrafast")
    expected = replace(expected_of(timeline, settings), frames=47, tags={"comment": "REHEARSAL"})
    with pytest.raises(MediaError, match=r"Number of frames: 46, not 47.*Words in the file"):
        render_master(
            timeline,
            tmp_path / "out" / "film.mp4",
            settings,
            work_dir=tmp_path / "work",
            examine=lambda part: certify_master(part, expected),
        )
    assert list((tmp_path / "out").iterdir()) == []


def test_the_text_is_calm_and_complete():
    """Film, kit, sha256, date, each line with what was seen, and what was played."""
    text = certificate_text(Certificate((GOOD,), "All of the film was played."), FACTS)
    for words in (
        "film     film-1234.mp4",
        "picture  192x96 at 24 frames a second",
        "length   0:05.46 (131 frames)",
        "by       ltx-kit",
        "2026-11-22T20:00:00Z",
        "ab" * 32,
        "All is well.",
        "[good] Number of frames\n       131, exactly (0:05.46).",
        "All of the film was played.",
    ):
        assert words in text
    assert "REHEARSAL" not in text
    assert max(map(len, text.splitlines())) <= 100


def test_a_rehearsal_says_so_loudly_at_both_ends():
    """Nobody may take stand-ins for a film."""
    lines = certificate_text(Certificate((GOOD,)), FACTS | {"rehearsal": True}).splitlines()
    assert "REHEARSAL" in lines[1] and "REHEARSAL" in lines[-2]


def test_doubts_and_faults_stand_out():
    """A person sees at the top that something is worth a look, or wrong."""
    assert "One line is worth a look (LOOK)" in certificate_text(Certificate((GOOD, SOFT)), FACTS)
    assert "2 lines are worth a look" in certificate_text(Certificate((SOFT, SOFT)), FACTS)
    text = certificate_text(Certificate((GOOD, BAD)), FACTS)
    assert "must not be used" in text and "[BAD] Plays while it loads" in text and "Make the film" in text


def test_the_facts_hold_every_line():
    """The master's .json says the same as the text."""
    told = Certificate((GOOD, SOFT), "All.").to_json()
    assert told["passed"] is True and told["decoded"] == "All."
    assert [line["state"] for line in told["lines"]] == ["good", "doubt"]
    assert told["lines"][0]["what"] == "Number of frames"
