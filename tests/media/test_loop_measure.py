"""Where a clip's seams are, told from made pictures whose seams are known, and from real files."""

import itertools

import numpy as np
import pytest

from ltxlib.core.looping import AS_IS, CROSSFADE, LIVING, NOT, TRIMMED, advise
from ltxlib.errors import BadInput, ClipUnreadable
from ltxlib.media import loop_camera, loop_heard, loop_picture
from ltxlib.media.loop_measure import FEWEST_FRAMES, LEAST_SHARE, measure, measure_clip, together
from ltxlib.media.loop_read import BLOCK_PX, read_loop, small_size
from ltxlib.media.probe import probe
from tests.support import loops
from tests.support.clips import cut_short, make_clip
from tests.support.loops import film, rustle, source

SECONDS = 4.0


def test_the_perfect_loop_gets_all_points():
    """Light that goes round exactly once is left as it is."""
    found = measure(source(loops.turning))
    assert found.as_is.score >= 98
    assert advise(found, "t2v").what == AS_IS
    assert (found.as_is.in_frame, found.as_is.out_frame) == (0, 96)
    assert not found.still
    assert found.as_is.sound is None


def test_films_are_ordered_as_a_person_would():
    """The perfect loop, rain, water, a boat that crosses, and a camera that moves."""
    made = (loops.turning, loops.raining, loops.restless, loops.crossing, loops.nearing)
    scores = [advise(measure(source(picture)), "t2v").score for picture in made]
    assert all(first >= second for first, second in itertools.pairwise(scores))
    assert scores[1] >= 95
    assert 60 <= scores[2] <= 95
    assert scores[3] < 60
    assert scores[4] < 35


def test_a_still_picture_is_told_to_be_still():
    """And a clip in which one small thing moves is not."""
    assert measure(source(loops.standing)).still

    def blinking(number, frames):
        picture = loops.WALL[: loops.HEIGHT_PX, : loops.WIDTH_PX].copy()
        picture[20:26, 30:36] += 40 * np.sin(2 * np.pi * number / frames * 4)
        return picture

    assert not measure(source(blinking)).still


@pytest.mark.parametrize(
    ("picture", "words"), [(loops.panned, "sideways"), (loops.nearing, "nearer"), (loops.crossing, "")]
)
def test_a_camera_that_moves_is_told_from_a_boat(picture, words):
    """Only when all of the picture moves it is the camera; then no loop is proposed."""
    found = measure(source(picture))
    assert found.camera == words
    assert advise(found, "t2v").what == (NOT if words else LIVING)


@pytest.mark.parametrize(
    ("turn", "words"), [(lambda a: a[::-1], "away"), (lambda a: a.transpose(0, 2, 1), "nearer")]
)
def test_a_camera_is_followed_in_every_direction(turn, words):
    """Backwards it goes away; a turned picture makes no difference to that."""
    luma = source(loops.nearing).luma
    assert loop_camera.camera_move(turn(luma)).words == words
    tilted = loop_camera.camera_move(source(loops.panned).luma[:40].transpose(0, 2, 1))
    assert tilted.words == "up or down"
    assert 0.15 < tilted.share < 0.3


def test_too_little_to_follow_is_no_camera():
    """Grey, noise and a single frame."""
    grey = np.full((10, 96, 160), 90, np.uint8)
    noise = np.random.default_rng(2).integers(0, 255, (10, 96, 160)).astype(np.uint8)
    for luma in (grey, noise, grey[:1]):
        assert loop_camera.camera_move(luma).words == ""


def test_a_pendulum_is_not_cut_where_it_swings_the_other_way():
    """The best straight cut joins the same place and the same direction, a whole number of swings apart."""
    found = measure(source(loops.swinging, 110))
    best = found.trimmed
    assert best.score >= 95

    def place(number):
        return 50 * np.sin(2 * np.pi * number / 40)

    last, first = best.out_frame - 1, best.in_frame
    step_before, step_behind = place(last) - place(last - 1), place(first + 1) - place(first)
    assert abs(place(first) - place(last)) < 8.5
    # Where it is fast, it must go on the same way.
    assert step_before * step_behind > -4


def test_a_seam_that_turns_back_is_worse_than_one_that_goes_on():
    """The same two pictures: gone on from the first, and turned back at the second."""
    frames = source(loops.swinging, 83).luma
    found = loop_picture.seams(source(loops.swinging, 83), 30, 50)
    columns = {int(out): place for place, out in enumerate(found.out_frames)}
    # 80 frames are two swings; at 5 and at 75 the pendulum is at one place, but turned round.
    goes_on = found.jump[2, columns[82]]
    turns_back = found.jump[4, columns[77]]
    assert frames.shape[0] == 83
    assert goes_on < 1
    assert turns_back > goes_on + 2


def test_the_search_keeps_most_of_the_take():
    """Neither cut nor crossfade leaves less than the least part of it."""
    for picture in (loops.swinging, loops.restless, loops.darkening):
        found = measure(source(picture))
        for way in (found.trimmed, found.crossfade):
            assert way.frames >= LEAST_SHARE * found.frames - 1
            assert 0 <= way.in_frame < way.out_frame <= found.frames


def test_water_melts_and_a_boat_is_seen_twice():
    """Restless water may melt into itself; a boat in two places is a ghost."""
    water = measure(source(loops.restless)).crossfade
    boat = measure(source(loops.crossing)).crossfade
    assert water.kind == boat.kind == CROSSFADE
    assert water.picture > boat.picture + 20
    assert boat.ghost > 1.5 * water.ghost


def test_a_crossfade_hides_less_the_shorter_it_is():
    """Of one pair of ends, a longer one is never worse in water."""
    found = loop_picture.seams(source(loops.restless), 30, 57, 24)
    seen = [loop_picture.melted(found, 6, 90, melt, 24.0)[0] for melt in (3, 6, 12, 24)]
    assert all(longer < shorter for shorter, longer in itertools.pairwise(seen))


def test_light_that_goes_is_told():
    """An evening ends darker than it began."""
    found = measure(source(loops.darkening))
    assert found.light < -20
    assert "darker" in advise(found, "t2v").sentence


def test_what_happens_once_is_told_with_its_moment():
    """A flash is found at its frame, a perfect loop has none, and many flashes are no event."""
    (event,) = measure(source(loops.flashing)).events
    assert (event.kind, event.at_s) == ("picture", 2.0)
    assert measure(source(loops.turning)).events == ()

    def flickering(number, frames):
        return loops.turning(number, frames) + (90 if number % 24 == 5 else 0)

    assert measure(source(flickering)).events == ()


def test_the_same_clip_gives_the_same():
    """Measuring is deterministic."""
    made = source(loops.restless, sound=rustle(SECONDS))
    assert measure(made) == measure(made)


def test_even_sound_has_no_seam():
    """And sound that swells has one, which a crossfade makes less of."""
    even = measure(source(loops.turning, sound=rustle(SECONDS)))
    assert even.as_is.sound >= 95
    swelling = rustle(SECONDS) * np.linspace(0.1, 1.5, round(SECONDS * 48_000), dtype=np.float32)[:, None]
    found = measure(source(loops.raining, sound=swelling))
    assert found.as_is.sound < 30
    assert found.as_is.picture >= 95
    assert found.crossfade.sound > found.as_is.sound + 20
    assert found.silence_s == 0


def test_another_sound_at_the_end_is_heard_though_it_is_as_loud():
    """Its bands tell a low hum from a hiss."""
    low = np.cumsum(rustle(SECONDS), axis=0)
    hiss = np.diff(rustle(SECONDS), axis=0, prepend=0)
    half = len(low) // 2
    mixed = np.concatenate([low[:half] / low.std(), hiss[half:] / hiss.std()]).astype(np.float32) * 0.05
    found = measure(source(loops.turning, sound=mixed))
    assert found.as_is.sound < 40


def test_silence_at_the_end_is_a_hole():
    """LTX-2's sound ends before its picture; a seam before that hole is better."""
    sound = rustle(SECONDS)
    sound[-round(0.25 * 48_000) :] = 0
    found = measure(source(loops.raining, sound=sound))
    assert found.silence_s == pytest.approx(0.25, abs=0.03)
    assert found.as_is.sound < 50
    assert found.trimmed.sound > 90
    assert found.trimmed.out_frame <= 91


def test_silent_sound_is_no_sound():
    """Neither good nor bad."""
    found = measure(source(loops.turning, sound=np.zeros((round(SECONDS * 48_000), 2), np.float32)))
    assert (found.heard, found.as_is.sound, found.silence_s) == (False, None, 0)


def test_a_loud_moment_is_told_and_many_are_not():
    """Thunder once is an event; a clock is not."""
    thunder = rustle(SECONDS)
    thunder[72_000:90_000] *= 14
    (event,) = loop_heard.odd_moments(loop_heard.listen(thunder))[:1]
    assert event == pytest.approx(1.5, abs=0.1)
    clock = rustle(SECONDS)
    for tick in range(8):
        clock[tick * 24_000 : tick * 24_000 + 2_400] *= 14
    assert loop_heard.odd_moments(loop_heard.listen(clock)) == []
    assert measure(source(loops.turning, sound=thunder)).events[0].kind == "sound"


def test_bands_keep_the_power_of_a_tone():
    """A tone of a tenth is 20 dB below full scale, and lies where its bands are."""
    time = np.arange(48_000) / 48_000
    tone = (0.1 * np.sin(2 * np.pi * 440 * time))[:, None].astype(np.float32)
    heard = loop_heard.listen(np.repeat(tone, 2, axis=1))
    level = np.median(heard.loudness_db)
    assert level == pytest.approx(20 * np.log10(0.1), abs=1.5)
    assert len(heard.loudness_db) == 100
    assert heard.bands[50, 5:7].sum() > 0.99 * heard.bands[50].sum()


def test_one_bad_seam_is_a_seam():
    """A perfect picture does not save bad sound, and neither counts where there is none."""
    assert together(80.0, None) == 80.0
    assert together(100.0, 100.0) == pytest.approx(100.0)
    assert together(100.0, 0.0) < 30
    assert together(100.0, 30.0) > together(30.0, 30.0)


def test_a_real_clip_is_measured_as_its_arrays_are(tmp_path):
    """Coding does not change what is found."""
    found = measure_clip(film(tmp_path / "loop.mp4", loops.turning, sound=rustle(SECONDS)))
    assert found.as_is.score >= 90
    assert (found.frames, found.fps, found.heard) == (96, "24", True)
    assert measure_clip(film(tmp_path / "pan.mp4", loops.panned)).camera == "sideways"
    assert measure_clip(film(tmp_path / "wall.mp4", loops.standing)).still


def test_pictures_are_read_small_and_whole_blocks(tmp_path):
    """Wide, upright and thin ones; 8 bits whatever the clip has."""
    assert small_size(1536, 1024) == (160, 112)
    assert small_size(1024, 1536) == (112, 160)
    assert small_size(4096, 64) == (160, BLOCK_PX)
    clip = make_clip(tmp_path / "ten.mp4", frames=9, pixel_format="yuv420p10le", width_px=192, height_px=128)
    made = read_loop(probe(clip))
    assert made.luma.shape == (9, 112, 160)
    assert made.chroma.shape == (9, 2, 56, 80)
    assert 100 < made.luma.mean() < 140
    assert abs(len(made.sound) - 9 / 24 * 48_000) < 2


def test_short_and_broken_clips_are_refused(tmp_path):
    """The fewest frames can be measured; fewer are told to be too few."""
    enough = make_clip(tmp_path / "enough.mp4", frames=FEWEST_FRAMES)
    assert measure_clip(enough).crossfade is None
    with pytest.raises(BadInput, match="7 frames: too few"):
        measure_clip(make_clip(tmp_path / "few.mp4", frames=7))
    with pytest.raises(ClipUnreadable):
        measure_clip(cut_short(make_clip(tmp_path / "broken.mp4", frames=33)))


@pytest.mark.parametrize("frames", [8, 9, 12, 25, 49, 64])
def test_every_length_can_be_measured(frames):
    """Down to the shortest, all ways lie inside the clip."""
    found = measure(source(loops.restless, frames, rustle(frames / 24)))
    for way in (found.as_is, found.trimmed, found.crossfade):
        assert way is None or (way.in_frame >= 0 and way.out_frame <= frames and way.frames >= 4)
    assert (found.as_is.kind, found.trimmed.kind) == (AS_IS, TRIMMED)
