"""Nights in tests: stand-in notebooks, somebody who hears the notes, looks until something is so."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import nbformat

from ltxlib.core.status import BatchStatus
from ltxlib.store.project import Project
from ltxlib.studio.night_options import NightOptions
from ltxlib.studio.night_process import Launch
from ltxlib.studio.watching import NightView, look

WAIT_S = 60.0
SECRETS = {
    "RUNPOD_API_KEY": "rpa_SECRETSECRETSECRET",
    "HF_TOKEN": "hf_ANOTHERSECRET123",
    "MY_WEB_PASSWORD": "correct horse “battery”",
}


def notebook(project: Project, name: str, *cells: str) -> None:
    """Put a notebook of these cells in the place of the kit's own."""
    project.notebooks.mkdir(exist_ok=True)
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    made.metadata["kernelspec"] = {"name": "ltx-kit", "display_name": "LTX kit", "language": "python"}
    nbformat.write(made, project.notebooks / f"{name}.ipynb")


def quiet_notebooks(project: Project) -> None:
    """Four notebooks that only say their names."""
    for name in ("01_setup", "02_generate", "03_review", "04_assemble"):
        notebook(project, name, f"print({name!r})")


def batch_says(project: Project, status: BatchStatus) -> str:
    """A cell that plays the batch: it says this of itself, as if it were now."""
    return (
        "import time, pathlib, dataclasses\n"
        "from ltxlib.core.status import BatchStatus\n"
        "from ltxlib.store.project import Project\n"
        "from ltxlib.store.night_files import night_around, write_status\n"
        f"shelf = Project(pathlib.Path({str(project.root)!r})).set(rehearsal=True)\n"
        f"status = BatchStatus.from_json({status.to_json()!r})\n"
        "write_status(shelf, dataclasses.replace(status, began=time.time(), at=time.time()))"
    )


def launch(**options: Any) -> Launch:
    """What a night of a test is started with."""
    return Launch(f"test-{time.time_ns()}", NightOptions(**options), rehearsal=True)


def until(project: Project, wanted: Callable[[NightView], object]) -> NightView:
    """Look at the night again and again until it is as wanted."""
    last = time.monotonic() + WAIT_S
    while not wanted(view := look(project)):
        assert time.monotonic() < last, f"the night is still {view}"
        time.sleep(0.05)
    return view


def there(path: Path) -> None:
    """Wait until a file is there."""
    last = time.monotonic() + WAIT_S
    while not path.exists():
        assert time.monotonic() < last, f"{path} never came"
        time.sleep(0.02)


@dataclass
class Phone:
    """A loopback address for notes, and the notes it got."""

    url: str = ""
    notes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def titles(self) -> list[str]:
        """What the notes are called, oldest first."""
        return [note["title"] for note in self.notes]


@contextmanager
def phone() -> Iterator[Phone]:
    """Somebody who takes notes."""
    found = Phone()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """The test's output stays clean."""

        def do_POST(self) -> None:
            found.notes.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.send_header("Content-Length", "0")
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}/hook/WHOEVERHASTHISMAYWRITE"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def secrets_in(folder: Path, secrets: list[str]) -> list[str]:
    """Which files below a folder hold one of these texts."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            found += [
                f"{path.name}: {secret}"
                for secret in secrets
                if secret.encode() in data or json.dumps(secret)[1:-1].encode() in data
            ]
    return found
