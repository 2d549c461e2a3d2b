"""Where nodes stand on ComfyUI's canvas: sizes as the web client draws them, groups in rows.

All measures are canvas pixels. Sizes: WORKFLOW_FORMAT 12, measured in the client.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

TITLE_PX = 30  # above a node's position
GAP_X_PX, GAP_Y_PX = 50, 24
WIDEST_PX = 480  # a node whose values are longer than that is cut in the client, as people know it
GROUP_FONT_PX = 40  # readable even when the whole graph is in view
GROUP_HEAD_PX, GROUP_PAD_PX = 64, 24
GROUP_GAP_PX = 60


@dataclass(frozen=True)
class Box:
    """A rectangle: its upper left corner and its extent."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Where it ends on the right."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Where it ends below."""
        return self.y + self.height

    def overlaps(self, other: Box) -> bool:
        """Whether two rectangles share any area."""
        return (
            self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom
        )

    def holds(self, other: Box) -> bool:
        """Whether the other lies wholly within."""
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.right <= self.right
            and other.bottom <= self.bottom
        )


def node_size(
    title: str, sockets: int, outputs: int, widgets: int, multilines: int = 0, letters: int = 0
) -> tuple[int, int]:
    """Width and height of a node's body.

    widgets: all of them, multilines: those for long text. letters: of the longest line of the others, which
    is a widget's name and its value.
    """
    rows = 20 * max(sockets, outputs)
    height = rows + (24 * widgets + 14 if widgets else 6) + 30 * multilines
    width = max(300 if widgets else 240, 60 + round(7.4 * len(title)))
    if letters:
        width = max(width, min(84 + round(6.6 * letters), WIDEST_PX))
    if multilines:
        return max(width, 400), max(height, 200)
    return width, height


@dataclass(frozen=True)
class Section:
    """A titled group: columns of node keys, left to right, each from top to bottom."""

    title: str
    columns: tuple[tuple[str, ...], ...]
    color: str
    row: int


def arrange(
    sections: Sequence[Section], sizes: Mapping[str, tuple[float, float]]
) -> tuple[dict[str, Box], list[Box]]:
    """A place for every node and a frame for every section, sections side by side within their row."""
    places: dict[str, Box] = {}
    frames: dict[int, Box] = {}
    top = 0.0
    for row in sorted({section.row for section in sections}):
        left, deepest = 0.0, top
        members = [number for number, section in enumerate(sections) if section.row == row]
        for number in members:
            frame = _fill(sections[number], sizes, left, top, places)
            frames[number] = frame
            left, deepest = frame.right + GROUP_GAP_PX, max(deepest, frame.bottom)
        for number in members:  # frames of one row end at the same height: easier on the eye
            frame = frames[number]
            frames[number] = Box(frame.x, frame.y, frame.width, deepest - frame.y)
        top = deepest + GROUP_GAP_PX
    return places, [frames[number] for number in range(len(sections))]


def _fill(
    section: Section,
    sizes: Mapping[str, tuple[float, float]],
    left: float,
    top: float,
    places: dict[str, Box],
) -> Box:
    x, deepest = left + GROUP_PAD_PX, top
    for column in section.columns:
        y = top + GROUP_HEAD_PX + TITLE_PX
        widest = max(sizes[key][0] for key in column)
        for key in column:
            # One width per column, so that the edges line up.
            places[key] = Box(x, y, widest, sizes[key][1])
            y = places[key].bottom + GAP_Y_PX + TITLE_PX
            deepest = max(deepest, places[key].bottom)
        x += widest + GAP_X_PX
    return Box(left, top, x - GAP_X_PX + GROUP_PAD_PX - left, deepest + GROUP_PAD_PX - top)
