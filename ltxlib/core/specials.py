"""What the node pack ComfyUI-LTXVideo adds to the ways of making a clip: what a scene's `special` may be.

Each is one of the plain recipes with a thing done by the pack's nodes. Where a server has no such nodes the
plain recipe is made instead, if it can be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from ltxlib.core import span
from ltxlib.core.modes import MODES

if TYPE_CHECKING:
    from ltxlib.core.row import Row
    from ltxlib.core.scene import Scene

NONE = "none"
PACK = "ComfyUI-LTXVideo"
GET_PACK = (
    f"On the pod ./kit packs tells whether {PACK} works with this ComfyUI, and installs it. Elsewhere: "
    "Manager, Install Custom Nodes, LTXVideo, then restart ComfyUI."
)


@dataclass(frozen=True)
class Special:
    """One thing the pack is used for.

    meaning: the words after its name in the documentation. workflows: mode to file. work: how much more there
    is to do than in the plain recipe, by the steps made. longest_s: how long a take may be, in seconds.
    in_pieces: the card holds only a piece of the clip at once, so reports of whole clips tell nothing of it.
    """

    name: str
    meaning: str
    workflows: Mapping[str, str]
    work: float = 1.0
    longest_s: int = span.LONGEST_S
    in_pieces: bool = False


def _files(name: str) -> dict[str, str]:
    return {"t2v": f"ltxvideo-{name}.json", "i2v": f"ltxvideo-{name}-img2vid.json"}


_LONG = {**_files("long"), "detail": "ltxvideo-detail.json"}
# By the same count: detail makes 3 full steps over twice the tokens, a transition 2 and 8 for its sound.
_MODE_WORK = {"detail": 1.2, "transition": 2.0}

# Work: a two-stage take is 8 steps at a quarter of the pixels and 3 at all of them, 5 in full ones. STG asks
# the model twice in stage one: 7. Stretches of 120 frames overlap by 24, and the sound takes 8 quarter steps
# more: 8.25. Tiles overlap by 128 pixels of 1536x1024: about 5.7.
SPECIALS: dict[str, Special] = {
    special.name: special
    for special in (
        Special("tiled", "refines large sizes piece by piece", _files("tiled"), 1.15, in_pieces=True),
        Special("stg", "steadies shapes by STG guidance", _files("stg"), 1.4),
        Special("long", "films in stretches, up to a minute", _LONG, 1.65, 60, in_pieces=True),
        Special("lowmem", "loads one model after the other", _files("lowmem")),
    )
}


def named(reader: Row, mode: str, stages: int | None) -> str:
    """The special in a cell, with what stands in its way; that it needs the pack is said as well."""
    name = reader.choice("special", (NONE, *SPECIALS))
    if mode in MODES and MODES[mode].melts:
        what = f"Mode {mode} needs the node pack {PACK} on the server."
        reader.problem("mode", what, "A server without it cannot make the scene.", warning=True)
    if name not in SPECIALS:
        return name
    modes = tuple(SPECIALS[name].workflows)
    if mode not in modes:
        what = f"{name} is made for {' and '.join(modes)}, not for {mode}."
        reader.problem("special", what, "Empty this cell, or write one of these as mode.")
    elif stages == 1:
        what = f"{name} is made in two stages."
        reader.problem("special", what, "Write 2 under stages, or empty this cell.")
    elif reader.text("smooth").lower() not in ("", "no", "n", "false", "off", "0"):
        what = f"{name} cannot double its frames: no workflow does both."
        reader.problem("special", what, "Empty this cell or the one under smooth.")
    else:
        what = f"{name} needs the node pack {PACK} on the server."
        reader.problem("special", what, _without(name), warning=True)
    return name


def _without(name: str) -> str:
    if SPECIALS[name].longest_s > span.LONGEST_S:
        return f"A server without it makes the scene plainly up to {span.LONGEST_S} seconds, and no longer."
    return "A server without it makes the scene plainly, and the kit says so."


def longest_s(reader: Row) -> int:
    """How long the clip of a row may be, in seconds: what the model makes, or more in stretches."""
    name = reader.text("special").lower()
    return SPECIALS[name].longest_s if name in SPECIALS else span.LONGEST_S


def longest_of(scene: Scene) -> int:
    """How long the clip of a scene may be, in seconds."""
    return SPECIALS[scene.special].longest_s if scene.special in SPECIALS else span.LONGEST_S


def modes_of(scene: Scene) -> tuple[str, ...]:
    """The modes in which the special of a scene can be made; none without one."""
    return tuple(SPECIALS[scene.special].workflows) if scene.special in SPECIALS else ()


def check_sound(reader: Row, frames: int, fps: Fraction, *, audio: bool) -> None:
    """Sound is made in one piece, so it reaches only as far as the model does."""
    stretched = span.is_legal(frames, fps, longest_s(reader)) and not span.is_legal(frames, fps)
    if audio and stretched:
        reader.problem(
            "audio",
            f"Sound is made for {span.LONGEST_S} seconds at most, and this clip is longer.",
            "Write no here, or make the clip shorter.",
        )


def workflow_for(scene: Scene) -> str | None:
    """The file that makes a scene with a special; None for a scene without."""
    return SPECIALS[scene.special].workflows[scene.mode] if scene.special in SPECIALS else None


def work(scene: Scene) -> float:
    """How much longer a take of the scene takes than a plain one."""
    special = SPECIALS.get(scene.special)
    return _MODE_WORK.get(scene.mode) or (special.work if special else 1.0)


def in_pieces(scene: Scene) -> bool:
    """Whether the card need not hold the whole clip at once."""
    return scene.special in SPECIALS and SPECIALS[scene.special].in_pieces


def needs_pack(workflow: str) -> bool:
    """Whether a shipped workflow is one of those that need the pack."""
    return workflow.startswith("ltxvideo-")


def plainly(scene: Scene) -> Scene | None:
    """The scene as core nodes make it; None when they cannot, or when it is one already."""
    if scene.special not in SPECIALS:
        return None
    return replace(scene, special=NONE) if span.is_legal(scene.frames, scene.fps) else None
