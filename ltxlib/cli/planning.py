"""The verb `plan`: what would run, what it needs and what it would cost, without any server."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from typing import Any

from ltxlib.cli import presets, words
from ltxlib.core import catalog, span, specials
from ltxlib.core.catalog_parts import ModelFile, Price
from ltxlib.core.explain import Way, ways
from ltxlib.core.modes import MODES
from ltxlib.core.pace import Pace, estimate_by
from ltxlib.core.plan import Estimate, RenderPlan, take_s
from ltxlib.store.project import find_project
from ltxlib.store.takes import there as is_there
from ltxlib.studio.check import check_project
from ltxlib.studio.drafts import with_picks
from ltxlib.studio.pacing import pace_on

_MOST_TAKES = 20
_NAMED = Price("your card", 0.0, "named with --price")


@dataclass(frozen=True)
class _Night:
    """The takes asked for, those that are there, how they are made, an hour's price, how fast takes were."""

    plans: tuple[RenderPlan, ...]
    there: frozenset[str]
    ways: tuple[Way, ...]
    price: Price
    pace: Pace

    @property
    def missing(self) -> list[RenderPlan]:
        return [plan for plan in self.plans if _key(plan) not in self.there]

    @property
    def estimate(self) -> Estimate:
        return estimate_by(self.missing, self.pace)

    @property
    def files(self) -> list[ModelFile]:
        return list(dict.fromkeys(file for way in self.ways for file in way.files))


def plan(arguments: argparse.Namespace) -> int:
    """Tell what would run, or which presets there are; nothing is started and no server is asked."""
    price = _price(arguments.price)
    if arguments.presets or arguments.models:
        tell = presets.presets if arguments.presets else presets.models
        lines, facts = tell(price)
        print(json.dumps(facts) if arguments.json else "\n".join(lines))
        return 0
    project = find_project(arguments.project)
    shelf = project.set(rehearsal=False)
    checked = with_picks(check_project(project, arguments.scenes, shelf=shelf).or_raise(), shelf)
    there = {_key(plan) for plan in checked.plans if is_there(shelf, plan)}
    made_so = tuple(ways(checked.plans, checked.workflows))
    night = _Night(checked.plans, frozenset(there), made_so, price, pace_on(shelf))
    if arguments.json:
        print(json.dumps(_facts(night)))
    else:
        print("\n".join(_lines(night, explain=arguments.explain)))
    return 0


def _key(plan: RenderPlan) -> str:
    return f"{plan.scene.scene}/{plan.take_id}"


def _price(usd_per_hour: float | None) -> Price:
    if usd_per_hour is None:
        return catalog.shipped().prices[0]
    return replace(_NAMED, usd_per_hour=usd_per_hour)


def _lines(night: _Night, *, explain: bool) -> list[str]:
    if not night.plans:
        return ["No scene is enabled, so nothing would run. Write yes under enabled in scenes.csv."]
    seconds = sum(float(plan.scene.duration_s) for plan in night.plans)
    head = f"{words.count(len(night.plans), 'take')}, {words.span(seconds)} of clips. No server was asked."
    lines = [head, "", *_take_lines(night, everything=explain)]
    if explain:
        lines += _ways_lines(night.ways)
    return [*lines, "", *_total_lines(night), *([] if explain else ["More on each: ./kit plan --explain"])]


def _take_lines(night: _Night, *, everything: bool) -> list[str]:
    shown = night.plans if everything else night.plans[:_MOST_TAKES]
    rows = [["scene", "mode", "seed", "take", "size", "length", "time", "money"]]
    for plan in shown:
        scene, took = plan.scene, night.pace.take_s(plan)
        there = _key(plan) in night.there
        rows.append(
            [
                scene.scene,
                scene.mode,
                str(plan.seed),
                plan.take_id,
                "sound" if MODES[scene.mode].sound_alone else f"{scene.width}x{scene.height}",
                span.seconds_text(scene.clip_frames, scene.clip_fps),
                "there already" if there else words.span_of(took),
                "" if there or took is None else words.money(took, night.price),
            ]
        )
    left = len(night.plans) - len(shown)
    return words.table(rows) + (
        [f"... and {words.count(left, 'take')} more; --explain shows all"] if left else []
    )


def _ways_lines(ways: tuple[Way, ...]) -> list[str]:
    lines: list[str] = []
    told: list[list[str]] = []
    for number, way in enumerate(ways, start=1):
        takes = words.count(len(way.plans), "take")
        lines += ["", f"{number}. {takes} with workflows/{way.plan.workflow} ({way.plan.scene.mode})"]
        body = _way_lines(way)
        lines += [f"  all else as in {told.index(body) + 1}"] if body in told else body
        told.append(body)
        if way.unread:
            theirs = (
                "files and stages are the catalog's" if way.model_told else "so nothing of it is known here"
            )
            lines.append(f"  This graph cannot be read without its server; {theirs}.")
            lines.append(f"  ({way.unread})")
    return lines


def _way_lines(way: Way) -> list[str]:
    model, scene = way.model, way.plan.scene
    report = model.nearest_time(scene.width, scene.height, scene.frames) if take_s(way.plan) else None
    told = f" a take, on {report.gpu} ({report.source})" if report else ""
    stages = [
        [f"  stage {place}", f"{stage.width_px}x{stage.height_px}, {_sampling(stage.steps, stage.cfg)}"]
        for place, stage in enumerate(way.stages, start=1)
    ]
    packed = specials.needs_pack(way.plan.workflow)
    gated = sorted({file.hf_repo for file in way.files if file.gated})
    sound = "with sound" if scene.audio else "without sound"
    sound = "sound alone" if MODES[scene.mode].sound_alone else sound
    length = (
        f"{scene.frames} frames at {float(scene.fps):g} fps, {span.seconds_text(scene.frames, scene.fps)}"
    )
    written_out = f"written out first, as prompts/enhance/{way.plan.instructions} tells"
    if scene.smooth:
        length += f"; the file has {scene.clip_frames} frames at {float(scene.clip_fps):g} fps"
    rows = [
        *([["  needs", f"{specials.PACK}, a node pack, on the server"]] if packed else []),
        ["  model", _model(way)],
        *stages,
        ["  length", f"{length}, {sound}"],
        *([["  prompt", written_out]] if scene.enhance else []),
        ["  RAM", _need(model.ram_gb, model.ram_source) if way.model_told else words.NOT_KNOWN],
        ["  card", _need(model.vram_gb, model.vram_source) if way.model_told else words.NOT_KNOWN],
        ["  time", words.span_of(take_s(way.plan)) + told],
        *(
            [
                "  file" if not place else "",
                f"{words.gigabytes(file.size_bytes):>8}  {file.folder}/{file.name}",
            ]
            for place, file in enumerate(way.files)
        ),
        *(["", f"{'?':>8}  {name}, which the kit's catalog does not know"] for name in way.unknown_files),
        ["", f"{words.together(way.files):>8}  together"],
        *(["  gated", f"{words.gate(repo)}; the files come to nobody else"] for repo in gated),
    ]
    return words.table(rows)


def _model(way: Way) -> str:
    if not way.model_told:
        return "none that the catalog knows is named in this graph"
    return f"{way.model.name} ({way.model.family.name}; {way.model.family.licence})"


def _sampling(steps: int | None, cfg: float | None) -> str:
    counted = words.count(steps, "step") if steps is not None else "steps not told by the graph"
    return f"{counted}, CFG {cfg:g}" if cfg is not None else counted


def _need(figure_gb: float | None, source: str) -> str:
    if figure_gb:
        return f"{figure_gb:g} GB or more ({source})"
    return source if source.startswith(words.NOT_KNOWN) else f"{words.NOT_KNOWN} ({source})"


def _total_lines(night: _Night) -> list[str]:
    price = night.price
    ram_gb = max((way.model.ram_gb or 0 for way in night.ways if way.model_told), default=0)
    ram = f"{ram_gb:g} GB of system RAM or more" if ram_gb else f"system RAM {words.NOT_KNOWN}"
    lines = [f"Model files to bring: {words.together(night.files)}. The pod: {ram}."]
    if not night.missing:
        return [*lines, "All takes are there already; nothing would be rendered."]
    guess = night.estimate
    took = (guess.low_s, guess.high_s) if guess.known else None
    least = "more than " if took and guess.left_out else ""
    loading = ", loading the model included" if took else ""
    left = f", {len(night.there)} there already" if night.there else ""
    other = "" if price.card == _NAMED.card else " (--price USD for another)"
    return [
        *lines,
        f"The night: {words.count(len(night.missing), 'take')} to make{left}; "
        f"time {least}{words.span_of(took)}{loading}; money {least}{words.money(took, price)}.",
        f"Time: {guess.source}.",
        f"Price: {price.card} at ${price.usd_per_hour:g} an hour, {price.source}{other}.",
    ]


def _facts(night: _Night) -> dict[str, Any]:
    guess = night.estimate
    way_of = {_key(plan): number for number, way in enumerate(night.ways) for plan in way.plans}
    return {
        "takes": [{**_take_facts(night, plan), "way": way_of[_key(plan)]} for plan in night.plans],
        "ways": list(map(_way_facts, night.ways)),
        "night": {
            "takes": len(night.missing),
            "there": len(night.there),
            **words.span_facts((guess.low_s, guess.high_s) if guess.known else None, night.price),
            "left_out": guess.left_out,
            "time_source": guess.source,
            "download_bytes": sum(file.size_bytes or 0 for file in night.files),
        },
        "price": vars(night.price),
    }


def _take_facts(night: _Night, plan: RenderPlan) -> dict[str, Any]:
    scene = plan.scene
    return {
        "scene": scene.scene,
        "mode": scene.mode,
        "seed": plan.seed,
        "take": plan.take_id,
        "workflow": plan.workflow,
        "model": scene.model,
        "there": _key(plan) in night.there,
        **words.span_facts(night.pace.take_s(plan), night.price),
    }


def _way_facts(way: Way) -> dict[str, Any]:
    scene, model, told = way.plan.scene, way.model, way.model_told
    return {
        "workflow": way.plan.workflow,
        "needs_pack": specials.PACK if specials.needs_pack(way.plan.workflow) else "",
        "mode": scene.mode,
        "model": model.name if told else None,
        "family": model.family.name if told else None,
        "licence": model.family.licence if told else None,
        "gated": sorted({file.hf_repo for file in way.files if file.gated}),
        "width_px": scene.width,
        "height_px": scene.height,
        "frames": scene.frames,
        "fps": str(scene.fps),
        "clip_frames": scene.clip_frames,
        "clip_fps": str(scene.clip_fps),
        "audio": scene.audio,
        "enhance": scene.enhance,
        "stages": [vars(stage) for stage in way.stages],
        "ram_gb": model.ram_gb if told else None,
        "ram_source": model.ram_source if told else words.NOT_KNOWN,
        "vram_gb": model.vram_gb if told else None,
        "vram_source": model.vram_source if told else words.NOT_KNOWN,
        "files": [vars(file) for file in way.files],
        "unknown_files": list(way.unknown_files),
        "unread": way.unread,
    }
