"""The film's pictures, frame by frame: ways through black, crossfades of their own length, their pieces."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ltxlib.core.timeline import Cut, Timeline
from ltxlib.media.master import MasterSettings, render_master
from ltxlib.media.mezzanine import SUFFIX
from ltxlib.media.picture import film_frames, plane_of
from ltxlib.media.pieces import plan_pieces
from ltxlib.media.probe import probe
from tests.support.clips import make_clip
from tests.support.films import pictures

FINE = MasterSettings(preset="ultrafast", crf=4, fade_in_s=0, fade_out_s=0)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    options = {"frames": 33, "sound": None, "options": {"crf": "1", "preset": "ultrafast"}}
    grey = [make_clip(folder / f"{n}.mp4", rgb=(n, n, n), **options) for n in (120, 200)]
    moving = [make_clip(folder / f"m{n}.mp4", seed=n, **options | {"frames": 121}) for n in range(3)]
    return {"grey": grey, "moving": moving}


def film(cuts, crossfade=0) -> Timeline:
    return Timeline(tuple(cuts), Fraction(24), 128, 64, crossfade)


def cut(clip, frames=33, **more) -> Cut:
    return Cut(str(clip), Path(clip).stem, "take-01", frames, **more)


def shown(timeline, fades=(0, 0), span=None) -> list[list[np.ndarray]]:
    facts = [probe(Path(one.clip)) for one in timeline.cuts]
    return [
        [plane_of(frame, number).astype(float) for number in range(3)]
        for frame in film_frames(timeline, facts, fades, span)
    ]


@pytest.mark.parametrize("black", [1, 2, 7, 8, 24])
def test_the_way_through_black_takes_exactly_its_frames(clips, black):
    """The end of one cut goes down evenly, the beginning of the next comes up; nothing else changes."""
    one, two = clips["grey"]
    down, up = (black + 1) // 2, black // 2
    timeline = film([cut(one), cut(two, black_frames=black)], crossfade=6)
    assert timeline.frames == 66
    lumas = [planes[0].mean() - 16 for planes in shown(timeline)]
    before, after = lumas[0], lumas[-1]
    expected = [before] * 33 + [after] * 33
    for step in range(down):
        expected[32 - step] = before * (step + 0.5) / down
    for step in range(up):
        expected[33 + step] = after * (step + 0.5) / up
    assert lumas == pytest.approx(expected, abs=0.75)
    assert [luma == before for luma in lumas[:33]] == [True] * (33 - down) + [False] * down
    assert [luma == after for luma in lumas[33:]] == [False] * up + [True] * (33 - up)


def test_black_has_no_colour_and_is_never_blacker_than_black(clips):
    """In the darkest frames colours go with the light."""
    one, two, _three = clips["moving"]
    frames = shown(film([cut(one), cut(two, black_frames=48)]))
    darkest = frames[32]
    assert min(planes[0].min() for planes in frames) >= 16
    assert darkest[0].max() <= 16 + 219 * 0.5 / 24 + 1
    assert max(abs(plane - 128).max() for plane in darkest[1:]) <= 4


def test_the_first_cut_comes_from_no_black_but_the_films_own(clips):
    """Before the first clip there is nothing to go through black from."""
    timeline = film([cut(clips["grey"][0], black_frames=8), cut(clips["grey"][1])])
    assert timeline.dips_frames == ()
    assert len({planes[0].mean() for planes in shown(timeline)[:33]}) == 1


def test_where_two_ways_to_black_meet_the_darker_one_is_seen(clips):
    """A fade over the whole film and a way through black in its middle."""
    timeline = film([cut(clips["grey"][0]), cut(clips["grey"][0], black_frames=8)])
    faded, plain = shown(timeline, (33, 33)), shown(timeline)
    lumas = [planes[0].mean() for planes in faded]
    assert lumas[32] == plain[32][0].mean()
    assert lumas[10] == pytest.approx(16 + (plain[10][0].mean() - 16) * 10.5 / 33, abs=1)


def odd_films(clips) -> dict[str, tuple[Timeline, tuple[int, int]]]:
    """Films with every kind of transition beside each other."""
    one, two, three = clips
    return {
        "black everywhere": (film([cut(c, 60, black_frames=24) for c in (one, two, three)]), (12, 24)),
        "all kinds": (
            film(
                [
                    cut(one, 60),
                    cut(two, 60, black_frames=13),
                    cut(three, 50, crossfade_frames=20),
                    cut(one, 33, crossfade_frames=0),
                    cut(two, 33, shared_frames=0),
                    cut(three, 40),
                    cut(one, 30, skip_frames=20, black_frames=40),
                ],
                6,
            ),
            (3, 70),
        ),
        "long black in long bodies": (
            film([cut(one, 121), cut(two, 121, black_frames=48), cut(three, 121)], 6),
            (12, 24),
        ),
        "tiny cuts in black": (film([cut(c, 4, black_frames=4) for c in (one, two, three)]), (0, 0)),
        "one frame cuts": (film([cut(one, 1), cut(two, 1, black_frames=1), cut(three, 1)]), (0, 0)),
        "all of a clip is on the way": (film([cut(c, 24, black_frames=24) for c in clips], 2), (0, 0)),
    }


@pytest.mark.parametrize("name", list(odd_films([Path("x")] * 3)))
def test_a_film_of_pieces_is_the_film_frame_by_frame(tmp_path, clips, name):
    """Transitions of every kind and length, as pieces and as spans, against the film in one go."""
    timeline, fades = odd_films(clips["moving"])[name]
    assert timeline.problems() == []
    settings = MasterSettings(preset="ultrafast", crf=4, fade_in_s=fades[0] / 24, fade_out_s=fades[1] / 24)
    report = render_master(timeline, tmp_path / "film.mp4", settings, work_dir=tmp_path / "work")
    wanted, found = shown(timeline, fades), pictures(report.path)
    assert len(wanted) == len(found) == timeline.frames
    for number, (planes, expected) in enumerate(zip(found, wanted, strict=True)):
        errors = [np.abs(a - b).mean() for a, b in zip(planes, expected, strict=True)]
        assert max(errors) < 1.5, f"frame {number}: {errors}"
    middle = timeline.frames // 2
    for span in ((0, middle), (middle, timeline.frames)):
        for planes, expected in zip(shown(timeline, fades, span), wanted[slice(*span)], strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(planes, expected, strict=True))


def names(folder) -> set[str]:
    return {path.name for path in folder.glob(f"*{SUFFIX}")}


def test_going_through_black_uses_the_bodies_that_are_there(tmp_path, clips):
    """Black instead of a crossfade, short or long, codes the way anew and nothing else."""
    one, two, _three = clips["moving"]
    more = {"work_dir": tmp_path / "work", "cache_dir": tmp_path / "pieces"}

    def made(black, name) -> set[str]:
        before = names(tmp_path / "pieces")
        joint = {} if black is None else {"black_frames": black}
        timeline = film([cut(one, 121), cut(two, 121, **joint)], 6)
        render_master(timeline, tmp_path / f"{name}.mp4", FINE, **more)
        return names(tmp_path / "pieces") - before

    assert len(made(None, "crossfade")) == 1 + 1 + 1 + 1 + 1
    # Its two halves lie where the crossfade's frames were.
    assert len(made(12, "short")) == 2
    assert len(made(None, "again")) == 0
    # Longer than a crossfade: the rest of the bodies' last and first groups is coded anew.
    long = made(40, "long")
    assert len(long) == 4
    assert len(made(40, "long again")) == 0


def test_a_film_that_always_goes_through_black_codes_every_frame_once(clips):
    """The bodies end where the ways begin, and serve in every order."""
    films = []
    for order in (clips["moving"], clips["moving"][::-1]):
        timeline = film([cut(clip, 121, black_frames=24) for clip in order])
        films.append(plan_pieces(timeline, [clip.stem for clip in order], (0, 0)))
    for pieces in films:
        assert sum(piece.frames for piece in pieces) == 363
    bodies = [[str(p.shows) for p in pieces if p.frames == 97] for pieces in films]
    assert len(bodies[0]) == 3
    assert sorted(bodies[0]) == sorted(bodies[1])


def test_pieces_of_any_film_join_up_to_exactly_it_and_name_what_is_dark():
    """A thousand films by dice; a piece kept bright is used only where the film is bright."""
    dice = random.Random(7)
    checked = 0
    for _ in range(1000):
        usual = dice.choice([0, 0, 6, 12])
        cuts = [
            cut(
                "a.mp4",
                dice.randint(1, 140),
                crossfade_frames=dice.choice([None, None, 0, 1, 20]),
                black_frames=dice.choice([0, 0, 0, 1, 5, 24, 60]),
            )
            for _ in range(dice.randint(1, 6))
        ]
        timeline = film(cuts, usual)
        if timeline.problems():
            continue
        checked += 1
        half = timeline.frames // 2
        fades = (min(dice.choice([0, 12, 60]), half), min(dice.choice([0, 24, 90]), half))
        pieces = plan_pieces(timeline, ["x"] * len(cuts), fades)
        edges = [edge for piece in pieces for edge in piece.used]
        assert [0, timeline.frames] == [edges[0], edges[-1]]
        assert edges[1:-1:2] == edges[2::2]
        ways = [(at - down, at + up) for at, down, up in timeline.dips_frames]
        dark = [(0, fades[0]), (timeline.frames - fades[1], timeline.frames), *ways]
        for piece in pieces:
            assert piece.first <= piece.used[0] < piece.used[1] <= piece.last
            hit = [way for way in dark if max(way[0], piece.used[0]) < min(way[1], piece.used[1])]
            told = {"from black", "to black", "through black"} & set(piece.shows)
            assert not (piece.fade_frames is None and hit)
            assert bool(told) == (piece.fade_frames is not None and bool(hit))
    assert checked > 200
