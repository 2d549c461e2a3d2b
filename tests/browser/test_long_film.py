"""Chromium plays a long film, jumps to any moment of it, and hears its end; so do people's browsers."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from ltxlib.core.film import LongForm
from ltxlib.core.longform import LongFilm
from ltxlib.core.timeline import Cut, Timeline
from ltxlib.media.longform import render_long
from ltxlib.media.master import MasterSettings
from tests.support.clips import make_clip

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

LEVELS = tuple(range(32, 224, 4))
PAGE = '<body style="margin:0"><video muted preload="auto" src="film.mp4" width="128" height="64"></video>'
READY = """() => { const video = document.querySelector('video');
    if (video.error) throw new Error(video.error.message);
    return video.readyState >= 3 && !video.seeking; }"""
JUMP = "(seconds) => { document.querySelector('video').currentTime = seconds; }"
ENDED = "() => document.querySelector('video').ended"


@pytest.mark.parametrize("compact", [False, True])
def test_a_long_film_plays_and_jumps_to_the_frame(browser: Browser, tmp_path: Path, compact):
    """Every frame has a grey of its own, so what is on the screen tells which frame it is."""
    clip = make_clip(tmp_path / "clip.mp4", frames=len(LEVELS), levels=LEVELS)
    loop = Timeline((Cut(str(clip), "grey", "take", len(LEVELS)),), Fraction(24), 128, 64)
    settings = MasterSettings(preset="ultrafast", fade_in_s=0, fade_out_s=0)
    film = LongFilm(loop, LongForm(1800, compact=compact))
    render_long(film, tmp_path / "film.mp4", settings, work_dir=tmp_path / "work")
    (tmp_path / "page.html").write_text(PAGE)
    page = browser.new_page()
    try:
        page.goto((tmp_path / "page.html").as_uri())
        page.wait_for_function(READY)
        assert page.evaluate("() => document.querySelector('video').duration") == pytest.approx(
            1800, abs=1e-3
        )
        for frame in (43_199, 5, 30_007, 17_411, 96):
            page.evaluate(JUMP, (frame + 0.5) / 24)
            page.wait_for_function(READY)
            shot = Image.open(io.BytesIO(page.locator("video").screenshot())).convert("L")
            assert np.asarray(shot)[16:48, 32:96].mean() == pytest.approx(LEVELS[frame % len(LEVELS)], abs=2)
        page.evaluate(JUMP, 1799.5)
        page.wait_for_function(READY)
        page.evaluate("() => document.querySelector('video').play()")
        page.wait_for_function(ENDED)
        assert page.evaluate("() => document.querySelector('video').error") is None
    finally:
        page.close()
