"""A folder with the real `kit` script in it, cut off from this machine: own PATH, own HOME, own packages."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
TOOLS = (
    "cat",
    "cksum",
    "date",
    "dirname",
    "find",
    "flock",
    "grep",
    "id",
    "mkdir",
    "mv",
    "readlink",
    "rm",
    "sed",
    "sh",
)
MAIN = """import json, os, sys
print(json.dumps({"argv": sys.argv[1:], "cwd": os.getcwd(), "prefix": sys.prefix}))
sys.exit(7 if "seven" in sys.argv else 0)
"""
# Stands in for ipykernel: notes what it was asked to register, as the real one writes kernel.json.
KERNEL = """import os, sys
user = os.path.join(os.environ["HOME"], ".local")
base = user if "--user" in sys.argv else sys.argv[sys.argv.index("--prefix") + 1]
folder = os.path.join(base, "share", "jupyter", "kernels", "ltx-kit")
os.makedirs(folder, exist_ok=True)
open(os.path.join(folder, "kernel.json"), "w").write(" ".join([sys.executable, *sys.argv[1:]]))
"""
NO_ENSUREPIP = "raise ImportError('this Python came without ensurepip')\n"


@dataclass
class KitBox:
    """One kit folder (with a space in its name) and the little world it is run in."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("my kit/ltxlib", "my kit/tests", "bin", "home", "wheels", "crippled"):
            (self.root / name).mkdir(parents=True)
        shutil.copy2(PROJECT / "kit", self.folder / "kit")
        (self.folder / "requirements.txt").write_text("ipykernel   # a reason\n")
        (self.folder / "requirements-dev.txt").write_text("-r requirements.txt\nfortests\n")
        (self.folder / "ltxlib" / "__init__.py").write_text("")
        (self.folder / "ltxlib" / "__main__.py").write_text("import ipykernel\n" + MAIN)
        (self.folder / "tests" / "run.py").write_text("import fortests\n" + MAIN)
        for version in ("1.0", "2.0"):
            self.wheel("ipykernel", version, {"ipykernel/__main__.py": KERNEL})
        self.wheel("fortests", "1.0")
        for tool in TOOLS:
            found = shutil.which(tool)
            if found:
                (self.bin / tool).symlink_to(found)
        (self.root / "crippled" / "ensurepip.py").write_text(NO_ENSUREPIP)
        self.script("python3", f'exec "{base_python()}" "$@"')
        uv = real_uv()
        if uv:
            (self.bin / "uv").symlink_to(uv)

    @property
    def folder(self) -> Path:
        return self.root / "my kit"

    @property
    def bin(self) -> Path:
        return self.root / "bin"

    @property
    def venv(self) -> Path:
        return self.folder / ".venv"

    def without_uv(self) -> None:
        """Leave the kit with pip alone."""
        (self.bin / "uv").unlink(missing_ok=True)

    def script(self, name: str, body: str) -> Path:
        """Put a shell script on the PATH that the kit sees."""
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    def wheel(self, name: str, version: str, files: Mapping[str, str] | None = None) -> None:
        """Write a package that pip and uv can install with no network."""
        info = f"{name}-{version}.dist-info"
        content = {
            f"{name}/__init__.py": f"__version__ = {version!r}\n",
            **(files or {}),
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(f"{path},,\n" for path in content) + f"{info}/RECORD,,\n"
        target = self.root / "wheels" / f"{name}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(target, "w") as archive:
            for path, text in {**content, f"{info}/RECORD": record}.items():
                archive.writestr(path, text)

    def surroundings(self, **extra: str) -> dict[str, str]:
        """The environment of a run: no network, no settings of this machine, a Python without ensurepip."""
        return {
            "PATH": str(self.bin),
            "HOME": str(self.root / "home"),
            # Making a venv without pip takes a tenth of the time; the way with pip has a test of its own.
            "PYTHONPATH": str(self.root / "crippled"),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.root / "wheels"),
            "UV_NO_INDEX": "1",
            "UV_OFFLINE": "1",
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_FIND_LINKS": str(self.root / "wheels"),
            **self.env,
            **extra,
        }

    def run(self, *words: str, by: Path | None = None, cwd: Path | None = None, **extra: str) -> Answer:
        """Run the kit to its end."""
        done = subprocess.run(
            [str(by or self.folder / "kit"), *words],
            cwd=cwd or self.folder,
            env=self.surroundings(**extra),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start the kit in a process group of its own, so that all of it can be killed at once."""
        return subprocess.Popen(
            [str(self.folder / "kit"), *words],
            cwd=self.folder,
            env=self.surroundings(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def installed(self, name: str = "ipykernel") -> str:
        """The version of a package in the kit's venv; empty when it is not there."""
        found = next(self.venv.glob(f"lib/python3.*/site-packages/{name}-*.dist-info"), None)
        return found.name.removesuffix(".dist-info").split("-")[1] if found else ""


@dataclass(frozen=True)
class Answer:
    """What a run of the kit came to."""

    code: int
    out: str
    said: str

    @property
    def seen(self) -> dict[str, object]:
        """What the stand-in for `python -m ltxlib` saw."""
        return json.loads(self.out)


def base_python() -> str:
    """The Python that this test's own venv was made from; it has pip."""
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))


@functools.cache
def real_uv() -> str | None:
    """A uv that runs outside this machine's own set-up, or None."""
    for candidate in (shutil.which("uv"), str(Path(base_python()).with_name("uv"))):
        if not candidate or not Path(candidate).is_file():
            continue
        resolved = os.path.realpath(candidate)
        asked = subprocess.run(
            [resolved, "--version"], env={"PATH": "/nonexistent"}, capture_output=True, check=False
        )
        if asked.returncode == 0:
            return resolved
    return None
