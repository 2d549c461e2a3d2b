"""How sound that goes on fits what encodes it."""

from fractions import Fraction

import pytest

from ltxlib.core import carried_sound as sound


@pytest.mark.parametrize("frames", range(9, 482, 8))
@pytest.mark.parametrize("fps", [Fraction(24), Fraction(24000, 1001), Fraction(30), Fraction(60)])
def test_whole_blocks_cover_the_picture_by_less_than_one(frames, fps):
    """The sound is never shorter than its picture by more than a made one is, nor a block longer."""
    lasts_s = frames / fps
    together_s = sound.whole_blocks_s(lasts_s)
    assert 0 <= together_s - lasts_s < sound.BLOCK_S
    assert (together_s / sound.BLOCK_S).denominator == 1
    decoded_s = Fraction(4 * sound.steps_of(together_s) - 3, 100)
    assert -Fraction(3, 100) <= decoded_s - lasts_s < Fraction(13, 100)


def test_made_sound_ends_a_little_before_its_picture():
    """65 frames at 24 a second are 68 steps: 2.69 s of sound for 2.71 s; never longer than the picture."""
    assert sound.made_s(Fraction(65, 24)) == Fraction(269, 100)
    assert sound.made_s(Fraction(49, 50)) == Fraction(93, 100)
    assert sound.made_s(Fraction(1, 100)) == 0
    for frames in range(9, 482, 8):
        lasts_s = Fraction(frames, 24)
        assert 0 <= lasts_s - sound.made_s(lasts_s) <= Fraction(1, 20)


def test_no_step_holds_the_silence_behind_a_sound():
    """What is held ends with the source's sound, not with its picture; one step is always held."""
    for frames in range(33, 482, 8):
        lasts_s, overlap_s = Fraction(frames, 24), Fraction(25, 24)
        held_s = Fraction(sound.held_steps(lasts_s, overlap_s), sound.STEPS_PER_S)
        assert 0 <= sound.made_s(lasts_s) - (lasts_s - overlap_s) - held_s < Fraction(1, 25)
    assert sound.held_steps(Fraction(9, 60), Fraction(1, 60)) == 1
