"""The Jupyter around the kit: whose server runs, what it has installed, whether it knows the kit's kernel.

On RunPod the server is the image's own Python, not the kit's: forms need the widgets' part in *its*
environment, and the kernel is registered in the home folder, which a new pod has forgotten.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

KERNEL = "ltx-kit"
WANTED = ("jupyterlab", "jupyterlab_widgets")
PAGE = "@jupyter-widgets/jupyterlab-manager"
_ASK = (
    "import importlib.metadata as m, json\n"
    "def v(n):\n"
    "    try: return m.version(n)\n"
    "    except m.PackageNotFoundError: return ''\n"
    f"print(json.dumps({{n: v(n) for n in {WANTED!r}}}))"
)
_WAIT_S = 20


@dataclass(frozen=True)
class Server:
    """A Jupyter server that runs here: its Python, and the versions of what forms need ("": not there)."""

    python: Path
    versions: Mapping[str, str]


def server(environment: Mapping[str, str] | None = None, proc: Path = Path("/proc")) -> Server | None:
    """The server that this notebook, or the newest of this user's, belongs to; None: none is found."""
    given = os.environ if environment is None else environment
    for process in _servers(given):
        python = proc / str(process) / "exe"
        try:
            # The program is a Python; its script is not asked for, only its environment.
            words = (proc / str(process) / "cmdline").read_bytes().split(b"\0")
            named = Path(os.fsdecode(words[0])) if words and words[0] else python
            program = named if named.is_absolute() and named.exists() else python.resolve(strict=True)
            done = subprocess.run(
                [str(program), "-c", _ASK],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_WAIT_S,
                check=True,
            )
            return Server(program, {str(name): str(told) for name, told in json.loads(done.stdout).items()})
        except (OSError, ValueError, AttributeError, subprocess.SubprocessError):
            continue
    return None


def kernel_python(around: Server | None, environment: Mapping[str, str] | None = None) -> Path | None:
    """The Python that the registered kernel starts; None when neither this user nor that server knows it."""
    places = [_data(os.environ if environment is None else environment)]
    if around is not None:
        places.append(around.python.parent.parent / "share" / "jupyter")
    for place in places:
        try:
            told = json.loads((place / "kernels" / KERNEL / "kernel.json").read_bytes())
            return Path(str(told["argv"][0]))
        except (OSError, ValueError, KeyError, IndexError, TypeError):
            continue
    return None


def shared_widgets(environment: Mapping[str, str] | None = None) -> str:
    """The version of the widgets' part of the page that notebook 01 has given this user; "": none."""
    data = _data(os.environ if environment is None else environment)
    try:
        told = json.loads((data / "labextensions" / PAGE / "package.json").read_bytes())
        return str(told["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _servers(given: Mapping[str, str]) -> list[int]:
    """Numbers of processes, the parent of this notebook's kernel first, then by age."""
    found = []
    if given.get("JPY_PARENT_PID", "").isdecimal():
        found.append(int(given["JPY_PARENT_PID"]))
    runtime = Path(given.get("JUPYTER_RUNTIME_DIR") or _data(given) / "runtime")
    notes = sorted(runtime.glob("jpserver-*.json"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for note in notes:
        number = note.stem.removeprefix("jpserver-")
        if number.isdecimal() and int(number) not in found:
            found.append(int(number))
    return found


def _data(given: Mapping[str, str]) -> Path:
    if given.get("JUPYTER_DATA_DIR"):
        return Path(given["JUPYTER_DATA_DIR"])
    home = Path(given.get("XDG_DATA_HOME") or Path(given.get("HOME") or "/root") / ".local" / "share")
    return home / "jupyter"
