"""The drawer for sound: ambience beds and music from the folder sounds/, and how all of it is balanced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import ipywidgets as widgets

from ltxlib.core.amounts import size_text
from ltxlib.core.soundtrack import (
    DEEPEST_DUCK_DB,
    LONGEST_FADE_S,
    LOUDEST_LAYER_DB,
    SOFTEST_LAYER_DB,
    Layer,
    Soundtrack,
)
from ltxlib.store.project import Project
from ltxlib.studio.disk import room_for
from ltxlib.studio.film_sounds import SOUNDS
from ltxlib.studio.sounds import keep_sound, not_a_sound, sound_path
from ltxlib.ui import look, parts
from ltxlib.ui.film_fields import number, pair, slider, tick
from ltxlib.ui.incoming import Incoming
from ltxlib.ui.upload import PLAIN_MB, UploadPlace
from ltxlib.ui.video import files_url, folder_url

BED, MUSIC = "bed", "music"
_KIND_WORDS = {BED: "under all of it", MUSIC: "music"}
_NONE = "There is no sound in the folder yet."
_WORDS = {
    "drop": "Drop a sound here, however long",
    "choose": "Choose a file",
    "folder": "",
    "hint": "wav, flac, mp3, m4a, ogg and others. It is kept in sounds/.",
    "accept": ",".join(sorted(SOUNDS)),
}
_LAST_START_S = 43_200.0


class SoundForm:
    """The fields; `soundtrack` is what they ask for. changed: a person has changed something."""

    def __init__(self, project: Project, changed: Callable[[], None]) -> None:
        self.project = project
        self._changed, self._filling = changed, False
        self._given = Soundtrack()
        self.layers: list[LayerRow] = []
        self._make_fields()
        self.part = self._lay_out()

    def _make_fields(self) -> None:
        self.file = widgets.Dropdown(options=[])
        self.file.observe(lambda _: self._show_file(), "value")
        self.listen = parts.text_block("", "ltx-listen")
        self.add_bed = parts.button(
            "Lay it under the film", lambda: self._add(BED), "ltx-small", "ltx-add-bed"
        )
        self.add_music = parts.button(
            "Add it as music", lambda: self._add(MUSIC), "ltx-small", "ltx-add-music"
        )
        self.door = Incoming(self.project.sounds, self._judge, self._take, self._refused)
        self.place = UploadPlace(self.door, _WORDS, f"Up to {PLAIN_MB} MB here; larger ones by the folder.")
        self.bring = self.place.plain
        self.folder = parts.text_block()
        self.told = parts.text_block("", "ltx-brought")
        self.rows = parts.column([], "ltx-layers")
        self.clips_db = slider(0, -30, 12, 1, "+.0f")
        self.duck_db = slider(0, 0, DEEPEST_DUCK_DB, 1, ".0f")
        self.slow_start_s = number(0, 0, LONGEST_FADE_S, 1)
        self.even = tick("Bring the scenes nearer to one loudness", on=True)
        self.fill = tick("Where a scene is silent, let the first bed come up", on=True)
        self.limit = tick("Hold peaks down where the loudness needs it", on=True)
        for part in (self.clips_db, self.duck_db, self.slow_start_s, self.even, self.fill, self.limit):
            part.observe(lambda _: self._chosen(), "value")

    def _lay_out(self) -> widgets.Widget:
        field = parts.field
        pick = parts.column([self.file, self.listen, parts.buttons([self.add_bed, self.add_music])])
        bring = parts.column([self.place.part, self.told, self.folder])
        ticks = parts.column([self.even, self.fill, self.limit], "ltx-ticks")
        return parts.column(
            [
                field(
                    "A sound of the folder sounds/",
                    pick,
                    "A bed is looped without a gap; music is played in turn.",
                ),
                field("Bring a sound of yours", bring),
                parts.column([self.rows], "ltx-wide"),
                field("The scenes' own sound, in dB", self.clips_db, "0 as made; -30 is hardly there."),
                field(
                    "Softer while music plays, in dB",
                    self.duck_db,
                    "How far scenes and beds step back; 0: not.",
                ),
                field("Slow start, in seconds", self.slow_start_s, "How long all sound takes to come up."),
                ticks,
            ],
            "ltx-form",
            "ltx-pairs",
        )

    @property
    def soundtrack(self) -> Soundtrack:
        """What the fields ask for."""
        return replace(
            self._given,
            beds=tuple(row.layer for row in self.layers if row.kind == BED),
            music=tuple(row.layer for row in self.layers if row.kind == MUSIC),
            clips_db=self.clips_db.value,
            duck_db=self.duck_db.value,
            slow_start_s=self.slow_start_s.value,
            even=self.even.value,
            fill=self.fill.value,
            limit=self.limit.value,
        )

    def load(self, sound: Soundtrack) -> None:
        """Show a soundtrack."""
        self._filling = True
        self._given = sound
        self.clips_db.min, self.clips_db.max = min(-30, sound.clips_db), max(12, sound.clips_db)
        self.clips_db.value, self.duck_db.value = sound.clips_db, sound.duck_db
        self.slow_start_s.value = sound.slow_start_s
        self.even.value, self.fill.value, self.limit.value = sound.even, sound.fill, sound.limit
        beds = [LayerRow(BED, layer, self) for layer in sound.beds]
        self.layers = beds + [LayerRow(MUSIC, layer, self) for layer in sound.music]
        self._filling = False
        self._show_rows()

    def fill_choices(self, names: list[str]) -> None:
        """Offer the sounds that are there now."""
        before = self.file.value
        if tuple(names) != self.file.options:
            self.file.options = names
            self.file.value = before if before in names else next(iter(names), None)
        self._show_file()
        url = folder_url(self.project.sounds) if self.project.sounds.is_dir() else None
        link = (
            f'<a href="{look.escape(url)}" target="_blank">open the folder</a>' if url else "use the folder"
        )
        words = f"Or {link} <code>sounds/</code>, put them there, press Look again."
        parts.set_html(self.folder, f'<div class="ltx-hint">{words}</div>')

    def summary(self) -> str:
        """What stands behind the closed drawer, in a few words."""
        beds, music = (sum(row.kind == kind for row in self.layers) for kind in (BED, MUSIC))
        words = [look.plural(beds, "bed")] if beds else []
        words += [look.plural(music, "piece") + " of music"] if music else []
        return ", ".join(words)

    def _show_file(self) -> None:
        name = self.file.value
        for button in (self.add_bed, self.add_music):
            button.disabled = not name
        url = files_url(sound_path(self.project, name)) if name else None
        player = f'<audio controls preload="none" src="{look.escape(url)}"></audio>' if url else ""
        parts.set_html(self.listen, player or ("" if name else f'<div class="ltx-hint">{_NONE}</div>'))

    def _add(self, kind: str) -> None:
        if self.file.value:
            self.layers.append(LayerRow(kind, Layer(self.file.value), self))
            self.layers.sort(key=lambda row: row.kind)
            self._show_rows()
            self._changed()

    def take_away(self, row: LayerRow) -> None:
        """A layer is no longer wanted; its file stays."""
        self.layers.remove(row)
        self._show_rows()
        self._changed()

    def _show_rows(self) -> None:
        self.rows.children = [row.part for row in self.layers]
        parts.show(self.rows, bool(self.layers))

    def _judge(self, name: str, size_bytes: int) -> str:
        return not_a_sound(name, size_bytes) or room_for(self.project.sounds, size_bytes)

    def _take(self, part: Path, name: str) -> None:
        size = size_text(part.stat().st_size)
        kept = keep_sound(self.project, name, part)
        parts.set_html(self.told, look.note(f"{kept} is in the folder sounds/ ({size})."))
        self.fill_choices(sorted({*self.file.options, kept}, key=str.casefold))
        self.file.value = kept

    def _refused(self, name: str, why: str) -> None:
        parts.set_html(self.told, look.note(why, kind="bad"))

    def _chosen(self) -> None:
        if not self._filling:
            self._changed()

    def layer_changed(self) -> None:
        """A field of a layer has another value."""
        self._chosen()


class LayerRow:
    """One bed or piece of music: what it is, how loud, how it begins and ends."""

    def __init__(self, kind: str, layer: Layer, form: SoundForm) -> None:
        self.kind, self._given = kind, layer
        self.gain_db = number(layer.gain_db, SOFTEST_LAYER_DB, LOUDEST_LAYER_DB, 1, "ltx-gain")
        self.fade_in_s = number(layer.fade_in_s, 0, LONGEST_FADE_S, 0.5, "ltx-fade-in")
        self.fade_out_s = number(layer.fade_out_s, 0, LONGEST_FADE_S, 0.5, "ltx-fade-out")
        self.begins_s = number(layer.begins_s, 0, _LAST_START_S, 1, "ltx-begins")
        for part in (self.gain_db, self.fade_in_s, self.fade_out_s, self.begins_s):
            part.observe(lambda _: form.layer_changed(), "value")
        words = f"{look.tag(_KIND_WORDS[kind])} <b>{look.escape(layer.file)}</b>"
        away = parts.button("Take away", lambda: form.take_away(self), "ltx-small", "ltx-away")
        head = widgets.HBox([parts.text_block(words), away])
        head.add_class("ltx-layer-head")
        fields = [
            pair("Volume", self.gain_db, "dB"),
            pair("comes up in", self.fade_in_s, "s"),
            pair("goes away in", self.fade_out_s, "s"),
            pair("begins at", self.begins_s, "s"),
        ]
        below = widgets.HBox(fields)
        below.add_class("ltx-layer-fields")
        self.part = parts.column([head, below], "ltx-layer")

    @property
    def layer(self) -> Layer:
        """What the fields ask for."""
        return replace(
            self._given,
            gain_db=self.gain_db.value,
            fade_in_s=self.fade_in_s.value,
            fade_out_s=self.fade_out_s.value,
            begins_s=self.begins_s.value,
        )
