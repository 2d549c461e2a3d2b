"""Where the ComfyUI server lives, and what a usable address looks like."""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import quote, urlsplit

from ltxlib.core.problem import Problem
from ltxlib.errors import BadInput

ADDRESS_VARIABLE = "LTX_COMFY_URL"
DEFAULT_URL = "http://127.0.0.1:8188"
SERVERLESS = "runpod://"


def server_url() -> str:
    """The server's address: the first in `LTX_COMFY_URL` where that is set, else ComfyUI's own here.

    Raises BadInput when the variable holds something that is no address.
    """
    return server_urls()[0]


def server_urls() -> tuple[str, ...]:
    """Every address in `LTX_COMFY_URL`, apart by commas or spaces, each once; else ComfyUI's own default.

    An endpoint (`runpod://ENDPOINT_ID`) stays as often as it is named: it works on so many takes at a time.
    Raises BadInput when one of them is no address.
    """
    found: list[str] = []
    for word in os.environ.get(ADDRESS_VARIABLE, "").replace(",", " ").split():
        if is_serverless(word):
            found.append(f"{SERVERLESS}{word[len(SERVERLESS) :].rstrip('/')}")
        elif (url := clean_url(word, where=ADDRESS_VARIABLE)) not in found:
            found.append(url)
    return tuple(found) or (DEFAULT_URL,)


def is_serverless(address: str) -> bool:
    """Whether an address names a RunPod Serverless endpoint rather than a ComfyUI."""
    return address.strip().lower().startswith(SERVERLESS)


def clean_url(text: str, *, where: str = "The address of ComfyUI") -> str:
    """The address in one plain shape, `scheme://host[:port][/path]` with no slash at its end.

    A missing `http://` is added, and 0.0.0.0, which ComfyUI prints when it listens everywhere, becomes
    127.0.0.1. Raises BadInput; an address with a password in it is refused and never repeated.
    """
    text = text.strip()
    if "://" not in text:
        text = f"http://{text}"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
        # A name no network could look up ("a..b") would otherwise fail deep inside the connection.
        (host or "").encode("idna")
    except ValueError as error:
        raise _bad(where, "is not an address") from error
    if parts.username is not None or parts.password is not None:
        raise _bad(where, "carries a user name or a password, which the kit never sends or stores")
    if parts.scheme not in ("http", "https"):
        raise _bad(where, "does not begin with http:// or https://")
    if not host or any(c.isspace() or not c.isprintable() for c in text):
        raise _bad(where, "is not an address")
    if parts.query:
        raise _bad(where, "has a question mark in it; only the part before it is the address")
    # Nothing is bound here: what somebody bound to every address is asked by loopback.
    host = "127.0.0.1" if host == "0.0.0.0" else host  # nosec B104
    host = f"[{host}]" if ":" in host else host
    port_text = f":{port}" if port is not None else ""
    return f"{parts.scheme}://{host}{port_text}{parts.path.rstrip('/')}"


def is_loopback(url: str) -> bool:
    """Whether the address is this very machine, so that no proxy belongs in between."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def websocket_url(url: str, client_id: str) -> str:
    """The address of the live progress for one client id."""
    scheme, _, rest = url.partition("://")
    return f"{'wss' if scheme == 'https' else 'ws'}://{rest}/ws?clientId={quote(client_id, safe='')}"


def _bad(where: str, what: str) -> BadInput:
    problem = Problem(where, f"It {what}.", f"Write it like {DEFAULT_URL}.")
    return BadInput(f"The address of ComfyUI {what}.", [problem])
