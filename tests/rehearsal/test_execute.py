"""What comes out of a graph is decided by how it is wired."""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.rehearsal import Client, look, made, picture
from tests.support.rehearsal_graphs import as_posted, node, shared_graph, small_graph

GRAPHS = [
    "033_core_i2v_lora",
    "033_core_t2v_17f_192x128",
    "033_core_t2v_lora",
    "033_core_t2v_onestage_scheduler",
    "033_core_temporal_upscaler",
]


@pytest.mark.shared
@pytest.mark.parametrize("name", GRAPHS)
def test_the_graphs_that_really_ran_give_clips_like_the_real_ones(
    shared: Path, client: Client, name: str
) -> None:
    """Size, frames, rate and the length of the sound are those that ffprobe found in the real clip."""
    picture(client, "lab_640x360.png")
    probed = json.loads((shared / "contract" / "graphs" / f"{name}.ffprobe.json").read_text("utf-8"))
    video, audio = probed["streams"]
    graph = shared_graph(shared, name)
    clip = made(client, graph)
    assert clip.size_px == (video["width"], video["height"])
    assert clip.frames == int(video["nb_frames"])
    assert clip.fps == Fraction(video["avg_frame_rate"])
    assert clip.sound_hz == int(audio["sample_rate"])
    assert clip.sound_s == pytest.approx(float(audio["duration"]), abs=0.002)
    assert clip.loudest > 0
    assert as_posted(json.loads(clip.tags["prompt"])) == graph
    assert "workflow" not in clip.tags
    assert "REHEARSAL" in clip.tags["comment"]


def test_the_workflow_is_kept_in_the_clip(client: Client) -> None:
    """extra_pnginfo.workflow becomes the tag `workflow`."""
    workflow = {"nodes": [], "links": [], "version": 0.4, "name": "Ünï; =#\\ \n画"}
    clip = made(client, small_graph(), extra_data={"extra_pnginfo": {"workflow": workflow}})
    assert json.loads(clip.tags["workflow"]) == workflow


def test_odd_sizes_and_frames_are_floored_without_a_word(client: Client) -> None:
    """200x136 and 12 frames become 192x128 and 9, as measured."""
    graph = small_graph()
    graph["vlat"]["inputs"].update(width=200, height=136, length=12)
    clip = made(client, graph)
    assert (clip.size_px, clip.frames) == ((192, 128), 9)


def test_the_frame_rate_is_that_of_create_video(client: Client) -> None:
    """The same frames at another rate last longer; what LTXVConditioning was told does not matter."""
    graph = small_graph()
    graph["vid"]["inputs"]["fps"] = 12.5
    clip = made(client, graph)
    assert (clip.fps, clip.frames) == (Fraction(25, 2), 9)


@pytest.mark.parametrize(("asked", "written"), [(24000 / 1001, "2997/125"), (1000 / 41, "24.39")])
def test_a_rate_is_written_in_thousandths(client: Client, asked: float, written: str) -> None:
    """ComfyUI rounds the rate when it saves, so 24000/1001 comes as 23.976."""
    graph = small_graph()
    graph["vid"]["inputs"]["fps"] = asked
    assert made(client, graph).fps == Fraction(written)


def test_a_loaded_picture_is_known_by_its_bytes(client: Client) -> None:
    """The clip says which picture it was, as ComfyUI's own check of it does; the history does not."""
    image = picture(client)
    seen = hashlib.sha256((client.server.input_dir / image).read_bytes()).hexdigest()
    graph = {**small_graph(), "img": node("LoadImage", image=image)}
    graph["size"] = node("GetImageSize", image=["img", 0])
    graph["vlat"]["inputs"].update(width=["size", 0], height=64)
    entry = client.run(graph)
    (clip,) = client.saved(entry)
    written = json.loads(look(clip).tags["prompt"])
    assert written == {**graph, "img": {**graph["img"], "is_changed": [seen]}}
    assert entry["prompt"][2] == graph


def test_a_graph_without_audio_gives_a_file_without_sound(client: Client) -> None:
    """No wire to CreateVideo's audio, no sound track."""
    graph = small_graph()
    del graph["vid"]["inputs"]["audio"]
    assert made(client, graph).sound_s == 0


def test_the_seed_reaches_the_picture(client: Client) -> None:
    """Another seed is another picture; the same seed is the same picture, byte for byte."""
    first = made(client, small_graph(seed=7))
    client.post("/free", {"free_memory": True})
    again, other = made(client, small_graph(seed=7, prefix="t/again")), made(client, small_graph(seed=8))
    assert again.pictures == first.pictures
    assert other.pictures != first.pictures


def test_the_prompt_reaches_the_picture(client: Client) -> None:
    """Other words are another picture, also by way of primitives, joined text and a prompt writer."""
    direct = made(client, small_graph(text="snow falling on pines"))
    graph = small_graph()
    graph["a"] = node("PrimitiveString", value="snow falling")
    graph["b"] = node("PrimitiveStringMultiline", value="on pines")
    graph["text"] = node("StringConcatenate", string_a=["a", 0], string_b=["b", 0], delimiter=" ")
    graph["write"] = node(
        "TextGenerateLTX2Prompt", clip=["te", 0], prompt=["text", 0], max_length=512, sampling_mode="off"
    )
    graph["pos"]["inputs"]["text"] = ["write", 0]
    assert made(client, graph).pictures == direct.pictures
    assert made(client, small_graph(text="a fire in the hearth")).pictures != direct.pictures


def two_stage(shared: Path, **changes: Any) -> dict[str, Any]:
    """The two-stage graph with LoRA, with some inputs changed: `node__input=value`."""
    graph = shared_graph(shared, "033_core_t2v_lora")
    for where, value in changes.items():
        node_id, name = where.split("__")
        graph[node_id]["inputs"][name] = value
    return graph


@pytest.mark.shared
def test_both_seeds_of_a_two_stage_graph_matter(shared: Path, client: Client) -> None:
    """A new seed in either stage is a new picture."""
    pictures = {
        made(client, two_stage(shared, **change)).pictures
        for change in ({}, {"noise1__noise_seed": 77}, {"noise2__noise_seed": 77})
    }
    assert len(pictures) == 3


@pytest.mark.shared
def test_loras_matter_and_strength_zero_is_none(shared: Path, client: Client) -> None:
    """A camera LoRA changes the motion, another LoRA the picture; strength 0 is as if it were bypassed."""
    static = made(client, two_stage(shared)).pictures
    bypassed = two_stage(shared, guider1__model=["ckpt", 0], guider2__model=["ckpt", 0])
    none = made(client, bypassed).pictures
    assert made(client, two_stage(shared, lora__strength_model=0.0)).pictures == none
    dolly = "ltx-2-19b-lora-camera-control-dolly-in.safetensors"
    style = "ltx-2-19b-ic-lora-detailer.safetensors"
    assert made(client, two_stage(shared, lora__lora_name=dolly)).pictures != static
    assert made(client, two_stage(shared, lora__lora_name=style)).pictures not in (static, none)


@pytest.mark.parametrize(
    ("file", "size", "frames"),
    [
        ("ltx-2-spatial-upscaler-x2-1.0.safetensors", (128, 128), 9),
        ("ltx-2.3-spatial-upscaler-x1.5-1.0.safetensors", (96, 96), 9),
        ("ltx-2-temporal-upscaler-x2-1.0.safetensors", (64, 64), 17),
    ],
)
def test_upscalers_enlarge_what_their_name_says(
    client: Client, file: str, size: tuple[int, int], frames: int
) -> None:
    """x2 and x1.5 make it larger, the temporal one doubles the frames."""
    graph = small_graph()
    graph["up"] = node("LatentUpscaleModelLoader", model_name=file)
    graph["ups"] = node("LTXVLatentUpsampler", samples=["sep", 0], upscale_model=["up", 0], vae=["ckpt", 2])
    graph["dec"]["inputs"]["samples"] = ["ups", 0]
    clip = made(client, graph)
    assert (clip.size_px, clip.frames) == (size, frames)


def started_with(image: str, **more: Any) -> dict[str, Any]:
    """The small graph, begun with a picture."""
    graph = small_graph()
    graph["img"] = node("LoadImage", image=image)
    graph["pre"] = node("LTXVPreprocess", image=["img", 0], img_compression=33)
    inputs = {"strength": 1.0, "bypass": False, **more}
    graph["i2v"] = node(
        "LTXVImgToVideoInplace", vae=["ckpt", 2], image=["pre", 0], latent=["vlat", 0], **inputs
    )
    graph["cat"]["inputs"]["video_latent"] = ["i2v", 0]
    return graph


def halves(client: Client, entry: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """The mean colours of the left and the right half of a clip's first frame."""
    import av

    (clip,) = client.saved(entry)
    with av.open(str(clip)) as container:
        frame = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(float)
    middle = frame.shape[1] // 2
    return frame[:, :middle].mean((0, 1)), frame[:, middle:].mean((0, 1))


def test_a_picture_becomes_the_first_frame(client: Client) -> None:
    """Image to video begins with the picture: red on the left, blue on the right."""
    left, right = halves(client, client.run(started_with(picture(client))))
    assert left[0] > left[2] + 60
    assert right[2] > right[0] + 60


def test_a_bypassed_picture_changes_nothing(client: Client) -> None:
    """With bypass, or at strength 0, the clip is that of the text alone."""
    name = picture(client)
    plain = made(client, small_graph()).pictures
    assert made(client, started_with(name, bypass=True)).pictures == plain
    assert made(client, started_with(name, strength=0.0)).pictures == plain
    assert made(client, started_with(name)).pictures != plain


def test_the_older_image_to_video_node(client: Client) -> None:
    """LTXVImgToVideo makes the latent itself, begun with the picture."""
    graph = small_graph()
    graph["img"] = node("LoadImage", image=picture(client))
    graph["vlat"] = node(
        "LTXVImgToVideo",
        positive=["cond", 0],
        negative=["cond", 1],
        vae=["ckpt", 2],
        image=["img", 0],
        width=96,
        height=64,
        length=17,
        batch_size=1,
        strength=1.0,
    )
    graph["cat"]["inputs"]["video_latent"] = ["vlat", 2]
    entry = client.run(graph)
    left, right = halves(client, entry)
    assert (left[0] > left[2]) and (right[2] > right[0])
    clip = look(client.saved(entry)[0])
    assert (clip.size_px, clip.frames) == ((96, 64), 17)


@pytest.mark.parametrize(("cropped", "frames"), [(True, 9), (False, 17)])
def test_guides_that_are_not_cropped_are_left_over(client: Client, cropped: bool, frames: int) -> None:
    """LTXVAddGuide leaves eight frames too many unless LTXVCropGuides takes them away."""
    graph = small_graph()
    graph["img"] = node("LoadImage", image=picture(client))
    graph["guide"] = node(
        "LTXVAddGuide",
        positive=["cond", 0],
        negative=["cond", 1],
        vae=["ckpt", 2],
        latent=["vlat", 0],
        image=["img", 0],
        frame_idx=-1,
        strength=1.0,
    )
    graph["cat"]["inputs"]["video_latent"] = ["guide", 2]
    graph["guider"]["inputs"].update(positive=["guide", 0], negative=["guide", 1])
    if cropped:
        graph["crop"] = node(
            "LTXVCropGuides", positive=["guide", 0], negative=["guide", 1], latent=["sep", 0]
        )
        graph["dec"]["inputs"]["samples"] = ["crop", 2]
    assert made(client, graph).frames == frames


def test_a_guide_at_the_beginning_is_the_first_frame(client: Client) -> None:
    """A guide at frame 0 starts the clip with its picture."""
    graph = started_with(picture(client))
    graph["i2v"] = node(
        "LTXVAddGuide",
        positive=["cond", 0],
        negative=["cond", 1],
        vae=["ckpt", 2],
        latent=["vlat", 0],
        image=["img", 0],
        frame_idx=0,
        strength=1.0,
    )
    graph["cat"]["inputs"]["video_latent"] = ["i2v", 2]
    left, right = halves(client, client.run(graph))
    assert (left[0] > left[2]) and (right[2] > right[0])
