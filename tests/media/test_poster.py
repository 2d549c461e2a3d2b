"""A poster shows the clip's middle in its right colours."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ltxlib.errors import BadInput, ClipUnreadable, StoreError
from ltxlib.media.poster import write_poster
from tests.support.clips import make_clip

RGB = (200, 60, 40)


@pytest.mark.parametrize(
    "options",
    [
        {"matrix": "bt709"},
        {"matrix": "bt601"},
        {"matrix": "bt601", "tagged": False},
        {"matrix": "bt709", "full_range": True},
        {"matrix": "bt709", "tagged": False, "width_px": 1280},
        {"matrix": "bt601", "pixel_format": "yuv420p10le"},
    ],
)
def test_colours_are_those_that_were_painted(tmp_path, options):
    """Red is the same red however the clip codes it (JPEG and rounding: 4 levels)."""
    out = write_poster(make_clip(tmp_path / "a.mp4", rgb=RGB, **options), tmp_path / "p.jpg")
    with Image.open(out) as image:
        assert (image.format, image.width) == ("JPEG", 480)
        assert np.asarray(image).mean((0, 1)) == pytest.approx(RGB, abs=4)


def test_it_keeps_the_shape_and_takes_the_middle(tmp_path):
    """Half as high as wide, and neither the first nor the last frame."""
    clip = make_clip(tmp_path / "a.mp4", levels=tuple(range(40, 40 + 17 * 10, 10)))
    with Image.open(write_poster(clip, tmp_path / "deep" / "er" / "p.jpg", 200)) as image:
        assert image.size == (200, 100)
        assert np.asarray(image).mean() == pytest.approx(40 + 8 * 10, abs=2)


def test_an_older_poster_is_replaced_and_nothing_is_left_beside_it(tmp_path):
    """The file is whole or the old one; no .part stays."""
    clip, out = make_clip(tmp_path / "a.mp4"), tmp_path / "out" / "p.jpg"
    out.parent.mkdir()
    out.write_bytes(b"old")
    write_poster(clip, out)
    assert [path.name for path in out.parent.iterdir()] == ["p.jpg"]
    assert out.read_bytes()[:2] == b"\xff\xd8"


def test_what_cannot_be_done_is_told(tmp_path):
    """No clip, no width, no folder: each in words."""
    clip = make_clip(tmp_path / "a.mp4")
    with pytest.raises(BadInput):
        write_poster(clip, tmp_path / "p.jpg", 0)
    with pytest.raises(StoreError, match="poster"):
        write_poster(clip, clip / "p.jpg")
    with pytest.raises(ClipUnreadable):
        write_poster(tmp_path / "gone.mp4", tmp_path / "p.jpg")
