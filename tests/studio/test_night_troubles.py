"""What goes wrong in the night, told while it goes on."""

import pytest

from ltxlib.store.night_files import night_folder
from ltxlib.store.project import Project
from ltxlib.studio.night_told import Told
from ltxlib.studio.night_troubles import MOST_NOTES, Troubles
from tests.support.nights import phone


@pytest.fixture
def told(tmp_path, monkeypatch):
    """A night that tells, and somebody who hears it."""
    with phone() as ear:
        monkeypatch.setenv("LTX_NOTIFY", ear.url)
        found = Told(night_folder(Project(tmp_path)), {"id": "n", "rehearsal": False})
        found.ear = ear
        yield found


def test_a_server_that_was_started_again_is_told_once_each(told, tmp_path):
    """New lines only, a few notes only; the report gets them all up to a measure."""
    shelf = Project(tmp_path).set(rehearsal=False)
    shelf.journal.append("restarted", says="Of an earlier night.")
    troubles = Troubles(shelf, told)
    troubles.see()
    assert told.ear.notes == []
    shelf.journal.append("saved", scene="rain")
    shelf.journal.append("restarted", says="It was gone. It had said: out of memory")
    troubles.see()
    troubles.see()
    shelf.journal.append("not restarted", reason="ComfyUI does not end.")
    troubles.see()
    assert [(note["title"], note["text"], note["urgent"]) for note in told.ear.notes] == [
        ("ComfyUI had to be started again", "It was gone. It had said: out of memory", False),
        ("ComfyUI cannot be started again", "ComfyUI does not end.", True),
    ]
    assert told.facts["troubles"] == [
        "ComfyUI had to be started again. It was gone. It had said: out of memory",
        "ComfyUI cannot be started again. ComfyUI does not end.",
    ]
    for _ in range(30):
        shelf.journal.append("restarted", says="Again.")
    troubles.see()
    assert len(told.ear.notes) == MOST_NOTES
    assert len(told.facts["troubles"]) == 20


def test_half_a_line_waits_for_its_end(told, tmp_path):
    """A line that is just being written is read when it is whole; rubbish and a missing file do no harm."""
    shelf = Project(tmp_path).set(rehearsal=False)
    troubles = Troubles(shelf, told)
    troubles.see()
    shelf.folder.mkdir(parents=True)
    with shelf.journal.path.open("a") as file:
        file.write('{"event": "resta')
        file.flush()
        troubles.see()
        file.write('rted", "says": "Up again."}\n[1]\nrubbish\n')
        file.flush()
        troubles.see()
    assert [note["text"] for note in told.ear.notes] == ["Up again."]
