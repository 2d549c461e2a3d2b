"""Everything one rehearsal server holds while it is up; a restart makes a new one."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ltxlib.rehearsal.catalogue import Catalogue
from ltxlib.rehearsal.faults import FaultPlan
from ltxlib.rehearsal.places import annotated, inside
from ltxlib.rehearsal.queue import PromptQueue
from ltxlib.rehearsal.settings import RehearsalSettings
from ltxlib.rehearsal.sockets import SocketHub
from ltxlib.rehearsal.webclient import client_folder


@dataclass(frozen=True)
class Folders:
    """Where files of each type lie; the names are ComfyUI's."""

    output: Path
    input: Path
    temp: Path

    def of(self, kind: str | None) -> Path | None:
        """The folder for `output`, `input` or `temp`; None for anything else."""
        return {"output": self.output, "input": self.input, "temp": self.temp}.get(kind or "")


def input_file(folders: Folders, name: str) -> Path | None:
    """The file LoadImage and its like mean: `a.png`, `sub/a.png`, `a.png [output]`; None when not there."""
    plain, kind = annotated(name)
    folder = folders.of(kind or "input")
    try:
        path = inside(folder, plain) if folder is not None else None
        return path if path is not None and path.is_file() else None
    except (OSError, ValueError):  # too long, or with a zero in it: no file has such a name
        return None


class RehearsalState:
    """Settings, folders, node table, queue, sockets, faults, and the flags that requests set."""

    def __init__(self, settings: RehearsalSettings, folders: Folders, faults: FaultPlan) -> None:
        self.settings = settings
        self.folders = folders
        self.faults = faults
        self.catalogue = Catalogue(settings, folders.input)
        self.hub = SocketHub(self.exec_info)
        self.queue = PromptQueue(self.hub.send_status)
        self.interrupt = threading.Event()
        self.forget_cache = threading.Event()
        self.abandoned = threading.Event()
        # Models stay on the card after a render, until somebody asks for the memory.
        self.loaded = threading.Event()
        self.client_folder = client_folder() if settings.web_client else None
        self.user_settings: dict[str, Any] = {"Comfy.TutorialCompleted": True}
        self.user_files: dict[str, UserFile] = {}
        self._numbers = itertools.count()

    def exec_info(self) -> Mapping[str, Any]:
        """How many prompts remain, as /prompt and the status message give it."""
        return {"exec_info": {"queue_remaining": self.queue.remaining()}}

    def forget_everything(self) -> None:
        """Be as after a restart: queue and history are empty, every socket is cut, what ran is gone."""
        self.queue.forget()
        self.interrupt.set()
        self.forget_cache.set()
        self.hub.executing = None
        self.hub.drop_all()

    def next_number(self) -> int:
        """The place of the next prompt in the queue; every post counts, refused ones too."""
        return next(self._numbers)


@dataclass(frozen=True)
class UserFile:
    """A file that the web client saved, such as a workflow; kept in memory only."""

    content: bytes
    modified_s: float

    @classmethod
    def now(cls, content: bytes) -> UserFile:
        """The file as saved at this moment."""
        return cls(content, time.time())
