"""Where the kit lives, and whether this Python is its own."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from dataclasses import dataclass
from pathlib import Path

# The Pythons that the kit's packages are made for; the script `kit` asks for the same.
OLDEST, NEWEST = (3, 10), (3, 13)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Home:
    """The kit's folder, with the script `kit` in it and its own Python in .venv."""

    folder: Path

    @property
    def venv(self) -> Path:
        """The kit's own packages; made by the script `kit`, deleted whenever one likes."""
        return self.folder / ".venv"

    @property
    def python(self) -> Path:
        """The Python of .venv."""
        return self.venv / "bin" / "python"

    @property
    def stamped(self) -> bool:
        """Whether the script `kit` made .venv; a person's own has no stamp and is left alone."""
        return (self.venv / "kit-installed").exists() or (self.venv / "kit-unfinished").exists()

    def packages(self) -> Path | None:
        """The folder of the kit's packages for the Python that runs here; None when they are for another."""
        minor = f"python{sys.version_info[0]}.{sys.version_info[1]}"
        folder = self.venv / "lib" / minor / "site-packages"
        return folder if folder.is_dir() else None


def home() -> Home:
    """The kit that this module belongs to."""
    return Home(Path(__file__).resolve().parents[2])


def is_own(place: Home) -> bool:
    """Whether this process was started by the kit's own Python."""
    return Path(sys.prefix).resolve() == place.venv.resolve()


def is_complete(place: Home) -> bool:
    """Whether this Python has a package for every line of requirements.txt, in whatever version."""
    try:
        lines = (place.folder / "requirements.txt").read_text("utf-8").splitlines()
    except OSError:
        return False
    names = [found.group() for line in lines if (found := _NAME.match(line))]
    try:
        return bool(names) and all(importlib.metadata.version(name) for name in names)
    except importlib.metadata.PackageNotFoundError:
        return False


def needs_nothing(place: Home) -> bool:
    """Whether this Python has everything and the script `kit` has no part in it: a person made it so."""
    by_hand = is_own(place) and not place.stamped
    elsewhere = not is_own(place) and not place.venv.exists()
    return (by_hand or elsewhere) and is_complete(place)


def fits() -> bool:
    """Whether the kit's packages can be had for the Python that runs here."""
    return OLDEST <= sys.version_info[:2] <= NEWEST


def running_python() -> str:
    """The Python that runs here, outside any venv; entering the kit's packages does not change it."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)
