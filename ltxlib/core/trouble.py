"""What to make of takes that fail: which are worth another try, which scene is set aside, when all is lost.

Pure: errors go in, verdicts come out.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from ltxlib.errors import (
    ClipUnreadable,
    LtxlibError,
    OutputMissing,
    RenderFailed,
    ServerAnswerError,
    ServerUnreachable,
)

# A scene that failed so often is set aside, and so many scenes that fail alike end the night.
TRIES = 3
SCENES_ALIKE = 3
_WORTH_IT = (RenderFailed, ClipUnreadable, OutputMissing, ServerAnswerError, ServerUnreachable)


def worth_retrying(error: LtxlibError) -> bool:
    """Whether the same take may come out well the next time: a node, a file or the connection failed.

    A graph that was refused, a source that is missing and a render that somebody stopped stay as they are.
    """
    return isinstance(error, _WORTH_IT)


def pause_s(failures: int, first_s: float) -> float:
    """How long to wait after so many failures of a scene: doubled each time, at most five minutes."""
    return min(first_s * 2 ** max(failures - 1, 0), 300.0)


def same_way(error: LtxlibError) -> str:
    """What failures that have one cause have in common: their kind and words without numbers and names."""
    words = re.sub(r"[\w./-]*\d[\w./-]*|“[^”]*”", "#", error.message)
    return f"{type(error).__name__}: {words}"


@dataclass
class Record:
    """What failed since the last take that was made.

    by_scene: failures of each scene since a take of it was made. alike: for each way of failing, the scenes
    that failed so, with the least work that did (pixels times frames).
    """

    by_scene: Counter[str] = field(default_factory=Counter)
    alike: dict[str, dict[str, int]] = field(default_factory=dict)

    def failed(self, scene: str, error: LtxlibError, work: int) -> int:
        """Write down a failure; gives how many the scene has had."""
        self.by_scene[scene] += 1
        scenes = self.alike.setdefault(same_way(error), {})
        scenes[scene] = min(work, scenes.get(scene, work))
        return self.by_scene[scene]

    def made(self, scene: str) -> None:
        """A take was made: its scene starts afresh, and not everything fails."""
        del self.by_scene[scene]
        self.alike.clear()

    def all_alike(self, error: LtxlibError, least_left: int | None) -> bool:
        """Whether so many scenes failed like this one that going on burns the night.

        least_left: the work of the smallest take still to be made. Where memory runs out, smaller takes than
        those that failed are tried first.
        """
        scenes = self.alike.get(same_way(error), {})
        if len(scenes) < SCENES_ALIKE:
            return False
        memory = isinstance(error, RenderFailed) and error.out_of_memory
        return not (memory and least_left is not None and least_left < min(scenes.values()))
