"""A log in a notebook: a box of its own height, to which only what is new is added."""

from __future__ import annotations

import time
from pathlib import Path

from ltxlib.studio.comfy_log import LINES, LogLine, LogTail
from ltxlib.ui.comfy_words import log_html
from ltxlib.ui.parts import column, set_html, show, text_block

READ_EVERY_S = 1.0
# Blocks of lines; beyond so many the oldest are put together, so that a page of hours stays light.
MOST_BLOCKS = 40
MOST_LINES = 400
_NO_LOG = "There is no log of ComfyUI yet."


class LogView:
    """The last lines of a log; `part` is the widget. Its height is fixed, so nothing below it moves."""

    def __init__(self) -> None:
        self._tail = LogTail(LINES)
        self._lines: list[LogLine] = []
        self._read_s = 0.0
        self.name = text_block("", "ltx-log-name")
        self.blocks = column([], "ltx-blocks")
        self.box = column([self.blocks], "ltx-log")
        self.part = column([self.name, self.box], "ltx-log-part")
        show(self.part, False)

    def show(self, visible: bool) -> None:
        """Show or hide it."""
        show(self.part, visible)

    @property
    def text(self) -> str:
        """What is shown, as text."""
        return "\n".join(line.text for line in self._lines)

    def due(self) -> bool:
        """Whether it is time to read again."""
        return time.monotonic() - self._read_s >= READ_EVERY_S

    def read(self, path: Path | None) -> None:
        """Add what is new in this log. Raises PodError when it cannot be read."""
        self._read_s = time.monotonic()
        news = self._tail.read(path)
        if news.anew:
            self._lines = []
            self.blocks.children = ()
        set_html(self.name, log_html([LogLine(str(path) if path else _NO_LOG)]))
        show(self.box, path is not None)
        if not news.lines:
            return
        self._lines = [*self._lines, *news.lines][-MOST_LINES:]
        if len(self.blocks.children) >= MOST_BLOCKS:
            self.blocks.children = (text_block(log_html(self._lines)),)
        else:
            self.blocks.children = (*self.blocks.children, text_block(log_html(news.lines)))
