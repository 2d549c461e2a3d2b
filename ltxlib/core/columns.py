"""The columns of scenes.csv: what each one means, its unit, its default and what it may hold.

One table, read by the checker, the forms and the documentation, so that they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass

from ltxlib.core.controls import CONTROLS, EDGES
from ltxlib.core.modes import MODES
from ltxlib.core.specials import NONE, SPECIALS


@dataclass(frozen=True)
class Column:
    """One column of scenes.csv.

    kind: id, flag, choice, text, number, whole or rate. low and high are inclusive. step: legal values
    are multiples of it. default is what an empty cell means, as it would be written.
    """

    name: str
    kind: str
    meaning: str
    default: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    step: int | None = None
    choices: tuple[str, ...] = ()


COLUMNS: tuple[Column, ...] = (
    Column("scene", "id", "The scene's own name: letters, digits, dashes, underscores; it names folders."),
    Column("enabled", "flag", "yes renders the scene, no leaves it out.", "yes"),
    Column(
        "mode",
        "choice",
        ", ".join(f"{mode.name} {mode.meaning}" for mode in MODES.values()) + ".",
        "t2v",
        choices=tuple(MODES),
    ),
    Column("prompt", "text", "What is seen and heard; or @file/name for an entry of prompts/."),
    Column("negative_prompt", "text", "What to keep out; distilled models ignore it. Empty: the workflow's."),
    Column("image", "text", "The still image to start from, a file in images/ (not for t2v).", ""),
    Column("seconds", "number", "Length; give this or frames, not both.", "", "seconds", 0.1, 20),
    Column("frames", "whole", "Length in frames: 9, 17, 25 ... (8n+1).", "65", "frames", 9, 481),
    Column("fps", "rate", "Frames per second.", "24", "frames per second", 1, 60),
    Column("width", "whole", "Width of the finished clip.", "1536", "pixels", 128, 3840, 32),
    Column("height", "whole", "Height of the finished clip.", "1024", "pixels", 128, 3840, 32),
    Column("seed", "whole", "The same seed, the same clip. Empty: the kit picks one.", "", "", 0, 2**53 - 1),
    Column("takes", "whole", "How many takes to make.", "1", "takes", 1, 99),
    Column("model", "choice", "Which LTX-2 model makes it.", "ltx-2-19b-distilled"),
    Column("camera_lora", "choice", "How the camera moves.", "static"),
    Column("camera_strength", "number", "How strongly the camera LoRA works.", "1.0", "", 0, 2),
    Column("audio", "flag", "yes makes the sound with the picture, no makes a silent clip.", "yes"),
    Column("image_strength", "number", "How closely it keeps to its images (not t2v).", "1.0", "", 0, 1),
    Column("end_image", "text", "The image to end with, a file in images/ (flf only).", ""),
    Column("stages", "whole", "2 films small and enlarges, 1 films once, for little memory.", "2", "", 1, 2),
    Column("workflow", "text", "A graph of your own, a file in workflows/. Empty: the kit's own.", ""),
    Column("steps", "whole", "Steps of stage one, for dev models. Empty: their own.", "", "steps", 1, 100),
    Column("cfg", "number", "How hard dev models cling to the prompt. Empty: their own.", "", "", 1, 20),
    Column(
        "style_loras",
        "text",
        "Style LoRAs, in order: `name.safetensors:0.8; other.safetensors` (strength 1 when none is given).",
    ),
    Column("enhance", "flag", "yes has the text encoder write the prompt out before it is filmed.", "no"),
    Column("source", "text", "The take to start from: scene, scene/2 or scene/take-id (extend, foley).", ""),
    Column("end_source", "text", "The take to end with, written so too, where a mode goes between two.", ""),
    Column("smooth", "flag", "yes films at fps and makes twice as many frames a second of it.", "no"),
    Column(
        "special",
        "choice",
        "What the node pack ComfyUI-LTXVideo is used for: "
        + ", ".join(f"{name} {special.meaning}" for name, special in SPECIALS.items())
        + ".",
        NONE,
        choices=(NONE, *SPECIALS),
    ),
    Column(
        "control",
        "choice",
        "What mode control keeps of its take: "
        + ", ".join(f"{name} {control.meaning}" for name, control in CONTROLS.items())
        + ".",
        EDGES,
        choices=tuple(CONTROLS),
    ),
    Column("notes", "text", "Anything you want to remember; the kit does not read it.", ""),
)  # fmt: skip

BY_NAME: dict[str, Column] = {column.name: column for column in COLUMNS}
NAMES: tuple[str, ...] = tuple(BY_NAME)
