"""A transition in the film: each moment of the takes that it melts is seen once."""

from dataclasses import replace

import pytest

from ltxlib.core.take import ClipFacts
from ltxlib.media.probe import probe
from ltxlib.store.files import sha256_of
from ltxlib.studio.assemble import FilmSettings, assemble, lay_out
from ltxlib.studio.melting import seams
from tests.support.clips import make_clip
from tests.support.films import lumas
from tests.support.takes import a_take

MELT = 17
# What a coded grey may differ by.
NEAR = 3


def take_of(shelf, scene, levels, **changes):
    """A take whose every frame is one grey, which names it."""
    folder = shelf.takes / scene
    folder.mkdir(parents=True, exist_ok=True)
    take = a_take(scene=scene, take_id="take01-0123456789", **changes)
    path = make_clip(folder / f"{take.take_id}.mp4", frames=len(levels), levels=tuple(levels))
    facts = ClipFacts(path.name, path.stat().st_size, sha256_of(path), 128, 64, len(levels), "24", 1.0, True)
    return replace(take, clip=facts)


@pytest.fixture
def trio(project):
    """A take that grows brighter, one that grows darker, and the transition between the two."""
    shelf = project.set(rehearsal=True)
    dawn = [30 + 2 * number for number in range(41)]
    dusk = [200 - 2 * number for number in range(41)]
    melt = [
        round((one * (MELT - 1 - number) + other * number) / (MELT - 1))
        for number, (one, other) in enumerate(zip(dawn[-MELT:], dusk[:MELT], strict=True))
    ]
    one, other = take_of(shelf, "dawn", dawn), take_of(shelf, "dusk", dusk)
    between = take_of(shelf, "melt", melt, mode="transition", source=one.key, end_source=other.key)
    return shelf, [one, between, other], (dawn, melt, dusk)


def test_every_moment_is_seen_once(trio):
    """The film shows the one up to the melting, the melting, and the other from behind it on."""
    shelf, takes, (dawn, melt, dusk) = trio
    settings = FilmSettings(crossfade_s=0.25)
    film = assemble(shelf, takes, settings)
    assert probe(film.path).frames == film.frames == 41 + 41 - MELT
    seen = lumas(film.path)
    wanted = [16 + 219 * level / 255 for level in (*dawn[:-MELT], *melt, *dusk[MELT:])]
    # Clear of the fades at both ends; in a crossfade both clips show nearly the same.
    apart = [abs(a - b) for a, b in zip(seen[26:40], wanted[26:40], strict=True)]
    assert max(apart) < 12
    alone = range(24 + 6, 24 + MELT - 6)
    assert max(abs(seen[number] - wanted[number]) for number in alone) < NEAR


@pytest.mark.parametrize("crossfade_s", [0, 0.25, 0.5])
def test_the_cuts_fit_whatever_the_crossfade(trio, crossfade_s):
    """What is shared differs with the crossfade, the length of the film does not."""
    shelf, takes, _ = trio
    timeline = lay_out(shelf, takes, FilmSettings(crossfade_s=crossfade_s))
    assert timeline.frames == 41 + 41 - MELT
    first, middle, last = timeline.cuts
    assert first.frames - middle.shared_frames == last.frames - last.shared_frames == 41 - MELT
    assert last.skip_frames == MELT - last.shared_frames
    assert (middle.frames, middle.skip_frames) == (MELT, 0)


def test_a_take_wholly_in_the_melting_is_left_out(trio):
    """Nothing of it is left to show, and what comes before melts with the transition as with any clip."""
    shelf, (one, between, other), _ = trio
    before = take_of(shelf, "noon", [90] * 33)
    short = replace(one, clip=replace(one.clip, frames=MELT))
    timeline = lay_out(shelf, [before, short, between, other], FilmSettings(crossfade_s=0.25))
    assert [cut.scene for cut in timeline.cuts] == ["noon", "melt", "dusk"]
    assert timeline.joints_frames == (0, 6, 6)
    assert timeline.frames == 33 + 41 - 6


def test_a_crossfade_gives_way_where_little_is_left(trio):
    """Of a take of 20 frames 3 are not in the melting: it melts with the clip before it in these."""
    shelf, (one, between, other), _ = trio
    before = take_of(shelf, "noon", [90] * 33)
    short = replace(one, clip=replace(one.clip, frames=20))
    timeline = lay_out(shelf, [before, short, between, other, before], FilmSettings(crossfade_s=0.25))
    assert timeline.problems() == []
    assert timeline.joints_frames == (0, 3, 6, 6, 6)
    turned = [before, one, between, replace(other, clip=replace(other.clip, frames=20)), before]
    assert lay_out(shelf, turned, FilmSettings(crossfade_s=0.25)).joints_frames == (0, 6, 6, 6, 3)


def test_other_neighbours_are_left_as_they_are_and_a_wrong_take_is_told(trio):
    """Only the takes that it was made of are trimmed; another take of the same scene shows a seam."""
    shelf, (one, between, other), _ = trio
    wrong = replace(one, take_id="take02-0123456789")
    assert lay_out(shelf, [other, between], FilmSettings(crossfade_s=0.25)).frames == 41 + MELT - 6
    assert seams([one, between, other]) == []
    (problem,) = seams([wrong, between, other])
    assert problem.warning and "begins with take01-0123456789 of dawn" in problem.what
    (problem,) = seams([one, between, replace(other, take_id="take02-0123456789")])
    assert "ends with take01-0123456789 of dusk" in problem.what
