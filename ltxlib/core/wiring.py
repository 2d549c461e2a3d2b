"""Questions about a flattened graph: what feeds what, how much it enlarges, where the sound goes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ltxlib.core.schema import NodeSchema

_UPSAMPLER = "LTXVLatentUpsampler"
_FACTOR = re.compile(r"x(\d+(?:\.\d+)?)")


def is_link(value: Any, api: Mapping[str, Any]) -> bool:
    """Whether an input's value is a wire to another node of the graph."""
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and value[0] in api


def takers(api: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Who takes what a node gives: node id -> (node id, input name) of each wire."""
    found: dict[str, list[tuple[str, str]]] = {node_id: [] for node_id in api}
    for node_id, node in api.items():
        for name, value in node["inputs"].items():
            if is_link(value, api):
                found[value[0]].append((node_id, name))
    return found


def upstream(api: Mapping[str, Any], outputs: list[str]) -> list[str]:
    """These nodes and all that they need, which is all that a server looks at."""
    seen = dict.fromkeys(outputs)
    waiting = list(outputs)
    while waiting:
        for value in api[waiting.pop()]["inputs"].values():
            if is_link(value, api) and value[0] not in seen:
                seen[value[0]] = None
                waiting.append(value[0])
    return list(seen)


def running_order(api: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Node ids so that feeders come first, and those left over: in a ring of wires, or behind one."""
    given = takers(api)
    missing = {
        node_id: sum(is_link(value, api) for value in node["inputs"].values())
        for node_id, node in api.items()
    }
    order = [node_id for node_id, count in missing.items() if count == 0]
    for node_id in order:
        for taker, _ in given[node_id]:
            missing[taker] -= 1
            if missing[taker] == 0:
                order.append(taker)
    return order, [node_id for node_id, count in missing.items() if count > 0]


def in_a_ring(api: Mapping[str, Any]) -> str | None:
    """A node that feeds itself by way of others; None when there is no ring."""
    _, left = running_order(api)
    if not left:
        return None
    # Walk back until a node comes again: that one is in the ring, not merely behind it.
    node_id, path = left[0], []
    while node_id not in path:
        path.append(node_id)
        sources = (value[0] for value in api[node_id]["inputs"].values() if is_link(value, api))
        node_id = next(source for source in sources if source in left)
    return node_id


def enlargement(api: Mapping[str, Any], start: str) -> float:
    """By how much the picture grows from this node to the end: 2 with one spatial upsampler of x2."""
    given = takers(api)
    known: dict[str, float] = {}
    for node_id in reversed(running_order(api)[0]):
        after = max((known[taker] for taker, _ in given[node_id]), default=1.0)
        known[node_id] = after * _factor(api, node_id)
    return max((known[taker] for taker, _ in given[start]), default=1.0)


def enlarges(api: Mapping[str, Any], node_id: str) -> bool:
    """Whether a node makes the film's pictures larger."""
    return _factor(api, node_id) > 1


def repeats(api: Mapping[str, Any], node_id: str) -> bool:
    """Whether a node makes more frames of a film."""
    return api[node_id]["class_type"] == _UPSAMPLER and "temporal" in _upscale_model(api, node_id)


def _upscale_model(api: Mapping[str, Any], node_id: str) -> str:
    model = api[node_id]["inputs"].get("upscale_model")
    loader = api[model[0]]["inputs"] if is_link(model, api) else {}
    return str(loader.get("model_name", ""))


# What a latent comes in by: the picture's part of its way through a graph.
_LATENT_INPUTS = ("latent_image", "latents", "latent", "samples", "av_latent", "video_latent")


def enlarged_later(api: Mapping[str, Any], sampler: str) -> float:
    """By how much the picture sampled here grows to the end, even where another branch enlarges it."""
    waiting, factors = [sampler], [1.0]
    for node_id in waiting:
        if node_id != sampler and api[node_id]["class_type"] == _UPSAMPLER:
            continue
        factors.append(enlargement(api, node_id))
        sources = (api[node_id]["inputs"].get(name) for name in _LATENT_INPUTS)
        waiting += [one[0] for one in sources if is_link(one, api) and one[0] not in waiting]
    return max(factors)


def _factor(api: Mapping[str, Any], node_id: str) -> float:
    if api[node_id]["class_type"] != _UPSAMPLER or repeats(api, node_id):
        return 1.0
    name = _upscale_model(api, node_id)
    factor = _FACTOR.search(name)
    return float(factor[1]) if factor else 2.0


def has_sound(api: Mapping[str, Any], schema: NodeSchema) -> bool:
    """Whether sound is plugged into a node that makes or saves the video."""
    return any(
        is_link(node["inputs"].get("audio"), api)
        and (known is None or "VIDEO" in known.outputs or known.is_output)
        for node in api.values()
        for known in [schema.get(node["class_type"])]
    )


def cut_sound(api: dict[str, Any], schema: NodeSchema) -> None:
    """Unplug sound from every node that makes a video of it, and drop what then feeds nobody."""
    loose = []
    for node in api.values():
        node_class = schema.get(node["class_type"])
        if node_class is None or "VIDEO" not in node_class.outputs:
            continue
        spec = node_class.by_name.get("audio")
        if spec is not None and spec.type == "AUDIO" and is_link(node["inputs"].get("audio"), api):
            loose.append(node["inputs"].pop("audio")[0])
    # Where sound was made beside a picture that goes another way, its parting is left with nobody to give to.
    given = takers(api)
    loose += [key for key, node in api.items() if node["class_type"] == _PART and not given[key]]
    _drop_unused(api, schema, loose)


def _drop_unused(api: dict[str, Any], schema: NodeSchema, loose: list[str]) -> None:
    """Take these nodes out, and what feeds only them, as far as nobody else takes what they give."""
    while loose:
        node_id = loose.pop()
        if node_id not in api or takers(api)[node_id]:
            continue
        node_class = schema.get(api[node_id]["class_type"])
        if node_class is not None and node_class.is_output:
            continue
        inputs = api.pop(node_id)["inputs"]
        loose += [value[0] for value in inputs.values() if is_link(value, api)]


# Nodes that sample what comes in at `latent_image` and give it on: picture and sound together, or one alone.
_SAMPLERS = frozenset({"SamplerCustomAdvanced", "SamplerCustom", "KSampler"})
_SCHEDULER = "LTXVScheduler"
_JOIN, _PART, _NO_SOUND = "LTXVConcatAVLatent", "LTXVSeparateAVLatent", "LTXVEmptyLatentAudio"


CARRIED = "[ltx.carried_sound]"


def begin_silent(api: dict[str, Any], schema: NodeSchema) -> None:
    """Let the sound begin empty instead of with that of a source, where the graph has both to choose from."""
    empty = next((node_id for node_id, node in api.items() if node["class_type"] == _NO_SOUND), None)
    carried = [node_id for node_id, node in api.items() if CARRIED in str(node["_meta"]["title"])]
    if empty is not None:
        for node_id in carried:
            _reroute(api, node_id, {0: [empty, 0]})
        _drop_unused(api, schema, carried)


def drop_sound_branch(api: dict[str, Any], schema: NodeSchema) -> bool:
    """Take the sound out of the sampling itself, once nothing hears it; False where the graph forbids it.

    Allowed where picture and sound are joined, sampled and parted by the plain nodes alone, the sound begins
    empty, and nothing but the next joining takes it.
    """
    joins = [node_id for node_id, node in api.items() if node["class_type"] == _JOIN]
    if not joins or not _only_the_picture_counts(api, joins):
        return False
    loose = []
    for node_id in joins:
        inputs = api[node_id]["inputs"]
        loose.append(inputs["audio_latent"][0])
        _reroute(api, node_id, {0: inputs["video_latent"]})
    for node_id in [node_id for node_id, node in api.items() if node["class_type"] == _PART]:
        _reroute(api, node_id, {0: api[node_id]["inputs"]["av_latent"]})
    for node_id in [*joins, *(key for key, node in api.items() if node["class_type"] == _PART)]:
        del api[node_id]
    _drop_unused(api, schema, loose)
    return True


def _only_the_picture_counts(api: Mapping[str, Any], joins: list[str]) -> bool:
    given = takers(api)
    together, parted = list(joins), set()
    for node_id in together:
        for taker, name in given[node_id]:
            kind = api[taker]["class_type"]
            if kind in _SAMPLERS and name == "latent_image":
                together += [taker] if taker not in together else []
            elif kind == _PART:
                parted.add(taker)
            elif kind == _SCHEDULER and name == "latent":
                continue  # it only looks at the picture's size
            else:
                return False
    heard = [
        (taker, name)
        for node_id in parted
        for taker, name in given[node_id]
        if api[taker]["inputs"][name][1] == 1
    ]
    begun = [
        api[node_id]["inputs"].get(name) for node_id in joins for name in ("audio_latent", "video_latent")
    ]
    return (
        all(is_link(source, api) for source in begun)
        and all(api[source[0]]["class_type"] in (_NO_SOUND, _PART) for source in begun[::2])
        and all(taker in joins and name == "audio_latent" for taker, name in heard)
        and parted == {node_id for node_id, node in api.items() if node["class_type"] == _PART}
    )


def _reroute(api: Mapping[str, Any], node_id: str, instead: Mapping[int, list[Any]]) -> None:
    """Let everybody who takes these outputs of a node take them from somewhere else."""
    for taker, name in takers(api)[node_id]:
        slot = api[taker]["inputs"][name][1]
        if slot in instead:
            api[taker]["inputs"][name] = list(instead[slot])
