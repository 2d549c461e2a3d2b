"""The notebooks in a kernel that is not the kit's: a pod image's Python, without the kit's packages."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tests.support.kit_box import KitBox, base_python

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kit is made for Linux")
# What an image's Python lacks of all that the tests have.
LACKING = ("ipywidgets", "pandas", "av", "moviepy", "tomlkit", "requests", "ltxlib", "papermill")
SEEN = (
    "import sys, json, ipywidgets, ipykernel, typing_extensions; from ltxlib.ui import panel;"
    "print(json.dumps("
    "{'python': sys.executable, 'widgets': ipywidgets.__file__, 'kernel': ipykernel.__file__,"
    "'leaf': typing_extensions.__file__, 'panel': panel.__file__, 'up': '..' in sys.path}))"
)


@pytest.fixture(scope="module")
def box(tmp_path_factory, project_root) -> KitBox:
    """A kit that nobody has set up, and an image's Python. The installer brings what the tests have."""
    made = KitBox(tmp_path_factory.mktemp("pod"))
    shutil.rmtree(made.folder / "ltxlib")
    for name in ("ltxlib", "notebooks", "workflows", "prompts"):
        leave = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        shutil.copytree(project_root / name, made.folder / name, ignore=leave)
    (made.folder / "scenes.csv").write_text("scene,prompt\nrain,@rain/window\n")
    ours = "\n".join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    made.wheel("borrowed", "1.0", {"borrowed.pth": f"{ours}\n"})
    (made.folder / "requirements.txt").write_text("ipykernel   # a reason\nborrowed\n")
    subprocess.run([base_python(), "-m", "venv", "--without-pip", made.root / "image"], check=True)
    site = next((made.root / "image/lib").glob("python3.*")) / "site-packages"
    for folder in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for path in Path(folder).iterdir():
            if (
                path.name.split("-")[0] not in LACKING
                and path.suffix != ".pth"
                and not (site / path.name).exists()
            ):
                (site / path.name).symlink_to(path)
    return made


@contextmanager
def kernel(box: KitBox, folder: Path) -> Iterator[BlockingKernelClient]:
    """A kernel of the image's own Python."""
    spec = box.root / "jupyter/kernels/image/kernel.json"
    spec.parent.mkdir(parents=True, exist_ok=True)
    argv = [str(box.root / "image/bin/python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "display_name": "image", "language": "python"}))
    env = box.surroundings(
        PYTHONPATH="", LTX_COMFY_URL="http://127.0.0.1:9", IPYTHONDIR=str(box.root / "ipython")
    )
    manager = KernelManager(kernel_name="image")
    manager.kernel_spec_manager.kernel_dirs = [str(spec.parents[1])]
    manager.start_kernel(cwd=str(folder), env=env)
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        # pytest started it, which is no Jupyter server that could show a page.
        run(client, "import os; os.environ.pop('JPY_PARENT_PID', None)")
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def run(client: BlockingKernelClient, code: str, *, person: bool = True) -> list[dict[str, Any]]:
    """What a cell puts out."""
    outputs: list[dict[str, Any]] = []

    def hear(message: dict[str, Any]) -> None:
        if message["msg_type"] in ("stream", "error", "display_data", "update_display_data"):
            outputs.append({"type": message["msg_type"], **message["content"]})

    client.execute_interactive(code, allow_stdin=person, output_hook=hear, timeout=120)
    return outputs


def run_all(client: BlockingKernelClient, notebook: Path) -> list[str]:
    """What a person reads below each code cell after Run All; widgets as their kind. Nothing frightens."""
    shown = []
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "code":
            outputs = run(client, cell.source)
            assert not [one for one in outputs if one["type"] == "error" or one.get("name") == "stderr"], (
                outputs
            )
            shown.append(" ".join(_text(one) for one in outputs))
    return shown


def _text(output: dict[str, Any]) -> str:
    data = output.get("data", {})
    if "application/vnd.jupyter.widget-view+json" in data:
        return "WIDGET"
    plain = re.sub(r"<style>.*?</style>", "", data.get("text/html", ""), flags=re.DOTALL)
    return re.sub(r"<[^>]+>", " ", plain) + output.get("text", "")


def test_a_pod_from_nothing(box):
    """02 says where to begin; 01 makes the place and works at once; then 02 works; again nothing is new."""
    books = box.folder / "notebooks"
    with kernel(box, books) as client:
        before = run_all(client, books / "02_generate.ipynb")
        assert "not set up on this machine yet" in before[0]
        assert {text.strip() for text in before[2:]} == {"This waits for  1. Setup ."}
        first = run_all(client, books / "01_setup.ipynb")
        assert "Made in" in first[0] and "Reload this page once (F5)" in first[0]
        assert first[-1] == "WIDGET"
        after = run_all(client, books / "02_generate.ipynb")
        assert after[0] == "" and set(after[2:]) == {"WIDGET"}
        again = run_all(client, books / "01_setup.ipynb")
        assert "All there" in again[0] and "Reload" not in again[0]
        seen = json.loads(run(client, SEEN)[0]["text"])
    assert seen["python"] == str(box.venv / "bin/python")
    assert seen["widgets"].startswith(str(Path(sysconfig.get_path("purelib"))))
    assert str(box.root / "image") in seen["kernel"]
    assert seen["panel"] == str(box.folder / "ltxlib/ui/panel.py")
    assert seen["up"] is False
    home = box.root / "home"
    assert (home / ".local/share/jupyter/kernels/ltx-kit/kernel.json").is_file()
    assert (home / ".jupyter/labconfig/default_setting_overrides.json").is_file()


def test_a_restarted_pod(box):
    """With home wiped, 02 works from the start; 01 tells Jupyter again. By night nothing is told."""
    box.run("setup", LTX_PYTHON=base_python())
    shutil.rmtree(box.root / "home")
    (box.root / "home").mkdir()
    books = box.folder / "notebooks"
    with kernel(box, books) as client:
        assert run_all(client, books / "04_assemble.ipynb")[0] == ""
    with kernel(box, books) as client:
        cell = nbformat.read(books / "01_setup.ipynb", as_version=4).cells[2]
        told = run(client, cell.source, person=False)
        assert [one["text"] for one in told] == ["GREEN  Python: All there, in the kit's own folder.\n"]
    spec = box.root / "home/.local/share/jupyter/kernels/ltx-kit/kernel.json"
    assert not spec.exists()
    with kernel(box, books) as client:
        assert "It was told of the kernel" in _text(run(client, cell.source)[-1])
    assert spec.exists()


def test_a_server_without_forms(box):
    """Where the page cannot show forms before it is reloaded, each cell says so; then all is there."""
    page = Path("share/jupyter/labextensions/@jupyter-widgets/jupyterlab-manager")
    if any((Path(root) / page).exists() for root in ("/usr", "/usr/local")):
        pytest.skip("every Jupyter of this machine has the widgets' part")
    box.run("setup", LTX_PYTHON=base_python())
    (box.venv / page / "static").mkdir(parents=True)
    (box.venv / page / "static/remoteEntry.1.js").touch()
    (box.venv / page / "package.json").write_text('{"version": "5.0"}')
    books = box.folder / "notebooks"
    with kernel(box, books) as client:
        first = run_all(client, books / "01_setup.ipynb")
        assert "buttons and forms" in first[0]
        assert {text.strip() for text in first[2:]} == {
            "Reload this page once (F5), then choose Run, Run All Cells again."
        }
        assert set(run_all(client, books / "01_setup.ipynb")[2:]) == {"WIDGET"}


def test_by_night_a_notebook_that_cannot_work_stops_in_one_line(box, tmp_path):
    """Papermill's log ends with what to do; there is no traceback."""
    other = tmp_path / "kit"
    shutil.copytree(box.folder, other, ignore=shutil.ignore_patterns(".venv"))
    with kernel(box, other / "notebooks") as client:
        cell = nbformat.read(other / "notebooks/03_review.ipynb", as_version=4).cells[1]
        (failed,) = run(client, cell.source, person=False)
    assert failed["ename"] == "NotReady"
    assert len(failed["traceback"]) == 1
    assert failed["traceback"][0].startswith("STOPPED: The kit is not set up on this machine yet")
    assert not os.path.lexists(other / ".venv")
