"""The ladder for want of memory: which rungs there are for a take, and what is made on each."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from ltxlib.core import catalog, ladder, recipes, roles
from ltxlib.core.check import check_graph
from ltxlib.core.draft import plan_draft
from ltxlib.core.ladder import FREED, ONE_STAGE, SHORTER, SILENT, SMALLER, TILED, Means
from ltxlib.core.modes import MODES
from ltxlib.core.plan import WORKFLOWS, RenderPlan, plan_take, workflow_for
from ltxlib.core.scene import Scene
from ltxlib.core.schema import NodeSchema, shipped
from ltxlib.core.sources import of_row
from ltxlib.core.workflow import content_sha256
from tests.core.test_plan import ingredients

FILES = {name: json.loads(text) for name, text in recipes.shipped().items()}
MEANS = Means(FILES, shipped())
RAIN = Scene("rain", "Rain falls.", width=768, height=512, frames=65)
SEA = Scene("sea", "Waves.", mode="i2v", image="sea.png", width=768, height=512)
FIELD = Scene("sea", "x", width=768, height=512, frames=65)


def planned(scene: Scene = RAIN, **begun: Any) -> RenderPlan:
    made_of = ingredients(workflows={name: content_sha256(file) for name, file in FILES.items()})
    if workflow_for(scene) not in made_of.workflows:
        made_of = replace(made_of, workflows={**made_of.workflows, workflow_for(scene): "o" * 64})
    made_of = replace(made_of, prompts={scene.scene: "Soft rain falls on leaves."})
    return plan_take(scene, 1, made_of, begun)


def graph_of(plan: RenderPlan, means: Means = MEANS) -> dict[str, Any]:
    values = {**plan.values, **plan.names, "filename_prefix": plan.prefix("0123456789")}
    graph = roles.prepare(means.workflows[plan.workflow], means.schema, values)
    return ladder.tile(graph, means.schema) if plan.rung >= TILED else graph


def decoder(graph: dict[str, Any]) -> dict[str, Any]:
    (found,) = (node["inputs"] for node in graph.values() if node["class_type"] == "VAEDecodeTiled")
    return found


def test_a_plain_take_has_every_rung():
    """From words and from a picture, in two stages with sound, all seven steps are there, in their order."""
    assert [rung.number for rung in ladder.LADDER] == list(range(7))
    for scene in (RAIN, SEA):
        assert ladder.rungs_of(planned(scene), MEANS) == tuple(range(7))


def test_walking_down_gives_up_one_thing_after_the_other():
    """Each rung keeps what those above it gave up; the plan on it says what its clip will be."""
    plan, walked = planned(), []
    while (rung := ladder.next_rung(plan, MEANS)) is not None:
        plan = ladder.lower(plan, rung, MEANS)
        scene = plan.scene
        walked.append((plan.rung, plan.size_px, scene.clip_frames, scene.stages, scene.audio))
    assert walked == [
        (1, (768, 512), 65, 2, True),
        (2, (768, 512), 65, 2, True),
        (3, (768, 512), 41, 2, True),
        (4, (576, 384), 41, 2, True),
        (5, (576, 384), 41, 1, True),
        (6, (576, 384), 41, 1, False),
    ]
    assert plan.workflow == "asmr-txt2vid-1stage.json"
    assert plan.workflow_sha256 == content_sha256(FILES["asmr-txt2vid-1stage.json"])
    assert (plan.values["width_px"], plan.values["height_px"]) == (576, 384)
    assert plan.values["audio"] is False and plan.values["frames"] == 41


def test_freeing_memory_changes_nothing_of_the_take():
    """On rung 1 it is the same take: its id, fingerprint, values and scene stay; it stands in for none."""
    asked = planned()
    freed = ladder.lower(asked, FREED, MEANS)
    assert (freed.rung, freed.asked, freed.whole) == (1, "", asked)
    assert replace(freed, rung=0, lowered_from=None) == asked
    assert ladder.difference(freed) == ""


def test_a_lowered_take_has_a_name_of_its_own():
    """Its id tells which take it stands in for and on which rung; every rung has a fingerprint of its own."""
    asked = planned()
    lowered = [ladder.lower(asked, rung, MEANS) for rung in range(TILED, 7)]
    assert [plan.take_id for plan in lowered] == [f"{asked.take_id}-r{rung}" for rung in range(2, 7)]
    assert len({plan.fingerprint for plan in (asked, *lowered)}) == 6
    for plan in lowered:
        assert (plan.asked, plan.whole, plan.seed) == (asked.take_id, asked, asked.seed)
        assert (ladder.asked_id(plan.take_id), ladder.rung_in(plan.take_id)) == (asked.take_id, plan.rung)
        assert plan.take_id in plan.prefix("abc")
    assert (ladder.asked_id(asked.take_id), ladder.rung_in(asked.take_id)) == (asked.take_id, 0)
    assert ladder.lowered_id(asked.take_id, 4) == lowered[2].take_id
    assert ladder.lowered_id(asked.take_id, 1) == asked.take_id


def test_a_plan_is_the_same_whichever_way_it_came_down():
    """Straight to a rung or by way of those above: one take. Nothing is ever raised again."""
    asked = planned()
    straight = ladder.lower(asked, SMALLER, MEANS)
    by_steps = ladder.lower(ladder.lower(ladder.lower(asked, FREED, MEANS), SHORTER, MEANS), SMALLER, MEANS)
    assert by_steps == straight
    assert ladder.lower(straight, TILED, MEANS) is straight
    assert ladder.lower(asked, 0, MEANS) is asked


def test_a_rung_that_is_not_there_is_the_one_above():
    """Where a file for one stage is gone, what was on its rung is on the one above, and bears that name."""
    without = Means({"asmr-txt2vid.json": FILES["asmr-txt2vid.json"]}, shipped())
    assert ladder.lower(planned(), ONE_STAGE, without).take_id.endswith("-r4")
    low = ladder.lower(planned(), SMALLER, without)
    assert ladder.lower(low, ONE_STAGE, without) is low
    sound = planned(Scene("rain", "x", mode="sound", stages=1))
    assert ladder.lower(sound, SILENT, MEANS) is sound


def test_rungs_that_are_known_to_fail_are_passed_over():
    """Nobody pays for a try that is held to run out of memory; at the end of the ladder there is no next."""
    plan = planned()
    assert ladder.next_rung(plan, MEANS, held={1, 2, 3}) == SMALLER
    assert ladder.next_rung(ladder.lower(plan, SMALLER, MEANS), MEANS, held={5}) == SILENT
    assert ladder.next_rung(plan, MEANS, held=set(range(1, 7))) is None


@pytest.mark.parametrize("asked", range(9, 482, 8))
def test_fewer_frames_are_a_length_that_the_model_makes(asked):
    """About two thirds, of 8n+1 frames, and always fewer, down to the shortest, which stays as it is."""
    scene = replace(RAIN, frames=asked)
    rungs = ladder.rungs_of(planned(scene), MEANS)
    assert (SHORTER in rungs) == (asked > 9)
    made = ladder.lower(planned(scene), SMALLER, MEANS).scene.frames
    assert made % 8 == 1 and made >= 9 and (made < asked or asked == 9)
    assert abs(made - asked * 2 / 3) <= 4 or asked == 9


@pytest.mark.parametrize(
    ("model", "stages", "asked", "made"),
    [
        ("ltx-2-19b-distilled", 2, (768, 512), (576, 384)),
        ("ltx-2-19b-distilled", 2, (1536, 1024), (1152, 768)),
        ("ltx-2-19b-distilled", 2, (192, 192), (128, 128)),
        ("ltx-2-19b-distilled", 1, (832, 448), (640, 320)),
        ("ltx-2.5-22b-distilled", 1, (608, 352), (448, 256)),
        ("ltx-2.5-22b-distilled", 1, (160, 160), (128, 128)),
        ("ltx-2-19b-distilled", 2, (1024, 128), None),
        ("ltx-2-19b-distilled", 2, (128, 128), None),
    ],
)
def test_a_smaller_size_is_one_that_the_model_makes(model, stages, asked, made):
    """Both sides about three quarters, in whole steps of the model; where one cannot shrink, neither does."""
    scene = replace(RAIN, model=model, stages=stages, width=asked[0], height=asked[1], camera_lora="none")
    rungs = ladder.rungs_of(planned(scene), MEANS)
    assert (SMALLER in rungs) == (made is not None)
    if made:
        plan = ladder.lower(planned(scene), SMALLER, MEANS)
        step = catalog.KNOWN[model].family.side_step_px(stages)
        assert plan.size_px == made
        assert [side % step for side in plan.size_px] == [0, 0]


def test_doubled_frames_stay_doubled():
    """A smooth take gets fewer frames to double, keeps its rate, and has no one-stage form."""
    asked = planned(replace(RAIN, smooth=True))
    assert ladder.rungs_of(asked, MEANS) == (0, 1, TILED, SHORTER, SMALLER, SILENT)
    plan = ladder.lower(asked, SHORTER, MEANS)
    assert (plan.scene.frames, plan.scene.clip_frames, plan.scene.clip_fps) == (41, 81, Fraction(48))
    assert plan.values["clip_fps"] == 48.0


@pytest.mark.parametrize(
    ("scene", "rungs"),
    [
        (replace(RAIN, stages=1), (0, 1, 2, 3, 4, 6)),
        (replace(RAIN, audio=False), (0, 1, 2, 3, 4, 5)),
        (replace(RAIN, frames=9, width=128, height=128), (0, 1, 2, 5, 6)),
        (replace(SEA, mode="loop"), (0, 1, 2, 3, 4, 6)),
        (replace(SEA, mode="flf", end_image="night.png"), (0, 1, 2, 3, 4, 6)),
        (replace(RAIN, special="stg"), (0, 1, 2, 3, 4, 6)),
        (replace(RAIN, special="long", frames=721, audio=False), (0, 1, 2, 3, 4)),
        (replace(RAIN, model="ltx-2.5-22b-dev", camera_lora="none"), (0, 1, 2, 3, 4, 5, 6)),
        (Scene("rain", "x", mode="sound", stages=1), (0, 1)),
    ],
)
def test_rungs_that_change_nothing_are_left_out(scene, rungs):
    """What a take does not have cannot be taken from it, and a way of making that is not there is no rung."""
    assert ladder.rungs_of(planned(scene), MEANS) == rungs


@pytest.mark.parametrize("mode", ["extend", "detail", "control", "foley", "transition"])
def test_what_starts_from_a_take_keeps_its_length_and_size(mode):
    """Rows on takes have no rungs that would tear them from their source; small tiles where they decode."""
    begun = {column: of_row(FIELD, "take01-0000000000") for column in MODES[mode].sources}
    scene = replace(
        FIELD, scene="rain", mode=mode, source="sea", end_source="sea", stages=MODES[mode].stages[0]
    )
    plan = planned(scene, **begun)
    rungs = ladder.rungs_of(plan, MEANS)
    assert rungs == ((0, 1) if mode == "foley" else (0, 1, TILED))
    lowered = ladder.lower(plan, rungs[-1], MEANS)
    assert (lowered.scene, lowered.sources) == (plan.scene, plan.sources)
    assert lowered.overlap_frames == plan.overlap_frames


def test_a_draft_is_stage_one_of_its_take_or_none():
    """Drafts are tried again with memory freed, and no other way: they would no longer show their take."""
    draft = plan_draft(planned(), 2.0)
    assert ladder.rungs_of(draft, MEANS) == (0, 1)
    assert ladder.lower(draft, FREED, MEANS).take_id == draft.take_id
    assert ladder.workflows_for([draft]) == frozenset()


@pytest.mark.parametrize("name", sorted({*WORKFLOWS.values(), *recipes.shipped()}))
def test_every_graph_of_ours_is_whole_in_smaller_tiles(name):
    """Each shipped workflow that decodes a film still passes the node table, with smaller pieces."""
    schema = shipped()
    graph = roles.prepare(FILES[name], schema, {"filename_prefix": "x"})
    tiled = ladder.tile(graph, schema)
    at = [key for key, node in graph.items() if node["class_type"] == "VAEDecodeTiled"]
    before, after = [graph[key]["inputs"] for key in at], [tiled[key]["inputs"] for key in at]
    # What looks for depth decodes stills; those come in tiles too.
    assert "VAEDecode" not in {node["class_type"] for node in tiled.values()}
    assert len(before) == len(after) == (0 if "foley" in name or "sound" in name else 1)
    for old, new in zip(before, after, strict=True):
        assert new["tile_size"] < old["tile_size"] and new["temporal_size"] < old["temporal_size"]
        assert new["overlap"] * 4 <= new["tile_size"]
        assert new["temporal_overlap"] * 4 <= new["temporal_size"]
        assert (new["samples"], new["vae"]) == (old["samples"], old["vae"])
    said = [(one.where, one.what) for one in check_graph(graph, schema)]
    assert [(one.where, one.what) for one in check_graph(tiled, schema)] == said


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs, "_meta": {"title": kind}}


def test_a_decoder_of_whole_films_becomes_a_tiled_one():
    """On anybody's graph; its wires and title stay, and the given graph is not touched."""
    graph = {"1": node("VAELoader", vae_name="v"), "2": node("VAEDecode", samples=["9", 0], vae=["1", 0])}
    tiled = ladder.tile(graph, shipped())
    wanted = {"tile_size": 256, "overlap": 64, "temporal_size": 64, "temporal_overlap": 16}
    assert tiled["2"] == {**node("VAEDecodeTiled", samples=["9", 0], vae=["1", 0], **wanted)} | {
        "_meta": {"title": "VAEDecode"}
    }
    assert graph["2"]["class_type"] == "VAEDecode"
    assert ladder.tile(tiled, shipped())["2"]["inputs"]["tile_size"] == 128


def test_settings_on_a_wire_and_tiles_that_are_small_stay():
    """A size that another node calculates is that node's; below 128 pixels and 16 frames nothing is cut."""
    small = {"tile_size": 128, "overlap": 32, "temporal_size": 16, "temporal_overlap": 4}
    graph = {"1": node("VAEDecodeTiled", samples=["9", 0], vae=["8", 0], **small)}
    assert ladder.tile(graph, shipped()) == graph
    wired = {
        "2": node("PrimitiveInt", value=512),
        "1": node("VAEDecodeTiled", tile_size=["2", 0], overlap=64),
    }
    made = ladder.tile(wired, shipped())["1"]["inputs"]
    assert made == {"tile_size": ["2", 0], "overlap": 64}


def test_a_server_without_tiles_has_no_such_rung():
    """Where the server knows no tiled decoder the graph stays and the rung is passed over."""
    table = {"VAEDecode": {"input": {"required": {}}, "output": ["IMAGE"], "name": "VAEDecode"}}
    graph = {"2": node("VAEDecode", samples=["9", 0], vae=["1", 0])}
    assert ladder.tile(graph, NodeSchema(table)) == graph
    without = Means(FILES, NodeSchema(table))
    assert TILED not in ladder.rungs_of(planned(), without)


def test_lowered_graphs_are_what_the_server_takes():
    """On every rung the graph passes the node table, has the rung's size and length, and ends in one clip."""
    asked = planned(SEA)
    schema = shipped()
    usual = {
        one.what
        for plan in (asked, planned(replace(SEA, stages=1)))
        for one in check_graph(graph_of(plan), schema)
    }
    for rung in range(TILED, 7):
        plan = ladder.lower(asked, rung, MEANS)
        graph = graph_of(plan)
        assert {one.what for one in check_graph(graph, schema)} <= usual
        (film,) = (one["inputs"] for one in graph.values() if one["class_type"] == "EmptyLTXVLatentVideo")
        begins = plan.size_px[0] // plan.scene.stages
        assert (film["width"], graph[film["length"][0]]["inputs"]["value"]) == (begins, plan.scene.frames)
        assert decoder(graph)["tile_size"] == 256
        heard = any(one["class_type"] == "LTXVAudioVAEDecode" for one in graph.values())
        assert heard == plan.scene.audio


def test_the_one_stage_file_is_asked_for_and_done_without():
    """Plans name the file they may fall back on; where nobody could read it, that rung is left out."""
    assert ladder.workflows_for([planned(), planned(SEA)]) == {
        "asmr-txt2vid-1stage.json",
        "asmr-img2vid-1stage.json",
    }
    two = replace(RAIN, model="ltx-2.5-22b-distilled", camera_lora="none")
    assert ladder.workflows_for([planned(two)]) == {"asmr-txt2vid-1stage-2.5.json"}
    without = Means({"asmr-txt2vid.json": FILES["asmr-txt2vid.json"]}, shipped())
    assert ladder.rungs_of(planned(), without) == (0, 1, 2, 3, 4, 6)
    silent = ladder.lower(planned(), SILENT, without)
    assert (silent.scene.stages, silent.workflow) == (2, "asmr-txt2vid.json")


LESS = "smaller, 576x384 instead of 768x512; shorter, 1.71 s instead of 2.71 s"
OWN = Scene("rain", "x", workflow="mine.json", width=768, height=512, frames=65)


def own_plan(offers: set[str], ui: dict[str, Any]) -> tuple[RenderPlan, Means]:
    made_of = ingredients(
        workflows={"mine.json": "m" * 64},
        offers={"mine.json": frozenset({"prompt", "seed", "audio", *offers})},
    )
    return plan_take(OWN, 1, made_of), Means({"mine.json": ui}, shipped())


def test_an_own_graph_is_lowered_as_far_as_its_tags_reach():
    """With tags for size and length it comes down like ours, one stage aside; without them it keeps both."""
    ours = FILES["asmr-txt2vid.json"]
    plan, means = own_plan({"frames", "width_px", "height_px"}, ours)
    assert ladder.rungs_of(plan, means) == (0, 1, 2, 3, 4, 6)
    silent = ladder.lower(plan, SILENT, means)
    assert {name: silent.values[name] for name in ("frames", "width_px", "audio")} == {
        "frames": 41,
        "width_px": 576,
        "audio": False,
    }
    assert silent.values.keys() == plan.values.keys()
    plan, means = own_plan({"frames"}, ours)
    assert ladder.rungs_of(plan, means) == (0, 1, 2, 3, 6)
    plan, means = own_plan(set(), ours)
    assert ladder.rungs_of(plan, means) == (0, 1, 2, 6)
    broken = Means({"mine.json": {"nodes": [], "links": []}}, shipped())
    assert ladder.rungs_of(plan, broken) == (0, 1)


@pytest.mark.parametrize(
    ("rung", "said"),
    [
        (2, "Made in small tiles, since memory ran out."),
        (3, "Made shorter, 1.71 s instead of 2.71 s, since memory ran out."),
        (4, f"Made {LESS}, since memory ran out."),
        (6, f"Made {LESS}; in one stage instead of two; without sound, since memory ran out."),
    ],
)
def test_a_lowered_take_says_what_it_is(rung, said):
    """One sentence a creator understands: what is otherwise than asked, and why."""
    assert ladder.difference(ladder.lower(planned(), rung, MEANS)) == said
    assert ladder.words_of(rung) in said
    assert ladder.words_of(0) == ladder.words_of(FREED) == ladder.words_of(99) == ""


def test_rungs_have_words():
    """Each has a name and a sentence, none of them twice where the clip differs."""
    assert len({rung.sentence for rung in ladder.LADDER}) == len(ladder.LADDER)
    assert len({ladder.words_of(rung) for rung in range(TILED, ONE_STAGE + 2)}) == 5
