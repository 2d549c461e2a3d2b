"""Node packs the kit installs itself: at which commit, with which pins, and with which ComfyUI they import.

`proven_packs.json` beside this module holds what was tried; a pack that is not in it is not installed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from types import MappingProxyType

PROVEN, FAILS, UNKNOWN = "proven", "fails", "unknown"
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Verdict:
    """What is known of a pack with a ComfyUI; kind: PROVEN, FAILS or UNKNOWN; says: that in a sentence."""

    kind: str
    says: str


@dataclass(frozen=True)
class Proven:
    """A pack as it was tried.

    address: where git gets it. commit: forty hexadecimal digits, of that date. requires: the lines of its
    requirements at that commit. pins: what must be held besides, and why. classes:
    what the kit's workflows need of it. imports: versions of ComfyUI that
    import it; fails: those that do not, each with the reason its log gave.
    """

    name: str
    address: str
    commit: str
    date: str
    requires: tuple[str, ...]
    pins: tuple[str, ...]
    pins_why: str
    classes: tuple[str, ...]
    imports: tuple[str, ...]
    fails: Mapping[str, str]
    fails_why: str
    source: str

    def verdict(self, version: str, commit: str = "") -> Verdict:
        """What is known of it with a ComfyUI of this version, at its own commit or another one."""
        comfy = f"ComfyUI {version}" if version else "a ComfyUI of unknown version"
        if commit and commit != self.commit:
            return Verdict(UNKNOWN, f"{self.name} at {commit[:7]} is not proven with {comfy}.")
        if version in self.imports:
            return Verdict(PROVEN, f"{self.name} of {self.date} was seen to work with {comfy}.")
        if version in self.fails:
            why = f"{self.fails[version]}; {self.fails_why}"
            return Verdict(FAILS, f"{self.name} of {self.date} was seen not to work with {comfy}: {why}.")
        seen = ", ".join(self.imports)
        says = f"{self.name} of {self.date} is not proven with {comfy}; it was seen to work with {seen}."
        return Verdict(UNKNOWN, says)

    @property
    def wants(self) -> tuple[str, ...]:
        """What it needs of Python packages, each as its requirements or the table's pins say it."""
        pinned = {package_of(pin): pin for pin in self.pins}
        plain = [pinned.pop(package_of(line), line) for line in self.requires]
        return (*plain, *pinned.values())


def package_of(requirement: str) -> str:
    """The package that a line of requirements is about, spelt as the index spells it; empty: none."""
    found = re.match(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)", requirement)
    return canonical(found[1]) if found else ""


def canonical(name: str) -> str:
    """A package's name as all its spellings are one (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_commit(text: str) -> bool:
    """Whether a text names a commit in full."""
    return bool(_COMMIT.fullmatch(text))


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, Proven]:
    """The table that comes with the kit, by the packs' names."""
    text = resources.files("ltxlib.core").joinpath("proven_packs.json").read_text(encoding="utf-8")
    return MappingProxyType({raw["name"]: read(raw) for raw in json.loads(text)["packs"]})


def read(raw: Mapping[str, object]) -> Proven:
    """A pack out of one entry of the table."""
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in raw.items()}
    return Proven(**values)  # type: ignore[arg-type]
