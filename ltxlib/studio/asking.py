"""Have a server write a text: post the graph, wait for it, take the text that it shows."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ltxlib.comfy.client import ComfyClient
from ltxlib.comfy.state import PromptState, require_text
from ltxlib.errors import Cancelled, ComfyError, RenderFailed, ServerAnswerError, ServerUnreachable

FIRST_POLL_S, LAST_POLL_S = 0.05, 1.0
DOUBT_S = 10.0


@dataclass(frozen=True)
class Patience:
    """How long a server that is away is waited for, and the event that ends the waiting."""

    cancel: threading.Event
    away_s: float = 120.0


def ask_text(client: ComfyClient, graph: Mapping[str, Any], node: str, patience: Patience) -> str:
    """The text that a node of this graph shows when it has run.

    Raises Cancelled when the event is set, after telling the server to stop; the server's own error when it
    fails, ServerUnreachable when it stays away.
    """
    prompt_id = client.submit(graph)
    pause_s, away_since, doubt_since = FIRST_POLL_S, 0.0, 0.0
    while not patience.cancel.wait(pause_s):
        pause_s = min(pause_s * 1.5, LAST_POLL_S)
        try:
            state = client.status(prompt_id)
        except (ServerUnreachable, ServerAnswerError):
            away_since = away_since or time.monotonic()
            if time.monotonic() - away_since > patience.away_s:
                raise
            continue
        away_since = 0.0
        if state.finished:
            return _text(state, node)
        # History and queue are read one after the other, so a miss may be a prompt on its way between.
        doubt_since = (doubt_since or time.monotonic()) if state.kind == "unknown" else 0.0
        if doubt_since and time.monotonic() - doubt_since > DOUBT_S:
            raise RenderFailed("The server forgot what it was to write; it was restarted, it seems.")
    with suppress(ComfyError):
        client.cancel(prompt_id)
    raise Cancelled("Stopped while the text encoder was writing.")


def _text(state: PromptState, node: str) -> str:
    if state.error is not None:
        raise state.error
    return require_text(state, node)
