"""How much room takes need on disk."""

from dataclasses import replace

import pytest

from ltxlib.core import room
from ltxlib.core.scene import Scene
from tests.core.test_ordering import a_plan
from tests.support.takes import a_take


def made(size_bytes: int, **clip):
    take = a_take()
    return replace(take, clip=replace(take.clip, size_bytes=size_bytes, **clip))


def test_without_takes_the_careful_figure_is_used_and_named():
    """Nothing to go by, or too little, is said."""
    assert room.rate_of([]) == room.Rate() == room.rate_of([made(10)] * 2)
    assert "no take" in room.Rate().source


def test_a_clip_needs_room_by_pixels_frames_and_seconds():
    """Twice the frames need about twice the room; the sound and what lies beside come on top."""
    plan = a_plan("a", width=1536, height=1024, frames=121)
    film = 1536 * 1024 * 121 * room.CAREFUL_PER_PX
    sound = 121 / 24 * room.SOUND_PER_S
    assert room.bytes_of(plan) == pytest.approx(film + sound + room.BESIDE_BYTES, abs=1)
    silent = a_plan("a", width=1536, height=1024, frames=121, audio=False)
    assert room.bytes_of(silent) == pytest.approx(film + room.BESIDE_BYTES, abs=1)
    assert room.bytes_for([plan, silent]) == room.bytes_of(plan) + room.bytes_of(silent)
    assert room.bytes_for([]) == 0


def test_drafts_are_small_and_doubled_frames_count():
    """The size of the clip that is written counts, not that of the finished one."""
    take = a_plan("a", audio=False)
    draft = replace(take, draft_factor=2.0)
    film = room.bytes_of(take) - room.BESIDE_BYTES
    assert room.bytes_of(draft) - room.BESIDE_BYTES == pytest.approx(film / 4, abs=2)
    smooth = replace(take, scene=replace(take.scene, smooth=True))
    assert (room.bytes_of(smooth) - room.BESIDE_BYTES) / film == pytest.approx(129 / 65, rel=1e-3)


def test_sound_alone_needs_no_picture():
    """Sound without a picture needs room by its seconds only."""
    plan = a_plan("a", mode="sound", stages=1)
    seconds = float(Scene("a", "x").duration_s)
    assert room.bytes_of(plan) == pytest.approx(seconds * room.SOUND_PER_S + room.BESIDE_BYTES, abs=1)


def test_takes_that_are_there_tell_how_large_others_become():
    """The rate is that of the larger ones among them, and more; sound alone tells nothing."""
    pixels = 128 * 64 * 9
    takes = [made(pixels // 10)] * 9 + [made(pixels // 5)] + [made(99, width_px=0, height_px=0, frames=0)]
    rate = room.rate_of(takes)
    assert rate.source == "from 10 takes on this shelf"
    assert rate.per_px == pytest.approx(0.2 * 1.25, rel=0.01)
    assert room.rate_of(takes[:9]).per_px == pytest.approx(0.1 * 1.25, rel=0.01)
    plan = a_plan("a")
    assert room.bytes_of(plan, room.Rate(0.01)) < room.bytes_of(plan)
