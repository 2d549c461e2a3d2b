"""The form for one scene: every field of it as a choice among what LTX-2 really makes."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from ltxlib.core import catalog, controls, span, specials
from ltxlib.core.modes import MODES
from ltxlib.core.problem import Problem
from ltxlib.core.prompts import PromptEntry
from ltxlib.core.scene import Scene, cells_for, read_scene
from ltxlib.ui import look, parts
from ltxlib.ui.video import picture_url

FILE = "form"
OWN_WORDS = "my own words"
NEW_SCENE = "a new scene"
_BLANK = Scene(scene="", prompt="")

# Finished sizes in pixels, all multiples of 64; the first is the kit's standard.
SIZES = {
    (1536, 1024): "wide, the kit's standard",
    (1920, 1088): "widescreen, slowest",
    (1280, 704): "widescreen, quicker",
    (1024, 1536): "upright",
    (1088, 1920): "upright, for phones",
    (1024, 1024): "square",
    (768, 512): "small and quick, to try a prompt",
}
# What makes a clip; going from one picture to another takes two of them and is written in scenes.csv.
MODE_WORDS = {name: mode.words for name, mode in MODES.items()}
_FROM_ROW = ("end_image", "source", "end_source")
FORM_MODES = ("t2v", "i2v", "loop")
_CAMERA_WORDS = {
    "static": "stands still",
    "dolly-in": "moves closer",
    "dolly-out": "moves away",
    "dolly-left": "glides left",
    "dolly-right": "glides right",
    "jib-up": "rises",
    "jib-down": "sinks",
    catalog.NO_CAMERA: "as the prompt says (no camera LoRA)",
}
_LABELS = {
    "scene": "Name",
    "prompt": "Prompt",
    "image": "Picture",
    "frames": "Length",
    "seconds": "Length",
    "width": "Size",
    "height": "Size",
    "camera_lora": "Camera",
}


def lengths(fps: Fraction, longest_s: int = span.LONGEST_S) -> list[tuple[str, int]]:
    """Every length LTX-2 makes at this rate, as a person reads it, with its frames; longest_s in seconds."""
    last = max(span.longest_frames(fps, longest_s), span.SHORTEST_FRAMES)
    frames = range(span.SHORTEST_FRAMES, last + 1, span.FRAME_GROUP)
    return [(f"{span.seconds_text(count, fps)}  ({count} frames)", count) for count in frames]


def named(problems: Sequence[Problem]) -> list[Problem]:
    """The problems with the fields of the form as places, instead of rows and columns."""
    said = []
    for problem in problems:
        if problem.where.startswith(f"{FILE} row"):
            column = problem.where.rsplit("column ", 1)[-1]
            where = _LABELS.get(column, column.replace("_", " ").capitalize())
            problem = replace(problem, where=where)
        said.append(problem)
    return said


class TakeForm:
    """The fields; `scene` reads them, `load` fills them from a row of scenes.csv."""

    def __init__(self, images: Path, on_name: Callable[[], None]) -> None:
        self.images = images
        self.library: Mapping[str, PromptEntry] = {}
        self.base = _BLANK
        self._scenes: dict[str, Scene] = {}
        self._filling = False
        self._make_fields()
        self._wire(on_name)
        self.part = self._lay_out()
        self._show_mode()

    def _make_fields(self) -> None:
        self.row = widgets.Dropdown(options=[(NEW_SCENE, "")], value="")
        self.name = widgets.Text(placeholder="such as rain-window", continuous_update=False)
        self.mode = widgets.ToggleButtons(options=_mode_options("t2v"))
        self.topic = widgets.Dropdown(options=[(OWN_WORDS, "")], value="")
        self.entry = widgets.Dropdown(options=[])
        self.prompt = widgets.Textarea(
            rows=6, placeholder="What is seen and heard, in the present tense, in one flowing paragraph."
        )
        self.sound_words = parts.text_block()
        self.image = widgets.Dropdown(options=[])
        self.preview = parts.text_block()
        self.image_strength = widgets.FloatSlider(
            value=1.0, min=0, max=1, step=0.05, readout_format=".2f", continuous_update=False
        )
        self.length = widgets.SelectionSlider(options=lengths(Fraction(24)), value=65, continuous_update=True)
        self.size = widgets.Dropdown(options=_size_options(_BLANK), value=(1536, 1024))
        self.camera = widgets.Dropdown(options=_camera_options(_BLANK.model), value="static")
        self.camera_strength = widgets.FloatSlider(
            value=1.0, min=0, max=2, step=0.05, readout_format=".2f", continuous_update=False
        )
        self.seed = widgets.Text(placeholder="empty: the kit picks one")
        self.new_seed = parts.button("New seed", self._new_seed, "ltx-small", "ltx-new-seed")
        self.audio = widgets.Checkbox(value=True, description="with sound", indent=False)
        self.enhance = widgets.Checkbox(
            value=False, description="let the text encoder write it out first", indent=False
        )
        self.model = widgets.Dropdown(options=list(catalog.MODELS))

    def _wire(self, on_name: Callable[[], None]) -> None:
        self.row.observe(lambda _: self._picked_row(), "value")
        self.name.observe(lambda _: on_name(), "value")
        self.row.observe(lambda _: on_name(), "value")
        self.mode.observe(lambda _: self._show_mode(), "value")
        self.topic.observe(lambda _: self._picked_topic(), "value")
        self.entry.observe(lambda _: self._picked_entry(), "value")
        self.image.observe(lambda _: self._show_mode(), "value")
        self.model.observe(lambda change: self._picked_model(change["old"]), "value")

    def _lay_out(self) -> widgets.Widget:
        field = parts.field
        self.image_fields = [
            field("Picture", self.image, "A file of the images/ folder."),
            field("How closely the clip keeps to it", self.image_strength, "1 begins with the very picture."),
            self.preview,
        ]
        self.entry_field = field("Which one", self.entry)
        parts.show(self.entry_field, False)
        seed = widgets.HBox([self.seed, self.new_seed])
        seed.add_class("ltx-beside")
        return parts.column(
            [
                field("Scene", self.row, "Start afresh, or from a row of scenes.csv."),
                field("Name", self.name, "Letters, digits, dashes."),
                field("Made", parts.column([self.mode, self.audio])),
                field("Prompt library", self.topic),
                self.entry_field,
                self.sound_words,
                field("Prompt", parts.column([self.prompt, self.enhance]), "", "ltx-wide", "ltx-prompt"),
                *self.image_fields,
                field("Length", self.length, "Every length that LTX-2 makes.", "ltx-length"),
                field("Size of the finished clip", self.size),
                field("Model", self.model, "fp8 and int8 are smaller; dev is finer and much slower."),
                field("The camera", self.camera),
                field("How strongly it moves", self.camera_strength),
                field("Seed", seed, "The same seed gives the same clip again."),
            ],
            "ltx-form",
        )

    def fill_choices(
        self, library: Mapping[str, PromptEntry], images: Sequence[str], scenes: Sequence[Scene]
    ) -> None:
        """Offer what is there now; what is chosen stays chosen where it still exists."""
        self.library = library
        self._scenes = {scene.scene: scene for scene in scenes}
        topics = sorted({name.partition("/")[0] for name in library})
        first_time = not self.topic.value and not self.prompt.value
        self._filling = True
        _set_options(self.topic, [(OWN_WORDS, ""), *((topic, topic) for topic in topics)])
        _set_options(self.image, list(images))
        _set_options(self.row, [(NEW_SCENE, ""), *((name, name) for name in self._scenes)])
        self._fill_entries()
        self._filling = False
        if first_time and topics:
            # Something to press the button on at once.
            self.topic.value = "rain" if "rain" in topics else topics[0]
        self._show_mode()

    def load(self, scene: Scene) -> None:
        """Fill the form from a scene."""
        self.base = scene
        self.name.value = scene.scene
        self.mode.options = _mode_options(scene.mode)
        self.mode.value = scene.mode
        self._load_prompt(scene.prompt)
        if scene.image and scene.image not in self.image.options:
            self.image.options = [*self.image.options, scene.image]
        if scene.image:
            self.image.value = scene.image
        self.image_strength.value = scene.image_strength
        self.length.options = lengths(scene.fps, specials.longest_of(scene))
        self.length.value = scene.frames
        self.model.value = scene.model
        self.size.options = _size_options(scene)
        self.size.value = (scene.width, scene.height)
        self.camera.value, self.camera_strength.value = scene.camera_lora, scene.camera_strength
        self.seed.value = "" if scene.seed is None else str(scene.seed)
        self.audio.value = scene.audio
        self.enhance.value = scene.enhance

    def _load_prompt(self, prompt: str) -> None:
        name = prompt.strip().removeprefix("@").lower()
        if prompt.strip().startswith("@") and name in self.library:
            self.topic.value = name.partition("/")[0]
            self.entry.value = name
            self.prompt.value = self.library[name].prompt
        else:
            self.topic.value = ""
            self.prompt.value = prompt

    @property
    def picked(self) -> PromptEntry | None:
        """The library's entry that the prompt is, word for word."""
        entry = self.library.get(self.entry.value or "") if self.topic.value else None
        return entry if entry and entry.prompt == self.prompt.value.strip() else None

    def scene(self) -> tuple[Scene | None, list[Problem]]:
        """What the form asks for, by the same rules as a row of scenes.csv, or what is wrong with it."""
        width, height = self.size.value
        mode, model = self.mode.value, self.model.value
        used = (*MODES[mode].images, *MODES[mode].sources)
        two_stages = catalog.MODELS[model].family.side_step_px(2)
        once = self.base.stages == 1 or width % two_stages or height % two_stages
        cells = cells_for(self.base) | {
            "scene": self.name.value,
            "enabled": "yes",
            "mode": mode,
            "prompt": f"@{self.picked.name}" if self.picked else self.prompt.value,
            "image": (self.image.value or "") if "image" in MODES[mode].images else "",
            **{name: getattr(self.base, name) if name in used else "" for name in _FROM_ROW},
            # One stage is for words and for one picture; the others are made in two.
            "stages": "1" if once and 1 in MODES[mode].stages else str(MODES[mode].stages[0]),
            "seconds": "",
            "special": self.base.special if mode in specials.modes_of(self.base) else specials.NONE,
            "control": self.base.control if mode == controls.MODE else "",
            "frames": "" if "frames" in self.base.follows else str(self.length.value),
            "width": "" if "width" in self.base.follows else str(width),
            "height": "" if "height" in self.base.follows else str(height),
            "seed": self.seed.value,
            "model": model,
            # Another model has steps and CFG of its own.
            **({} if model == self.base.model else {"steps": "", "cfg": ""}),
            "camera_lora": self.camera.value,
            "camera_strength": f"{self.camera_strength.value:g}",
            "audio": "yes" if self.audio.value else "no",
            "enhance": "yes" if self.enhance.value else "no",
            "image_strength": f"{self.image_strength.value:g}",
        }
        scene, problems = read_scene(cells, self.base.row, FILE)
        return scene, named(problems)

    def _picked_row(self) -> None:
        if not self._filling:
            self.load(self._scenes.get(self.row.value, _BLANK))

    def _picked_model(self, before: str) -> None:
        """Sizes and camera moves are those of the model; what it has not is no longer to choose."""
        had_cameras = bool(catalog.KNOWN[before].family.cameras)
        _set_options(self.size, _size_options(replace(self.base, model=self.model.value)))
        _set_options(self.camera, _camera_options(self.model.value))
        if not had_cameras and "static" in dict(self.camera.options).values():
            self.camera.value = "static"

    def _picked_topic(self) -> None:
        if not self._filling:
            self._fill_entries()
            self._picked_entry()

    def _fill_entries(self) -> None:
        topic = self.topic.value
        names = [name for name in self.library if name.startswith(f"{topic}/")] if topic else []
        _set_options(self.entry, [(name.partition("/")[2].replace("-", " "), name) for name in names])
        parts.show(self.entry_field, bool(names))

    def _picked_entry(self) -> None:
        if self._filling:
            return
        entry = self.library.get(self.entry.value or "") if self.topic.value else None
        if entry is None:
            parts.set_html(self.sound_words, "")
            return
        self.prompt.value = entry.prompt
        heard = look.escape(entry.sound) if entry.sound else "nothing is named; add what is heard"
        parts.set_html(
            self.sound_words,
            f'<div class="ltx-label">You will hear</div><div class="ltx-quiet">{heard}</div>',
        )
        if not self.base.scene:
            self.name.value = entry.name.replace("/", "-")

    def _show_mode(self) -> None:
        picture = "image" in MODES[self.mode.value].images
        for part in self.image_fields:
            parts.show(part, picture)
        url = picture_url(self.images / self.image.value) if picture and self.image.value else None
        still = f'<img class="ltx-still" alt="" src="{look.escape(url)}">' if url else ""
        parts.set_html(self.preview, still)

    def _new_seed(self) -> None:
        self.seed.value = str(random.randrange(2**31))


def _mode_options(mode: str) -> list[tuple[str, str]]:
    """The ways to make a clip, that of the row among them."""
    return [(words, name) for name, words in MODE_WORDS.items() if name in FORM_MODES or name == mode]


def _size_options(scene: Scene) -> list[tuple[str, tuple[int, int]]]:
    """The sizes to choose from: the kit's, those that the model's maker offers, that of the row."""
    family, row = catalog.KNOWN[scene.model].family, (scene.width, scene.height)
    step = family.side_step_px(2)
    offered = {
        (w, h): f"{family.name}'s own" + (", in one stage" if w % step or h % step else "")
        for w, h in family.sizes
    }
    sizes = offered | SIZES if row in SIZES or row in offered else {row: "as in the row"} | offered | SIZES
    return [(f"{w} x {h}, {words}", (w, h)) for (w, h), words in sizes.items()]


def _camera_options(model: str) -> list[tuple[str, str]]:
    """The camera moves that the model has LoRAs for, and none."""
    moves = (*catalog.KNOWN[model].family.cameras, catalog.NO_CAMERA)
    return [(_CAMERA_WORDS.get(name, name), name) for name in moves]


def _set_options(part: widgets.Dropdown, options: Sequence[Any]) -> None:
    """Change what can be chosen; the choice stays where it still exists, else the first is chosen."""
    before = part.value
    values = [option[1] if isinstance(option, tuple) else option for option in options]
    part.options = options
    part.value = before if before in values else next(iter(values), None)
