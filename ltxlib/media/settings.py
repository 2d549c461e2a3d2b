"""How a film is to be finished, how far a render is, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from ltxlib.core.problem import Problem
from ltxlib.core.soundtrack import Soundtrack

PRESETS = (
    "ultrafast",
    "superfast",
    "veryfast",
    "faster",
    "fast",
    "medium",
    "slow",
    "slower",
    "veryslow",
)
# What codes the picture: x264; the graphics card's encoder (NVENC) where a trial shows that it can, both
# "auto" and "nvenc". x264 comes first, as its quality was measured, and a film is the same on every machine.
ENCODERS = ("x264", "auto", "nvenc")


@dataclass(frozen=True)
class MasterSettings:
    """How the film is finished.

    target_lufs: loudness, -40 to -5. ceiling_dbtp: highest true peak, -20 to 0. crf: 1 (finest) to 51, 18 is
    hard to tell from the source. preset: x264's, one of PRESETS. fade_in_s, fade_out_s: from and to black
    and silence, inside the film's length. audio_kbps: 64 to 512. tags: for the file (title, comment, ...).
    soundtrack: what sounds beside the clips, its files named in full. encoder: one of ENCODERS.
    """

    target_lufs: float = -18.0
    ceiling_dbtp: float = -1.0
    crf: float = 18.0
    preset: str = "veryfast"
    fade_in_s: float = 0.5
    fade_out_s: float = 1.0
    audio_kbps: int = 384
    tags: Mapping[str, str] = field(default_factory=dict)
    soundtrack: Soundtrack = field(default_factory=Soundtrack)
    encoder: str = "x264"

    def fade_frames(self, frames: int, fps: Fraction) -> tuple[int, int]:
        """Both fades in frames of a film of so many; neither takes more than half of it."""
        fade_in, fade_out = (
            min(round(seconds * fps), frames // 2) for seconds in (self.fade_in_s, self.fade_out_s)
        )
        return fade_in, fade_out

    def problems(self) -> list[Problem]:
        """Everything that cannot be made as it is set; an empty list when all can."""
        ranges = (
            ("loudness", self.target_lufs, -40.0, -5.0, "LUFS"),
            ("peak ceiling", self.ceiling_dbtp, -20.0, 0.0, "dBTP"),
            ("picture quality (crf)", self.crf, 1.0, 51.0, ""),
            ("fade in", self.fade_in_s, 0.0, 60.0, "seconds"),
            ("fade out", self.fade_out_s, 0.0, 600.0, "seconds"),
            ("sound bit rate", self.audio_kbps, 64, 512, "kb/s"),
        )
        found = [
            Problem(
                "settings",
                f"The {name} is {value:g}.",
                f"Choose from {low:g} to {high:g} {unit}.".replace(" .", "."),
            )
            for name, value, low, high, unit in ranges
            if not low <= value <= high
        ]
        found += self.soundtrack.problems()
        if self.preset not in PRESETS:
            found.append(
                Problem("settings", f"x264 has no preset {self.preset!r}.", f"Use {', '.join(PRESETS)}.")
            )
        if self.encoder not in ENCODERS:
            what = f"There is no encoder called {self.encoder!r}."
            found.append(Problem("settings", what, f"Use {', '.join(ENCODERS)}."))
        return found


@dataclass(frozen=True)
class MasterProgress:
    """How far a render is. phase: look, sound, picture, check. done of total: frames in the picture phase,
    else steps. part: the whole work, 0 to 1, never falling."""

    phase: str
    done: int
    total: int
    part: float


@dataclass(frozen=True)
class MasterReport:
    """What was made. seconds: spent per phase. notes: what people should know, one sentence each.

    integrated_lufs and true_peak_dbtp are measured on the sound as coded (None: silent); gain_db was applied.
    """

    path: Path
    frames: int
    duration_s: float
    integrated_lufs: float | None
    true_peak_dbtp: float | None
    gain_db: float
    sha256: str
    size_bytes: int
    seconds: dict[str, float]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class CardLook:
    """How a title card looks: colours of words and ground (red, green, blue, 0-255), fade of the words."""

    ink: tuple[int, int, int] = (214, 206, 190)
    paper: tuple[int, int, int] = (14, 16, 20)
    fade_s: float = 0.8
