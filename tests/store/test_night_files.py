"""What the night and those who watch it tell each other."""

from ltxlib.core.limits import Limits
from ltxlib.core.status import BatchStatus
from ltxlib.store.night_files import (
    NOW,
    VARIABLE,
    Orders,
    night_around,
    night_folder,
    read_status,
    write_status,
)
from ltxlib.store.project import Project


def test_orders_limits_and_facts_come_back(tmp_path):
    """What one process writes another one reads."""
    night = night_folder(Project(tmp_path))
    assert night.read_orders() == Orders()
    assert night.read_limits() is None
    assert night.read() == {}
    night.write_orders(Orders(NOW, keep_pod=True))
    night.write_limits(Limits(1.0, until=2.0))
    night.write({"phase": "canary"})
    assert night.read_orders() == Orders(NOW, keep_pod=True)
    assert night.read_limits() == Limits(1.0, until=2.0)
    assert night.read() == {"phase": "canary"}


def test_damaged_files_are_no_orders(tmp_path):
    """A file that is cut short orders nothing and limits nothing."""
    night = night_folder(Project(tmp_path))
    night.folder.mkdir(parents=True)
    for name in ("orders.json", "limits.json", "night.json"):
        (night.folder / name).write_text('{"end": "no')
    assert night.read_orders() == Orders()
    assert night.read_limits() is None
    assert night.read() == {}


def test_a_process_knows_the_night_it_works_for(tmp_path, monkeypatch):
    """By day there is no night around; the night names its folder to its notebooks."""
    monkeypatch.delenv(VARIABLE, raising=False)
    assert night_around() is None
    night = night_folder(Project(tmp_path))
    monkeypatch.setenv(VARIABLE, str(night.folder))
    assert night_around() == night


def test_a_batch_is_seen_from_outside(tmp_path):
    """The status that a batch writes is what others read, and no half file is left behind."""
    shelf = Project(tmp_path).set(rehearsal=True)
    assert read_status(shelf) is None
    status = BatchStatus(1.0, 2.0, takes=5, made=2)
    write_status(shelf, status)
    assert read_status(shelf) == status
    assert [path.name for path in shelf.folder.iterdir()] == ["status.json"]
