"""Node packs in this machine's ComfyUI: installing one, taking it out again.

Nothing is left half: a pack that ComfyUI does not import goes again, and the Python packages are put back as
they were; what a kill left is undone by the next run.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ltxlib.core.proven import PROVEN, package_of
from ltxlib.core.specials import PACK
from ltxlib.errors import LtxlibError, PodError, ProjectBusy
from ltxlib.pod.comfyui import ComfyHome
from ltxlib.pod.pack_folder import PackFolder, folders_like
from ltxlib.pod.packages import Environment, guarded, without_torch
from ltxlib.store.project import Project
from ltxlib.studio import comfy_life
from ltxlib.studio.packs_there import Pack, Plan, home_here, nodes_of, plan, stands, why_not

STEPS = 6
_PLAINLY = "Without it the kit makes these scenes plainly, where core nodes can."


@dataclass(frozen=True)
class PackStep:
    """What is being done, and which step of how many that is."""

    says: str
    at: int
    of: int = STEPS


Progress = Callable[[PackStep], None]


def install(
    project: Project,
    name: str = PACK,
    *,
    commit: str = "",
    anyway: bool = False,
    progress: Progress = lambda _: None,
    cancel: threading.Event | None = None,
) -> Pack:
    """Installs a pack into this machine's ComfyUI and starts that again; undoes all when it is not imported.

    anyway: also where it is not proven to work. Raises PodError (nothing is changed then, or everything is
    undone, as it says), ProjectBusy while a batch renders, Cancelled.
    """
    planned = plan(name, commit)
    name = planned.pack.name
    if planned.verdict.kind != PROVEN and not anyway:
        again = f"./kit packs {name} --install --anyway"
        cure = f"To try it all the same: {again}. What fails is undone. {_PLAINLY}"
        raise PodError(planned.verdict.says, cure=cure)
    _expect_calm(project)
    folder = PackFolder(planned.root, name)
    with folder.held() as hold:
        work = _Work(project, home_here(), folder, hold, cancel)
        with project.set(rehearsal=False).lock:
            work.repair()
            work.expect_place()
            there = stands(project, name)
            if there.imported and (folder.mark() or {}).get("commit") == planned.commit:
                return there
            try:
                work.put_in(planned, progress)
            except LtxlibError as error:
                raise work.undone(error, started=False) from error
        try:
            work.start(progress)
            work.expect_nodes(planned, progress)
        except LtxlibError as error:
            progress(PackStep("It does not work: putting everything back", STEPS))
            raise work.undone(error, started=True) from error
        folder.done()
    return stands(project, name)


def remove(project: Project, name: str = PACK, *, progress: Progress = lambda _: None) -> Pack:
    """Takes out a pack that the kit installed, and the Python packages it brought that nothing else needs.

    Raises PodError, ProjectBusy while a batch renders.
    """
    home = home_here()
    name = plan(name).pack.name
    _expect_calm(project)
    folder = PackFolder(home.root, name)
    with folder.held() as hold:
        work = _Work(project, home, folder, hold)
        with project.set(rehearsal=False).lock:
            begun = work.repair()
            work.expect_place()
            mark = folder.mark()
            if mark is None and not begun:
                raise PodError(
                    f"{name} is not there, so there is nothing to take out.", cure="Nothing is to be done."
                )
            progress(PackStep(f"Taking {name} out", 1, 2))
            if mark is not None:
                folder.write_note({"run": mark.get("run"), "before": work.back(mark)})
                work.undo()
        progress(PackStep("Starting ComfyUI again", 2, 2))
        comfy_life.start(project, again=True)
    return stands(project, name)


def _expect_calm(project: Project) -> None:
    """Nothing is changed under a batch or a night."""
    held = comfy_life.held(project)
    if held:
        raise ProjectBusy(held)


@dataclass(frozen=True)
class _Work:
    """A pack in the hands of this run; hold: the open file that keeps all others off."""

    project: Project
    home: ComfyHome
    folder: PackFolder
    hold: int
    cancel: threading.Event | None = None

    def __post_init__(self) -> None:
        if not self.home.python.is_absolute():
            raise PodError(
                "ComfyUI has no Python environment of its own here, so nothing is installed into it.",
                cure="Deploy the template runpod/comfyui, or name ComfyUI's folder in LTX_COMFY_ROOT.",
            )

    def repair(self) -> bool:
        """Undoes what a run that was killed left half; says whether there was any."""
        half = self.folder.note() is not None
        if half:
            self.undo()
        else:
            self.folder.done()
        return half

    def expect_place(self) -> None:
        self.folder.expect_ours()
        name = self.folder.name
        for path in folders_like(self.home.root, name):
            if path.name != name:
                raise PodError(
                    f"ComfyUI's custom_nodes has {path.name}, which the kit did not put there; it stays.",
                    cure="Update or remove it with ComfyUI-Manager, or move that folder away first.",
                )

    def put_in(self, planned: Plan, progress: Progress) -> None:
        """Packages first, looked at before they come; then the folder, so that no half pack is imported."""
        folder, pins = self.folder, planned.pack.pins
        env = Environment(self.home.python, self.cancel, (self.hold,))
        progress(PackStep(f"Fetching {folder.name} by git", 1))
        folder.fetch(planned.pack.address, planned.commit, self.cancel, (self.hold,))
        progress(PackStep("Asking which Python packages would come", 2))
        asked = [*without_torch(folder.requirements()), *pins]
        coming, there = env.would_install(asked, pins), env.versions()
        free = {package_of(pin) for pin in pins}
        moved = sorted(
            name
            for name, version in coming.items()
            if guarded(name) or (name not in free and there.get(name, version) != version)
        )
        if moved:
            what = f"Its Python packages would bring or move {', '.join(moved)}, on which ComfyUI stands."
            raise PodError(what, cure=_PLAINLY)
        before = {name: there.get(name) for name in coming}
        run = uuid.uuid4().hex
        folder.write_note({"run": run, "before": before})
        if coming:
            told = ", ".join(f"{name} {version}" for name, version in sorted(coming.items()))
            progress(PackStep(f"Installing {told}", 3))
            env.install(coming)
        progress(PackStep("Putting the pack in its place", 4))
        facts = {"name": folder.name, "address": planned.pack.address, "commit": planned.commit}
        folder.put_in_place({**facts, "run": run, "before": before, "installed": coming})

    def start(self, progress: Progress) -> None:
        said_s = 0.0

        def tell(so_far: comfy_life.Waiting) -> None:
            nonlocal said_s
            if so_far.waited_s - said_s >= 1:
                said_s = so_far.waited_s
                progress(PackStep(f"Starting ComfyUI again, {said_s:.0f} s", 5))

        progress(PackStep("Starting ComfyUI again", 5))
        comfy_life.start(self.project, again=True, waiting=tell, cancel=self.cancel)

    def expect_nodes(self, planned: Plan, progress: Progress) -> None:
        progress(PackStep("Asking ComfyUI for the pack's nodes", 6))
        nodes, pack = nodes_of(self.home), planned.pack
        if nodes is None:
            raise PodError("ComfyUI was started, but does not tell its nodes.", cure=_PLAINLY)
        lacks = [kind for kind in pack.classes if kind not in nodes]
        if lacks:
            why = why_not(self.project, pack.name) or f"it lacks {', '.join(lacks[:3])}"
            raise PodError(f"ComfyUI does not import {pack.name}: {why}.", cure=_PLAINLY)

    def undone(self, error: LtxlibError, *, started: bool) -> LtxlibError:
        """Undoes what was begun; gives the error with what became of it."""
        try:
            begun, back = self.folder.note() is not None, self.undo()
            if started:
                comfy_life.start(self.project, again=True)
        except LtxlibError as worse:
            error.message += f" Putting everything back did not work yet: {worse.message}"
            error.cure = f"{worse.cure} Then ./kit packs {self.folder.name} --remove puts it back."
            return error
        if begun:
            what = f", and {', '.join(back)} put back as before" if back else ""
            tail = "; ComfyUI runs as it did" if started else ""
            error.message += f" The pack was taken out again{what}{tail}."
        return error

    def undo(self) -> list[str]:
        """Takes away what the note tells of and puts the packages back; gives the names of those."""
        note = self.folder.note() or {}
        self.folder.take_away(note.get("run"))
        before = note.get("before") or {}
        back = Environment(self.home.python, None, (self.hold,)).put_back(before) if before else []
        self.folder.done()
        return back

    def back(self, mark: dict[str, Any]) -> dict[str, str | None]:
        """What the packages that came with a pack become: as before, unless something else needs them now."""
        env = Environment(self.home.python, None, (self.hold,))
        there, before = env.versions(), mark.get("before", {})
        same = {name for name, version in mark.get("installed", {}).items() if there.get(name) == version}
        root = self.home.root
        files = [root / "requirements.txt", *(root / "custom_nodes").glob("*/requirements.txt")]
        others = {name for path in files if path.parent != self.folder.place for name in _named(path)}
        kept = env.needed_by_others(same) | others
        return {name: before.get(name) for name in same if before.get(name) or name not in kept}


def _named(path: Path) -> Iterable[str]:
    """The packages that a file of requirements names."""
    try:
        lines = path.read_text("utf-8-sig", errors="replace").splitlines()
    except OSError:
        return ()
    return [package_of(line) for line in lines]
