"""A timeline as a circle: unrolled to any length, shuffled without the same neighbours twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest

from ltxlib.core.film import LongForm
from ltxlib.core.longform import (
    LongFilm,
    circle_frames,
    left_out,
    longest_joint,
    rounds_until_whole,
    shuffled,
    unrolled,
)
from ltxlib.core.timeline import Cut, Timeline


def cut(name, frames=40, **more) -> Cut:
    return Cut(f"{name}.mp4", f"scene {name}", "take-01", frames, **more)


def loop_of(*cuts, crossfade=6, fps="24") -> Timeline:
    return Timeline(cuts, Fraction(fps), 128, 64, crossfade)


LOOPS = {
    "crossfades": loop_of(cut("a"), cut("b", 31), cut("c", 25)),
    "one clip": loop_of(cut("a", 33)),
    "hard cuts": loop_of(cut("a", 3), cut("b", 5), crossfade=0),
    "its own joints": loop_of(cut("a", crossfade_frames=11), cut("b", crossfade_frames=0), cut("c")),
    "through black": loop_of(cut("a", black_frames=9), cut("b", black_frames=14)),
    "it goes on": loop_of(cut("a", shared_frames=4), cut("b", shared_frames=9)),
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_circle_unrolls_to_every_length_as_a_film_that_can_be_made(name):
    """Whatever frame it ends at: exactly so many, no problem, and every cut where the circle has it."""
    loop = LOOPS[name]
    period, joint = circle_frames(loop), longest_joint(loop)
    assert LongFilm(loop, LongForm(10)).problems() == []
    whole = unrolled(loop, 4 * period).starts_frames
    for frames in range(1, 3 * period + 2):
        film = unrolled(loop, frames)
        assert film.frames == frames
        assert film.starts_frames == whole[: len(film.cuts)]
        if frames > 2 * joint:
            assert film.problems() == []
    count = len(loop.cuts)
    assert all(later - start == period for start, later in zip(whole, whole[count:], strict=False))


def test_the_circle_closes_as_its_first_cut_asks():
    """With that cut's own crossfade, none, its black, or what it shares with the one before."""
    frames = {name: circle_frames(loop) for name, loop in LOOPS.items()}
    assert frames == {
        "crossfades": 40 + 31 + 25 - 18,
        "one clip": 27,
        "hard cuts": 8,
        "its own joints": 120 - 11 - 6,
        "through black": 80,
        "it goes on": 80 - 13,
    }


def test_as_many_rounds_are_left_out_as_can_be():
    """What stays has at least the frames asked for."""
    assert left_out(1000, 100, 250) == 7
    assert left_out(1000, 100, 300) == 7
    assert left_out(200, 100, 250) == 0


@pytest.mark.parametrize(
    ("frames", "fps", "rounds"),
    [
        (1, 24, 64),
        (64, 24, 1),
        (1440, 24, 2),
        (1308, 24, 16),
        (1, 25, 8),
        (1, 30, 16),
        (1, 48, 128),
        (1, 60, 32),
    ],
)
def test_a_loop_is_whole_packets_of_sound_after_so_many_rounds(frames, fps, rounds):
    """A packet is 1024 samples at 48 kHz."""
    assert rounds_until_whole(frames, Fraction(fps), 1024, 48_000) == rounds
    assert Fraction(frames * rounds * 48_000, fps) % 1024 == 0


@pytest.mark.parametrize("fps", ["24000/1001", "30000/1001", "60000/1001", "2997/100", "12.5"])
def test_odd_rates_need_more_rounds_but_come_out_whole(fps):
    """First whole samples, then whole packets; never one round fewer than needed."""
    for frames in (1, 17, 100, 1439):
        for block in (1, 1024):
            rounds = rounds_until_whole(frames, Fraction(fps), block, 48_000)
            whole = [n for n in range(1, rounds + 1) if n * frames * 48_000 / Fraction(fps) % block == 0]
            assert whole == [rounds]


@pytest.mark.parametrize("count", [2, 3, 4, 5, 7, 12, 30, 100])
@pytest.mark.parametrize("seed", [1, 2, 99])
def test_no_clip_follows_twice_on_the_same_other(count, seed):
    """In any round nor around the end, while every clip is shown equally often."""
    cuts = [cut(number) for number in range(count)]
    order = shuffled(cuts, seed, 1000)
    pairs = [(a.clip, b.clip) for a, b in pairwise((*order, order[0]))]
    assert len(set(pairs)) == len(pairs)
    assert all(a != b for a, b in pairs)
    assert len(set(Counter(order).values())) == 1
    rounds = [order[at : at + count] for at in range(0, len(order), count)]
    assert all({c.clip for c in round_} == {c.clip for c in cuts} for round_ in rounds)
    assert len(rounds) >= min(count - 1, 400 // count, 8)


def test_the_same_seed_gives_the_same_order():
    """Everywhere and always, so a film can be made again; another seed gives another."""
    cuts = [cut(number) for number in range(9)]
    assert shuffled(cuts, 5, 4) == shuffled(cuts, 5, 4)
    assert shuffled(cuts, 5, 4) != shuffled(cuts, 6, 4)
    assert [c.clip for c in shuffled(cuts[:4], 1, 1)] == ["3.mp4", "1.mp4", "0.mp4", "2.mp4"]


def test_there_are_no_more_rounds_than_the_film_is_long():
    """A film of two rounds has no transitions that nobody will see."""
    assert len(shuffled([cut(number) for number in range(9)], 1, 2)) == 18


def test_one_clip_alone_and_clips_that_come_twice_still_make_a_circle():
    """Where there is no way around the same neighbour, there is a film all the same."""
    assert shuffled([cut("a")], 1, 9) == (cut("a"),)
    twice = shuffled([cut("a"), cut("a"), cut("b"), cut("b")], 1, 9)
    assert all(a.clip != b.clip for a, b in pairwise((*twice, twice[0])))
    assert Counter(shuffled([cut("a"), cut("a"), cut("b")], 1, 9)) == {cut("a"): 2, cut("b"): 1}


def test_what_goes_on_from_the_cut_before_stays_behind_it():
    """Also where the circle's first cut goes on from its last."""
    cuts = [cut("b", shared_frames=5), cut("c"), cut("d", shared_frames=3), cut("e"), cut("a")]
    order = shuffled(cuts, 3, 9)
    follows = {(a.clip, b.clip) for a, b in pairwise((*order, order[0]))}
    assert all(pair in follows for pair in (("a.mp4", "b.mp4"), ("c.mp4", "d.mp4")))
    assert {a for a, b in follows if b == "b.mp4"} == {"a.mp4"}
    glued = [cut("a", shared_frames=2), cut("b", shared_frames=2)]
    assert shuffled(glued, 1, 9) == tuple(glued)


def test_the_length_is_the_nearest_whole_frame():
    """Ten hours at 23.976 are 863,136 frames and a bit less than half of one."""
    assert LongFilm(LOOPS["crossfades"], LongForm(36_000)).frames == 864_000
    ntsc = replace(LOOPS["crossfades"], fps=Fraction(24000, 1001))
    assert LongFilm(ntsc, LongForm(36_000)).frames == 863_137
    assert LongFilm(ntsc, LongForm(0.1)).frames == 2


def test_the_screen_goes_dark_slowly_and_for_good():
    """From the moment asked for, over 45 seconds, or less where the film has been bright for less."""
    loop = LOOPS["crossfades"]
    film = LongFilm(loop, LongForm(7200, screen_off_s=1800))
    assert (film.lit_frames, film.dusk_frames) == (1845 * 24, 45 * 24)
    film = LongFilm(loop, LongForm(7200, screen_off_s=10))
    assert (film.lit_frames, film.dusk_frames) == (15 * 24, 5 * 24)
    film = LongFilm(loop, LongForm(7200))
    assert (film.lit_frames, film.dusk_frames) == (7200 * 24, 0)
    film = LongFilm(loop, LongForm(20, screen_off_s=19))
    assert (film.lit_frames, film.dusk_frames) == (20 * 24, 24)
    film = LongFilm(loop, LongForm(20, screen_off_s=30))
    assert (film.lit_frames, film.dusk_frames) == (20 * 24, 0)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (LongForm(0), "0 seconds long"),
        (LongForm(43_201), "43201 seconds"),
        (LongForm(60, order="wild"), "'wild'"),
        (LongForm(60, screen_off_s=-1), "dark before"),
    ],
)
def test_what_cannot_be_made_is_said(length, words):
    """With what to do."""
    (problem,) = LongFilm(LOOPS["crossfades"], length).problems()
    assert words in problem.what
    assert problem.cure


def test_a_joint_that_cannot_close_the_circle_is_said():
    """The film once through has no joint before its first cut, so only the circle can be wrong there."""
    loop = loop_of(cut("a", 20, crossfade_frames=18), cut("b"))
    assert loop.problems() == []
    problems = LongFilm(loop, LongForm(60)).problems()
    assert problems
    assert all(problem.where.startswith("where the film begins again") for problem in problems)
