"""A night in which everything fails alike ends early; one with some scenes that cannot be made does not."""

from collections import Counter

from ltxlib.core.limits import ALIKE
from ltxlib.studio import events
from tests.support.batches import entries, of_kind, rows, run
from tests.support.studio import a_project


def scenes_of(happened, kind):
    return Counter(event.plan.scene.scene for event in of_kind(happened, kind))


def test_scenes_that_cannot_be_made_are_each_tried_and_named(tmp_path, server):
    """When only takes are left that failed before, none of them ends the night: each gets all its tries."""
    project = a_project(tmp_path / "p", rows(6))
    hopeless = [f"scene{n}" for n in (0, 1, 3, 4)]
    for scene in hopeless:
        server.faults.add("no_outputs", of=f"/{scene}/", count=100)
    happened = run(project)
    last = happened[-1]
    assert (last.made, last.failed, last.stopped_by, last.exit_code) == (2, 4, "", 1)
    assert Counter(entry["scene"] for entry in entries(project, "failed")) == dict.fromkeys(hopeless, 1)
    assert scenes_of(happened, events.TakeDelayed) == dict.fromkeys(hopeless, 2)


def test_a_night_that_ends_early_names_what_failed(tmp_path, server):
    """Where everything fails alike the night ends with takes left, and those that failed are written down."""
    project = a_project(tmp_path / "p", rows(8))
    server.faults.add("no_outputs", count=100)
    happened = run(project)
    last = happened[-1]
    assert (last.made, last.stopped_by) == (0, ALIKE)
    failed = Counter(entry["scene"] for entry in entries(project, "failed"))
    assert 3 <= len(failed) < 8
    assert set(failed.values()) == {1}
    assert set(failed) >= set(scenes_of(happened, events.TakeDelayed))
    assert last.failed == len(failed)
