"""What a film made on a take keeps of it: what a scene's `control` may be, for mode control.

Each is found in the take's pictures by core nodes, and followed by an IC-LoRA of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ltxlib.core.row import Row
    from ltxlib.core.scene import Scene

MODE = "control"
EDGES = "edges"
DEPTH = "depth"
POSE = "pose"


@dataclass(frozen=True)
class Control:
    """One thing that is kept. meaning: the words after its name. workflow: the file. needs: its own files."""

    name: str
    meaning: str
    workflow: str
    needs: tuple[str, ...]


CONTROLS: dict[str, Control] = {
    control.name: control
    for control in (
        Control(EDGES, "its outlines", "asmr-control.json", ("ltx-2-19b-ic-lora-canny-control.safetensors",)),
        Control(
            DEPTH,
            "how near and far things are",
            "asmr-control-depth.json",
            (
                "ltx-2-19b-ic-lora-depth-control.safetensors",
                "lotus-depth-d-v1-1.safetensors",
                "vae-ft-mse-840000-ema-pruned.safetensors",
            ),
        ),
        Control(
            POSE,
            "how one person in it moves",
            "asmr-control-pose.json",
            ("ltx-2-19b-ic-lora-pose-control.safetensors", "sdpose_wholebody_fp16.safetensors"),
        ),
    )
}


def named(reader: Row, mode: str) -> str:
    """What is kept of the take, as a cell says; it counts in mode control alone."""
    name = reader.choice("control", tuple(CONTROLS))
    given = reader.cells["control"]
    if given and mode != MODE and name != EDGES:
        reader.problem(
            "control",
            f"Mode {mode} does not look at {given}.",
            f"Write {MODE} as mode, or empty this cell.",
            warning=True,
        )
    return name


def workflow_for(scene: Scene) -> str | None:
    """The file that makes a scene that keeps something else than outlines; None for all others."""
    other = scene.mode == MODE and scene.control != EDGES
    return CONTROLS[scene.control].workflow if other else None
