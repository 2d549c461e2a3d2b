"""Show 4: for every model in every mode, plan tells what would run, without a server."""

import json

import pytest

from ltxlib.cli.main import main
from ltxlib.core import catalog
from ltxlib.core.modes import MODES
from tests.support.studio import a_project
from tests.support.ways import models_and_ways, shipped_ways

HEADER = "scene,mode,prompt,image,end_image,frames,width,height,stages,model"
# Ways that start from a take, or are about sound, are planned with the row that they start from.
FROM_ANOTHER = [way for way in models_and_ways() if MODES[way[1]].sources or not MODES[way[1]].sized]
WAYS = [way for way in models_and_ways() if way not in FROM_ANOTHER]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return a_project(tmp_path_factory.mktemp("models") / "project")


def plan(capsys, monkeypatch, project, way, *arguments):
    """One scene in one way, planned; the output of a plan that must not fail."""
    # Nobody answers there, so a plan that asked would fail.
    monkeypatch.setenv("LTX_COMFY_URL", "http://127.0.0.1:9")
    model, mode, stages = way
    pictures = ["still.png" if column in MODES[mode].images else "" for column in ("image", "end_image")]
    row = ["rain", mode, "@rain/window", *pictures, "121", "1280", "704", str(stages), model]
    project.scenes_csv.write_text(f"{HEADER}\n{','.join(row)}\n")
    code = main(["plan", str(project.scenes_csv), "--project", str(project.root), *arguments])
    out, err = capsys.readouterr()
    assert code == 0, err
    return out


def workflow_of(model, mode, stages):
    return next(
        way.name
        for way in shipped_ways()
        if (way.mode, way.stages, way.model.graph) == (mode, stages, model.graph)
    )


def test_every_model_is_driven_in_every_mode():
    """All models of the catalog have ways: words and a picture in one stage and two, a loop, two pictures."""
    assert {name for name, _, _ in WAYS} == set(catalog.KNOWN)
    for name in catalog.KNOWN:
        assert {(name, mode, stages) for mode in ("t2v", "i2v") for stages in (1, 2)} <= set(WAYS)
        assert {(name, "loop", 2), (name, "flf", 2)} <= set(WAYS)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(map(str, way)))
def test_the_plan_tells_all_a_creator_must_know(capsys, monkeypatch, project, way):
    """Graph, files with sizes, steps, CFG, memory, time or that none is known, money, licence and gate."""
    name, mode, stages = way
    model = catalog.KNOWN[name]
    out = plan(capsys, monkeypatch, project, way, "--explain")
    assert f"workflows/{workflow_of(model, mode, stages)} ({mode})" in out
    assert f"{name} ({model.family.name}; {model.family.licence})" in out
    first = model.stages[0]
    size = "640x352" if stages == 2 else "1280x704"
    assert f"stage 1  {size}, {first.own_steps:g} steps, CFG {first.own_cfg:g}" in out
    assert ("stage 2  1280x704, 3 steps, CFG 1" in out) is (stages == 2)
    second = () if stages == 2 else ("latent_upscale_models", "loras")
    for file in (model.checkpoint, *model.needs):
        assert (f"{file.size_bytes / 1e9:.1f} GB  {file.folder}/{file.name}" in out) is (
            file.folder not in second
        )
    assert "cannot be read" not in out
    assert "the kit's catalog does not know" not in out
    for figure, source in ((model.ram_gb, model.ram_source), (model.vram_gb, model.vram_source)):
        assert (f"{figure:g} GB or more ({source})" if figure else source) in out
        assert f"not known ({source})" in out or figure or source.startswith("not known")
    timed = model.render_s(1280, 704, 121) is not None
    assert ("no time is known" in out) is not timed
    assert ("time not known; money not known." in out) is not timed
    assert "RTX 4090 at $0.59 an hour" in out
    assert ("huggingface.co/Lightricks/LTX-2.5" in out) is bool(model.gated)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(map(str, way)))
def test_machines_are_told_the_same(capsys, monkeypatch, project, way):
    """--json gives the same facts: file, stages, files, memory, times."""
    name, mode, stages = way
    model = catalog.KNOWN[name]
    facts = json.loads(plan(capsys, monkeypatch, project, way, "--explain", "--json"))
    ((told,), (take,)) = facts["ways"], facts["takes"]
    assert told["workflow"] == take["workflow"] == workflow_of(model, mode, stages)
    assert told["model"] == name
    assert (told["unread"], told["unknown_files"]) == ("", [])
    own = [(stage.own_steps, stage.own_cfg) for stage in model.stages][:stages]
    assert [(stage["steps"], stage["cfg"]) for stage in told["stages"]] == own
    assert facts["night"]["download_bytes"] == sum(file["size_bytes"] for file in told["files"])
    assert (take["low_s"] is None) is (facts["night"]["low_s"] is None) is (not model.times)
    assert facts["night"]["left_out"] == (0 if model.times else 1)
    assert told["gated"] == sorted({file.hf_repo for file in model.gated})


@pytest.mark.parametrize("way", FROM_ANOTHER, ids=lambda way: "-".join(map(str, way)))
def test_ways_that_start_from_a_take_are_told_too(capsys, monkeypatch, project, way):
    """Beside the row they start from: their own file, the model's files, memory and money; no server."""
    monkeypatch.setenv("LTX_COMFY_URL", "http://127.0.0.1:9")
    name, mode, stages = way
    model = catalog.KNOWN[name]
    source = "rain" if MODES[mode].sources else ""
    frames = "" if "frames" in MODES[mode].same else "121"
    rows = (
        "scene,mode,prompt,frames,width,height,stages,model,source",
        "rain,t2v,@rain/window,121,1280,704,2,ltx-2-19b-distilled,",
        f"more,{mode},@rain/window,{frames},,,{stages},{name},{source}",
    )
    project.scenes_csv.write_text("\n".join(rows) + "\n")
    words = ["plan", str(project.scenes_csv), "--project", str(project.root), "--explain"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert f"workflows/{workflow_of(model, mode, stages)} ({mode})" in out
    assert f"{name} ({model.family.name}; {model.family.licence})" in out
    assert f"checkpoints/{model.checkpoint.name}" in out
    assert "cannot be read" not in out
    assert "RTX 4090 at $0.59 an hour" in out
    assert main([*words, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    told = next(one for one in facts["ways"] if one["mode"] == mode)
    assert (told["workflow"], told["model"]) == (workflow_of(model, mode, stages), name)
    assert (told["unread"], told["unknown_files"]) == ("", [])
    assert len(facts["takes"]) == 2
