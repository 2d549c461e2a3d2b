"""One take: the form, the button, the clip."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from ltxlib.core.catalog import MODELS
from ltxlib.core.scene import Scene
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from ltxlib.store.scene_sheet import read_sheet
from ltxlib.store.takes import load_takes
from ltxlib.studio.models import files_of
from ltxlib.ui.batch import BatchPanel
from ltxlib.ui.job import latest
from ltxlib.ui.one_take import OneTakePanel, one_take_panel
from ltxlib.ui.take_form import SIZES, lengths

TINY = Scene(scene="trial", prompt="@rain/window", frames=9, width=256, height=128)


@pytest.fixture
def panel(project, server) -> OneTakePanel:
    """The panel, with everything it offers filled in."""
    made = OneTakePanel(project)
    made.settle()
    return made


def fill(panel) -> None:
    """Write the tiny scene into the form, as a new one."""
    panel.form.load(TINY)
    panel.form.base = Scene(scene="", prompt="")


def scenes(project):
    return {scene.scene: scene for scene in read_sheet(project.scenes_csv).scenes}


def test_the_form_begins_with_something_to_press_the_button_on(panel):
    """The first prompt of the library is filled in, with its sounds and a name."""
    form = panel.form
    assert form.prompt.value.startswith("Rain runs down a window")
    assert "rain on glass" in form.sound_words.value
    assert form.name.value == "rain-window"
    assert "REHEARSAL" in panel.banner.value


def test_the_form_begins_with_the_model_that_is_on_the_pod(project, server, tmp_path, monkeypatch):
    """Where the files of another model are there, and not those of the standard one, that one is chosen."""
    comfy = tmp_path / "ComfyUI"
    comfy.mkdir()
    (comfy / "main.py").touch()
    monkeypatch.setenv("LTX_COMFY_ROOT", str(comfy))
    smaller = "ltx-2-19b-distilled-fp8"
    for file in files_of([smaller]):
        path = comfy / "models" / file.folder / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as out:
            out.truncate(file.size_bytes or 1)
    panel = OneTakePanel(project)
    panel.settle()
    assert panel.form.model.value == smaller
    panel.form.model.value = next(iter(MODELS))
    panel.refresh()
    panel.settle()
    assert panel.form.model.value == next(iter(MODELS))


def test_only_legal_lengths_and_sizes_are_offered():
    """Every length is 8n+1 frames with its seconds; every side is a multiple of 64."""
    offered = lengths(Fraction(24))
    assert offered[0] == ("0.38 s  (9 frames)", 9)
    assert offered[-1][1] == 481
    assert all(frames % 8 == 1 for _, frames in offered)
    assert all(side % 64 == 0 for size in SIZES for side in size)
    assert lengths(Fraction(25))[-1][1] == 497


def test_a_take_too_large_for_the_card_is_shown_as_it_came_out(panel, project, server, in_jupyter):
    """Memory runs out, so it is made smaller: that clip is played, and the note says what it is."""
    server.faults.add("oom", above_px_frames=192 * 128 * 9)
    fill(panel)
    panel.form.load(replace(TINY, height=192))
    panel.form.base = Scene(scene="", prompt="")
    panel.render.click()
    panel.settle()
    (take,) = load_takes(project.set(rehearsal=True))[0]
    assert (take.rung, take.clip.width_px, take.clip.height_px) == (4, 192, 128)
    assert take.take_id in panel.result.value
    assert "Made smaller, 192x128 instead of 256x192, since memory ran out." in panel.result.value


def test_one_press_makes_one_take_and_shows_it(panel, project, in_jupyter):
    """The clip appears in a player, by address."""
    in_jupyter(project.root, "/base/")
    fill(panel)
    panel.render.click()
    assert panel.render.disabled
    panel.settle()
    assert 'src="/base/files/production/REHEARSAL/takes/trial/' in panel.result.value
    assert panel.notice.value == ""
    assert panel.progress.value == ""
    assert not panel.render.disabled


def test_the_same_take_is_not_made_twice(panel):
    """A second press shows what is there and says how to get another; a new seed makes one."""
    fill(panel)
    panel.render.click()
    panel.settle()
    panel.render.click()
    panel.settle()
    assert "This very take was made before" in panel.result.value
    panel.form.new_seed.click()
    assert panel.form.seed.value.isdecimal()
    panel.render.click()
    panel.settle()
    assert f"seed {panel.form.seed.value}, made in" in panel.result.value


def test_mistakes_are_told_by_the_names_of_the_fields(panel):
    """Everything wrong is told at once, and nothing is rendered."""
    form = panel.form
    fill(panel)
    form.name.value, form.seed.value, form.prompt.value = "no/slash", "many", ""
    panel.render.click()
    for words in ("<td>Name</td>", "<td>Seed</td>", "<td>Prompt</td>"):
        assert words in panel.notice.value
    assert "row" not in panel.notice.value.split("<table")[1]
    assert latest(panel.job_name) is None


def test_a_prompt_that_is_not_in_the_library_is_told(panel):
    """What only the check of the whole project finds is shown in the panel, too."""
    fill(panel)
    panel.form.prompt.value = "@rain/windoww"
    panel.render.click()
    panel.settle()
    assert "Did you mean @rain/window?" in panel.notice.value
    assert "<td>Prompt</td>" in panel.notice.value


def test_a_picture_is_chosen_among_those_there(panel, project):
    """From a picture: the fields for it appear, with the picture itself, and the take is made."""
    form = panel.form
    fill(panel)
    assert "ltx-empty" in form.image_fields[0]._dom_classes
    form.mode.value = "i2v"
    assert "ltx-empty" not in form.image_fields[0]._dom_classes
    assert form.image.options == ("still.png",)
    assert "<img" in form.preview.value
    panel.render.click()
    panel.settle()
    assert panel.notice.value == ""
    assert "trial, seed" in panel.result.value


def test_a_living_loop_is_made_from_the_form(panel, project):
    """The loop takes a picture as well, and its take says how it was made."""
    fill(panel)
    panel.form.mode.value = "loop"
    assert "ltx-empty" not in panel.form.image_fields[0]._dom_classes
    panel.render.click()
    panel.settle()
    assert panel.notice.value == ""
    (take,), _ = load_takes(project.set(rehearsal=True))
    assert (take.mode, take.workflow, take.image) == ("loop", "asmr-loop.json", "still.png")


def test_a_row_between_two_pictures_is_kept_as_it_is(panel):
    """The form offers that way only for a row that is made so, and loses neither picture nor stages."""
    form = panel.form
    assert [mode for _, mode in form.mode.options] == ["t2v", "i2v", "loop"]
    between = Scene("b", "Mist drifts.", mode="flf", image="still.png", end_image="end.png")
    form.load(between)
    assert form.scene()[0] == between
    form.mode.value = "i2v"
    assert form.scene()[0].end_image == ""
    once = Scene("c", "Mist drifts.", mode="i2v", image="still.png", stages=1)
    form.load(once)
    assert form.scene()[0] == once
    assert "flf" not in [mode for _, mode in form.mode.options]
    form.mode.value = "loop"
    assert form.scene()[0].stages == 2


def test_a_failed_take_is_told_with_reason_and_cure(panel, server):
    """No traceback: what happened and what to do."""
    server.faults.add("node_errors")
    fill(panel)
    panel.render.click()
    panel.settle()
    assert "ltx-note ltx-bad" in panel.notice.value
    assert "only a part of the graph" in panel.notice.value
    assert "Traceback" not in panel.notice.value


def test_a_server_that_is_away_is_told(panel, server):
    """The form stays usable and says what to start."""
    server.stop()
    fill(panel)
    panel.render.click()
    panel.settle()
    assert "ltx-note ltx-bad" in panel.notice.value
    assert not panel.render.disabled


def test_a_take_can_be_cancelled(project, tmp_path, monkeypatch):
    """Cancel ends it, says so, and nothing is kept."""
    slow = RehearsalSettings(seconds_per_step=0.5)
    with RehearsalServer(tmp_path / "output", tmp_path / "input", settings=slow) as server:
        monkeypatch.setenv("LTX_COMFY_URL", server.url)
        panel = OneTakePanel(project)
        panel.settle()
        fill(panel)
        panel.render.click()
        panel.cancel.click()
        assert panel.cancel.disabled
        panel.settle()
    assert "Stopped. No take was made." in panel.notice.value
    assert panel.result.value == ""


def test_running_the_cell_again_shows_what_was_made(panel, project):
    """A new panel in the same kernel shows the last take, and makes none."""
    fill(panel)
    panel.render.click()
    panel.settle()
    again = OneTakePanel(project)
    again.settle()
    assert again.result.value == panel.result.value


def test_a_scene_is_added_to_the_film(panel, project):
    """A prompt of the library is written as its name; the batch below notices."""
    batch = BatchPanel(project)
    batch.settle()
    fill(panel)
    panel.form.name.value = "my-rain"
    panel.save.click()
    panel.settle()
    batch.settle()
    added = scenes(project)["my-rain"]
    assert (added.prompt, added.frames, added.width) == ("@rain/window", 9, 256)
    assert "my-rain" in batch.scenes.value
    assert "Added" in panel.notice.value


def test_a_name_that_is_taken_is_told(panel, project):
    """Nothing is overwritten by adding."""
    before = project.scenes_csv.read_text()
    fill(panel)
    panel.form.name.value = "rain"
    panel.save.click()
    panel.settle()
    assert "already a scene named" in panel.notice.value
    assert project.scenes_csv.read_text() == before


def test_a_row_with_a_special_is_kept_as_it_is(panel):
    """A long take and one gone over again come back unchanged; a mode that cannot have it drops it."""
    form = panel.form
    half_a_minute = Scene("a", "Mist drifts.", frames=721, audio=False, special="long")
    form.load(half_a_minute)
    assert form.scene()[0] == half_a_minute
    finer = Scene("b", "Mist drifts.", mode="detail", source="a", special="long")
    finer = replace(finer, follows=("width", "height", "fps", "frames"))
    form.load(finer)
    assert form.scene()[0] == finer
    form.load(Scene("c", "Mist drifts.", mode="i2v", image="still.png", special="stg"))
    form.mode.value = "loop"
    assert form.scene()[0].special == "none"


def test_a_row_is_loaded_changed_and_saved(panel, project):
    """Choosing a row fills the form; saving changes its cells and nothing else."""
    form = panel.form
    form.row.value = "rain"
    assert (form.topic.value, form.entry.value) == ("rain", "rain/window")
    assert (form.length.value, form.size.value) == (9, (256, 128))
    assert panel.save.description == "Save to this row"
    form.length.value = 17
    form.prompt.value = "Own words about rain that patters, and a gutter that trickles."
    panel.save.click()
    panel.settle()
    saved = scenes(project)
    assert (saved["rain"].frames, saved["rain"].takes) == (17, 2)
    assert saved["rain"].prompt.startswith("Own words")
    assert saved["still"].frames == 9
    form.name.value = "rain-2"
    assert panel.save.description == "Add to scenes.csv"
    form.row.value = ""
    assert form.name.value == form.prompt.value == ""


def test_a_row_in_seconds_stays_legal_when_its_length_changes(panel, project):
    """A length given in seconds gives way to the frames of the form."""
    project.scenes_csv.write_text("scene,prompt,seconds,frames,width,height\na,@rain/window,5,,256,128\n")
    panel.refresh()
    panel.settle()
    panel.form.row.value = "a"
    assert panel.form.length.value == 121
    panel.form.length.value = 65
    panel.save.click()
    panel.settle()
    assert "Saved" in panel.notice.value
    assert scenes(project)["a"].frames == 65


def test_looking_again_disturbs_nothing_that_was_typed(panel, project):
    """New entries are offered; the words in the form stay."""
    form = panel.form
    form.prompt.value = "Half a sentence about"
    with (project.prompts / "rain.md").open("a") as file:
        file.write("\n## porch\n\nRain drums on a porch roof.\n\nSound: rain\n")
    panel.refresh()
    panel.settle()
    assert form.prompt.value == "Half a sentence about"
    assert ("porch", "rain/porch") in form.entry.options
    form.entry.value = "rain/porch"
    assert form.prompt.value == "Rain drums on a porch roof."
    form.topic.value = ""
    assert form.prompt.value == "Rain drums on a porch roof."
    assert form.sound_words.value == ""


def test_without_a_table_the_form_still_works(project, server):
    """A broken scenes.csv keeps nobody from trying a prompt."""
    project.scenes_csv.unlink()
    panel = OneTakePanel(project)
    panel.settle()
    assert panel.form.row.options == (("a new scene", ""),)
    fill(panel)
    panel.save.click()
    panel.settle()
    assert list(scenes(project)) == ["trial"]


def test_the_night_has_no_use_for_it(project, night, capsys):
    """By night the cell says so and does nothing."""
    one_take_panel()
    assert "night has no use" in capsys.readouterr().out


def test_sizes_and_cameras_are_those_of_the_model(panel):
    """LTX-2.5 offers its maker's sizes, those for one stage among them, and no camera move."""
    fill(panel)
    form = panel.form
    form.base = Scene(scene="", prompt="", model="ltx-2-19b-dev", steps=30)
    form.name.value = "new"
    form.model.value = "ltx-2.5-22b-distilled-int8"
    labels = {value: label for label, value in form.size.options}
    assert len(labels) >= 13 + len(SIZES) - 1
    assert labels[608, 352] == "608 x 352, LTX-2.5 22B's own, in one stage"
    assert labels[1152, 640] == "1152 x 640, LTX-2.5 22B's own"
    assert [value for _, value in form.camera.options] == ["none"]
    form.size.value = (608, 352)
    scene, problems = form.scene()
    assert problems == []
    assert (scene.stages, scene.camera_lora, scene.steps) == (1, "none", None)
    form.size.value = (1152, 640)
    assert form.scene()[0].stages == 2
    form.model.value = "ltx-2-19b-dev"
    assert len(form.camera.options) == 8
    scene, problems = form.scene()
    assert problems == []
    assert (scene.camera_lora, scene.steps, (608, 352) in dict(form.size.options).values()) == (
        "static",
        30,
        False,
    )


def test_a_row_of_ltx_2_5_is_loaded_as_it_is(panel):
    """Its size, its stages and its missing camera come through the form unchanged."""
    row = Scene("small", "Mist drifts.", model="ltx-2.5-22b-dev", width=608, height=352, camera_lora="none")
    row = replace(row, stages=1, steps=25, cfg=3.5, frames=9)
    panel.form.load(row)
    scene, problems = panel.form.scene()
    assert problems == []
    assert scene == row
