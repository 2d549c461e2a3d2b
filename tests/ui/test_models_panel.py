"""Model files in notebook 01: told before anything is fetched, paused, gone on with; no token is kept."""

from __future__ import annotations

import dataclasses
import json
import random
import stat
import threading

import huggingface_hub
import ipywidgets
import pytest
from huggingface_hub import constants

from ltxlib.core import catalog
from ltxlib.core.fitting import Advice
from ltxlib.hub import fetching, shelf
from ltxlib.studio import model_choice
from ltxlib.studio import models as service
from ltxlib.studio.fetch_state import FileState
from ltxlib.studio.model_choice import MODEL, SCENES
from ltxlib.ui import models as ui
from ltxlib.ui import models_words
from ltxlib.ui.models import ModelsPanel, models_panel
from ltxlib.ui.models_access import _IN_MEMORY, TokenField
from tests.support.hub import TOKEN, Hub, hub_running

STANDARD = service.files_of([])
DICE = random.Random(12)
MB = 10**6


@pytest.fixture
def small(monkeypatch):
    """The files of any choice: the standard preset's, of one to four MB."""
    made = tuple(
        dataclasses.replace(file, size_bytes=number * MB, sha256=None)
        for number, file in enumerate(STANDARD, start=1)
    )
    monkeypatch.setattr(model_choice, "files_of", lambda *_: made)
    return made


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A ComfyUI of this machine, and a store of Hugging Face's with nothing in it."""
    root = tmp_path / "ComfyUI"
    (root / "models").mkdir(parents=True)
    (root / "main.py").touch()
    monkeypatch.setenv("LTX_COMFY_ROOT", str(root))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "hf" / "token"))
    monkeypatch.setattr(service, "SPARE_BYTES", 0)
    yield root / "models"
    _IN_MEMORY.clear()


@pytest.fixture
def hub(small, home, monkeypatch):
    files = {f"{file.hf_repo}/{file.path}": DICE.randbytes(file.size_bytes) for file in small}
    with hub_running(Hub(files=files)) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield running


def opened(project) -> ModelsPanel:
    panel = ModelsPanel(project)
    panel.settle()
    return panel


def shown(part) -> bool:
    return "ltx-empty" not in part._dom_classes


def test_all_is_told_before_anything_is_fetched(project, small, home, hub):
    """Every file with its state, the size, what is left, the room; nothing was asked of anybody."""
    model, _, upscaler, lora = small
    for file, folder, size in (
        (model, model.folder, model.size_bytes),
        (upscaler, "checkpoints", upscaler.size_bytes),
        (lora, lora.folder, 5),
    ):
        (home / folder).mkdir(exist_ok=True)
        (home / folder / file.name).write_bytes(b"x" * size)
    panel = opened(project)
    assert model.name in panel.files.value
    for words in ("here", "missing", "in checkpoints/, to be moved", "damaged, to be fetched anew"):
        assert words in panel.files.value
    assert "6 MB" in panel.room.value
    assert "no speed was measured here yet" in panel.room.value
    assert "afterwards" in panel.room.value
    assert panel.fetch.description == "Fetch 2 files, 6 MB"
    assert not panel.fetch.disabled
    assert not hub.asked


def test_the_machine_s_own_preset_is_chosen_beforehand(project, small, home, monkeypatch):
    """What suits card and memory is chosen and named; where nothing is known to work, that is said."""
    preset = next(one for one in catalog.shipped().presets if one.name == "draft")
    monkeypatch.setattr(ui, "recommended", lambda: (Advice(preset, "It fits."), {}))
    panel = opened(project)
    assert panel.form.choice().name == "draft"
    assert panel.form.preset.options[0] == ("draft (recommended here)", "draft")
    assert "small and quick" in panel.form.hint.value.lower()
    monkeypatch.setattr(ui, "recommended", lambda: (Advice(None, "No preset is known to work."), {}))
    assert "No preset is known" in opened(project).advice.value


def test_a_choice_may_be_a_model_or_what_the_scenes_need(project, home):
    """By model its files, with camera moves where there are some; by scenes.csv what its rows name."""
    panel = opened(project)
    panel.form.way.value = MODEL
    panel.form.model.value = "ltx-2.3-22b-distilled-fp8"
    panel.settle()
    assert "ltx-2.3-22b-distilled-fp8.safetensors" in panel.files.value
    assert "LTX-2 19B only" in panel.form.hint.value
    panel.form.model.value = "ltx-2-19b-distilled"
    panel.form.cameras["dolly-in"].value = True
    panel.settle()
    assert "camera-control-dolly-in" in panel.files.value
    panel.form.way.value = SCENES
    panel.settle()
    assert catalog.MODELS["ltx-2-19b-distilled"].checkpoint.name in panel.files.value
    assert "dolly-in" not in panel.files.value
    project.scenes_csv.write_text(project.scenes_csv.read_text() + "<b>x</b>,t2v,,,9,256,128,1,yes,yes\n")
    panel.again.click()
    panel.settle()
    assert "What scenes.csv needs cannot be told" in panel.room.value
    assert "<b>x" not in panel.room.value
    assert panel.fetch.disabled


def test_too_little_room_is_red_and_nothing_can_be_pressed(project, small, home, monkeypatch):
    """The figures stand there, and the cure."""
    monkeypatch.setattr(service, "SPARE_BYTES", 10**15)
    panel = opened(project)
    assert "ltx-bad" in panel.room.value
    assert "This does not fit" in panel.room.value
    assert panel.fetch.disabled


def test_without_comfyui_sizes_are_told_and_nothing_is_fetched(project, tmp_path, monkeypatch):
    """On a machine at home one sees what a pod would fetch."""
    monkeypatch.setenv("LTX_COMFY_ROOT", str(tmp_path))
    panel = opened(project)
    assert "There is no ComfyUI on this machine" in panel.room.value
    assert "43.3 GB" in panel.files.value
    assert "missing" not in panel.files.value
    assert panel.fetch.disabled


def test_one_press_fetches_all(project, small, home, hub):
    """Everything lands whole, the table says so, and nothing lands in Hugging Face's own cache."""
    panel = opened(project)
    panel.fetch.click()
    panel.settle()
    assert "All of them are here, whole and checked." in panel.notice.value
    assert panel.fetch.disabled
    assert panel.fetch.description == "All of them are here"
    for file in small:
        assert (home / file.folder / file.name).read_bytes() == hub.files[f"{file.hf_repo}/{file.path}"]
    store = home.parents[1] / "hf"
    assert not store.exists() or not [path for path in store.rglob("*") if path.is_file()]


def stalled(project, small, hub, monkeypatch) -> ModelsPanel:
    """A panel whose download stands still in the middle of the last file, until `hub.hold` is set."""
    monkeypatch.setattr(fetching, "PIECE_BYTES", 300_000)
    hub.slow_after, hub.slow_s, hub.hold = 8 * MB, 30, threading.Event()
    panel = opened(project)
    panel.fetch.click()
    job = panel._job

    def begun() -> bool:
        return bool(job.state.now and job.state.now.files[small[3].name].done_bytes)

    with job._news:
        assert job._news.wait_for(begun, 60)
    return panel


def test_pausing_going_on_and_throwing_away(project, small, home, hub, monkeypatch):
    """Pause keeps what came, also for another panel; Go on fetches the rest; Cancel throws parts away."""
    panel = stalled(project, small, hub, monkeypatch)
    job = panel._job
    assert shown(panel.pause)
    assert panel.form.way.disabled
    other = ModelsPanel(project)
    assert "of 10 MB" in other.progress.value
    panel.pause.click()
    hub.hold.set()
    panel.settle()
    other.settle()
    assert job.error is not None
    assert "Paused" in panel.notice.value
    assert "of it here" in panel.files.value
    assert panel.fetch.description.startswith("Go on: ")
    assert shown(panel.drop)
    assert opened(project).fetch.description.startswith("Go on: ")
    panel.drop.click()
    assert shown(panel.asked)
    panel._drop()
    panel.settle()
    assert "were thrown away; whole files stay" in panel.notice.value
    assert panel.fetch.description == "Fetch 1 file, 4 MB"
    panel.fetch.click()
    panel.settle()
    assert "whole and checked" in panel.notice.value


def test_what_was_begun_is_chosen_again(project, home, hub, small):
    """After the kernel was restarted one press goes on with it; what nobody knows any more is left."""
    panel = opened(project)
    panel.form.way.value = MODEL
    panel.form.model.value = "ltx-2-19b-dev-fp8"
    panel.form.cameras["jib-up"].value = True
    panel.settle()
    panel.fetch.click()
    panel.settle()
    assert opened(project).form.choice() == panel.form.choice()
    note = home / shelf.STAGING / "choice.json"
    told = json.loads(note.read_text())
    for odd in ({**told, "name": "gone"}, {**told, "cameras": 3}, []):
        note.write_text(json.dumps(odd))
        assert opened(project).form.choice().way == "preset"


def test_cancel_while_it_runs_leaves_whole_files_alone(project, small, home, hub, monkeypatch):
    """After the question what is unfinished is gone, what was whole stays."""
    panel = stalled(project, small, hub, monkeypatch)
    panel.drop.click()
    assert "Stop, and throw away" in panel.sure.value
    panel._drop()
    hub.hold.set()
    panel.settle()
    assert "were thrown away" in panel.notice.value
    plan = service.plan(small, home)
    assert [one.state for one in plan.found] == [shelf.THERE] * 3 + [shelf.MISSING]
    assert not list((home / shelf.STAGING).glob("*.part"))


def test_refusals_are_told_with_links_to_press(project, small, home, hub):
    """A gate that nobody foresaw: the page is a link, and the field for a token appears."""
    hub.gated = {small[1].hf_repo}
    panel = opened(project)
    assert not shown(panel.access.part)
    panel.fetch.click()
    panel.settle()
    assert f'href="https://huggingface.co/{small[1].hf_repo}"' in panel.notice.value
    assert shown(panel.access.part)
    assert not hub.served


def as_saved() -> str:
    """What all widgets hold, as JupyterLab saves it in a notebook when it is told to."""
    return json.dumps(ipywidgets.Widget.get_manager_state(drop_defaults=False))


def gate(small, hub, monkeypatch):
    """The first file wants a login, and the catalog knows it."""
    gated = dataclasses.replace(small[0], gated=True)
    monkeypatch.setattr(model_choice, "files_of", lambda *_: (gated, *small[1:]))
    hub.gated = {gated.hf_repo}
    return gated


def test_a_token_is_used_and_held_by_no_widget(project, small, home, hub, monkeypatch, caplog, capfd):
    """Pasted, it is in the field no more; gated files come; afterwards it is forgotten."""
    caplog.set_level(0)
    gated = gate(small, hub, monkeypatch)
    panel = opened(project)
    assert shown(panel.access.part)
    assert f'href="https://huggingface.co/{gated.hf_repo}"' in panel.access.steps.value
    panel.access.field.value = f" {TOKEN}\n"
    assert panel.access.field.value == ""
    panel.settle()
    assert TOKEN not in as_saved()
    assert "ltx-token" in as_saved()
    assert "gives these files to you" in panel.access.said.value
    assert "held in this notebook" in panel.access.said.value
    panel.fetch.click()
    panel.settle()
    assert "whole and checked" in panel.notice.value
    assert _IN_MEMORY == {}
    assert not (home.parents[1] / "hf").exists()
    told = capfd.readouterr()
    assert TOKEN not in as_saved() + caplog.text + told.out + told.err
    for path in (*project.root.rglob("*"), *home.rglob("*")):
        assert path.is_dir() or TOKEN.encode() not in path.read_bytes()


def test_the_kernel_does_not_send_a_token_back():
    """What a page sends is usually sent back to every page; this field's is not, and not with each key."""
    assert TokenField.value.metadata["echo_update"] is False


def test_a_token_is_kept_only_when_asked(project, small, home, hub, monkeypatch):
    """With the tick it is in Hugging Face's own store, for this user alone, and their library finds it."""
    gate(small, hub, monkeypatch)
    panel = opened(project)
    panel.access.keep.value = True
    panel.access.field.value = TOKEN
    panel.settle()
    store = home.parents[1] / "hf" / "token"
    assert store.read_text() == TOKEN
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert [path.name for path in store.parent.iterdir()] == ["token"]
    assert huggingface_hub.get_token() == TOKEN
    assert "kept on this pod" in panel.access.said.value


@pytest.mark.parametrize(
    ("pasted", "agreed", "words"),
    [
        ("hf_wrongwrongwrong", True, "does not know this token"),
        (TOKEN, False, "has not"),
        ("<b>no token</b>", True, "does not look like a token"),
    ],
)
def test_a_token_is_tried_at_once(project, small, home, hub, monkeypatch, pasted, agreed, words):
    """One cheap request tells whether it opens the gate; what was pasted is not shown again."""
    gate(small, hub, monkeypatch)
    hub.agreed = agreed
    panel = opened(project)
    panel.access.field.value = pasted
    panel.settle()
    told = panel.access.said.value + panel.notice.value
    assert words in told
    assert "https://huggingface.co" in told
    assert pasted not in told
    assert not hub.served


def test_another_model_is_offered_for_a_gated_one(project, home):
    """One press chooses it; that it asks for no login is said."""
    panel = opened(project)
    panel.form.way.value = MODEL
    panel.form.model.value = "ltx-2.5-22b-distilled-int8"
    panel.settle()
    assert shown(panel.instead)
    words, row = panel.instead.children[0].children
    assert "asks for no login" in words.value
    row.children[0].click()
    panel.settle()
    assert panel.form.model.value == "ltx-2.3-22b-distilled-fp8"
    assert not shown(panel.instead)
    assert not shown(panel.access.part)


def test_another_file_is_offered_for_one_that_is_gone(project, home):
    """A workflow of one's own names a file that was taken away: its follower is offered and then wanted."""
    gone, follower = (
        "ltx-2.3-spatial-upscaler-x2-1.0.safetensors",
        "ltx-2.3-spatial-upscaler-x2-1.1.safetensors",
    )
    text = (project.workflows / "asmr-txt2vid.json").read_text()
    own = text.replace("ltx-2-spatial-upscaler-x2-1.0.safetensors", gone)
    (project.workflows / "mine.json").write_text(own)
    table = project.scenes_csv.read_text().splitlines()
    project.scenes_csv.write_text(f"{table[0]},workflow\n{table[1]},mine.json\n")
    panel = opened(project)
    panel.form.way.value = SCENES
    panel.settle()
    assert "does not know where it comes from" in panel.room.value
    words, row = panel.instead.children[0].children
    assert "was taken off Hugging Face" in words.value
    row.children[0].click()
    panel.settle()
    assert follower in panel.files.value
    assert not shown(panel.instead)


def test_the_speed_is_measured_when_asked(project, small, home, hub):
    """A part of one file is read and thrown away; then there is a time."""
    panel = opened(project)
    panel.measure.click()
    panel.settle()
    assert "that were measured here" in panel.room.value
    assert not shown(panel.measure)
    assert sum(hub.served.values()) == small[3].size_bytes
    assert service.plan(small, home).missing == service.plan(small, home).found


def test_the_night_says_how_it_is_and_fetches_nothing(project, home, night, capsys, monkeypatch, tmp_path):
    """A line for each file; without a ComfyUI a sentence; nothing is raised."""
    models_panel()
    said = capsys.readouterr().out
    assert "missing  checkpoints/ltx-2-19b-distilled.safetensors" in said
    assert "still to be fetched" in said
    project.scenes_csv.write_text("nonsense")
    models_panel()
    assert "missing" in capsys.readouterr().out
    monkeypatch.setenv("LTX_COMFY_ROOT", str(tmp_path))
    models_panel()
    assert "There is no ComfyUI" in capsys.readouterr().out


def test_words_of_a_file_on_its_way():
    """Waiting, fetching, checking, here."""
    said = [
        models_words._moving_html(one)
        for one in (FileState(10), FileState(10, 5, "fetching"), FileState(10, 5, "checking"))
    ]
    assert "waits" in said[0]
    assert "50%" in said[1]
    assert "checking 50%" in said[2]
