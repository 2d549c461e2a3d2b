"""Telling the files we ship from those that a creator has made their own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest


def skip_when_made_own(project_root: Path, *names: str) -> None:
    """Leave a test out when these files were changed: a person's own film is not ours to judge."""
    asked = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=no", "--", *names],
        cwd=project_root,
        capture_output=True,
        check=False,
    )
    if asked.returncode == 0 and asked.stdout.strip():
        pytest.skip(f"{', '.join(names)}: changed since they were shipped")
