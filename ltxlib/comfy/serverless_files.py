"""A clip from a result to the disk: written from its base64, or fetched from the bucket it was put into.

worker-comfyui 5.8.5 with BUCKET_ENDPOINT_URL puts files into S3 and gives an address that is good for 7 days
by itself (runpod SDK 1.12.0, rp_upload.py). RunPod's key is never sent there.
"""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests

from ltxlib.comfy.address import is_loopback
from ltxlib.comfy.landing import OnDisk, put_in_place
from ltxlib.comfy.serverless_state import ResultFile
from ltxlib.comfy.transfer import OnBytes
from ltxlib.comfy.wire import CHUNK_BYTES, Wire, broken_off
from ltxlib.errors import OutputMissing, ServerAnswerError, ServerUnreachable

_HOPS = 3
_BUCKET_CURE = "Look at the bucket's settings, then run the batch again; the take is rendered anew."
# So many letters become whole bytes at a time.
_LETTERS = 4 * 65536


def fetch(result: ResultFile, to: Path, timeout_s: float, on_bytes: OnBytes | None = None) -> Path:
    """Save a file of a result as `to`, whole or not at all; gives `to`.

    Raises OutputMissing (damaged, empty, gone from the bucket), ServerUnreachable, ServerAnswerError,
    StoreError. What `on_bytes` raises goes through.
    """
    part = to.with_name(f"{to.name}.part")
    try:
        if result.kind == "base64":
            _decode(result, part, to.name, on_bytes)
        elif result.kind == "s3_url":
            try:
                _from_bucket(result.data, part, to.name, timeout_s, on_bytes)
            except ServerUnreachable as error:
                raise ServerUnreachable(error.message, cure=_BUCKET_CURE) from error
        else:
            raise ServerAnswerError("The endpoint hands its clip over in a way the kit does not know.")
        put_in_place(part, to)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return to


def _decode(result: ResultFile, part: Path, name: str, on_bytes: OnBytes | None) -> None:
    text = result.data.partition(",")[2] if result.data.startswith("data:") else result.data
    text = "".join(text.split())
    done_bytes = 0
    with OnDisk(part, name) as file:
        for start in range(0, len(text), _LETTERS):
            try:
                data = base64.b64decode(text[start : start + _LETTERS], validate=True)
            except (binascii.Error, ValueError) as error:
                raise OutputMissing("The clip came damaged from RunPod.") from error
            file.write(data)
            done_bytes += len(data)
            if on_bytes is not None:
                on_bytes(done_bytes, len(text) * 3 // 4)
        if not done_bytes:
            raise OutputMissing("RunPod sent an empty clip.")
        file.sync()


def _from_bucket(
    url: str, part: Path, name: str, timeout_s: float, on_bytes: OnBytes | None, hops: int = _HOPS
) -> None:
    address, path, params = _safe(url)
    wire = Wire(address, timeout_s, who="the bucket with the clips")
    with wire.stream(f"{path}{params}", {}) as response:
        status = response.status_code
        if status in (301, 302, 303, 307, 308) and hops:
            onward = urljoin(url, response.headers.get("Location", ""))
        elif status == 200:
            return _save(response, part, name, on_bytes)
        elif status >= 500:
            raise ServerUnreachable(f"The bucket with the clips is unwell (status {status}).")
        else:
            raise OutputMissing(
                f"The clip cannot be fetched from the bucket it was put into (status {status}).",
                cure=_BUCKET_CURE,
            )
    return _from_bucket(onward, part, name, timeout_s, on_bytes, hops - 1)


def _safe(url: str) -> tuple[str, str, str]:
    """An address in its parts: host, path, question. Raises ServerAnswerError for one that is not safe."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    shown = f"[{host}]" if ":" in host else host
    address = f"{parts.scheme}://{shown}{f':{port}' if port else ''}"
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(address))
    if not host or not safe or parts.username is not None or parts.password is not None:
        raise ServerAnswerError(
            "The endpoint put the clip at an address that is not safe to fetch from.",
            cure="BUCKET_ENDPOINT_URL of the endpoint has to be the bucket's https address; without one it "
            "writes clips to its own disk only.",
        )
    return address, parts.path or "/", f"?{parts.query}" if parts.query else ""


def _save(response: requests.Response, part: Path, name: str, on_bytes: OnBytes | None) -> None:
    length = response.headers.get("Content-Length", "")
    plain = response.headers.get("Content-Encoding", "identity") == "identity"
    total_bytes = int(length) if plain and length.isascii() and length.isdigit() else None
    done_bytes = 0
    with OnDisk(part, name) as file:
        for chunk in response.iter_content(CHUNK_BYTES):
            file.write(chunk)
            done_bytes += len(chunk)
            if on_bytes is not None:
                on_bytes(done_bytes, total_bytes)
        if total_bytes is not None and done_bytes != total_bytes:
            raise broken_off("the clip")
        if not done_bytes:
            raise OutputMissing("The clip in the bucket is empty.", cure=_BUCKET_CURE)
        file.sync()
