"""What the night and those who watch it tell each other, in `production/night/`.

Each file has one writer and appears whole. Nothing here is the truth about takes: that is the journal.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ltxlib.core.limits import Limits
from ltxlib.core.status import BatchStatus
from ltxlib.errors import StoreError
from ltxlib.store.files import write_json
from ltxlib.store.lock import ProjectLock
from ltxlib.store.project import Project, Shelf

# Set by the night for its notebooks: then their batch keeps the night's limits and hears its orders.
VARIABLE = "LTX_NIGHT"
AFTER_TAKE, NOW = "take", "now"


@dataclass(frozen=True)
class Orders:
    """What people want of a night that runs: end it after the take that is rendered, or now; keep the pod."""

    end: str = ""
    keep_pod: bool = False


@dataclass(frozen=True)
class NightFolder:
    """The files of the project's night."""

    folder: Path

    @property
    def lock(self) -> ProjectLock:
        """Held by the night's process for as long as it lives."""
        return ProjectLock(self.folder / "night.lock")

    @property
    def log(self) -> Path:
        """What the night's process says."""
        return self.folder / "night.log"

    def read_orders(self) -> Orders:
        """What was ordered; nothing when there is no order or it cannot be read."""
        data = _read(self.folder / "orders.json")
        known = {f.name: data[f.name] for f in fields(Orders) if f.name in data}
        return Orders(**known)

    def write_orders(self, orders: Orders) -> None:
        """Order something. Raises StoreError."""
        write_json(self.folder / "orders.json", asdict(orders))

    def read_limits(self) -> Limits | None:
        """The night's limits; None when there are none."""
        try:
            return Limits.from_json(_read(self.folder / "limits.json"))
        except (TypeError, ValueError):
            return None

    def write_limits(self, limits: Limits) -> None:
        """Set the limits. Raises StoreError."""
        write_json(self.folder / "limits.json", limits.to_json())

    def read(self) -> dict[str, Any]:
        """What the night's process says of itself; empty when there never was one."""
        return _read(self.folder / "night.json")

    def write(self, facts: Mapping[str, Any]) -> None:
        """Say where the night is. Raises StoreError."""
        write_json(self.folder / "night.json", dict(facts))


def night_folder(project: Project) -> NightFolder:
    """The folder of the project's night."""
    return NightFolder(project.production / "night")


def night_around() -> NightFolder | None:
    """The night that this process works for; None by day."""
    folder = os.environ.get(VARIABLE, "")
    return NightFolder(Path(folder)) if folder else None


def read_status(shelf: Shelf) -> BatchStatus | None:
    """What the last batch on this shelf said of itself; None when there was none."""
    try:
        return BatchStatus.from_json(_read(shelf.folder / "status.json"))
    except (KeyError, TypeError):
        return None


def write_status(shelf: Shelf, status: BatchStatus) -> None:
    """Say where a batch is. Raises StoreError.

    Whole, but not forced to the disk: a look at a running batch is worth nothing after a power cut, and it is
    written twice a second.
    """
    path = shelf.folder / "status.json"
    part = path.with_name(f"{path.name}.{threading.get_native_id()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(status.to_json()), "utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StoreError(f"{path.name} could not be written: {error.strerror or error}.") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
