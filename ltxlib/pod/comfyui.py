"""ComfyUI as a program on this machine: where it lives, whether it runs, starting it as its template does.

Homes, virtual environments and fixed arguments are those of RunPod's template `runpod/comfyui` (2026), whose
start script never starts ComfyUI again once it has died.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ltxlib.errors import PodError

ROOT_VARIABLE = "LTX_COMFY_ROOT"
HOMES = ("/workspace/runpod-slim/ComfyUI", "/workspace/ComfyUI", "/opt/ComfyUI", "~/ComfyUI")
VENVS = (".venv-cu128", ".venv", "venv")
# The template's own; by another address RunPod's page could not open ComfyUI.
FIXED_ARGUMENTS = ("--listen", "0.0.0.0", "--port", "8188", "--enable-cors-header")  # nosec B104
ARGUMENTS_FILE = "comfyui_args.txt"
# How long a process that was asked to end may take before it is made to.
END_S = 15.0
# Stands in the log wherever the kit starts ComfyUI: what comes before is of an earlier life.
STARTED = "=== Started by the kit,"
# Beside ComfyUI's folder; there the template's start script sends what ComfyUI says.
TEMPLATE_LOG = "comfyui.log"
ERROR_MARKS = ("Error:", "Error ", "error:", "Exception:", "Killed", "CUDA out of memory")
# What belongs to the kit's own Python, or what a notebook's kernel sets for itself, must not reach ComfyUI's:
# by its MPLBACKEND every node pack that draws with matplotlib fails to import.
_MINE = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "MPLBACKEND", "FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR")
# What it said before it ended is read most easily in the notebook.
_LOOK_CURE = (
    "Read its log in notebook 01; where it names a node pack, take that pack out, then start ComfyUI again."
)
_TAIL_BYTES = 64 * 1024
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class ComfyHome:
    """A ComfyUI on this machine: its folder, the Python that runs it, the arguments it is started with."""

    root: Path
    python: Path
    arguments: tuple[str, ...]


def find_home(root: str | None = None) -> ComfyHome | None:
    """The ComfyUI of LTX_COMFY_ROOT, else of the first home that has one; None when there is none."""
    named = root if root is not None else os.environ.get(ROOT_VARIABLE, "")
    for place in (named,) if named else HOMES:
        folder = Path(place).expanduser()
        if (folder / "main.py").is_file():
            return ComfyHome(folder, _python(folder), (*FIXED_ARGUMENTS, *_more_arguments(folder)))
    return None


def _python(root: Path) -> Path:
    for folder in (root, root.parent):
        for venv in VENVS:
            python = folder / venv / "bin" / "python"
            if python.exists():
                return python
    return Path("python3")


def _more_arguments(root: Path) -> list[str]:
    """What people wrote into comfyui_args.txt, beside ComfyUI's folder or in it; # begins a remark."""
    for folder in (root.parent, root):
        try:
            text = (folder / ARGUMENTS_FILE).read_text("utf-8-sig")
            return shlex.split(text, comments=True)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError) as error:
            raise PodError(
                f"{ARGUMENTS_FILE} cannot be read: {error}.", cure=f"Mend {folder / ARGUMENTS_FILE}."
            ) from error
    return []


def port_of(home: ComfyHome) -> str:
    """The port that this ComfyUI listens on: of several --port the last counts, as ComfyUI reads them."""
    words = home.arguments
    named = [words[place + 1] for place, word in enumerate(words[:-1]) if word == "--port"]
    return named[-1] if named and named[-1].isdecimal() else "8188"


def running(home: ComfyHome) -> tuple[int, ...]:
    """The processes that run this ComfyUI's main.py, by their numbers; not those that already ended."""
    found = []
    for process, words, folder in _processes():
        scripts = (folder / word for word in words[1:] if word.endswith("main.py"))
        if any(_same(script, home.root / "main.py") for script in scripts):
            found.append(process)
    return tuple(sorted(found))


def installing(home: ComfyHome) -> bool:
    """Whether packages are being installed for this ComfyUI, as its template does before it starts it."""
    root = home.root.resolve()
    for _, words, folder in _processes():
        # pip itself, `python -m pip`, or `uv pip`; for this folder, or from within it.
        names = [word.rpartition("/")[2] for word in words[:4]]
        if "install" in words and any(name.startswith("pip") for name in names):
            places = [folder, *(Path(word) for word in words if word.startswith("/"))]
            if any(place.is_relative_to(one) for place in places for one in (home.root, root)):
                return True
    return False


def _processes() -> Iterator[tuple[int, list[str], Path]]:
    """Every process that can be looked at: its number, its words, its folder."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            folder = (entry / "cwd").resolve(strict=True)
        except OSError:
            # It ended while it was looked at, or belongs to somebody else.
            continue
        yield int(entry.name), [os.fsdecode(word) for word in words], folder


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def end(home: ComfyHome, patience_s: float = END_S) -> tuple[int, ...]:
    """End every process of this ComfyUI, kindly first; gives those that were there.

    Raises PodError when one cannot be ended.
    """
    there = running(home)
    for kind, patience in ((signal.SIGTERM, patience_s), (signal.SIGKILL, patience_s)):
        for process in running(home):
            try:
                os.kill(process, kind)
            except ProcessLookupError:
                continue
            except PermissionError as error:
                raise PodError(
                    "ComfyUI belongs to another user of this machine and cannot be restarted.",
                    cure="Restart the pod from RunPod's page.",
                ) from error
        until = time.monotonic() + patience
        while running(home) and time.monotonic() < until:
            time.sleep(0.05)
        if not running(home):
            return there
    raise PodError("ComfyUI does not end.", cure="Restart the pod from RunPod's page.")


def start(home: ComfyHome, log: Path) -> int:
    """Start ComfyUI so that it outlives this process, its words added to `log`; gives its process number.

    It is not waited for: whether it answers is for the client to see. Raises PodError when it cannot be run.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    env = {name: value for name, value in os.environ.items() if name not in _MINE and name[:4] != "JPY_"}
    try:
        with log.open("ab") as out:
            out.write(f"{STARTED} {time.strftime('%Y-%m-%d %H:%M:%S %Z')} ===\n".encode())
            out.flush()
            process = subprocess.Popen(
                [str(home.python), "main.py", *home.arguments],
                cwd=home.root,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
    except OSError as error:
        raise PodError(
            f"ComfyUI cannot be started: {error.strerror} ({home.python}).",
            cure="Restart the pod; if that does not help, deploy the template runpod/comfyui anew.",
        ) from error
    return process.pid


def restart(home: ComfyHome, log: Path, answers: Callable[[], bool], patience_s: float) -> None:
    """End what runs, start anew, and wait until it answers. Raises PodError with the log's last words."""
    end(home)
    await_answer(start(home, log), log, answers, patience_s)


def await_answer(
    process: int,
    log: Path,
    answers: Callable[[], bool],
    patience_s: float,
    waiting: Callable[[float], None] | None = None,
) -> None:
    """Wait until a ComfyUI that was started answers; `waiting` gets the seconds waited, and may raise.

    Raises PodError with the log's last words when it ends before, or does not answer in time.
    """
    began = time.monotonic()
    while (waited_s := time.monotonic() - began) < patience_s:
        if answers():
            return
        if _ended(process):
            said = last_error(log) or "it said nothing"
            raise PodError(f"ComfyUI ended as soon as it was started: {said}", cure=_LOOK_CURE)
        if waiting is not None:
            waiting(waited_s)
        time.sleep(0.2)
    said = last_error(log) or "its log shows no error"
    raise PodError(f"ComfyUI was started and does not answer: {said}", cure=_LOOK_CURE)


def _ended(process: int) -> bool:
    """Whether a process has ended; the remains of a child are taken away."""
    try:
        return os.waitpid(process, os.WNOHANG)[0] == process
    except ChildProcessError:
        # Somebody else's child: the template's, or that of a kernel which has ended since.
        try:
            return not Path(f"/proc/{process}/cmdline").read_bytes()
        except OSError:
            return True


def version(home: ComfyHome) -> str:
    """The version that a ComfyUI writes into its own folder; empty when it does not."""
    try:
        text = (home.root / "comfyui_version.py").read_text("utf-8", errors="replace")
    except OSError:
        return ""
    found = re.search(r"""__version__\s*=\s*["']([0-9A-Za-z.+-]{1,40})["']""", text)
    return found[1] if found else ""


def newest_log(home: ComfyHome, *others: Path) -> Path | None:
    """The log that tells of this ComfyUI: the file that it writes to while it runs, else the newest there is.

    That may be the template's beside ComfyUI's folder, ComfyUI-Manager's in user/, or one of `others`. None
    when there is none.
    """
    for process in running(home):
        try:
            said = Path(f"/proc/{process}/fd/1").resolve(strict=True)
        except OSError:
            # It speaks into a pipe, or to a terminal that is gone.
            continue
        if said.is_file():
            return said
    listed = (*(home.root / "user").glob("comfyui*.log"), home.root.parent / TEMPLATE_LOG, *others)
    found = [path for path in listed if path.is_file()]
    return max(found, key=lambda path: path.stat().st_mtime_ns, default=None)


def plain_lines(text: str) -> list[str]:
    """The lines of a log as they stand on a screen: without colours, of a bar that moves its last state."""
    lines = _COLOURS.sub("", text).replace("\r\n", "\n").split("\n")
    return [line.rstrip("\r").rpartition("\r")[2].rstrip() for line in lines]


def last_error(log: Path) -> str:
    """The last line that tells of an error since the kit started it; empty when there is none, or no log."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(file.tell() - _TAIL_BYTES, 0))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    lines = plain_lines(text.rpartition(STARTED)[2])
    told = [line.strip() for line in lines if any(mark in line for mark in ERROR_MARKS)]
    return told[-1][:300] if told else ""
