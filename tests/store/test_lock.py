"""One batch at a time."""

import subprocess
import sys

import pytest

from ltxlib.errors import ProjectBusy, StoreError
from ltxlib.store.lock import ProjectLock

HOLDER = """
import sys, pathlib
from ltxlib.store.lock import ProjectLock
with ProjectLock(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_run_is_told_who_holds_the_project(tmp_path, project_root):
    """While another process holds the lock, ours says so; when that process is killed the lock is free."""
    path = tmp_path / "deep" / "batch.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        cwd=project_root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ProjectBusy, match=str(holder.pid)), ProjectLock(path):
            pass
        holder.kill()
        holder.wait()
    with ProjectLock(path):
        pass


def test_the_lock_is_free_after_use(tmp_path):
    """Leaving the block frees the project, also after an error."""
    path = tmp_path / "batch.lock"
    with pytest.raises(KeyError), ProjectLock(path):
        raise KeyError
    with ProjectLock(path), pytest.raises(ProjectBusy), ProjectLock(path):
        pass


def test_a_lock_that_cannot_be_made_says_so(tmp_path):
    """A folder in the lock's place is a sentence."""
    (tmp_path / "batch.lock").mkdir()
    with pytest.raises(StoreError, match="could not be made"), ProjectLock(tmp_path / "batch.lock"):
        pass
