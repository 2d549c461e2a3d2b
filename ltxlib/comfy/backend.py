"""The seam: a ComfyUI or a RunPod Serverless endpoint, by what its address says."""

from __future__ import annotations

import threading

from ltxlib.comfy.address import is_serverless
from ltxlib.comfy.client import ComfyClient
from ltxlib.comfy.no_feed import NoFeed
from ltxlib.comfy.progress import ProgressFeed
from ltxlib.comfy.serverless import ServerlessClient

Backend = ComfyClient | ServerlessClient
"""What renders: all that the batch asks of one can be asked of the other."""


def client_for(address: str, *, timeout_s: float = 30.0) -> Backend:
    """A client for an address: `runpod://ENDPOINT_ID`, or a ComfyUI's. Raises BadInput. Nothing is sent."""
    if is_serverless(address):
        return ServerlessClient(address, timeout_s=timeout_s)
    return ComfyClient(address, timeout_s=timeout_s)


def feed_for(client: Backend, *, bell: threading.Event | None = None) -> ProgressFeed | NoFeed:
    """The live progress of a client's prompts; an endpoint has none. bell: as for `ProgressFeed`."""
    return ProgressFeed(client, bell=bell) if isinstance(client, ComfyClient) else NoFeed()
