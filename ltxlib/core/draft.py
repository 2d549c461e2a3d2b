"""A draft: what stage one of a two-stage graph makes, before anything is enlarged and refined.

It is cut out of the flattened graph of the finished take: whatever decodes picture or sound gets the latents
as they were before the enlarger, and what then feeds nobody is dropped. All before that point stays as it is
(seed, size, frames, sigmas, pictures held), so a draft is the very picture that the finished take is made of,
whichever graph makes it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from ltxlib.core.file_format import who
from ltxlib.core.plan import RenderPlan
from ltxlib.core.schema import NodeSchema
from ltxlib.core.take import DRAFT
from ltxlib.core.wiring import enlargement, enlarges, is_link, repeats, running_order, takers
from ltxlib.errors import WorkflowError

_DECODED = frozenset({"IMAGE", "AUDIO"})
_PICTURE, _SOUND = "video", "audio"
_ONE_STAGE_CURE = (
    "Drafts are the first of two stages. Render takes of this scene instead, or choose 2 stages for it."
)


@dataclass(frozen=True)
class Draft:
    """The graph of a draft (API form), and how many times larger the finished clip's sides are."""

    graph: dict[str, Any]
    factor: float


def draft_of(api: Mapping[str, Any], schema: NodeSchema) -> Draft:
    """The draft of a flattened graph whose values are written already; the graph itself stays as it is.

    Raises WorkflowError where the graph enlarges nothing, or where its stages cannot be told apart.
    """
    enlargers = [node_id for node_id in api if enlarges(api, node_id)]
    if not enlargers:
        raise WorkflowError(
            "This scene is made in one stage, so there is no draft of it.", cure=_ONE_STAGE_CURE
        )
    late = _all_after(api, enlargers)
    graph = deepcopy(dict(api))
    pictures = []
    for node_id, name in _decoders(api, schema):
        source = api[node_id]["inputs"][name]
        if source[0] in late:
            early = _before(api, schema, source, late)
            graph[node_id]["inputs"][name] = early
            pictures += [early[0]] if _gives_picture(api, schema, node_id) else []
    if not pictures:
        raise WorkflowError(
            "The graph enlarges a film, but no node of it makes a picture of that film.",
            cure="Open it in ComfyUI and see that stage two ends in a VAE Decode.",
        )
    # What served stage two goes; what hung loose before, away from it, stays as loose as it was.
    for node_id in (_needed(api, schema) | late) - _needed(graph, schema):
        del graph[node_id]
    for node_id in enlargers:
        if node_id in graph:
            raise WorkflowError(
                f"{_name(api, node_id)} is needed for more than the second stage, so no draft can be made.",
                cure="Open the graph in ComfyUI and take out what else hangs on it.",
            )
    return Draft(graph, max(enlargement(api, node_id) for node_id in pictures))


def plan_draft(take: RenderPlan, factor: float) -> RenderPlan:
    """The plan of the draft of a take: the same seed and values; `factor` as `draft_of` tells it."""
    fingerprint = hashlib.sha256(json.dumps({"draft of": take.fingerprint}).encode()).hexdigest()
    return replace(
        take,
        take_id=f"{DRAFT}{take.take_no:02d}-{fingerprint[:10]}",
        fingerprint=fingerprint,
        draft_factor=factor,
    )


def _all_after(api: Mapping[str, Any], starts: list[str]) -> set[str]:
    """These nodes and everything that hangs on them."""
    given, found, open_ = takers(api), set(starts), list(starts)
    while open_:
        for taker, _ in given[open_.pop()]:
            if taker not in found:
                found.add(taker)
                open_.append(taker)
    return found


def _decoders(api: Mapping[str, Any], schema: NodeSchema) -> list[tuple[str, str]]:
    """Where latents become picture or sound: (node id, the input that takes the latent)."""
    found = []
    for node_id, node in api.items():
        node_class = schema.get(node["class_type"])
        if node_class is None or not (_DECODED & set(node_class.outputs) or node_class.is_output):
            continue
        found += [(node_id, name) for name in _latents_into(api, schema, node_id)]
    return found


def _gives_picture(api: Mapping[str, Any], schema: NodeSchema, node_id: str) -> bool:
    node_class = schema.get(api[node_id]["class_type"])
    return node_class is not None and "IMAGE" in node_class.outputs


def _latents_into(api: Mapping[str, Any], schema: NodeSchema, node_id: str) -> list[str]:
    """The inputs of a node that are wired to a latent."""
    names = []
    for name, value in api[node_id]["inputs"].items():
        if is_link(value, api):
            giver = schema.get(api[value[0]]["class_type"])
            if giver is not None and value[1] < len(giver.outputs) and giver.outputs[value[1]] == "LATENT":
                names.append(name)
    return names


def _before(api: Mapping[str, Any], schema: NodeSchema, source: list[Any], late: set[str]) -> list[Any]:
    """The same film, or the same sound, as it was before the enlarger: (node id, output)."""
    kind = ""
    while source[0] in late:
        node_id, slot = source
        if repeats(api, node_id):
            raise WorkflowError(
                f"{_name(api, node_id)} makes more frames after the film is enlarged, so a draft would run at"
                " another speed.",
                cure="Make a graph without it for drafts, or render takes instead.",
            )
        giver = schema.get(api[node_id]["class_type"])
        names = giver.output_names if giver is not None else ()
        kind = _kind(names[slot]) if slot < len(names) and _kind(names[slot]) else kind
        inputs = _latents_into(api, schema, node_id)
        if len(inputs) > 1:
            inputs = [name for name in inputs if kind and _kind(name) == kind]
        if len(inputs) != 1:
            raise WorkflowError(
                f"{_name(api, node_id)} stands between the two stages in a way that the kit does not know, so"
                " no draft can be made.",
                cure="Render takes of this scene instead.",
            )
        source = api[node_id]["inputs"][inputs[0]]
    return list(source)


def _kind(name: str) -> str:
    """Whether a socket's name speaks of the film or of the sound."""
    return next((kind for kind in (_PICTURE, _SOUND) if kind in name.lower()), "")


def _needed(api: Mapping[str, Any], schema: NodeSchema) -> set[str]:
    """The nodes that something which is saved or shown is made of."""
    found: set[str] = set()
    for node_id in reversed(running_order(api)[0]):
        node_class = schema.get(api[node_id]["class_type"])
        if node_id in found or (node_class is not None and node_class.is_output):
            inputs = api[node_id]["inputs"].values()
            found |= {node_id, *(value[0] for value in inputs if is_link(value, api))}
    return found


def _name(api: Mapping[str, Any], node_id: str) -> str:
    return who({"id": node_id, "title": api[node_id]["_meta"]["title"]})
