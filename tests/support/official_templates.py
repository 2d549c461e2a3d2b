"""ComfyUI's official templates, and how the kit's flattening compares with the real client's on each."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from ltxlib.core import workflow
from ltxlib.core.file_format import definitions_of, nodes_of
from ltxlib.core.flatten import flatten
from ltxlib.core.graph import CLIENT_NODES
from ltxlib.core.schema import DYNAMIC_COMBO, NodeSchema
from ltxlib.errors import WorkflowError
from tests.support.web_client import WebClient

PACKAGE = "comfyui_workflow_templates_json"
PACKAGE_MISSING = "ComfyUI's templates (pip install comfyui-workflow-templates-json) are not installed"
RECORDED = Path("contract") / "object_info_comfyui_0.33.0.json.gz"
LTX = ("video_ltx2", "ltxv_", "template_ltx2")
UNEXPLAINED = "not explained"
_MEMBER_OF_A_GROUP_IN_A_CHOICE = re.compile(r"\w+\.\w+\.\w+")
_ABSENT = "nothing"


@dataclass(frozen=True)
class Template:
    """One official template. ltx: whether it is one of those made for LTX."""

    name: str
    ltx: bool
    ui: Mapping[str, Any]

    def unknown_to(self, schema: NodeSchema) -> set[str]:
        """The node types in it that the table does not have."""
        boxes = {str(definition["id"]) for definition in definitions_of(self.ui)}
        return {str(node["type"]) for node, _ in nodes_of(self.ui)} - boxes - {*CLIENT_NODES, *schema.names()}


@dataclass(frozen=True)
class Difference:
    """The first place where two graphs part in one node, and why, where that is known."""

    where: str
    ours: str
    theirs: str
    cause: str

    @property
    def place(self) -> str:
        """Where they part, with both values."""
        return f"{self.where}: ours {self.ours}, the client's {self.theirs}"

    def __str__(self) -> str:
        return f"{self.place} ({self.cause})"


@dataclass(frozen=True)
class Verdict:
    """How one template fared.

    kind: "equal"; "differing"; "refused" by us though the client flattens it; "unknown nodes", which the
    client sends without a class and we refuse; "no answer", where the client itself fails.
    why: the refusal, the names of the unknown nodes, or how the client fails.
    """

    template: Template
    kind: str
    why: str = ""
    differences: tuple[Difference, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether the client itself can flatten it, so that there is something to be equal to."""
        return self.kind in ("equal", "differing", "refused")

    @property
    def explained(self) -> bool:
        """Whether it is equal, or parts from the client's graph for known reasons only."""
        known = bool(self.differences) and UNEXPLAINED not in self.causes
        return self.kind == "equal" or (self.kind == "differing" and known)

    @property
    def causes(self) -> tuple[str, ...]:
        """Why it is not equal, each reason once, the first difference's first."""
        return tuple(dict.fromkeys(one.cause for one in self.differences)) or (self.why,)


def folder() -> Path | None:
    """Where the templates' package keeps them; None where it is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))) / "templates"


def read_all() -> list[Template]:
    """Every template: LTX's by name, then the others in an order that is mixed and always the same."""
    place = folder()
    found = []
    for path in sorted(place.glob("*.json")) if place else ():
        ui = json.loads(path.read_text("utf-8"))
        if isinstance(ui, dict) and isinstance(ui.get("nodes"), list):
            found.append(Template(path.stem, path.stem.startswith(LTX), ui))
    return sorted(found, key=lambda one: (not one.ltx, "" if one.ltx else _mixed(one.name), one.name))


def _mixed(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def recorded_table(shared: Path) -> dict[str, Any] | None:
    """The /object_info recorded from ComfyUI 0.33.0 beside the project; None where it is not there."""
    path = shared / RECORDED
    return json.loads(gzip.decompress(path.read_bytes())) if path.is_file() else None


def small_table() -> dict[str, Any]:
    """The node tables that the kit ships, as one /object_info."""
    tables = resources.files("ltxlib.core")
    merged: dict[str, Any] = {}
    for name in ("node_table.json", "node_table_more.json"):
        merged |= json.loads(tables.joinpath(name).read_text(encoding="utf-8"))
    return merged


def compare(template: Template, schema: NodeSchema, client: WebClient) -> Verdict:
    """Ask both what they make of a template."""
    from playwright.sync_api import Error

    try:
        theirs = client.prompt_of(dict(template.ui))
    except Error as error:
        first = error.message.splitlines()[0]
        return Verdict(template, "no answer", f"the client itself fails: {first}")
    return judge(template, schema, theirs)


def ours_of(template: Template, schema: NodeSchema) -> dict[str, Any]:
    """The kit's own graph of a template, after a trip through JSON as the client's has made one."""
    ui = workflow.load(json.dumps(template.ui), template.name)
    return json.loads(json.dumps(flatten(ui, schema)))


def judge(template: Template, schema: NodeSchema, theirs: Mapping[str, Any]) -> Verdict:
    """Hold our graph of a template against the client's."""
    classless = sorted(key for key, node in theirs.items() if not node.get("class_type"))
    try:
        ours = ours_of(template, schema)
    except WorkflowError as error:
        if classless:
            return Verdict(template, "unknown nodes", ", ".join(sorted(template.unknown_to(schema))))
        return Verdict(template, "refused", error.message)
    if classless:
        why = f"node {classless[0]} has no class in the client's graph, and we let it pass"
        return Verdict(template, "differing", why)
    if ours == theirs:
        return Verdict(template, "equal")
    return Verdict(template, "differing", UNEXPLAINED, tuple(_differences(ours, theirs, schema)))


def _differences(
    ours: Mapping[str, Any], theirs: Mapping[str, Any], schema: NodeSchema
) -> Iterator[Difference]:
    for key in sorted({*ours, *theirs}):
        if key not in ours or key not in theirs:
            node = ours.get(key) or theirs[key]
            sides = ("there", _ABSENT) if key in ours else (_ABSENT, "there")
            yield Difference(f"node {key} ({node['class_type']})", *sides, UNEXPLAINED)
        elif ours[key] != theirs[key]:
            yield _in_node(key, ours[key], theirs[key], schema)


def _in_node(key: str, ours: Mapping[str, Any], theirs: Mapping[str, Any], schema: NodeSchema) -> Difference:
    kind = str(theirs["class_type"])
    for part in ("class_type", "_meta"):
        if ours[part] != theirs[part]:
            where = f"node {key} ({kind}), {part}"
            return Difference(where, _short(ours[part]), _short(theirs[part]), UNEXPLAINED)
    mine, other = ours["inputs"], theirs["inputs"]
    parted = [name for name in sorted({*mine, *other}) if mine.get(name, _ABSENT) != other.get(name, _ABSENT)]
    if not parted:
        return Difference(f"node {key} ({kind}), its parts", _short([*ours]), _short([*theirs]), UNEXPLAINED)
    cause = _cause(kind, parted, mine, other, schema)
    sides = (_short(mine.get(parted[0], _ABSENT)), _short(other.get(parted[0], _ABSENT)))
    return Difference(f"node {key} ({kind}), {parted[0]}", *sides, cause)


def _cause(
    kind: str,
    parted: Sequence[str],
    ours: Mapping[str, Any],
    theirs: Mapping[str, Any],
    schema: NodeSchema,
) -> str:
    """The known reasons; all that is not one of them is a fault of ours until it is looked into."""
    known = schema.get(kind)
    viewers = {spec.name for spec in known.inputs if spec.type == "LOAD_3D"} if known else set()
    if viewers.issuperset(parted):
        return "a 3D viewer sends the picture and camera it shows at that moment, which no file holds"
    for spec in known.inputs if known else ():
        if spec.type == DYNAMIC_COMBO and ours.get(spec.name) not in spec.choices:
            return (
                "asks for a choice that this ComfyUI does not offer; the client then loses wires and values"
            )
    lost = all(_MEMBER_OF_A_GROUP_IN_A_CHOICE.fullmatch(name) and name not in theirs for name in parted)
    if lost and _reaches_beyond_three(parted, ours):
        return "the client itself loses the fourth and later wires of a group inside a choice; we keep them"
    return UNEXPLAINED


def _reaches_beyond_three(names: Sequence[str], ours: Mapping[str, Any]) -> bool:
    """Whether each of these members comes after three others of its group."""
    groups: dict[str, list[str]] = {}
    for name in ours:
        groups.setdefault(name.rpartition(".")[0], []).append(name)
    return all(groups[name.rpartition(".")[0]].index(name) >= 3 for name in names)


def _short(value: Any) -> str:
    text = value if value == _ABSENT else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def share(verdicts: Sequence[Verdict]) -> float:
    """The equal ones in percent of those that the client itself can flatten; 100 where there are none."""
    counted = [one for one in verdicts if one.counts]
    return 100.0 * sum(one.kind == "equal" for one in counted) / len(counted) if counted else 100.0


def explanations(verdicts: Sequence[Verdict]) -> list[str]:
    """One line for each template that is not equal, those with the same reason together."""
    groups: dict[str, list[str]] = {}
    for one in verdicts:
        if one.kind in ("differing", "refused", "no answer"):
            first = str(one.differences[0]) if one.differences else one.why
            groups.setdefault(one.causes[0], []).append(f"{one.template.name}: {first}")
    order = Counter({cause: len(lines) for cause, lines in groups.items()})
    return [line for cause, _ in order.most_common() for line in groups[cause]]
