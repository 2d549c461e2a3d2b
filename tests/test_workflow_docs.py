"""docs/WORKFLOWS.md tells of every workflow file, shows it as it is now, and names its tags."""

from __future__ import annotations

import re
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Told:
    """What the page tells of a file: in a chapter of its own, or in a line among a chapter's variants."""

    chapter: str
    kit_takes_it: bool
    tags: list[str]
    picture: str


def _words(text: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", text))


@pytest.fixture(scope="module")
def told(chapters: dict[str, str]) -> dict[str, Told]:
    """What the page tells, by file; a variant has its chapter's tags but for those that its line names."""
    found: dict[str, Told] = {}
    for name, chapter in chapters.items():
        line = re.search(r"^Tags:((?:\s+`\w+`)+)$", chapter, flags=re.MULTILINE)
        if line is None:
            continue
        listed = re.findall(r"`(\w+)`", line[1])
        said = "The kit takes it for `" in chapter
        above, *variants = re.split(r"^\| (?=`[\w.-]+\.json` \|)", chapter, flags=re.MULTILINE)
        assert name not in found
        found[name] = Told(name, said, listed, above)
        for variant in variants:
            file, when, more, fewer, picture, *_ = variant.split(" | ")
            assert _words(fewer) <= set(listed), file
            assert not _words(more) & set(listed), file
            file = file.strip("`")
            assert file not in found
            tags = sorted(set(listed) - _words(fewer) | _words(more))
            found[file] = Told(name, said and bool(when.strip(" -")), tags, picture)
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_workflow_is_told_of(file: Path, told: dict[str, Told], chapters: dict[str, str]) -> None:
    """Its chapter or its line says when the kit takes it and its exact tags, and shows its picture."""
    assert file.name in told, f"docs/WORKFLOWS.md has neither a chapter nor a line for {file.name}"
    page = told[file.name]
    assert page.kit_takes_it
    shown = f"pictures/{picture_name(file.name)}"
    assert f"[![{file.name} in ComfyUI]({shown})]({shown})" in page.picture
    tags = roles.found(workflow.load(file.read_text("utf-8"), file.name))
    assert page.tags == sorted(tags)
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


def test_nothing_is_told_of_that_is_not_there(
    told: dict[str, Told], chapters: dict[str, str], project_root: Path
) -> None:
    """Every chapter, line, tag and picture belongs to a file, and the kit's own choices all have one."""
    names = {file.name for file in FILES}
    assert set(told) == names
    assert set(chapters) - {"The tags"} == {page.chapter for page in told.values()}
    assert set(WORKFLOWS.values()) <= set(chapters)
    explained = set(re.findall(r"^\| `(\w+)` \|", chapters["The tags"], flags=re.MULTILINE))
    assert explained == {tag for page in told.values() for tag in page.tags}
    pictures = {path.name for path in (project_root / "docs" / "pictures").glob("workflow-*.png")}
    assert pictures == {picture_name(name) for name in names}


def test_the_endings_are_explained(told: dict[str, Told], project_root: Path) -> None:
    """What the ending of a variant's name means stands once, above all chapters."""
    text = (project_root / "docs" / "WORKFLOWS.md").read_text("utf-8").partition("\n## ")[0]
    families = {name.removesuffix(".json") for name in WORKFLOWS.values()}
    endings = {
        name.removesuffix(".json").removeprefix(page.chapter.removesuffix(".json"))
        for name, page in told.items()
        if page.chapter.removesuffix(".json") in families and name.startswith(page.chapter[:-5])
    }
    assert {"-dev", "-smooth"} < endings
    assert all(f"| `{ending}` |" in text for ending in endings - {""})


def test_the_page_is_found_from_the_readme(project_root: Path) -> None:
    """A creator who reads the README gets there."""
    assert "(docs/WORKFLOWS.md)" in (project_root / "README.md").read_text("utf-8")
