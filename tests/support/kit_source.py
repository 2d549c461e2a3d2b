"""Where a kit comes from: a real git repository, to which a test commits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ltxlib.pod.git import git


def write(root: Path, files: Mapping[str, str]) -> None:
    """Each file with its text."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def commit(root: Path, files: Mapping[str, str], subject: str) -> None:
    """One more commit with these files."""
    write(root, files)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", subject)


def made_source(folder: Path, files: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The repository with its first commit; git knows nothing of this machine."""
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Maker")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "maker@example.org")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    root = folder / "source"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    commit(root, files, "The first")
    return root
