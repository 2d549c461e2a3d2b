"""The scenes' model and the machine's: said when they differ, and written into scenes.csv when asked."""

from __future__ import annotations

import pytest

from ltxlib.core import catalog
from ltxlib.errors import PodError
from ltxlib.pod import machine
from ltxlib.studio import curing, film_model, models
from ltxlib.studio.setup import GREEN, RED
from tests.support.broken_pod import A100, Pod, line

FULL, FP8, DEV = "ltx-2-19b-distilled", "ltx-2-19b-distilled-fp8", "ltx-2-19b-dev"
SCENES = f"""scene,enabled,prompt,notes,model,steps
rain,,Rain runs down a window.,"keep, please",,
fire,,A fire crackles.,,{FULL},
sea,,Waves roll in.,,{DEV},25
off,no,Nothing.,,,
"""


@pytest.fixture
def pod(tmp_path, monkeypatch):
    """A pod with an RTX 4090, no model file, and a film for the full model."""
    made = Pod(tmp_path, monkeypatch)
    monkeypatch.setattr(machine, "ROOT", made.root)
    for file in models.files_of([]):
        (made.comfy / "models" / file.folder / file.name).unlink()
    made.project.scenes_csv.write_text(SCENES, encoding="utf-8")
    return made


def put(pod, name):
    """All files of a model."""
    for file in models.files_of([name]):
        if not (pod.comfy / "models" / file.folder / file.name).exists():
            pod.model(file)


def test_a_model_that_does_not_fit_is_told_with_one_that_does(pod):
    """A 4090 cannot hold the full model; its smaller form stands in for it, not for the dev model."""
    found = film_model.swap(pod.project)
    assert (found.scenes, found.old, found.new.name) == (("rain", "fire"), (FULL,), FP8)
    assert "memory on the card: 24 GB, wanted" in found.why
    assert "2 rows get" in found.asks and FULL in found.asks


def test_the_model_that_is_here_comes_first(pod):
    """Where one is on the disk already it is named, also on a machine that could hold the other."""
    pod.card(A100)
    pod.memory(200 * 10**9)
    put(pod, FP8)
    found = film_model.swap(pod.project)
    assert (found.new.name, found.why) == (FP8, f"{FP8} is here.")


def test_nothing_is_offered_where_the_wanted_files_only_have_to_come(pod):
    """The scenes' model fits and nothing else is here: then it is to be fetched."""
    pod.card(A100)
    pod.memory(200 * 10**9)
    assert film_model.swap(pod.project) is None


def test_nothing_is_offered_for_a_film_whose_model_is_here(pod):
    """Whatever else may suit."""
    put(pod, FULL)
    put(pod, DEV)
    assert film_model.swap(pod.project) is None


def test_a_model_of_another_family_never_takes_its_place(pod):
    """Its sides, cameras and sampling are other ones."""
    pod.card(A100)
    pod.memory(200 * 10**9)
    other = next(one for one in catalog.MODELS.values() if one.family != catalog.MODELS[FULL].family)
    put(pod, other.name)
    assert film_model.swap(pod.project) is None


def test_only_the_cells_of_the_model_are_written(pod):
    """All else in the table stays as people wrote it; afterwards the dev model alone is lacking."""
    cure = curing.find(curing.FILM_MODEL)
    assert cure.asks(pod.project) == film_model.swap(pod.project).asks
    assert cure.run(pod.project, curing.Doing()) == f"2 scenes are made with {FP8} now."
    kept = SCENES.replace('"keep, please",,', f'"keep, please",{FP8},').replace(f"{FULL},\n", f"{FP8},\n")
    assert pod.project.scenes_csv.read_text(encoding="utf-8") == kept
    assert film_model.swap(pod.project) is None
    assert cure.run(pod.project, curing.Doing()) == "Nothing had to be changed."
    assert cure.asks(pod.project) == ""


def test_the_doctor_offers_it_beside_the_red_line(pod):
    """The line says why, and the cure makes it well once the files are here."""
    told = line(pod.lines(), "Model files")
    assert (told.state, told.key) == (RED, curing.FILM_MODEL)
    assert told.says.startswith(
        f"Scenes ask for {FULL}, whose files are not all here. It does not fit this machine"
    )
    assert f"./kit models {FP8} --fetch" in told.cure
    text = SCENES.replace(f"sea,,Waves roll in.,,{DEV},25\n", "")
    pod.project.scenes_csv.write_text(text, encoding="utf-8")
    put(pod, FP8)
    told = line(pod.lines(), "Model files")
    assert (told.state, told.cure) == (RED, "")
    curing.find(told.key).run(pod.project, curing.Doing())
    assert line(pod.lines(), "Model files").state == GREEN


def test_nothing_is_offered_where_nothing_can_be_read(pod, monkeypatch):
    """No ComfyUI, or a table with faults: other lines speak of that."""
    pod.project.scenes_csv.write_text("scene\n\x00", encoding="utf-8")
    assert film_model.offered(pod.project) is None
    monkeypatch.setenv("LTX_COMFY_ROOT", str(pod.comfy / "nowhere"))
    with pytest.raises(PodError):
        pod.project.scenes_csv.write_text(SCENES, encoding="utf-8")
        film_model.swap(pod.project)
