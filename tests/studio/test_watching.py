"""Looking at a night from outside, and giving it orders."""

import subprocess
import sys
from pathlib import Path

import pytest

from ltxlib.core.limits import Limits
from ltxlib.core.status import BatchStatus
from ltxlib.errors import StoreError
from ltxlib.store.night_files import Orders, night_folder, write_status
from ltxlib.store.project import Project
from ltxlib.studio.watching import is_held, look, order

FACTS = {
    "id": "20261122-2300",
    "phase": "02_generate",
    "rehearsal": True,
    "began": 1000.0,
    "options": {"assemble": True, "stop_pod": False},
    "usd_per_hour": 0.5,
    "price_source": "RunPod",
    "notebook": "/x/02_generate.ipynb",
}


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def test_nothing_was_ever_started(project):
    """A look at a project without a night says so and writes nothing."""
    view = look(project)
    assert (view.there, view.running, view.died, view.told) == (
        False,
        False,
        False,
        "There was no night yet.",
    )
    assert list(project.root.iterdir()) == []


def test_a_running_night_is_seen_with_its_batch_and_its_money(project):
    """While the lock is held the view tells phase, batch, time left, money and what was ordered."""
    night = night_folder(project)
    with night.lock:
        night.write(FACTS)
        night.write_limits(Limits(1000.0, budget_usd=3.0, usd_per_hour=0.5))
        write_status(
            project.set(rehearsal=True), BatchStatus(1100.0, 4590.0, takes=9, made=3, failed=1, left_s=100.0)
        )
        order(project, end="take")
        view = look(project, now=4600.0)
    assert (view.running, view.phase, view.elapsed_s, view.spent_usd) == (True, "02_generate", 3600.0, 0.5)
    assert (view.left_s, view.limits.budget_usd, view.notebook) == (90.0, 3.0, Path("/x/02_generate.ipynb"))
    assert view.orders == Orders("take")
    assert view.options["assemble"] is True
    assert view.told == (
        "The night is rendering the scenes: 3 of 9 takes are there, 1 failed. It ends after this take."
    )


def test_the_batch_of_an_earlier_night_is_not_this_one_s(project):
    """What an older batch left behind is not shown as the progress of a new night."""
    night = night_folder(project)
    night.write(FACTS)
    write_status(project.set(rehearsal=True), BatchStatus(10.0, 900.0, takes=9, made=9, ended=True))
    assert look(project).batch is None


def test_a_night_that_is_over_stands_still(project):
    """After its end neither time nor money grow, and its last words are what is told."""
    night = night_folder(project)
    says = "All 3 takes are made."
    night.write({**FACTS, "phase": "ended", "ended_at": 4600.0, "exit_code": 0, "says": says, "report": "/r"})
    view = look(project, now=99999.0)
    assert (view.running, view.died, view.elapsed_s, view.spent_usd) == (False, False, 3600.0, 0.5)
    assert (view.exit_code, view.told, view.report, view.left_s) == (0, says, Path("/r"), None)


def test_a_killed_night_is_told_as_cut_off(project):
    """The lock goes with the process, so a night killed in its tracks is not taken for one that runs."""
    night_folder(project).write(FACTS)
    program = (
        "import sys, pathlib; from ltxlib.store.night_files import night_folder;"
        "from ltxlib.store.project import Project;"
        "lock = night_folder(Project(pathlib.Path(sys.argv[1]))).lock.__enter__();"
        "print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(project.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout.readline() == b"held\n"
    assert look(project).running
    holder.kill()
    holder.communicate()
    view = look(project)
    assert (view.running, view.died) == (False, True)
    assert "cut off" in view.told
    with pytest.raises(StoreError, match="No night is running"):
        order(project, end="now")


def test_a_countdown_is_seen_running_down(project):
    """The seconds that are left to think again are those of the clock, never below nothing."""
    night = night_folder(project)
    with night.lock:
        night.write({**FACTS, "phase": "countdown", "countdown_until": 4630.0})
        assert look(project, now=4600.0).countdown_s == 30.0
        assert look(project, now=4600.0).told == "The night is about to stop the pod in 30 s."
        assert look(project, now=4700.0).countdown_s == 0.0
    assert look(project, now=4600.0).countdown_s is None


def test_orders_add_up(project):
    """Ending now is not taken back by ending later, and keeping the pod can be called off again."""
    with night_folder(project).lock:
        assert order(project, end="now") == Orders("now")
        assert order(project, end="take", keep_pod=True) == Orders("now", keep_pod=True)
        assert order(project, keep_pod=False) == Orders("now", keep_pod=False)
        with pytest.raises(StoreError, match="is no order"):
            order(project, end="later")


def test_a_damaged_night_file_is_no_night(project):
    """Rubbish in night.json, or of the wrong kind inside it, is looked at without harm."""
    night = night_folder(project)
    night.folder.mkdir(parents=True)
    (night.folder / "night.json").write_text('{"id": "x", "began": "soon", "options": 3, "exit_code": "no"}')
    view = look(project)
    assert (view.began, view.options, view.exit_code) == (0.0, {}, None)
    (night.folder / "night.json").write_text("{")
    assert not look(project).there


def test_a_lock_is_looked_at_without_being_taken(project):
    """Looking says whether it is held and leaves no lock file where there was none."""
    lock = night_folder(project).lock
    assert not is_held(lock.path)
    assert not lock.path.exists()
    with lock:
        assert is_held(lock.path)
    assert not is_held(lock.path)
