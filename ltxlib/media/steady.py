"""Keeps x264 from reading memory that nobody wrote, so that the same pictures always make the same bytes.

On processors with AVX-512, x264's look ahead (mbtree) reads past what it has filled when the picture is not a
multiple of 128 pixels wide: 1080x1920 and 320x192 are such, 1536x1024 is not. What lies there is left over
from others, so a film made twice came out differently, by a little (measured with x264 core 165 in PyAV 18,
glibc's MALLOC_PERTURB_ shows it at once). Held to AVX2 it does not, and takes no measurable time more.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

CPU_FACTS = Path("/proc/cpuinfo")
HELD = ":asm=AVX2"


@lru_cache(maxsize=1)
def steady_words() -> str:
    """What is to be added to x264's words on this machine; nothing where its processor has no AVX-512.

    Only Linux tells it in a file; elsewhere nothing is added, as x264 believes what it is told, and would
    crash on a processor that has not got it.
    """
    try:
        facts = CPU_FACTS.read_text("ascii", "replace")
    except OSError:
        return ""
    return HELD if " avx512f" in facts and " avx2" in facts else ""
