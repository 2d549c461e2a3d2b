"""The journal: appended, lasting, never spoiled by a torn line."""

import json
import threading

import pytest

from ltxlib.errors import StoreError
from ltxlib.store.journal import Journal


def test_lines_come_back_in_order(tmp_path):
    """What is appended is read again, oldest first, with its time."""
    journal = Journal(tmp_path / "deep" / "journal.jsonl")
    assert list(journal) == []
    journal.append("submitted", scene="rain", note="ä\nb")
    journal.append("saved", scene="rain")
    entries = list(journal)
    assert [entry["event"] for entry in entries] == ["submitted", "saved"]
    assert entries[0]["note"] == "ä\nb"
    assert entries[0]["at"].endswith("+00:00")


def test_a_torn_line_spoils_only_itself(tmp_path):
    """After a crash in mid-line the next line is whole, and the torn one is passed over."""
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append("one")
    with journal.path.open("ab") as file:
        file.write(b'{"event": "to')
    journal.append("two")
    assert [entry["event"] for entry in journal] == ["one", "two"]


def test_foreign_lines_are_passed_over(tmp_path):
    """Lines that are not journal entries do not stop the reading."""
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'[1]\n"x"\n{"no": 1}\n\xff\xfe\n' + json.dumps({"event": "fine"}).encode() + b"\n")
    assert [entry["event"] for entry in Journal(path)] == ["fine"]


def test_many_writers_lose_nothing(tmp_path):
    """Threads that append at the same time each get their whole line in."""
    journal = Journal(tmp_path / "journal.jsonl")

    def write(name):
        for _ in range(20):
            journal.append(name, filler="x" * 300)

    threads = [threading.Thread(target=write, args=(f"writer{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(journal)) == 80


def test_a_journal_that_cannot_be_written_says_so(tmp_path):
    """A refusing disk is a sentence, not a traceback."""
    (tmp_path / "journal.jsonl").mkdir()
    journal = Journal(tmp_path / "journal.jsonl")
    with pytest.raises(StoreError, match="could not be written"):
        journal.append("x")
    with pytest.raises(StoreError, match="could not be read"):
        list(journal)
