"""Keeping the kit current: forward only, and what a creator made or changed stays as it is.

What both a creator and the update changed is set aside inside .git before anything moves and put back after,
so a kill in between loses nothing: the next look puts it back first.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ltxlib.errors import PodError
from ltxlib.pod.git import changed_here, git, names, says_yes
from ltxlib.store.files import inside
from ltxlib.store.project import Project

# What people write. Everything else is the kit.
THEIRS = ("scenes.csv", "publishing.md", "prompts/", "workflows/", "films/", "images/", "sounds/")
NOTEBOOKS = "notebooks/"
ASIDE = "ltx-kept"
NEW_ONES = "from-the-update"
CHANGELOG = "CHANGELOG.md"
_LISTED = 12
RESTART = "Programs of the kit are new: in each open notebook choose Run, Restart Kernel and Run All Cells."
INSTALL = "Packages are asked for that were not before: Run All Cells in notebook 01 installs them."
REOPEN = "Notebooks are new as well: reload the page, and where Jupyter asks, choose Revert."


@dataclass(frozen=True)
class Update:
    """What an update would bring.

    news: a line for each change, newest first. told: what is new in the changelog, in its words. kept: a
    creator's own files that it would have changed; they stay. notebooks: those that were changed here; they
    are renewed, the old ones kept beside. ran: notebooks that were run and not changed; they are just
    renewed. blocked: files of the kit itself that were changed here, which keeps it from being made.
    files: all that it changes.
    """

    news: tuple[str, ...]
    kept: tuple[str, ...] = ()
    notebooks: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    ran: tuple[str, ...] = ()

    @property
    def after(self) -> tuple[str, ...]:
        """What is to be done when it is here, a sentence each; none when all is well as it is."""
        sentences = []
        if any(path.endswith(".py") for path in self.files):
            sentences.append(RESTART)
        if "requirements.txt" in self.files:
            sentences.append(INSTALL)
        if any(path.startswith(NOTEBOOKS) for path in self.files):
            sentences.append(REOPEN)
        return tuple(sentences)

    @property
    def there(self) -> bool:
        """Whether there is anything new."""
        return bool(self.news)

    @property
    def says(self) -> str:
        """All that, for a person."""
        if not self.there:
            return "The kit is up to date."
        count = "1 change is" if len(self.news) == 1 else f"{len(self.news)} changes are"
        lines = [f"{count} new:", *(f"  {line}" for line in self.news[:_LISTED])]
        if len(self.news) > _LISTED:
            lines.append(f"  ... and {len(self.news) - _LISTED} more")
        if self.kept:
            lines.append(f"These are yours and stay as they are: {', '.join(self.kept)}.")
            lines.append(f"The update's own are put into the folder {NEW_ONES}/ to look at.")
        if self.notebooks:
            lines.append(f"These notebooks are renewed; yours stay beside them: {', '.join(self.notebooks)}.")
        if self.blocked:
            lines.append(f"Changed here by hand, though part of the kit: {', '.join(self.blocked)}.")
        return "\n".join(lines)


def look(project: Project) -> Update:
    """Asks where the kit came from what is new; changes no file of the project.

    Raises PodError: no git, no internet, not a clone, or commits of its own.
    """
    root = project.root
    # Where there is no git at all, this says so.
    git(root, "--version")
    _put_back(root)
    if not _is_clone(root):
        raise PodError(
            "The kit's folder was not made by git clone, so it cannot be updated by itself.",
            cure="Get the new kit into a folder of its own and copy your scenes, prompts and films over.",
        )
    if not says_yes(root, "rev-parse", "@{upstream}"):
        raise PodError(
            "This copy of the kit does not know where it came from, so nobody can be asked what is new.",
            cure="Clone the kit anew into a folder of its own, and copy your scenes, prompts and films over.",
        )
    try:
        git(root, "fetch", "--quiet")
    except PodError as error:
        raise PodError(
            f"Where the kit came from cannot be asked now ({error.message}).",
            cure="Look whether this machine has internet, then look again. Nothing was changed.",
        ) from error
    if not says_yes(root, "merge-base", "--is-ancestor", "HEAD", "@{upstream}"):
        raise PodError(
            "This copy of the kit has committed changes of its own, so it does not simply go forward.",
            cure="Somebody who knows git can merge them; your films are not touched.",
        )
    news = git(root, "log", "--format=%s", "HEAD..@{upstream}").decode("utf-8", "replace").splitlines()
    incoming = set(names(git(root, "diff", "--name-only", "--no-renames", "-z", "HEAD", "@{upstream}")))
    both = sorted(incoming & set(changed_here(root)))
    kept = tuple(path for path in both if path.startswith(THEIRS))
    ran = tuple(path for path in both if path.startswith(NOTEBOOKS) and _only_ran(root, path))
    notebooks = tuple(path for path in both if path.startswith(NOTEBOOKS) and path not in ran)
    blocked = tuple(path for path in both if path not in (*kept, *ran, *notebooks))
    files = tuple(sorted(incoming))
    return Update(tuple(news), kept, notebooks, blocked, told=_told(root), files=files, ran=ran)


def _only_ran(root: Path, path: str) -> bool:
    """Whether a notebook differs from the kit's by nothing but what running it leaves: outputs, counts."""
    try:
        theirs = json.loads((root / path).read_bytes())
        ours = json.loads(git(root, "show", f"HEAD:{path}"))
        return _cells(theirs) == _cells(ours)
    except (OSError, PodError, ValueError, KeyError, TypeError, AttributeError):
        # What cannot be read as a notebook is kept as it is.
        return False


def _cells(notebook: dict[str, Any]) -> list[tuple[str, str]]:
    return [(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]


def _is_clone(root: Path) -> bool:
    """Whether this very folder is git's, not one that merely lies inside somebody's."""
    if not says_yes(root, "rev-parse", "--show-toplevel"):
        return False
    top = os.fsdecode(git(root, "rev-parse", "--show-toplevel")).rstrip("\n")
    return Path(top).resolve() == root.resolve()


def _told(root: Path) -> tuple[str, ...]:
    """The lines of the changelog that are new, each as one text without marks."""
    diff = git(root, "diff", "-U0", "HEAD", "@{upstream}", "--", CHANGELOG).decode("utf-8", "replace")
    entries: list[str] = []
    for line in diff.splitlines():
        if line.startswith("+- "):
            entries.append(line[3:].strip())
        elif line.startswith("+  ") and entries:
            entries[-1] += f" {line[3:].strip()}"
    return tuple(entry.replace("`", "") for entry in entries)


def update(project: Project) -> Update:
    """Brings the kit forward; gives what was done. Raises PodError, ProjectBusy while a batch runs."""
    for rehearsal in (False, True):
        with project.set(rehearsal=rehearsal).lock:
            pass
    found = look(project)
    if not found.there:
        return found
    if found.blocked:
        raise PodError(
            f"Files of the kit were changed here by hand: {', '.join(found.blocked)}. Nothing was updated.",
            cure="Put them back (git checkout -- FILE), or ask whoever changed them.",
        )
    root = project.root
    _set_aside(root, (*found.kept, *found.notebooks))
    try:
        for path in found.ran:
            git(root, "checkout", "HEAD", "--", path)
        git(root, "merge", "--ff-only", "--quiet", "@{upstream}")
        _keep_new_ones(root, found.kept)
    finally:
        _put_back(root)
    return found


def _aside(root: Path) -> Path:
    return Path(git(root, "rev-parse", "--absolute-git-dir").decode().strip()) / ASIDE


def _set_aside(root: Path, paths: Iterable[str]) -> None:
    """Copies a creator's files into .git, then gives git its own back so that it can go forward."""
    making = _aside(root).with_name(f"{ASIDE}.part")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    listed = list(paths)
    tracked = set(names(git(root, "ls-files", "-z")))
    for path in listed:
        copy = inside(making, path)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if (root / path).is_file():
            shutil.copy2(root / path, copy)
    # From here on what was set aside is whole, and would be put back after a kill.
    making.rename(_aside(root))
    for path in listed:
        if path in tracked:
            git(root, "checkout", "HEAD", "--", path)
        else:
            (root / path).unlink(missing_ok=True)


def _keep_new_ones(root: Path, paths: Iterable[str]) -> None:
    """The update's version of a creator's file, where it can be looked at."""
    for path in paths:
        if (root / path).is_file():
            new = inside(root / NEW_ONES, path)
            new.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / path, new)


def _put_back(root: Path) -> None:
    """Puts back what was set aside, by this run or by one that was killed."""
    if not says_yes(root, "rev-parse", "--absolute-git-dir"):
        return
    aside = _aside(root)
    if not aside.is_dir():
        return
    for copy in sorted(path for path in aside.rglob("*") if path.is_file()):
        path = copy.relative_to(aside).as_posix()
        place = inside(root, path)
        if path.startswith(NOTEBOOKS):
            place = place.with_name(f"{place.stem}-yours{place.suffix}")
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = place.with_name(f".{place.name}.part")
        shutil.copy2(copy, fresh)
        fresh.replace(place)
    shutil.rmtree(aside)
