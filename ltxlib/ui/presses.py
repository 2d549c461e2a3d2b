"""No press of a button is lost on its way into the kernel.

JupyterLab gives every page a queue of its own in the kernel (a subshell) and takes it away when the page is
reloaded or closed. ipykernel 7.4 hands what a person does to the queue in whose name the kernel last changed
that button, instead of to that of the page that is open now (ipykernel/comm/comm.py, `_reply_subshell_for`).
Our threads and callbacks change buttons in the name of whatever came last; once that page is gone, so is its
queue, and every press on such a button is refused with UnknownSubshellError where nobody reads it.
"""

from __future__ import annotations

import logging
import sys
import warnings

# What ipykernel and asyncio say when a page is closed whose queue had not quite come to rest: nothing is lost
# but what that page asked for in its last moment, and the words would land in red below whatever cell runs.
_QUEUE = "_async_in_context"
_DESTROYED = "Task was destroyed but it is pending"


def answer_the_open_page() -> bool:
    """Let presses go to the queue of the page they come from; says whether this kernel needed to be told.

    Other versions of ipykernel do so by themselves. Outside a kernel there is nothing to do.
    """
    comms = getattr(sys.modules.get("ipykernel.comm.comm"), "BaseComm", None)
    if getattr(comms, "_reply_subshell_for", None) is None:
        return False
    comms._reply_subshell_for = None
    return True


def leave_closed_pages_alone() -> None:
    """Let nobody be frightened by what is left of a page that was reloaded."""
    warnings.filterwarnings("ignore", message=f".*{_QUEUE}.*never awaited", category=RuntimeWarning)
    logger = logging.getLogger("asyncio")
    if _not_of_a_queue not in logger.filters:
        logger.addFilter(_not_of_a_queue)


def _not_of_a_queue(record: logging.LogRecord) -> bool:
    said = record.getMessage()
    return not (said.startswith(_DESTROYED) and _QUEUE in said)
