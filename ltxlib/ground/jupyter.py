"""What the Jupyter around this notebook must know of the kit: kernel, parts of the page, defaults.

On RunPod the Jupyter server is the image's, and what it keeps of ours lies in the home folder, which every
restart of the pod wipes. A Jupyter that the kit itself started has all of it, and nothing is written for it.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ltxlib.ground.home import Home

KERNEL, KERNEL_TITLE = "ltx-kit", "LTX kit"
WIDGETS, GALLERY = "@jupyter-widgets/jupyterlab-manager", "anywidget"
DEFAULTS = Path(__file__).resolve().parents[1] / "studio/jupyter/labconfig/default_setting_overrides.json"
_EVERYWHERE = (Path("/usr/local/share/jupyter"), Path("/usr/share/jupyter"))


def server_prefix(environment: Mapping[str, str] | None = None, proc: Path = Path("/proc")) -> Path | None:
    """Where the Python of the Jupyter server around us is installed; None when nobody can tell."""
    number = (os.environ if environment is None else environment).get("JPY_PARENT_PID", "")
    if not number.isdecimal():
        return None
    try:
        words = (proc / number / "cmdline").read_bytes().split(b"\0")
        program = Path(os.fsdecode(words[0]))
        if not (program.is_absolute() and program.exists()):
            program = (proc / number / "exe").resolve(strict=True)
    except (OSError, IndexError):
        return None
    return program.parent.parent


def data_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Where Jupyter keeps this user's kernels and parts of its page."""
    given = os.environ if environment is None else environment
    if given.get("JUPYTER_DATA_DIR"):
        return Path(given["JUPYTER_DATA_DIR"])
    share = Path(given.get("XDG_DATA_HOME") or Path(given.get("HOME") or Path.home()) / ".local" / "share")
    return share / "jupyter"


def config_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Where Jupyter keeps this user's settings."""
    given = os.environ if environment is None else environment
    if given.get("JUPYTER_CONFIG_DIR"):
        return Path(given["JUPYTER_CONFIG_DIR"])
    return Path(given.get("HOME") or Path.home()) / ".jupyter"


def register_kernel(place: Home, data: Path) -> bool:
    """Let Jupyter know the kit's kernel; True when it did not. Raises OSError."""
    made, target = place.venv / "share/jupyter/kernels" / KERNEL, data / "kernels" / KERNEL
    wanted = _read(made / "kernel.json") or {
        "argv": [str(place.python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": KERNEL_TITLE,
        "language": "python",
    }
    if _read(target / "kernel.json") == wanted:
        return False
    with _aside(data) as part:
        if made.is_dir():
            shutil.copytree(made, part, dirs_exist_ok=True)
        (part / "kernel.json").write_text(json.dumps(wanted, indent=1), encoding="utf-8")
        _put(part, target)
    return True


def share_pages(place: Home, data: Path, prefix: Path | None) -> list[str]:
    """Give the server the parts of the page that it lacks; gives the names of the new ones. Raises OSError.

    The widgets' part is the server's own wherever it has one; the gallery's must be of the kit's own version.
    """
    new = []
    servers = [prefix / "share/jupyter", *_EVERYWHERE] if prefix else list(_EVERYWHERE)
    for name in (WIDGETS, GALLERY):
        ours = place.venv / "share/jupyter/labextensions" / name
        wanted = _version(ours)
        if not wanted:
            continue
        there = [_version(root / "labextensions" / name) for root in servers]
        mine = data / "labextensions" / name
        if name == WIDGETS and any(there):
            continue
        if wanted == _version(mine) or (not mine.exists() and wanted in there):
            continue
        with _aside(data) as part:
            shutil.copytree(ours, part, dirs_exist_ok=True)
            _put(part, mine)
        new.append(name)
    return new


def write_defaults(config: Path) -> bool:
    """Add the kit's defaults to JupyterLab's, below a person's own settings; True when something was missing.

    What is there stays as it is. Raises OSError, and ValueError for a file there that cannot be understood.
    """
    path = config / "labconfig" / DEFAULTS.name
    ours = json.loads(DEFAULTS.read_bytes())
    try:
        there = json.loads(path.read_bytes())
    except FileNotFoundError:
        there = {}
    if not isinstance(there, dict):
        raise ValueError("it is no table of settings")
    merged = _merged(there, ours)
    if merged == there:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.write(json.dumps(merged, indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return True


def _merged(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**ours, **theirs}
    for name in ours.keys() & theirs.keys():
        if isinstance(ours[name], dict) and isinstance(theirs[name], dict):
            merged[name] = _merged(theirs[name], ours[name])
    return merged


def _version(folder: Path) -> str:
    """The version of a part of the page; empty when it is not there whole."""
    told = _read(folder / "package.json")
    whole = isinstance(told, dict) and any((folder / "static").glob("remoteEntry*"))
    return str(told.get("version", "")) if whole else ""


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None


@contextmanager
def _aside(data: Path) -> Iterator[Path]:
    """A folder beside the ones that Jupyter looks into; gone afterwards, unless it was put in place."""
    folder = data / f".kit-{uuid.uuid4().hex}.part"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put(part: Path, target: Path) -> None:
    """Put a whole folder in place of what is there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    old = part.with_suffix(".old")
    try:
        if target.exists() or target.is_symlink():
            target.rename(old)
        part.rename(target)
    finally:
        if old.is_symlink() or old.is_file():
            old.unlink()
        shutil.rmtree(old, ignore_errors=True)
