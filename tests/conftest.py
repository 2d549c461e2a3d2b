"""What every test may lean on."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.support.coverage_files import drop_damaged

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


# From what answers in a moment to what starts browsers, so that a slip is told early.
_ORDER = (
    "core",
    "store",
    "tests",
    "comfy",
    "media",
    "rehearsal",
    "contract",
    "studio",
    "ui",
    "cli",
    "browser",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first."""
    places = {folder: place for place, folder in enumerate(_ORDER)}
    items.sort(key=lambda item: places.get(item.path.parent.name, len(places)))


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Before pytest-cov combines what all processes wrote, what killed ones left half written goes."""
    ran = yield
    if not hasattr(session.config, "workerinput") and session.config.pluginmanager.hasplugin("_cov"):
        for path in drop_damaged(PROJECT):
            print(f"\nLeft out of the coverage, as its process was killed while writing it: {path.name}")
    return ran
