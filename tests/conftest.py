"""What every test may lean on."""

from __future__ import annotations

from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The recorded contract beside the project; tests that need it are left out where it is not."""
    folder = PROJECT.parent / "shared"
    if not (folder / "contract").is_dir():
        pytest.skip("the recorded ComfyUI contract is not beside this clone, so this test is left out")
    return folder


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The folder the project lives in."""
    return PROJECT
