"""The node table a rehearsal server answers with at /object_info, its lists filled in."""

from __future__ import annotations

import copy
import json
import mimetypes
from collections.abc import Callable, Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from ltxlib.rehearsal.models import folder_for, installed
from ltxlib.rehearsal.settings import RehearsalSettings

_UPLOADS = {"image_upload": ("image",), "video_upload": ("video",), "audio_upload": ("audio", "video")}
_ONLY_BUILT_IN = ["pixel_space"]
# ComfyUI-LTXVideo as of June 2026, as it was recorded on ComfyUI 0.27.0.
PACK_TABLES = {"ltxvideo": "node_table_pack.json"}


def shipped_table(packs: Iterable[str] = ()) -> dict[str, Any]:
    """The node table of ComfyUI 0.33.0 that the kit carries, with the nodes of these packs."""
    table: dict[str, Any] = {}
    for name in ("node_table.json", *(PACK_TABLES[pack] for pack in sorted(packs))):
        table |= json.loads(resources.files("ltxlib.core").joinpath(name).read_text(encoding="utf-8"))
    return table


def options_of(spec: Any) -> list[Any] | None:
    """The choices of a list input, old form (`[[...], {}]`) or new (`["COMBO", {"options": [...]}]`)."""
    if isinstance(spec[0], list):
        return spec[0]
    if spec[0] == "COMBO" and len(spec) > 1:
        return spec[1].get("options")
    return None


class Catalogue:
    """Node schemas by class, with model lists from the settings and file lists from the input folder."""

    def __init__(self, settings: RehearsalSettings, input_dir: Path) -> None:
        self._input_dir = input_dir
        self.models = installed(settings.models, settings.missing_files)
        given = settings.object_info
        table = shipped_table(settings.packs) if given is None else copy.deepcopy(dict(given))
        self._table: dict[str, Any] = table
        self._missing = settings.missing_files
        self._uploads: dict[str, list[str]] = {}
        for class_type, node in self._table.items():
            self._each_list(node, self._fill_models, class_type)

    def _each_list(self, node: Any, visit: Callable[[str, str, Any], None], class_type: str) -> None:
        for part in ("required", "optional"):
            for name, spec in (node.get("input", {}).get(part) or {}).items():
                if options_of(spec) is not None:
                    visit(class_type, name, spec)

    def _fill_models(self, class_type: str, name: str, spec: Any) -> None:
        options = options_of(spec)
        if options is None:
            return
        if any(flag in (spec[1] if len(spec) > 1 else {}) for flag in _UPLOADS):
            self._uploads.setdefault(class_type, []).append(name)
        folder = folder_for(class_type, name)
        if folder is not None and options in ([], _ONLY_BUILT_IN):
            options[:0] = self.models[folder]
        options[:] = [option for option in options if option not in self._missing]

    def __contains__(self, class_type: object) -> bool:
        return class_type in self._table

    def all(self) -> dict[str, Any]:
        """Every class, as /object_info gives it."""
        return {class_type: self._live(class_type) for class_type in self._table}

    def schema(self, class_type: str) -> Mapping[str, Any]:
        """One class as /object_info/{class} gives it; KeyError when there is none."""
        return self._live(class_type)

    def _live(self, class_type: str) -> dict[str, Any]:
        node = self._table[class_type]
        if class_type not in self._uploads:
            return node
        node = copy.deepcopy(node)
        self._each_list(node, self._fill_uploads, class_type)
        return node

    def _fill_uploads(self, class_type: str, name: str, spec: Any) -> None:
        flags = spec[1] if len(spec) > 1 else {}
        for flag, kinds in _UPLOADS.items():
            options = options_of(spec)
            if flag in flags and options is not None:
                options[:] = self._input_files(kinds)

    def _input_files(self, kinds: tuple[str, ...]) -> list[str]:
        if not self._input_dir.is_dir():
            return []
        names = (entry.name for entry in self._input_dir.iterdir() if entry.is_file())
        return sorted(name for name in names if (mimetypes.guess_type(name)[0] or "").split("/")[0] in kinds)
