"""Pictures and video files on their way through the graph."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.support.rehearsal import Client, look
from tests.support.rehearsal_graphs import node, small_graph


def shown(client: Client, entry: dict[str, Any], at: str = "s") -> list[Image.Image]:
    """The pictures that an output node made."""
    pictures = []
    for one in entry["outputs"][at]["images"]:
        answer = client.get("/view", params=one)
        path = client.server.output_dir.parent / one["filename"]
        path.write_bytes(answer.content)
        pictures.append(Image.open(path))
    return pictures


def previewed(client: Client, source: str, **nodes: Any) -> list[Image.Image]:
    """Preview what a node of a small graph gives."""
    graph = {**nodes, "s": node("PreviewImage", images=[source, 0])}
    entry = client.run(graph)
    assert entry["status"]["status_str"] == "success", entry["status"]["messages"][-1]
    return shown(client, entry)


LOADED = node("LoadImage", image="a.png")


SOLID = node("EmptyImage", width=64, height=32, batch_size=3, color=0xFF0000)


RESIZES = {
    "scale dimensions": ({"width": 50, "height": 0, "crop": "center"}, (50, 25)),
    "scale by multiplier": ({"multiplier": 0.5}, (100, 50)),
    "scale longer dimension": ({"longer_size": 100}, (100, 50)),
    "scale shorter dimension": ({"shorter_size": 50}, (100, 50)),
    "scale width": ({"width": 40}, (40, 20)),
    "scale height": ({"height": 40}, (80, 40)),
    "scale total pixels": ({"megapixels": 0.01}, (145, 72)),
    "scale to multiple": ({"multiple": 64}, (192, 64)),
}


@pytest.mark.parametrize("way", RESIZES)
def test_every_way_of_resizing(stocked: Client, way: str) -> None:
    """ResizeImageMaskNode gives the size that its choice asks for."""
    inputs, size = RESIZES[way]
    resize = node("ResizeImageMaskNode", input=["i", 0], resize_type=way, scale_method="area")
    resize["inputs"] |= {f"resize_type.{name}": value for name, value in inputs.items()}
    (picture,) = previewed(stocked, "r", i=LOADED, r=resize)
    assert picture.size == size


def test_resizing_to_match_another(stocked: Client) -> None:
    """`match size` takes the other's size; a mask is resized like a picture."""
    resize = node("ResizeImageMaskNode", input=["i", 0], resize_type="match size", scale_method="area")
    resize["inputs"] |= {"resize_type.match": ["e", 0], "resize_type.crop": "center"}
    (picture,) = previewed(stocked, "r", i=LOADED, e=SOLID, r=resize)
    assert picture.size == (64, 32)
    mask = node("ResizeImageMaskNode", input=["m", 0], resize_type="scale width", scale_method="area")
    mask["inputs"]["resize_type.width"] = 32
    resize["inputs"]["resize_type.match"] = ["n", 0]
    (picture,) = previewed(
        stocked, "r", i=LOADED, m=node("SolidMask", value=1.0, width=64, height=16), n=mask, r=resize
    )
    assert picture.size == (32, 8)


@pytest.mark.parametrize(
    ("made", "size"),
    [
        (
            node("ImageScale", image=["i", 0], upscale_method="area", width=0, height=20, crop="disabled"),
            (40, 20),
        ),
        (
            node("ImageScale", image=["i", 0], upscale_method="area", width=20, height=0, crop="disabled"),
            (20, 10),
        ),
        (node("ImageScaleBy", image=["i", 0], upscale_method="area", scale_by=1.5), (300, 150)),
        (node("ResizeImagesByLongerEdge", images=["i", 0], longer_edge=100), (100, 50)),
    ],
)
def test_the_older_ways_of_resizing(stocked: Client, made: Any, size: tuple[int, int]) -> None:
    """ImageScale, ImageScaleBy and ResizeImagesByLongerEdge keep the shape where they are asked to."""
    (picture,) = previewed(stocked, "r", i=LOADED, r=made)
    assert picture.size == size
    assert picture.convert("RGB").getpixel((1, 1)) == (0, 128, 0)


def test_a_turned_photo_stands_upright(stocked: Client) -> None:
    """The camera's note of how it was held is followed."""
    (picture,) = previewed(stocked, "i", i=node("LoadImage", image="turned.jpg"))
    assert picture.size == (40, 60)


def test_batches_are_joined_repeated_and_cut(stocked: Client) -> None:
    """ImageBatch, RepeatImageBatch and ImageFromBatch count frames as the real nodes do."""
    both = {"i": LOADED, "e": SOLID, "b": node("ImageBatch", image1=["i", 0], image2=["e", 0])}
    pictures = previewed(stocked, "b", **both)
    assert [one.size for one in pictures] == [(200, 100)] * 4
    assert [one.convert("RGB").getpixel((5, 5)) for one in pictures[:2]] == [(0, 128, 0), (255, 0, 0)]
    last = node("ImageFromBatch", image=["b", 0], batch_index=1, length=99)
    assert len(previewed(stocked, "l", **both, l=last)) == 3
    assert len(previewed(stocked, "r", i=LOADED, r=node("RepeatImageBatch", image=["i", 0], amount=5))) == 5


def test_the_size_of_a_picture_can_be_wired_on(stocked: Client) -> None:
    """GetImageSize feeds width, height and count into other nodes."""
    graph = {
        "e": SOLID,
        "g": node("GetImageSize", image=["e", 0]),
        "n": node("EmptyImage", width=["g", 1], height=["g", 0], batch_size=["g", 2], color=0),
    }
    assert [one.size for one in previewed(stocked, "n", **graph)] == [(32, 64)] * 3


def test_saved_pictures_carry_the_graph_and_the_mark(stocked: Client) -> None:
    """SaveImage numbers its files and keeps graph, workflow and REHEARSAL in them."""
    graph = {"e": SOLID, "s": node("SaveImage", images=["e", 0], filename_prefix="p/img_%batch_num%")}
    entry = stocked.run(graph, extra_data={"extra_pnginfo": {"workflow": {"x": 1}}})
    names = [one["filename"] for one in entry["outputs"]["s"]["images"]]
    assert names == ["img_0_00001_.png", "img_1_00002_.png", "img_2_00003_.png"]
    first = shown(stocked, entry)[0]
    assert json.loads(first.info["prompt"]) == graph
    assert json.loads(first.info["workflow"]) == {"x": 1}
    assert first.info["Comment"] == "REHEARSAL"


def test_frames_of_a_drawing_as_pictures(stocked: Client) -> None:
    """The frames of a sampled clip can be saved one by one; a single one can be picked."""
    graph = small_graph()
    graph["one"] = node("ImageFromBatch", image=["dec", 0], batch_index=5, length=1)
    graph["save"] = node("SaveImage", images=["one", 0], filename_prefix="frame")
    entry = stocked.run(graph)
    (picked,) = shown(stocked, entry, "save")
    graph["save"]["inputs"]["images"] = ["dec", 0]
    frames = shown(stocked, stocked.run(graph), "save")
    assert len(frames) == 9
    close = np.abs(np.asarray(frames[5], float) - np.asarray(picked, float)).mean()
    assert close < 6
    assert picked.size == (64, 64)


def test_a_video_is_loaded_with_its_rate_and_sound(stocked: Client) -> None:
    """LoadVideo and GetVideoComponents give frames, rate and sound that can be saved again."""
    graph = {
        "v": node("LoadVideo", file="v.mp4"),
        "c": node("GetVideoComponents", video=["v", 0]),
        "n": node("CreateVideo", images=["c", 0], audio=["c", 1], fps=["c", 2]),
        "save": node("SaveVideo", video=["n", 0], filename_prefix="again", format="auto"),
    }
    clip = look(stocked.saved(stocked.run(graph))[0])
    assert (clip.size_px, clip.frames, clip.fps) == ((96, 64), 12, Fraction(12))
    assert clip.sound_s == pytest.approx(1.0, abs=0.05)
    assert (clip.sound_hz, clip.loudest > 0.05) == (44100, True)
    graph["n"]["inputs"]["images"] = ["few", 0]
    graph["few"] = node("ImageFromBatch", image=["c", 0], batch_index=0, length=3)
    short = look(stocked.saved(stocked.run(graph))[0])
    assert (short.frames, short.sound_s) == (3, pytest.approx(0.25, abs=0.03)), (
        "no sound outlasts its picture"
    )
    graph["v"]["inputs"]["file"] = "mute.mp4"
    assert look(stocked.saved(stocked.run(graph))[0]).sound_s == 0


def test_the_last_frame_of_a_video_starts_the_next(stocked: Client) -> None:
    """A frame taken from a loaded video begins a new clip."""
    graph = small_graph()
    graph["v"] = node("LoadVideo", file="v.mp4")
    graph["c"] = node("GetVideoComponents", video=["v", 0])
    graph["last"] = node("ImageFromBatch", image=["c", 0], batch_index=11, length=1)
    graph["i2v"] = node(
        "LTXVImgToVideoInplace",
        vae=["ckpt", 2],
        image=["last", 0],
        latent=["vlat", 0],
        strength=1.0,
        bypass=False,
    )
    graph["cat"]["inputs"]["video_latent"] = ["i2v", 0]
    with_frame = look(stocked.saved(stocked.run(graph))[0])
    assert with_frame.frames == 9
    assert with_frame.pictures != look(stocked.saved(stocked.run(small_graph()))[0]).pictures


def test_encoding_and_decoding_without_sampling_keeps_the_pictures(stocked: Client) -> None:
    """VAEEncode then VAEDecode gives the picture back in whole cells."""
    graph = {
        "ckpt": small_graph()["ckpt"],
        "i": LOADED,
        "x": node("VAEEncode", pixels=["i", 0], vae=["ckpt", 2]),
        "d": node("VAEDecode", samples=["x", 0], vae=["ckpt", 2]),
    }
    (picture,) = previewed(stocked, "d", **graph)
    assert picture.size == (192, 96)
    assert picture.convert("RGB").getpixel((9, 9)) == (0, 128, 0)


def test_latents_can_be_scaled_and_masked(stocked: Client) -> None:
    """LatentUpscaleBy, LatentUpscale and a noise mask go through; a plain image latent is 8 pixels a cell."""
    graph = {
        "ckpt": small_graph()["ckpt"],
        "e": node("EmptyLatentImage", width=64, height=32, batch_size=2),
        "m": node("SolidMask", value=1.0, width=64, height=32),
        "n": node("SetLatentNoiseMask", samples=["e", 0], mask=["m", 0]),
        "u": node("LatentUpscaleBy", samples=["n", 0], upscale_method="area", scale_by=2.0),
        "w": node(
            "LatentUpscale", samples=["u", 0], upscale_method="area", width=64, height=0, crop="disabled"
        ),
        "d": node("VAEDecode", samples=["w", 0], vae=["ckpt", 2]),
    }
    assert [one.size for one in previewed(stocked, "d", **graph)] == [(64, 32)] * 2


def test_masks_load_and_previews_of_sound(stocked: Client) -> None:
    """LoadImageMask reads the size; PreviewAudio writes to the temp folder."""
    graph = {
        "m": node("LoadImageMask", image="a.png", channel="alpha"),
        "r": node("ResizeImageMaskNode", input=["i", 0], resize_type="match size", scale_method="area"),
        "i": SOLID,
        "t": node("LoadAudio", audio="tone.wav"),
        "a": node("PreviewAudio", audio=["t", 0]),
    }
    graph["r"]["inputs"] |= {"resize_type.match": ["m", 0], "resize_type.crop": "center"}
    graph["s"] = node("PreviewImage", images=["r", 0])
    entry = stocked.run(graph)
    assert shown(stocked, entry)[0].size == (200, 100)
    assert entry["outputs"]["a"]["audio"][0]["type"] == "temp"


def test_a_size_that_cannot_be_encoded_fails_the_save(stocked: Client, tmp_path: Path) -> None:
    """An odd width passes the check and fails when it is saved."""
    graph = {
        "e": node("EmptyImage", width=65, height=33, batch_size=2, color=0),
        "v": node("CreateVideo", images=["e", 0], fps=24.0),
        "save": node("SaveVideo", video=["v", 0], filename_prefix="odd", format="auto"),
    }
    error = stocked.fail(graph)
    assert error["node_id"] == "save"
    assert not list(tmp_path.rglob("odd*"))


def test_a_loaded_video_is_known_by_its_time(stocked: Client) -> None:
    """ComfyUI asks when a video was written, not for its bytes; that is what the clip says of it."""
    graph = {
        "v": node("LoadVideo", file="v.mp4"),
        "save": node("SaveVideo", video=["v", 0], filename_prefix="t/copy", format="auto", codec="auto"),
    }
    (clip,) = stocked.saved(stocked.run(graph))
    written = json.loads(look(clip).tags["prompt"])
    assert written["v"]["is_changed"] == [(stocked.server.input_dir / "v.mp4").stat().st_mtime]
