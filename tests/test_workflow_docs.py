"""docs/WORKFLOWS.md tells of every workflow file, shows it as it is now, and names its tags."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from ltxlib.core import roles, workflow
from ltxlib.core.plan import WORKFLOWS
from tests.support.workflow_pictures import LARGEST_BYTES, made_of, picture_name, shipped_files

FILES = shipped_files()
AGAIN = "run .venv/bin/python -m tests.support.workflow_pictures and look at what came of it"


@pytest.fixture(scope="module")
def chapters(project_root: Path) -> dict[str, str]:
    """The text below each heading of the page."""
    text = (project_root / "docs" / "WORKFLOWS.md").read_text("utf-8")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_workflow_is_told_of(file: Path, chapters: dict[str, str]) -> None:
    """Its chapter says what it is for, when the kit takes it, its tags, and shows its picture."""
    assert file.name in chapters, f"docs/WORKFLOWS.md has no chapter ## {file.name}"
    chapter = chapters[file.name]
    assert "The kit takes it " in chapter
    assert f"pictures/{picture_name(file.name)}" in chapter
    told = re.search(r"^Tags:((?:\s+`\w+`)+)$", chapter, flags=re.MULTILINE)
    assert told, "the chapter has no line of tags"
    tags = roles.found(workflow.load(file.read_text("utf-8"), file.name))
    assert re.findall(r"`(\w+)`", told[1]) == sorted(tags)
    assert all(f"| `{tag}` |" in chapters["The tags"] for tag in tags)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_workflow_has_a_picture_of_how_it_is_now(file: Path, project_root: Path) -> None:
    """The picture is large enough to be read, small enough to be loaded, and made of this very file."""
    path = project_root / "docs" / "pictures" / picture_name(file.name)
    assert path.is_file(), f"{path.name} is missing: {AGAIN}"
    assert path.stat().st_size < LARGEST_BYTES
    with Image.open(path) as picture:
        assert picture.width >= 1800
        assert picture.info.get("workflow") == made_of(file), f"{path.name} shows an older file: {AGAIN}"


def test_nothing_is_told_of_that_is_not_there(chapters: dict[str, str], project_root: Path) -> None:
    """Every chapter and every picture belongs to a file, and the kit's own choices all have one."""
    names = {file.name for file in FILES}
    assert set(chapters) - {"The tags"} == names
    assert set(WORKFLOWS.values()) <= names
    pictures = {path.name for path in (project_root / "docs" / "pictures").glob("workflow-*.png")}
    assert pictures == {picture_name(name) for name in names}


def test_the_page_is_found_from_the_readme(project_root: Path) -> None:
    """A creator who reads the README gets there."""
    assert "(docs/WORKFLOWS.md)" in (project_root / "README.md").read_text("utf-8")
