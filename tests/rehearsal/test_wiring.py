"""Graphs off the beaten track: other samplers and loaders, wires that do not fit, names of files."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ltxlib.rehearsal.catalogue import shipped_table
from ltxlib.rehearsal.nodes import PERFORMERS
from tests.support.rehearsal import Client, look, made
from tests.support.rehearsal_graphs import node, small_graph
from tests.support.writers import with_pack


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
    """No node that the kit knows is left out; LTXVideo's enhancer is known beside the table."""
    assert set(with_pack(shipped_table(["ltxvideo"]))) == set(PERFORMERS)


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
