"""What a night came to, from what its batch said last."""

import pytest

from ltxlib.core.status import BatchStatus
from ltxlib.studio.night_work import outcome


def status(**facts):
    return BatchStatus(1.0, 2.0, takes=5, ended=True, **facts)


@pytest.mark.parametrize(
    ("said", "crashed", "code", "text", "urgent"),
    [
        (status(there=2, made=3), "", 0, "All 5 takes are there.", False),
        (status(made=4, failed=1), "", 1, "4 of 5 takes are there, 1 could not be made.", False),
        (status(failed=5), "Not one take.", 2, "0 of 5 takes are there, 5 could not be made.", True),
        (
            status(made=2, stopped_by="budget"),
            "",
            3,
            "The budget is used up. 2 of 5 takes are there. Start the night again to make the rest.",
            False,
        ),
        (
            status(made=1, failed=4, stopped_by="alike"),
            "",
            1,
            "Every scene failed in the same way. 1 of 5 takes are there, 4 could not be made.",
            True,
        ),
        (
            status(made=2, stopped_by="disk", last="The disk is nearly full. Delete what you rejected."),
            "",
            1,
            "The disk is nearly full. Delete what you rejected. 2 of 5 takes are there."
            " Start the night again to make the rest.",
            True,
        ),
        (
            status(stopped_by="server", last="Nobody answers."),
            "02 stopped.",
            2,
            "No server answers any more. 0 of 5 takes are there. Start the night again to make the rest.",
            True,
        ),
        (
            BatchStatus(1.0, 2.0, takes=5, made=1),
            "02 stopped.",
            1,
            "02 stopped. 1 of 5 takes are there.",
            True,
        ),
        (BatchStatus(1.0, 2.0, takes=5), "02 stopped.", 2, "02 stopped. 0 of 5 takes are there.", True),
        (status(made=5), "02 stopped.", 1, "02 stopped. 5 of 5 takes are there.", True),
        (None, "02 stopped.", 2, "02 stopped.", True),
        (None, "", 0, "There was nothing to make.", False),
    ],
)
def test_code_and_words_of_an_ending(said, crashed, code, text, urgent):
    """Each way a batch can end has its exit code, its sentence, and a word on whether to get up for it."""
    ending = outcome(said, crashed)
    assert (ending.code, ending.says, ending.urgent) == (code, text, urgent)
