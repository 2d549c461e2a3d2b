"""Which drafts a person wants finished: one line each in `picks.jsonl`, the last one on a draft counts."""

from __future__ import annotations

from dataclasses import dataclass

from ltxlib.store.project import Shelf


@dataclass(frozen=True)
class Pick:
    """A draft that is picked, and the id of the take it is finished as."""

    scene: str
    draft: str
    take: str

    @property
    def take_key(self) -> str:
        """The finished take's name in the whole project, "scene/take"."""
        return f"{self.scene}/{self.take}"


def write_pick(shelf: Shelf, pick: Pick, *, picked: bool) -> None:
    """Write down that a draft is picked, or is not any more. Raises StoreError when the disk refuses."""
    shelf.picks.append("pick", scene=pick.scene, draft=pick.draft, take=pick.take, picked=picked)


def picks(shelf: Shelf) -> list[Pick]:
    """The drafts that are picked now, in the order in which they were."""
    found: dict[tuple[str, str], Pick] = {}
    for entry in shelf.picks:
        if entry["event"] != "pick" or not {"scene", "draft", "take"} <= set(entry):
            continue
        pick = Pick(str(entry["scene"]), str(entry["draft"]), str(entry["take"]))
        found.pop((pick.scene, pick.draft), None)
        if entry.get("picked") is True:
            found[pick.scene, pick.draft] = pick
    return list(found.values())
