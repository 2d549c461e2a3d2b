"""Where a RunPod Serverless endpoint is reached, and with which key.

Facts: endpoints answer at https://api.runpod.ai/v2/ENDPOINT_ID with the key as bearer (RunPod's docs, "Send
API requests", 2026); RUNPOD_ENDPOINT_BASE_URL puts another address before the id (runpod SDK 1.12.0). The
SDK's own local server (`python handler.py --rp_serve_api`) listens on port 8000 and has no id in its paths.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

from ltxlib.comfy.address import SERVERLESS, clean_url, is_loopback, is_serverless
from ltxlib.core.problem import Problem
from ltxlib.errors import BadInput

LOCAL = "local"
BASE_VARIABLE = "RUNPOD_ENDPOINT_BASE_URL"
KEY_VARIABLE = "RUNPOD_API_KEY"
CLOUD_URL = "https://api.runpod.ai/v2"
LOCAL_URL = "http://127.0.0.1:8000"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_KEY = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class Endpoint:
    """One endpoint: its id, the address its routes begin with, and the key, which is never shown.

    local: it is the SDK's own server on this machine, which knows fewer routes.
    """

    endpoint_id: str
    base_url: str
    key: str = field(default="", repr=False)
    local: bool = False

    @property
    def url(self) -> str:
        """The address as a person writes it."""
        return f"{SERVERLESS}{self.endpoint_id}"

    @property
    def near(self) -> bool:
        """Whether it is on this machine, so that asking it costs nothing."""
        return is_loopback(self.base_url)

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    def without_key(self, text: str) -> str:
        """A text of the server's, in which the key may stand, without it."""
        return text.replace(self.key, "…") if self.key else text


def endpoint(address: str) -> Endpoint:
    """The endpoint of `runpod://ENDPOINT_ID`; `runpod://local` is the SDK's server on this machine.

    RUNPOD_ENDPOINT_BASE_URL may name another address than RunPod's: https, or http on this machine. Raises
    BadInput for an address that is none, and when RUNPOD_API_KEY is not set and the endpoint is not here.
    """
    text = address.strip()
    endpoint_id = text[len(SERVERLESS) :].rstrip("/") if is_serverless(text) else ""
    if not _ID.fullmatch(endpoint_id):
        raise _bad("The address of the RunPod endpoint", "It is not of the form runpod://ENDPOINT_ID.")
    local = endpoint_id == LOCAL
    base_url = _base_url(local)
    key = os.environ.get(KEY_VARIABLE, "").strip()
    here = is_loopback(base_url)
    if local and not here:
        raise _bad(BASE_VARIABLE, "runpod://local is a server on this machine, and this address is not.")
    if not here and not base_url.startswith("https://"):
        raise _bad(BASE_VARIABLE, "It has to begin with https://, or your key could be read on the way.")
    if not here and not _KEY.fullmatch(key):
        said = "It is not set." if not key else "It holds signs that no key has."
        cure = "Make a key that may use Serverless on RunPod's page (Settings, API Keys) and set it."
        raise BadInput(
            "The RunPod endpoint cannot be asked without a key.", [Problem(KEY_VARIABLE, said, cure)]
        )
    # A key for RunPod is nobody else's business: what listens on this machine never sees a broken one either.
    key = key if _KEY.fullmatch(key) else ""
    return Endpoint(endpoint_id, base_url if local else f"{base_url}/{endpoint_id}", key, local)


def _base_url(local: bool) -> str:
    named = os.environ.get(BASE_VARIABLE, "").strip()
    if named:
        return clean_url(named, where=BASE_VARIABLE)
    return LOCAL_URL if local else CLOUD_URL


def _bad(where: str, what: str) -> BadInput:
    cure = "The id stands on the endpoint's page at RunPod; write it like runpod://abc123def456."
    if where == BASE_VARIABLE:
        cure = f"Take it away to use RunPod's own address, {CLOUD_URL}."
    return BadInput("The RunPod endpoint cannot be reached like this.", [Problem(where, what, cure)])
