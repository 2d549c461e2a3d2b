"""Files that appear whole, and names that stay in their folder."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from ltxlib.errors import StoreError, UnsafeName


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that nobody ever sees half of it: aside, fsync, rename.

    Makes the folder when it is missing. Raises StoreError when the disk refuses.
    """
    part = path.with_name(f"{path.name}.{threading.get_native_id()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{path.name} could not be written: {error.strerror or error}.") from error
    sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Write a value as readable JSON, whole."""
    write_whole(path, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode())


def move_whole(source: Path, target: Path) -> None:
    """Move a finished file to its final name on the same disk, so that it is there after a power cut."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as file:
            os.fsync(file.fileno())
        source.replace(target)
    except OSError as error:
        raise StoreError(f"{target.name} could not be put in place: {error.strerror or error}.") from error
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder lasting; quiet where the filesystem cannot do it."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        # Some network filesystems refuse to sync a folder; the rename itself has happened.
        return
    finally:
        os.close(handle)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex. Raises StoreError when it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise StoreError(f"{path.name} could not be read: {error.strerror or error}.") from error
    return digest.hexdigest()


def inside(folder: Path, *names: str) -> Path:
    """The path of a name below a folder; raises UnsafeName when it would lead out of it (links included)."""
    for name in names:
        if not name or "\x00" in name or Path(name).is_absolute():
            raise UnsafeName(f"“{name}” is not a name inside {folder.name}.")
    path = folder.joinpath(*names)
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UnsafeName(f"“{'/'.join(names)}” would leave the folder {folder.name}.")
    return path


def sweep(folder: Path, leave: tuple[str, ...] = ()) -> int:
    """Delete what threads that are gone left half written below a folder; gives how many files.

    leave: names of folders in it that somebody else looks after. A file `NAME.THREAD.part` stays where that
    thread still lives; one without a number is anybody's, and stays.
    """
    swept = 0
    for part in folder.rglob("*.part"):
        if part.relative_to(folder).parts[0] in leave:
            continue
        thread = part.suffixes[-2][1:] if len(part.suffixes) > 1 else ""
        if thread.isdecimal() and not Path("/proc", thread).exists():
            with suppress(OSError):
                part.unlink()
                swept += 1
    return swept
