"""Who watches: asked of a real kernel the way each face asks it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from ltxlib.ui.context import headless

ASK = "from ltxlib.ui.context import headless; headless.cache_clear(); print(headless())"
SHOW = "from ltxlib.ui.setup import setup_panel; setup_panel()"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory, project_root) -> Iterator[BlockingKernelClient]:
    """A kernel in a folder that belongs to no project."""
    outside = tmp_path_factory.mktemp("outside")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(project_root))
        patch.setenv("IPYTHONDIR", str(outside / "ipython"))
        for name in ("LTX_HEADLESS", "LTX_COMFY_URL"):
            patch.delenv(name, raising=False)
        manager, client = start_new_kernel(kernel_name="python3", cwd=str(outside))
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(client: BlockingKernelClient, code: str, *, person: bool) -> list[dict[str, Any]]:
    """What a cell puts out, run with or without somebody to answer questions."""
    outputs: list[dict[str, Any]] = []

    def hear(message: dict[str, Any]) -> None:
        if message["msg_type"] in ("stream", "error", "display_data", "execute_result"):
            outputs.append({"type": message["msg_type"], **message["content"]})

    client.execute_interactive(code, allow_stdin=person, output_hook=hear, timeout=60)
    return outputs


def test_a_cell_run_in_jupyterlab_has_somebody_watching(kernel):
    """A request that may ask questions comes from a person."""
    assert run(kernel, ASK, person=True)[0]["text"].strip() == "False"


def test_a_cell_run_by_papermill_has_nobody_watching(kernel):
    """A request that may not ask comes from the night."""
    assert run(kernel, ASK, person=False)[0]["text"].strip() == "True"


def test_the_answer_is_read_once(kernel):
    """What the first cell found out holds for the whole run."""
    run(kernel, ASK, person=False)
    said = run(kernel, "print(headless())", person=True)
    assert said[0]["text"].strip() == "True"


def test_a_stop_by_night_is_plain_text_and_still_a_failure(kernel):
    """The night's cell fails with one block of words, the reason last, and no traceback."""
    run(kernel, ASK, person=False)
    failed = run(kernel, SHOW, person=False)[-1]
    assert failed["type"] == "error"
    assert failed["ename"] == "StoreError"
    assert len(failed["traceback"]) == 1
    assert failed["traceback"][0].startswith("STOPPED: There is no project in")


def test_a_stop_in_the_browser_is_a_note_and_no_failure(kernel):
    """A person sees a sentence and a cure; the cells below still run."""
    run(kernel, ASK, person=True)
    shown = run(kernel, SHOW, person=True)
    assert [output["type"] for output in shown] == ["display_data"]
    html = shown[0]["data"]["text/html"]
    assert "There is no project in" in html
    assert "Go to the kit" in html
    assert "<details>" in html


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("0", False), (" 0 ", False), ("maybe", True)])
def test_the_environment_decides(monkeypatch, value, expected):
    """LTX_HEADLESS=1 or 0 decides; anything else is as if it were not there."""
    monkeypatch.setenv("LTX_HEADLESS", value)
    assert headless() is expected


def test_outside_any_kernel_nobody_watches():
    """Plain Python has no browser to show a form in."""
    assert headless() is True


def test_a_kernel_of_another_make_gets_the_form(monkeypatch):
    """Where the question cannot be asked, work that nobody ordered is not begun."""
    import IPython

    class Shell:
        kernel = object()

    monkeypatch.setattr(IPython, "get_ipython", Shell)
    assert headless() is False


def test_the_project_is_found_from_its_notebooks(project):
    """A cell runs in notebooks/ and works on the folder above."""
    from ltxlib.ui.context import project as find

    assert find().root == Path(project.root).resolve()
