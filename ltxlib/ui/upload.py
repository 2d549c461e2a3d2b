"""A place where files are dropped, many and large ones; a plain button on pages that cannot do that.

Only the page knows whether it has anywidget's part: on a server without it, or in a page that is older than
it, the widget shows an error in its stead. So both are there, and the style sheet lets each page show the one
that lives: the drop place says so by its class, and until then nothing of it is seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import ipywidgets as widgets

from ltxlib.ui import parts
from ltxlib.ui.incoming import Incoming

# Jupyter takes no message of more than 10 MiB from a page (tornado, websocket_max_message_size).
PLAIN_MB = 9


class UploadPlace:
    """`part` is what is shown. words: drop, choose, folder (empty: no whole folders), hint, accept.

    plain_hint: below the plain button, about where larger files go.
    """

    def __init__(self, door: Incoming, words: Mapping[str, str], plain_hint: str = "") -> None:
        self.door = door
        self.plain = widgets.FileUpload(accept=words["accept"], multiple=True, description=words["choose"])
        self.plain.add_class("ltx-bring")
        self.plain.observe(lambda _: self._brought(), "value")
        hint = parts.text_block(f'<div class="ltx-hint">{plain_hint}</div>' if plain_hint else "")
        plain = parts.column([self.plain, hint], "ltx-drop-plain")
        self.widget = self._widget(words)
        shown = [plain]
        if self.widget is None:
            plain.add_class("ltx-drop-only")
        else:
            shown.insert(0, parts.column([self.widget], "ltx-drop-try"))
        self.part = parts.column(shown, "ltx-drop-room")

    def _widget(self, words: Mapping[str, str]) -> Any:
        if find_spec("anywidget") is None:
            return None
        from ltxlib.ui.upload_widget import UploadWidget

        made = UploadWidget(words=dict(words))
        made.on_msg(self._hear)
        return made

    def _hear(self, widget: Any, said: Any, buffers: Any) -> None:
        if not isinstance(said, dict):
            return
        number = said.get("number")
        self.door.hear(said, buffers or (), lambda word: widget.send({"number": number, "answer": word}))

    def _brought(self) -> None:
        brought = self.plain.value
        if brought:
            self.door.give((str(one["name"]), bytes(one["content"])) for one in brought)
            # Emptied, so that the same file may be brought once more.
            self.plain.value = ()
