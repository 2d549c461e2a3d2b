"""The same pictures make the same bytes, whatever lies in the computer's memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ltxlib.media import steady

SCRIPT = """
import sys, zlib
from fractions import Fraction
from pathlib import Path
import av, numpy as np
from ltxlib.media.planes import plane_of
from ltxlib.media.writer import Coding, FilmShape, write_film

out, width, height = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
hills = np.add.outer(np.arange(height) ** 2 % 251, np.arange(width) ** 2 % 241) / 6 + 20

def frames():
    for number in range(12):
        frame = av.VideoFrame(width, height, "yuv420p")
        plane_of(frame, 0)[:] = np.roll(hills, number, 1) + number
        plane_of(frame, 1)[:], plane_of(frame, 2)[:] = 128, 128
        yield frame

for _ in write_film(frames(), None, out, FilmShape(width, height, Fraction(24)), Coding()):
    pass
print(zlib.crc32(out.read_bytes()))
"""


@pytest.mark.parametrize("size", [(180, 320), (320, 192)])
def test_leftovers_in_memory_change_nothing(tmp_path, size):
    """Fresh memory, and memory that the C library fills with a pattern, give the same file."""
    project, found = Path(__file__).resolve().parents[2], set()
    for pattern in ("0", "85"):
        words = [sys.executable, "-c", SCRIPT, tmp_path / "a.mp4", *(str(side) for side in size)]
        about = {**os.environ, "MALLOC_PERTURB_": pattern}
        found.add(subprocess.run(words, env=about, cwd=project, capture_output=True, check=True).stdout)
    assert len(found) == 1


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ("flags : sse2 avx avx2 avx512f avx512bw\n", steady.HELD),
        ("flags : sse2 avx avx2\n", ""),
        ("Features : fp asimd\n", ""),
        (None, ""),
    ],
)
def test_only_processors_that_need_it_are_held(tmp_path, monkeypatch, facts, words):
    """A processor is never told to use what it has not got."""
    if facts is not None:
        (tmp_path / "cpuinfo").write_text(facts)
    monkeypatch.setattr(steady, "CPU_FACTS", tmp_path / "cpuinfo")
    steady.steady_words.cache_clear()
    try:
        assert steady.steady_words() == words
    finally:
        steady.steady_words.cache_clear()
