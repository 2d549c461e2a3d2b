"""A graph of the creator's own: which values of a row it takes, and what to say where it cannot.

What it has a tag for is set from the row: prompt, seed, size, length, rate and sound always, the rest where
the row says something. Everything else stays as the graph was saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ltxlib.core import roles
from ltxlib.core.binding import MEANS
from ltxlib.core.columns import BY_NAME
from ltxlib.core.problem import Problem
from ltxlib.core.scene import Scene
from ltxlib.core.schema import NodeSchema
from ltxlib.core.wiring import has_sound
from ltxlib.errors import WorkflowError

NEEDED = ("prompt", "seed", "filename_prefix")
_ALWAYS = frozenset({*NEEDED, "width_px", "height_px", "frames", "fps", "audio", "image", "end_image"})
_COLUMNS = {
    "width_px": ("width",),
    "height_px": ("height",),
    "frames": ("frames", "seconds"),
    "checkpoint": ("model",),
}
_ROLE_OF = {
    **{"width_px": "size", "height_px": "size", "camera_lora": "camera", "camera_strength": "camera"},
    "style_loras": "style",
}


def offered(workflow: Mapping[str, Any]) -> frozenset[str]:
    """The values that a workflow has tags for, sound included, which needs none."""
    found = (roles.ROLES[role].keys for role in roles.found(workflow) if role in roles.ROLES)
    return frozenset({"audio", *(key for keys in found for key in keys)})


def columns_of(key: str) -> tuple[str, ...]:
    """The columns of scenes.csv that a value comes from."""
    return _COLUMNS.get(key, (key,))


def applicable(scene: Scene, values: Mapping[str, Any], offers: frozenset[str]) -> dict[str, Any]:
    """Those of a row's values that go into its own graph."""
    return {key: value for key, value in values.items() if key in offers and _said(scene, key)}


def _said(scene: Scene, key: str) -> bool:
    """Whether the row decides this value: some it always does, others only when its cell is filled."""
    columns = columns_of(key)
    return key in _ALWAYS or bool(scene.given & set(columns)) or not set(columns) & BY_NAME.keys()


def pictures(scene: Scene, offers: frozenset[str]) -> dict[str, str]:
    """The pictures that go into a graph, by the value each is for; a loop's picture is first and last."""
    used = dict(scene.pictures)
    if scene.mode == "loop" and "end_image" in offers:
        used["end_image"] = scene.image
    return used


def problems(
    scene: Scene, workflow: Mapping[str, Any], values: Mapping[str, Any], where: str
) -> list[Problem]:
    """What a row wants of its own graph that the graph has no tag for.

    values: all that the row could set, as for `roles.prepare`. where: file and row, as "scenes.csv row 3".
    """
    name, offers = scene.workflow, offered(workflow)
    bind = f"./kit workflows bind {name} --write"
    try:
        roles.refuse_wrong_tags(workflow)
    except WorkflowError as error:
        return [Problem(f"{where}, column workflow", f"{name}: {error.message}", error.cure)]
    lacking = [roles.ROLES[roles.roles_for(key)[0]].meaning for key in NEEDED if key not in offers]
    if lacking:
        words = " and ".join([", ".join(lacking[:-1]), lacking[-1]] if len(lacking) > 1 else lacking)
        what = f"{name} has no tag in its titles for {words}, so no take can be made with it."
        return [Problem(f"{where}, column workflow", what, f"Run {bind} to find and tag them.")]
    found = _picture_problems(scene, offers, f"{where}, column mode", bind)
    for key in values:
        said = sorted(scene.given & set(columns_of(key)))
        if key in offers or not said or not _lost(key, values[key]):
            continue
        means = MEANS.get(_ROLE_OF.get(key, key), "it is not used")
        what = f"{name} has no place for this, so {means}."
        cure = f"Empty the cell, or run {bind} if the graph does have such a place."
        found.append(Problem(f"{where}, column {said[0]}", what, cure, warning=True))
    return found


def _lost(key: str, value: Any) -> bool:
    """Whether anything is missed when a value cannot be set: no camera LoRA is none all the same."""
    return not (key in ("camera_lora", "camera_strength", "style_lora") and value is None)


def _picture_problems(scene: Scene, offers: frozenset[str], where: str, bind: str) -> list[Problem]:
    for key, image in scene.pictures.items():
        if key not in offers:
            which = "last picture" if key == "end_image" else "picture"
            what = f"Mode {scene.mode} uses {image}, but {scene.workflow} has no tag for a {which}."
            return [Problem(where, what, f"Run {bind}, or write t2v as mode.")]
    if not scene.from_image and "image" in offers:
        what = f"{scene.workflow} begins with a picture, and mode t2v gives it none: it uses its own."
        return [Problem(where, what, "Write i2v as mode, and name a file of images/.", warning=True)]
    return []


def rehearse(
    scene: Scene,
    workflow: Mapping[str, Any],
    values: Mapping[str, Any],
    schema: NodeSchema,
    where: str,
) -> list[Problem]:
    """What comes to light when the values are written into a graph whose nodes this table knows."""
    try:
        api = roles.prepare(workflow, schema, values)
    except WorkflowError as error:
        return [Problem(f"{where}, column workflow", f"{scene.workflow}: {error.message}", error.cure)]
    if scene.audio and not has_sound(api, schema):
        what = f"{scene.workflow} makes no sound, though audio is yes."
        return [Problem(f"{where}, column audio", what, "Write no, or use a graph with sound.", warning=True)]
    return []
