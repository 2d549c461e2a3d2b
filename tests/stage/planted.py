"""Secrets that are planted before the first page is opened, and looked for in every file afterwards."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

# Made anew for each run, so that no file of the kit itself holds them.
_MARK = secrets.token_hex(12)
PLANTED = {
    "HF_TOKEN": f"hf_{_MARK}env",
    "RUNPOD_API_KEY": f"rpa_{_MARK}KEY",
    "LTX_NOTIFY": f"https://ntfy.example/{_MARK}-topic",
}
TYPED = f"hf_{_MARK}typed"
# Hugging Face's own store, where a token may lie when its owner asks for that.
OWN_STORE = Path(".cache/huggingface")


def found_below(folder: Path, home: Path) -> list[str]:
    """Every file below a folder that holds a planted secret, plain or within something coded as base64."""
    marks = tuple(_spellings(_MARK.encode()))
    found = []
    for path in _files(folder):
        if path.is_relative_to(home / OWN_STORE):
            continue
        content = path.read_bytes()
        if any(mark in content for mark in marks):
            found.append(path.relative_to(folder).as_posix())
    return sorted(found)


def _spellings(mark: bytes) -> Iterator[bytes]:
    yield mark
    for shift in range(3):
        # Within a longer text it may begin at each of the three places of a group.
        coded = base64.b64encode(b"\0" * shift + mark)
        yield coded[4:-4]


def _files(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        # Packages from the registry were there before the secrets.
        folders[:] = [name for name in folders if name != "site-packages"]
        for name in names:
            path = Path(root) / name
            # A model of the stage is a large file without a byte on the disk.
            if path.is_file() and not path.is_symlink() and path.stat().st_blocks:
                yield path
