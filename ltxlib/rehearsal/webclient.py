"""ComfyUI's own web client at `/`, when pip has it; else a plain page that says what this server is."""

from __future__ import annotations

import importlib.util
from importlib import metadata
from pathlib import Path
from typing import Any

from tornado import web

from ltxlib.rehearsal.answers import Answer, refuse_foreign

PACKAGE = "comfyui-frontend-package"
MARK = (
    "<style>body::after{content:'REHEARSAL';position:fixed;right:10px;bottom:6px;z-index:99999;"
    "pointer-events:none;font:600 12px sans-serif;letter-spacing:2px;color:#fb0;opacity:.85}</style>"
)
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>REHEARSAL</title></head>
<body style="font:16px/1.5 sans-serif;max-width:40em;margin:3em auto;padding:0 1em">
<h1>REHEARSAL</h1>
<p>This is the kit's rehearsal server. It answers as ComfyUI does, but there is no model behind it:
every clip it makes is drawn by the kit and marked REHEARSAL.</p>
<p>Drive it from the notebooks or with <code>python -m ltxlib batch</code>. To see ComfyUI's own window here,
install the Python package <code>comfyui-frontend-package</code> and start the server again.</p>
</body></html>
"""


def client_folder() -> Path | None:
    """Where pip put the web client's files; None when it is not installed."""
    spec = importlib.util.find_spec("comfyui_frontend_package")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations))) / "static"
    return folder if (folder / "index.html").is_file() else None


def client_version() -> str:
    """The web client's version; empty when it is not installed."""
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return ""


def extensions(folder: Path | None) -> list[str]:
    """The scripts of the web client that /extensions names, as addresses."""
    if folder is None:
        return []
    return sorted("/" + path.relative_to(folder).as_posix() for path in folder.glob("extensions/**/*.js"))


class FrontPage(Answer):
    """`/`: the client's first page with a REHEARSAL mark in its corner, or the plain page."""

    def initialize(self, folder: Path | None, **kwargs: Any) -> None:  # type: ignore[override]
        super().initialize(**kwargs)
        self.folder = folder

    def get(self) -> None:
        page = PAGE
        if self.folder is not None:
            client = (self.folder / "index.html").read_text(encoding="utf-8")
            page = client.replace("</head>", f"{MARK}</head>", 1)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(page)

    head = get


class ClientFile(web.StaticFileHandler):
    """A file of the web client."""

    def prepare(self) -> None:
        refuse_foreign(self)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.set_header("Content-Type", "application/octet-stream")
        self.finish()
