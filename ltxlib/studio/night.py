"""The notebooks run one after the other with nobody watching, by papermill."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ltxlib.errors import NightStopped
from ltxlib.store.project import Project, Shelf
from ltxlib.studio.secrets import clean_file

NOTEBOOKS = ("01_setup", "02_generate", "03_review", "04_assemble")
TICK_S = 1.0


@dataclass(frozen=True)
class Step:
    """One notebook that ran: its name, the executed copy, and how long it took in seconds."""

    name: str
    executed: Path
    seconds: float


@dataclass(frozen=True)
class Listeners:
    """Who is told: on_step as each notebook begins, on_tick about every second (from a thread of its own)."""

    on_step: Callable[[str], None]
    on_tick: Callable[[], None]


def run_notebooks(project: Project, shelf: Shelf, env: Mapping[str, str], listeners: Listeners) -> list[Step]:
    """Run the four notebooks headless, one after the other, and keep the executed copies.

    env is added to the kernels' environment; parameters are not used for it, since papermill writes
    parameters into the notebook. Raises NightStopped with what the notebook said.
    """
    done = []
    with kernel_environment(env), _ticking(listeners.on_tick):
        for name in NOTEBOOKS:
            listeners.on_step(name)
            done.append(run_notebook(project, shelf, name))
    return done


def executed_copy(shelf: Shelf, name: str) -> Path:
    """Where the executed copy of a notebook lies."""
    return shelf.folder / "notebooks" / f"{name}.ipynb"


def run_notebook(project: Project, shelf: Shelf, name: str, scenes_csv: str = "") -> Step:
    """Run one notebook headless; its executed copy grows while it runs, and is there however it ends.

    scenes_csv: another table than the one that the notebook names. Raises NightStopped with what it said.
    """
    began, target = time.monotonic(), executed_copy(shelf, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        # The first notebook looks around only: it has no table to be told of.
        named = {"scenes_csv": scenes_csv} if scenes_csv and name != NOTEBOOKS[0] else {}
        _run(project.notebooks / f"{name}.ipynb", target, named)
    finally:
        clean_file(target)
    return Step(name, target, time.monotonic() - began)


def _run(source: Path, target: Path, parameters: Mapping[str, str]) -> None:
    # Loading papermill takes seconds, which only a night should pay.
    import papermill

    logging.getLogger("papermill").setLevel(logging.ERROR)
    try:
        papermill.execute_notebook(
            str(source),
            str(target),
            parameters=dict(parameters),
            cwd=str(source.parent),
            kernel_name="python3",
            progress_bar=False,
            autosave_cell_every=30,
            # What the kernel itself thinks of its wiring is not for the person who waits for a film.
            extra_arguments=["--IPKernelApp.log_level=50"],
        )
    except papermill.PapermillExecutionError as error:
        said = error.evalue.strip() or error.ename
        raise NightStopped(f"Notebook {source.stem} stopped: {said}") from error
    except (papermill.exceptions.PapermillException, OSError, RuntimeError) as error:
        raise NightStopped(f"Notebook {source.stem} could not be run: {error}") from error


@contextmanager
def kernel_environment(env: Mapping[str, str]) -> Iterator[None]:
    """The environment that kernels are started with; nothing of a JupyterLab around us reaches them."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("JPY_")]:
        del os.environ[name]
    # The debugger warns about frozen modules on every start; nobody debugs a night.
    os.environ.update({"PYDEVD_DISABLE_FILE_VALIDATION": "1", **env})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _ticking(on_tick: Callable[[], None]) -> Iterator[None]:
    ended = threading.Event()

    def tick() -> None:
        while not ended.wait(TICK_S):
            on_tick()

    thread = threading.Thread(target=tick, name="night-ticks", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        on_tick()
