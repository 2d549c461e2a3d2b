"""The nodes that the rehearsal can perform, by class."""

from __future__ import annotations

from ltxlib.rehearsal import (
    nodes_image,
    nodes_latent,
    nodes_load,
    nodes_pack,
    nodes_sample,
    nodes_save,
    nodes_text,
)
from ltxlib.rehearsal.calls import Call, Made, NodeFailed, Performer

PERFORMERS: dict[str, Performer] = {
    **nodes_load.PERFORMERS,
    **nodes_sample.PERFORMERS,
    **nodes_latent.PERFORMERS,
    **nodes_image.PERFORMERS,
    **nodes_save.PERFORMERS,
    **nodes_pack.PERFORMERS,
    **nodes_text.PERFORMERS,
}


def perform(call: Call) -> Made:
    """Let a node do its work. A class that is known but cannot be imitated fails, and says so."""
    performer = PERFORMERS.get(call.class_type)
    if performer is None:
        raise NodeFailed("RuntimeError", f"the rehearsal cannot perform {call.class_type}")
    made = performer(call)
    return made if isinstance(made, Made) else Made(made)
