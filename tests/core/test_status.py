"""What a batch says of itself."""

import pytest

from ltxlib.core.status import BatchStatus, Rendering


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"takes": 3, "made": 2, "there": 1}, 0),
        ({"takes": 3, "made": 2, "failed": 1}, 1),
        ({"takes": 3, "there": 2, "failed": 1}, 1),
        ({"takes": 3, "failed": 3}, 2),
        ({"takes": 3, "made": 1, "stopped_by": "budget"}, 3),
        ({"takes": 3, "made": 1, "stopped_by": "disk"}, 1),
        ({"takes": 9, "failed": 3, "stopped_by": "alike"}, 2),
    ],
)
def test_the_exit_code_tells_how_it_ended(facts, code):
    """0 all made, 1 some failed, 2 nothing could be made, 3 ended early."""
    assert BatchStatus(0.0, 1.0, ended=True, **facts).exit_code == code


def test_left_is_what_nobody_has_dealt_with():
    """Takes that were there, made or failed are not left."""
    assert BatchStatus(0.0, 1.0, takes=10, there=2, made=3, failed=1).left == 4


def test_a_status_comes_back_as_it_was_written():
    """What was written is what is read, with keys of newer kits passed over."""
    status = BatchStatus(1.0, 2.0, takes=3, now=(Rendering("rain", 1, "take01-a", "http://x", 2, 8),))
    assert BatchStatus.from_json({**status.to_json(), "newer": 1}) == status
    with pytest.raises(TypeError):
        BatchStatus.from_json({"at": 1.0})
