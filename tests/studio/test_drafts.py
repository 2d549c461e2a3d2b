"""Draft, pick, finish: small stages to choose from, and the chosen ones made whole."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter

import numpy
import pytest
import requests

from ltxlib.errors import BadInput, ProjectBusy
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from ltxlib.store.files import sha256_of
from ltxlib.store.picks import picks
from ltxlib.store.scene_sheet import edit_scene
from ltxlib.store.takes import clip_path, load_drafts, load_takes
from ltxlib.studio import drafts, events
from ltxlib.studio.assemble import FilmSettings
from ltxlib.studio.assemble import choose as choose_for_film
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.job import job_for
from ltxlib.studio.review import poster_of, review
from tests.support.studio import a_project

ROWS = (
    "rain,t2v,@rain/window,,9,512,256,1,yes,yes",
    "still,i2v,Mist drifts over the water with a soft hush.,still.png,9,256,128,2,no,yes",
    "lake,loop,Small waves lap at the shore with a soft hush.,still.png,17,256,128,1,yes,no",
)


@pytest.fixture
def project(tmp_path):
    """A project of three tiny scenes, the last of them left out of the film."""
    return a_project(tmp_path / "project", ROWS)


def shelf_of(project):
    return project.set(rehearsal=True)


def job(project, *names, count=3):
    checked = drafts.check_drafts(project, names, count)
    return drafts.draft_job(project, connect(project), checked, named=bool(names))


def make(project, *names, count=3):
    """Make drafts; gives what is listed then."""
    happened = list(run_batch(job(project, *names, count=count)))
    assert happened[-1].failed == 0, [event for event in happened if isinstance(event, events.TakeFailed)]
    return listed(project)


def listed(project):
    return drafts.gallery(project, shelf_of(project)).drafts


def pick(project, *wanted):
    """Pick drafts by scene and number."""
    for scene, number in wanted:
        drafts.choose(shelf_of(project), drafts.find(listed(project), scene, str(number)), picked=True)


def finish(project):
    checked = drafts.check_finish(project, shelf_of(project))
    return list(run_batch(job_for(project, connect(project), checked)))


def frame(path, index=-1):
    """One picture of a clip, small and grey, as numbers from 0 to 255."""
    import av

    with av.open(str(path)) as clip:
        pictures = list(clip.decode(video=0))
    # Coarse enough that sharpness, compression and the letters of REHEARSAL weigh little.
    small = pictures[index].reformat(width=32, height=16, format="gray", interpolation="AREA")
    return small.to_ndarray().astype(float)


def submitted(project):
    return [entry for entry in shelf_of(project).journal if entry["event"] == "submitted"]


def test_drafts_are_many_small_and_beside_the_takes(project, server):
    """Each scene gets its drafts at half the sides, with records of their own; no film has them."""
    shown = make(project)
    assert [(one.take.scene, one.take.take_no) for one in shown] == [
        *(("rain", n) for n in (1, 2, 3)),
        *(("still", n) for n in (1, 2, 3)),
    ]
    rain, still = shown[0].take, shown[3].take
    assert (rain.clip.width_px, rain.clip.height_px, rain.clip.frames) == (256, 128, 9)
    assert (still.clip.width_px, still.clip.height_px) == (128, 64)
    assert (rain.clip.has_sound, still.clip.has_sound) == (True, False)
    assert rain.draft and rain.take_id.startswith("draft01-") and rain.from_draft == ""
    assert len({one.take.seed for one in shown}) == 6
    assert all(one.clip.parent.parent == shelf_of(project).drafts for one in shown)
    record = json.loads(shown[0].clip.with_suffix(".json").read_text())
    assert record["draft"] is True
    assert load_takes(shelf_of(project)) == ([], [])
    assert review(shelf_of(project), ["rain", "still"]) == ([], [])
    takes, problems = choose_for_film(shelf_of(project), ["rain", "still"], FilmSettings())
    assert takes == [] and len(problems) == 2


def test_making_them_again_makes_only_more(project, server):
    """The same number again renders nothing; a larger one renders those that are missing."""
    make(project, "rain", count=2)
    sent = len(submitted(project))
    assert len(make(project, "rain", count=2)) == 2
    assert len(submitted(project)) == sent
    assert [one.take.take_no for one in make(project, "rain", count=3)] == [1, 2, 3]
    assert len(submitted(project)) == sent + 1


def test_a_picked_draft_is_finished_by_its_own_seed(project, server):
    """Pick number 3: one take is made, whole, of that seed; its record and review say where it came from."""
    shown = make(project, "rain")
    third = shown[2]
    pick(project, ("rain", 3))
    happened = finish(project)
    assert happened[-1] == events.BatchEnded(made=1, there=0, failed=0, cancelled=False)
    ((take,), problems) = load_takes(shelf_of(project))
    assert problems == []
    assert (take.take_no, take.seed) == (3, third.take.seed)
    assert (take.clip.width_px, take.clip.height_px) == (512, 256)
    assert not take.draft
    assert take.from_draft == third.take.take_id
    record = clip_path(shelf_of(project), "rain", take.take_id).with_suffix(".json")
    assert json.loads(record.read_text())["from_draft"] == third.take.take_id
    ((reviewed,), _) = review(shelf_of(project), ["rain"])
    assert reviewed.from_draft == third.take.take_id
    assert [one.finished for one in listed(project)] == [False, False, True]
    assert finish(project)[-1].there == 1, "what is finished is not made again"


def test_finishing_keeps_the_composition(project, server):
    """The finished clip shows the picked draft's picture, only larger, and not that of another draft."""
    shown = make(project, "rain")
    pick(project, ("rain", 2))
    finish(project)
    ((take,), _) = load_takes(shelf_of(project))
    whole = frame(clip_path(shelf_of(project), "rain", take.take_id))
    apart = [float(numpy.abs(whole - frame(one.clip)).mean()) for one in shown]
    assert apart[1] == min(apart)
    assert apart[1] < 0.5 * min(apart[0], apart[2]), apart


def test_the_batch_finishes_what_was_picked_in_place_of_takes(project, server):
    """For a scene with picks the batch renders those; other scenes get their takes as ever."""
    make(project, "rain")
    pick(project, ("rain", 3), ("rain", 2))
    checked = drafts.with_picks(check_project(project), shelf_of(project))
    assert [(plan.scene.scene, plan.take_no, bool(plan.from_draft)) for plan in checked.plans] == [
        ("rain", 3, True),
        ("rain", 2, True),
        ("still", 1, False),
        ("still", 2, False),
    ]
    assert checked.problems == check_project(project).problems
    list(run_batch(job_for(project, connect(project), checked)))
    takes, _ = load_takes(shelf_of(project))
    assert [(take.scene, take.take_no) for take in takes] == [
        ("rain", 2),
        ("rain", 3),
        ("still", 1),
        ("still", 2),
    ]


def test_a_take_that_was_there_before_is_known_as_the_finished_one(project, server):
    """Draft 1 of a scene whose take 1 is there: picking it makes nothing, and review names the draft."""
    list(run_batch(job_for(project, connect(project), check_project(project))))
    make(project, "rain")
    pick(project, ("rain", 1))
    assert finish(project)[-1] == events.BatchEnded(made=0, there=1, failed=0, cancelled=False)
    shown, _ = review(shelf_of(project), ["rain"])
    assert [one.from_draft for one in shown if one.take.scene == "rain"] == [listed(project)[0].take.take_id]


def test_a_pick_can_be_taken_back(project, server):
    """The last word on a draft counts; with none left there is nothing to finish, and that is said."""
    make(project, "rain", count=1)
    pick(project, ("rain", 1))
    assert [one.picked for one in listed(project)] == [True]
    drafts.choose(shelf_of(project), listed(project)[0], picked=False)
    assert [one.picked for one in listed(project)] == [False]
    assert picks(shelf_of(project)) == []
    with pytest.raises(BadInput, match="No draft is picked"):
        finish(project)
    plans = drafts.with_picks(check_project(project), shelf_of(project)).plans
    assert [plan.take_no for plan in plans if plan.scene.scene == "rain"] == [1]


def test_a_row_that_changed_leaves_its_drafts_behind(project, server):
    """Drafts of an earlier wording are kept, not offered; a pick among them counts no more and is named."""
    make(project, "rain", "still", count=1)
    pick(project, ("rain", 1), ("still", 1))
    edit_scene(project.scenes_csv, "rain", {"prompt": "Snow falls past a window without a sound."})
    seen = drafts.gallery(project, shelf_of(project))
    assert [one.take.scene for one in seen.drafts] == ["still"]
    assert seen.older == 1
    checked = drafts.with_picks(check_project(project), shelf_of(project))
    (warning,) = set(checked.problems) - set(check_project(project).problems)
    assert warning.warning and warning.where == "scene rain, row 2" and "draft 1" in warning.what
    assert [(plan.scene.scene, plan.from_draft != "") for plan in checked.plans] == [
        ("rain", False),
        ("still", True),
    ]
    assert [plan.scene.scene for plan in drafts.check_finish(project, shelf_of(project)).plans] == ["still"]
    edit_scene(project.scenes_csv, "rain", {"prompt": "@rain/window"})
    assert len(listed(project)) == 2, "the row as it was has its draft back"


def test_only_stale_picks_are_refused_with_their_reason(project, server):
    """When no picked draft fits any more, finishing says so and names each."""
    make(project, "rain", count=1)
    pick(project, ("rain", 1))
    edit_scene(project.scenes_csv, "rain", {"frames": "17"})
    with pytest.raises(BadInput, match="None of the picked drafts") as refused:
        drafts.check_finish(project, shelf_of(project))
    assert "row 2" in str(refused.value)


def test_a_scene_that_is_left_out_can_be_drafted_and_finished_by_name(project, server):
    """Naming a scene is enough; the film's other scenes are left alone, and the batch leaves it out still."""
    shown = make(project, "lake", count=1)
    assert [(one.take.scene, one.take.clip.frames) for one in shown] == [("lake", 17)]
    pick(project, ("lake", 1))
    assert finish(project)[-1].made == 1
    plans = drafts.with_picks(check_project(project), shelf_of(project)).plans
    assert {plan.scene.scene for plan in plans} == {"rain", "still"}


def test_a_scene_that_is_gone_is_named(project, server):
    """A picked draft whose row was taken out is not passed over in silence."""
    make(project, "rain", "still", count=1)
    pick(project, ("rain", 1), ("still", 1))
    rows = project.scenes_csv.read_text().splitlines()
    project.scenes_csv.write_text("\n".join([rows[0], *rows[2:]]) + "\n")
    checked = drafts.check_finish(project, shelf_of(project))
    assert "scene rain" in [problem.where for problem in checked.problems]
    assert [plan.scene.scene for plan in checked.plans] == ["still"]


def test_one_stage_scenes_have_no_drafts(tmp_path, server):
    """Named, such a scene is refused in words; among others it is left out; alone there is nothing to do."""
    project = a_project(tmp_path / "project")
    header, rain, still = project.scenes_csv.read_text().splitlines()
    project.scenes_csv.write_text("\n".join([f"{header},stages", f"{rain},1", f"{still},2"]) + "\n")
    assert [plan.scene.scene for plan in job(project).plans] == ["still"] * 3
    with pytest.raises(BadInput, match="No draft was made") as refused:
        job(project, "rain", "still")
    assert "scene rain, row 2: This scene is made in one stage" in str(refused.value)
    assert drafts.without_drafts(check_project(project)) == {"rain"}
    edit_scene(project.scenes_csv, "still", {"enabled": "no"})
    with pytest.raises(BadInput, match="No draft was made"):
        job(project)


def test_a_table_with_mistakes_stops_drafts_and_shows_none(project, server):
    """While one error is left nothing is drafted, and no draft is offered as fitting."""
    make(project, "rain", count=1)
    text = project.scenes_csv.read_text()
    project.scenes_csv.write_text(text + "bad,t2v,,,9,128,128,1,yes,yes\n")
    with pytest.raises(BadInput, match="one problem to mend"):
        job(project, "rain")
    seen = drafts.gallery(project, shelf_of(project))
    assert seen.drafts == () and seen.checked.errors
    assert drafts.with_picks(seen.checked, shelf_of(project)) == seen.checked


def test_a_faulty_row_that_is_left_out_hides_only_its_own_drafts(project, server):
    """A row with drafts that is left out and no more whole leaves the other drafts to choose from."""
    make(project, "rain", "lake", count=1)
    project.scenes_csv.write_text(
        project.scenes_csv.read_text().replace("soft hush.,still.png,17", "soft hush.,gone.png,17")
    )
    seen = drafts.gallery(project, shelf_of(project))
    assert [one.take.scene for one in seen.drafts] == ["rain"]
    assert (seen.older, seen.checked.errors) == (1, [])


def test_names_that_are_not_there(project, server):
    """An unknown scene and an unknown draft are said with what there is."""
    with pytest.raises(BadInput, match="no scene named “rian”") as unknown:
        job(project, "rian")
    assert "rain, still, lake" in unknown.value.cure
    shown = make(project, "rain", count=2)
    for word in ("2", "draft02", shown[1].take.take_id):
        assert drafts.find(shown, "rain", word) == shown[1]
    with pytest.raises(BadInput, match="no draft 9 of rain") as missing:
        drafts.find(shown, "rain", "9")
    assert "1, 2" in missing.value.cure
    with pytest.raises(BadInput, match="no draft 1 of still") as none:
        drafts.find(shown, "still", "1")
    assert "kit draft still" in none.value.cure


def test_drafts_wait_for_nobody(project, server):
    """While another run holds the project, drafts say so and leave everything alone."""
    ready = job(project, "rain")
    with shelf_of(project).lock, pytest.raises(ProjectBusy):
        list(run_batch(ready))


def test_cancelling_keeps_what_is_made(project, tmp_path, monkeypatch):
    """Stopped in the middle, the drafts that are there stay; the next run makes only the rest."""
    settings = RehearsalSettings(seconds_per_step=0.05)
    with RehearsalServer(tmp_path / "output", tmp_path / "input", settings=settings) as running:
        monkeypatch.setenv("LTX_COMFY_URL", running.url)
        cancel = threading.Event()
        for event in run_batch(job(project, "rain", count=4), cancel):
            if isinstance(event, events.TakeSaved):
                cancel.set()
        assert event.cancelled and 1 <= event.made < 4
        assert len(listed(project)) == event.made
        assert list(run_batch(job(project, "rain", count=4)))[-1].there == event.made
        assert len(listed(project)) == 4


def test_posters_of_drafts(project, server):
    """A draft has a small picture as takes have."""
    (one,) = make(project, "rain", count=1)
    made = poster_of(shelf_of(project), one.take, one.clip)
    assert made.is_file() and made.name == f"{one.take.take_id}.jpg"


def test_without_a_server_the_shelf_is_the_one_with_drafts(project, server, monkeypatch):
    """With a server its own shelf counts; without one the film's, unless only the rehearsal has drafts."""
    assert drafts.shelf_of(project).rehearsal
    monkeypatch.setenv("LTX_COMFY_URL", "http://127.0.0.1:9")
    assert not drafts.shelf_of(project).rehearsal
    monkeypatch.setenv("LTX_COMFY_URL", server.url)
    make(project, "rain", count=1)
    monkeypatch.setenv("LTX_COMFY_URL", "http://127.0.0.1:9")
    assert drafts.shelf_of(project).rehearsal


def kit(project, url, *words):
    """A verb in a process of its own; its events are its lines."""
    return subprocess.Popen(
        [sys.executable, "-m", "ltxlib", *words, "--json", "--project", str(project.root)],
        env={**os.environ, "LTX_COMFY_URL": url},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("verb", ["draft", "finish"])
def test_sigkill_in_mid_draft_costs_nothing_but_time(project, tmp_path, monkeypatch, verb):
    """Killed while one renders, the next run makes the rest; each is rendered and kept once."""
    settings = RehearsalSettings(seconds_per_step=0.05)
    with RehearsalServer(tmp_path / "output", tmp_path / "input", settings=settings) as server:
        monkeypatch.setenv("LTX_COMFY_URL", server.url)
        words = ["draft", "rain", "--count", "4"]
        if verb == "finish":
            make(project, "rain", count=4)
            pick(project, *(("rain", number) for number in (1, 2, 3, 4)))
            words = ["finish"]
        before = len(list((tmp_path / "output").rglob("*.mp4")))
        with kit(project, server.url, *words) as first:
            saved = False
            for line in first.stdout:
                event = json.loads(line)["event"]
                saved = saved or event == "TakeSaved"
                if saved and event == "TakeProgress":
                    first.send_signal(signal.SIGKILL)
                    break
        assert first.returncode == -signal.SIGKILL
        with kit(project, server.url, *words) as second:
            last = [json.loads(line) for line in second.stdout][-1]
        assert second.returncode == 0
        assert last["made"] + last["there"] == 4 and last["there"] >= 1
        rendered = len(list((tmp_path / "output").rglob("*.mp4"))) - before
    shelf = shelf_of(project)
    found, problems = (load_drafts if verb == "draft" else load_takes)(shelf)
    assert problems == []
    assert sorted(take.take_no for take in found) == [1, 2, 3, 4]
    assert all(bool(take.from_draft) == (verb == "finish") for take in found)
    assert all(sha256_of(clip_path(shelf, take.scene, take.take_id)) == take.clip.sha256 for take in found)
    saves = Counter(entry["take"] for entry in shelf.journal if entry["event"] == "saved")
    assert set(saves.values()) == {1}
    assert rendered == 4, "one was rendered twice"


def test_what_draws_the_graph_is_the_server(project, server):
    """A draft's record holds the graph as it was sent: one sampler, no enlarger."""
    (one,) = make(project, "rain", count=1)
    kinds = Counter(node["class_type"] for node in one.take.graph.values())
    assert kinds["SamplerCustomAdvanced"] == 1
    assert "LTXVLatentUpsampler" not in kinds
    assert one.take.settings["width_px"] == 512, "the values are those of the finished take"


@pytest.mark.parametrize(("scene", "silent"), [("rain", False), ("still", True), ("lake", False)])
def test_the_server_knows_stage_one_again(project, server, scene, silent):
    """Finished right after its draft, the server finds stage one done: it is the same to the last value.

    A real ComfyUI 0.33.0 with tiny weights says the same of these three ways of making a clip.
    """
    (one,) = make(project, scene, count=1)
    pick(project, (scene, 1))
    finish(project)
    ((take,), _) = load_takes(shelf_of(project))
    history = requests.get(f"{server.url}/history/{take.prompt_id}", timeout=30).json()
    told = history[take.prompt_id]["status"]["messages"]
    (cached,) = [said["nodes"] for kind, said in told if kind == "execution_cached"]
    names = {
        take.graph[node]["_meta"]["title"]: node in cached
        for node in take.graph
        if take.graph[node]["class_type"] == "SamplerCustomAdvanced"
    }
    assert names == {"Film, stage one": True, "Refine, stage two": False}
    assert take.clip.has_sound is one.take.clip.has_sound is not silent


def test_a_graph_of_the_creators_own_has_drafts_too(project, server):
    """Whatever graph the row names, its own first stage is drafted, and the same graph finishes it."""
    text = (project.workflows / "asmr-txt2vid.json").read_text()
    (project.workflows / "mine").mkdir()
    (project.workflows / "mine" / "cabin.json").write_text(text.replace("Film, stage one", "My first stage"))
    header, rain, *_ = project.scenes_csv.read_text().splitlines()
    project.scenes_csv.write_text(f"{header},workflow\n{rain},mine/cabin.json\n")
    shown = make(project, count=2)
    assert [one.take.workflow for one in shown] == ["mine/cabin.json"] * 2
    assert {(one.take.clip.width_px, one.take.clip.height_px) for one in shown} == {(256, 128)}
    pick(project, ("rain", 2))
    assert finish(project)[-1].made == 1
    ((take,), _) = load_takes(shelf_of(project))
    assert (take.workflow, take.from_draft) == ("mine/cabin.json", shown[1].take.take_id)
    assert take.clip.width_px == 512
