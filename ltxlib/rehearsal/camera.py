"""A slow camera: which part of the canvas is seen at each moment."""

from __future__ import annotations

from dataclasses import dataclass

Box = tuple[float, float, float, float]

# How each move named by a camera LoRA file shifts the view: (closer, to the right, upward).
MOVES = {
    "dolly-in": (1.0, 0.0, 0.0),
    "dolly-out": (-1.0, 0.0, 0.0),
    "dolly-left": (0.0, -1.0, 0.0),
    "dolly-right": (0.0, 1.0, 0.0),
    "jib-up": (0.0, 0.0, 1.0),
    "jib-down": (0.0, 0.0, -1.0),
}
REACH = 0.07
SETTLE_S = 4.0
MOST_STRENGTH = 2.0


@dataclass(frozen=True)
class Camera:
    """One move over the clip; all zero is a static camera."""

    closer: float
    right: float
    up: float
    width: int
    height: int
    from_all: bool = False

    @classmethod
    def named(cls, name: str, strength: float, width: int, height: int, *, from_all: bool = False) -> Camera:
        """The move a camera LoRA's file name tells of; an unknown or empty name stands still.

        from_all: the first frame shows the whole picture, so moving back has nothing to show and stays put.
        """
        plain = name.casefold().replace("_", "-").replace(" ", "-")
        move = next((move for word, move in MOVES.items() if word in plain), (0.0, 0.0, 0.0))
        much = max(-MOST_STRENGTH, min(MOST_STRENGTH, strength))
        return cls(*(part * much for part in move), width, height, from_all)

    def box(self, t: float, length_s: float) -> Box | None:
        """The part of the canvas (left, top, right, bottom in its pixels) seen at `t`; None for all of it."""
        if not (self.closer or self.right or self.up):
            return None
        gone = min(1.0, t / max(length_s, 1e-6))
        far = REACH * min(1.0, length_s / SETTLE_S)
        gone = gone * gone * (3 - 2 * gone) * 0.5 + gone * 0.5
        side = far * max(abs(self.right), abs(self.up))
        if self.from_all:
            inset = 0.5 * gone * (far * max(0.0, self.closer) + side)
            x, y = self.right * far * gone / 2, -self.up * far * gone / 2
        else:
            inset = 0.5 * (far * abs(self.closer) * (gone if self.closer > 0 else 1 - gone) + side)
            x, y = self.right * far * (gone - 0.5), -self.up * far * (gone - 0.5)
        left, top = (inset + x) * self.width, (inset + y) * self.height
        return left, top, left + self.width * (1 - 2 * inset), top + self.height * (1 - 2 * inset)
