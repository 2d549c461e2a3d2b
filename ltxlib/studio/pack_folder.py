"""A folder that appears whole and is written again without harm to what a person put or changed in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ltxlib.core.problem import Problem
from ltxlib.errors import StoreError
from ltxlib.store.files import sha256_of, sync_folder

MANIFEST = "manifest.json"
YOURS = "yours-"


@dataclass(frozen=True)
class PackFolder:
    """A pack while it is written: new is beside its place, old the place, with the last pack in it or not."""

    new: Path
    old: Path

    def digests(self) -> dict[str, str]:
        """The SHA-256 of every file written so far, by its place in the pack."""
        return {place: sha256_of(self.new / place) for place in _files(self.new)}

    def keep_what_is_yours(self, written: dict[str, str]) -> list[Problem]:
        """Carry over from the last pack what the kit did not write, and what was changed since it did.

        written: the digests of the new pack. A changed file is kept as yours-NAME, with a warning.
        """
        problems = []
        before = self._written_before()
        for place in _files(self.old):
            digest = sha256_of(self.old / place)
            if place == MANIFEST or digest in (before.get(place), written.get(place)):
                continue
            target = self.new / place
            if place in before or target.exists():
                target = target.with_name(f"{YOURS}{target.name}")
                what = f"You changed it; your words are kept beside the new ones as {target.name}."
                cure = "For words that last, change publishing.md in the project's folder."
                problems.append(Problem(place, what, cure, warning=True))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self.old / place, target)
        return problems

    def _written_before(self) -> dict[str, str]:
        try:
            return dict(json.loads((self.old / MANIFEST).read_bytes())["files"])
        except (OSError, ValueError, KeyError, TypeError):
            # Nothing is known of it, so all of it counts as a person's.
            return {}


@contextmanager
def pack_folder(place: Path) -> Iterator[PackFolder]:
    """Gives a folder to write into, which takes its place at the end, or not at all. Raises StoreError."""
    new, before = place.with_name(f"{place.name}.part"), place.with_name(f"{place.name}.old")
    if place.exists() and not place.is_dir():
        cure = "Move it elsewhere and run this again."
        raise StoreError(f"There is a file called {place.name} where the pack belongs.", cure=cure)
    try:
        if before.exists() and not place.exists():
            # The last run was killed between the two renames.
            before.rename(place)
        for left in (new, before):
            shutil.rmtree(left, ignore_errors=True)
        new.mkdir(parents=True)
        try:
            yield PackFolder(new, place)
            if place.exists():
                place.rename(before)
            new.rename(place)
            sync_folder(place.parent)
        finally:
            shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(before, ignore_errors=True)
    except OSError as error:
        raise StoreError(f"{place.name} could not be written ({error.strerror or error}).") from error


def _files(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
