"""How far a clip goes beyond what anybody has reported to have made: told as a warning, never refused."""

from __future__ import annotations

from ltxlib.core import catalog, specials
from ltxlib.core.modes import MODES
from ltxlib.core.problem import Problem
from ltxlib.core.scene import Scene

FAR = 2.0


def check_reach(scene: Scene, where: str) -> list[Problem]:
    """A warning when a clip is more than twice the work, in pixels times frames, of the largest reported.

    where: file and row. Nothing is said of a model of which no time is known at all, of smaller clips, nor of
    those made piece by piece.
    """
    model = catalog.KNOWN[scene.model]
    largest = max(model.times, key=lambda report: report.work, default=None)
    if largest is None or not MODES[scene.mode].sized or specials.in_pieces(scene):
        return []
    times = scene.width * scene.height * scene.clip_frames / largest.work
    if times <= FAR:
        return []
    low_s, high_s = model.render_s(scene.width, scene.height, scene.clip_frames) or (0.0, 0.0)
    known = f"{largest.width_px}x{largest.height_px}, {largest.frames} frames, on {largest.gpu}"
    what = (
        f"{scene.width}x{scene.height} with {scene.clip_frames} frames is {times:.1f} times the largest clip"
        f" of which anybody told a time ({known}). It would take some {_minutes(low_s)} to"
        f" {_minutes(high_s)} minutes a take, and more memory than was reported."
    )
    cure = "Try it with one take first; if memory runs out, choose a smaller size or fewer seconds."
    return [Problem(f"{where}, column {_column(scene)}", what, cure, warning=True)]


def _minutes(seconds: float) -> str:
    return f"{max(1, round(seconds / 60))}"


def _column(scene: Scene) -> str:
    return "frames" if scene.clip_frames > 65 else "width"
