"""The doctor's look at node packs: those that enabled scenes need, and whether ComfyUI imported them."""

from __future__ import annotations

from collections.abc import Iterator

from ltxlib.core.proven import PROVEN
from ltxlib.errors import LtxlibError
from ltxlib.store.project import Project
from ltxlib.studio import packs_there
from ltxlib.studio.curing import INSTALL_PACKS, REMOVE_PACKS, RESTART
from ltxlib.studio.packs_there import ABSENT, HALF, OURS, Pack
from ltxlib.studio.setup import AMBER, GREEN, RED, Line

_PLAINLY = "Without it the kit makes these scenes plainly, where core nodes can."


def lines(project: Project) -> Iterator[Line]:
    """A line for each pack that scenes need, that was cut off half way, or of ours that is not imported."""
    try:
        found = packs_there.look(project)
    except LtxlibError:
        return
    for pack in found:
        failed = pack.imported is False and pack.lies == OURS
        if pack.scenes or pack.lies == HALF or failed:
            yield _line(pack)


def _line(pack: Pack) -> Line:
    if pack.lies == HALF:
        return Line(pack.name, RED, pack.says, "Take it out, then install it anew.", REMOVE_PACKS)
    if pack.imported:
        return Line(pack.name, GREEN, pack.says)
    if pack.imported is None:
        return Line(pack.name, AMBER, pack.says, "Start ComfyUI, then look again.")
    if pack.lies == OURS:
        if pack.why:
            return Line(pack.name, RED, pack.says, _PLAINLY, REMOVE_PACKS)
        return Line(pack.name, RED, pack.says, "It may have come after ComfyUI was started.", RESTART)
    if pack.lies != ABSENT:
        return Line(pack.name, RED, pack.says, f"Mend it with ComfyUI-Manager, or take it out. {_PLAINLY}")
    if pack.can_be_installed and pack.verdict.kind == PROVEN:
        return Line(pack.name, AMBER, pack.says, _PLAINLY, INSTALL_PACKS)
    return Line(pack.name, AMBER, f"{pack.says} {pack.verdict.says}", _PLAINLY)
