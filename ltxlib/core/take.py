"""A take: one rendering of a scene, and the record that lies beside its clip."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from ltxlib.core.modes import MODES

KEEP, REJECT, UNDECIDED = "keep", "reject", "undecided"
DECISIONS = (KEEP, REJECT, UNDECIDED)
RECORD_VERSION = 1
# A draft's id begins with this word, a take's with another: by it their files are told apart.
DRAFT = "draft"


@dataclass(frozen=True)
class ClipFacts:
    """What the clip's file is, measured after it was saved; fps is exact, as "24000/1001".

    Sound alone has no width, height and frames, and "0" as fps.
    """

    file: str
    size_bytes: int
    sha256: str
    width_px: int
    height_px: int
    frames: int
    fps: str
    duration_s: float
    has_sound: bool


@dataclass(frozen=True)
class Take:
    """All that is known of one take; from here back to its scene row and forward to the film.

    enhanced_prompt is what the text encoder made of the prompt, empty when the prompt was filmed as it is.
    graph is the API graph as it was sent. warnings are what the check of the clip found worth saying; a take
    with errors is never recorded as made. made_at is UTC, ISO 8601. render_s is wall time. draft: it is
    stage one alone. from_draft: the draft it was finished from; empty for a take that began as none.
    source and end_source are the keys of the takes it starts from, with the SHA-256 of their clips.
    overlap_frames: how many frames at its beginning show again the end of the take named in goes_on_from.
    rung: how far down the ladder for want of memory it was made, 0 is as asked. asked: the id of the take
    that it stands in for; empty where it is itself the one that was asked for.
    """

    take_id: str
    scene: str
    take_no: int
    seed: int
    fingerprint: str
    mode: str
    model: str
    prompt: str
    negative_prompt: str
    workflow: str
    workflow_sha256: str
    prompt_id: str
    made_at: str
    render_s: float
    rehearsal: bool
    clip: ClipFacts
    settings: Mapping[str, Any] = field(default_factory=dict)
    server: Mapping[str, Any] = field(default_factory=dict)
    graph: Mapping[str, Any] = field(default_factory=dict)
    image: str = ""
    image_sha256: str = ""
    end_image: str = ""
    end_image_sha256: str = ""
    enhanced_prompt: str = ""
    draft: bool = False
    from_draft: str = ""
    source: str = ""
    source_sha256: str = ""
    end_source: str = ""
    end_source_sha256: str = ""
    overlap_frames: int = 0
    goes_on_from: str = ""
    instead_of: str = ""
    rung: int = 0
    asked: str = ""
    warnings: tuple[str, ...] = ()
    kit_version: str = ""
    record_version: int = RECORD_VERSION

    @property
    def key(self) -> str:
        """The take's name in the whole project, "scene/take"."""
        return f"{self.scene}/{self.take_id}"

    @property
    def made_otherwise(self) -> str:
        """What it is for want of memory otherwise than asked, in a sentence; empty where it is as asked.

        It is the first thing that is said of such a take when it is saved.
        """
        return self.warnings[0] if self.asked and self.warnings else ""

    @property
    def sound_alone(self) -> bool:
        """Whether it is sound without a picture, which has no place of its own in a film."""
        return self.mode in MODES and MODES[self.mode].sound_alone

    @property
    def keeps_picture(self) -> bool:
        """Whether its picture is that of its source, and only the sound is new."""
        return self.mode in MODES and MODES[self.mode].keeps_picture

    def to_json(self) -> dict[str, Any]:
        """The take as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Take:
        """The take a record holds; keys of newer kits are passed over.

        Raises KeyError, TypeError or ValueError when the record is not one.
        """
        known = {f.name for f in fields(cls)}
        clip_known = {f.name for f in fields(ClipFacts)}
        clip = ClipFacts(**{k: v for k, v in dict(data["clip"]).items() if k in clip_known})
        values = {k: v for k, v in data.items() if k in known}
        take = cls(**{**values, "clip": clip})
        return replace(take, warnings=tuple(take.warnings))


def as_recorded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a plan as a record holds them, so that a take equals itself when it is read again."""
    plain: dict[str, Any] = json.loads(json.dumps(values))
    return plain


def newest_good(takes: list[Take], decisions: Mapping[str, str]) -> Take | None:
    """The take of one scene that goes into the film: the newest kept one, else the newest not rejected.

    decisions: take key to decision.
    """
    by_age = sorted(takes, key=lambda take: (take.made_at, take.take_no))
    kept = [take for take in by_age if decisions.get(take.key) == KEEP]
    good = kept or [take for take in by_age if decisions.get(take.key) != REJECT]
    return good[-1] if good else None
