"""Files in pieces: whole or not at all, whatever a page says."""

from __future__ import annotations

import os

import pytest

from ltxlib.ui import incoming
from ltxlib.ui.incoming import Incoming


class Page:
    """A page that sends, with what it was answered and what became of its files."""

    def __init__(self, folder, why="") -> None:
        self.taken, self.refused, self.overs = {}, [], 0
        self.door = Incoming(
            folder, lambda name, size: why, self._take, lambda *told: self.refused.append(told)
        )
        self.door._over = self._over

    def _take(self, part, name):
        if name == "fails":
            raise RuntimeError("the disk is gone")
        self.taken[name] = part.read_bytes()

    def _over(self):
        self.overs += 1

    def say(self, *buffers, **said) -> list[str]:
        answers: list[str] = []
        self.door.hear(said, buffers, answers.append)
        self.door.settle()
        return answers

    def send(self, name, data, key="1", piece=4) -> list[str]:
        said = self.say(do="begin", id=key, name=name, size=len(data))
        for at in range(0, len(data), piece):
            said += self.say(memoryview(data)[at : at + piece], do="piece", id=key, at=at)
        return said + self.say(do="end", id=key)


@pytest.fixture
def page(tmp_path):
    return Page(tmp_path / "images")


def left(page) -> list:
    folder = page.door.folder
    return list(folder.iterdir()) if folder.exists() else []


def test_a_file_arrives_whole(page):
    """Every piece is answered, the file is handed over with its name, and nothing is left aside."""
    assert page.send("folder/../a.png", b"123456789") == ["go"] * 4 + ["done"]
    assert page.taken == {"folder/../a.png": b"123456789"}
    assert page.say(do="over") == ["done"]
    assert (page.overs, left(page)) == (1, [])


def test_what_is_not_wanted_is_not_sent(tmp_path):
    """The answer comes before the first byte, and the reason is told."""
    page = Page(tmp_path / "images", "It is a clip.")
    assert page.say(do="begin", id="1", name="a.mp4", size=5) == ["no"]
    assert page.refused == [("a.mp4", "It is a clip.")]
    assert page.say(b"12345", do="piece", id="1", at=0) == ["no"]
    assert page.say(do="end", id="1") == ["no"]
    assert left(page) == []


@pytest.mark.parametrize(
    ("at", "data"), [(1, b"12"), (0, b"123456"), (0, b""), ("0", b"12"), (None, b"12"), (0, b"x" * (5 << 20))]
)
def test_pieces_that_do_not_fit_end_the_file(page, at, data):
    """Out of turn, too much, nothing: it is dropped and told, and what was written is gone."""
    page.say(do="begin", id="1", name="a.png", size=5)
    assert page.say(data, do="piece", id="1", at=at) == ["no"]
    assert page.refused == [("a.png", "It arrived damaged; bring it again.")]
    assert (page.taken, left(page)) == ({}, [])


@pytest.mark.parametrize("said", [{"size": -1}, {"size": "5"}, {"size": None}, {"size": 5, "id": ""}])
def test_a_page_that_makes_no_sense_is_refused(page, said):
    """A size that is none, a file without a number."""
    assert page.say(**{"do": "begin", "id": "1", "name": "a.png", **said}) == ["no"]
    assert len(page.refused) == 1


def test_half_a_file_is_told(page):
    """Ended too soon it is not taken."""
    page.say(do="begin", id="1", name="a.png", size=5)
    page.say(b"12", do="piece", id="1", at=0)
    assert page.say(do="end", id="1") == ["done"]
    assert "only in part" in page.refused[0][1]
    assert (page.taken, left(page)) == ({}, [])


def test_called_off_it_leaves_nothing(page):
    """Cancel is quiet; a file that the browser cannot read is told."""
    for key, why in (("1", ""), ("2", "unreadable")):
        page.say(do="begin", id=key, name=f"{key}.png", size=5)
        assert len(left(page)) == 1
        assert page.say(do="cancel", id=key, why=why) == ["done"]
        assert left(page) == []
    assert page.refused == [("2.png", "The browser could not read it. Bring it again.")]


def test_two_files_at_once_do_not_mix(page):
    """Each has a number of its own; the same number twice is refused."""
    page.say(do="begin", id="a", name="a", size=2)
    page.say(do="begin", id="b", name="b", size=2)
    assert page.say(do="begin", id="a", name="c", size=2) == ["no"]
    for key in "abab":
        page.say(key.encode(), do="piece", id=key, at=page.door._open[key].has_bytes)
    page.say(do="end", id="b")
    page.say(do="end", id="a")
    assert page.taken == {"a": b"aa", "b": b"bb"}


def test_too_many_at_once_are_refused(page):
    """A page that opens files without end is stopped."""
    answers = [page.say(do="begin", id=str(n), name="a", size=2)[0] for n in range(incoming._MOST_OPEN + 1)]
    assert answers == ["go"] * incoming._MOST_OPEN + ["no"]


def test_what_was_never_ended_is_cleared_away(page, monkeypatch):
    """What a closed page began, and what a kernel that is gone left; what another one writes stays."""
    page.say(do="begin", id="old", name="a", size=2)
    gone, other = ".coming-99999999-0.part", f".coming-{os.getppid()}-0.part"
    for name in (gone, other):
        (page.door.folder / name).write_bytes(b"x")
    monkeypatch.setattr(incoming, "_FORGOTTEN_AFTER_S", -1.0)
    page.send("new", b"12")
    assert [path.name for path in left(page)] == [other]


def test_a_fault_on_the_way_is_told_and_the_door_stays_open(page):
    """The page is answered, the reason is told, and the next file comes as if nothing had been."""
    assert page.send("fails", b"12")[-1] == "done"
    assert page.refused == [("fails", "the disk is gone")]
    assert page.send("a", b"12", key="2")[-1] == "done"
    assert page.taken == {"a": b"12"}


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    """A file where the folder should be."""
    (tmp_path / "images").write_text("x")
    page = Page(tmp_path / "images")
    assert page.say(do="begin", id="1", name="a", size=2) == ["no"]
    assert "could not be written" in page.refused[0][1]


def test_a_small_file_comes_in_one(page):
    """The plain button's way, in pieces all the same."""
    page.door.give([("a", b"x" * (incoming.LARGEST_PIECE_BYTES + 1)), ("b", b"x")])
    page.door.settle()
    assert len(page.taken["a"]) == incoming.LARGEST_PIECE_BYTES + 1
    assert (page.taken["b"], page.overs) == (b"x", 1)
