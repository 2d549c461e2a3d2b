"""The text of a model catalog, read and checked: a whole Catalog, or everything that is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ltxlib.core.catalog_fields import Fields
from ltxlib.core.catalog_parts import (
    Alternative,
    Catalog,
    Family,
    Graph,
    Model,
    ModelFile,
    Preset,
    Price,
    ReportedTime,
    Stage,
)
from ltxlib.core.columns import BY_NAME
from ltxlib.core.modes import MODES
from ltxlib.core.problem import Problem
from ltxlib.core.span import FRAME_GROUP, LONGEST_S
from ltxlib.errors import BadInput

_SHA256 = re.compile(r"[0-9a-f]{64}")
_REPO = re.compile(r"[\w.-]+/[\w.-]+")
# Names become paths below ComfyUI's models/ folder.
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]*")
_SUFFIX = re.compile(r"-[a-z0-9.-]*[a-z0-9]")
_MODEL = re.compile(r"[a-z0-9][a-z0-9_.-]*")


def read_catalog(text: str, name: str = "catalog.json") -> Catalog:
    """The catalog in a JSON text. Raises BadInput with every problem, each named by its place in the file."""
    problems: list[Problem] = []
    catalog = _Reader(_parse(text, name, problems), name, problems).catalog()
    if problems:
        count = "one problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise BadInput(f"The model catalog {name} cannot be used: there is {count} to mend.", problems)
    return catalog


def _parse(text: str, name: str, problems: list[Problem]) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for key, value in pairs:
            if key in seen:
                problems.append(Problem(name, f"“{key}” stands twice in one place.", "Rename or delete one."))
            seen[key] = value
        return seen

    try:
        return json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        where = f"{name} line {error.lineno}" if isinstance(error, json.JSONDecodeError) else name
        problem = Problem(
            where, "This is not JSON.", "Look for a missing comma, quote or bracket there or just above."
        )
        raise BadInput(f"The model catalog {name} cannot be read.", [problem]) from error


class _Reader:
    """Reads the parts in the order in which they name each other: files, families, graphs, models."""

    def __init__(self, data: Any, name: str, problems: list[Problem]) -> None:
        self.top = Fields(data, name, problems)
        self.problems = problems
        self.files: dict[str, ModelFile] = {}
        self.families: dict[str, Family] = {}
        self.graphs: dict[str, Graph] = {}
        self.models: dict[str, Model] = {}

    def catalog(self) -> Catalog:
        self.top.names("about")
        self.files = {name: _file(name, fields) for name, fields in self.top.members("files")}
        self.families = {name: self._family(name, fields) for name, fields in self.top.members("families")}
        self.graphs = {name: _graph(name, fields) for name, fields in self.top.members("graphs")}
        for name, fields in self.top.members("models"):
            model = self._model(name, fields)
            if model is not None:
                self.models[name] = model
        for name, graph in self.graphs.items():
            written_for = self.models.get(graph.written_for)
            if written_for is None or written_for.graph is not graph:
                self.top.problem(
                    f"graphs, {name}, written_for",
                    "names no model of this graph.",
                    "Name one that it drives.",
                )
        load = self.top.inner("first_load")
        first_load = load.number("low_s"), load.number("high_s")
        first_load_source = load.text("source")
        load.close()
        prices = tuple(map(_price, self.top.items("prices")))
        presets = [self._preset(name, fields) for name, fields in self.top.members("presets")]
        instead = [self._alternative(name, fields) for name, fields in self.top.members("alternatives")]
        self.top.close()
        self._default()
        return Catalog(
            families=self.families,
            files=self.files,
            models=self.models,
            first_load_s=first_load,
            first_load_source=first_load_source,
            prices=prices,
            presets=tuple(preset for preset in presets if preset),
            graphs=self.graphs,
            alternatives={one.name: one for one in instead},
        )

    def _default(self) -> None:
        """The model that an empty cell means must be there, or no scene can be read."""
        name = BY_NAME["model"].default
        model = self.models.get(name)
        if model is None or not model.drivable:
            self.top.problem(
                f"models, {name}",
                "is what an empty cell of scenes.csv means, and must be there and drivable.",
                "Put it back.",
            )
            return
        for folder in ("text_encoders", "latent_upscale_models"):
            if not any(file.folder == folder for file in model.needs):
                self.top.problem(f"models, {name}, needs", f"has no file of {folder}.", "Put it back.")

    def _named(self, fields: Fields, where: str, name: str, among: Mapping[str, Any], kind: str) -> Any:
        if name and name not in among:
            cure = f"Write it under {kind} in the same file, or mend the name."
            fields.problem(where, f"names {name}, which is not among the {kind}.", cure)
        return among.get(name)

    def _several(self, fields: Fields, where: str, names: tuple[str, ...]) -> tuple[ModelFile, ...]:
        found = [self._named(fields, where, name, self.files, "files") for name in names]
        return tuple(file for file in found if file is not None)

    def _family(self, name: str, fields: Fields) -> Family:
        side, side_source = fields.figure("side_multiple")
        frames = fields.inner("frames")
        cameras = {
            move: self._named(fields, "cameras", file, self.files, "files")
            for move, file in fields.words("cameras").items()
        }
        fields.text("cameras_source")
        offered = fields.inner("sizes")
        sizes = offered.sizes("value")
        offered.text("source")
        offered.close()
        family = Family(
            name=name,
            licence=fields.text("licence"),
            licence_source=fields.text("licence_source"),
            side_multiple=int(side or 0),
            side_source=side_source,
            frame_group=frames.whole("group"),
            longest_s=frames.whole("longest_s"),
            frames_source=frames.text("source"),
            cameras={move: file for move, file in cameras.items() if file is not None},
            sizes=sizes,
        )
        if (family.frame_group, family.longest_s) != (FRAME_GROUP, LONGEST_S):
            fields.problem(
                "frames", "is a rule that the kit does not know.", f"Write {FRAME_GROUP} and {LONGEST_S}."
            )
        if any(side % (family.side_multiple or 1) for size in sizes for side in size):
            fields.problem("sizes", "has a side that is no multiple of side_multiple.", "Mend that size.")
        if family.side_multiple not in (32, 64):
            fields.problem(
                "side_multiple", "is neither 32 nor 64.", "Write the one that the model's page says."
            )
        frames.close()
        fields.close()
        return family

    def _model(self, name: str, fields: Fields) -> Model | None:
        if not _MODEL.fullmatch(name):
            fields.problem(
                "", "cannot be written in scenes.csv.", "Use lower-case letters, digits, dashes and dots."
            )
        family = self._named(fields, "family", fields.text("family"), self.families, "families")
        checkpoint = self._named(fields, "checkpoint", fields.text("checkpoint"), self.files, "files")
        needs = self._several(fields, "needs", fields.names("needs"))
        ram_gb, ram_source = fields.figure("ram_gb")
        vram_gb, vram_source = fields.figure("vram_gb")
        drivable, distilled = fields.flag("drivable"), fields.flag("distilled")
        kind = fields.text_or_none("graph")
        graph = self._named(fields, "graph", kind, self.graphs, "graphs") if kind else None
        stages = tuple(self._stage(inner) for inner in fields.items("stages"))
        times = tuple(map(_time, fields.items("times")))
        fields.close()
        if distilled and any(stage.cfg not in (None, (1.0, 1.0)) for stage in stages):
            fields.problem(
                "stages",
                "raises CFG above 1, but a distilled model was trained to be run at 1 and is spoilt by more.",
                "Write 1, or take the dev model.",
            )
        if drivable and not stages:
            fields.problem("stages", "is empty, but the model is drivable.", "Write how it is sampled.")
        if drivable and graph is None:
            fields.problem("graph", "is null, but the model is drivable.", "Name the graph that drives it.")
        if family is None or checkpoint is None:
            return None
        return Model(
            name=name,
            family=family,
            checkpoint=checkpoint,
            needs=needs,
            drivable=drivable,
            distilled=distilled,
            ram_gb=ram_gb,
            ram_source=ram_source,
            vram_gb=vram_gb,
            vram_source=vram_source,
            stages=stages,
            times=times,
            graph=graph,
        )

    def _stage(self, fields: Fields) -> Stage:
        lora = fields.text_or_none("lora")
        steps, cfg = fields.choice_or_none("steps"), fields.choice_or_none("cfg")
        stage = Stage(
            name=fields.text("name"),
            scale=fields.number("scale"),
            steps=(steps[0], steps[2]) if steps else None,
            cfg=(cfg[0], cfg[2]) if cfg else None,
            sampler=fields.text_or_none("sampler") or "",
            sigmas=fields.numbers("sigmas"),
            lora=self._named(fields, "lora", lora, self.files, "files") if lora else None,
            lora_strength=fields.number_or_none("lora_strength"),
            source=fields.text("source"),
            own_steps=steps[1] if steps else None,
            own_cfg=cfg[1] if cfg else None,
        )
        if stage.sigmas and stage.steps != (len(stage.sigmas) - 1.0,) * 2:
            fields.problem(
                "steps", "is not one less than the number of sigmas.", f"Write {len(stage.sigmas) - 1}."
            )
        if not 0 < stage.scale <= 1:
            fields.problem("scale", "is not a share of the finished size.", "Write 0.5 for half, 1 for all.")
        fields.close()
        return stage

    def _alternative(self, name: str, fields: Fields) -> Alternative:
        file, model = fields.text_or_none("file"), fields.text_or_none("model")
        if (file is None) == (model is None):
            fields.problem("", "names a file and a model, or neither.", "Name one; the other is null.")
        made = Alternative(
            name=name,
            because=fields.text("because"),
            file=self._named(fields, "file", file or "", self.files, "files"),
            model=self._named(fields, "model", model or "", self.models, "models"),
            how=fields.text("how"),
            source=fields.text("source"),
        )
        fields.close()
        return made

    def _preset(self, name: str, fields: Fields) -> Preset | None:
        ram_gb, ram_source = fields.figure("ram_gb")
        model = self._named(fields, "model", fields.text("model"), self.models, "models")
        values: dict[str, Any] = {
            "meaning": fields.text("meaning"),
            "width_px": fields.whole("width_px"),
            "height_px": fields.whole("height_px"),
            "frames": fields.whole("frames"),
            "time_source": fields.text("time_source"),
        }
        fields.close()
        if model is None:
            return None
        step = model.family.side_step_px(len(model.stages)) or 1
        if values["width_px"] % step or values["height_px"] % step:
            fields.problem("", f"has a side that is no multiple of {step}.", "Choose another size.")
        if values["frames"] % FRAME_GROUP != 1:
            fields.problem("frames", "is not 8n+1.", "Write 9, 17, 25 ... 65 ... 121.")
        return Preset(name=name, model=model, ram_gb=ram_gb, ram_source=ram_source, **values)


def _file(name: str, fields: Fields) -> ModelFile:
    file = ModelFile(
        name=name,
        folder=fields.text("folder"),
        hf_repo=fields.text("hf_repo"),
        size_bytes=fields.whole_or_none("size_bytes"),
        path=fields.text("path"),
        sha256=fields.text_or_none("sha256"),
        licence=fields.text("licence"),
        gated=fields.flag("gated"),
        source=fields.text("source"),
    )
    for where, text in (("", name), ("folder", file.folder)):
        if text and not _FILE.fullmatch(text):
            fields.problem(
                where, "is not a plain name.", "Use letters, digits, dots, dashes and underscores."
            )
    if file.hf_repo and not _REPO.fullmatch(file.hf_repo):
        fields.problem("hf_repo", "is not a repository.", "Write owner/name, such as Lightricks/LTX-2.")
    if file.path.startswith("/") or ".." in file.path.split("/"):
        fields.problem("path", "leaves its repository.", "Write the path as the repository shows it.")
    if file.sha256 is not None and not _SHA256.fullmatch(file.sha256):
        fields.problem("sha256", "is not 64 digits from 0 to f.", "Copy it anew, or write null.")
    fields.close()
    return file


def _graph(name: str, fields: Fields) -> Graph:
    graph = Graph(
        name=name,
        suffix=fields.word("suffix"),
        written_for=fields.text("written_for"),
        modes=fields.names_or_none("modes"),
    )
    if graph.suffix and not _SUFFIX.fullmatch(graph.suffix):
        fields.problem("suffix", "cannot end a file's name.", 'Write "" or such as "-dev".')
    for mode in graph.modes or ():
        if mode not in MODES:
            fields.problem("modes", f"names {mode}, which is none.", f"Write some of: {', '.join(MODES)}.")
    fields.close()
    return graph


def _time(fields: Fields) -> ReportedTime:
    time = ReportedTime(
        frames=fields.whole("frames"),
        width_px=fields.whole("width_px"),
        height_px=fields.whole("height_px"),
        low_s=fields.number("low_s"),
        high_s=fields.number("high_s"),
        gpu=fields.text("gpu"),
        source=fields.text("source"),
    )
    if time.low_s > time.high_s:
        fields.problem("low_s", "is more than high_s.", "Exchange the two.")
    fields.close()
    return time


def _price(fields: Fields) -> Price:
    price = Price(fields.text("card"), fields.number("usd_per_hour"), fields.text("source"))
    fields.close()
    return price
