"""Arithmetic that the sounds are made of: shaped noise, little events, loudness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ltxlib.rehearsal.rhythm import Rhythm
from ltxlib.rehearsal.story import Story

Stereo = np.ndarray
"""Sound, float64, shape (samples, 2), left and right, full scale at 1."""

# The weighting of ITU-R BS.1770 (two filters, coefficients for 48 kHz), used to set an even loudness.
_SHELF = ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585))
_HIGH_PASS = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
_WEIGHTING_RATE_HZ = 48_000
_LUFS_OFFSET = -0.691


@dataclass(frozen=True)
class Scene:
    """What a voice may ask: how many samples, at what rate, when things happen, what the prompt tells."""

    samples: int
    rate_hz: int
    rhythm: Rhythm
    story: Story
    rng: Callable[[str], np.random.Generator]

    @property
    def times(self) -> np.ndarray:
        """The moment of each sample in seconds."""
        return np.arange(self.samples) / self.rate_hz

    def silence(self) -> Stereo:
        """Nothing yet."""
        return np.zeros((self.samples, 2))


def band(low_hz: float, high_hz: float, *, steep: float = 2.0) -> Callable[[np.ndarray], np.ndarray]:
    """A soft band of frequencies; steep: how fast it falls off outside (2 is 12 dB an octave)."""

    def curve(hz: np.ndarray) -> np.ndarray:
        safe = np.maximum(hz, 1.0)
        return 1.0 / np.sqrt((1 + (low_hz / safe) ** (2 * steep)) * (1 + (safe / high_hz) ** (2 * steep)))

    return curve


def tilt(
    curve: Callable[[np.ndarray], np.ndarray], db_per_octave: float
) -> Callable[[np.ndarray], np.ndarray]:
    """The same curve, leaning: -3 for pink, -6 for brown."""
    return lambda hz: curve(hz) * (np.maximum(hz, 20.0) / 1000.0) ** (db_per_octave / 6.02)


def noise(scene: Scene, name: str, curve: Callable[[np.ndarray], np.ndarray], *, wide: float = 0.7) -> Stereo:
    """Steady stereo noise with this spectrum, whose end joins its start; wide: 0 is mono, 1 two strangers.

    Its root mean square is 1.
    """
    rng = scene.rng(f"noise {name}")
    length = _easy_length(scene.samples)
    weight = curve(np.fft.rfftfreq(length, 1 / scene.rate_hz))
    weight[0] = 0.0
    mono, left, right = (
        np.fft.irfft(np.fft.rfft(rng.standard_normal(length)) * weight, length) for _ in range(3)
    )
    both = np.column_stack([(1 - wide) * mono + wide * left, (1 - wide) * mono + wide * right])
    return both[: scene.samples] / max(1e-12, float(np.sqrt(np.mean(both**2))))


def _easy_length(samples: int) -> int:
    """A length not below `samples` that the Fourier transform is quick at."""
    step = 1 << max(0, samples.bit_length() - 5)
    return max(64, -(-samples // step) * step)


def pan(place: float) -> np.ndarray:
    """Left and right gains for a place from -1 to 1, equal in power."""
    angle = (np.clip(place, -1, 1) + 1) * np.pi / 4
    return np.array([np.cos(angle), np.sin(angle)]) * np.sqrt(2) * 0.85


def add_at(sound: Stereo, scene: Scene, start_s: float, event: np.ndarray, place: float) -> None:
    """Adds a short mono event at a moment and a place; what falls outside the clip is left out."""
    begin = round(start_s * scene.rate_hz)
    first, last = max(0, begin), min(scene.samples, begin + len(event))
    if last > first:
        sound[first:last] += event[first - begin : last - begin, None] * pan(place)


def spray(scene: Scene, name: str, per_second: float, kernel: np.ndarray, *, uneven: float = 2.0) -> Stereo:
    """Very many small equal events at random moments, places and strengths, joined end to start."""
    rng = scene.rng(f"spray {name}")
    length = max(scene.samples, len(kernel))
    count = int(rng.poisson(per_second * length / scene.rate_hz))
    hits = np.zeros((length, 2))
    gains = np.stack([pan(p) for p in rng.uniform(-0.9, 0.9, count)]) if count else np.zeros((0, 2))
    np.add.at(hits, rng.integers(0, length, count), gains * (rng.uniform(0, 1, count) ** uneven)[:, None])
    size = _easy_length(length + len(kernel))
    heard = np.fft.irfft(np.fft.rfft(hits, size, axis=0) * np.fft.rfft(kernel, size)[:, None], size, axis=0)
    tail = heard[length : length + len(kernel)]
    heard[: len(tail)] += tail
    return heard[: scene.samples]


def ping(scene: Scene, hz: float, decay_s: float, *, bend: float = 0.0) -> np.ndarray:
    """One soft decaying tone; bend: by how much its pitch rises while it dies, as a part of it."""
    t = np.arange(int(decay_s * 6 * scene.rate_hz) + 2) / scene.rate_hz
    phase = 2 * np.pi * hz * (t + bend * t * t / (2 * decay_s * 3))
    attack = 1 - np.exp(-t / (decay_s * 0.12))
    return np.sin(phase) * np.exp(-t / decay_s) * attack


def burst(
    scene: Scene, rng: np.random.Generator, low_hz: float, high_hz: float, decay_s: float
) -> np.ndarray:
    """One short decaying burst of noise."""
    samples = int(decay_s * 7 * scene.rate_hz) + 8
    size = 1 << samples.bit_length()
    weight = band(low_hz, high_hz)(np.fft.rfftfreq(size, 1 / scene.rate_hz))
    hiss = np.fft.irfft(np.fft.rfft(rng.standard_normal(size)) * weight, size)[:samples]
    t = np.arange(samples) / scene.rate_hz
    shaped = hiss * np.exp(-t / decay_s) * (1 - np.exp(-t / 0.0004))
    return shaped / max(1e-9, float(np.max(np.abs(shaped))))


def loudness_lufs(sound: Stereo, rate_hz: int) -> float:
    """How loud the sound is by the weighting of BS.1770, without gating; -120 for silence."""
    length = _easy_length(len(sound))
    angle = np.exp(-2j * np.pi * np.fft.rfftfreq(length, 1 / rate_hz) / _WEIGHTING_RATE_HZ)
    weight = np.ones(len(angle))
    for above, below in (_SHELF, _HIGH_PASS):
        weight = weight * np.abs(np.polyval(above[::-1], angle) / np.polyval(below[::-1], angle))
    spectrum = np.abs(np.fft.rfft(sound, length, axis=0)) * weight[:, None]
    power = 2 * np.sum(spectrum**2) / length / len(sound)
    return float(_LUFS_OFFSET + 10 * np.log10(power)) if power > 1e-12 else -120.0


def limited(sound: Stereo, ceiling: float, *, knee: float = 0.6) -> Stereo:
    """Rounds off what is louder than knee x ceiling so that nothing passes the ceiling."""
    start = knee * ceiling
    room = ceiling - start
    size = np.abs(sound)
    bent = start + room * np.tanh((size - start) / room)
    return np.where(size > start, np.sign(sound) * bent, sound)
