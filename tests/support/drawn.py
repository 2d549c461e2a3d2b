"""Where ComfyUI's client draws a node, for tests of layouts; and workflows tagged in memory."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from ltxlib.core.binding import Binding
from ltxlib.core.layout import TITLE_PX, Box
from ltxlib.core.schema import NodeSchema
from ltxlib.core.tagging import add_tags


def with_title(box: Box) -> Box:
    """What a node covers, its title bar included."""
    return Box(box.x, box.y - TITLE_PX, box.width, box.height + TITLE_PX)


def with_tags(workflow: Mapping[str, Any], bindings: Iterable[Binding], schema: NodeSchema) -> dict[str, Any]:
    """A copy of a workflow that has the tags of these bindings."""
    changed = copy.deepcopy(dict(workflow))
    add_tags(changed, bindings, schema)
    return changed
