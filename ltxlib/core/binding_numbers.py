"""What in a graph holds sizes, lengths, rates, models and LoRAs; the rules behind `binding.propose`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ltxlib.core import catalog
from ltxlib.core.tracing import Number, Place, Tracer, in_order
from ltxlib.core.wiring import enlargement, is_link

FRAMES = ("length", "frames_number", "num_frames")
RATES = ("fps", "frame_rate")
_WIDTHS, _HEIGHTS = ("width", "resize_type.width"), ("height", "resize_type.height")
# LoRAs that belong to a recipe and not to a person's taste, by what their makers call them.
_RECIPE_LORAS = ("distill", "ic-lora", "ic_lora", "control", "gemma", "detailer", "upscal", "abliterat")
_VIDEO_WRITERS = ("SaveVideo", "VHS_VideoCombine", "SaveWEBM", "SaveAnimatedWEBP")
_MODEL_INPUTS = ("ckpt_name", "unet_name")


def _leaf(tracer: Tracer, found: Number, node_id: str) -> tuple[Place | None, float]:
    """The one place a number is written at, and how many times larger it is there; None if calculated."""
    if len(found.places) != 1 or not found.value:
        return None, 1.0
    place = next(iter(found.places))
    there = tracer.inputs(place.node)[place.input]
    settable = place.input in ("value", *_WIDTHS, *_HEIGHTS, *FRAMES, *RATES)
    return (place, there / found.value) if settable or place.node == node_id else (None, 1.0)


def sizes(tracer: Tracer, reached: Iterable[str]) -> list[tuple[str, str, str]]:
    """Role, node and reason for every place that decides the clip's size."""
    found: list[tuple[str, str, str]] = []
    films = [
        node_id
        for node_id in reached
        if {"width", "height"} <= tracer.inputs(node_id).keys() and tracer.gives(node_id, "LATENT")
    ]
    for film in films:
        grows = enlargement(tracer.api, film)
        places = [_side(tracer, film, side, grows) for side in ("width", "height")]
        found += _paired(tracer, film, grows, places)
    if films:
        found += _fitted_pictures(tracer, reached, films[0], {node_id for _, node_id, _ in found})
    return list(dict.fromkeys(found))


def _side(tracer: Tracer, film: str, side: str, grows: float) -> tuple[str, str]:
    """The node that holds one side, and whether that is the stage's ("") or the finished clip's ("full_")."""
    place, times = _leaf(tracer, tracer.number(film, side), film)
    if place is not None and abs(times - 1) < 0.02:
        return place.node, ""
    if place is not None and grows > 1 and abs(times - grows) < 0.02 * grows:
        return place.node, "full_"
    return film, ""  # calculated: the kit writes the number in place of the wire


def _paired(
    tracer: Tracer, film: str, grows: float, places: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, str, str]]:
    stage = f"the film begins, {grows:g} times smaller than the clip" if grows > 1 else "the film begins"
    for (node_id, full), side in zip(places, ("width", "height"), strict=True):
        role = "size" if places[0] == places[1] else side
        what = "width and height" if role == "size" else f"the {side}"
        if node_id == film:
            calculated = is_link(tracer.inputs(film)[side], tracer.api)
            why = f"it makes the empty film with which {stage}"
            yield (
                role,
                film,
                f"{why}; {what} are calculated before, and set here instead" if calculated else why,
            )
        else:
            where = "of the finished clip" if full else f"with which {stage}"
            yield f"{full}{role}", node_id, f"it holds {what} {where} and reaches {tracer.named(film)}"


def _fitted_pictures(
    tracer: Tracer, reached: Iterable[str], film: str, bound: set[str]
) -> Iterator[tuple[str, str, str]]:
    """Nodes that bring a loaded picture to the film's size, so that it is cut as the clip is."""
    grows = enlargement(tracer.api, film)
    stage = tuple(tracer.number(film, side).value for side in ("width", "height"))
    for node_id in reached:
        inputs = tracer.inputs(node_id)
        both = [next((n for n in names if n in inputs), None) for names in (_WIDTHS, _HEIGHTS)]
        if None in both or node_id in bound or tracer.gives(node_id, "LATENT") or None in stage:
            continue
        numbers = [inputs[name] for name in both if name]
        if not tracer.gives(node_id, "IMAGE") or not all(isinstance(n, (int, float)) for n in numbers):
            continue
        if tuple(numbers) == tuple(side * grows for side in stage if side):
            yield "full_size", node_id, "it brings the picture to the size of the finished clip"
        elif tuple(numbers) == stage:
            yield "size", node_id, "it brings the picture to the size with which the film begins"


def plain(tracer: Tracer, reached: Iterable[str], role: str, names: Sequence[str]) -> list[tuple[str, str]]:
    """Node and reason for every place that decides the length or the rate."""
    what = "the number of frames" if role == "frames" else "the frame rate"
    found: dict[str, str] = {}
    for node_id in reached:
        inputs = tracer.inputs(node_id)
        name = next((name for name in names if name in inputs), None)
        if name is None or (role == "frames" and not tracer.gives(node_id, "LATENT")):
            continue
        place, times = _leaf(tracer, tracer.number(node_id, name), node_id)
        if place is None or abs(times - 1) > 1e-6:
            found.setdefault(node_id, f"it takes {what}, which was calculated before and is set here instead")
        elif place.node == node_id:
            found.setdefault(node_id, f"it holds {what}")
        else:
            found.setdefault(place.node, f"it holds {what} for {tracer.named(node_id)}")
    ordered = in_order((Place(node_id, "") for node_id in found), tracer.api)
    return [(place.node, found[place.node]) for place in ordered]


def model_places(tracer: Tracer, reached: Iterable[str]) -> list[tuple[str, str, bool]]:
    """Every node that loads a model: node, file, and whether scenes.csv can name that model."""
    nameable = {model.checkpoint.name for model in catalog.MODELS.values()}
    known = {model.checkpoint.name for model in catalog.KNOWN.values()}
    found = []
    for node_id in reached:
        for name in _MODEL_INPUTS:
            file = tracer.inputs(node_id).get(name)
            if isinstance(file, str):
                found.append((node_id, file, file in nameable))
    # A graph may load other models besides, such as one that tells depth.
    return [one for one in found if one[1] in known] or found


def loras(tracer: Tracer, reached: Iterable[str]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The nodes that load a camera LoRA, and those that load one of a person's choice, each with its file."""
    cameras, styles = [], []
    known = {file.name for file in catalog.CAMERAS.values()}
    for node_id in reached:
        file = tracer.inputs(node_id).get("lora_name")
        if not isinstance(file, str):
            continue
        if file in known or "camera-control" in file.lower():
            cameras.append((node_id, file))
        elif not any(word in file.lower() for word in _RECIPE_LORAS):
            styles.append((node_id, file))
    return cameras, styles


def makes_more_frames(tracer: Tracer, reached: Iterable[str]) -> str | None:
    """A node that makes more frames than the film began with; None when there is none."""
    for node_id in reached:
        inputs = tracer.inputs(node_id)
        model = inputs.get("upscale_model")
        name = tracer.inputs(model[0]).get("model_name") if is_link(model, tracer.api) else ""
        if "temporal" in str(name) or "RIFE" in tracer.kind(node_id):
            return node_id
    return None


def saves_video(tracer: Tracer, node_id: str) -> bool:
    """Whether a node that has a file prefix writes a clip."""
    inputs = tracer.inputs(node_id)
    return tracer.kind(node_id) in _VIDEO_WRITERS or "video" in inputs or "frame_rate" in inputs
