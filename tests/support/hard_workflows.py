"""Small workflows, each with one thing that is easy to get wrong when flattening.

What the real web client makes of them is recorded in tests/core/client_answers.json
(comfyui-frontend-package 1.58.1, ComfyUI 0.33.0); the browser test asks the client anew.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

LORA = "ltx-2-19b-lora-camera-control-static.safetensors"
ID = "aaaaaaaa-bbbb-4ccc-8ddd-{:012d}"


def node(
    number: int,
    kind: str,
    inputs: list[tuple] = (),
    outputs: list[tuple] = (),
    values: list[Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A node of a file. inputs: (name, type, link[, widget]); outputs: (name, type, links)."""
    slots = []
    for name, type_, link, *widget in inputs:
        slot = {"name": name, "type": type_, "link": link}
        slots.append({**slot, "widget": {"name": widget[0]}} if widget else slot)
    data = {
        "id": number,
        "type": kind,
        "pos": [300 * (number % 10), 40 * number],
        "size": [300, 100],
        "flags": {},
        "order": 0,
        "mode": 0,
        "inputs": slots,
        "outputs": [{"name": name, "type": type_, "links": list(links)} for name, type_, links in outputs],
        "properties": {},
        "widgets_values": values if values is not None else [],
    }
    return {**data, **more}


def workflow(nodes: list[dict], links: list[list], subgraphs: list[dict] = (), **more: Any) -> dict[str, Any]:
    """A file in format 0.4."""
    return {
        "last_node_id": max(n["id"] for n in nodes),
        "last_link_id": max((link[0] for link in links), default=0),
        "nodes": nodes,
        "links": links,
        "groups": [],
        "definitions": {"subgraphs": list(subgraphs)},
        "config": {},
        "extra": {},
        "version": 0.4,
        **more,
    }


def subgraph(
    number: int,
    nodes: list[dict],
    links: list[tuple],
    inputs: list[tuple] = (),
    outputs: list[tuple] = (),
) -> dict[str, Any]:
    """A definition. links: (id, from, slot, to, slot, type); ports: (name, type, linkIds)."""
    keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
    ports = [
        [
            {
                "id": ID.format(900 + number * 20 + side * 10 + place),
                "name": n,
                "type": t,
                "linkIds": list(ids),
            }
            for place, (n, t, ids) in enumerate(rows)
        ]
        for side, rows in enumerate((inputs, outputs))
    ]
    last = max(n["id"] for n in nodes)
    return {
        "id": ID.format(number),
        "version": 1,
        "revision": 0,
        "state": {"lastGroupId": 0, "lastNodeId": last, "lastLinkId": 99, "lastRerouteId": 0},
        "config": {},
        "name": f"Box {number}",
        "inputNode": {"id": -10, "bounding": [0, 0, 120, 60]},
        "outputNode": {"id": -20, "bounding": [900, 0, 120, 60]},
        "inputs": ports[0],
        "outputs": ports[1],
        "widgets": [],
        "nodes": nodes,
        "groups": [],
        "links": [dict(zip(keys, link, strict=True)) for link in links],
        "extra": {},
    }


def _loader(number: int = 1, model: list[int] = (), clip: list[int] = (), vae: list[int] = ()) -> dict:
    outputs = [("MODEL", "MODEL", model), ("CLIP", "CLIP", clip), ("VAE", "VAE", vae)]
    return node(number, "CheckpointLoaderSimple", [], outputs, ["m.safetensors"])


def _text(number: int, clip: int | None, out: list[int], text: str = "rain", link: int | None = None) -> dict:
    inputs = [("clip", "CLIP", clip)]
    if link is not None:
        inputs.append(("text", "STRING", link, "text"))
    return node(number, "CLIPTextEncode", inputs, [("CONDITIONING", "CONDITIONING", out)], [text])


def _zero(number: int, link: int | None) -> dict:
    inputs = [("conditioning", "CONDITIONING", link)]
    return node(number, "ConditioningZeroOut", inputs, [("CONDITIONING", "CONDITIONING", [])])


def promoted_value() -> dict[str, Any]:
    """One value shown on a subgraph instance, twice with its own value and once with the inner one."""
    inner = subgraph(
        1,
        [_text(11, 21, [23], link=22)],
        [(21, -10, 0, 11, 0, "CLIP"), (22, -10, 1, 11, 1, "STRING"), (23, 11, 0, -20, 0, "CONDITIONING")],
        [("clip", "CLIP", [21]), ("text", "STRING", [22])],
        [("CONDITIONING", "CONDITIONING", [23])],
    )
    instances = []
    for number, link, values in ((2, 1, ["fire"]), (3, 2, ["sea"]), (4, 3, [])):
        inputs = [("clip", "CLIP", link), ("text", "STRING", None, "text")]
        instances.append(
            node(number, ID.format(1), inputs, [("CONDITIONING", "CONDITIONING", [link + 3])], values)
        )
    ends = [_zero(5, 4), _zero(6, 5), _zero(7, 6)]
    links = [[n, 1, 1, n + 1, 0, "CLIP"] for n in (1, 2, 3)]
    links += [[n, n - 2, 0, n + 1, 0, "CONDITIONING"] for n in (4, 5, 6)]
    return workflow([_loader(clip=[1, 2, 3]), *instances, *ends], links, [inner])


def nested_values() -> dict[str, Any]:
    """A value promoted through two levels, and an inner instance whose shown value is wired outside."""
    inner = subgraph(
        1,
        [_text(11, 21, [23], link=22)],
        [(21, -10, 0, 11, 0, "CLIP"), (22, -10, 1, 11, 1, "STRING"), (23, 11, 0, -20, 0, "CONDITIONING")],
        [("clip", "CLIP", [21]), ("text", "STRING", [22])],
        [("out", "CONDITIONING", [23])],
    )
    box = [("clip", "CLIP", 31), ("text", "STRING", 32, "text")]
    again = [("clip", "CLIP", 34), ("text", "STRING", None, "text")]
    outer = subgraph(
        2,
        [
            node(12, ID.format(1), box, [("out", "CONDITIONING", [33])], ["inner wind"]),
            node(13, ID.format(1), again, [("out", "CONDITIONING", [35])], ["inner snow"]),
        ],
        [
            (31, -10, 0, 12, 0, "CLIP"),
            (32, -10, 1, 12, 1, "STRING"),
            (33, 12, 0, -20, 0, "CONDITIONING"),
            (34, -10, 0, 13, 0, "CLIP"),
            (35, 13, 0, -20, 1, "CONDITIONING"),
        ],
        [("clip", "CLIP", [31, 34]), ("text", "STRING", [32])],
        [("first", "CONDITIONING", [33]), ("second", "CONDITIONING", [35])],
    )
    outs = [("first", "CONDITIONING", [3]), ("second", "CONDITIONING", [4])]
    shown = [("clip", "CLIP", 1), ("text", "STRING", None, "text")]
    wired = [("clip", "CLIP", 2), ("text", "STRING", 5, "text")]
    more = [("first", "CONDITIONING", [6]), ("second", "CONDITIONING", [])]
    nodes = [
        _loader(clip=[1, 2]),
        node(2, ID.format(2), shown, outs, ["outer rain"]),
        node(3, ID.format(2), wired, more, ["not this"]),
        node(4, "PrimitiveStringMultiline", [], [("STRING", "STRING", [5])], ["from a wire"]),
        _zero(5, 3),
        _zero(6, 4),
        _zero(7, 6),
    ]
    links = [
        [1, 1, 1, 2, 0, "CLIP"],
        [2, 1, 1, 3, 0, "CLIP"],
        [3, 2, 0, 5, 0, "CONDITIONING"],
        [4, 2, 1, 6, 0, "CONDITIONING"],
        [5, 4, 0, 3, 1, "STRING"],
        [6, 3, 0, 7, 0, "CONDITIONING"],
    ]
    return workflow(nodes, links, [inner, outer])


def several_targets() -> dict[str, Any]:
    """One promoted number feeds a widget, another widget and a plain socket inside."""
    size = [("width", "INT", 21, "width"), ("length", "INT", 22, "length")]
    inner = subgraph(
        1,
        [
            node(11, "EmptyLTXVLatentVideo", size, [("LATENT", "LATENT", [24])], [768, 512, 97, 1]),
            node(
                12, "ComfyMathExpression", [("values.a", "FLOAT,INT", 23)], [("FLOAT", "FLOAT", [])], ["a*2"]
            ),
        ],
        [
            (21, -10, 0, 11, 0, "INT"),
            (22, -10, 0, 11, 1, "INT"),
            (23, -10, 0, 12, 0, "INT"),
            (24, 11, 0, -20, 0, "LATENT"),
        ],
        [("n", "INT", [21, 22, 23])],
        [("LATENT", "LATENT", [24])],
    )
    host = node(2, ID.format(1), [("n", "INT", None, "n")], [("LATENT", "LATENT", [1])], [65])
    cut = node(3, "LTXVSeparateAVLatent", [("av_latent", "LATENT", 1)], [("video_latent", "LATENT", [])])
    return workflow([host, cut], [[1, 2, 0, 3, 0, "LATENT"]], [inner])


def old_promotion() -> dict[str, Any]:
    """The older way to promote: proxyWidgets, with a Primitive, a nested box, a prefix and a stale line."""
    clip = ("clip", "CLIP")
    inner = subgraph(
        1,
        [_text(11, 21, [23])],
        [(21, -10, 0, 11, 0, "CLIP"), (23, 11, 0, -20, 0, "CONDITIONING")],
        [(*clip, [21])],
        [("out", "CONDITIONING", [23])],
    )
    box = node(13, ID.format(1), [(*clip, 33)], [("out", "CONDITIONING", [34])], [])
    box["properties"] = {"proxyWidgets": [["11", "text"]]}
    outer = subgraph(
        2,
        [
            node(12, "PrimitiveNode", [], [("INT", "INT", [31, 32])], [97, "fixed"], title="Length"),
            box,
            node(
                14,
                "EmptyLTXVLatentVideo",
                [("length", "INT", 31, "length"), ("height", "INT", 36, "height")],
                [("LATENT", "LATENT", [35])],
                [768, 512, 97, 1],
            ),
            node(17, "PrimitiveNode", [], [("INT", "INT", [36])], [448, "fixed"]),
            node(15, "RandomNoise", [], [("NOISE", "NOISE", [])], [5, "fixed"]),
            node(
                16,
                "LTXVEmptyLatentAudio",
                [("audio_vae", "VAE", None), ("frames_number", "INT", 32, "frames_number")],
                [("Latent", "LATENT", [])],
                [97, 25, 1],
            ),
        ],
        [
            (31, 12, 0, 14, 0, "INT"),
            (32, 12, 0, 16, 1, "INT"),
            (33, -10, 0, 13, 0, "CLIP"),
            (34, 13, 0, -20, 0, "CONDITIONING"),
            (35, 14, 0, -20, 1, "LATENT"),
            (36, 17, 0, 14, 1, "INT"),
        ],
        [(*clip, [33])],
        [("out", "CONDITIONING", [34]), ("latent", "LATENT", [35])],
    )
    outs = [("out", "CONDITIONING", [2]), ("latent", "LATENT", [3])]
    proxies = [["12", "value"], ["14", "width"], ["13", "text"], ["15", "noise_seed"], ["99", "gone"]]
    proxies += [["17", "value"], ["14", "$$preview"], ["14", "no such widget"], ["-1", "text"]]
    host = node(2, ID.format(2), [(*clip, 1)], outs, [121, 640, "old ways", 77, "lost", 320, None, 1, "own"])
    host["properties"] = {"proxyWidgets": proxies}
    second = node(5, ID.format(2), [(*clip, 4)], [("out", "CONDITIONING", [])], ["prefixed"])
    second["properties"] = {"proxyWidgets": [["13", "11: text"]]}
    cut = node(4, "LTXVSeparateAVLatent", [("av_latent", "LATENT", 3)], [("video_latent", "LATENT", [])])
    links = [
        [1, 1, 1, 2, 0, "CLIP"],
        [2, 2, 0, 3, 0, "CONDITIONING"],
        [3, 2, 1, 4, 0, "LATENT"],
        [4, 1, 1, 5, 0, "CLIP"],
    ]
    return workflow([_loader(clip=[1, 4]), host, _zero(3, 2), cut, second], links, [inner, outer])


def bypassed_and_muted() -> dict[str, Any]:
    """Bypass passes on by type and place, mute drops, and both reach through chains."""
    lora = [("model", "MODEL", 1), ("clip", "CLIP", 2)]
    gives = [("MODEL", "MODEL", [3]), ("CLIP", "CLIP", [4])]
    nodes = [
        _loader(model=[1], clip=[2], vae=[9]),
        node(2, "LoraLoader", lora, gives, [LORA, 1, 1], mode=4),
        node(
            3,
            "LoraLoaderModelOnly",
            [("model", "MODEL", 3)],
            [("MODEL", "MODEL", [5])],
            [LORA, 0.5],
            mode=4,
        ),
        _text(4, 4, [6, 7]),
        {**_zero(5, 6), "mode": 4, "outputs": [{"name": "C", "type": "CONDITIONING", "links": [8]}]},
        node(
            6,
            "CFGGuider",
            [("model", "MODEL", 5), ("positive", "CONDITIONING", 7), ("negative", "CONDITIONING", 8)],
            [("GUIDER", "GUIDER", [])],
            [1],
        ),
        {**_text(7, None, [10]), "mode": 2},
        _zero(8, 10),
        node(
            9,
            "VAEDecode",
            [("samples", "LATENT", None), ("vae", "VAE", 9)],
            [("IMAGE", "IMAGE", [11])],
            mode=4,
        ),
        node(10, "PreviewImage", [("images", "IMAGE", 11)]),
        node(11, "GetImageSize", [("image", "IMAGE", None)], [("width", "INT", [12])], mode=4),
        node(12, "EmptyLTXVLatentVideo", [("width", "INT", 12, "width")], [("LATENT", "LATENT", [])], [256]),
    ]
    links = [
        [1, 1, 0, 2, 0, "MODEL"],
        [2, 1, 1, 2, 1, "CLIP"],
        [3, 2, 0, 3, 0, "MODEL"],
        [4, 2, 1, 4, 0, "CLIP"],
        [5, 3, 0, 6, 0, "MODEL"],
        [6, 4, 0, 5, 0, "CONDITIONING"],
        [7, 4, 0, 6, 1, "CONDITIONING"],
        [8, 5, 0, 6, 2, "CONDITIONING"],
        [9, 1, 2, 9, 1, "VAE"],
        [10, 7, 0, 8, 0, "CONDITIONING"],
        [11, 9, 0, 10, 0, "IMAGE"],
        [12, 11, 0, 12, 0, "INT"],
    ]
    return workflow(nodes, links)


def switched_off_boxes() -> dict[str, Any]:
    """Instances that are bypassed or muted, at the top and inside another."""
    swap = subgraph(
        1,
        [
            node(11, "LoraLoaderModelOnly", [("model", "MODEL", 21)], [("MODEL", "MODEL", [22])], [LORA, 1]),
        ],
        [(21, -10, 0, 11, 0, "MODEL"), (22, 11, 0, -20, 0, "MODEL")],
        [("model", "MODEL", [21])],
        [("MODEL", "MODEL", [22])],
    )
    model_in, model_out = [("model", "MODEL", 31)], [("MODEL", "MODEL", [32])]
    holder = subgraph(
        2,
        [
            node(12, ID.format(1), model_in, model_out, [], mode=4),
            node(13, ID.format(1), [("model", "MODEL", None)], [("MODEL", "MODEL", [])], [], mode=2),
        ],
        [(31, -10, 0, 12, 0, "MODEL"), (32, 12, 0, -20, 0, "MODEL")],
        [("model", "MODEL", [31])],
        [("MODEL", "MODEL", [32])],
    )

    def guider(number: int, link: int) -> dict:
        return node(number, "BasicGuider", [("model", "MODEL", link)], [("GUIDER", "GUIDER", [])])

    nodes = [_loader(model=[1, 3, 5])]
    links = []
    for place, (kind, mode) in enumerate(((1, 4), (1, 2), (2, 0))):
        into, out, number = 2 * place + 1, 2 * place + 2, 2 * place + 2
        nodes.append(
            node(
                number,
                ID.format(kind),
                [("model", "MODEL", into)],
                [("MODEL", "MODEL", [out])],
                [],
                mode=mode,
            )
        )
        nodes.append(guider(number + 1, out))
        links += [[into, 1, 0, number, 0, "MODEL"], [out, number, 0, number + 1, 0, "MODEL"]]
    return workflow(nodes, links, [swap, holder])


def client_only_nodes() -> dict[str, Any]:
    """Primitives, Reroutes and notes dissolve; a Primitive also reaches a subgraph's shown value."""
    inner = subgraph(
        1,
        [_text(31, 41, [43], "inner", link=42)],
        [(41, -10, 0, 31, 0, "CLIP"), (42, -10, 1, 31, 1, "STRING"), (43, 31, 0, -20, 0, "CONDITIONING")],
        [("clip", "CLIP", [41]), ("text", "STRING", [42])],
        [("out", "CONDITIONING", [43])],
    )
    nodes = [
        _loader(clip=[1]),
        node(2, "Reroute", [("", "*", 1)], [("", "CLIP", [2, 3])]),
        node(3, "Reroute", [("", "*", 2)], [("", "CLIP", [4])]),
        node(4, "PrimitiveNode", [], [("STRING", "STRING", [5])], ["from a primitive"], title="Words"),
        _text(5, 4, [6], "own text", link=5),
        _zero(6, 6),
        node(7, "PrimitiveNode", [], [("INT", "INT", [7, 8])], [121, "fixed"]),
        node(8, "EmptyLTXVLatentVideo", [("length", "INT", 7, "length")], [("LATENT", "LATENT", [])], []),
        node(
            9,
            "LTXVEmptyLatentAudio",
            [("audio_vae", "VAE", None), ("frames_number", "INT", 8, "frames_number")],
            [("Latent", "LATENT", [])],
            [9, 24, 1],
        ),
        node(10, "PrimitiveNode", [], [("connect to widget input", "*", [])], []),
        node(11, "MarkdownNote", values=["# hello"]),
        node(12, "Note", values=["hello"]),
        node(13, "PrimitiveNode", [], [("STRING", "STRING", [9])], ["into the box"]),
        node(
            14,
            ID.format(1),
            [("clip", "CLIP", 3), ("text", "STRING", 9, "text")],
            [("out", "CONDITIONING", [10])],
            ["shown"],
        ),
        _zero(15, 10),
        node(16, "Reroute", [("", "*", None)], [("", "*", [11])]),
        _zero(17, 11),
    ]
    links = [
        [1, 1, 1, 2, 0, "CLIP"],
        [2, 2, 0, 3, 0, "CLIP"],
        [3, 2, 0, 14, 0, "CLIP"],
        [4, 3, 0, 5, 0, "CLIP"],
        [5, 4, 0, 5, 1, "STRING"],
        [6, 5, 0, 6, 0, "CONDITIONING"],
        [7, 7, 0, 8, 0, "INT"],
        [8, 7, 0, 9, 1, "INT"],
        [9, 13, 0, 14, 1, "STRING"],
        [10, 14, 0, 15, 0, "CONDITIONING"],
        [11, 16, 0, 17, 0, "*"],
    ]
    return workflow(nodes, links, [inner])


def rows_of_values() -> dict[str, Any]:
    """Rows that are short, long, hold nothing, or keep places of companions and buttons."""
    images = [("images", "IMAGE", None)]
    nodes = [
        node(1, "RandomNoise", [], [("NOISE", "NOISE", [])], [12345678901234, "randomize"]),
        node(2, "KSampler", values=[7, "fixed", 20, 1.5]),
        node(3, "EmptyLTXVLatentVideo", values=[]),
        node(4, "LoadImage", [], [("IMAGE", "IMAGE", [])], ["picture.png", "image"]),
        node(
            5, "SaveVideo", [("video", "VIDEO", None)], [], ["clips/a", "mp4", "h264", "auto", "h264", "auto"]
        ),
        node(6, "SaveVideo", [("video", "VIDEO", None)], [], ["clips/b", "auto", "auto"]),
        node(
            7,
            "ResizeImageMaskNode",
            [("input", "IMAGE", None)],
            [],
            ["scale longer dimension", 1536, "lanczos"],
        ),
        node(8, "ResizeImageMaskNode", [("input", "IMAGE", None)], [], ["match size", "center", "area"]),
        node(9, "CreateVideo", images, [("VIDEO", "VIDEO", [])], [24]),
        node(10, "PrimitiveInt", [], [("INT", "INT", [])], [5, "fixed"]),
        node(11, "KSamplerSelect", [], [("SAMPLER", "SAMPLER", [])], [None]),
        node(12, "LoadAudio", [], [("AUDIO", "AUDIO", [])], ["a.mp3", None, ""]),
        node(13, "ManualSigmas", [], [("SIGMAS", "SIGMAS", [])], ["1, 0", "one too many"]),
        node(14, "TextGenerateLTX2Prompt", [("clip", "CLIP", None)], [("STRING", "STRING", [])], ["rain"]),
        node(15, "PreviewAny", [("source", "*", None)], [], [None, None, False]),
        node(16, "CustomCombo", [], [("STRING", "STRING", [])], ["b", 1, "a", "b", ""]),
    ]
    return workflow(nodes, [])


def texts_and_names() -> dict[str, Any]:
    """Comments in a prompt, escapes, and widget values in a file name."""
    nodes = [
        _text(1, None, [], "soft rain // a remark\nand wind /* more\nof it */ far \\{away\\} {only}"),
        node(
            2,
            "SaveVideo",
            [("video", "VIDEO", None)],
            [],
            ["%Seed.noise_seed%/%RandomNoise.x%/%width%", "mp4"],
        ),
        node(3, "RandomNoise", [], [("NOISE", "NOISE", [])], [42, "fixed"], title="Seed"),
        node(
            4,
            "SaveVideo",
            [("video", "VIDEO", None)],
            [],
            ["%EmptyLTXVLatentVideo.width%x", "mp4"],
            title="Named",
        ),
        node(5, "EmptyLTXVLatentVideo", values=[640, 384, 65, 1]),
        node(6, "LTXVImgToVideoInplace", values=[0.5, True], title="Hold"),
        node(
            7,
            "SaveVideo",
            [],
            [],
            ["%Hold.bypass%-%Hold.strength%-%Hold.none%-%a.b.c%-%date%-%Nobody.x%", "mp4"],
        ),
        node(8, "CLIPTextEncode", values=["a: b?"], title="Words"),
        node(9, "SaveVideo", [], [], ["x/%Words.text%/%CLIPTextEncode.text%", "mp4"]),
    ]
    nodes[4]["properties"] = {"Node name for S&R": "EmptyLTXVLatentVideo"}
    return workflow(nodes, [])


def numbers_for_words() -> dict[str, Any]:
    """Rows with numbers and nothing where a text belongs, as rows have whose places have moved."""
    texts = [
        node(place, "CLIPTextEncode", values=[odd]) for place, odd in enumerate((12, 1.5, True, None, 2.0), 1)
    ]
    return workflow([*texts, node(9, "SaveVideo", values=[7, "mp4"])], [])


def wires_out_of_place() -> dict[str, Any]:
    """Inputs in another order than the node's, one that is gone, and a link that only the table knows."""
    nodes = [
        _loader(model=[1], vae=[2, 4]),
        node(
            2,
            "LTXVImgToVideoInplace",
            [("image", "IMAGE", 3), ("gone", "FLOAT", None, "gone"), ("vae", "VAE", 2)],
            [("latent", "LATENT", [])],
            [0.5, True],
        ),
        node(3, "LoadImage", [], [("IMAGE", "IMAGE", [3])], ["picture.png", "image"]),
        node(4, "LoraLoaderModelOnly", [("model", "MODEL", None)], [("MODEL", "MODEL", [])], [LORA, 1]),
        node(5, "VAEDecode", [("vae", "VAE", 4)], [("IMAGE", "IMAGE", [])]),
    ]
    links = [
        [1, 1, 0, 4, 0, "MODEL"],
        [2, 1, 2, 2, 2, "VAE"],
        [3, 3, 0, 2, 0, "IMAGE"],
        [4, 1, 2, 5, 0, "VAE"],
    ]
    return workflow(nodes, links)


def numbers_used_twice() -> dict[str, Any]:
    """Node numbers of a subgraph that the top graph has too, an old list of promotions naming one of them."""
    inner = subgraph(
        1,
        [_text(2, 21, [23]), _zero(3, 23)],
        [(21, -10, 0, 2, 0, "CLIP"), (23, 2, 0, 3, 0, "CONDITIONING"), (24, 3, 0, -20, 0, "CONDITIONING")],
        [("clip", "CLIP", [21])],
        [("out", "CONDITIONING", [24])],
    )
    other = subgraph(
        2, [node(3, "RandomNoise", values=[1, "fixed"]), node(40, "PrimitiveInt", values=[3, "fixed"])], []
    )
    host = node(2, ID.format(1), [("clip", "CLIP", 1)], [("out", "CONDITIONING", [2])], ["renumbered"])
    host["properties"] = {"proxyWidgets": [["2", "text"]]}
    nodes = [_loader(clip=[1]), host, _zero(3, 2), node(4, ID.format(2))]
    links = [[1, 1, 1, 2, 0, "CLIP"], [2, 2, 0, 3, 0, "CONDITIONING"]]
    return workflow(nodes, links, [inner, other])


def grown_inputs() -> dict[str, Any]:
    """A node that shows one input more each time one is wired, with a hole in the middle."""
    sums = [(f"values.{name}", "FLOAT,INT", link) for name, link in (("a", 1), ("b", None), ("c", 2))]
    nodes = [
        node(1, "PrimitiveInt", [], [("INT", "INT", [1])], [5, "fixed"]),
        node(2, "PrimitiveFloat", [], [("FLOAT", "FLOAT", [2])], [2.5]),
        node(3, "ComfyMathExpression", sums, [("FLOAT", "FLOAT", [])], ["a + c"]),
    ]
    return workflow(nodes, [[1, 1, 0, 3, 0, "INT"], [2, 2, 0, 3, 2, "FLOAT"]])


def second_format() -> dict[str, Any]:
    """The same kind of graph in format 1: links are objects, numbers are kept in `state`."""
    old = promoted_value()
    keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
    new = {key: value for key, value in old.items() if key not in ("last_node_id", "last_link_id")}
    state = {"lastGroupId": 0, "lastNodeId": 11, "lastLinkId": 23, "lastRerouteId": 0}
    links = [dict(zip(keys, link, strict=True)) for link in old["links"]]
    return {**new, "version": 1, "state": state, "links": links}


def nothing_shown() -> dict[str, Any]:
    """Promoted combos whose shown value is nothing, also two levels deep, and a value kept in quarantine."""
    inner = subgraph(
        1,
        [
            node(
                11,
                "KSamplerSelect",
                [("sampler_name", "COMBO", 21, "sampler_name")],
                [("SAMPLER", "SAMPLER", [])],
                ["heun"],
            ),
            _text(12, None, [], "inner", link=22),
        ],
        [(21, -10, 0, 11, 0, "COMBO"), (22, -10, 1, 12, 1, "STRING")],
        [("sampler_name", "COMBO", [21]), ("text", "STRING", [22])],
    )
    shown = [("sampler_name", "COMBO", 31, "sampler_name"), ("text", "STRING", None, "text")]
    outer = subgraph(
        2,
        [node(13, ID.format(1), shown, [], ["lms", None])],
        [(31, -10, 0, 13, 0, "COMBO")],
        [("sampler_name", "COMBO", [31]), ("unused", "STRING", [])],
    )
    plain = [("sampler_name", "COMBO", None, "sampler_name"), ("text", "STRING", None, "text")]
    host = node(3, ID.format(1), plain, [], ["dpm_2", "row"])
    host["properties"] = {
        "proxyWidgetErrorQuarantine": [
            {
                "originalEntry": ["-1", "text"],
                "reason": "missingSourceNode",
                "hostValue": "kept",
                "attemptedAtVersion": 1,
            },
            {"originalEntry": ["9", "x"], "reason": "missingSourceNode", "attemptedAtVersion": 1},
        ]
    }
    nodes = [
        node(1, ID.format(1), plain, [], [None, None]),
        node(2, ID.format(2), [("sampler_name", "COMBO", None, "sampler_name")], [], [None]),
        host,
        node(4, ID.format(2), [("sampler_name", "COMBO", None, "sampler_name")], [], []),
    ]
    return workflow(nodes, [], [inner, outer])


def packs_and_titles() -> dict[str, Any]:
    """Which pack a node came from travels with the prompt when it is written well."""
    good = {"cnr_id": "comfy-core", "ver": "0.3.60", "aux_id": "owner/pack"}
    bad = {"cnr_id": "_no", "ver": "latest", "aux_id": "no-slash"}
    nodes = [
        node(1, "RandomNoise", values=[1, "fixed"], properties=good),
        node(2, "RandomNoise", values=[1, "fixed"], properties=bad, title="Dice [ltx.seed]"),
        node(3, "EmptyLTXVLatentVideo", properties={"ver": "v1.2.3"}),
        node(4, "PrimitiveInt", values=[1], properties={"ver": "ab12ef", "cnr_id": "x"}),
    ]
    return workflow(nodes, [])


CASES: dict[str, Callable[[], dict[str, Any]]] = {
    case.__name__: case
    for case in (
        promoted_value,
        nested_values,
        several_targets,
        old_promotion,
        bypassed_and_muted,
        switched_off_boxes,
        client_only_nodes,
        rows_of_values,
        texts_and_names,
        numbers_for_words,
        wires_out_of_place,
        numbers_used_twice,
        grown_inputs,
        second_format,
        nothing_shown,
        packs_and_titles,
    )
}


def text_of(case: str) -> str:
    """The text of one case's file."""
    return json.dumps(copy.deepcopy(CASES[case]()))
