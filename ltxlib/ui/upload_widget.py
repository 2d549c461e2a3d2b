"""The widget in which files are dropped: its script is upload.js. Needs anywidget, here and in the page."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets


class UploadWidget(anywidget.AnyWidget):
    """Sends files in pieces. words: drop, choose, folder (empty: no folders), hint, accept."""

    _esm = Path(__file__).with_name("upload.js").read_text("utf-8")
    words = traitlets.Dict().tag(sync=True)
