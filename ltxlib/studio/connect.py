"""Which server this project works with, and what that server says it is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ltxlib.comfy.address import server_url
from ltxlib.comfy.client import ComfyClient
from ltxlib.core.schema import NodeSchema
from ltxlib.store.project import Project, Shelf
from ltxlib.studio import rehearsing


@dataclass(frozen=True)
class Connection:
    """A server that answered: the client, what it can do, and the shelf its takes go to."""

    client: ComfyClient
    schema: NodeSchema
    shelf: Shelf
    facts: Mapping[str, Any]

    @property
    def rehearsal(self) -> bool:
        """Whether this is the rehearsal; its takes are stand-ins."""
        return self.shelf.rehearsal


def address(project: Project) -> str:
    """The server's address: LTX_COMFY_URL, else the rehearsal when it was switched on, else the pod's own."""
    if os.environ.get("LTX_COMFY_URL"):
        return server_url()
    running = rehearsing.running(project)
    return running.url if running else server_url()


def connect(project: Project) -> Connection:
    """Ask the server what it is. Raises ServerUnreachable or ServerAnswerError.

    The server itself says whether it is the rehearsal, so stand-ins can never land among real takes.
    """
    client = ComfyClient(address(project))
    stats = client.system_stats()
    system = stats.get("system", {})
    facts = {
        "comfyui": system.get("comfyui_version", ""),
        "devices": [str(device.get("name", "")) for device in stats.get("devices", [])],
        "rehearsal": system.get("ltx_rehearsal"),
    }
    schema = NodeSchema(client.object_info())
    shelf = project.set(rehearsal="ltx_rehearsal" in system)
    return Connection(client, schema, shelf, facts)
