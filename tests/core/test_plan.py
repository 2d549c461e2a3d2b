"""Plans: which takes, which seed, which name."""

from dataclasses import replace

import pytest

from ltxlib.core import catalog, specials
from ltxlib.core.plan import (
    WORKFLOWS,
    Ingredients,
    estimate,
    plan_take,
    plan_takes,
    seed_for,
    take_s,
    workflow_for,
)
from ltxlib.core.scene import Scene
from ltxlib.core.sources import of_row

RAIN = Scene("rain", "@rain/window", takes=2)
SEA = Scene("sea", "Waves.", mode="i2v", image="sea.png")


def ingredients(**changes):
    return replace(
        Ingredients(
            prompts={"rain": "Rain falls.", "sea": "Waves."},
            workflows={
                "asmr-txt2vid.json": "t" * 64,
                "asmr-img2vid.json": "i" * 64,
                "asmr-loop.json": "l" * 64,
                "asmr-first-last.json": "f" * 64,
                "asmr-txt2vid-1stage.json": "1" * 64,
                "asmr-img2vid-1stage.json": "2" * 64,
                "asmr-extend.json": "e" * 64,
                "asmr-foley.json": "3" * 64,
                "asmr-sound.json": "4" * 64,
                "asmr-detail.json": "d" * 64,
                "asmr-control.json": "c" * 64,
                "asmr-control-depth.json": "5" * 64,
                "asmr-control-pose.json": "6" * 64,
                "ltxvideo-transition.json": "m" * 64,
            },
            images={"sea.png": "a" * 64, "night.png": "b" * 64},
        ),
        **changes,
    )


def test_scenes_become_takes_in_order():
    """Each enabled scene gives its takes, in the order of the file."""
    off = Scene("off", "x", enabled=False)
    plans = plan_takes([RAIN, off, SEA], ingredients())
    assert [(plan.scene.scene, plan.take_no) for plan in plans] == [("rain", 1), ("rain", 2), ("sea", 1)]


def test_planning_again_gives_the_same_takes():
    """Take ids depend on nothing but what was asked."""
    first, second = (plan_takes([RAIN, SEA], ingredients()) for _ in range(2))
    assert [plan.take_id for plan in first] == [plan.take_id for plan in second]
    assert len({plan.take_id for plan in first}) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"frames": 73},
        {"width": 768},
        {"camera_lora": "none"},
        {"audio": False},
        {"seed": 5},
        {"negative_prompt": "x"},
    ],
)
def test_a_changed_setting_is_another_take(changes):
    """Whatever changes the picture or the sound changes the take's id."""
    before = plan_take(RAIN, 1, ingredients())
    assert plan_take(replace(RAIN, **changes), 1, ingredients()).take_id != before.take_id


def test_a_changed_prompt_workflow_or_image_is_another_take():
    """The text behind a name, the graph and the picture's bytes count, not their names."""
    before = plan_take(SEA, 1, ingredients()).take_id
    assert plan_take(SEA, 1, ingredients(prompts={"sea": "Other."})).take_id != before
    assert plan_take(SEA, 1, ingredients(images={"sea.png": "b" * 64})).take_id != before
    changed = {"asmr-txt2vid.json": "t" * 64, "asmr-img2vid.json": "j" * 64}
    assert plan_take(SEA, 1, ingredients(workflows=changed)).take_id != before


@pytest.mark.parametrize(
    ("scene", "fingerprint"),
    [
        (RAIN, "d50a097f3b1172934427f60500b50d26a8bf5b66bdf0542c5b6387993a17aca3"),
        (SEA, "ad3262f71e54bfe846c3b6b63158bda8707207495ccca972dfe8e7cd5112b017"),
    ],
)
def test_takes_made_by_earlier_kits_keep_their_names(scene, fingerprint):
    """A scene with sound has the fingerprint it had before there were loops, end images and stages."""
    plan = plan_take(scene, 1, ingredients())
    assert plan.fingerprint == fingerprint
    assert plan.take_id == f"take01-{fingerprint[:10]}"


def test_what_control_keeps_counts_in_mode_control_alone():
    """Outlines are what an empty cell means; depth and pose are other takes; no other mode looks at it."""
    rain = of_row(RAIN, "take01-0123456789")
    scene = replace(SEA, mode="control", source="rain")
    kept = {name: replace(scene, control=name) for name in ("edges", "depth", "pose")}
    plans = {name: plan_take(one, 1, ingredients(), {"source": rain}) for name, one in kept.items()}
    assert len({plan.take_id for plan in plans.values()}) == 3
    assert plans["edges"].take_id == plan_take(scene, 1, ingredients(), {"source": rain}).take_id
    assert plans["pose"].workflow == "asmr-control-pose.json"
    other = plan_take(replace(SEA, control="depth"), 1, ingredients())
    assert other.take_id == plan_take(SEA, 1, ingredients()).take_id


def test_each_way_of_making_a_clip_has_its_workflow():
    """Mode and stages choose the file, and every choice gives another take."""
    two = replace(SEA, end_image="night.png")
    scenes = {key: replace(two, mode=key[0], stages=key[1], source="rain") for key in WORKFLOWS}
    assert {workflow_for(scene) for scene in scenes.values()} == set(WORKFLOWS.values())
    rain = of_row(RAIN, "take01-0123456789")
    begun = {key: dict.fromkeys(scene.sources, rain) for key, scene in scenes.items()}
    takes = {key: plan_take(scene, 1, ingredients(), begun[key]) for key, scene in scenes.items()}
    assert len({plan.take_id for plan in takes.values()}) == len(WORKFLOWS)
    assert {key: plan.workflow for key, plan in takes.items()} == WORKFLOWS
    assert [list(takes[mode, 2].pictures) for mode in ("t2v", "i2v", "loop", "flf")] == [
        [],
        ["image"],
        ["image"],
        ["image", "end_image"],
    ]
    assert "image_strength" in takes["loop", 2].values


def test_the_last_picture_counts_only_where_it_is_used():
    """Another end image is another take between two pictures, and nothing to any other mode."""
    flf = replace(SEA, mode="flf", end_image="night.png")
    other = ingredients(images={"sea.png": "a" * 64, "night.png": "c" * 64})
    assert plan_take(flf, 1, other).take_id != plan_take(flf, 1, ingredients()).take_id
    loop = replace(flf, mode="loop")
    assert plan_take(loop, 1, other).take_id == plan_take(loop, 1, ingredients()).take_id


@pytest.mark.parametrize("changes", [{"notes": "hm"}, {"row": 9}, {"takes": 5}, {"enabled": False}])
def test_what_does_not_change_the_clip_keeps_the_take(changes):
    """Notes, the row's place and the number of takes leave existing takes valid."""
    before = plan_take(RAIN, 1, ingredients()).take_id
    assert plan_take(replace(RAIN, **changes), 1, ingredients()).take_id == before


def test_seeds_are_stable_and_different():
    """A derived seed depends on scene and take; a written one counts up from take to take."""
    assert seed_for(RAIN, 1) == seed_for(RAIN, 1) != seed_for(RAIN, 2)
    assert seed_for(RAIN, 1) != seed_for(SEA, 1)
    assert 0 <= seed_for(RAIN, 1) < 2**48
    assert [seed_for(replace(RAIN, seed=40), take) for take in (1, 2)] == [40, 41]


def test_values_carry_what_the_graph_needs():
    """A plan's values name files, not words of the catalog; no camera means None."""
    values = plan_take(SEA, 1, ingredients()).values
    assert values["checkpoint"] == "ltx-2-19b-distilled.safetensors"
    assert values["camera_lora"] == "ltx-2-19b-lora-camera-control-static.safetensors"
    assert values["image_strength"] == 1.0
    assert plan_take(replace(RAIN, camera_lora="none"), 1, ingredients()).values["camera_lora"] is None


def test_a_prefix_is_new_for_every_submission():
    """Two submissions of one take never ask the server for the same file."""
    plan = plan_take(RAIN, 1, ingredients())
    assert plan.prefix("11111111-aaaa") != plan.prefix("22222222-aaaa")
    assert plan.prefix("11111111-aaaa").startswith("ltx-kit/rain/take01-")


def test_an_estimate_grows_with_the_work_and_names_its_source():
    """Twice the takes cost more; nothing to do costs nothing; the figure says where it is from."""
    one, two = (estimate(plan_takes([replace(RAIN, takes=n)], ingredients())) for n in (1, 2))
    assert 0 < one.low_s < two.low_s < two.high_s
    assert "report" in one.source
    assert estimate([]).high_s == 0
    once = estimate(plan_takes([replace(RAIN, takes=1, stages=1)], ingredients()))
    assert once.low_s > one.low_s


def test_an_estimate_says_what_it_cannot_count(monkeypatch):
    """Takes of a model of which no time is known are left out, and the source says so."""
    untimed = replace(catalog.MODELS["ltx-2-19b-distilled-fp8"], times=())
    monkeypatch.setitem(catalog.KNOWN, untimed.name, untimed)
    known, both = plan_takes([RAIN], ingredients()), [RAIN, replace(RAIN, model=untimed.name)]
    guess = estimate(plan_takes(both, ingredients()))
    assert guess.low_s == estimate(known).low_s
    assert f"no time is known for {untimed.name}" in guess.source
    assert "report" in guess.source
    assert (guess.left_out, guess.known) == (2, True)
    nothing = estimate(plan_takes(both[1:], ingredients()))
    assert (nothing.left_out, nothing.known) == (2, False)


def test_a_special_is_another_take_until_it_is_made_plainly():
    """special chooses its own file and so its own take; without it the scene has its plain takes again."""
    more = {"ltxvideo-tiled.json": "p" * 64}
    known = replace(ingredients(), workflows={**ingredients().workflows, **more})
    tiled = replace(RAIN, special="tiled")
    wanted, plain = plan_take(tiled, 1, known), plan_take(RAIN, 1, known)
    assert wanted.workflow == "ltxvideo-tiled.json"
    assert wanted.take_id != plain.take_id
    made = specials.plainly(tiled)
    assert made == RAIN
    assert plan_take(made, 1, known).take_id == plain.take_id
    assert specials.plainly(RAIN) is None
    assert specials.plainly(replace(tiled, special="long", frames=721)) is None
    assert take_s(wanted)[0] > take_s(plain)[0]
