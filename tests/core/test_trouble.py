"""What to make of takes that fail."""

import pytest

from ltxlib.core.trouble import Record, pause_s, same_way, worth_retrying
from ltxlib.errors import (
    ClipUnreadable,
    OutputMissing,
    PromptRejected,
    RenderFailed,
    RenderInterrupted,
    ServerAnswerError,
    SourceMissing,
    StoreError,
)


@pytest.mark.parametrize("kind", [RenderFailed, ClipUnreadable, OutputMissing, ServerAnswerError])
def test_what_may_go_well_the_next_time_is_tried_again(kind):
    """A node, a file or an answer that failed once need not fail twice."""
    assert worth_retrying(kind("It failed."))


@pytest.mark.parametrize("kind", [PromptRejected, RenderInterrupted, SourceMissing, StoreError])
def test_what_stays_as_it_is_is_not(kind):
    """A refused graph, a person's stop, a missing source and a full disk do not mend themselves."""
    assert not worth_retrying(kind("No."))


def test_pauses_grow_to_five_minutes():
    """Each failure doubles the pause, up to a limit."""
    assert [pause_s(n, 5.0) for n in (1, 2, 3)] == [5.0, 10.0, 20.0]
    assert pause_s(50, 5.0) == 300.0


def test_numbers_and_names_do_not_tell_failures_apart():
    """The same fault in another scene, at another step, is the same fault; another fault is not."""
    one, other = RenderFailed("Node 12 of “rain” failed."), RenderFailed("Node 7 of “fire” failed.")
    assert same_way(one) == same_way(other)
    assert same_way(one) != same_way(RenderFailed("The VAE failed."))
    assert same_way(one) != same_way(ClipUnreadable("Node 12 of “rain” failed."))


def test_failures_are_counted_by_scene_until_one_is_made():
    """A scene's count goes up with each failure and starts afresh with a take that is made."""
    record = Record()
    assert [record.failed("rain", RenderFailed("a"), 9) for _ in range(2)] == [1, 2]
    assert record.failed("fire", RenderFailed("a"), 9) == 1
    record.made("rain")
    assert record.failed("rain", RenderFailed("a"), 9) == 1
    assert record.failed("fire", RenderFailed("a"), 9) == 2


def test_three_scenes_that_fail_alike_are_enough():
    """One scene three times is its own fault; three scenes alike are the machine's."""
    record, error = Record(), RenderFailed("The node failed.")
    for _ in range(3):
        record.failed("rain", error, 9)
    assert not record.all_alike(error, None)
    record.failed("fire", error, 9)
    record.failed("sea", RenderFailed("Another one."), 9)
    assert not record.all_alike(error, None)
    record.failed("sea", error, 9)
    assert record.all_alike(error, 1)
    record.made("wind")
    assert not record.all_alike(error, None)


def test_smaller_takes_are_tried_before_memory_ends_the_night():
    """Where three large scenes found no memory, a smaller one still gets its turn."""
    record, error = Record(), RenderFailed("No memory.", out_of_memory=True)
    for scene, work in (("a", 90), ("b", 60), ("c", 70)):
        record.failed(scene, error, work)
    assert not record.all_alike(error, 30)
    assert record.all_alike(error, 60)
    assert record.all_alike(error, None)
