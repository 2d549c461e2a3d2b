"""What is kept beside a master: what it is, what it was made of, what making it took."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ltxlib.core.take import Take
from ltxlib.media.settings import MasterReport
from ltxlib.store.journal import now
from ltxlib.store.project import Shelf
from ltxlib.studio.certifying import Certificate, certificate_path
from ltxlib.studio.film_plan import FilmPlan


@dataclass(frozen=True)
class Film:
    """A finished master and what is known of it; reused is True when the same film was there already."""

    path: Path
    frames: int
    duration_s: float
    facts: dict[str, Any]
    reused: bool

    @property
    def certificate(self) -> Path | None:
        """What was looked at in the finished file, for people; None where nobody wrote it."""
        path = certificate_path(self.path)
        return path if path.is_file() else None


def masters(shelf: Shelf) -> list[Path]:
    """Finished films, newest first."""
    found = [path for path in shelf.masters.glob("*.mp4") if path.with_suffix(".json").is_file()]
    return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)


def made_before(plan: FilmPlan) -> Film | None:
    """The film of this plan, if it was made and is still whole."""
    target = plan.target
    try:
        facts = json.loads(target.with_suffix(".json").read_bytes())
        whole = facts["digest"] == plan.digest and target.stat().st_size == facts["size_bytes"]
        if whole:
            return Film(target, int(facts["frames"]), float(facts["duration_s"]), facts, reused=True)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return None


def facts_of(
    plan: FilmPlan,
    report: MasterReport,
    takes: Sequence[Take],
    certificate: Certificate,
    coded_px: int,
) -> dict[str, Any]:
    """The record of a film that was just made. coded_px: pixels of picture that had to be coded for it."""
    doubts = [f"{line.what}: {line.seen} {line.cure}".strip() for line in certificate.doubts]
    timeline, laid = plan.timeline, plan.laid
    head, tail = (cut.frames if not cut.take else 0 for cut in (timeline.cuts[0], timeline.cuts[-1]))
    facts = {
        "master": plan.target.name,
        "digest": plan.digest,
        "made_at": now(),
        "frames": report.frames,
        "duration_s": float(report.duration_s),
        "sha256": report.sha256,
        "size_bytes": report.size_bytes,
        "fps": str(timeline.fps),
        "width_px": timeline.width_px,
        "height_px": timeline.height_px,
        "crossfade_frames": timeline.crossfade_frames,
        "integrated_lufs": report.integrated_lufs,
        "true_peak_dbtp": report.true_peak_dbtp,
        "gain_db": report.gain_db,
        "notes": list(dict.fromkeys([*plan.notes, *report.notes, *doubts])),
        "certificate": certificate.to_json(),
        # When the first scene begins: after the card, less what the two share.
        "begins_frames": head - (timeline.joints_frames[1] if head else 0),
        "head_frames": head,
        "tail_frames": tail,
        "once_frames": laid.frames,
        "variety": varied_facts(plan),
        "took": {"seconds": report.seconds, "coded_px": coded_px, "machine": machine()},
        "made_of": plan.made_of,
        "made_otherwise": [_lowered(take) for take in takes if take.asked],
    }
    if plan.long:
        long = {"cycle_frames": plan.long.cycle_frames, "cycle_cuts": len(plan.long.cycle.cuts)}
        facts["long"] = {**asdict(plan.settings.long), **long}
    return facts


def varied_facts(plan: FilmPlan) -> dict[str, Any]:
    """How varied the film is, for its record."""
    varied = plan.variety
    return {"clips": varied.clips, "unique_s": round(varied.unique_s, 3), "repeats": round(varied.repeats, 2)}


def machine() -> str:
    """A name for this machine that tells nobody anything else, to know its own figures by."""
    words = f"{platform.node()} {platform.machine()} {os.cpu_count()}"
    return hashlib.sha256(words.encode()).hexdigest()[:8]


def _lowered(take: Take) -> dict[str, Any]:
    """A take that was made with less memory, as the manifest tells of it."""
    return {
        "scene": take.scene,
        "take": take.take_id,
        "asked": take.asked,
        "rung": take.rung,
        "says": take.made_otherwise,
    }
