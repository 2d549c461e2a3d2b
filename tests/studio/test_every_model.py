"""Every model and every shipped workflow, from a row of scenes.csv to a take: rehearsed by their wiring."""

import pytest

from ltxlib.core import catalog
from ltxlib.core.modes import MODES
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.store.takes import load_takes
from ltxlib.studio import events
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.job import job_for
from tests.support.studio import a_project
from tests.support.ways import shipped_ways

HEADER = "scene,mode,prompt,image,end_image,stages,frames,width,height,audio,model,steps,cfg"
WORDS = "Mist drifts over the water with a soft hush."
SOUND = {"LTXVEmptyLatentAudio", "LTXVConcatAVLatent", "LTXVSeparateAVLatent", "LTXVAudioVAEDecode"}
WAYS = [way for way in shipped_ways() if way.model.graph.name != "distilled"]


def row(scene, mode, stages, model, audio="yes", steps="", cfg=""):
    """A small scene; sides that only one stage makes where there is but one."""
    side = model.family.side_step_px(stages)
    pictures = ["still.png" if column in MODES[mode].images else "" for column in ("image", "end_image")]
    cells = [
        scene,
        mode,
        WORDS,
        *pictures,
        str(stages),
        "9",
        "192",
        str(128 + (side % 64)),
        audio,
        model.name,
    ]
    return ",".join([*cells, steps, cfg])


def scenes():
    """Each model once from words, and each further file with sound and without; one with steps and CFG."""
    found = [row(f"model-{i}", "t2v", 2, model) for i, model in enumerate(catalog.MODELS.values())]
    for i, way in enumerate(WAYS):
        found += [row(f"way-{i}-{audio}", way.mode, way.stages, way.model, audio) for audio in ("yes", "no")]
    return [*found, row("asked", "t2v", 2, catalog.MODELS["ltx-2-19b-dev"], steps="23", cfg="4.5")]


@pytest.fixture(scope="module")
def takes(tmp_path_factory):
    """All of them made in one batch, by scene."""
    root = tmp_path_factory.mktemp("models")
    project = a_project(root / "project")
    project.scenes_csv.write_text("\n".join((HEADER, *scenes())) + "\n")
    with pytest.MonkeyPatch.context() as patch, RehearsalServer(root / "out", root / "in") as server:
        patch.setenv("LTX_COMFY_URL", server.url)
        checked = check_project(project)
        assert checked.errors == []
        happened = list(run_batch(job_for(project, connect(project), checked)))
    assert happened[-1] == events.BatchEnded(made=len(scenes()), there=0, failed=0, cancelled=False)
    made, problems = load_takes(project.set(rehearsal=True))
    assert problems == []
    return {take.scene: take for take in made}


def kinds(take):
    return {node["class_type"] for node in take.graph.values()}


@pytest.mark.parametrize("number", range(len(catalog.MODELS)))
def test_each_model_gives_a_clip_with_its_own_files(takes, number):
    """The graph that was sent names the model's files and no other's, and the clip is what was asked for."""
    name, model = list(catalog.MODELS.items())[number]
    take = takes[f"model-{number}"]
    named = {
        value
        for node in take.graph.values()
        for value in node["inputs"].values()
        if str(value).endswith(".safetensors")
    }
    static = model.family.cameras.get("static")
    assert named == {file.name for file in model.files} | ({static.name} if static else set())
    assert take.model == name
    assert (take.clip.width_px, take.clip.height_px, take.clip.frames) == (192, 128, 9)
    assert take.clip.has_sound


@pytest.mark.parametrize("number", range(len(WAYS)))
def test_each_file_gives_its_clip_with_sound_and_without(takes, number):
    """Size and sound are those of the row; a silent take samples no sound at all."""
    way = WAYS[number]
    for audio in ("yes", "no"):
        take = takes[f"way-{number}-{audio}"]
        assert (take.workflow, take.mode) == (way.name, way.mode)
        height = 128 + way.model.family.side_step_px(way.stages) % 64
        assert (take.clip.width_px, take.clip.height_px, take.clip.frames) == (192, height, 9)
        assert take.clip.has_sound is (audio == "yes")
        assert kinds(take) & SOUND == (SOUND if audio == "yes" else set())


def test_steps_and_cfg_of_the_row_reach_the_sampler(takes):
    """What was written into the row is in the graph that was sent, and in the record."""
    take = takes["asked"]
    (schedule,) = [node["inputs"] for node in take.graph.values() if node["class_type"] == "LTXVScheduler"]
    guided = [node["inputs"]["cfg"] for node in take.graph.values() if node["class_type"] == "CFGGuider"]
    assert schedule["steps"] == 23
    assert sorted(guided) == [1, 4.5]
    assert (take.settings["steps"], take.settings["cfg"]) == (23, 4.5)
