"""Files that are no workflows any more, each damaged in one way, with the words that must be said of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.support.hard_workflows import ID, node, subgraph, workflow

UI_TYPE = "LATENT"


def _chain(*more: dict, links: list[list] = (), **extra: Any) -> dict[str, Any]:
    return workflow([node(5, "RandomNoise", title="Dice", values=[1, "fixed"]), *more], list(links), **extra)


def _rerouted(number: int, link: int, out: int) -> dict[str, Any]:
    return node(
        number,
        "ConditioningZeroOut",
        [("conditioning", "CONDITIONING", link)],
        [("C", "CONDITIONING", [out])],
        title=f"Zero {number}",
    )


def _ring() -> dict[str, Any]:
    wires = [[1, 6, 0, 7, 0, "CONDITIONING"], [2, 7, 0, 6, 0, "CONDITIONING"]]
    return _chain(_rerouted(6, 2, 1), _rerouted(7, 1, 2), links=wires)


def _boxed(number: int, kind: str, link: int | None, out: int) -> dict[str, Any]:
    return node(
        number,
        kind,
        [("conditioning", "CONDITIONING", link)],
        [("C", "CONDITIONING", [out])],
        title=f"Box {number}",
    )


def _through() -> dict[str, Any]:
    """A subgraph of one node, which passes on what it is given."""
    inner = [
        (11, -10, 0, 12, 0, "CONDITIONING"),
        (12, 12, 0, -20, 0, "CONDITIONING"),
    ]
    port = [("conditioning", "CONDITIONING", [11])], [("C", "CONDITIONING", [12])]
    return subgraph(1, [_rerouted(12, 11, 12)], inner, *port)


def _ring_through_boxes() -> dict[str, Any]:
    box = _through()
    wires = [[1, 6, 0, 7, 0, "CONDITIONING"], [2, 7, 0, 6, 0, "CONDITIONING"]]
    return workflow([_boxed(6, box["id"], 2, 1), _boxed(7, box["id"], 1, 2)], wires, [box])


def _in_itself() -> dict[str, Any]:
    box = subgraph(1, [node(12, ID.format(1), title="Again")], [])
    return _chain(node(6, box["id"], title="Box"), definitions={"subgraphs": [box]})


def _in_each_other() -> dict[str, Any]:
    boxes = [subgraph(1, [node(12, ID.format(2))], []), subgraph(2, [node(13, ID.format(1))], [])]
    return _chain(node(6, ID.format(1), title="Box"), definitions={"subgraphs": boxes})


def _nested_for_ever() -> dict[str, Any]:
    boxes = [subgraph(n, [node(1000 + n, ID.format(n + 1))], []) for n in range(1, 1500)]
    boxes.append(subgraph(1500, [node(3000, "RandomNoise")], []))
    return _chain(node(6, ID.format(1), title="Box"), definitions={"subgraphs": boxes})


def _multiplied() -> dict[str, Any]:
    """Ten boxes, each holding ten of the next: ten thousand million nodes in a file of 40 kB."""
    boxes = [
        subgraph(n, [node(100 * n + place, ID.format(n + 1)) for place in range(10)], [])
        for n in range(1, 10)
    ]
    boxes.append(subgraph(10, [node(2000, "RandomNoise")], []))
    return _chain(node(6, ID.format(1), title="Box"), definitions={"subgraphs": boxes})


def _without(key: str) -> dict[str, Any]:
    spoilt = node(6, "RandomNoise", title="Spoilt")
    whole = _chain(spoilt)
    del spoilt[key]
    return whole


def _with(**values: Any) -> dict[str, Any]:
    return _chain({**node(6, "RandomNoise", title="Spoilt"), **values})


def _many_passing_on() -> dict[str, Any]:
    """A wire through more reroutes than Python can follow."""
    count = 1500
    passing = [
        node(n, "Reroute", [("", "*", n)], [("", "*", [n + 1])], title=f"Way {n}") for n in range(10, count)
    ]
    first = node(9, "EmptyLTXVLatentVideo", [], [("LATENT", UI_TYPE, [10])], [768, 512, 97, 1])
    last = node(8, "VAEDecode", [("samples", UI_TYPE, count)], [("IMAGE", "IMAGE", [])], title="Decode")
    wires = [[n, n - 1, 0, n, 0, UI_TYPE] for n in range(10, count)]
    wires.append([count, count - 1, 0, 8, 0, UI_TYPE])
    return workflow([first, *passing, last], wires)


def _raw_number(text: str) -> bytes:
    return json.dumps(_with(widgets_values=["NUMBER", "fixed"])).replace('"NUMBER"', text).encode()


_UI: dict[str, tuple[Callable[[], Any], str]] = {
    "a subgraph without its content": (
        lambda: _with(type="61915fab-1111-4222-8333-444444444444"),
        '"Spoilt" (#6)',
    ),
    "a link from nowhere": (
        lambda: _chain(_rerouted(6, 1, 2), links=[[1, 99, 0, 6, 0, "CONDITIONING"]]),
        '"Zero 6" (#6)',
    ),
    "an input on no link": (lambda: _chain(_rerouted(6, 77, 2)), '"Zero 6" (#6)'),
    "a ring": (_ring, "Zero"),
    "a ring through subgraphs": (_ring_through_boxes, "is part of a ring"),
    "a subgraph in itself": (_in_itself, 'the subgraph "Box 1" contains itself'),
    "subgraphs in each other": (_in_each_other, "contains itself"),
    "subgraphs without end": (_nested_for_ever, "deep"),
    "subgraphs that multiply": (_multiplied, "too many nodes"),
    "values by name": (lambda: _with(widgets_values={"noise_seed": 4}), '"Spoilt" (#6)'),
    "the same number twice": (lambda: _chain(node(5, "RandomNoise", title="Twin")), '"Twin" (#5)'),
    "nodes that are no list": (lambda: {**_chain(), "nodes": {"5": {}}}, "no list of nodes"),
    "nodes that are nothing": (lambda: {**_chain(), "nodes": None}, "no list of nodes"),
    "links that are no list": (lambda: {**_chain(), "links": 7}, "damaged"),
    "a link that is no link": (lambda: {**_chain(), "links": [[1, 2]]}, "damaged"),
    "a link with words for numbers": (lambda: {**_chain(), "links": [["a", "b", "c", "d", "e"]]}, "damaged"),
    "a node that is a word": (lambda: {**_chain(), "nodes": ["Dice"]}, "no number"),
    "no type": (lambda: _without("type"), '"Spoilt" (#6)'),
    "no number": (lambda: _without("id"), 'a node "Spoilt" is damaged: it has no number'),
    "a title that is a list": (lambda: _with(title=["a"]), "(#6)"),
    "inputs that are words": (lambda: _with(inputs="none"), '"Spoilt" (#6)'),
    "a mode in words": (lambda: _with(mode="bypass"), '"Spoilt" (#6)'),
    "values in lists without end": (lambda: _with(widgets_values=_deep(400)), '"Spoilt" (#6)'),
    "a wire that is passed on for ever": (_many_passing_on, '"Decode" (#8)'),
    "more nodes than anybody draws": (
        lambda: _chain(*(node(n, "RandomNoise") for n in range(10, 5100))),
        "5091 nodes",
    ),
    "no version": (lambda: {**_chain(), "version": None}, "format version is None"),
    "definitions that are a list": (lambda: {**_chain(), "definitions": [1]}, "definitions are damaged"),
}


def _deep(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def _api(**changes: Any) -> dict[str, Any]:
    return {
        "5": {"class_type": "RandomNoise", "inputs": {"noise_seed": 1}, "_meta": {"title": "Dice"}},
        "6": {
            "class_type": "RandomNoise",
            "inputs": {"noise_seed": 2},
            "_meta": {"title": "Spoilt"},
            **changes,
        },
    }


def _api_ring() -> dict[str, Any]:
    zero = {"class_type": "ConditioningZeroOut", "_meta": {"title": "Zero"}}
    return {
        "6": {**zero, "inputs": {"conditioning": ["7", 0]}},
        "7": {**zero, "inputs": {"conditioning": ["6", 0]}},
    }


_API: dict[str, tuple[Callable[[], Any], str]] = {
    "API: no type": (lambda: {**_api(), "6": {"inputs": {}, "_meta": {"title": "Spoilt"}}}, '"Spoilt" (#6)'),
    "API: a type that is nothing": (lambda: _api(class_type=None), '"Spoilt" (#6)'),
    "API: inputs that are a list": (lambda: _api(inputs=[1]), '"Spoilt" (#6)'),
    "API: a node that is a number": (lambda: {**_api(), "7": 7}, "node #7"),
    "API: a node without a number": (lambda: {**_api(), "": _api()["5"]}, "no number"),
    "API: a link to nowhere": (lambda: _api(inputs={"noise_seed": ["99", 0]}), '"Spoilt" (#6)'),
    "API: a wire of one part": (lambda: _api(inputs={"noise_seed": ["5"]}), '"Spoilt" (#6)'),
    "API: a wire by number": (lambda: _api(inputs={"noise_seed": [5, 0]}), '"Spoilt" (#6)'),
    "API: a wire from before the first place": (lambda: _api(inputs={"a": ["5", -1]}), '"Spoilt" (#6)'),
    "API: settings that are a word": (lambda: _api(_meta="x"), "(#6)"),
    "API: a title that is a list": (lambda: _api(_meta={"title": []}), "(#6)"),
    "API: a ring": (_api_ring, '"Zero"'),
    "API: a ring of one": (lambda: _api(inputs={"noise_seed": ["6", 0]}), '"Spoilt" (#6)'),
    "API: lists without end": (lambda: _api(inputs={"a": {"b": _deep(400)}}), '"Spoilt" (#6)'),
    "API: wrapped, a link to nowhere": (
        lambda: {"prompt": _api(inputs={"noise_seed": ["99", 0]}), "client_id": "x"},
        '"Spoilt" (#6)',
    ),
    "API: more nodes than anybody draws": (
        lambda: {str(n): _api()["5"] for n in range(5001)},
        "5001 nodes",
    ),
}


def _bytes() -> dict[str, tuple[bytes, str]]:
    good = json.dumps(_chain()).encode()
    api = json.dumps(_api()).encode()
    return {
        "broken off": (good[: len(good) // 2], "breaks off"),
        "broken off in a text": (good[: good.index(b"Dice") + 2], "breaks off"),
        "API: broken off": (api[:-9], "breaks off"),
        "API: the same number twice": (api.replace(b'"6":', b'"5":'), "two nodes with the number #5"),
        "not a number": (_raw_number("NaN"), '"Spoilt" (#6)'),
        "without end": (_raw_number("-Infinity"), '"Spoilt" (#6)'),
        "larger than any number": (_raw_number("1e999"), '"Spoilt" (#6)'),
        "API: not a number": (api.replace(b'"noise_seed": 2', b'"noise_seed": NaN'), '"Spoilt" (#6)'),
        "a number of 5000 digits": (_raw_number("7" * 5000), "too long"),
        "50 MB": (good[:-1] + b', "extra": "' + b"x" * 50_000_000 + b'"}', "50 MB"),
        "100000 brackets": (b"[" * 100_000, "without end"),
        "100000 objects": (b'{"a":' * 100_000, "without end"),
        "empty": (b"", "is empty"),
        "blank": (b" \n\n", "is empty"),
        "a list": (b"[1, 2]", "a list or a bare value"),
        "a word": (b'"workflow"', "a list or a bare value"),
        "nothing": (b"null", "a list or a bare value"),
        "an empty object": (b"{}", "format version"),
        "bytes of no kind": (bytes(range(256)) * 40, "no text"),
        "zeros": (b"\0" * 5000, "not a whole workflow file"),
        "a PNG": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "a picture (PNG)"),
        "a JPEG": (b"\xff\xd8\xff\xe0" + bytes(range(256)), "a picture (JPEG)"),
        "an MP4": (b"\0\0\0\x20ftypisom" + bytes(range(256)), "a film (MP4)"),
        "a WebM": (b"\x1aE\xdf\xa3" + bytes(range(256)), "a film (MKV or WebM)"),
        "a ZIP": (b"PK\x03\x04" + bytes(range(256)), "a ZIP archive"),
        "a gzip": (b"\x1f\x8b\x08\0" + bytes(range(256)), "packed (gzip)"),
        "a web page": (b"<!doctype html><html><body>404</body></html>", "garbled at line 1"),
    }


def damaged_files() -> dict[str, tuple[bytes, str]]:
    """Every kind of damage: its name, the file's bytes, and words that its refusal must hold."""
    made = {name: (json.dumps(make()).encode(), says) for name, (make, says) in (_UI | _API).items()}
    return made | _bytes()
