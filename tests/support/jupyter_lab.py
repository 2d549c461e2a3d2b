"""A real JupyterLab with folders of its own, and its notebooks as a person sees them in Chromium."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from ltxlib.store.project import Project
from ltxlib.studio.lab import lab_command

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

KIT = Path(__file__).resolve().parents[2]
TOKEN = "for-tests-only"
# For machines several times slower than ours; what comes is not waited for any longer.
PATIENCE_MS = 120_000

# JupyterLab's own model is asked, so that no test depends on how it draws.
PANEL = """const app = window.jupyterapp;
    const panel = app && app.shell && app.shell.currentWidget;"""
READY = f"""(name) => {{ {PANEL}
    if (!panel || !panel.context || !panel.context.isReady || !panel.content.widgets) return false;
    if (!panel.context.path.endsWith(name)) return false;
    const session = panel.sessionContext.session;
    return Boolean(session && session.kernel && session.kernel.status === 'idle');
}}"""
RUN_ALL = """() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }"""
RAN = f"""() => {{ {PANEL}
    const cells = panel.content.widgets.filter((cell) => cell.model.type === 'code');
    return panel.sessionContext.session.kernel.status === 'idle'
        && cells.every((cell) => cell.model.executionCount !== null
            && cell.model.executionState !== 'running');
}}"""
FORGET = f"""() => {{ {PANEL}
    const cells = panel.content.widgets.filter((cell) => cell.model.type === 'code');
    for (const cell of cells) cell.model.executionCount = null;
}}"""
ERRORS = f"""() => {{ {PANEL}
    const found = [];
    for (const cell of panel.content.widgets) {{
        if (cell.model.type !== 'code') continue;
        for (const output of cell.model.outputs.toJSON()) {{
            const bad = output.output_type === 'error' || output.name === 'stderr';
            if (bad) found.push(JSON.stringify(output));
        }}
    }}
    return found;
}}"""
# Panels of an earlier run, which the page may have brought back from the kernel, are not to be pressed on.
MARK_OLD = "() => document.querySelectorAll('.ltx-panel').forEach((one) => { one.dataset.old = 'yes'; })"
OLD_GONE = "() => document.querySelector('.ltx-panel[data-old]') === null"
SAVE = f"""async () => {{ {PANEL} await panel.context.save(); }}"""


@dataclass(frozen=True)
class Lab:
    """A JupyterLab that answers: its address (with base_url, ending in a slash), its log, its notebooks."""

    url: str
    log: Path
    notebooks: str = "notebooks"


@contextmanager
def jupyter_lab(
    project: Project, home: Path, *, base_url: str = "/", machine: Mapping[str, str] | None = None
) -> Iterator[Lab]:
    """Start JupyterLab on a project as `./kit lab` does, on a free port, touching nothing outside `home`.

    machine: more of its environment, such as LTX_COMFY_ROOT.
    """
    argv, env = lab_command(project, port=0)
    env = {**env, **_private(home), "PYTHONPATH": str(KIT)}
    env = {name: value for name, value in env.items() if not name.startswith(("JPY_", "LTX_"))}
    env |= machine or {}
    argv += ["--no-browser", "--LabApp.expose_app_in_browser=True", f"--IdentityProvider.token={TOKEN}"]
    argv += [f"--ServerApp.base_url={base_url}"]
    _register_kernel(home / "data")
    log = home / "jupyter.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            argv, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield Lab(address_of(process, home / "runtime", log), log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _private(home: Path) -> dict[str, str]:
    folders = {
        "HOME": "home",
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    for folder in folders.values():
        (home / folder).mkdir(parents=True, exist_ok=True)
    return {name: str(home / folder) for name, folder in folders.items()}


def _register_kernel(data: Path) -> None:
    """What `kit` registers in its .venv, here for the Python that runs the tests."""
    folder = data / "kernels" / "ltx-kit"
    folder.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "LTX kit", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))


def address_of(process: subprocess.Popen[bytes], runtime: Path, log: Path) -> str:
    """Wait until the server has written down where it listens and answers there."""
    for _ in range(600):
        for record in runtime.glob("jpserver-*.json"):
            try:
                url = json.loads(record.read_bytes())["url"]
                if requests.get(f"{url}api/status?token={TOKEN}", timeout=5).ok:
                    return url
            except (ValueError, KeyError, requests.ConnectionError):
                pass
        try:
            # Waiting for the bad news; the good news is in the file.
            process.wait(timeout=0.1)
            break
        except subprocess.TimeoutExpired:
            continue
    raise AssertionError(f"JupyterLab did not start: {log.read_text()[-2000:]}")


class Notebook:
    """One notebook open in Chromium, driven as a person drives it."""

    def __init__(self, page: Page, lab: Lab) -> None:
        self.page = page
        self.lab = lab
        self.name = ""

    def open(self, name: str) -> Notebook:
        """Open a notebook in a page of its own and wait until it can run."""
        self.name = name
        self.page.goto(f"{self.lab.url}doc/tree/{self.lab.notebooks}/{name}?token={TOKEN}")
        self.wait_ready(name)
        return self

    def wait_ready(self, name: str) -> None:
        """Wait until this notebook is the one in front and idle."""
        self.page.wait_for_function(READY, arg=name)

    def run_all(self) -> Notebook:
        """Run every cell and wait until all have run and only the panels of this run are left."""
        self.page.evaluate(FORGET)
        self.page.evaluate(MARK_OLD)
        self.page.evaluate(RUN_ALL)
        self.wait_ran()
        self.page.wait_for_function(OLD_GONE)
        return self

    def wait_ran(self) -> None:
        """Wait until every code cell has run and nothing runs."""
        self.page.wait_for_function(RAN)

    def save(self) -> None:
        """Save the notebook, outputs included."""
        self.page.evaluate(SAVE)

    def errors(self) -> list[str]:
        """What went wrong in the cells, as Jupyter keeps it; and anything on the page that frightens."""
        found = list(self.page.evaluate(ERRORS))
        text = self.page.inner_text("body")
        found += re.findall(r"Traceback.*|Error displaying widget:.*", text)
        return found

    def button(self, panel: str, name: str) -> Any:
        """A button of a panel by our own class names."""
        return self.page.locator(f".ltx-{panel} button.ltx-{name}")


def copy_notebooks(project: Project) -> None:
    """Put the shipped notebooks into a test's project."""
    for notebook in sorted((KIT / "notebooks").glob("*.ipynb")):
        shutil.copy(notebook, project.notebooks / notebook.name)


@contextmanager
def person(browser: Browser, width: int = 1400, height: int = 1000) -> Iterator[Page]:
    """A fresh browser window, as if nobody had been here before."""
    context = browser.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield context.new_page()
    finally:
        context.close()
