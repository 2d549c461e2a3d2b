"""The address under which the browser finds a file of the project, so that clips are never embedded."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ltxlib.ui.look import escape


def files_url(path: Path) -> str | None:
    """The file's address on the Jupyter server that started this kernel; None when it cannot be shown.

    It is absolute (forms do not resolve relative ones) and changes with the file, since Jupyter lets browsers
    keep files for long. Jupyter does not serve hidden folders, nor what lies outside its root folder.
    """
    found = _shown(path)
    return f"{found[0]}files/{found[1]}?v={found[2]}" if found else None


def open_url(path: Path) -> str | None:
    """The address at which JupyterLab opens the file as what it is, such as a notebook; None as above."""
    found = _shown(path)
    return f"{found[0]}lab/tree/{found[1]}" if found else None


def folder_url(path: Path) -> str | None:
    """The address at which JupyterLab shows a folder in its file browser, there or not yet; None as above."""
    server = _server()
    if server is None:
        return None
    try:
        shown = path.resolve().relative_to(Path(server["root_dir"]).resolve())
    except (ValueError, OSError):
        return None
    return f"{server['base_url']}lab/tree/{quote(shown.as_posix())}"


def _shown(path: Path) -> tuple[str, str, int] | None:
    """The server's base address, the file's path on it, and when it changed, in nanoseconds."""
    server = _server()
    if server is None:
        return None
    try:
        shown = path.resolve().relative_to(Path(server["root_dir"]).resolve())
        changed_ns = path.stat().st_mtime_ns
    except (ValueError, OSError):
        return None
    if any(part.startswith(".") for part in shown.parts):
        return None
    return server["base_url"], quote(shown.as_posix()), changed_ns


def _server() -> dict[str, Any] | None:
    """What the Jupyter server wrote down about itself when it started (jpserver-<pid>.json).

    The kernel knows the server's process by JPY_PARENT_PID. Asking jupyter_server instead would take five
    seconds to import.
    """
    pid = os.environ.get("JPY_PARENT_PID", "")
    if not pid.isdecimal():
        return None
    from jupyter_core.paths import jupyter_runtime_dir

    for record in Path(jupyter_runtime_dir()).glob("jpserver-*.json"):
        try:
            server = json.loads(record.read_bytes())
            if int(server["pid"]) == int(pid) and server["root_dir"] and server["base_url"]:
                return server
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def video_html(
    path: Path,
    *,
    note: str = "",
    still: Path | None = None,
    autoplay: bool = False,
    repeat: bool = False,
    shape: tuple[int, int] | None = None,
) -> str:
    """A player for a clip or a sound, or plain words where it lies when this browser cannot be shown it.

    note: plain text below the player. still: a picture shown until it plays. autoplay: for a player that a
    person has just asked for. repeat: begin again at the end. shape: width and height of the clip, so that
    the player has its size at once.
    """
    if not path.is_file():
        return f'<div class="ltx-nofilm">{escape(path.name)} is not there any more.</div>'
    caption = f'<div class="ltx-caption">{escape(note)}</div>' if note else ""
    url = files_url(path)
    if url is None:
        words = "The file is there, but it cannot be played inside this page. Open or download it here:"
        return f'<div class="ltx-nofilm">{words} <code>{escape(path)}</code></div>{caption}'
    more = " autoplay" * autoplay + " loop" * repeat
    if path.suffix == ".flac":
        player = f'<audio class="ltx-video" controls preload="metadata" src="{escape(url)}"{more}>'
        return f"{player}</audio>{caption}"
    picture = picture_url(still) if still else None
    if picture:
        more += f' poster="{escape(picture)}"'
    more += _shape(shape)
    player = f'<video class="ltx-video" controls playsinline preload="metadata" src="{escape(url)}"{more}>'
    return f"{player}</video>{caption}"


def awaited_html(words: str, shape: tuple[int, int] | None = None) -> str:
    """The room that a player will need, so that nothing below moves when it comes. words: plain text."""
    return f'<div class="ltx-video ltx-awaited"{_shape(shape)}>{escape(words)}</div>'


def _shape(shape: tuple[int, int] | None) -> str:
    return f' style="aspect-ratio: {shape[0]} / {shape[1]}"' if shape else ""


def picture_url(path: Path) -> str | None:
    """Where the browser finds a small JPEG; the picture itself when there is no address for it."""
    url = files_url(path)
    if url is None and path.is_file():
        try:
            return "data:image/jpeg;base64," + base64.b64encode(path.read_bytes()).decode()
        except OSError:
            return None
    return url
