"""Files that appear whole, names that stay inside."""

import hashlib
import os
import subprocess
import sys

import pytest

from ltxlib.errors import StoreError, UnsafeName
from ltxlib.store.files import inside, move_whole, sha256_of, sweep, write_json, write_whole


def test_a_file_appears_whole_and_leaves_nothing_beside_it(tmp_path):
    """Writing makes the folder and the file, and no part of it stays."""
    target = tmp_path / "deep" / "a.txt"
    write_whole(target, b"one")
    write_whole(target, b"two")
    assert target.read_bytes() == b"two"
    assert [path.name for path in target.parent.iterdir()] == ["a.txt"]


def test_a_refused_write_keeps_the_old_file(tmp_path):
    """When the new file cannot be put in place, a sentence says so and nothing is left behind."""
    target = tmp_path / "folder"
    target.mkdir()
    (target / "inside").write_text("x")
    with pytest.raises(StoreError, match="folder could not be written"):
        write_whole(target, b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_json_is_readable_and_keeps_letters(tmp_path):
    """JSON is written for people too."""
    write_json(tmp_path / "a.json", {"name": "Nächte"})
    assert "Nächte" in (tmp_path / "a.json").read_text("utf-8")


def test_moving_replaces_whole(tmp_path):
    """A finished file takes its final name in one step."""
    source, target = tmp_path / "a.part", tmp_path / "scenes" / "a.mp4"
    source.write_bytes(b"clip")
    move_whole(source, target)
    assert target.read_bytes() == b"clip"
    assert not source.exists()
    with pytest.raises(StoreError, match="could not be put in place"):
        move_whole(source, target)


def test_sha256_is_of_the_bytes(tmp_path):
    """The hash is the one everybody computes; a missing file is a sentence."""
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    assert sha256_of(tmp_path / "a") == hashlib.sha256(b"x" * 3_000_000).hexdigest()
    with pytest.raises(StoreError, match="could not be read"):
        sha256_of(tmp_path / "b")


@pytest.mark.parametrize(
    "names", [("..",), ("a", "..", "..", "b"), ("/etc/passwd",), ("",), ("a\x00b",), ("link", "x")]
)
def test_names_cannot_leave_their_folder(tmp_path, names):
    """Dots, roots, empty names and links that lead out are refused."""
    folder = tmp_path / "takes"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    with pytest.raises(UnsafeName):
        inside(folder, *names)


def test_ordinary_names_stay(tmp_path):
    """A plain name gives its path, whether it exists or not."""
    assert inside(tmp_path, "rain", "a.mp4") == tmp_path / "rain" / "a.mp4"


def test_what_dead_processes_left_is_swept(tmp_path):
    """Half files of threads that are gone go; those of the living, of others' folders and all else stay."""
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    dead, alive = f"a.json.{gone.pid}.part", f"b.json.{os.getpid()}.part"
    (tmp_path / "deep").mkdir()
    (tmp_path / "server").mkdir()
    for name in (f"deep/{dead}", alive, f"server/{dead}", "c.part", "d.mp4"):
        (tmp_path / name).write_bytes(b"half")
    assert sweep(tmp_path, leave=("server",)) == 1
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*") if path.is_file())
    assert left == sorted([alive, f"server/{dead}", "c.part", "d.mp4"])
