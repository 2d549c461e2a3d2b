"""Files over HTTP: /view with ranges, /upload/image with ComfyUI's naming rules."""

from __future__ import annotations

import io
import mimetypes
import os
import re
from email.utils import formatdate
from pathlib import Path

from tornado.iostream import StreamClosedError

from ltxlib.rehearsal.answers import Answer
from ltxlib.rehearsal.places import annotated, inside

CHUNK_BYTES = 256 * 1024
_NEVER_SHOWN = ("text/html", "text/html-sandboxed", "application/xhtml+xml", "text/javascript", "text/css",
                "application/javascript")  # fmt: skip
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def wanted_range(header: str, size_bytes: int) -> tuple[int, int] | None:
    """First and last byte that a Range header asks for; None when it cannot be satisfied."""
    found = _RANGE.fullmatch(header.strip())
    if not found or found.groups() == ("", ""):
        return None
    first_said, last_said = found.groups()
    if first_said == "":
        first, last = max(0, size_bytes - int(last_said)), size_bytes - 1
    else:
        first = int(first_said)
        last = min(int(last_said), size_bytes - 1) if last_said else size_bytes - 1
    return (first, last) if first <= last else None


class View(Answer):
    """GET and HEAD /view?filename=&subfolder=&type=, with Range, ETag, preview= and channel=."""

    async def get(self) -> None:
        path = self._wanted()
        if path is None:
            return
        preview, channel = self.get_query_argument("preview", ""), self.get_query_argument("channel", "")
        self.set_header("Content-Disposition", f'filename="{path.name}"')
        if preview or channel in ("rgb", "a"):
            self._picture(path, preview, channel)
        else:
            await self._file(path)

    head = get

    def _wanted(self) -> Path | None:
        """The file that is asked for; None after the request has been refused."""
        name, tagged = annotated(self.get_query_argument("filename", ""))
        if not name:
            return self.empty(404)
        if name[0] == "/" or ".." in name:
            return self.empty(400)
        folder = self.state.folders.of(tagged or self.get_query_argument("type", "output"))
        if folder is None:
            return self.empty(400)
        place = inside(folder, self.get_query_argument("subfolder", ""))
        if place is None:
            return self.empty(403)
        path = place / os.path.basename(name)  # noqa: PTH119
        return path if path.is_file() else self.empty(404)

    def _picture(self, path: Path, preview: str, channel: str) -> None:
        from PIL import Image

        wanted, _, quality = preview.partition(";")
        kind = ("webp" if wanted in ("", "webp") else "jpeg") if preview else "png"
        with Image.open(path) as picture:
            if channel == "a":
                alpha = picture.convert("RGBA").getchannel("A")
                shown = Image.new("RGBA", picture.size)
                shown.putalpha(alpha)
            else:
                shown = picture.convert("RGB")
            data = io.BytesIO()
            shown.save(data, kind, **({"quality": int(quality or 90)} if preview else {}))
        self.set_header("Content-Type", f"image/{kind}")
        self.finish(data.getvalue())

    async def _file(self, path: Path) -> None:
        about = path.stat()
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        if kind in _NEVER_SHOWN:
            kind = "application/octet-stream"
            self.set_header("Content-Disposition", f'attachment; filename="{path.name}"')
            self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", kind)
        asked = self.request.headers.get("Range")
        part = wanted_range(asked, about.st_size) if asked else (0, about.st_size - 1)
        if part is None:
            self.set_header("Content-Range", f"bytes */{about.st_size}")
            return self.empty(416)
        etag = f'"{about.st_mtime_ns:x}-{about.st_size:x}"'
        self.set_header("Etag", etag)
        self.set_header("Last-Modified", formatdate(about.st_mtime, usegmt=True))
        if etag in self.request.headers.get("If-None-Match", ""):
            return self.empty(304)
        self.set_header("Accept-Ranges", "bytes")
        self.set_header("Content-Length", str(part[1] - part[0] + 1))
        if asked:
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {part[0]}-{part[1]}/{about.st_size}")
        return await self._stream(path, part)

    async def _stream(self, path: Path, part: tuple[int, int]) -> None:
        if self.request.method == "HEAD":
            return self.finish()
        left = part[1] - part[0] + 1
        try:
            with path.open("rb") as file:
                file.seek(part[0])
                while left > 0 and (piece := file.read(min(CHUNK_BYTES, left))):
                    self.write(piece)
                    left -= len(piece)
                    await self.flush()
            return self.finish()
        except StreamClosedError:
            return None  # the client has seen enough, as browsers do with videos


class UploadImage(Answer):
    """POST /upload/image: multipart with `image`, and `overwrite`, `subfolder`, `type`."""

    def post(self) -> None:
        files = self.request.files.get("image")
        if not files:
            if "image" in self.request.body_arguments:
                return self.trouble()
            return self.empty(400)
        name, content = files[0]["filename"], files[0]["body"]
        kind = self.get_body_argument("type", "input")
        subfolder = self.get_body_argument("subfolder", "")
        folder = self.state.folders.of(kind)
        if folder is None:
            return self.trouble()
        place = inside(folder, os.path.normpath(subfolder))
        target = None if place is None else inside(place, name)
        if place is None or target is None:
            return self.empty(400)
        place.mkdir(parents=True, exist_ok=True)
        if self.get_body_argument("overwrite", "") not in ("true", "1"):
            target = _free_name(target, content)
        if not target.parent.is_dir():
            return self.trouble()
        _write_whole(target, content)
        return self.say({"name": target.name, "subfolder": subfolder, "type": kind})


def _free_name(target: Path, content: bytes) -> Path:
    """The name itself when it is free or holds the same bytes, else `name (1)`, `name (2)` ..."""
    tried, number = target, 1
    while tried.exists() and tried.read_bytes() != content:
        tried = target.with_name(f"{target.stem} ({number}){target.suffix}")
        number += 1
    return tried


def _write_whole(target: Path, content: bytes) -> None:
    part = target.with_name(f"{target.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)


class FolderFiles(Answer):
    """GET /internal/files/{type}: the names of the files in a folder, newest first."""

    def get(self, kind: str) -> None:
        folder = self.state.folders.of(kind)
        if folder is None:
            return self.say({"error": "Invalid directory type"}, 400)
        entries = [entry for entry in folder.iterdir() if entry.is_file()] if folder.is_dir() else []
        entries.sort(key=lambda entry: -entry.stat().st_mtime)
        return self.say([f"{entry.name} [{kind}]" for entry in entries])
