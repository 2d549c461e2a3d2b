"""A scene: one row of scenes.csv, read and checked.

`read_scene` turns the cells of one row into a Scene or says everything that is wrong with them.
Nothing is rounded: an illegal length or size is a problem that names the two nearest legal values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from ltxlib.core import catalog, span
from ltxlib.core.columns import BY_NAME, COLUMNS, MODES, NAMES
from ltxlib.core.problem import Problem
from ltxlib.core.row import Row, range_text

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
# Windows cannot hold folders of these names, and films are taken home to Windows.
_DEVICE_NAMES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}


@dataclass(frozen=True)
class Scene:
    """One scene as its writer wants it; sizes in pixels of the finished clip.

    prompt is as written (text or @file/name). image and end_image are paths below images/. camera_lora is a
    move of the catalog or "none". seed None means derived from scene and take. row is the line in the file.
    stages: 2, or 1 for little memory (t2v and i2v only). workflow: a path below workflows/; "" is the kit's.
    given: the columns whose cells are filled; the others hold defaults.
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

    @property
    def from_image(self) -> bool:
        """Whether the clip starts from a still image."""
        return self.mode != "t2v"

    @property
    def pictures(self) -> dict[str, str]:
        """The images that its mode uses, by the value of a workflow that each one is."""
        used = {"image": self.image} if self.from_image else {}
        return used | {"end_image": self.end_image} if self.mode == "flf" else used

    @property
    def duration_s(self) -> Fraction:
        """How long one take lasts, in seconds."""
        return self.frames / self.fps


def read_scene(
    cells: Mapping[str, str], row: int, file: str = "scenes.csv"
) -> tuple[Scene | None, list[Problem]]:
    """The scene in one row, or None and everything that is wrong with it.

    cells: column name to text; missing columns count as empty. row is the number a person sees.
    """
    reader = Row(cells, row, file)
    mode = reader.choice("mode", BY_NAME["mode"].choices)
    frames, fps = _length(reader)
    values = {
        "scene": _identity(reader),
        "enabled": reader.flag("enabled"),
        "mode": mode,
        "prompt": _prompt(reader),
        "negative_prompt": reader.cells["negative_prompt"],
        "image": _image(reader, mode, "image", used=mode in MODES and mode != "t2v"),
        "end_image": _image(reader, mode, "end_image", used=mode == "flf"),
        "stages": _stages(reader, mode),
        "frames": frames,
        "fps": fps,
        "width": _side(reader, "width"),
        "height": _side(reader, "height"),
        "seed": reader.whole("seed"),
        "takes": reader.whole("takes"),
        "model": _model(reader),
        "camera_lora": reader.choice("camera_lora", (*catalog.CAMERAS, catalog.NO_CAMERA)),
        "camera_strength": reader.number("camera_strength"),
        "audio": reader.flag("audio"),
        "image_strength": reader.number("image_strength"),
        "notes": reader.cells["notes"],
        "workflow": _workflow(reader),
        "given": frozenset(name for name, text in reader.cells.items() if text),
    }
    if any(not problem.warning for problem in reader.problems):
        return None, reader.problems
    return Scene(**values, row=row), reader.problems


def _model(reader: Row) -> str:
    name = reader.text("model").lower()
    if name not in catalog.KNOWN or name in catalog.MODELS:
        return reader.choice("model", tuple(catalog.MODELS))
    reader.problem(
        "model",
        f"{name} is known, but the kit has no workflow for it yet.",
        f"Write one that it has: {', '.join(catalog.MODELS)}.",
    )
    return name


def _identity(reader: Row) -> str:
    name = reader.cells["scene"]
    if not name:
        reader.problem("scene", "The scene has no name.", "Write a short one, such as rain-window.")
    elif not _ID.fullmatch(name) or name.lower() in _DEVICE_NAMES:
        reader.problem(
            "scene",
            f"“{name}” cannot name a folder.",
            "Use up to 64 letters, digits, dashes and underscores, such as rain-window.",
        )
    return name


def _prompt(reader: Row) -> str:
    prompt = reader.cells["prompt"]
    if not prompt:
        reader.problem(
            "prompt",
            "The prompt is empty.",
            "Write what is seen and heard, or name an entry such as @rain/window.",
        )
    return prompt


def _image(reader: Row, mode: str, column: str, *, used: bool) -> str:
    image = reader.cells[column]
    if used and not image:
        an = "an end_image" if column == "end_image" else "an image"
        reader.problem(
            column,
            f"Mode {mode} needs {an}.",
            "Name a file of the images folder, such as cabin-window.jpg.",
        )
    if image and not used and mode in MODES:
        reader.problem(
            column,
            f"Mode {mode} does not use the {column} {image}.",
            f"Write {'flf' if column == 'end_image' else 'i2v'} as mode, or empty this cell.",
            warning=True,
        )
    parts = image.replace("\\", "/").split("/")
    if image and (":" in image or "\x00" in image or any(part in ("", ".", "..") for part in parts)):
        reader.problem(
            column,
            f"“{image}” is not inside the images folder.",
            "Copy the picture into images/ and write only its file name.",
        )
    return "/".join(parts) if image else ""


def _workflow(reader: Row) -> str:
    workflow = reader.cells["workflow"].replace("\\", "/")
    parts = workflow.split("/")
    leaves = ":" in workflow or "\x00" in workflow or any(part in ("", ".", "..") for part in parts)
    if workflow and (leaves or not workflow.lower().endswith(".json")):
        reader.problem(
            "workflow",
            f"“{reader.cells['workflow']}” is not a graph in the workflows folder.",
            "Save the graph from ComfyUI into workflows/ and write its file name, such as mine.json.",
        )
    return workflow


def _stages(reader: Row, mode: str) -> int | None:
    stages = reader.whole("stages")
    if stages == 1 and mode in ("loop", "flf"):
        reader.problem(
            "stages", f"Mode {mode} is made in two stages.", "Write 2, empty this cell, or write i2v as mode."
        )
    return stages


def _side(reader: Row, name: str) -> int | None:
    value, step = reader.whole(name), BY_NAME[name].step or 1
    if value is not None and value % step:
        below = value // step * step
        reader.problem(
            name,
            f"{value} pixels is not a multiple of {step}.",
            f"The nearest that LTX-2 makes are {below} and {below + step}.",
        )
    return value


def _rate(reader: Row) -> Fraction | None:
    column, text = BY_NAME["fps"], reader.text("fps")
    try:
        rate = span.exact_rate(text.replace(",", ".", 1))
    except ValueError:
        reader.problem(
            "fps", f"“{text}” is not a frame rate.", f"Write a number{range_text(column)}, such as 24."
        )
        return None
    if not (column.low or 0) <= rate <= (column.high or 0):
        reader.problem("fps", f"{text} is outside what is possible.", f"Write a number{range_text(column)}.")
        return None
    return rate


def _length(reader: Row) -> tuple[int, Fraction]:
    """The clip's frames and rate; 0 frames when something is wrong (and said)."""
    fps = _rate(reader)
    has_seconds, has_frames = bool(reader.cells["seconds"]), bool(reader.cells["frames"])
    if has_seconds and has_frames:
        reader.problem(
            "seconds", "Both seconds and frames are given.", "Keep one of them and empty the other."
        )
        return 0, fps or Fraction(24)
    name = "seconds" if has_seconds else "frames"
    value = reader.number("seconds") if has_seconds else reader.whole("frames")
    if fps is None or value is None:
        return 0, fps or Fraction(24)
    if has_seconds:
        written = Fraction(reader.cells["seconds"].replace(",", ".", 1))
        frames = span.frames_for(written, fps)
        said = f"{reader.cells['seconds']} s at {float(fps):g} fps is {float(written * fps):g} frames; "
        said += "LTX-2 cannot make that."
    else:
        frames = int(value)
        said = f"{frames} frames cannot be made at {float(fps):g} fps: "
        said += f"LTX-2 makes 8n+1, up to {span.LONGEST_S} s."
    if not span.is_legal(frames, fps):
        reader.problem(name, said, _nearest_lengths(frames, fps, as_seconds=has_seconds))
    return frames, fps


def _nearest_lengths(frames: int, fps: Fraction, *, as_seconds: bool) -> str:
    below, above = span.nearest_legal(frames, fps)
    lengths = [f"{n} frames ({span.seconds_text(n, fps)})" for n in dict.fromkeys((below, above))]
    if as_seconds:
        lengths = [f"{span.seconds_text(n, fps)} ({n} frames)" for n in dict.fromkeys((below, above))]
    if len(lengths) == 1:
        return f"The nearest that it makes is {lengths[0]}."
    return f"The nearest that it makes are {lengths[0]} and {lengths[1]}."


def cells_for(scene: Scene) -> dict[str, str]:
    """The scene as cells to write; what equals the default stays empty, so that rows are easy to read."""
    values = {
        **{name: getattr(scene, name, "") for name in NAMES},
        "seconds": "",
        "enabled": "yes" if scene.enabled else "no",
        "audio": "yes" if scene.audio else "no",
        "fps": f"{scene.fps}",
        "seed": "" if scene.seed is None else str(scene.seed),
    }
    cells = {}
    for column in COLUMNS:
        value = values[column.name]
        text = f"{value:g}" if isinstance(value, float) else str(value)
        same = text == column.default or (
            isinstance(value, float) and value == float(column.default or "nan")
        )
        cells[column.name] = "" if same and column.name not in ("scene", "enabled", "mode") else text
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
