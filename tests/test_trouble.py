"""docs/TROUBLE.md lists every message of the kit with its cure, as the source has them now."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltxlib import errors
from tools import marked, trouble
from tools.messages import GAP, Message, error_names, read


@pytest.fixture(scope="module")
def messages() -> list[Message]:
    """Everything that the kit can say."""
    return read(trouble.PACKAGE)


def test_the_page_is_as_the_source_is_now(messages: list[Message]) -> None:
    """Whoever changes a message or a cure has the page written anew."""
    now = marked.replaced(trouble.PAGE, trouble.COMMAND, trouble.made(messages))
    assert trouble.PAGE.read_text("utf-8") == now, f"docs/TROUBLE.md is behind: run {trouble.COMMAND}"


def test_every_error_has_a_cure(messages: list[Message]) -> None:
    """No error and no problem leaves its reader with nothing to do."""
    alone = [f"{one.module}: {one.text}" for one in trouble.uncured(messages)]
    assert not alone, "\n".join(alone)


def test_every_kind_of_error_is_on_the_page(messages: list[Message]) -> None:
    """Each class of ltxlib/errors.py that is raised somewhere is told of; only bare roots are not."""
    told = {one.kind for one in messages}
    shipped = {
        name
        for name in error_names(trouble.PACKAGE)
        if isinstance(getattr(errors, name, None), type) and not name.startswith("_")
    }
    assert len(shipped) > 18
    assert shipped <= told


def test_the_root_has_a_cure_for_every_error() -> None:
    """An error without a cure of its own still says what to do next."""
    for name in error_names(trouble.PACKAGE):
        kind = getattr(errors, name, None)
        if isinstance(kind, type):
            assert kind.default_cure.endswith(".")


def test_texts_are_put_together(tmp_path: Path) -> None:
    """Constants, helpers, branches and what callers say are put in; what only the moment knows is a gap."""
    package = tmp_path / "ltxlib"
    package.mkdir()
    (package / "errors.py").write_text(
        "class LtxlibError(Exception):\n    default_cure = 'Read.'\n"
        "class Torn(LtxlibError):\n    default_cure = 'Sew it.'\n"
    )
    (package / "words.py").write_text("WHERE = 'the drawer'\nMOST = 7\n")
    (package / "work.py").write_text(
        "from ltxlib.words import MOST, WHERE\n"
        "def act(cloth, big):\n"
        "    if big:\n        what, cure = 'too big', 'Cut it.'\n"
        "    else:\n        what, cure = 'too small', None\n"
        "    raise Torn(f'{cloth} is {what}.', cure=cure)\n"
        "def look(n):\n    raise Torn(f'{n} are more than {MOST}.')\n"
        "def one():\n    raise _bad('is wet')\n"
        "def two():\n    raise _bad('is hot')\n"
        "def _bad(how):\n    return Torn(f'It {how}. Look into ' + WHERE + '.', cure=_cure(how))\n"
        "def _cure(how) -> str:\n    return f'Mend that it {how}.'\n"
    )
    found = {(one.text, one.cure) for one in read(package)}
    assert found == {
        (f"{GAP} is too big.", "Cut it."),
        (f"{GAP} is too small.", "Sew it."),
        (f"{GAP} are more than 7.", "Sew it."),
        ("It is wet. Look into the drawer.", "Mend that it is wet."),
        ("It is hot. Look into the drawer.", "Mend that it is hot."),
    }


def test_a_page_without_a_place_is_told(tmp_path: Path) -> None:
    """The tools change a page between their two comments and nowhere else."""
    page = tmp_path / "page.md"
    page.write_text("By hand.\n")
    with pytest.raises(ValueError, match=r"page\.md"):
        marked.write(page, "make", "| a |")
    page.write_text(
        "Above.\n"
        + marked.BEGINS.format(command="make")
        + "\n"
        + marked.ENDS.format(command="make")
        + "\nBelow.\n"
    )
    assert marked.write(page, "make", "| a |")
    assert not marked.write(page, "make", "| a |")
    text = page.read_text()
    assert text.startswith("Above.\n") and text.endswith("\nBelow.\n") and "\n| a |\n" in text
