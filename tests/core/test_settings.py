"""What a model is run with beyond what its workflow file holds."""

from dataclasses import replace

import pytest

from ltxlib.core import catalog, settings
from ltxlib.core.plan import Ingredients, plan_take, row_values, take_s, workflow_for, workflow_name
from ltxlib.core.scene import Scene, read_scene

RAIN = Scene("rain", "Rain falls.")
DEV = replace(RAIN, model="ltx-2-19b-dev")


def plan(scene):
    return plan_take(scene, 1, Ingredients({"rain": "Rain falls."}, {workflow_for(scene): "w"}, {}))


@pytest.mark.parametrize("graph", catalog.shipped().graphs)
@pytest.mark.parametrize("stages", [1, 2])
def test_the_model_a_file_is_written_for_needs_nothing_more(graph, stages):
    """Its settings are in the file, so none is a value of a take."""
    model = catalog.KNOWN[catalog.shipped().graphs[graph].written_for]
    assert settings.beyond_the_file(model, stages, None, None) == {}


def test_steps_and_cfg_are_values_where_they_differ_from_the_file():
    """Asking for what is there, or writing 4 or 4.0, is the same take; other figures are another."""
    same = [plan(replace(DEV, steps=steps, cfg=cfg)) for steps, cfg in ((None, None), (20, 4), (20, 4.0))]
    assert len({one.take_id for one in same}) == 1
    other = plan(replace(DEV, steps=30, cfg=3.5))
    assert (other.values["steps"], other.values["cfg"]) == (30, 3.5)
    assert other.take_id not in {one.take_id for one in same}


def test_a_distilled_model_has_no_steps_to_write():
    """Its steps are its noise levels, so a scene that names the very same figures changes nothing."""
    assert plan(replace(RAIN, steps=8, cfg=1.0)).take_id == plan(RAIN).take_id
    assert not {"steps", "cfg"} & set(settings.of_model(catalog.MODELS[RAIN.model], 2))


def test_a_graph_of_ones_own_is_given_what_the_row_asks_for():
    """What such a graph holds is not known, so its steps and CFG are written whatever the kit's file has."""
    own = replace(DEV, workflow="mine.json", steps=20, cfg=4.0)
    values = row_values(own, 1, "x")
    assert (values["steps"], values["cfg"]) == (20, 4)
    assert not {"steps", "cfg"} & set(row_values(replace(own, steps=None, cfg=None), 1, "x"))
    row = {"scene": "rain", "prompt": "Rain runs down a window.", "workflow": "mine.json", "steps": "30"}
    scene, problems = read_scene(row, 2)
    assert (problems, scene.steps) == ([], 30)
    assert read_scene({**row, "model": "ltx-2-19b-distilled"}, 2)[0] is None


def test_one_stage_has_nothing_of_a_second():
    """No enlarger, no distilled LoRA and no second noise levels."""
    two = settings.of_model(catalog.MODELS["ltx-2-19b-dev"], 2)
    one = settings.of_model(catalog.MODELS["ltx-2-19b-dev"], 1)
    assert set(two) - set(one) == {"upscaler", "sigmas_two", "distilled_lora", "distilled_lora_strength"}
    assert (two["steps"], two["cfg"], two["distilled_lora_strength"]) == (20, 4, 1.0)


def test_files_are_named_by_mode_stages_and_graph():
    """The graph's suffix comes last; a model without a graph has the plain name."""
    graphs = catalog.shipped().graphs
    assert workflow_name("i2v", 1, graphs["dev"]) == "asmr-img2vid-1stage-dev.json"
    assert workflow_name("t2v", 2, graphs["distilled"]) == "asmr-txt2vid.json"
    assert workflow_name("t2v", 2, None) == "asmr-txt2vid.json"
    assert workflow_for(replace(DEV, mode="loop", image="a.png")) == "asmr-loop-dev.json"


def test_one_stage_takes_all_its_steps_at_full_size():
    """The time of two stages grows by the steps that are then made at all the pixels: 8 for 2 + 3."""
    two, one = take_s(plan(RAIN)), take_s(plan(replace(RAIN, stages=1)))
    assert two == (45, 150)
    assert one == pytest.approx((45 * 1.6, 150 * 1.6))
    assert take_s(plan(DEV)) is None


def test_more_steps_take_longer_where_a_time_is_known():
    """A dev model's time, once somebody has reported one, grows with stage one's steps."""
    stages = catalog.MODELS["ltx-2-19b-dev"].stages
    assert stages[0].work == 20 / 4 * 2
    assert stages[1].work == 3
    assert replace(stages[0], own_steps=40).work == 20
    assert replace(stages[0], own_steps=None).work == 0
