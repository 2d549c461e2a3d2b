"""What the rehearsal sounds like: from words and seed, level, gentle, and in step with the picture."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ltxlib.rehearsal import sound, story
from ltxlib.rehearsal.rhythm import Rhythm
from ltxlib.rehearsal.sound_tools import Scene, limited, loudness_lufs
from ltxlib.rehearsal.spec import ClipSpec

RATE_HZ = 24_000
BANDS_HZ = ((20, 150), (150, 500), (500, 1500), (1500, 4000), (4000, 12000))
PROMPTS = {
    "rain": "Rain taps against a window at night",
    "rain on a tent": "Rain drums on a tent at night",
    "rain in the wood": "Steady rain in the forest",
    "fire": "A fire crackles in the fireplace",
    "sea": "Ocean waves wash onto a beach",
    "wind": "Wind over a meadow",
    "snow": "Snow falls on a pine wood",
    "night": "Crickets in a meadow at night",
    "stream": "A brook burbles over stones",
    "waterfall": "A waterfall",
    "lake": "A still lake laps at the shore in the morning",
    "underwater": "Underwater, kelp",
    "storm": "Distant thunder over the hills",
    "birds": "Birdsong in the woods at dawn",
    "city": "A city street at night",
    "train": "A night train, the rails beat softly, window",
    "cat": "A cat purrs by the lamp, pages turn in a book",
    "calm": "",
}


def spec(prompt: str, seed: int = 1, frames: int = 121) -> ClipSpec:
    """A clip of which only the sound is wanted."""
    return ClipSpec(prompt, seed, 64, 64, frames, Fraction(24))


def heard(prompt: str, seed: int = 1, duration_s: float = 5.01) -> np.ndarray:
    """The sound of a prompt."""
    return sound.synth(spec(prompt, seed), duration_s, RATE_HZ)


def bands(samples: np.ndarray) -> np.ndarray:
    """Which part of the energy lies in each band."""
    power = (np.abs(np.fft.rfft(samples, axis=0)) ** 2).sum(axis=1)
    hz = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    parts = np.array([power[(hz >= low) & (hz < high)].sum() for low, high in BANDS_HZ])
    return parts / parts.sum()


def envelope(samples: np.ndarray, window_s: float = 0.1) -> np.ndarray:
    """Root mean square of one window after another."""
    size = int(window_s * RATE_HZ)
    whole = samples[: len(samples) // size * size].reshape(-1, size, 2).astype(float)
    return np.sqrt((whole**2).mean(axis=(1, 2)))


@pytest.fixture(scope="module")
def sounds() -> dict[str, np.ndarray]:
    """Five seconds of every element."""
    return {name: heard(prompt) for name, prompt in PROMPTS.items()}


def test_shape_and_type(sounds: dict[str, np.ndarray]) -> None:
    """Sound is float32 stereo of the asked length, finite, and left differs from right."""
    for name, samples in sounds.items():
        assert samples.dtype == np.float32
        assert samples.shape == (round(5.01 * RATE_HZ), 2)
        assert np.isfinite(samples).all()
        assert np.corrcoef(samples.T)[0, 1] < 0.9, name


def test_gentle_and_level(sounds: dict[str, np.ndarray]) -> None:
    """Every prompt is about equally loud, with no peak above -3 dBFS and no offset."""
    for name, samples in sounds.items():
        assert -26 <= loudness_lufs(samples.astype(float), RATE_HZ) <= -20, name
        assert np.abs(samples).max() <= 10 ** (-3 / 20), name
        assert np.abs(samples.mean(axis=0)).max() < 0.01, name


def test_no_fade_and_no_click_at_the_ends(sounds: dict[str, np.ndarray]) -> None:
    """The first and last quarter second are as loud as any other may be, with no jump at either end."""
    for name, samples in sounds.items():
        level = envelope(samples, 0.25)
        for end in (level[0], level[-1]):
            assert end > 0.6 * level.min(), name
            assert end > 0.15 * level.mean(), name
        assert np.abs(samples[[0, -1]]).max() < max(0.05, 6 * np.std(samples)), name


def test_same_clip_same_sound_and_another_seed_another(sounds: dict[str, np.ndarray]) -> None:
    """Prompt and seed decide every sample."""
    for name in ("rain", "fire", "birds", "cat"):
        assert (heard(PROMPTS[name]) == sounds[name]).all()
        assert np.abs(heard(PROMPTS[name], seed=2) - sounds[name]).mean() > 0.005


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("rain", "fire"),
        ("rain", "sea"),
        ("fire", "wind"),
        ("sea", "stream"),
        ("wind", "snow"),
        ("snow", "rain"),
        ("night", "snow"),
        ("stream", "waterfall"),
        ("underwater", "sea"),
        ("storm", "night"),
        ("rain", "rain on a tent"),
        ("city", "birds"),
        ("cat", "rain"),
        ("train", "calm"),
    ],
)
def test_elements_sound_different(sounds: dict[str, np.ndarray], one: str, other: str) -> None:
    """Two elements differ in how their energy is spread over low and high."""
    assert np.abs(bands(sounds[one]) - bands(sounds[other])).max() > 0.1


def test_rain_is_bright_and_fire_is_low(sounds: dict[str, np.ndarray]) -> None:
    """Rain lives above 1.5 kHz, fire and thunder below 500 Hz, crickets above 4 kHz."""
    assert bands(sounds["rain"])[3:].sum() > 0.4
    assert bands(sounds["fire"])[:2].sum() > 0.6
    assert bands(sounds["storm"])[:2].sum() > 0.6
    assert bands(sounds["night"])[4] > 0.25


def test_the_sea_swells_when_the_wave_comes_in() -> None:
    """The loudness of the sea follows the swell that is seen."""
    long = spec(PROMPTS["sea"], frames=481)
    samples = sound.synth(long, 20.0, RATE_HZ)
    level = envelope(samples, 0.25)
    swell = Rhythm(long).swell(np.arange(len(level)) * 0.25 + 0.125)
    assert np.corrcoef(level, swell)[0, 1] > 0.5


def test_a_crack_is_heard_when_sparks_fly() -> None:
    """The strongest crack of a fire stands out in the moment its sparks are drawn."""
    for seed in (1, 2, 3):
        clip = spec(PROMPTS["fire"], seed)
        pops = Rhythm(clip).pops
        inside = pops[(pops[:, 0] > 0.1) & (pops[:, 0] < 4.9)]
        start = inside[np.argmax(inside[:, 1]), 0]
        samples = sound.synth(clip, 5.01, RATE_HZ).astype(float)
        bright = np.abs(np.diff(samples, axis=0)).max(axis=1)
        begin = int(start * RATE_HZ)
        assert bright[begin : begin + 480].max() > 3 * np.percentile(bright, 99)


def test_thunder_follows_its_light() -> None:
    """Every storm clip, however short, has a rumble in its first part, and it is heard after it is seen."""
    for seed in range(6):
        clip = spec(PROMPTS["storm"], seed, frames=97)
        begins = Rhythm(clip).rumbles[:, 0]
        assert -0.7 < begins.min() < 0.36 * float(clip.duration_s)
        assert (np.diff(begins) > 0).all()


def test_a_clip_may_be_of_any_length() -> None:
    """From one hundredth of a second to twenty seconds, the sound has that length and its loudness."""
    for frames, seconds in ((1, 0.01), (9, 0.33), (481, 20.01)):
        for prompt in (PROMPTS["rain"], PROMPTS["birds"], PROMPTS["train"], "Candles, a tea cup, 雨"):
            samples = sound.synth(spec(prompt, frames=frames), seconds, RATE_HZ)
            assert samples.shape == (round(seconds * RATE_HZ), 2)
            assert np.abs(samples).max() <= 10 ** (-3 / 20)


def test_indoors_the_wind_is_muffled() -> None:
    """Wind heard from a room is quieter beside the room's own sounds than wind in the open."""
    voices = sound.voices
    outside = sound.cast(story.read_story("Wind over a meadow"))
    inside = sound.cast(story.read_story("A fireplace burns, wind outside the cabin"))
    assert inside[voices.wind] < outside[voices.wind]
    assert voices.fire in inside


def test_snow_and_rain_silence_the_crickets() -> None:
    """A night has crickets unless it snows or rains."""
    voices = sound.voices
    assert voices.crickets in sound.cast(story.read_story("A lake at night"))
    assert voices.crickets not in sound.cast(story.read_story("A lake at night in the rain"))


def test_loudness_of_a_known_tone() -> None:
    """A 1 kHz tone of -20 dBFS in both channels measures -20 LUFS; silence measures as none."""
    t = np.arange(RATE_HZ * 4) / RATE_HZ
    tone = np.column_stack([np.sin(2 * np.pi * 997 * t)] * 2) * 0.1
    assert loudness_lufs(tone, RATE_HZ) == pytest.approx(-20, abs=0.15)
    assert loudness_lufs(np.zeros((RATE_HZ, 2)), RATE_HZ) == -120


def test_the_limiter_keeps_quiet_sound_as_it_is() -> None:
    """Only what comes near the ceiling is rounded off, without turning it round."""
    ramp = np.linspace(-2, 2, 401)[:, None] * np.ones((1, 2))
    bent = limited(ramp, 0.7)
    assert np.abs(bent).max() <= 0.7
    assert (np.diff(bent, axis=0) >= 0).all()
    quiet = np.abs(ramp) < 0.4
    assert (bent[quiet] == ramp[quiet]).all()


def test_silence_stays_silent() -> None:
    """A scene of no voices gives nothing rather than a fault."""
    clip = spec("")
    scene = Scene(2400, RATE_HZ, Rhythm(clip), story.read_story(""), clip.rng)
    assert (scene.silence() == 0).all()
    assert loudness_lufs(scene.silence(), RATE_HZ) == -120
