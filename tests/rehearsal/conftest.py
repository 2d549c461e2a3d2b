"""A rehearsal server for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from tests.support.rehearsal import Client, ffmpeg_path


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Start a server with the settings given; stopped after the test."""
    with ExitStack() as stack:

        def start(**settings: Any) -> Client:
            settings.setdefault("ffmpeg_path", ffmpeg_path())
            server = RehearsalServer(
                tmp_path / "output", tmp_path / "input", settings=RehearsalSettings(**settings)
            )
            stack.enter_context(server)
            return Client(server)

        yield start


@pytest.fixture
def client(serve: Callable[..., Client]) -> Client:
    """A server that renders as fast as it can."""
    return serve()
