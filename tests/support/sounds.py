"""Small real files that hold sound alone, for tests: any kind of file, rate and number of channels.

rain = make_sound(tmp_path / "rain.mp3", noise(6.0, seed=1))
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE_HZ = 48_000
_CODERS = {
    ".wav": ("pcm_s16le", "s16"),
    ".flac": ("flac", "s16"),
    ".mp3": ("libmp3lame", "fltp"),
    ".m4a": ("aac", "fltp"),
    ".ogg": ("libopus", "flt"),
    ".opus": ("libopus", "flt"),
}


def noise(seconds: float, *, peak: float = 0.3, seed: int = 1, rate_hz: int = RATE_HZ, channels: int = 2):
    """Even noise, samples x channels, each channel its own."""
    random = np.random.default_rng(seed)
    return (random.uniform(-1, 1, (round(seconds * rate_hz), channels)) * peak).astype(np.float32)


def tone(seconds: float, hz: float, *, peak: float = 0.3, rate_hz: int = RATE_HZ):
    """The same tone on both sides."""
    wave = peak * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)
    return np.stack([wave, wave], 1).astype(np.float32)


def make_sound(out: Path, samples: np.ndarray, rate_hz: int = RATE_HZ) -> Path:
    """Writes samples x channels (1 or 2) as the file's ending asks."""
    coder, kind = _CODERS[out.suffix]
    layout = "mono" if samples.shape[1] == 1 else "stereo"
    with av.open(str(out), "w") as container:
        stream = container.add_stream(coder, rate=rate_hz, layout=layout)
        if kind != "s16":
            stream.bit_rate = 128_000 * samples.shape[1] // (1 if rate_hz > 24_000 else 2)
        for start in range(0, len(samples), 960):
            block = samples[start : start + 960]
            if kind == "s16":
                block = np.round(np.clip(block, -1, 1) * 32767).astype(np.int16)
            planes = block.T if kind == "fltp" else block.reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(planes), format=kind, layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate_hz, start, Fraction(1, rate_hz)
            for ready in stream.codec_context.encode(frame) if coder == "flac" else stream.encode(frame):
                container.mux(ready)
        container.mux(stream.encode(None))
    return out
