"""The pod's image: the Python that comes with it, and the Jupyter server in that Python.

It is another Python environment than the kit's, with the versions of RunPod's template, and the kit must
leave it as it is. It is made once and kept in the user's cache folder between runs.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.kit_box import base_python, real_uv

# As on RunPod's template in 2026: the server's versions, and uv for whoever wants it.
PACKAGES = ("jupyterlab==4.5.9", "ipywidgets==8.1.8", "ipykernel", "pip", "uv")
WANTED_PYTHON = "3.12"


@dataclass(frozen=True)
class Image:
    """An environment with a Jupyter server, whose only kernel is `python3`."""

    folder: Path

    @property
    def bin(self) -> Path:
        """Where its programs lie."""
        return self.folder / "bin"

    @property
    def python(self) -> Path:
        """Its Python."""
        return self.bin / "python3"

    def contents(self) -> tuple[str, ...]:
        """What is installed in it: packages, kernels and extensions, to be held against a later look."""
        packages = self.folder.glob("lib/python3.*/site-packages/*")
        shared = (self.folder / "share" / "jupyter").rglob("*")
        return tuple(sorted(path.relative_to(self.folder).as_posix() for path in (*packages, *shared)))


def image() -> Image:
    """The image's environment, made now when it is not there yet."""
    python = _python()
    version = subprocess.run([python, "-VV"], capture_output=True, text=True, check=True).stdout
    key = hashlib.sha256("\n".join((version, python, *PACKAGES)).encode()).hexdigest()[:12]
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = caches / "ltx-kit-tests" / f"image-{key}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = folder / "made"
    with folder.with_suffix(".lock").open("w") as lock:
        # Several test processes may come at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.is_file():
            shutil.rmtree(folder, ignore_errors=True)
            _make(python, folder)
            made.write_text("\n".join(PACKAGES))
    return Image(folder)


def _make(python: str, folder: Path) -> None:
    uv = real_uv()
    if uv is None:
        _run(python, "-m", "venv", str(folder))
        _run(str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "uv")
        uv = str(folder / "bin" / "uv")
    else:
        _run(uv, "venv", "-q", "--python", python, str(folder))
    _run(uv, "pip", "install", "-q", "--python", str(folder / "bin" / "python"), *PACKAGES)


def _run(*command: str) -> None:
    subprocess.run(command, stdin=subprocess.DEVNULL, check=True)


def _python() -> str:
    """A Python of the image's version if this machine has one that runs, else the one that runs the tests."""
    name = f"python{WANTED_PYTHON}"
    # Beside the tests' own lie the others of pyenv, whose command on PATH may be of no use.
    others = Path(base_python()).parents[2].glob(f"{WANTED_PYTHON}*/bin/{name}")
    for python in filter(None, (shutil.which(name), *map(str, others))):
        asked = subprocess.run(
            [python, "-c", "import venv, sys; print(sys.executable)"],
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.returncode == 0 and Path(asked.stdout.strip()).is_file():
            return os.path.realpath(asked.stdout.strip())
    return base_python()
