"""A node pack's folder in ComfyUI: fetched aside by git, put in place whole, taken away again; only our own.

What is under way lies in `custom_nodes/.ltx-kit.disabled/`, which ComfyUI does not load (it passes over names
that end so), with a note of what was there before: whoever comes after a kill undoes it by that.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ltxlib.core.proven import is_commit
from ltxlib.errors import PodError
from ltxlib.pod.commands import Done, run

# How git may fetch. GIT_ALLOW_PROTOCOL holds git itself to it, wherever it is sent on to.
SCHEMES = ("https",)
ASIDE = ".ltx-kit.disabled"
MARK = ".ltx-kit.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MOST_BYTES = 10 * 1024**2


@dataclass(frozen=True)
class PackFolder:
    """Where a pack lies, or is to lie. Raises PodError for a name that is none."""

    comfy_root: Path
    name: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or self.name.endswith(".disabled"):
            raise PodError(
                f"“{self.name}” is not the name of a node pack.",
                cure="Look into core/proven_packs.json: it was changed here.",
            )

    @property
    def place(self) -> Path:
        """Its folder in custom_nodes/."""
        return self.comfy_root / "custom_nodes" / self.name

    @property
    def aside(self) -> Path:
        """Where things of ours lie that ComfyUI is not to load."""
        return self.place.parent / ASIDE

    @property
    def part(self) -> Path:
        """What is being fetched."""
        return self.aside / f"{self.name}.part"

    @property
    def before(self) -> Path:
        """The one that was there before, until the new one is proven."""
        return self.aside / f"{self.name}.before"

    @property
    def gone(self) -> Path:
        """What is being taken away."""
        return self.aside / f"{self.name}.gone"

    @property
    def _note(self) -> Path:
        return self.aside / f"{self.name}.json"

    @contextmanager
    def held(self) -> Iterator[int]:
        """Nobody else changes ComfyUI's packs meanwhile; gives the file that says so. Raises PodError."""
        with _told("custom_nodes"):
            self.aside.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.aside / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise PodError(
                    "A node pack is being installed or removed just now.", cure="Wait until that is done."
                ) from error
            yield handle
        finally:
            os.close(handle)

    def mark(self) -> dict[str, Any] | None:
        """What the kit wrote into the pack that it installed; None for a folder that is not ours."""
        return _read(self.place / MARK)

    def note(self) -> dict[str, Any] | None:
        """What was begun and not ended; None when nothing is."""
        return _read(self._note)

    def write_note(self, what: Mapping[str, Any]) -> None:
        """Says what is begun, before it is."""
        _write(self._note, what)

    def done(self) -> None:
        """What was begun is ended: nothing aside is needed any more."""
        with _told(self.name):
            # The note first: without it nobody takes what is left aside for something to be put back.
            self._note.unlink(missing_ok=True)
            for folder in (self.part, self.before, self.gone):
                _delete(folder)

    def fetch(
        self, address: str, commit: str, cancel: threading.Event | None = None, holding: tuple[int, ...] = ()
    ) -> None:
        """Brings that commit into `part`. Raises PodError for an address that is not https, or Cancelled."""
        parts = urlsplit(address)
        if parts.scheme not in SCHEMES or parts.username or address.startswith("-"):
            raise PodError(
                f"Node packs are fetched by {' or '.join(SCHEMES)} only, not from {address[:80]}.",
                cure="Look into core/proven_packs.json: it was changed here.",
            )
        if not is_commit(commit):
            raise PodError(
                "A node pack is fetched at one commit, named by its 40 digits.",
                cure="Look into core/proven_packs.json: it was changed here.",
            )
        with _told(self.name):
            _delete(self.part)
            self.part.mkdir(parents=True)
        git = _Git(self.part, cancel, holding)
        git.checked("init", "--quiet", "--template=")
        # One commit alone, where the server gives it by its name; else all up to now.
        if git.run("fetch", "--quiet", "--depth", "1", "--no-tags", address, commit).code:
            git.checked("fetch", "--quiet", address)
        git.checked("-c", "advice.detachedHead=false", "checkout", "--quiet", "--detach", commit)
        if git.checked("rev-parse", "HEAD").out.strip() != commit:
            raise PodError(
                f"{self.name} was not given at the commit that was asked for.",
                cure="Do it again in some minutes.",
            )

    def requirements(self) -> list[str]:
        """The lines of requirements of what was fetched; none where it needs nothing."""
        path = self.part / "requirements.txt"
        with _told(path.name):
            if path.is_symlink() or not path.is_file():
                return []
            return path.read_text("utf-8-sig", errors="replace").splitlines()

    def put_in_place(self, mark: Mapping[str, Any]) -> None:
        """What was fetched becomes the pack; ours that was there goes aside. Never over somebody else's."""
        _write(self.part / MARK, mark)
        exclude = self.part / ".git" / "info" / "exclude"
        with _told(self.name):
            exclude.parent.mkdir(exist_ok=True)
            exclude.write_text(f"{MARK}\n", "utf-8")
            if self.place.exists() or self.place.is_symlink():
                self.expect_ours()
                _delete(self.before)
                self.place.rename(self.before)
            self.part.rename(self.place)

    def take_away(self, run: str | None) -> None:
        """The pack that this run put there goes aside, and the one before comes back where there was one."""
        with _told(self.name):
            if run and (self.mark() or {}).get("run") == run:
                _delete(self.gone)
                self.place.rename(self.gone)
            if self.before.exists() and not self.place.exists():
                self.before.rename(self.place)

    def expect_ours(self) -> None:
        """Raises PodError when something lies there that the kit did not put there, or that was changed."""
        if not self.place.exists() and not self.place.is_symlink():
            return
        if self.place.is_symlink() or self.mark() is None:
            raise PodError(
                f"In ComfyUI's custom_nodes there is a {self.name} that the kit did not put there; "
                "it is left as it is.",
                cure="Update or remove it with ComfyUI-Manager, or move that folder away first.",
            )
        if (self.place / ".git").is_dir():
            changed = _Git(self.place).checked("status", "--porcelain", "--untracked-files=no").out
            if changed.strip():
                raise PodError(
                    f"Files of {self.name} were changed by hand; it is left as it is.",
                    cure=f"Copy what you changed, then delete {self.place} and install it again.",
                )


def folders_like(comfy_root: Path, name: str) -> list[Path]:
    """Folders that hold this pack under its name in any spelling; ComfyUI-Manager writes it small."""
    try:
        entries = sorted((comfy_root / "custom_nodes").iterdir())
    except OSError:
        return []
    return [entry for entry in entries if entry.name.lower() == name.lower() and entry.is_dir()]


@dataclass(frozen=True)
class _Git:
    folder: Path
    cancel: threading.Event | None = None
    holding: tuple[int, ...] = ()

    def run(self, *words: str) -> Done:
        mine = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", "GIT_ALLOW_PROTOCOL": ":".join(SCHEMES)}
        # Where the kit's own git work is done is no business of this one's.
        env = {name: value for name, value in os.environ.items() if name not in ("GIT_DIR", "GIT_WORK_TREE")}
        options = ("-c", "core.hooksPath=/dev/null", "-c", f"safe.directory={self.folder.resolve()}")
        words = ("git", *options, "-C", str(self.folder), *words)
        return run(words, env={**env, **mine}, cancel=self.cancel, holding=self.holding)

    def checked(self, *words: str) -> Done:
        done = self.run(*words)
        if done.code:
            verb = next((word for word in words if word in ("init", "fetch", "checkout", "status")), "git")
            if verb == "fetch":
                raise PodError(
                    f"The node pack could not be fetched: {done.last_words}",
                    cure="Look whether this machine has internet, then do it again.",
                )
            raise PodError(
                f"git {verb} failed: {done.last_words}",
                cure="Look whether the commit is on the pack's page, and whether the disk is full.",
            )
        return done


def _read(path: Path) -> dict[str, Any] | None:
    try:
        if path.is_symlink() or path.stat().st_size > _MOST_BYTES:
            return None
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _write(path: Path, what: Mapping[str, Any]) -> None:
    part = path.with_name(f"{path.name}.part")
    with _told(path.name), part.open("w", encoding="utf-8") as file:
        json.dump(what, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
        part.replace(path)


def _delete(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


@contextmanager
def _told(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PodError(
            f"{name} cannot be written in ComfyUI's folder ({error.strerror}).",
            cure="Look whether the disk is full or read-only.",
        ) from error
