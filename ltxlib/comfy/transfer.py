"""Pictures to the server, clips from it.

A clip is written aside, made safe on the disk and then renamed, so that its name only ever stands for a
whole file. Where it goes is chosen here, never by a name the server sends.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import requests

from ltxlib.comfy.landing import OnDisk, put_in_place
from ltxlib.comfy.state import OutputFile
from ltxlib.comfy.wire import CHUNK_BYTES, Wire, broken_off, unexpected
from ltxlib.comfy.wording import one_line
from ltxlib.errors import OutputMissing, StoreError

OnBytes = Callable[[int, "int | None"], None]
"""Told how many bytes have come, and how many there will be where that is known."""

_MIME = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".mp4": "video/mp4",
}
_PLAIN_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")


def download(wire: Wire, output: OutputFile, to: Path, on_bytes: OnBytes | None = None) -> Path:
    """Fetch a file the server wrote and save it as `to`, making its folder; gives `to`.

    Raises OutputMissing when the server has no such file (an answer from its cache names files that may be
    gone) or an empty one, ServerUnreachable when it breaks off, ServerAnswerError, StoreError. What
    `on_bytes` raises goes through. Whatever happens, nothing but a whole file stays behind.
    """
    part = to.with_name(f"{to.name}.part")
    where = {"filename": output.filename, "subfolder": output.subfolder, "type": output.type}
    try:
        with wire.stream("/view", where) as response:
            total_bytes = _expected_bytes(response, output)
            _save(response, part, to.name, total_bytes, on_bytes)
        put_in_place(part, to)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return to


def upload_image(wire: Wire, path: Path, *, overwrite: bool = True) -> str:
    """Send a picture or a clip; gives its name as LoadImage and LoadVideo want it.

    ComfyUI takes both by the same door. It is named after its contents: the same file has the same name every
    time, and no name on this disk can disturb the server, which takes names as they come, percent signs and
    all. Raises StoreError when the file cannot be read, ServerUnreachable, ServerAnswerError.
    """
    data = read_whole(path)
    name = name_for(path, data)
    fields = {"type": "input", "overwrite": "true" if overwrite else "false"}
    file = (name, data, _MIME.get(Path(name).suffix, "application/octet-stream"))
    answer = wire.post_form("/upload/image", fields, "image", file)
    body = answer.json()
    given = body.get("name") if isinstance(body, dict) else None
    if not isinstance(given, str) or not given:
        raise answer.unexpected()
    # The server has the last word: without overwriting, another file may hold the name already.
    subfolder = body.get("subfolder")
    return f"{subfolder}/{given}" if isinstance(subfolder, str) and subfolder else given


def read_whole(path: Path) -> bytes:
    """A picture or a clip as it lies on this disk. Raises StoreError."""
    try:
        return path.read_bytes()
    except OSError as error:
        kind = "clip" if path.suffix.lower() == ".mp4" else "picture"
        raise StoreError(
            f"The {kind} {path.name} cannot be read: {error.strerror or 'no reason given'}.",
            cure="Check that it is there and that its name in the scene is right.",
        ) from error


def name_for(path: Path, data: bytes) -> str:
    """The name a file has on the server: made of its contents, with a plain ending."""
    suffix = path.suffix.lower()
    suffix = suffix if _PLAIN_SUFFIX.fullmatch(suffix) else ".png"
    return f"ltx-{hashlib.sha256(data).hexdigest()[:20]}{suffix}"


def _expected_bytes(response: requests.Response, output: OutputFile) -> int | None:
    """How long the file will be, None where the server does not say. Raises when it has none to give."""
    if response.status_code == 404:
        raise OutputMissing(
            f'ComfyUI names the file "{one_line(output.filename, 100)}", but no longer has it.',
            cure="Render it again with another seed: ComfyUI may have answered from its memory.",
        )
    kind = response.headers.get("Content-Type", "")
    if response.status_code != 200 or kind.startswith("text/html"):
        beginning = next(response.iter_content(400), b"")
        raise unexpected(response.status_code, beginning, "GET /view")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return None
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isascii() and length.isdigit() else None


def _save(
    response: requests.Response, part: Path, name: str, total_bytes: int | None, on_bytes: OnBytes | None
) -> None:
    """Write the body to `part`, down to the disk, and see that it is whole."""
    done_bytes = 0
    chunks = response.iter_content(CHUNK_BYTES)
    with OnDisk(part, name) as file:
        # The chunk comes from the network, outside the reach of the disk's own error handling.
        for chunk in chunks:
            file.write(chunk)
            done_bytes += len(chunk)
            if on_bytes is not None:
                on_bytes(done_bytes, total_bytes)
        if total_bytes is not None and done_bytes != total_bytes:
            raise broken_off("GET /view")
        if done_bytes == 0:
            raise OutputMissing(
                "ComfyUI sent an empty clip.", cure="Run the batch again; it is rendered anew."
            )
        file.sync()
