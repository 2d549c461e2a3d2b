"""What one body of tests runs against: the rehearsal always, and a real ComfyUI when one is named."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from ltxlib.comfy.address import clean_url
from ltxlib.comfy.client import ComfyClient
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from tests.support.rehearsal import Client, Elsewhere
from tests.support.rehearsal_graphs import node

REAL = "LTX_REAL_SERVER"
NAMES = ("rehearsal", "real")
NO_REAL = f"{REAL} names no real ComfyUI, so only the rehearsal is looked at; how: docs/PARTS.md"


@dataclass(frozen=True)
class Bench:
    """A server and the two ways the tests talk to it: bare requests, and the kit's own client."""

    name: str
    http: Client

    @property
    def url(self) -> str:
        """The address."""
        return self.http.url

    @property
    def real(self) -> bool:
        """Whether it is a real ComfyUI."""
        return self.name == "real"

    @cached_property
    def object_info(self) -> dict[str, Any]:
        """The server's own node table."""
        return self.http.get("/object_info").json()

    @cached_property
    def declared(self) -> str:
        """The node table as text, to look for the name of a file in."""
        return json.dumps(self.object_info)

    def comfy(self) -> ComfyClient:
        """The kit's client, under an id of its own."""
        return ComfyClient(self.url)

    def forget(self) -> None:
        """Have the server drop what it remembers, for certain: it does so between two prompts."""
        self.http.post("/free", {"unload_models": True, "free_memory": True})
        image = node("EmptyImage", width=16, height=16, batch_size=1, color=0)
        self.http.run({"e": image, "s": node("PreviewImage", images=["e", 0])})


@contextmanager
def opened(name: str, folder: Path, **settings: Any) -> Iterator[Bench]:
    """The server of this name; leaves the test out where it is the real one and none is named."""
    if name == "rehearsal":
        chosen = RehearsalSettings(**settings)
        with RehearsalServer(folder / "output", folder / "input", settings=chosen) as server:
            yield Bench(name, Client(server))
        return
    url = os.environ.get(REAL, "").strip()
    if not url:
        pytest.skip(NO_REAL)
    bench = Bench(name, Client(Elsewhere(clean_url(url))))
    _expect_idle_and_real(bench)
    yield bench
    left = [entry[1] for listed in bench.http.get("/queue").json().values() for entry in listed]
    for prompt_id in left:
        bench.comfy().cancel(prompt_id)
    assert left == [], "a test left work on the server"


def _expect_idle_and_real(bench: Bench) -> None:
    """A rehearsal would only flatter itself, and somebody's night is not to be disturbed."""
    if bench.comfy().rehearsal():
        pytest.fail(f"{REAL} names a rehearsal, which proves nothing of ComfyUI: {bench.url}")
    queue = bench.comfy().queue()
    if queue.running or queue.pending:
        pytest.fail(f"The ComfyUI at {bench.url} is at work; these tests need one that is idle.")
