"""A scene: one row of scenes.csv, read and checked.

`read_scene` turns the cells of one row into a Scene or says everything that is wrong with them.
Nothing is rounded: an illegal length or size is a problem that names the two nearest legal values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from ltxlib.core import cell, controls, sampling_cells, sources, specials, styles
from ltxlib.core.columns import BY_NAME, COLUMNS, NAMES
from ltxlib.core.modes import MODES
from ltxlib.core.problem import Problem, as_warnings, errors_in
from ltxlib.core.row import Row


@dataclass(frozen=True)
class Scene:
    """One scene as its writer wants it; sizes in pixels of the finished clip.

    prompt is as written (text or @file/name). image and end_image are paths below images/. camera_lora is a
    move of the catalog or "none". seed None means derived from scene and take. row is the line in the file.
    stages: 2, or 1 for little memory (t2v and i2v only). workflow: a path below workflows/; "" is the kit's.
    steps and cfg None mean the model's own. given: the columns whose cells are filled; the others hold
    defaults. style_loras: in the order they work. enhance: the text encoder writes the prompt out before it
    is filmed. source and end_source name takes, as written. follows: what was left open (of width, height,
    fps, frames) and so becomes what the source's take has. special: what ComfyUI-LTXVideo is used for (see
    specials), or "none". control: what mode control keeps of its take (see controls).
    """

    scene: str
    prompt: str
    enabled: bool = True
    mode: str = "t2v"
    negative_prompt: str = ""
    image: str = ""
    frames: int = 65
    fps: Fraction = Fraction(24)
    width: int = 1536
    height: int = 1024
    seed: int | None = None
    takes: int = 1
    model: str = "ltx-2-19b-distilled"
    camera_lora: str = "static"
    camera_strength: float = 1.0
    audio: bool = True
    image_strength: float = 1.0
    notes: str = ""
    row: int = 0
    end_image: str = ""
    stages: int = 2
    workflow: str = ""
    given: frozenset[str] = field(default=frozenset(), compare=False)
    steps: int | None = None
    cfg: float | None = None
    style_loras: tuple[styles.StyleLora, ...] = ()
    enhance: bool = False
    source: str = ""
    end_source: str = ""
    follows: tuple[str, ...] = ()
    smooth: bool = False
    special: str = specials.NONE
    control: str = controls.EDGES

    @property
    def from_image(self) -> bool:
        """Whether the clip starts from a still image."""
        return bool(self.pictures)

    @property
    def pictures(self) -> dict[str, str]:
        """The images that its mode uses, by the value of a workflow that each one is."""
        return {column: getattr(self, column) for column in MODES[self.mode].images}

    @property
    def sources(self) -> dict[str, str]:
        """The takes that its mode starts from, as written, by column."""
        return {column: getattr(self, column) for column in MODES[self.mode].sources}

    @property
    def duration_s(self) -> Fraction:
        """How long one take lasts, in seconds."""
        return self.clip_frames / self.clip_fps

    @property
    def clip_frames(self) -> int:
        """How many frames the file has.

        Doubling makes 2n-1 of n: the latent's first step, a single frame, stays one (ComfyUI 0.33.0,
        comfy/ldm/lightricks/latent_upsampler.py drops the first of the doubled steps).
        """
        return 2 * self.frames - 1 if self.smooth else self.frames

    @property
    def clip_fps(self) -> Fraction:
        """How many frames a second the file plays."""
        return 2 * self.fps if self.smooth else self.fps


def read_scene(
    cells: Mapping[str, str], row: int, file: str = "scenes.csv"
) -> tuple[Scene | None, list[Problem]]:
    """The scene in one row, or None and everything that is wrong with it.

    cells: column name to text; missing columns count as empty. row is the number a person sees.
    """
    reader = Row(cells, row, file)
    enabled = reader.flag("enabled")
    # What is wrong with a row that is left out is worth a look, but stops nothing.
    left_out = not enabled and not reader.problems
    mode = reader.choice("mode", BY_NAME["mode"].choices)
    frames, fps = cell.length(reader)
    model, stages = sampling_cells.model(reader, mode), cell.stages(reader, mode)
    values = {
        "scene": cell.identity(reader),
        "enabled": enabled,
        "mode": mode,
        "prompt": cell.prompt(reader),
        "negative_prompt": reader.cells["negative_prompt"],
        "image": cell.image_file(reader, mode, "image"),
        "end_image": cell.image_file(reader, mode, "end_image"),
        "stages": stages,
        "smooth": sampling_cells.smooth(reader, mode, stages, model),
        "source": sources.named(reader, mode, "source"),
        "end_source": sources.named(reader, mode, "end_source"),
        "follows": sources.left_open(reader, mode),
        "frames": frames,
        "fps": fps,
        "width": sampling_cells.side(reader, "width", model, mode, stages),
        "height": sampling_cells.side(reader, "height", model, mode, stages),
        "seed": reader.whole("seed"),
        "takes": reader.whole("takes"),
        "model": model,
        "camera_lora": sampling_cells.camera(reader, model),
        "camera_strength": reader.number("camera_strength"),
        "audio": cell.audio(reader, mode),
        "image_strength": reader.number("image_strength"),
        "style_loras": styles.read_cell(reader),
        "special": specials.named(reader, mode, stages),
        "control": controls.named(reader, mode),
        "enhance": reader.flag("enhance"),
        "notes": reader.cells["notes"],
        "workflow": cell.workflow(reader),
        "given": frozenset(name for name, text in reader.cells.items() if text),
        **sampling_cells.sampling(reader, model),
    }
    specials.check_sound(reader, frames, fps, audio=values["audio"])
    sampling_cells.check_special(reader, model, mode, values["special"])
    scene = None if errors_in(reader.problems) else Scene(**values, row=row)
    return scene, as_warnings(reader.problems) if left_out else reader.problems


def cells_for(scene: Scene) -> dict[str, str]:
    """The scene as cells to write; what equals the default stays empty, so that rows are easy to read."""
    values = {
        **{name: getattr(scene, name, "") for name in NAMES},
        "seconds": "",
        "enabled": "yes" if scene.enabled else "no",
        "audio": "yes" if scene.audio else "no",
        "enhance": "yes" if scene.enhance else "no",
        "fps": f"{scene.fps}",
        "seed": "" if scene.seed is None else str(scene.seed),
        "style_loras": styles.cell_text(scene.style_loras),
        "smooth": "yes" if scene.smooth else "no",
        **dict.fromkeys(scene.follows, ""),
    }
    cells = {}
    for column in COLUMNS:
        value = values[column.name]
        text = f"{value:g}" if isinstance(value, float) else "" if value is None else str(value)
        default = str(MODES[scene.mode].stages[0]) if column.name == "stages" else column.default
        same = text == default or (isinstance(value, float) and value == float(column.default or "nan"))
        told = ("scene", "enabled", "mode", *MODES[scene.mode].same)
        cells[column.name] = "" if same and column.name not in told else text
    return cells


def check_scenes(scenes: list[Scene], file: str = "scenes.csv") -> list[Problem]:
    """Problems between rows: names that are used twice (also when only the case differs)."""
    problems, seen = [], {}
    for scene in scenes:
        first = seen.setdefault(scene.scene.casefold(), scene)
        if first is not scene:
            problems.append(
                Problem(
                    f"{file} row {scene.row}, column scene",
                    f"“{scene.scene}” is already the name of row {first.row}.",
                    "Give each scene a name of its own.",
                )
            )
    return problems
