"""What a creator does to a workflow in ComfyUI: move nodes, renumber them, pack some into a subgraph."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

BOX_ID = "0f0f0f0f-1111-4222-8333-444444444444"


def moved(ui: dict[str, Any], dx: float = 500, dy: float = -250) -> dict[str, Any]:
    """All nodes elsewhere, in other sizes and colours, groups gone."""
    result = copy.deepcopy(ui)
    for node in result["nodes"]:
        node["pos"] = [node["pos"][0] + dx, node["pos"][1] + dy]
        node["size"] = [node["size"][0] + 40, node["size"][1] + 40]
        node["color"] = "#223322"
    result["groups"] = []
    return result


def renumbered(ui: dict[str, Any], by: int = 1000) -> dict[str, Any]:
    """All node and link numbers changed, nodes in another order."""
    result = copy.deepcopy(ui)
    for node in result["nodes"]:
        node["id"] += by
        for slot in node["inputs"]:
            slot["link"] = None if slot["link"] is None else slot["link"] + by
        for slot in node["outputs"]:
            slot["links"] = [link + by for link in slot["links"]]
    result["links"] = [[i + by, a + by, b, c + by, d, t] for i, a, b, c, d, t in result["links"]]
    result["nodes"].reverse()
    result["last_node_id"] += by
    result["last_link_id"] += by
    return result


def packed(ui: dict[str, Any], titles: Iterable[str]) -> dict[str, Any]:
    """The nodes whose titles begin so, packed into one subgraph, as "Convert to Subgraph" does."""
    result = copy.deepcopy(ui)
    wanted = tuple(titles)
    inner = [node for node in result["nodes"] if node.get("title", "").startswith(wanted)]
    ids = {node["id"] for node in inner}
    result["nodes"] = [node for node in result["nodes"] if node["id"] not in ids]
    by_id = {node["id"]: node for node in (*inner, *result["nodes"])}
    host_id = result["last_node_id"] + 1
    box = _Box(host_id)
    for link in result["links"]:
        box.take(link, ids, by_id)
    result["links"] = box.outer
    result["nodes"].append(box.instance())
    result["last_node_id"] = host_id
    result["last_link_id"] = max(link[0] for link in box.outer)
    result["definitions"] = {"subgraphs": [box.definition(inner)]}
    return result


class _Box:
    """Sorts links into those inside the subgraph, those outside, and those that cross."""

    def __init__(self, host_id: int) -> None:
        self.host_id = host_id
        self.outer: list[list[Any]] = []
        self.inner: list[dict[str, Any]] = []
        self.inputs: list[dict[str, Any]] = []
        self.outputs: list[dict[str, Any]] = []
        self.fed: list[int] = []
        self.feeding: list[list[int]] = []

    def take(self, link: list[Any], ids: set[int], nodes: dict[int, dict[str, Any]]) -> None:
        number, origin, slot, target, place, kind = link
        if origin not in ids and target not in ids:
            self.outer.append(link)
            return
        inside = {"origin_id": origin, "origin_slot": slot, "target_id": target, "target_slot": place}
        if origin not in ids:
            name = f"{nodes[target]['inputs'][place]['name']}_{len(self.inputs)}"
            inside |= {"origin_id": -10, "origin_slot": len(self.inputs)}
            self.outer.append([number, origin, slot, self.host_id, len(self.inputs), kind])
            self.inputs.append({"name": name, "type": kind, "linkIds": [number]})
            self.fed.append(number)
        elif target not in ids:
            key = (origin, slot)
            known = [port for port, output in enumerate(self.outputs) if output["from"] == key]
            port = known[0] if known else len(self.outputs)
            self.outer.append([number + 5000, self.host_id, port, target, place, kind])
            nodes[target]["inputs"][place]["link"] = number + 5000
            held = nodes[origin]["outputs"][slot]["links"]
            if known:
                held.remove(number)
                self.feeding[port].append(number + 5000)
                return
            name = f"{nodes[origin]['outputs'][slot]['name']}_{port}"
            self.outputs.append({"name": name, "type": kind, "linkIds": [number], "from": key})
            self.feeding.append([number + 5000])
            inside |= {"target_id": -20, "target_slot": port}
        self.inner.append({"id": number, **inside, "type": kind})

    def instance(self) -> dict[str, Any]:
        slots = zip(self.inputs, self.fed, strict=True)
        return {
            "id": self.host_id,
            "type": BOX_ID,
            "title": "My box",
            "pos": [0, -600],
            "size": [400, 400],
            "flags": {},
            "order": 0,
            "mode": 0,
            "inputs": [{"name": port["name"], "type": port["type"], "link": link} for port, link in slots],
            "outputs": [
                {"name": port["name"], "type": port["type"], "links": links}
                for port, links in zip(self.outputs, self.feeding, strict=True)
            ],
            "properties": {},
            "widgets_values": [],
        }

    def definition(self, nodes: list[dict[str, Any]]) -> dict[str, Any]:
        def ports(rows: list[dict[str, Any]], first: int) -> list[dict[str, Any]]:
            return [
                {
                    "id": f"0f0f0f0f-1111-4222-8333-{first + place:012d}",
                    **{key: row[key] for key in ("name", "type", "linkIds")},
                }
                for place, row in enumerate(rows)
            ]

        state = {"lastGroupId": 0, "lastNodeId": 9999, "lastLinkId": 9999, "lastRerouteId": 0}
        return {
            "id": BOX_ID,
            "version": 1,
            "state": state,
            "revision": 0,
            "config": {},
            "name": "My box",
            "inputNode": {"id": -10, "bounding": [-400, 0, 120, 200]},
            "outputNode": {"id": -20, "bounding": [3000, 0, 120, 200]},
            "inputs": ports(self.inputs, 100),
            "outputs": ports(self.outputs, 500),
            "widgets": [],
            "nodes": nodes,
            "groups": [],
            "links": self.inner,
            "extra": {},
        }
