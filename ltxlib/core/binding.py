"""Propose which node of a person's own graph plays which role, each with its reason in plain words.

What carries a tag already is left as it is; what cannot be told is said, with what it means for the film.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ltxlib.core import binding_numbers, roles
from ltxlib.core.flatten import assemble
from ltxlib.core.schema import NodeSchema
from ltxlib.core.subgraphs import read
from ltxlib.core.tracing import Place, Tracer
from ltxlib.core.wiring import is_link, upstream

# Without these no take can be made: nothing to film, every take the same, or nothing that comes back.
NEEDED = ("prompt", "seed", "save")
MEANS = {
    "prompt": "the scene's text would not be filmed",
    "negative_prompt": "a row's negative_prompt has no place to go, and that column is then not used",
    "seed": "every take would look the same",
    "size": "clips come out in the graph's own size, and width and height of the row are not used",
    "frames": "clips come out in the graph's own length, and seconds or frames of the row are not used",
    "fps": "clips play at the graph's own rate, and fps of the row is not used",
    "image": "only mode t2v fits it",
    "image_strength": "the graph holds the picture as firmly as it was saved",
    "checkpoint": "the graph keeps its own model, whatever the row says",
    "camera": "camera_lora and camera_strength of the row are not used",
    "style": "the graph keeps the LoRAs it was saved with",
    "save": "no clip would come back",
}


@dataclass(frozen=True)
class Binding:
    """One proposal: the role, the node that plays it (its number when flattened, its name), and why."""

    role: str
    node_id: str
    node: str
    why: str


@dataclass(frozen=True)
class Gap:
    """A role that nothing was proposed for: what is missing, what that means, who might play it."""

    role: str
    what: str
    means: str
    candidates: tuple[str, ...] = ()

    @property
    def needed(self) -> bool:
        """Whether no take can be made without it."""
        return self.role in NEEDED

    def __str__(self) -> str:
        those = f" It could be {' or '.join(self.candidates)}: put the tag" if self.candidates else ""
        those += f" [{roles.PREFIX}{self.role}] into the right title." if self.candidates else ""
        return f"{self.role}: {self.what}, so {self.means}.{those}"


@dataclass
class Proposal:
    """What the kit would tag, what it cannot, what needs no tag, and the roles that are tagged already."""

    bindings: list[Binding] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tagged: dict[str, list[str]] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether every role that no take can do without is there or proposed."""
        return not any(gap.needed for gap in self.gaps)


def propose(workflow: Mapping[str, Any], schema: NodeSchema) -> Proposal:
    """What each node of a workflow (UI or API) should be tagged as. Raises WorkflowError for damage.

    Nodes that the schema does not know are judged by the names of their inputs.
    """
    top = read(workflow, schema)
    for graph in top.used():
        for node in graph.nodes.values():
            node.known = True
    return _Proposer(assemble(top), schema, roles.found(workflow)).propose()


class _Proposer:
    """Proposes role by role."""

    def __init__(self, api: dict[str, Any], schema: NodeSchema, tagged: dict[str, list[str]]) -> None:
        self.api = api
        self.tracer = Tracer(api, schema)
        self.found = Proposal(tagged=tagged)
        savers = [
            node_id
            for node_id, node in api.items()
            if "filename_prefix" in node["inputs"] and any(self.tracer.wired(node_id))
        ]
        self.reached = upstream(api, savers) or list(api)

    def propose(self) -> Proposal:
        self._prompts()
        if not self._has("seed"):
            self._seeds()
        if not self._has("width_px", "height_px"):
            self._size()
        if not self._has("frames"):
            self._numbers("frames", binding_numbers.FRAMES)
        if not self._has("fps"):
            self._numbers("fps", binding_numbers.RATES)
        if not self._has("image", "end_image"):
            self._images()
        if not self._has("checkpoint"):
            self._checkpoints()
        self._loras()
        if not self._has("filename_prefix"):
            self._save()
        self._sound()
        order = list(roles.ROLES)
        self.found.bindings.sort(key=lambda one: order.index(one.role))
        return self.found

    def _has(self, *keys: str) -> bool:
        """Whether the file has a tag by which one of these values is set."""
        return any(key in roles.ROLES[role].keys for role in self.found.tagged for key in keys)

    def named(self, node_id: str) -> str:
        return self.tracer.named(node_id)

    def bind(self, role: str, node_id: str, why: str) -> None:
        if not any(one.role == role and one.node_id == node_id for one in self.found.bindings):
            self.found.bindings.append(Binding(role, node_id, self.named(node_id), why))

    def gap(self, role: str, what: str, *candidates: str) -> None:
        names = tuple(self.named(node_id) for node_id in dict.fromkeys(candidates))
        self.found.gaps.append(Gap(role, what, MEANS[role], names))

    # --- words ----------------------------------------------------------------------------------------------

    def _prompts(self) -> None:
        sides: dict[str, list[str]] = {"positive": [], "negative": []}
        for node_id in self.reached:
            inputs = self.api[node_id]["inputs"]
            if self.tracer.gives(node_id, "CONDITIONING") and "positive" in inputs:
                continue
            for name in inputs:
                side = {"positive": "positive", "negative": "negative", "conditioning": "positive"}.get(name)
                guides = name != "conditioning" or self.tracer.gives(node_id, "GUIDER")
                if side and guides and is_link(inputs[name], self.api):
                    sides[side] += self.tracer.encoders(*inputs[name], side, set())
        wanted = list(dict.fromkeys(sides["positive"]))
        unwanted = [node_id for node_id in dict.fromkeys(sides["negative"]) if node_id not in wanted]
        if not self._has("prompt"):
            self._text("prompt", wanted, "positive")
        if not self._has("negative_prompt"):
            both = bool(sides["negative"]) and not unwanted
            self._text("negative_prompt", unwanted, "negative", same_as_prompt=both)

    def _text(self, role: str, encoders: list[str], side: str, *, same_as_prompt: bool = False) -> None:
        if same_as_prompt:
            self.gap(role, "the same text goes to positive and negative")
            return
        if not encoders:
            self.gap(role, f"no text node reaches {side}")
            return
        traced = [self.tracer.texts(encoder) for encoder in encoders]
        places = list(dict.fromkeys(place for texts in traced for place in texts.places))
        rewriters = [node_id for texts in traced for node_id in texts.rewriters]
        if len(places) != 1:
            made = "is put together from several texts" if places else "comes from a node the kit cannot set"
            self.gap(role, f"the text that reaches {side} {made}", *(place.node for place in places))
            return
        place, encoder = places[0], encoders[0]
        if place.node == encoder:
            why = f"its text reaches {side}"
        else:
            why = f"its text goes through {self.named(encoder)} and reaches {side}"
        if "TextGenerate" in self.tracer.kind(place.node):
            why += "; this node rewrites it"
        elif rewriters:
            why += f"; {self.named(rewriters[0])} may rewrite it on the way"
        self._bind_if_it_takes(role, place, why)

    def _bind_if_it_takes(self, role: str, place: Place, why: str) -> None:
        names = roles.inputs_for(roles.ROLES[role].keys[0])
        first = next((name for name in names if name in self.api[place.node]["inputs"]), None)
        if first == place.input:
            self.bind(role, place.node, why)
        else:
            self.gap(role, f'{self.named(place.node)} holds it at "{place.input}", which the kit cannot set')

    # --- numbers --------------------------------------------------------------------------------------------

    def _seeds(self) -> None:
        found = []
        for node_id in self.reached:
            inputs = self.api[node_id]["inputs"]
            name = next((name for name in ("noise_seed", "seed") if name in inputs), None)
            samples = self.tracer.gives(node_id, "NOISE") or "latent_image" in inputs
            if name is None or not samples or inputs.get("add_noise") in ("disable", False):
                continue
            places = self.tracer.number(node_id, name).places
            if len(places) == 1 and next(iter(places)).input in roles.inputs_for("seed"):
                place = next(iter(places))
                through = "" if place.node == node_id else f" by way of {self.named(node_id)}"
                found.append((place, f"its number makes the noise that the film begins with{through}"))
            else:
                why = "it takes the number of its noise, which was calculated before and is set here instead"
                found.append((Place(node_id, name), why))
        for place, why in found:
            self._bind_if_it_takes("seed", place, why)
        if not found and not any(gap.role == "seed" for gap in self.found.gaps):
            self.gap("seed", "there is no node that makes noise from a number")

    def _size(self) -> None:
        pairs = binding_numbers.sizes(self.tracer, self.reached)
        for role, node_id, why in pairs:
            self.bind(role, node_id, why)
        if not pairs:
            self.gap("size", "no empty film of a width and height is filled in this graph")

    def _numbers(self, role: str, names: tuple[str, ...]) -> None:
        more = binding_numbers.makes_more_frames(self.tracer, self.reached) if role == "frames" else None
        if more is not None:
            self.gap(role, f"{self.named(more)} makes more frames than the film begins with")
            return
        found = binding_numbers.plain(self.tracer, self.reached, role, names)
        for node_id, why in found:
            self.bind(role, node_id, why)
        if not found:
            held = "the number of frames" if role == "frames" else "the frame rate"
            self.gap(role, f"no node holds {held}")

    # --- pictures, files ------------------------------------------------------------------------------------

    def _images(self) -> None:
        held: dict[str, list[str]] = {}
        for node_id in self.reached:
            known = self.tracer.schema.get(self.tracer.kind(node_id))
            spec = known.by_name.get("image") if known else None
            if spec is not None and spec.options.get("image_upload"):
                holders = self.tracer.holders(node_id)
                if holders:
                    held[node_id] = holders
        ends = {
            node_id: {repr(self.api[holder]["inputs"].get("frame_idx", 0)) for holder in holders}
            for node_id, holders in held.items()
        }
        last = [node_id for node_id, frames in ends.items() if frames == {"-1"}]
        first = [node_id for node_id in held if node_id not in last]
        if not held:
            self.gap("image", "no picture is loaded into the film")
            return
        if len(first) > 1 or len(last) > 1:
            self.gap("image", "several pictures go into the film", *held)
            return
        for node_id in first:
            self.bind("image", node_id, f"its picture reaches {self.named(held[node_id][0])}")
        for node_id in last:
            self.bind(
                "end_image", node_id, f"its picture is the last frame at {self.named(held[node_id][0])}"
            )
        if not self._has("image_strength"):
            self._strengths(dict.fromkeys(holder for holders in held.values() for holder in holders))

    def _strengths(self, holders: Mapping[str, None]) -> None:
        given = {holder: self.api[holder]["inputs"].get("strength") for holder in holders}
        given = {holder: value for holder, value in given.items() if isinstance(value, (int, float))}
        if len(set(given.values())) > 1:
            values = ", ".join(f"{value:g}" for value in given.values())
            self.gap("image_strength", f"the picture is held at different strengths ({values})")
            return
        for holder in given:
            self.bind("image_strength", holder, "it holds the picture in the film")

    def _checkpoints(self) -> None:
        found = binding_numbers.model_places(self.tracer, self.reached)
        names = sorted({name for _, name, _ in found})
        if not found:
            self.gap("checkpoint", "no node loads a model that scenes.csv can name")
        elif len(names) > 1:
            self.gap("checkpoint", f"it loads several models ({', '.join(names)})", *(f[0] for f in found))
        elif not found[0][2]:
            self.gap("checkpoint", f"its model {names[0]} is not one that scenes.csv can name")
        else:
            for node_id, name, _ in found:
                self.bind("checkpoint", node_id, f"it loads the model {name}")

    def _loras(self) -> None:
        cameras, styles = binding_numbers.loras(self.tracer, self.reached)
        if not self._has("camera_lora", "camera_strength"):
            if len({name for _, name in cameras}) > 1:
                names = (node_id for node_id, _ in cameras)
                self.gap("camera", "several camera LoRAs are loaded", *names)
            for node_id, name in cameras if len({name for _, name in cameras}) == 1 else ():
                self.bind("camera", node_id, f"it loads the camera LoRA {name}")
            if not cameras:
                self.gap("camera", "no camera LoRA is loaded")
        if not self._has("style_lora", "style_strength"):
            if len(styles) == 1:
                self.bind("style", styles[0][0], f"it loads the LoRA {styles[0][1]}")
            elif styles:
                self.gap("style", "several LoRAs are loaded", *(node_id for node_id, _ in styles))

    def _save(self) -> None:
        savers = [
            node_id
            for node_id, node in self.api.items()
            if "filename_prefix" in node["inputs"] and binding_numbers.saves_video(self.tracer, node_id)
        ]
        fed = [node_id for node_id in savers if any(self.tracer.wired(node_id))]
        if savers and not fed:
            self.gap("save", f"nothing is plugged into {self.named(savers[0])}")
            return
        savers = fed
        if len(savers) == 1:
            self.bind("save", savers[0], "it writes the clip")
        elif savers:
            self.gap("save", "several nodes write a clip", *savers)
        else:
            self.gap("save", "no node writes a clip")

    def _sound(self) -> None:
        for node_id in self.reached:
            inputs = self.api[node_id]["inputs"]
            if is_link(inputs.get("audio"), self.api) and ("images" in inputs or "frame_rate" in inputs):
                self.found.notes.append(
                    f"audio: needs no tag; for a silent clip its sound is unplugged at {self.named(node_id)}."
                )
