"""What comes out of a graph is decided by how it is wired."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ltxlib.rehearsal.catalogue import shipped_table
from ltxlib.rehearsal.nodes import PERFORMERS
from tests.support.rehearsal import Client, Looked, look, node, shared_graph, small_graph

GRAPHS = [
    "033_core_i2v_lora",
    "033_core_t2v_17f_192x128",
    "033_core_t2v_lora",
    "033_core_t2v_onestage_scheduler",
    "033_core_temporal_upscaler",
]


def made(client: Client, graph: dict[str, Any], **more: Any) -> Looked:
    """Run a graph and look at the one clip it leaves."""
    entry = client.run(graph, **more)
    assert entry["status"]["status_str"] == "success", entry["status"]["messages"][-1]
    (clip,) = client.saved(entry)
    return look(clip)


def picture(client: Client, name: str = "a.png", size: tuple[int, int] = (640, 360)) -> str:
    """A picture in the input folder: left half red, right half blue."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, *size))
    image.save(client.server.input_dir / name)
    return name


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
    assert json.loads(clip.tags["prompt"]) == graph
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
    graph["vid"]["inputs"]["fps"] = 23.976
    assert made(client, graph).fps == pytest.approx(Fraction(24000, 1001), abs=0.001)


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


def test_a_graph_without_an_output_makes_nothing(client: Client) -> None:
    """Without SaveVideo nothing is rendered, even if something else is shown."""
    graph = small_graph()
    graph["save"] = node("PreviewImage", images=["dec", 0])
    entry = client.run(graph)
    assert not list(client.server.output_dir.rglob("*"))
    assert [one["type"] for one in entry["outputs"]["save"]["images"]] == ["temp"] * 9


SAMPLERS = {
    "KSampler": {
        "model": ["ckpt", 0], "seed": 5, "steps": 3, "cfg": 1.0, "sampler_name": "euler",
        "scheduler": "simple", "positive": ["cond", 0], "negative": ["cond", 1], "latent_image": ["vlat", 0],
        "denoise": 1.0,
    },
    "SamplerCustom": {
        "model": ["ckpt", 0], "add_noise": True, "noise_seed": 5, "cfg": 1.0, "positive": ["cond", 0],
        "negative": ["cond", 1], "sampler": ["samp", 0], "sigmas": ["sig", 0], "latent_image": ["vlat", 0],
    },
}  # fmt: skip


@pytest.mark.parametrize("class_type", SAMPLERS)
def test_other_samplers_render_pictures_alone(client: Client, class_type: str) -> None:
    """A video latent without sound can be sampled and decoded by itself."""
    graph = small_graph()
    graph["sig"] = node("LTXVScheduler", steps=3, max_shift=2.05, base_shift=0.95, stretch=True, terminal=0.1)
    graph["stage"] = node(class_type, **SAMPLERS[class_type])
    graph["dec"]["inputs"]["samples"] = ["stage", 0]
    del graph["vid"]["inputs"]["audio"]
    with client.listening("x") as ear:
        prompt_id = client.submit(graph, client_id="x")
        ear.wait_for_end(prompt_id)
        steps = [one["data"] for one in ear.texts() if one["type"] == "progress"]
    assert [(one["value"], one["max"]) for one in steps] == [(1, 3), (2, 3), (3, 3)]
    assert look(client.saved(client.entry(prompt_id))[0]).frames == 9


@pytest.mark.parametrize(
    ("class_type", "inputs"),
    [
        ("BasicGuider", {"model": ["ckpt", 0], "conditioning": ["cond", 0]}),
        (
            "LTXVDualCFGGuider",
            {
                "model": ["ckpt", 0],
                "positive": ["cond", 0],
                "negative": ["cond", 1],
                "video_cfg": 3.0,
                "audio_cfg": 7.0,
            },
        ),
        (
            "DualCFGGuider",
            {
                "model": ["ckpt", 0],
                "cond1": ["cond", 0],
                "cond2": ["cond", 0],
                "negative": ["cond", 1],
                "cfg_conds": 1.0,
                "cfg_cond2_negative": 1.0,
                "style": "regular",
            },
        ),
    ],
)
def test_every_guider_leads_with_its_prompt(client: Client, class_type: str, inputs: Any) -> None:
    """Whatever the guider, the clip is that of the positive prompt."""
    plain = made(client, small_graph()).pictures
    graph = small_graph()
    graph["guider"] = node(class_type, **inputs)
    assert made(client, graph).pictures == plain


def test_schedules_and_noise(client: Client) -> None:
    """BasicScheduler, SplitSigmas, no noise and a model patch: the steps are those that are left."""
    graph = small_graph()
    graph["patch"] = node("ModelSamplingLTXV", model=["ckpt", 0], max_shift=2.05, base_shift=0.95)
    graph["sched"] = node("BasicScheduler", model=["patch", 0], scheduler="simple", steps=6, denoise=1.0)
    graph["sig"] = node("SplitSigmas", sigmas=["sched", 0], step=2)
    graph["noise"] = node("DisableNoise")
    graph["stage"]["inputs"]["sigmas"] = ["sig", 1]
    graph["guider"]["inputs"]["model"] = ["patch", 0]
    with client.listening("x") as ear:
        prompt_id = client.submit(graph, client_id="x")
        ear.wait_for_end(prompt_id)
        assert {one["data"]["max"] for one in ear.texts() if one["type"] == "progress"} == {4}
    assert client.saved(client.entry(prompt_id))[0].is_file()


def test_split_models_load_like_a_checkpoint(client: Client) -> None:
    """LTX-2.5's split files: UNETLoader, CLIPLoader and two VAELoaders."""
    graph = small_graph()
    unet = "ltx-2.5-22b-distilled-transformer-bf16.safetensors"
    graph["unet"] = node("UNETLoader", unet_name=unet, weight_dtype="default")
    clip = "gemma4-12b-with-proj-ltx-2.5-bf16.safetensors"
    graph["te"] = node("CLIPLoader", clip_name=clip, type="ltxv")
    graph["vae"] = node("VAELoader", vae_name="ltx-2.5-video-vae-bf16.safetensors")
    graph["avae"] = node("VAELoader", vae_name="ltx-2.5-audio-vae-bf16.safetensors")
    graph["lora"] = node(
        "LoraLoader",
        model=["unet", 0],
        clip=["te", 0],
        lora_name="ltx-2.5-22b-distilled-lora-450-bf16.safetensors",
        strength_model=1.0,
        strength_clip=1.0,
    )
    graph["guider"]["inputs"]["model"] = ["lora", 0]
    graph["dec"] = node(
        "VAEDecodeTiled",
        samples=["sep", 0],
        vae=["vae", 0],
        tile_size=512,
        overlap=64,
        temporal_size=64,
        temporal_overlap=8,
    )
    graph["adec"] = node("VAEDecodeAudio", samples=["sep", 1], vae=["avae", 0])
    assert made(client, graph).sound_s == pytest.approx(0.33)


def test_a_picture_vae_cannot_decode_sound(client: Client) -> None:
    """Wiring the wrong VAE passes the check and fails when it runs."""
    graph = small_graph()
    graph["adec"]["inputs"]["audio_vae"] = ["ckpt", 2]
    assert client.fail(graph)["node_id"] == "adec"


@pytest.mark.parametrize(
    ("change", "node_id"),
    [
        ({"dec": {"samples": ["sep", 1]}}, "dec"),
        ({"adec": {"samples": ["sep", 0]}}, "adec"),
        ({"sep": {"av_latent": ["vlat", 0]}}, "sep"),
        ({"cat": {"audio_latent": ["stage", 0]}, "stage": {"latent_image": ["vlat", 0]}, "sep": {
            "av_latent": ["cat", 0]}}, "adec"),
        ({"sig": {"sigmas": "one, two"}}, "sig"),
    ],
)  # fmt: skip
def test_wires_that_fit_by_type_only_fail_when_they_run(client: Client, change: Any, node_id: str) -> None:
    """What a real node would trip over ends in execution_error at that node."""
    graph = small_graph()
    for where, inputs in change.items():
        graph[where]["inputs"].update(inputs)
    assert client.fail(graph)["node_id"] == node_id


def test_an_av_latent_may_be_decoded_without_separating(client: Client) -> None:
    """VAEDecode takes the picture, the audio decoder the sound."""
    graph = small_graph()
    graph["dec"]["inputs"]["samples"] = graph["adec"]["inputs"]["samples"] = ["stage", 0]
    assert made(client, graph).sound_s == pytest.approx(0.33)


def test_what_was_never_sampled_is_grey_and_silent(client: Client) -> None:
    """Decoding an empty latent is no error."""
    graph = small_graph()
    graph["dec"]["inputs"]["samples"] = ["vlat", 0]
    graph["adec"]["inputs"]["samples"] = ["alat", 0]
    clip = made(client, graph)
    assert (clip.frames, clip.loudest) == (9, 0.0)
    assert clip.sound_s == pytest.approx(0.33)


def test_a_class_it_cannot_perform_says_so(serve: Callable[..., Client]) -> None:
    """A node the table knows and the rehearsal does not is an honest failure."""
    table = shipped_table()
    table["LTXVBaseSampler"] = {**table["ImageScaleBy"], "python_module": "custom_nodes.ltx"}
    client = serve(object_info=table)
    graph = small_graph()
    graph["x"] = node("LTXVBaseSampler", image=["dec", 0], upscale_method="area", scale_by=1.0)
    graph["vid"]["inputs"]["images"] = ["x", 0]
    error = client.fail(graph)
    assert error["node_type"] == "LTXVBaseSampler"
    assert error["exception_message"] == "the rehearsal cannot perform LTXVBaseSampler\n"


def test_every_class_of_the_shipped_table_can_be_performed() -> None:
    """No node that the kit knows is left out."""
    assert set(shipped_table()) == set(PERFORMERS)


def test_prefixes_decide_folder_name_and_number(client: Client) -> None:
    """`a/b/c` makes folders; numbers go on from what is on disk; %width% is filled in, %seed% is not."""
    taken = client.server.output_dir / "film" / "night"
    taken.mkdir(parents=True)
    for name in ("clip_64x64_00007_.mp4", "clip_64x64_x.mp4", "clip_64x64_two_00009_.mp4"):
        (taken / name).write_bytes(b"")
    entry = client.run(small_graph(prefix="film/night/clip_%width%x%height%"))
    (listed,) = entry["outputs"]["save"]["images"]
    assert listed == {"filename": "clip_64x64_00008_.mp4", "subfolder": "film/night", "type": "output"}
    (plain,) = client.saved(client.run(small_graph(prefix="p_%seed%_%year%%month%%day%")))
    assert plain.parent == client.server.output_dir
    assert re.fullmatch(r"p_%seed%_\d{8}_00001_\.mp4", plain.name)


@pytest.mark.parametrize("prefix", ["../../evil", "/tmp/evil", "a/../../evil"])
def test_a_prefix_cannot_leave_the_output_folder(client: Client, tmp_path: Path, prefix: str) -> None:
    """Such a prefix fails the node, and nothing is written."""
    error = client.fail(small_graph(prefix=prefix))
    assert error["exception_type"] == "Exception"
    assert "outside the output folder" in error["exception_message"]
    assert not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize(
    ("chosen", "type_"), [("mkv", "RuntimeError"), ("webm", "RuntimeError"), ("avi", "TypeError")]
)
def test_formats_it_does_not_draw_fail_honestly(client: Client, chosen: str, type_: str) -> None:
    """mkv and webm cannot be performed; an unknown format is as if none were given, as in ComfyUI."""
    graph = small_graph()
    graph["save"]["inputs"]["format"] = chosen
    assert client.fail(graph)["exception_type"] == type_


def test_mp4_and_h264_may_be_asked_for(client: Client) -> None:
    """The form that works on both recorded versions works here."""
    graph = small_graph()
    graph["save"]["inputs"].update({"format": "mp4", "format.codec": "h264", "codec": "h264"})
    assert made(client, graph).frames == 9


def test_no_half_files_are_seen(client: Client) -> None:
    """A finished run leaves the clip and nothing else; its temp folder holds nothing of the way there."""
    client.run(small_graph())
    left = [path.name for path in client.server.output_dir.rglob("*") if path.is_file()]
    assert left == ["clip_00001_.mp4"]
