"""Where everything of a project lies.

Rehearsal takes and real takes live in folders of their own and are never mixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ltxlib.errors import StoreError
from ltxlib.store.journal import Journal
from ltxlib.store.lock import ProjectLock

REHEARSAL_FOLDER = "REHEARSAL"
FILM_FOLDER = "film"


@dataclass(frozen=True)
class Project:
    """The folders and files of one project; nothing is made until something is written."""

    root: Path

    @property
    def scenes_csv(self) -> Path:
        """The film, one row a scene."""
        return self.root / "scenes.csv"

    @property
    def prompts(self) -> Path:
        """The prompt library."""
        return self.root / "prompts"

    @property
    def workflows(self) -> Path:
        """The ComfyUI graphs, as ComfyUI saves them."""
        return self.root / "workflows"

    @property
    def images(self) -> Path:
        """The still images that scenes start from."""
        return self.root / "images"

    @property
    def films(self) -> Path:
        """What each film is: order, sound, look and length, a file a film, people's own."""
        return self.root / "films"

    @property
    def sounds(self) -> Path:
        """The creator's own beds of ambience and pieces of music."""
        return self.root / "sounds"

    @property
    def notebooks(self) -> Path:
        """The four notebooks."""
        return self.root / "notebooks"

    @property
    def production(self) -> Path:
        """All that the kit writes."""
        return self.root / "production"

    @property
    def copying(self) -> ProjectLock:
        """Held while films are copied away from this machine: until then it is not switched off."""
        return ProjectLock(self.production / "copying.lock")

    def set(self, *, rehearsal: bool) -> Shelf:
        """The shelf for rehearsal work or for the real film."""
        return Shelf(self.production / (REHEARSAL_FOLDER if rehearsal else FILM_FOLDER), rehearsal)


@dataclass(frozen=True)
class Shelf:
    """One half of production/: journal, takes, masters and what may be thrown away (work)."""

    folder: Path
    rehearsal: bool

    @property
    def journal(self) -> Journal:
        """What happened."""
        return Journal(self.folder / "journal.jsonl")

    @property
    def decisions(self) -> Journal:
        """Which takes a person kept or rejected."""
        return Journal(self.folder / "decisions.jsonl")

    @property
    def takes(self) -> Path:
        """Clips and their records, a folder a scene."""
        return self.folder / "takes"

    @property
    def drafts(self) -> Path:
        """Drafts and their records, a folder a scene; a film is never made of them."""
        return self.folder / "drafts"

    @property
    def picks(self) -> Journal:
        """Which drafts a person picked to be finished."""
        return Journal(self.folder / "picks.jsonl")

    @property
    def masters(self) -> Path:
        """Finished films."""
        return self.folder / "masters"

    @property
    def work(self) -> Path:
        """Half-done things; may be deleted whenever nothing runs."""
        return self.folder / "work"

    @property
    def posters(self) -> Path:
        """Small pictures of the takes; may be deleted, they are made again."""
        return self.folder / "posters"

    @property
    def sounds(self) -> Path:
        """The creator's own beds and music, the same for the film and the rehearsal."""
        return self.folder.parent.parent / "sounds"

    @property
    def lock(self) -> ProjectLock:
        """Held by the batch while it runs."""
        return ProjectLock(self.folder / "batch.lock")


def find_project(start: Path | None = None) -> Project:
    """The project that a folder belongs to: the nearest folder upwards with notebooks/ and workflows/.

    Raises StoreError when there is none.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "notebooks").is_dir() and (folder / "workflows").is_dir():
            return Project(folder)
    raise StoreError(
        f"There is no project in {here} or above it.",
        cure="Go to the kit's folder (the one with scenes.csv) and run this again.",
    )
