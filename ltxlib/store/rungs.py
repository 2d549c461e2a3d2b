"""`rungs.json`: on which rungs of the ladder clips ran out of memory, by machine and by kind of clip."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ltxlib.core.plan import RenderPlan
from ltxlib.core.rung_memory import Held, kind_of, learn
from ltxlib.errors import StoreError
from ltxlib.store.files import write_json
from ltxlib.store.project import Shelf

UNNAMED = "a card without a name"


def machine_of(facts: Mapping[str, Any]) -> str:
    """The name under which a machine's memory is kept: its cards'. facts: what its server says of itself."""
    names = [str(name) for name in facts.get("devices") or () if name]
    return ", ".join(names) or UNNAMED


def held_for(shelf: Shelf, machine: str, plan: RenderPlan) -> Held:
    """What is remembered of clips like this on this machine; nothing where the file is missing or damaged."""
    kinds = _read(shelf).get(machine)
    rungs = kinds.get(kind_of(plan)) if isinstance(kinds, dict) else None
    return _numbers(rungs) if isinstance(rungs, dict) else {}


def note(shelf: Shelf, machine: str, plan: RenderPlan, *, worked: bool) -> None:
    """Remember that a plan was made on its rung, or that memory ran out there. Raises StoreError."""
    before = held_for(shelf, machine, plan)
    after = learn(before, plan, worked=worked)
    if after == before:
        return
    data = _read(shelf)
    kinds = data.get(machine)
    kinds = dict(kinds) if isinstance(kinds, dict) else {}
    kinds[kind_of(plan)] = {str(rung): work for rung, work in sorted(after.items())}
    if not after:
        del kinds[kind_of(plan)]
    write_json(_path(shelf), {**data, machine: kinds})


def forget(shelf: Shelf) -> bool:
    """Forget it all, so that the next clips begin as asked; whether there was anything. Raises StoreError."""
    path = _path(shelf)
    there = path.is_file()
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{path.name} could not be deleted: {error.strerror or error}.") from error
    return there


def _path(shelf: Shelf) -> Path:
    return shelf.folder / "rungs.json"


def _read(shelf: Shelf) -> dict[str, Any]:
    try:
        data = json.loads(_path(shelf).read_bytes())
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _numbers(rungs: Mapping[str, Any]) -> dict[int, int]:
    return {
        int(rung): work
        for rung, work in rungs.items()
        if rung.isdecimal() and isinstance(work, int) and not isinstance(work, bool)
    }
