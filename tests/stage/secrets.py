"""Secrets that are planted before the first page is opened, and looked for in every file afterwards."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

# Told by their middle parts: a token is found however its ends are cut.
PLANTED = {
    "HF_TOKEN": "hf_pLaNtEdInTheEnvironmentOfThePod",
    "RUNPOD_API_KEY": "rpa_PLANTEDKEYOFTHEPODITSELF0123",
    "LTX_NOTIFY": "https://ntfy.example/planted-topic-that-nobody-may-know",
}
_HEARTS = ("pLaNtEdInTheEnviron", "PLANTEDKEYOFTHEPOD", "planted-topic-that-nobody")
TYPED = "hf_tYpEdIntoTheFormByAPerson0123"
_TYPED_HEART = "tYpEdIntoTheForm"
# Hugging Face's own store, where a token may lie when its owner asks for that.
OWN_STORE = Path(".cache/huggingface")


def found_below(folder: Path, home: Path) -> list[str]:
    """Every file below a folder that holds a planted secret, as it is or as JSON, an address or base64 has it."""
    marks = {mark for heart in (*_HEARTS, _TYPED_HEART) for mark in _spellings(heart)}
    found = []
    for path in _files(folder):
        if path.is_relative_to(home / OWN_STORE):
            continue
        content = path.read_bytes()
        if any(mark in content for mark in marks):
            found.append(path.relative_to(folder).as_posix())
    return sorted(found)


def _spellings(heart: str) -> Iterator[bytes]:
    yield heart.encode()
    yield json.dumps(heart)[1:-1].encode()
    yield quote(heart, safe="").encode()
    for shift in range(3):
        # Base64 of a longer text that has it inside, at each of the three places where it may begin.
        coded = base64.b64encode(b"\0" * shift + heart.encode())
        yield coded[4 : -(len(coded) % 4) - 4]


def _files(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        # Packages from the registry were there before the secrets.
        folders[:] = [name for name in folders if name != "site-packages"]
        for name in names:
            path = Path(root) / name
            # A model of the stage is a large file without a byte on the disk.
            if path.is_file() and not path.is_symlink() and path.stat().st_blocks:
                yield path
