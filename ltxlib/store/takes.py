"""Takes on disk: `takes/<scene>/<take>.mp4` and its record `.json`, and what people decided on them.

Drafts are kept in the same way in `drafts/`; a take's id says which it is. A take that is sound alone is a
`.flac`.
"""

from __future__ import annotations

import json
from pathlib import Path

from ltxlib.core.plan import RenderPlan
from ltxlib.core.problem import Problem
from ltxlib.core.take import DECISIONS, DRAFT, Take
from ltxlib.errors import StoreError
from ltxlib.store.files import inside, move_whole, write_json
from ltxlib.store.project import Shelf

CLIP_SUFFIX, SOUND_SUFFIX = ".mp4", ".flac"
# Takes are named by all that decides them, so the same one comes again.
_ANEW = "Take both of its files away and run the batch again; it is rendered anew."


def clip_path(shelf: Shelf, scene: str, take_id: str) -> Path:
    """Where the clip of a take or a draft lies; raises UnsafeName for a name that would leave its folder."""
    folder = _folder(shelf, take_id)
    sound = inside(folder, scene, f"{take_id}{SOUND_SUFFIX}")
    return sound if sound.is_file() else inside(folder, scene, f"{take_id}{CLIP_SUFFIX}")


def _folder(shelf: Shelf, take_id: str) -> Path:
    return shelf.drafts if take_id.startswith(DRAFT) else shelf.takes


def record_path(shelf: Shelf, scene: str, take_id: str) -> Path:
    """Where a take's record lies."""
    return inside(_folder(shelf, take_id), scene, f"{take_id}.json")


def save_take(shelf: Shelf, take: Take, clip: Path) -> Path:
    """Put a finished clip and its record in place, the clip first; gives the clip's final path."""
    target = inside(_folder(shelf, take.take_id), take.scene, f"{take.take_id}{_suffix(take)}")
    move_whole(clip, target)
    write_json(record_path(shelf, take.scene, take.take_id), take.to_json())
    return target


def _suffix(take: Take) -> str:
    return SOUND_SUFFIX if take.clip.file.endswith(SOUND_SUFFIX) else CLIP_SUFFIX


def load_take(record: Path) -> Take:
    """The take of a record. Raises StoreError when the record is damaged or the clip is not as recorded."""
    try:
        take = Take.from_json(json.loads(record.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{record.parent.name}/{record.name} is damaged.", cure=_ANEW) from error
    clip = record.with_suffix(_suffix(take))
    size = clip.stat().st_size if clip.is_file() else None
    if size != take.clip.size_bytes or take.take_id != record.stem or take.scene != record.parent.name:
        raise StoreError(
            f"The clip {record.parent.name}/{clip.name} is not the one that was recorded.", cure=_ANEW
        )
    return take


def load_takes(shelf: Shelf) -> tuple[list[Take], list[Problem]]:
    """Every whole take, in the order of folders and names, and a problem for each that is not whole."""
    return _load(shelf.takes, "Run the batch: it is made again.")


def load_drafts(shelf: Shelf) -> tuple[list[Take], list[Problem]]:
    """Every whole draft, as `load_takes` tells of takes."""
    return _load(shelf.drafts, "Make drafts of this scene again.")


def _load(folder: Path, cure: str) -> tuple[list[Take], list[Problem]]:
    takes, problems = [], []
    for record in sorted(folder.glob("*/*.json")):
        try:
            takes.append(load_take(record))
        except StoreError as error:
            where = f"{folder.name}/{record.parent.name}/{record.stem}"
            problems.append(Problem(where, error.message, cure))
    return takes, problems


def has_take(shelf: Shelf, scene: str, take_id: str) -> bool:
    """Whether this take is on disk, whole."""
    record = record_path(shelf, scene, take_id)
    try:
        load_take(record)
    except StoreError:
        return False
    return True


def standing_in(shelf: Shelf, scene: str, take_id: str) -> Take | None:
    """The best whole take that was made with less memory than this one asks for; None when there is none."""
    folder = record_path(shelf, scene, take_id).parent
    found = []
    for record in folder.glob(f"{take_id}-r*.json"):
        try:
            found.append(load_take(record))
        except StoreError:
            # It is made again; `load_takes` tells of it.
            continue
    fit = [take for take in found if take.asked == take_id]
    return min(fit, key=lambda take: (take.rung, take.made_at), default=None)


def there(shelf: Shelf, plan: RenderPlan, ladder: bool = True) -> bool:
    """Whether the take of a plan need not be made any more.

    ladder: one that was made with less memory counts too, as long as it had to: not any more when the take
    that it starts from is now there as asked.
    """
    scene = plan.scene.scene
    if has_take(shelf, scene, plan.take_id):
        return True
    take = standing_in(shelf, scene, plan.whole.take_id) if ladder else None
    if take is None:
        return False
    sources = plan.whole.sources
    used = {"source": take.source, "end_source": take.end_source}
    replaced = [source for column, source in sources.items() if used.get(column) != source.key]
    return not any(has_take(shelf, source.scene, source.take_id) for source in replaced)


def take_of(shelf: Shelf, plan: RenderPlan) -> Take | None:
    """The take of a plan that is on disk, whole; else the best that stands in for it; None without any."""
    try:
        return load_take(record_path(shelf, plan.scene.scene, plan.whole.take_id))
    except StoreError:
        return standing_in(shelf, plan.scene.scene, plan.whole.take_id)


def decide(shelf: Shelf, take: Take, decision: str) -> None:
    """Write down that a take is kept, rejected or undecided."""
    if decision not in DECISIONS:
        raise StoreError(f"“{decision}” is not a decision.", cure=f"Choose one of {', '.join(DECISIONS)}.")
    shelf.decisions.append("decision", scene=take.scene, take=take.take_id, decision=decision)


def decisions(shelf: Shelf) -> dict[str, str]:
    """The last decision on each take, by take key."""
    return {
        f"{entry['scene']}/{entry['take']}": str(entry["decision"])
        for entry in shelf.decisions
        if entry.get("decision") in DECISIONS and "take" in entry and "scene" in entry
    }
