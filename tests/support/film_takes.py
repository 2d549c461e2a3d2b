"""Small real takes on a shelf, for films: a clip of a few frames, its record, and sounds of one's own."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from ltxlib.core.take import ClipFacts, Take
from ltxlib.store.files import sha256_of
from ltxlib.store.project import Shelf
from ltxlib.store.takes import save_take
from tests.support.clips import make_clip
from tests.support.takes import a_take


def put_film_take(shelf: Shelf, tmp_path: Path, scene: str, **changes) -> Take:
    """A take of a scene with a real clip; changes: fields of its recipe, and take_id, take_no, made_at."""
    own = {name: changes.pop(name) for name in ("take_id", "take_no", "made_at") if name in changes}
    recipe = {"frames": 33, "width_px": 128, "height_px": 64, "fps": "24", **changes}
    clip = make_clip(tmp_path / f"{scene}-{len(list(tmp_path.iterdir()))}.mp4", **recipe)
    fps = Fraction(recipe["fps"])
    facts = ClipFacts(
        clip.name,
        clip.stat().st_size,
        sha256_of(clip),
        recipe["width_px"],
        recipe["height_px"],
        recipe["frames"],
        str(fps),
        float(recipe["frames"] / fps),
        recipe.get("sound", "stereo") is not None,
    )
    take = replace(a_take(scene=scene, clip=facts, rehearsal=shelf.rehearsal), **own)
    save_take(shelf, take, clip)
    return take


def put_sound(shelf: Shelf, name: str, *, seconds: float = 1.0, **options) -> Path:
    """A sound in the project's folder for sounds: the sound of a clip."""
    path = shelf.sounds / name
    return make_clip(path, frames=round(seconds * 24), sound_rate_hz=48000, **options)
