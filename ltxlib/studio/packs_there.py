"""Which node packs the chosen recipes need, and how they stand in this machine's ComfyUI; changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ltxlib.comfy.client import ComfyClient
from ltxlib.core import packs, proven, variants
from ltxlib.core.plan import workflow_for
from ltxlib.core.proven import PROVEN, UNKNOWN, Proven, Verdict
from ltxlib.core.schema import NodeSchema, core_table
from ltxlib.core.specials import PACK
from ltxlib.errors import BadInput, ComfyError, PodError
from ltxlib.pod import comfyui
from ltxlib.pod.pack_folder import PackFolder, folders_like
from ltxlib.store.project import Project
from ltxlib.studio import comfy_life
from ltxlib.studio.check import check_project
from ltxlib.studio.keeping import port_of

ABSENT, OURS, THEIRS, HALF = "absent", "ours", "theirs", "half"
_ASK_S = 30.0


@dataclass(frozen=True)
class Pack:
    """How a pack stands on this machine.

    scenes: enabled scenes that need it. lies: ABSENT; OURS, the kit put it there; THEIRS, somebody else did;
    HALF, a run was killed and the next one undoes it. imported: whether ComfyUI has its nodes; None while it
    does not answer. why: what its log says of a failed import. verdict: what is known beforehand.
    """

    name: str
    scenes: tuple[str, ...]
    lies: str
    imported: bool | None
    why: str
    verdict: Verdict

    @property
    def can_be_installed(self) -> bool:
        """Whether the kit may put it there."""
        return self.name in proven.shipped() and self.lies != THEIRS

    @property
    def says(self) -> str:
        """All that, in a sentence or two."""
        lies = {
            ABSENT: "is not there",
            OURS: "was installed by the kit",
            THEIRS: "is there, not put there by the kit",
            HALF: "is half installed: a run was cut off, and the next one puts everything back",
        }[self.lies]
        works = {True: " and imported", False: "", None: ""}[self.imported]
        told = [f"{self.name} {lies}{works}."]
        if self.imported is None and self.lies in (OURS, THEIRS):
            told.append("ComfyUI does not answer, so it cannot be told whether it was imported.")
        if self.imported is False and self.lies in (OURS, THEIRS):
            told.append(f"ComfyUI does not import it{f': {self.why}' if self.why else ''}.")
        if self.scenes:
            told.append(f"Wanted by {', '.join(self.scenes)}.")
        return " ".join(told)


@dataclass(frozen=True)
class Plan:
    """What installing a pack would do."""

    pack: Proven
    commit: str
    comfyui: str
    root: Path
    python: Path
    verdict: Verdict

    @property
    def says(self) -> str:
        """All that, for a person, before anything is done."""
        of = f" of {self.pack.date}" if self.commit == self.pack.commit else ""
        lines = [
            f"{self.pack.name}{of}, commit {self.commit[:7]}, by git from {self.pack.address}",
            f"  into {self.root / 'custom_nodes' / self.pack.name} (git does not say its size before)",
            f"Python packages it asks for: {', '.join(self.pack.wants)}",
            f"  into {self.python}; nothing else there is moved, and never torch",
        ]
        if self.pack.pins:
            lines.append(f"  {', '.join(self.pack.pins)}, because {self.pack.pins_why}")
        lines.append("ComfyUI is then started again; if it does not import the pack, all of this is undone.")
        return "\n".join([*lines, self.verdict.says])

    @property
    def asks(self) -> str:
        """The same in one paragraph, for a button that asks."""
        return (
            f"{self.pack.name} (commit {self.commit[:7]}) comes from {self.pack.address}. ComfyUI's Python "
            f"gets {', '.join(self.pack.wants)}, as far as it lacks them; torch and all else there stays. ComfyUI "
            f"is then started again, and all is undone if it does not import the pack. {self.verdict.says}"
        )


@dataclass(frozen=True)
class Need:
    """What enabled scenes need of a pack: which scenes, which classes of nodes."""

    scenes: tuple[str, ...]
    classes: frozenset[str]


def wanted(project: Project) -> dict[str, Need]:
    """The packs that the graphs of enabled scenes need. Raises BadInput: no table."""
    checked = check_project(project)
    core = NodeSchema(core_table(), lists_known=False)
    found: dict[str, Need] = {}
    for scene in checked.scenes:
        workflow = checked.workflows.get(workflow_for(scene)) if scene.enabled else None
        for kind in variants.missing_classes(workflow, core) if workflow else ():
            pack = packs.pack_of(kind)
            # Some answers are no pack but “a newer ComfyUI”.
            if pack is not None and " " not in pack:
                before = found.get(pack, Need((), frozenset()))
                scenes = tuple(dict.fromkeys((*before.scenes, scene.scene)))
                found[pack] = Need(scenes, before.classes | {kind})
    return found


def look(project: Project) -> tuple[Pack, ...]:
    """Every pack the kit can install, and those that enabled scenes need; changes nothing.

    Raises PodError where there is no ComfyUI on this machine.
    """
    home = home_here()
    needs, nodes = _needs(project), nodes_of(home)
    names = dict.fromkeys([*proven.shipped(), *needs])
    return tuple(_pack(project, home, name, needs.get(name), nodes) for name in names)


def plan(name: str = PACK, commit: str = "") -> Plan:
    """What installing it here would do; commit: another one than the proven. Raises PodError."""
    pack, home = _proven(name), home_here()
    if commit and not proven.is_commit(commit):
        raise PodError(
            "A commit is named in full, by its 40 digits.", cure="Copy it from the pack's page of commits."
        )
    version = comfyui.version(home)
    return Plan(pack, commit or pack.commit, version, home.root, home.python, pack.verdict(version, commit))


def to_install(project: Project) -> tuple[str, ...]:
    """The packs that enabled scenes need, that are not there, and that are proven here. Raises PodError."""
    return tuple(
        pack.name
        for pack in look(project)
        if pack.scenes and pack.lies == ABSENT and not pack.imported and pack.verdict.kind == PROVEN
    )


def to_remove(project: Project) -> tuple[str, ...]:
    """The packs of ours that are half there, or that ComfyUI does not import. Raises PodError."""
    return tuple(
        pack.name
        for pack in look(project)
        if pack.lies == HALF or (pack.lies == OURS and pack.imported is False)
    )


def stands(project: Project, name: str) -> Pack:
    """How one pack stands. Raises PodError where there is no ComfyUI on this machine."""
    home = home_here()
    return _pack(project, home, name, _needs(project).get(name), nodes_of(home))


def _needs(project: Project) -> dict[str, Need]:
    try:
        return wanted(project)
    except BadInput:
        return {}


def _pack(
    project: Project, home: comfyui.ComfyHome, name: str, need: Need | None, nodes: frozenset[str] | None
) -> Pack:
    known = proven.shipped().get(name)
    lies = THEIRS if folders_like(home.root, name) else ABSENT
    if known is not None:
        folder = PackFolder(home.root, name)
        if folder.note() is not None:
            lies = HALF
        elif folder.mark() is not None:
            lies = OURS
    classes = (need.classes if need else frozenset()) | frozenset(known.classes if known else ())
    imported = None if nodes is None else classes <= nodes
    why = why_not(project, name) if imported is False and lies != ABSENT else ""
    if known is None:
        verdict = Verdict(UNKNOWN, f"The kit does not install {name} itself: it was not tried with it.")
    else:
        verdict = known.verdict(comfyui.version(home))
    return Pack(name, need.scenes if need else (), lies, imported, why, verdict)


def why_not(project: Project, name: str) -> str:
    """What ComfyUI's log says of a pack that it could not import since it was started; empty: nothing."""
    for failed, why in comfy_life.log_trouble(project).packs:
        if failed.lower() == name.lower():
            return why[:300]
    return ""


def nodes_of(home: comfyui.ComfyHome) -> frozenset[str] | None:
    """The classes of nodes that it has; None while it does not answer."""
    try:
        return frozenset(ComfyClient(f"http://127.0.0.1:{port_of(home)}", timeout_s=_ASK_S).object_info())
    except ComfyError:
        return None


def _proven(name: str) -> Proven:
    found = {one.lower(): pack for one, pack in proven.shipped().items()}.get(name.lower())
    if found is None:
        known = ", ".join(proven.shipped())
        raise PodError(
            f"The kit does not install {name}: how it behaves was never tried.",
            cure=f"Install it with ComfyUI-Manager. The kit itself installs {known}.",
        )
    return found


def home_here() -> comfyui.ComfyHome:
    """This machine's ComfyUI. Raises PodError."""
    home = comfyui.find_home()
    if home is None:
        raise PodError(
            "There is no ComfyUI on this machine.",
            cure="Do this on the pod, or name its folder in LTX_COMFY_ROOT.",
        )
    return home
