"""The kit's workflows in ComfyUI's own list: one folder there that *is* the project's `workflows/`.

A link, not a copy: what a person changes and saves in ComfyUI is what the kit uses next, and nothing has to
be kept in step. ComfyUI lists and saves through such a link (tried with 0.33.0: /userdata lists what lies in
it and replaces files in place).
"""

from __future__ import annotations

import os
from pathlib import Path

from ltxlib.errors import PodError
from ltxlib.pod.comfyui import ComfyHome

FOLDER = "ltx-kit"
_USER_WORD = "--user-directory"


def place_of(home: ComfyHome) -> Path:
    """Where ComfyUI looks for the workflows of its one user, and in it the kit's folder."""
    words = home.arguments
    named = [words[place + 1] for place, word in enumerate(words[:-1]) if word == _USER_WORD]
    user = home.root / named[-1] if named else home.root / "user"
    return user / "default" / "workflows" / FOLDER


def shown(home: ComfyHome, workflows: Path) -> bool:
    """Whether ComfyUI's list shows this project's workflows."""
    place = place_of(home)
    return place.is_dir() and place.resolve() == workflows.resolve()


def show(home: ComfyHome, workflows: Path) -> Path:
    """Puts the project's workflows into ComfyUI's list; gives the folder there.

    Only a link of ours is ever replaced. Raises PodError when something else has the name.
    """
    place = place_of(home)
    if shown(home, workflows):
        return place
    if place.exists() and not place.is_symlink():
        raise PodError(
            f"ComfyUI's list has a folder {FOLDER} that is not the kit's.",
            cure=f"Give {place} another name, then do this again.",
        )
    fresh = place.with_name(f".{FOLDER}.{os.getpid()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(workflows.resolve(), target_is_directory=True)
        fresh.replace(place)
    except OSError as error:
        raise PodError(
            f"The workflows could not be put into ComfyUI's list ({error.strerror}).",
            cure="Open them in ComfyUI from the project's folder workflows/ (Workflow, Open).",
        ) from error
    return place
