"""What must be true after a round of chaos, whatever went wrong in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from benchmarks.box import Execution, scene_name
from ltxlib.core.problem import errors_in
from ltxlib.core.tiny import TAKE_ID as CANARY
from ltxlib.media.quality import ExpectedClip, check_clip
from ltxlib.store.files import sha256_of
from ltxlib.store.project import Project
from ltxlib.store.takes import clip_path, load_takes

CLIP = ExpectedClip(128, 128, 9, Fraction(24), sound=False)


def wrong_with(project: Project, scenes: int, ran: Sequence[Execution]) -> list[str]:
    """Everything that is not as it must be, a sentence each."""
    return [*_takes(project, scenes), *_again(ran), *_journal(project), *_files(project)]


def _takes(project: Project, scenes: int) -> list[str]:
    """Every scene has one take, whole, and its record tells the truth about it."""
    shelf = project.set(rehearsal=True)
    takes, problems = load_takes(shelf)
    found = [str(problem) for problem in problems]
    count = Counter(take.scene for take in takes)
    for name in map(scene_name, range(scenes)):
        if count.pop(name, 0) != 1:
            have = sum(take.scene == name for take in takes)
            found.append(f"{name} has {have} takes, not one")
    found += [f"there is a take of {name}, which is no scene" for name in count]
    for take in takes:
        clip = clip_path(shelf, take.scene, take.take_id)
        if sha256_of(clip) != take.clip.sha256:
            found.append(f"the clip of {take.key} is not the one that its record tells of")
        found += [f"{take.key}: {problem.what}" for problem in errors_in(check_clip(clip, CLIP))]
    clips = {path.with_suffix("") for path in shelf.takes.glob("*/*.mp4")}
    records = {path.with_suffix("") for path in shelf.takes.glob("*/*.json")}
    found += [f"{path.parent.name}/{path.name} is a clip with no record" for path in clips - records]
    return found


def _again(ran: Sequence[Execution]) -> list[str]:
    """Nothing was begun again that had been rendered whole; what was cut off in mid-render may be."""
    found, whole = [], {}
    for one in ran:
        if one.take == CANARY:
            continue
        if (one.scene, one.take) in whole:
            before = whole[one.scene, one.take]
            found.append(
                f"{one.scene} was rendered again as {one.prompt_id[:8]}, though {before[:8]} had ended well"
            )
        if one.status == "success" and not one.struck & {"truncated", "no_file", "no_outputs"}:
            whole[one.scene, one.take] = one.prompt_id
    return found


def _journal(project: Project) -> list[str]:
    """No take was put in place twice."""
    journal = project.set(rehearsal=True).journal
    saved = Counter(entry["scene"] for entry in journal if entry["event"] == "saved")
    return [f"{scene} was saved {times} times" for scene, times in saved.items() if times > 1]


def _files(project: Project) -> list[str]:
    """No half file and no clip that nobody fetched to its end is left."""
    root = project.root
    found = [f"a half file is left: {path.relative_to(root)}" for path in sorted(root.rglob("*.part"))]
    incoming = project.set(rehearsal=True).work / "incoming"
    left = [path for path in sorted(incoming.glob("*")) if path.suffix != ".part"]
    return found + [f"a fetched clip is left: {path.relative_to(root)}" for path in left]


def kept_size(folder: Path) -> int:
    """How many bytes the files below a folder have."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
