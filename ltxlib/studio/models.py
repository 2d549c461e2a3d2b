"""The model files that films need: which, how much is still to be fetched, whether it fits, fetching it."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ltxlib.core import catalog
from ltxlib.core.catalog_parts import ModelFile
from ltxlib.core.problem import Problem
from ltxlib.errors import BadInput, Cancelled, HubError, NotAllowed, NotReached, PodError, ProjectBusy
from ltxlib.hub import fetching, shelf, spans
from ltxlib.hub.asking import Remote, ask
from ltxlib.pod.comfyui import find_home
from ltxlib.store.files import write_json
from ltxlib.store.lock import ProjectLock
from ltxlib.studio.fetch_state import FetchState, Telling

GB = 10**9
# What must stay free beside the models: takes, logs, ComfyUI's own files.
SPARE_BYTES = 5 * GB
SPEED_FILE = "speed.json"


@dataclass(frozen=True)
class ModelsPlan:
    """What is to be fetched into a models/ folder. bytes_per_s: as last measured here, None: not yet."""

    models: Path
    found: tuple[shelf.Found, ...]
    free_bytes: int
    bytes_per_s: float | None

    @property
    def missing(self) -> tuple[shelf.Found, ...]:
        """Files that must be fetched, wholly or the rest of them."""
        return tuple(one for one in self.found if one.state in (shelf.MISSING, shelf.HALF, shelf.WRONG_SIZE))

    @property
    def misplaced(self) -> tuple[shelf.Found, ...]:
        """Files that are here, in a folder where ComfyUI does not look for them."""
        return tuple(one for one in self.found if one.state == shelf.ELSEWHERE)

    @property
    def total_bytes(self) -> int:
        """How large all of them are, as far as that is known."""
        return sum(one.file.size_bytes or one.have_bytes for one in self.found)

    @property
    def left_bytes(self) -> int:
        """How much is still to be fetched, as far as that is known."""
        return sum(one.left_bytes or 0 for one in self.found)

    @property
    def seconds(self) -> float | None:
        """How long that takes at the measured speed; None while none was measured."""
        return self.left_bytes / self.bytes_per_s if self.bytes_per_s else None

    @property
    def fits(self) -> bool:
        """Whether the disk has room for what is left, and some for takes."""
        return self.left_bytes + SPARE_BYTES <= self.free_bytes


def files_of(names: Iterable[str], cameras: Iterable[str] = ("static",)) -> tuple[ModelFile, ...]:
    """Every file that these presets and models need, each once, with the LoRAs of these cameras.

    No names: those of the kit's standard preset. Raises BadInput naming all that are not known.
    """
    presets = {preset.name: preset.model for preset in catalog.shipped().presets}
    wanted = list(names) or ["standard"]
    unknown = [name for name in wanted if name not in presets and name not in catalog.KNOWN]
    if unknown:
        known = f"the presets {', '.join(presets)} and the models {', '.join(catalog.KNOWN)}"
        raise BadInput(
            "Nothing was fetched.",
            [Problem(name, "The kit knows no such model.", f"Use one of {known}.") for name in unknown],
        )
    files: dict[str, ModelFile] = {}
    for name in wanted:
        model = presets.get(name) or catalog.KNOWN[name]
        loras = [model.family.cameras[camera] for camera in cameras if camera in model.family.cameras]
        files |= {file.name: file for file in (*model.files, *loras)}
    return tuple(files.values())


def models_folder(folder: Path | None = None) -> Path:
    """ComfyUI's models/ folder: this one, else that of the ComfyUI on this machine. Raises PodError."""
    if folder is not None:
        return folder.expanduser().resolve()
    home = find_home()
    if home is None:
        raise PodError(
            "There is no ComfyUI on this machine, so there is no folder for its models.",
            cure="Do this on the pod, or name the folder of a ComfyUI in LTX_COMFY_ROOT.",
        )
    return home.root / "models"


def plan(files: Sequence[ModelFile], models: Path) -> ModelsPlan:
    """What of these files is here and what is not; asks nobody, reads no file. Raises PodError."""
    there = next(folder for folder in (models, *models.parents) if folder.is_dir())
    try:
        found = tuple(shelf.look(models, file) for file in files)
        free_bytes = shutil.disk_usage(there).free
    except OSError as error:
        cure = "Start the pod again; if it stays, ask RunPod: its volume does not answer."
        raise PodError(f"{models} cannot be read ({error.strerror}).", cure=cure) from error
    return ModelsPlan(models, found, free_bytes, _speed(models))


def fetch_all(
    wanted: ModelsPlan,
    *,
    token: str | None = None,
    on_progress: Callable[[FetchState], None] | None = None,
    cancel: threading.Event | None = None,
) -> FetchState:
    """Puts misplaced files right and fetches what is missing; whatever ends it, calling it again goes on.

    Everything is asked for first, so that terms not accepted, renamed files or too small a disk are told all
    at once and before anything is fetched. Raises BadInput (with all of that), HubError, Cancelled, PodError.
    """
    endpoint, staging = _endpoint(), wanted.models / shelf.STAGING
    with _alone(wanted):
        remotes = _asked(wanted, token, endpoint, cancel)
        _must_fit(wanted, remotes)
        for one in wanted.misplaced:
            shelf.put_right(one)
        run = Telling({name: remote.size_bytes for name, remote in remotes.items()}, on_progress)
        for one in wanted.missing:
            if one.state == shelf.WRONG_SIZE:
                # Set aside, not thrown away: somebody may have put it there on purpose.
                one.path.replace(one.path.with_name(f"{one.path.name}.damaged"))
            fetching.fetch(
                one.file,
                wanted.models / one.file.folder / one.file.name,
                staging,
                token=token,
                endpoint=endpoint,
                tell=run.tell,
                cancel=cancel,
            )
            run.ended(one.file, remotes[one.file.name].size_bytes)
            _remember(wanted.models, run.state.bytes_per_s)
        return run.state


def may_have(wanted: ModelsPlan, token: str | None = None) -> list[Problem]:
    """Asks for one missing file of each repository whether Hugging Face gives it; each no is a problem.

    One cheap request each; nothing is fetched.
    """
    first: dict[str, ModelFile] = {}
    for one in wanted.missing:
        first.setdefault(one.file.hf_repo, one.file)
    problems = []
    for file in first.values():
        try:
            ask(file, token, _endpoint())
        except HubError as error:
            problems.append(Problem(file.name, error.message, error.cure))
            if isinstance(error, NotReached):
                break
    return problems


def forget(wanted: ModelsPlan) -> int:
    """Throws away what is half here of these files; gives how many bytes that were. Raises as fetch_all."""
    with _alone(wanted):
        return sum(fetching.forget(one.file, wanted.models / shelf.STAGING) for one in wanted.found)


def measure(wanted: ModelsPlan, token: str | None = None) -> float:
    """Reads a part of the largest missing file, keeps none of it and remembers how fast it came, in bytes a
    second. Raises as fetch_all."""
    largest = max(wanted.missing, key=lambda one: one.file.size_bytes or 0)
    with _alone(wanted):
        found = spans.measure(largest.file, fetching.AT_ONCE, token, _endpoint())
        _remember(wanted.models, found)
    return found


def _endpoint() -> str | None:
    return os.environ.get("HF_ENDPOINT") or None


@contextmanager
def _alone(wanted: ModelsPlan) -> Iterator[None]:
    """Nobody else fetches into this folder meanwhile; what the disk says becomes PodError."""
    try:
        with ProjectLock(wanted.models / shelf.STAGING / "fetching.lock"):
            yield
    except ProjectBusy as error:
        raise ProjectBusy(
            "Models are being fetched already, in another window or notebook.", cure="Wait for that one."
        ) from error
    except OSError as error:
        raise PodError(
            f"Nothing can be written to {wanted.models} ({error.strerror}).",
            cure="Look whether the disk is full or read-only.",
        ) from error


def _asked(
    wanted: ModelsPlan, token: str | None, endpoint: str | None, cancel: threading.Event | None
) -> dict[str, Remote]:
    remotes: dict[str, Remote] = {}
    problems, closed = [], None
    for one in wanted.missing:
        if cancel is not None and cancel.is_set():
            raise Cancelled(fetching.PAUSED, cure="Press the button again to go on.")
        try:
            remotes[one.file.name] = ask(one.file, token, endpoint)
        except HubError as error:
            problems.append(Problem(one.file.name, error.message, error.cure))
            closed = closed or (error if isinstance(error, NotAllowed) else None)
            if isinstance(error, NotReached):
                # It was tried for half a minute; the others would wait as long for the same answer.
                break
    if problems:
        # Where it wants a login or a token, that is the cause, so that a form can ask for one.
        told = BadInput("Nothing was fetched.", problems, cure="Mend what is named here, then go on.")
        raise told from closed
    return remotes


def _must_fit(wanted: ModelsPlan, remotes: dict[str, Remote]) -> None:
    here = {one.file.name: one.have_bytes for one in wanted.missing if one.state == shelf.HALF}
    left = sum(remote.size_bytes - here.get(name, 0) for name, remote in remotes.items())
    free = wanted.free_bytes
    if left + SPARE_BYTES > free:
        raise BadInput(
            f"Nothing was fetched: {left / GB:.1f} GB are still to come and the disk has {free / GB:.1f} GB "
            f"free, of which {SPARE_BYTES / GB:.0f} should stay so for takes.",
            cure="Choose a smaller model (ltx-2-19b-distilled-fp8), delete what is not needed, or rent a "
            "larger volume.",
        )


def _remember(models: Path, bytes_per_s: float) -> None:
    if bytes_per_s:
        write_json(models / shelf.STAGING / SPEED_FILE, {"bytes_per_s": bytes_per_s})


def _speed(models: Path) -> float | None:
    """As last measured here."""
    try:
        told = float(json.loads((models / shelf.STAGING / SPEED_FILE).read_bytes())["bytes_per_s"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return told if told > 0 else None


def check_digests(
    wanted: ModelsPlan,
    tell: Callable[[str, int], None] | None = None,
    cancel: threading.Event | None = None,
) -> list[Problem]:
    """Reads every file that is here and whose SHA-256 is known; what is damaged, one problem each."""
    found = []
    for one in wanted.found:
        if one.state != shelf.THERE or not one.file.sha256:
            continue
        name = one.file.name
        try:
            told = None if tell is None else lambda done, name=name: tell(name, done)
            same = shelf.digest_of(one.path, told, cancel) == one.file.sha256
        except HubError as error:
            found.append(Problem(name, error.message, error.cure))
            continue
        if not same:
            cure = "Delete it and fetch it again, unless you changed it yourself."
            found.append(Problem(name, "It is not the file that its maker published.", cure))
    return found
