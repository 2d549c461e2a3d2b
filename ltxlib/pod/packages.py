"""The Python packages of another program's environment: what is there, what would come, putting it back.

Everything that is installed is held as it is by a file of constraints, except what is named as free to move;
before anything is installed pip says what it would do, and what touches torch's family is refused.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ltxlib.core.proven import canonical, package_of
from ltxlib.errors import PodError
from ltxlib.pod.commands import Done, run

# What decides whether a card can be used at all. A pod's image has them made for its card.
GUARDED = {"torch", "torchvision", "torchaudio", "triton", "xformers", "torchsde", "numpy"}
GUARDED_BEGINNINGS = ("nvidia-", "torch-", "pytorch-")
_LIST = (
    "import importlib.metadata as m, json;"
    "print(json.dumps([[d.metadata['Name'], d.version, d.requires or []] for d in m.distributions()"
    " if d.metadata['Name']]))"
)
PIP, UV = "pip", "uv"
# uv's own words before each package that it would put in.
_UV_ADDS = re.compile(r"^ ?\+ ([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)
_MINE = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")
_VERSION = re.compile(r"[0-9A-Za-z.!+_-]+")


@dataclass(frozen=True)
class Environment:
    """An environment by its Python. holding: what its commands keep open, see `commands.run`."""

    python: Path
    cancel: threading.Event | None = None
    holding: tuple[int, ...] = ()
    _kept: dict[str, tuple[str, list[str]]] = field(default_factory=dict, init=False, repr=False)

    def versions(self) -> dict[str, str]:
        """Every package that this Python can import, with its version. Raises PodError."""
        return {name: version for name, (version, _) in self._listed().items()}

    def needed_by_others(self, names: Iterable[str]) -> set[str]:
        """Those of these packages that some package other than these says it needs."""
        asked = set(names)
        needed: set[str] = set()
        for name, (_, requires) in self._listed().items():
            if name not in asked:
                needed |= {package_of(line) for line in requires if "extra ==" not in line}
        return needed & asked

    def would_install(self, wanted: Iterable[str], free: Iterable[str]) -> dict[str, str]:
        """What these lines of requirements would put in, with versions; nothing is changed.

        Everything that is there stays as it is, except the packages in `free`. Raises PodError: no internet,
        or they do not go together with what is there; Cancelled.
        """
        with self._files(wanted, free) as files:
            if self._tool == UV:
                told = self._checked("install", *files.words, "--dry-run").told
                return {canonical(name): version for name, version in _UV_ADDS.findall(told)}
            report = files.folder / "report.json"
            self._checked("install", *files.words, "--dry-run", "--report", str(report))
            try:
                found = json.loads(report.read_text("utf-8"))["install"]
                return {canonical(one["metadata"]["name"]): one["metadata"]["version"] for one in found}
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise PodError(
                    "This pip does not say what it would install: it is too old.",
                    cure=f"In a terminal: {self.python} -m pip install --upgrade pip",
                ) from error

    def install(self, exactly: Mapping[str, str]) -> None:
        """Installs these versions alone, as `would_install` told them. Raises PodError, Cancelled."""
        if exactly:
            words = [f"{name}=={version}" for name, version in sorted(exactly.items())]
            self._checked("install", "--no-deps", *words)

    def put_back(self, before: Mapping[str, str | None]) -> list[str]:
        """Makes these packages what they were, None: not there; gives the names of those that were touched.

        Raises PodError.
        """
        now = self.versions()
        changed = sorted(name for name, version in before.items() if now.get(name) != version)
        self.uninstall(name for name in changed if name in now)
        # Below a virtual environment may lie another one, whose package comes to light again.
        now = self.versions() if changed else now
        lacking = [f"{name}=={before[name]}" for name in changed if before[name] not in (None, now.get(name))]
        if lacking:
            self._checked("install", "--no-deps", *lacking)
        return changed

    def uninstall(self, names: Iterable[str]) -> None:
        """Takes packages out. Raises PodError."""
        listed = sorted(names)
        if listed:
            self._checked("uninstall", *listed)

    def _listed(self) -> dict[str, tuple[str, list[str]]]:
        """Every package with its version and what it says it needs; asked anew when one was changed."""
        if not self._kept:
            self._kept.update(self._asked())
        return self._kept

    def _asked(self) -> dict[str, tuple[str, list[str]]]:
        done = run([str(self.python), "-c", _LIST], env=_env(), timeout_s=120, holding=self.holding)
        try:
            found = json.loads(done.out)
        except ValueError as error:
            raise PodError(
                f"{self.python} does not run: {done.last_words}",
                cure="ComfyUI's Python is damaged: deploy the template runpod/comfyui anew.",
            ) from error
        # The first of a name is the one that is imported.
        return {canonical(name): (version, requires) for name, version, requires in reversed(found)}

    @cached_property
    def _tool(self) -> str:
        """pip where this environment has it, else uv; uv does not see packages below the environment."""
        if "pip" in self.versions():
            return PIP
        if shutil.which(UV):
            return UV
        raise PodError(
            "ComfyUI's Python has no pip, and uv is not here either, so nothing can be installed into it.",
            cure=f"In a terminal: {self.python} -m ensurepip",
        )

    def _checked(self, verb: str, *words: str) -> Done:
        python = str(self.python)
        if self._tool == PIP:
            more = ["--yes"] if verb == "uninstall" else ["--prefer-binary"]
            start = [python, "-m", "pip", "--no-input", "--disable-pip-version-check", verb, *more]
        else:
            start = [UV, "pip", verb, "--python", python]
        if "--dry-run" not in words:
            self._kept.clear()
        done = run([*start, *words], env=_env(), cancel=self.cancel, holding=self.holding)
        if done.code:
            raise _told(done)
        return done

    @contextmanager
    def _files(self, wanted: Iterable[str], free: Iterable[str]) -> Iterator[_Files]:
        moving = {package_of(line) for line in free}
        held = [
            f"{name}=={version}"
            for name, version in self.versions().items()
            if name not in moving and _VERSION.fullmatch(version)
        ]
        with tempfile.TemporaryDirectory(prefix="ltx-packs-") as folder:
            files = _Files(Path(folder))
            files.require(wanted)
            files.constrain(held)
            yield files


@dataclass
class _Files:
    folder: Path
    words: list[str] = field(default_factory=list)

    def require(self, lines: Iterable[str]) -> None:
        path = self.folder / "requirements.txt"
        path.write_text("\n".join([*lines, ""]), "utf-8")
        self.words += ["-r", str(path)]

    def constrain(self, lines: Iterable[str]) -> None:
        path = self.folder / "constraints.txt"
        path.write_text("\n".join([*lines, ""]), "utf-8")
        self.words += ["-c", str(path)]
        # The image's own, which hold torch; uv would not read them by itself.
        for name in shlex.split(os.environ.get("PIP_CONSTRAINT", "")):
            self.words += ["-c", name]


def guarded(name: str) -> bool:
    """Whether a package belongs to what no node pack may bring or move."""
    return name in GUARDED or name.startswith(GUARDED_BEGINNINGS)


def without_torch(lines: Iterable[str]) -> list[str]:
    """Lines of requirements without those that would bring a torch, another file, or an address of their own.

    Raises PodError for a line that is an address or an option: what it brings cannot be held.
    """
    kept = []
    for raw in lines:
        line = re.sub(r"(^|\s)#.*", "", raw).strip()
        if not line or guarded(package_of(line)):
            continue
        if line.startswith("-") or "://" in line or not package_of(line):
            raise PodError(
                f"The pack asks for “{line[:80]}”, which is not a plain package, so it was not installed.",
                cure="Install this pack with ComfyUI-Manager, if you trust it.",
            )
        kept.append(line)
    return kept


def _env() -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if name not in _MINE and name[:4] != "JPY_"}
    # Given as words, so that both pip and uv have them.
    env.pop("PIP_CONSTRAINT", None)
    return {**env, "PIP_NO_INPUT": "1", "PIP_ROOT_USER_ACTION": "ignore", "NO_COLOR": "1"}


def _told(done: Done) -> PodError:
    """What pip or uv complained of, for a person."""
    told = f"{done.told}\n{done.out}"
    if re.search(r"ResolutionImpossible|conflicting dependencies|No solution found|unsatisfiable", told):
        lines = [line.strip() for line in told.splitlines() if "depends on" in line or "requested" in line]
        why = f" ({'; '.join(lines[:3])[:300]})" if lines else ""
        return PodError(
            f"Its packages do not go together with those ComfyUI has, which must stay as they are{why}.",
            cure="The kit makes these scenes plainly, without the pack.",
        )
    if re.search(
        r"NewConnectionError|Connection(?:Error|Reset|Refused)|Temporary failure|Failed to (?:fetch|connect)|"
        r"Name or service|timed out|Network is unreachable|error sending request",
        told,
    ):
        return PodError(
            "The Python packages could not be fetched: the index was not reached.",
            cure="Look whether this machine has internet, then do it again.",
        )
    if "No matching distribution" in told or "Could not find a version" in told:
        return PodError(
            f"A package it needs could not be found: {done.last_words}",
            cure="Look whether this machine has internet; else the kit makes these scenes plainly.",
        )
    return PodError(
        f"Its Python packages could not be installed: {done.last_words}",
        cure="Look whether the disk is full; else the kit makes these scenes plainly, without the pack.",
    )
