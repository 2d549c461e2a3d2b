"""The creator's own sounds under a film: files of the folder `sounds/`, never from anywhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ltxlib.core.film import FilmSettings
from ltxlib.core.problem import Problem
from ltxlib.core.soundtrack import Layer, Soundtrack
from ltxlib.errors import UnsafeName
from ltxlib.store.files import inside, sha256_of
from ltxlib.store.project import Shelf

SOUNDS = {
    ".aac",
    ".aif",
    ".aiff",
    ".flac",
    ".m4a",
    ".mka",
    ".mp3",
    ".mp4",
    ".oga",
    ".ogg",
    ".opus",
    ".wav",
    ".webm",
    ".wma",
}
_FOLDER = "sounds/"


def sound_files(shelf: Shelf) -> list[str]:
    """The sounds that lie in the folder, as a film file names them; none where there is no folder."""
    folder = shelf.sounds
    found = (path for path in folder.rglob("[!.]*") if path.suffix.lower() in SOUNDS and path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in found)


def sound_problems(shelf: Shelf, settings: FilmSettings) -> list[Problem]:
    """Sounds that are asked for and cannot be had: not there, or outside of the folder."""
    found = []
    for kind, layers in (("bed", settings.sound.beds), ("music", settings.sound.music)):
        for number, layer in enumerate(layers, 1):
            where = f"{kind} {number}, file"
            try:
                if layer.file.strip() and not _path(shelf, layer).is_file():
                    found.append(Problem(where, f"There is no {_FOLDER}{layer.file}.", _cure(shelf, layer)))
            except UnsafeName:
                what = f"{layer.file} lies outside of the folder {_FOLDER}."
                cure = f"Copy it into {_FOLDER} and write its name alone."
                found.append(Problem(where, what, cure))
    return found


def soundtrack_of(shelf: Shelf, settings: FilmSettings) -> Soundtrack:
    """The soundtrack with its files named in full; all must be there."""

    def full(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        return tuple(replace(layer, file=str(_path(shelf, layer))) for layer in layers)

    sound = settings.sound
    return replace(sound, beds=full(sound.beds), music=full(sound.music))


def sounds_made_of(shelf: Shelf, settings: FilmSettings) -> list[dict[str, Any]]:
    """The sounds of a film by name and content, as its record tells of them. Raises StoreError."""
    return [{"file": layer.file, "sha256": sha256_of(_path(shelf, layer))} for layer in settings.sound.layers]


def _path(shelf: Shelf, layer: Layer) -> Path:
    return inside(shelf.sounds, layer.file.removeprefix(_FOLDER))


def _cure(shelf: Shelf, layer: Layer) -> str:
    there = sound_files(shelf)
    if not there:
        return f"Put your own sounds into the folder {_FOLDER} beside scenes.csv."
    names = ", ".join(there[:5])
    return f"Put it there, or take one of {names}{' ...' if len(there) > 5 else ''}."
