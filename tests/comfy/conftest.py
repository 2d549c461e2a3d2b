"""What the tests of the ComfyUI client share: the recordings, and servers on real sockets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ltxlib.comfy.client import ComfyClient
from tests.support.comfy_replies import Replies
from tests.support.comfy_sockets import SocketServer

VERSIONS = ("comfyui-0.27.0", "comfyui-0.33.0")
Recorded = Callable[[str], Any]


@pytest.fixture(params=VERSIONS)
def recorded(request: pytest.FixtureRequest, shared: Path) -> Recorded:
    """Reads a recording of one server version; every test using it runs for both."""
    return lambda name: json.loads((shared / "contract" / request.param / name).read_text("utf-8"))


@pytest.fixture
def recorded_033(shared: Path) -> Recorded:
    """Reads a recording of ComfyUI 0.33.0."""
    return lambda name: json.loads((shared / "contract" / "comfyui-0.33.0" / name).read_text("utf-8"))


@pytest.fixture
def replies() -> Iterator[Replies]:
    """A server that answers what the test says."""
    with Replies() as server:
        yield server


@pytest.fixture
def client(replies: Replies) -> ComfyClient:
    """A client of that server, with little patience."""
    return ComfyClient(replies.url, timeout_s=5)


@pytest.fixture
def sockets() -> Iterator[SocketServer]:
    """A WebSocket server with ComfyUI's habits."""
    with SocketServer() as server:
        yield server
