"""Presses reach the kernel, whatever became of the page in whose name a button was last changed."""

from __future__ import annotations

import subprocess
import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from ltxlib.ui.presses import answer_the_open_page

PANEL = """
from ltxlib.ui.parts import button
from ltxlib.ui.presses import answer_the_open_page
{guard}
presses = []
def pressed():
    presses.append(1)
    made.description = str(len(presses))
made = button("0", pressed)
print(made.comm.comm_id)
"""


@pytest.fixture
def kernel(tmp_path, project_root) -> Iterator[BlockingKernelClient]:
    """A kernel of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(project_root))
        patch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
        manager, client = start_new_kernel(kernel_name="python3", cwd=str(tmp_path))
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def said(client: BlockingKernelClient, code: str) -> str:
    """What a cell prints."""
    words: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream":
            words.append(message["content"]["text"])

    client.execute_interactive(code, output_hook=hear, timeout=60)
    return "".join(words).strip()


def page(client: BlockingKernelClient, kind: str, content: dict[str, Any]) -> dict[str, Any]:
    """What JupyterLab does as a page comes and goes: a queue of its own, or the end of it."""
    client.control_channel.send(client.session.msg(f"{kind}_subshell_request", content))
    return client.get_control_msg(timeout=60)["content"]


def press(client: BlockingKernelClient, comm_id: str, subshell: str | None) -> str:
    """Press a button on a page, and wait until the kernel has dealt with it; says how."""
    message = client.session.msg(
        "comm_msg", {"comm_id": comm_id, "data": {"method": "custom", "content": {"event": "click"}}}
    )
    message["header"]["subshell_id"] = subshell
    client.shell_channel.send(message)
    while True:
        heard = client.get_iopub_msg(timeout=60)
        idle = heard["content"].get("execution_state") == "idle"
        if idle and heard["parent_header"].get("msg_id") == message["header"]["msg_id"]:
            return said(client, "print(len(presses))")


def test_a_press_after_a_reload_is_not_lost(kernel):
    """A button that was changed for a page that is gone answers the page that is open."""
    comm_id = said(kernel, PANEL.format(guard="answer_the_open_page()"))
    before = page(kernel, "create", {})["subshell_id"]
    assert press(kernel, comm_id, before) == "1"
    assert page(kernel, "delete", {"subshell_id": before})["status"] == "ok"
    now = page(kernel, "create", {})["subshell_id"]
    assert press(kernel, comm_id, now) == "2"
    assert press(kernel, comm_id, None) == "3"


def test_the_fault_is_really_there(kernel):
    """Where ipykernel has this fault, the very same press is lost without the guard."""
    told = said(
        kernel,
        PANEL.format(
            guard="import ipykernel.comm.comm as c; faulty = hasattr(c.BaseComm, '_reply_subshell_for')"
        ),
    )
    if said(kernel, "print(faulty)") != "True":
        pytest.skip("This ipykernel hands presses to the page they come from by itself.")
    before = page(kernel, "create", {})["subshell_id"]
    assert press(kernel, told, before) == "1"
    page(kernel, "delete", {"subshell_id": before})
    assert press(kernel, told, page(kernel, "create", {})["subshell_id"]) == "1"


def test_other_kernels_are_left_alone(monkeypatch):
    """Without a kernel, or with one that does it right, nothing is changed; a second time neither."""
    monkeypatch.delitem(sys.modules, "ipykernel.comm.comm", raising=False)
    assert answer_the_open_page() is False

    class BaseComm:
        """One of a version without the fault."""

    monkeypatch.setitem(sys.modules, "ipykernel.comm.comm", types.SimpleNamespace(BaseComm=BaseComm))
    assert answer_the_open_page() is False
    assert not hasattr(BaseComm, "_reply_subshell_for")
    BaseComm._reply_subshell_for = lambda self, data, default: "gone"
    assert answer_the_open_page() is True
    assert answer_the_open_page() is False
    assert BaseComm._reply_subshell_for is None


LEFT_BEHIND = """
import asyncio, gc, sys
from ltxlib.ui.presses import leave_closed_pages_alone
for _ in range(2):
    leave_closed_pages_alone()
async def {name}():
    await asyncio.sleep(9)
loop = asyncio.new_event_loop()
task = loop.create_task({name}())
loop.close()
del task
gc.collect()
"""


@pytest.mark.parametrize(("name", "said"), [("_async_in_context", False), ("somebody_elses", True)])
def test_what_is_left_of_a_closed_page_frightens_nobody(name, said):
    """Words about a queue of ipykernel's that went with its page are not shown; all others are."""
    words = [sys.executable, "-c", LEFT_BEHIND.format(name=name)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert ("never awaited" in done.stderr) is said
    assert ("Task was destroyed" in done.stderr) is said
