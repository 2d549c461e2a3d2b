"""The cells that a model decides about: sides, camera, steps, CFG."""

import pytest

from ltxlib.core import catalog
from ltxlib.core.scene import cells_for, read_scene

DISTILLED = [name for name, model in catalog.MODELS.items() if model.distilled]
DEV = [name for name, model in catalog.MODELS.items() if not model.distilled]
OTHERS = [name for name, model in catalog.MODELS.items() if not model.family.cameras]


def read(**cells):
    return read_scene({"scene": "rain", "prompt": "Rain runs down a window.", **cells}, 7)


def only(**cells):
    scene, (problem,) = read(**cells)
    assert (scene is None) is not problem.warning
    return problem


@pytest.mark.parametrize("model", DISTILLED)
@pytest.mark.parametrize(
    ("column", "value", "said"), [("steps", "20", "20 steps"), ("cfg", "3,5", "CFG 3.5")]
)
def test_a_distilled_model_is_not_given_more(model, column, value, said):
    """Steps and CFG are refused with the reason and a model that takes them, of its family if it can be."""
    problem = only(model=model, **{column: value})
    assert problem.where == f"scenes.csv row 7, column {column}"
    assert f"{model} cannot be given {said}: it was trained to need only 8 steps at CFG 1" in problem.what
    advised = next(name for name in DEV if f"write {name} as model" in problem.cure)
    families = {catalog.MODELS[name].family.name for name in DEV}
    if catalog.MODELS[model].family.name in families:
        assert catalog.MODELS[advised].family is catalog.MODELS[model].family


@pytest.mark.parametrize("model", DISTILLED)
def test_a_distilled_model_may_be_given_its_own(model):
    """8 steps and CFG 1 are what it does anyway."""
    scene, problems = read(model=model, steps="8", cfg="1.0")
    assert problems == []
    assert (scene.steps, scene.cfg) == (8, 1.0)


@pytest.mark.parametrize("model", DEV)
def test_a_dev_model_takes_what_its_catalog_allows(model):
    """Both ends of its ranges are fine; outside of them is a warning that says what is good."""
    first = catalog.MODELS[model].stages[0]
    for end in (0, 1):
        scene, problems = read(model=model, steps=str(first.steps[end]), cfg=str(first.cfg[end]))
        assert problems == []
        assert (scene.steps, scene.cfg) == (first.steps[end], first.cfg[end])
    few = only(model=model, steps="10")
    assert few.warning
    assert f"{first.steps[0]:g} to {first.steps[1]:g} is tried and good ({first.own_steps:g} for" in few.cure
    much = only(model=model, cfg="9")
    assert much.warning
    assert model in much.what


@pytest.mark.parametrize(
    ("cells", "column", "said"),
    [
        ({"steps": "0"}, "steps", "from 1 to 100 steps"),
        ({"steps": "20.5"}, "steps", "Write 20 or 21"),
        ({"steps": "many"}, "steps", "not a number"),
        ({"cfg": "0"}, "cfg", "from 1 to 20"),
        ({"cfg": "strong"}, "cfg", "not a number"),
    ],
)
def test_nonsense_is_refused_whatever_the_model(cells, column, said):
    """What is no number, or none that any model could take, is an error."""
    problem = only(model="ltx-2-19b-dev", **cells)
    assert problem.where.endswith(f"column {column}")
    assert said in str(problem)
    assert not problem.warning


def test_they_are_written_back_as_they_were_read():
    """A row with steps and CFG gives the same scene again, one without leaves the cells empty."""
    for cells in ({}, {"steps": "30", "cfg": "4.5"}):
        scene, _ = read(model="ltx-2-19b-dev", **cells)
        again, problems = read_scene(cells_for(scene), 7)
        assert (again, problems) == (scene, [])
        assert {name: cells_for(scene)[name] for name in ("steps", "cfg")} == {
            "steps": "",
            "cfg": "",
            **cells,
        }


def test_half_a_side_must_be_whole_cells_in_two_stages():
    """The 19B makes multiples of 64 and names the two nearest."""
    problem = only(model="ltx-2-19b-dev", width="1000")
    assert problem.cure == "The nearest that LTX-2 19B makes are 960 and 1024."
    assert read(model="nonsense", width="1000")[0] is None


def test_ltx_2_5_makes_multiples_of_32_in_one_stage():
    """Every size of its maker is made; in two stages those whose halves are not whole cells are refused."""
    model = "ltx-2.5-22b-distilled-int8"
    sizes = catalog.MODELS[model].family.sizes
    assert len(sizes) == 13
    for width, height in sizes:
        once, problems = read(model=model, width=str(width), height=str(height), stages="1")
        assert (problems, (once.width, once.height)) == ([], (width, height))
        twice, problems = read(model=model, width=str(width), height=str(height))
        halves = (width // 2, height // 2)
        assert (twice is not None) is all(half % 32 == 0 for half in halves)
        for problem in problems:
            assert "With 1 as stages it makes every multiple of 32." in problem.cure
    assert "multiple of 32" in only(model=model, width="1000", stages="1").what
    loop = only(model=model, width="608", mode="loop", image="a.png")
    assert loop.cure == "The nearest that LTX-2.5 22B makes are 576 and 640."


@pytest.mark.parametrize("model", OTHERS)
def test_without_camera_loras_an_empty_cell_means_none(model):
    """A model that has none gets none; a move by name is refused with what to do instead."""
    scene, problems = read(model=model)
    assert problems == []
    assert scene.camera_lora == catalog.NO_CAMERA
    assert read(model=model, camera_lora="none")[1] == []
    for move in catalog.CAMERAS:
        problem = only(model=model, camera_lora=move)
        assert f"There is no camera LoRA {move} for {catalog.MODELS[model].family.name}" in problem.what
        assert "tell the camera in the prompt" in problem.cure
    assert "is not known" in only(model=model, camera_lora="spin").what
