"""Paints the two start images the kit ships, from the rehearsal's own scenery: no photograph is in them.

Run from the project's folder: `.venv/bin/python tools/paint_images.py [folder]`.
"""

from __future__ import annotations

import os
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, os.fspath(Path(__file__).resolve().parents[1]))

from ltxlib.rehearsal import scenery_air as air
from ltxlib.rehearsal import scenery_glass as glass
from ltxlib.rehearsal import scenery_land as land
from ltxlib.rehearsal import scenery_room as room
from ltxlib.rehearsal import scenery_sky as skies
from ltxlib.rehearsal import scenery_water as water
from ltxlib.rehearsal.picture import Drawing, shouldered, stage_for
from ltxlib.rehearsal.scenery_drops import Drops
from ltxlib.rehearsal.scenery_rocks import rocks
from ltxlib.rehearsal.spec import ClipSpec
from ltxlib.rehearsal.stage import Layer, Stage

WIDTH_PX, HEIGHT_PX = 1536, 1024
MOST_BYTES = 340_000
FULL_SIZE = WIDTH_PX * HEIGHT_PX


def cabin_window(stage: Stage) -> list[Layer]:
    """Rain on a cabin's window at nightfall: pines in the mist outside, a candle and a cup on the sill."""
    outside = [
        skies.sky(stage, 0.75, sun=(0.63, 0.62)),
        land.pines(stage, 0.60, 0.24, depth=0.22, name="far"),
        air.mist(stage, 0.58, thick=0.8, spread=0.10),
        land.pines(stage, 0.74, 0.46, depth=0.5, name="middle"),
        air.mist(stage, 0.72, thick=0.7, spread=0.10),
        land.pines(stage, 0.98, 0.82, depth=0.85, name="near", gap=(0.6, 0.32)),
        glass.out_of_focus(stage, 0.011),
        glass.nightfall(stage),
    ]
    pane = [Layer(Drops(stage, many=1.15, fogged=0.2).paint)]
    inside = [*glass.sill(stage, lamp=True), room.cup(stage, 0.63, 0.965, 0.15)]
    return [*outside, *pane, *inside, air.steam(stage, 0.63, 0.825, wide=0.05, tall=0.26, light=0.3)]


def moonlit_sea(stage: Stage) -> list[Layer]:
    """A calm sea under a full moon, thin clouds, rocks at the shore."""
    horizon, place = 0.42, (0.6, 0.17)
    sky = [
        skies.sky(stage, horizon, sun=place),
        skies.stars(stage, horizon, many=1.1),
        skies.moon(stage, *place, radius=0.045),
        skies.clouds(stage, horizon, amount=0.45, bright=0.7),
    ]
    return [*sky, water.sea(stage, horizon, place), water.horizon_haze(stage, horizon), rocks(stage)]


PAINTINGS = {
    "cabin-window.jpg": ("rain on a cabin window at dusk, a candle", 12, 2.0, cabin_window),
    "moonlit-sea.jpg": ("moonlit sea at night, rocks", 8, 2.0, moonlit_sea),
}


def paint(name: str) -> Image.Image:
    """One painting as a picture of 1536x1024."""
    words, seed, moment, layers = PAINTINGS[name]
    stage = stage_for(ClipSpec(words, seed, WIDTH_PX, HEIGHT_PX, 97, Fraction(24)), most_px=FULL_SIZE)
    canvas = shouldered(Drawing(stage, layers(stage)).at(moment))
    canvas += stage.rng("grain").triangular(-1, 0, 1, canvas.shape[1:]).astype(np.float32) / 255
    return Image.fromarray((np.clip(canvas, 0, 1) * 255 + 0.5).astype(np.uint8).transpose(1, 2, 0))


def save(picture: Image.Image, path: Path) -> int:
    """Writes the picture as the best JPEG that stays small; gives its size in bytes."""
    for quality in range(93, 60, -3):
        picture.save(path, quality=quality, optimize=True, progressive=True, subsampling=0)
        if path.stat().st_size <= MOST_BYTES:
            break
    return path.stat().st_size


def main() -> None:
    """Paints every picture into the folder named, or into images/."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1] / "images"
    for name in PAINTINGS:
        print(f"{name}: {save(paint(name), folder / name)} bytes")


if __name__ == "__main__":
    main()
