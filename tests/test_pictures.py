"""The picture book shows the notebooks as they are now: each picture is there, dated and of today's cells."""

from __future__ import annotations

import datetime
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.shipped import skip_when_made_own
from tools import pictures

PAGES = ("README.md", "docs/PICTURES.md", "docs/POD.md", "docs/TROUBLE.md", "docs/MACHINES.md")
# Those of the workflows carry their own digest; see tests/test_workflow_docs.py.
OTHERS = "workflow-"


def shown(root: Path) -> set[str]:
    """The names of all pictures that the pages show."""
    found: set[str] = set()
    for page in PAGES:
        found |= set(
            re.findall(r"!\[[^\]]+\]\((?:docs/)?pictures/([^)]+)\)", (root / page).read_text("utf-8"))
        )
    return {name for name in found if not name.startswith(OTHERS)}


def test_every_picture_is_current(project_root: Path) -> None:
    """Each is there, small, dated, as it was made, and shows its notebook's cells as they are."""
    skip_when_made_own(project_root, "notebooks", "scenes.csv")
    wrong = pictures.faults(datetime.datetime.now(datetime.timezone.utc).date())
    assert not wrong, "\n".join(wrong)
    assert sum(one.path.stat().st_size for one in pictures.PICTURES) < pictures.ALL_BYTES


def test_what_is_shown_is_what_is_made(project_root: Path) -> None:
    """The pages show every picture that the tool makes and no other, and nothing lies about unused."""
    made = {one.path.name for one in pictures.PICTURES}
    assert shown(project_root) == made
    there = {path.name for path in pictures.FOLDER.iterdir() if not path.name.startswith(OTHERS)}
    assert there == made | {pictures.LIST.name}
    assert set(pictures.noted()) == {one.name for one in pictures.PICTURES}


def test_a_picture_has_words_for_those_who_do_not_see_it(project_root: Path) -> None:
    """Every picture on a page says in words what it shows."""
    for page in PAGES:
        text = (project_root / page).read_text("utf-8")
        assert not re.search(r"!\[[^\]]{0,20}\]\(", text), page


def test_every_section_of_a_picture_is_in_its_notebook() -> None:
    """The cells that a picture is said to show are in the notebook, so that a renamed one is noticed."""
    for one in pictures.PICTURES:
        there = pictures.cells_of(one.notebook) if one.notebook else {}
        assert set(one.cells) <= set(there), one.name


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pictures.Picture:
    """A kit with one notebook and one picture of it, made today."""
    monkeypatch.setattr(pictures, "KIT", tmp_path)
    monkeypatch.setattr(pictures, "FOLDER", tmp_path)
    monkeypatch.setattr(pictures, "LIST", tmp_path / "pictures.json")
    (tmp_path / "ltxlib" / "ui").mkdir(parents=True)
    (tmp_path / "ltxlib" / "ui" / "panel.py").write_text('TITLE = "A button"\n')
    write_notebook(tmp_path, "from ltxlib.ui.panel import show")
    one = pictures.Picture("panel", "n", ("panel",))
    monkeypatch.setattr(pictures, "PICTURES", (one,))
    one.path.write_bytes(b"a picture")
    pictures.write_list({"panel": pictures.note(one)})
    return one


def write_notebook(kit: Path, source: str) -> None:
    """A notebook with one cell."""
    (kit / "notebooks").mkdir(exist_ok=True)
    cells = [{"id": "panel", "source": [source]}]
    (kit / "notebooks" / "n.ipynb").write_text(json.dumps({"cells": cells}))


def test_a_changed_cell_asks_for_a_new_picture(book: pictures.Picture, tmp_path: Path) -> None:
    """A picture of an older cell is told with the command; a panel's new words are told apart from that."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    assert pictures.faults(today) == []
    before = pictures.words(book)
    (tmp_path / "ltxlib" / "ui" / "panel.py").write_text('# Why.\nTITLE = "Another button"\n')
    assert pictures.words(book) != before
    assert pictures.faults(today) == []
    write_notebook(tmp_path, "from ltxlib.ui.panel import other")
    (told,) = pictures.faults(today)
    assert "panel.jpg shows n: panel as it was on" in told and pictures.COMMAND in told


def test_a_picture_that_was_changed_lost_or_dated_wrong_is_told(book: pictures.Picture) -> None:
    """Another file under its name, none at all, and a day that has not come yet are each told."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    book.path.write_bytes(b"another")
    assert "another file" in pictures.faults(today)[0]
    book.path.write_bytes(b"a picture")
    assert "which cannot be" in pictures.faults(today - datetime.timedelta(days=3))[0]
    book.path.unlink()
    assert "is not there" in pictures.faults(today)[0]


def test_the_tool_says_how_the_pictures_are(project_root: Path) -> None:
    """`--look` needs no browser and changes nothing."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.pictures", "--look"],
        cwd=project_root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1)
    assert done.stdout.strip() and not done.stderr
