"""Which servers this project works with, and what they say they are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ltxlib.comfy.address import server_url, server_urls
from ltxlib.comfy.backend import Backend, client_for
from ltxlib.core.problem import Problem
from ltxlib.core.schema import NodeSchema
from ltxlib.errors import BadInput, ComfyError, PodError
from ltxlib.pod import comfyui
from ltxlib.store.project import Project, Shelf
from ltxlib.studio import rehearsing


@dataclass(frozen=True)
class Server:
    """One server that answered: the client, what it can do, and what it says of itself."""

    client: Backend
    schema: NodeSchema
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Connection:
    """The server that is asked first, and the shelf its takes go to; `more` servers share its work.

    notes: which of the servers that were named do not answer.
    """

    client: Backend
    schema: NodeSchema
    shelf: Shelf
    facts: Mapping[str, Any]
    more: tuple[Server, ...] = ()
    notes: tuple[Problem, ...] = ()

    @property
    def rehearsal(self) -> bool:
        """Whether this is the rehearsal; its takes are stand-ins."""
        return self.shelf.rehearsal

    @property
    def servers(self) -> tuple[Server, ...]:
        """All servers, the first one first."""
        return (Server(self.client, self.schema, self.facts), *self.more)


def addresses(project: Project) -> tuple[str, ...]:
    """The addresses: LTX_COMFY_URL, else the rehearsal when it was switched on, else this machine's own."""
    if os.environ.get("LTX_COMFY_URL"):
        return server_urls()
    running = rehearsing.running(project)
    return (running.url,) if running else (_of_this_machine(),)


def _of_this_machine() -> str:
    """Where this machine's ComfyUI listens; where any would, when there is none."""
    try:
        home = comfyui.find_home()
    except PodError:
        home = None  # its arguments cannot be read, which the doctor tells
    return f"http://127.0.0.1:{comfyui.port_of(home)}" if home else server_url()


def address(project: Project) -> str:
    """The first of the addresses."""
    return addresses(project)[0]


def connect(project: Project) -> Connection:
    """Ask the servers what they are. Raises ServerUnreachable or ServerAnswerError when none will do.

    The servers themselves say whether they are the rehearsal, so stand-ins can never land among real takes.
    Raises BadInput when some are and others are not. One that does not answer is left out where others do.
    """
    found: list[tuple[Server, bool]] = []
    silent: list[tuple[str, ComfyError]] = []
    for url in addresses(project):
        try:
            found.append(_ask(url))
        except ComfyError as error:
            silent.append((url, error))
    if not found:
        raise silent[0][1]
    (first, rehearsal), others = found[0], found[1:]
    if any(is_rehearsal != rehearsal for _, is_rehearsal in others):
        raise BadInput(
            "Some of the servers in LTX_COMFY_URL are the rehearsal and some are not.",
            cure="Name only real ones, or only rehearsals: their takes must not be mixed.",
        )
    return Connection(
        first.client,
        first.schema,
        project.set(rehearsal=rehearsal),
        first.facts,
        tuple(server for server, _ in others),
        tuple(Problem(url, error.message, error.cure, warning=True) for url, error in silent),
    )


def _ask(url: str) -> tuple[Server, bool]:
    client = client_for(url)
    stats = client.system_stats()
    system = stats.get("system", {})
    facts = {
        "comfyui": system.get("comfyui_version", ""),
        "devices": [str(device.get("name", "")) for device in stats.get("devices", [])],
        "rehearsal": system.get("ltx_rehearsal"),
    }
    schema = NodeSchema(client.object_info(), lists_known=client.lists_known)
    return Server(client, schema, facts), "ltx_rehearsal" in system
