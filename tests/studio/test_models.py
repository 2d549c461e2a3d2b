"""Model files: what is here, what is missing, fetching it from a hub of our own on loopback."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
import threading

import pytest

from ltxlib.cli.main import main
from ltxlib.core import catalog
from ltxlib.errors import BadInput, Cancelled, NotAllowed, PodError, ProjectBusy
from ltxlib.hub import shelf
from ltxlib.hub.fetching import Progress
from ltxlib.store.lock import ProjectLock
from ltxlib.studio import models as service
from ltxlib.studio.fetch_state import Telling
from tests.support.hub import TOKEN, Hub, hub_running

STANDARD = service.files_of([])
DICE = random.Random(11)


@pytest.fixture
def small(monkeypatch):
    """The standard preset's files, each of some KB; what the catalog knows of the real ones is left out."""
    return tuple(
        dataclasses.replace(file, size_bytes=20_000 + 1000 * number, sha256=None)
        for number, file in enumerate(STANDARD)
    )


@pytest.fixture
def hub(small, monkeypatch):
    files = {f"{file.hf_repo}/{file.path}": DICE.randbytes(file.size_bytes) for file in small}
    with hub_running(Hub(files=files)) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        monkeypatch.setattr(service, "SPARE_BYTES", 0)
        yield running


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "ComfyUI" / "models"
    made.mkdir(parents=True)
    return made


def put(folder, file, data=None, where=None):
    place = folder / (where or file.folder) / file.name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"x" * file.size_bytes if data is None else data)
    return place


def states(plan) -> dict[str, str]:
    return {one.file.name: one.state for one in plan.found}


def test_a_preset_names_its_files_once():
    """The standard preset is the model, its encoder, the upscaler and the static camera's LoRA."""
    assert [file.folder for file in STANDARD] == [
        "checkpoints",
        "text_encoders",
        "latent_upscale_models",
        "loras",
    ]
    both = service.files_of(["draft", "standard"], ())
    assert len({file.name for file in both}) == len(both) == 4
    assert service.files_of(["ltx-2.5-22b-distilled-int8"])


def test_unknown_names_are_told_all_at_once():
    """Every name that is neither preset nor model has its line."""
    with pytest.raises(BadInput) as caught:
        service.files_of(["standart", "draft", "sora"])
    assert [problem.where for problem in caught.value.problems] == ["standart", "sora"]


def test_what_is_here_is_told(small, folder):
    """There, missing, in the wrong folder, too small: each as it is."""
    model, encoder, upscaler, lora = small
    put(folder, model)
    put(folder, upscaler, where="checkpoints")
    put(folder, lora, b"half of it")
    plan = service.plan(small, folder)
    assert states(plan) == {
        model.name: shelf.THERE,
        encoder.name: shelf.MISSING,
        upscaler.name: shelf.ELSEWHERE,
        lora.name: shelf.WRONG_SIZE,
    }
    assert plan.left_bytes == encoder.size_bytes + lora.size_bytes
    assert plan.total_bytes == sum(file.size_bytes for file in small)
    assert plan.seconds is None


@pytest.mark.parametrize("where", ["clip", "text_encoders/gemma"])
def test_comfyui_finds_files_in_other_places_too(small, folder, where):
    """A file in a folder below its own, or in the one of the older name, is there."""
    put(folder, small[1], where=where)
    assert service.plan(small[1:2], folder).found[0].state == shelf.THERE


def test_all_is_fetched_put_right_and_measured(small, folder, hub):
    """After fetching everything is in its place and nothing else; what was damaged is set aside."""
    misplaced = hub.files[f"{small[2].hf_repo}/{small[2].path}"]
    put(folder, small[2], misplaced, where="checkpoints")
    put(folder, small[3], b"half of it")
    told = []
    state = service.fetch_all(
        service.plan(small, folder), on_progress=lambda one: told.append((one.done_bytes, one.size_bytes))
    )
    after = service.plan(small, folder)
    assert set(states(after).values()) == {shelf.THERE}
    for file in small:
        assert (folder / file.folder / file.name).read_bytes() == hub.files[f"{file.hf_repo}/{file.path}"]
    assert not (folder / "checkpoints" / small[2].name).exists()
    assert (folder / "loras" / f"{small[3].name}.damaged").read_bytes() == b"half of it"
    assert state.ready == [small[0].name, small[1].name, small[3].name]
    assert told[-1][0] == told[-1][1] == state.size_bytes
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_refusals_are_told_before_anything_is_fetched(small, folder, hub):
    """Terms not accepted and a renamed file: both are named at once, and not one byte came."""
    hub.gated = {small[0].hf_repo}
    del hub.files[f"{small[1].hf_repo}/{small[1].path}"]
    with pytest.raises(BadInput) as caught:
        service.fetch_all(service.plan(small, folder))
    told = {problem.where: str(problem) for problem in caught.value.problems}
    assert "agreed to its terms" in told[small[0].name]
    assert "renamed or taken away" in told[small[1].name]
    assert not hub.served


def test_too_small_a_disk_is_told_before_anything_is_fetched(small, folder, hub):
    """The sizes are the hub's own; the sentence has both figures."""
    plan = dataclasses.replace(service.plan(small, folder), free_bytes=50_000)
    assert not plan.fits
    with pytest.raises(BadInput, match="GB free"):
        service.fetch_all(plan)
    assert not hub.served


def test_a_pause_keeps_all_that_came(small, folder, hub):
    """Paused between two files: the first is there, going on fetches only the others."""
    cancel = threading.Event()

    def pause(state: service.FetchState) -> None:
        if state.ready:
            cancel.set()

    with pytest.raises(Cancelled):
        service.fetch_all(service.plan(small, folder), on_progress=pause, cancel=cancel)
    before = dict(hub.served)
    service.fetch_all(service.plan(small, folder))
    first = f"{small[0].hf_repo}/{small[0].path}"
    assert hub.served[first] == before[first] == small[0].size_bytes
    assert set(states(service.plan(small, folder)).values()) == {shelf.THERE}


def test_two_downloads_at_once_are_refused(small, folder, hub):
    """The second is told that the first runs."""
    lock = ProjectLock(folder / shelf.STAGING / "fetching.lock")
    with lock, pytest.raises(ProjectBusy, match="being fetched already"):
        service.fetch_all(service.plan(small, folder))


def test_a_measured_speed_is_remembered(small, folder):
    """The next plan tells how long the rest takes; nonsense in the file is no speed."""
    note = folder / shelf.STAGING / service.SPEED_FILE
    note.parent.mkdir()
    note.write_text(json.dumps({"bytes_per_s": 1000}))
    plan = service.plan(small, folder)
    assert plan.seconds == plan.left_bytes / 1000
    note.write_text("[]")
    assert service.plan(small, folder).seconds is None


def test_digests_on_request(small, folder):
    """A file whose content is not its maker's is named; one whose SHA-256 is not known is left alone."""
    good = dataclasses.replace(small[0], sha256=hashlib.sha256(b"x" * small[0].size_bytes).hexdigest())
    bad = dataclasses.replace(small[1], sha256="0" * 64)
    for file in (good, bad, small[2]):
        put(folder, file)
    problems = service.check_digests(service.plan((good, bad, small[2]), folder))
    assert [problem.where for problem in problems] == [bad.name]


def test_without_comfyui_there_is_no_folder(monkeypatch, tmp_path):
    """The sentence says where to do it."""
    monkeypatch.setenv("LTX_COMFY_ROOT", str(tmp_path))
    with pytest.raises(PodError, match="no ComfyUI"):
        service.models_folder()


def test_the_verb_says_what_is_missing_and_fetches_it(small, folder, hub, monkeypatch, capsys):
    """Without --fetch it only looks (exit 1), with it all comes (exit 0); the token is printed nowhere."""
    monkeypatch.setattr(service, "files_of", lambda *_: small)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    hub.gated = {small[0].hf_repo}
    assert main(["models", "--to", str(folder)]) == 1
    said = capsys.readouterr().out
    assert small[1].name in said
    assert "Add --fetch" in said
    assert main(["models", "--to", str(folder), "--fetch", "--verify"]) == 0
    captured = capsys.readouterr()
    assert "All 4 files are here" in captured.out
    assert main(["models", "--to", str(folder), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert {file["state"] for file in facts["files"]} == {"there"}
    assert TOKEN not in captured.out + captured.err


def test_the_catalog_keeps_names_inside_their_folders():
    """No file of the catalog has a name or folder that leads elsewhere."""
    for model in catalog.KNOWN.values():
        for file in model.files:
            assert "/" not in file.name
            assert not file.name.startswith(".")
            assert not {"..", ""} & set(file.folder.split("/"))


def test_where_nobody_answers_one_file_is_asked_for(small, folder, hub, monkeypatch):
    """Each would be waited for as long; one sentence is enough."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    hub.status = 503
    plan = service.plan(small, folder)
    with pytest.raises(BadInput) as caught:
        service.fetch_all(plan)
    assert [problem.where for problem in caught.value.problems] == [small[0].name]
    assert [problem.where for problem in service.may_have(plan)] == [small[0].name]


def test_a_pause_while_asking_is_heard(small, folder, hub):
    """Nothing is asked for any more, nothing was fetched."""
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        service.fetch_all(service.plan(small, folder), cancel=cancel)
    assert not hub.asked


def test_a_gate_is_the_cause_of_a_refusal(small, folder, hub):
    """So that a form knows that it should ask for a token; one request for each repository tells it, too."""
    hub.gated = {small[0].hf_repo}
    plan = service.plan(small, folder)
    with pytest.raises(BadInput) as caught:
        service.fetch_all(plan)
    assert isinstance(caught.value.__cause__, NotAllowed)
    before = len(hub.asked)
    repositories = {file.hf_repo for file in small}
    closed = {file.name for file in small if file.hf_repo == small[0].hf_repo}
    told = service.may_have(plan)
    assert len(hub.asked) - before == len(repositories)
    assert {problem.where for problem in told} <= closed
    assert service.may_have(plan, TOKEN) == []


def test_what_is_half_here_can_be_thrown_away(small, folder, hub):
    """Only parts go; the number of bytes is told."""
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        service.fetch_all(service.plan(small, folder), on_progress=lambda _: cancel.set(), cancel=cancel)
    put(folder, small[1])
    assert service.forget(service.plan(small, folder)) >= 0
    assert states(service.plan(small, folder))[small[0].name] == shelf.MISSING
    assert states(service.plan(small, folder))[small[1].name] == shelf.THERE
    assert [path.name for path in (folder / shelf.STAGING).iterdir()] == ["fetching.lock"]


def test_the_speed_can_be_measured_beforehand(small, folder, hub):
    """A part of the largest file is read; nothing of it stays, the next plan tells a time."""
    plan = service.plan(small, folder)
    assert service.measure(plan) > 0
    assert service.plan(small, folder).seconds is not None
    assert service.plan(small, folder).missing == plan.missing


def test_speed_is_that_of_the_last_seconds():
    """What was here before counts as done, not as fast; each file and all of them are told."""
    clock = iter(range(0, 1000, 5))
    telling = Telling({"a": 1000, "b": 500}, None, lambda: next(clock))
    one, other = (dataclasses.replace(STANDARD[0], name=name) for name in "ab")
    for done in (400, 500, 600):
        telling.tell(Progress(one, "fetching", done, 1000))
    assert telling.state.bytes_per_s == 20
    assert telling.state.left_s == (1500 - 600) / 20
    telling.tell(Progress(one, "checking", 300, 1000))
    assert (telling.state.files["a"].phase, telling.state.files["a"].done_bytes) == ("checking", 300)
    assert telling.state.done_bytes == 600
    telling.ended(one, 1000)
    telling.tell(Progress(other, "fetching", 250, 500))
    assert telling.state.done_bytes == 1250
    assert telling.state.ready == ["a"]
