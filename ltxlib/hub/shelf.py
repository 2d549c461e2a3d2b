"""Which model files lie in ComfyUI's models/ folder, and whether they lie where ComfyUI looks for them."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ltxlib.core.catalog_parts import ModelFile
from ltxlib.errors import Cancelled, HubError
from ltxlib.hub.fetching import BLOCK_BYTES, have_bytes

# Our own folder beside ComfyUI's: hidden, so that no list of models shows what is not whole.
STAGING = ".ltx-kit"
# ComfyUI looks for these in both places (its folder_paths.py).
ALIASES = {"text_encoders": ("clip",), "diffusion_models": ("unet",)}
# Sizes of the catalog are partly known to some hundredths only; a file cut off half way is far below.
NEAR = 0.02
THERE, HALF, MISSING, ELSEWHERE, WRONG_SIZE = (
    "there",
    "half there",
    "missing",
    "in the wrong folder",
    "damaged",
)


@dataclass(frozen=True)
class Found:
    """One model file on this machine. path: where it lies, or where it belongs; state: THERE, HALF (begun to
    fetch), MISSING, ELSEWHERE (`lies` says where) or WRONG_SIZE. have_bytes: how much of it is here."""

    file: ModelFile
    state: str
    path: Path
    have_bytes: int = 0
    lies: Path | None = None

    @property
    def left_bytes(self) -> int | None:
        """How much must still be fetched; None where its size is not known."""
        if self.state in (THERE, ELSEWHERE):
            return 0
        if self.file.size_bytes is None:
            return None
        return max(self.file.size_bytes - (self.have_bytes if self.state == HALF else 0), 0)


def look(models: Path, file: ModelFile) -> Found:
    """Looks for one file below ComfyUI's models/ folder."""
    home = models / file.folder / file.name
    for folder in (file.folder, *ALIASES.get(file.folder, ())):
        for path in _named(models / folder, file.name):
            size = path.stat().st_size
            return Found(file, THERE if fits(file, size) else WRONG_SIZE, path, size)
    for path in _named(models, file.name):
        if fits(file, path.stat().st_size):
            return Found(file, ELSEWHERE, home, path.stat().st_size, lies=path)
    begun = have_bytes(file, models / STAGING)
    return Found(file, HALF if begun else MISSING, home, begun)


def fits(file: ModelFile, size_bytes: int) -> bool:
    """Whether a file of this size can be it."""
    if file.size_bytes is None:
        return size_bytes > 0
    return abs(size_bytes - file.size_bytes) <= NEAR * file.size_bytes


def put_right(found: Found) -> Path:
    """Moves a file from the wrong folder to where ComfyUI looks for it. Raises HubError."""
    if found.lies is None:
        return found.path
    try:
        found.path.parent.mkdir(parents=True, exist_ok=True)
        if found.path.exists():
            raise FileExistsError(17, "there is another file of this name")
        found.lies.rename(found.path)
    except OSError as error:
        raise HubError(
            f"{found.file.name} could not be moved to models/{found.file.folder}/ ({error.strerror}).",
            cure="Move it there by hand, or look whether the disk is read-only.",
        ) from error
    return found.path


def digest_of(
    path: Path, tell: Callable[[int], None] | None = None, cancel: threading.Event | None = None
) -> str:
    """The SHA-256 of a file, read whole; tell gets the bytes read so far. Raises HubError, Cancelled."""
    digest, done = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                if cancel is not None and cancel.is_set():
                    raise Cancelled("The check was stopped.")
                digest.update(block)
                done += len(block)
                if tell is not None:
                    tell(done)
    except OSError as error:
        raise HubError(f"{path.name} cannot be read ({error.strerror}).", cure="Fetch it again.") from error
    return digest.hexdigest()


def _named(folder: Path, name: str) -> list[Path]:
    if not folder.is_dir():
        return []
    hidden = len(folder.parts)
    return sorted(
        path
        for path in folder.rglob(name)
        if path.is_file() and not any(part.startswith(".") for part in path.parts[hidden:-1])
    )
