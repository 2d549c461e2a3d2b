"""The form of notebook 01's model files: by preset, by model or what scenes.csv needs, and camera moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ipywidgets as widgets

from ltxlib.core import catalog
from ltxlib.core.catalog_parts import Model, Preset
from ltxlib.core.fitting import Advice, Fit
from ltxlib.studio.model_choice import MODEL, PRESET, SCENES, Choice, model_of
from ltxlib.ui import look, parts
from ltxlib.ui.film_fields import tick

_WAYS = (("By preset", PRESET), ("By model", MODEL), ("What scenes.csv needs", SCENES))
_OF_SCENES = "Every file that the enabled rows of scenes.csv name, their camera moves and styles included."
_NO_CAMERAS = "Camera moves are for the models of LTX-2 19B only."


class ChoiceForm:
    """What is chosen; `changed` is called when a person changes it."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed, self._quiet = changed, False
        self._fits: Mapping[str, Fit] = {}
        self._best = ""
        self._also: tuple[str, ...] = ()
        self.way = widgets.ToggleButtons(options=_WAYS)
        self.way.add_class("ltx-way")
        self.preset = widgets.Dropdown(options=self._presets(), value="standard")
        self.preset.add_class("ltx-preset")
        self.model = widgets.Dropdown(options=list(catalog.KNOWN), value=next(iter(catalog.KNOWN)))
        self.model.add_class("ltx-model")
        self.hint = parts.text_block("", "ltx-choice-hint")
        self.cameras = {move: tick(move, on=move == "static") for move in catalog.CAMERAS}
        self._moves = parts.column(
            [
                parts.text_block('<div class="ltx-label">Camera moves</div>'),
                parts.buttons(list(self.cameras.values()), "ltx-moves"),
            ],
            "ltx-field",
        )
        self.part = parts.column([self.way, self.preset, self.model, self.hint, self._moves], "ltx-choice")
        for one in (self.way, self.preset, self.model, *self.cameras.values()):
            one.observe(lambda _: self._chosen(), "value")
        self._show()

    def choice(self) -> Choice:
        """What is chosen now."""
        name = {PRESET: self.preset.value, MODEL: self.model.value}.get(self.way.value, "")
        cameras = tuple(move for move, box in self.cameras.items() if box.value)
        return Choice(self.way.value, name, cameras, self._also)

    def recommend(self, advice: Advice, fits: Mapping[str, Fit], before: Choice | None) -> None:
        """Mark the preset that suits the machine, and choose it, or what was chosen before; called once,
        before anybody chose."""
        self._fits, self._best = fits, advice.preset.name if advice.preset else ""
        self._quiet = True
        self.preset.options = self._presets()
        self.preset.value = self._best or "standard"
        if before is not None:
            self.way.value, self._also = before.way, before.also
            if before.way in (PRESET, MODEL):
                (self.preset if before.way == PRESET else self.model).value = before.name
            for move, box in self.cameras.items():
                box.value = move in before.cameras
        self._quiet = False
        self._show()

    def take_model(self, name: str) -> None:
        """Choose a model, as if a person had."""
        self.model.value = name
        self.way.value = MODEL

    def take_file(self, name: str) -> None:
        """Want a file of the catalog besides."""
        self._also = (*self._also, name)
        self._chosen()

    def enable(self, enabled: bool) -> None:
        """Let people choose, or not while something is fetched."""
        for one in (self.way, self.preset, self.model, *self.cameras.values()):
            one.disabled = not enabled

    def _presets(self) -> list[tuple[str, str]]:
        return [
            (f"{one.name} (recommended here)" if one.name == self._best else one.name, one.name)
            for one in catalog.shipped().presets
        ]

    def _chosen(self) -> None:
        if not self._quiet:
            self._show()
            self._changed()

    def _show(self) -> None:
        way, model = self.way.value, model_of(self.choice())
        parts.show(self.preset, way == PRESET)
        parts.show(self.model, way == MODEL)
        parts.show(self._moves, bool(model and model.family.cameras))
        said = [_OF_SCENES]
        if model is not None:
            preset = next((one for one in catalog.shipped().presets if one.name == self.preset.value), None)
            said = [_preset_words(preset)] if way == PRESET and preset else []
            said.append(_model_words(model, self._fits.get(model.name)))
        parts.set_html(
            self.hint, "".join(f'<div class="ltx-hint">{look.escape(text)}</div>' for text in said)
        )


def _preset_words(preset: Preset) -> str:
    size = f"{preset.width_px} x {preset.height_px}, {preset.frames} frames"
    return (
        f"{preset.meaning[0].upper()}{preset.meaning[1:]}{'' if preset.meaning[-1] in '.?!' else '.'} {size}."
    )


def _model_words(model: Model, fit: Fit | None) -> str:
    needs = [f"{model.ram_gb:g} GB of system memory"] if model.ram_gb else []
    needs += [f"a card with {model.vram_gb:g} GB"] if model.vram_gb else []
    said = f"{model.name} ({model.family.name}, {model.family.licence})"
    said += f" wants {' and '.join(needs)}." if needs else "; what memory it wants is not known."
    if fit is not None and fit.lacks:
        said += f" This machine has too little {'; too little '.join(fit.lacks)}."
    return said if model.family.cameras else f"{said} {_NO_CAMERAS}"
