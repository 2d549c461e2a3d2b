"""Coverage that killed processes left half written."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from coverage import Coverage, CoverageData

from tests.support.coverage_files import drop_damaged


def data_file(folder: Path, name: str) -> Path:
    """One process's coverage, as it writes it."""
    path = folder / f".coverage.{name}"
    data = CoverageData(str(path))
    data.add_lines({str(folder / "a.py"): [1, 2], str(folder / "b.py"): [3]})
    data.close()
    return path


def test_a_half_written_file_is_dropped_and_the_others_are_combined(tmp_path: Path) -> None:
    """Files cut off, emptied of a path, or of another make go; what is whole is combined."""
    whole = [data_file(tmp_path, "one"), data_file(tmp_path, "two")]
    nameless, cut, odd = (data_file(tmp_path, name) for name in ("nameless", "cut", "odd"))
    with sqlite3.connect(nameless) as base:
        base.execute("UPDATE file SET path = NULL WHERE id = 1")
    base.close()
    cut.write_bytes(cut.read_bytes()[:5000])
    odd.write_bytes(b"no database at all")

    assert sorted(drop_damaged(tmp_path)) == sorted([nameless, cut, odd])
    assert all(path.exists() for path in whole)
    total = Coverage(data_file=str(tmp_path / ".coverage"))
    total.combine(strict=True)
    assert total.get_data().lines(str(tmp_path / "a.py")) == [1, 2]


def test_nothing_is_dropped_where_all_is_whole(tmp_path: Path) -> None:
    """Whole files stay as they are."""
    data_file(tmp_path, "one")
    assert drop_damaged(tmp_path) == []
