"""Ends of clips laid aside: the same pictures as the clip's own, without reading it from its start."""

from __future__ import annotations

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ltxlib.core.timeline import Cut, Timeline
from ltxlib.media import ends as module
from ltxlib.media.conform import conformed
from ltxlib.media.ends import Ends
from ltxlib.media.kept import END, PIECE, digest_of, tidy
from ltxlib.media.master import MasterSettings, render_master
from ltxlib.media.planes import plane_of
from ltxlib.media.probe import probe
from tests.support.clips import make_clip

FINE = MasterSettings(preset="ultrafast", fade_in_s=0, fade_out_s=0)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    return [
        make_clip(folder / f"{n}.mp4", frames=73, seed=n, options={"preset": "ultrafast"}) for n in range(3)
    ]


def film(clips, frames=73, **more) -> Timeline:
    cuts = tuple(Cut(str(clip), Path(clip).stem, "take-01", frames) for clip in clips)
    return Timeline(cuts, Fraction(24), 128, 64, 6, **more)


def ends_of(folder: Path, clip: Path, frames: int = 6) -> Ends:
    (folder / "room").mkdir(parents=True, exist_ok=True)
    digests = {clip: digest_of(clip, lambda: None)}
    return Ends(folder / "kept", folder / "room", digests, frames, lambda: None)


def planes(frames) -> list[list[np.ndarray]]:
    return [[plane_of(frame, number).copy() for number in range(3)] for frame in frames]


def same(first, second) -> bool:
    pairs = zip(first, second, strict=True)
    return all(np.array_equal(a, b) for one, other in pairs for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("recipe", [{}, {"fps": "30"}, {"rgb": None, "width_px": 96, "matrix": "bt601"}])
def test_what_was_laid_aside_is_the_clip_to_the_last_bit(tmp_path, monkeypatch, recipe):
    """Also of clips with another rate, size or colours; a second reading opens the clip no more."""
    clip = make_clip(tmp_path / "a.mp4", frames=90, **recipe)
    info, timeline = probe(clip), film([], 0)
    own = planes(conformed(info, timeline, 60, 3))
    assert same(planes(ends_of(tmp_path, clip).read(info, timeline, 60, 3)), own)
    [kept] = (tmp_path / "kept").glob(f"*{END}")
    assert list((tmp_path / "room").iterdir()) == []
    monkeypatch.setattr(module, "conformed", None)
    again = ends_of(tmp_path, clip)
    assert same(planes(again.read(info, timeline, 6, 57)), own[-6:])
    frames = planes(again.read(info, timeline, 2, 61))
    assert same(frames, own[-2:])
    frame = next(again.read(info, timeline, 1, 62))
    assert (int(frame.colorspace), int(frame.color_range)) == (1, 1)
    assert kept.exists()


def test_only_what_is_far_from_the_start_and_seen_whole_is_laid_aside(tmp_path, clips):
    """What is decoded as quickly, or only in part, is not written."""
    info, timeline = probe(clips[0]), film([], 0)
    reader = ends_of(tmp_path, clips[0])
    for frames, skip in ((40, 0), (3, 70)):
        own = planes(conformed(info, timeline, frames, skip))
        assert same(planes(reader.read(info, timeline, frames, skip)), own)
    assert list(planes(ends_of(tmp_path, clips[0], 0).read(info, timeline, 73, 0)))
    half = reader.read(info, timeline, 73, 0)
    next(half)
    half.close()
    assert list((tmp_path / "kept").iterdir()) == []


@pytest.mark.parametrize("fault", ["torn", "one byte", "gone"])
def test_a_damaged_end_is_read_from_the_clip_again(tmp_path, clips, fault):
    """Nothing wrong is ever shown; the whole one is there afterwards."""
    info, timeline = probe(clips[0]), film([], 0)
    own = planes(conformed(info, timeline, 6, 67))
    assert same(planes(ends_of(tmp_path, clips[0]).read(info, timeline, 6, 67)), own)
    [kept] = (tmp_path / "kept").iterdir()
    data = bytearray(kept.read_bytes())
    data[len(data) // 2] ^= 1
    kept.write_bytes({"torn": data[:99], "one byte": data, "gone": b""}[fault])
    if fault == "gone":
        kept.unlink()
    assert same(planes(ends_of(tmp_path, clips[0]).read(info, timeline, 6, 67)), own)
    assert kept.name in {path.name for path in (tmp_path / "kept").iterdir()}


def test_a_new_order_made_of_ends_is_the_film_made_from_nothing(tmp_path, clips, monkeypatch):
    """Byte for byte, and clips are decoded from their first pictures on alone, for what comes in."""

    def made(name, timeline):
        folder = tmp_path / name
        more = {"work_dir": folder / "work", "cache_dir": folder / "pieces"}
        return render_master(timeline, folder / "film.mp4", FINE, **more).sha256

    made("one", film(clips))
    assert len(list((tmp_path / "one" / "pieces").glob(f"*{END}"))) == 3
    begun = []
    monkeypatch.setattr(module, "conformed", lambda *words: begun.append(words[3]) or conformed(*words))
    turned = film(clips[::-1])
    digest = made("one", turned)
    assert set(begun) == {0}
    assert made("two", turned) == digest
    blurred = replace(turned, width_px=64, sides="blur")
    assert made("one", blurred) == made("three", blurred)


def test_ends_of_no_use_for_longest_go_with_the_pieces(tmp_path):
    """One limit holds for all that is kept."""
    for number, suffix in enumerate((END, PIECE, END)):
        path = tmp_path / f"{number}{suffix}"
        path.write_bytes(b"x" * 10)
        os.utime(path, (number, number))
    tidy(tmp_path, 20)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"1{PIECE}", f"2{END}"]
