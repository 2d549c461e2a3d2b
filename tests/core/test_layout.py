"""Nodes stand where they can be read."""

from __future__ import annotations

from ltxlib.core.layout import Box, Section, arrange, node_size
from tests.support.drawn import with_title


def test_boxes_know_when_they_share_area() -> None:
    """Touching edges are no overlap; lying within is."""
    box = Box(0, 0, 100, 50)
    assert not box.overlaps(Box(100, 0, 10, 10))
    assert box.overlaps(Box(99, 49, 10, 10))
    assert box.holds(Box(10, 10, 20, 20))
    assert not box.holds(Box(90, 10, 20, 20))
    assert (box.right, box.bottom) == (100, 50)


def test_sizes_follow_the_client() -> None:
    """Rows of sockets, widgets and long texts make a node as high as the client draws it."""
    assert node_size("x", sockets=3, outputs=1, widgets=0) == (240, 66)
    assert node_size("x", sockets=0, outputs=1, widgets=2) == (300, 82)
    assert node_size("x", sockets=1, outputs=1, widgets=1, multilines=1) == (400, 200)
    assert node_size("t" * 60, sockets=0, outputs=0, widgets=1)[0] > 400


def test_rows_stand_below_each_other_and_sections_side_by_side() -> None:
    """Three sections in two rows keep their order, leave gaps and end at the same height in a row."""
    sections = [
        Section("a", (("a1", "a2"),), "#fff", 0),
        Section("b", (("b1",), ("b2",)), "#fff", 0),
        Section("c", (("c1",),), "#fff", 1),
    ]
    sizes = {"a1": (200, 100), "a2": (300, 50), "b1": (200, 400), "b2": (240, 40), "c1": (900, 30)}
    places, (a, b, c) = arrange(sections, sizes)
    assert a.bottom == b.bottom
    assert a.right < b.x
    assert c.y > b.bottom
    assert places["a1"].width == places["a2"].width == 300
    assert places["b1"].right < places["b2"].x
    for frame, keys in ((a, ("a1", "a2")), (b, ("b1", "b2")), (c, ("c1",))):
        assert all(frame.holds(with_title(places[key])) for key in keys)
    covered = [with_title(place) for place in places.values()]
    assert not any(x.overlaps(y) for i, x in enumerate(covered) for y in covered[i + 1 :])
