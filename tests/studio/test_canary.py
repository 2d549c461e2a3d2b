"""The canary: one tiny clip through every different graph, over real sockets, with every fault."""

import threading
from collections import Counter
from dataclasses import replace

import pytest

from ltxlib.comfy.client import ComfyClient
from ltxlib.core.figures import last_run
from ltxlib.errors import ProjectBusy
from ltxlib.media.probe import probe
from ltxlib.media.sample import write_sample
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from ltxlib.store.takes import clip_path, load_takes
from ltxlib.studio.batch import run_batch
from ltxlib.studio.canary import run_canary
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.drafts import check_drafts, draft_job
from ltxlib.studio.job import Care, job_for
from tests.support.studio import a_project

WORDS = "Rain runs down a window at night while soft rain taps against the glass."
COLUMNS = (
    "scene,mode,prompt,image,end_image,source,end_source,frames,width,height,audio,stages,smooth,special"
)
COLUMNS += ",model,camera_lora,enhance,takes"
QUICK = Care(patience_s=0.5, doubt_s=0.5, pause_s=0.01)


def table(project, *rows):
    """Write scenes of 512x256 pixels and 33 frames; each row is its cells by name."""
    names = COLUMNS.split(",")
    usual = {"mode": "t2v", "prompt": WORDS, "frames": "33", "width": "512", "height": "256"}
    lines = [",".join({**usual, **row}.get(name, "") for name in names) for row in rows]
    project.scenes_csv.write_text("\n".join([COLUMNS, *lines]) + "\n")


def a_job(project, care=QUICK):
    return replace(job_for(project, connect(project), check_project(project)), care=care)


def canaries(job):
    """The canary's lines in the journal."""
    return [entry for entry in job.shelf.journal if entry["event"].startswith("canary")]


@pytest.fixture
def slow(tmp_path, monkeypatch):
    """A rehearsal that takes long over every step."""
    settings = RehearsalSettings(seconds_per_step=30.0)
    with RehearsalServer(tmp_path / "output", tmp_path / "input", settings=settings) as running:
        monkeypatch.setenv("LTX_COMFY_URL", running.url)
        yield running


def test_takes_that_are_alike_are_tried_once_and_nothing_is_kept(project, server):
    """Seven takes of three kinds: three tiny clips, and of them only lines in the journal."""
    table(
        project,
        {"scene": "rain", "takes": "3"},
        {"scene": "fire", "frames": "65"},
        {"scene": "mute", "audio": "no"},
        {"scene": "near", "camera_lora": "dolly-in", "takes": "2"},
    )
    job, told = a_job(project), []
    report = run_canary(job, tell=told.append)
    assert (report.good, report.clips, report.left_out, report.cancelled) == (True, 3, (), False)
    kept = {path.name for path in job.shelf.folder.rglob("*") if path.is_file()}
    assert kept == {"journal.jsonl", "batch.lock"}
    clips = [probe(path) for path in (server.output_dir).rglob("canary-*.mp4")]
    assert {(clip.width_px, clip.height_px, clip.frames) for clip in clips} == {(256, 256, 9)}
    assert Counter(clip.has_audio for clip in clips) == {True: 2, False: 1}
    assert any(said.startswith("scenes rain, fire: a tiny clip came out right") for said in told)
    events = [entry["event"] for entry in canaries(job)]
    assert events == ["canary started", *["canary"] * 3, "canary ended"]
    # The first kind of the night is tried last, so that its model is loaded when the night begins.
    assert canaries(job)[-2]["scenes"] == ["rain", "fire"]


def test_what_is_there_is_not_tried(project, server):
    """With all takes made there is nothing to try."""
    for _ in run_batch(a_job(project)):
        pass
    report = run_canary(a_job(project))
    assert (report.good, report.clips) == (True, 0)


WAYS = (
    {"scene": "still", "mode": "i2v", "image": "still.png"},
    {"scene": "loop", "mode": "loop", "image": "still.png"},
    {"scene": "flf", "mode": "flf", "image": "still.png", "end_image": "still.png"},
    {"scene": "one", "stages": "1"},
    {"scene": "twice", "smooth": "yes"},
    {"scene": "sound", "mode": "sound"},
    {"scene": "stg", "special": "stg"},
    {"scene": "long", "special": "long"},
    {"scene": "tiled", "special": "tiled"},
    {"scene": "lowmem", "special": "lowmem"},
    {"scene": "dev", "model": "ltx-2-19b-dev"},
    {"scene": "new", "model": "ltx-2.5-22b-distilled-int8"},
    {"scene": "written", "enhance": "yes"},
)
FROM_TAKES = (
    {"scene": "more", "mode": "extend", "source": "rain", "width": "", "height": ""},
    {"scene": "quiet", "mode": "extend", "source": "mute", "width": "", "height": "", "audio": "no"},
    {"scene": "foley", "mode": "foley", "source": "rain", "width": "", "height": "", "frames": ""},
    {"scene": "detail", "mode": "detail", "source": "rain", "width": "", "height": "", "frames": ""},
    {"scene": "control", "mode": "control", "source": "rain"},
    {
        "scene": "melt",
        "mode": "transition",
        "source": "rain",
        "end_source": "mute",
        "width": "",
        "height": "",
    },
)


def test_every_way_of_making_a_clip_can_be_tried(tmp_path, monkeypatch):
    """Each mode, special and make of model; those that start from takes once these are there."""
    project = a_project(tmp_path / "project")
    (project.prompts / "enhance").mkdir()
    (project.prompts / "enhance" / "t2v.md").write_text("Write calmly.")
    first = ({"scene": "rain"}, {"scene": "mute", "audio": "no"})
    with RehearsalServer(
        tmp_path / "out", tmp_path / "in", settings=RehearsalSettings(packs=frozenset({"ltxvideo"}))
    ) as server:
        monkeypatch.setenv("LTX_COMFY_URL", server.url)
        table(project, *first, *WAYS, *FROM_TAKES)
        report = run_canary(a_job(project))
        assert report.problems == ()
        assert report.clips == len(first) + len(WAYS)
        assert len(report.left_out) == len(FROM_TAKES)
        assert "scene more: not tried, since rain/take01-" in " ".join(report.left_out)
        # The words that were tried are kept as little as the clips.
        assert not (project.set(rehearsal=True).folder / "enhanced").exists()
        table(project, *first)
        for _ in run_batch(a_job(project)):
            pass
        table(project, *first, *FROM_TAKES)
        report = run_canary(a_job(project))
        assert report.problems == ()
        assert (report.clips, report.left_out) == (len(FROM_TAKES), ())


def test_drafts_are_tried_as_drafts(project, server):
    """A draft's graph ends after stage one, and so does its canary's."""
    table(project, {"scene": "rain"})
    job = draft_job(project, connect(project), check_drafts(project, ["rain"], 2), named=True)
    report = run_canary(job)
    assert (report.good, report.clips) == (True, 1)
    (clip,) = server.output_dir.rglob("canary-*.mp4")
    assert (probe(clip).width_px, probe(clip).frames) == (128, 9)


@pytest.mark.parametrize(
    ("fault", "details", "what", "cure"),
    [
        ("oom", {"count": 2}, "memory", "Even the tiniest clip does not fit"),
        ("node_errors", {}, "only a part of the graph", "Mend"),
        ("no_outputs", {"count": 2}, "no clip", "workflow"),
        ("no_file", {"count": 2}, "canary-", ""),
        ("truncated", {"count": 2}, "not the clip that was asked for", "nodes"),
        ("forget", {"count": 2}, "forgot the tiny clip", "log"),
    ],
)
def test_a_fault_names_the_scenes_and_the_cure(project, server, fault, details, what, cure):
    """Whatever breaks the tiny clip would break the night; other graphs are tried all the same."""
    table(project, {"scene": "rain"}, {"scene": "fire"}, {"scene": "mute", "audio": "no"})
    server.faults.add(fault, **details)
    job, told = a_job(project), []
    report = run_canary(job, tell=told.append)
    assert not report.good
    (problem,) = report.problems
    assert problem.where == "scene mute"
    assert what in problem.what
    assert cure in problem.cure
    assert report.clips == 1
    failed = [entry for entry in canaries(job) if entry["event"] == "canary" and "cure" in entry]
    assert [entry["scenes"] for entry in failed] == [["mute"]]
    assert canaries(job)[-1]["failed"] == 1
    assert "NO clip came" in told[0]
    assert not list(job.shelf.folder.rglob("*.mp4"))


@pytest.mark.parametrize("fault", ["oom", "no_outputs", "truncated", "forget"])
def test_chance_is_no_reason_to_lose_a_night(project, server, fault):
    """What fails once and not again is told in the journal, and the night may start."""
    server.faults.add(fault)
    job = a_job(project)
    report = run_canary(job)
    assert (report.good, report.clips) == (True, 2)
    assert [entry for entry in canaries(job) if entry.get("again")]


def test_a_server_that_answers_badly_for_a_moment_is_asked_again(project, server):
    """Three answers of 500 and a slow one cost nothing but time."""
    job = a_job(project, replace(QUICK, patience_s=20.0))
    server.faults.add("error_500", path="/history", count=3)
    server.faults.add("error_500", path="/prompt")
    server.faults.add("slow", path="/queue", seconds=0.2)
    assert run_canary(job).good


def test_a_silent_clip_is_a_clip(project, server):
    """Nine frames may well be silent; that there is a sound is what counts."""
    server.faults.add("silent", count=2)
    assert run_canary(a_job(project)).good


def test_a_server_that_goes_away_ends_it(project, server):
    """One problem, and nothing more is waited for."""
    job = a_job(project)
    server.faults.add("die")
    report = run_canary(job)
    assert len(report.problems) == 1
    assert "http://" in report.problems[0].what
    assert report.clips == 0


def test_a_server_that_hangs_ends_it(project, slow):
    """After its patience the clip is taken back, and no other one is begun."""
    table(project, {"scene": "rain"}, {"scene": "mute", "audio": "no"})
    report = run_canary(a_job(project), patience_s=1.0)
    (problem,) = report.problems
    assert "No clip came within 1 s" in problem.what
    assert "Restart ComfyUI" in problem.cure
    assert ComfyClient(slow.url).queue().pending == ()


def test_a_person_can_call_it_off(project, slow):
    """The server lets go, and the report says so."""
    job, cancel = a_job(project), threading.Event()
    client = ComfyClient(slow.url)
    reports = []
    thread = threading.Thread(target=lambda: reports.append(run_canary(job, cancel)))
    thread.start()
    while not client.queue().running:
        assert thread.is_alive()
    cancel.set()
    thread.join(20)
    (report,) = reports
    assert (report.cancelled, report.good, report.problems) == (True, False, ())
    assert canaries(job)[-1]["cancelled"] is True


def test_called_off_before_it_began_it_does_nothing(project, server):
    """Nothing is posted."""
    cancel = threading.Event()
    cancel.set()
    report = run_canary(a_job(project), cancel)
    assert (report.cancelled, report.clips) == (True, 0)
    assert not list(server.output_dir.rglob("*.mp4"))


def test_each_server_is_tried(project, server, tmp_path, monkeypatch):
    """Two servers, two kinds: four clips; a fault of one names that one."""
    with RehearsalServer(tmp_path / "output2", tmp_path / "input2") as other:
        monkeypatch.setenv("LTX_COMFY_URL", f"{server.url},{other.url}")
        assert run_canary(a_job(project)).clips == 4
        other.faults.add("oom", count=2)
        report = run_canary(a_job(project))
    assert report.clips == 3
    (problem,) = report.problems
    assert problem.where.startswith(f"{other.url}, scene ")


def test_it_does_not_run_beside_a_batch(project, server):
    """The batch's lock is the canary's too."""
    job = a_job(project)
    with job.shelf.lock, pytest.raises(ProjectBusy):
        run_canary(job)


def test_it_is_no_part_of_the_run_before(project, server):
    """The report of the last run stays as it was."""
    for _ in run_batch(a_job(project)):
        pass
    job = a_job(project)
    before = last_run(job.shelf.journal)
    table(project, {"scene": "rain"})
    run_canary(a_job(project))
    assert last_run(job.shelf.journal) == before


def test_a_piece_of_a_clip_is_small_and_whole(project, server, tmp_path):
    """Size and frames as asked, sound where the clip has one."""
    table(project, {"scene": "rain"}, {"scene": "mute", "audio": "no"})
    job = a_job(project)
    for _ in run_batch(job):
        pass
    for take in load_takes(job.shelf)[0]:
        clip = clip_path(job.shelf, take.scene, take.take_id)
        out = write_sample(clip, tmp_path / f"{take.scene}.mp4", 128, 64, 17)
        info = probe(out)
        assert (info.width_px, info.height_px, info.frames, info.fps) == (128, 64, 17, 24)
        assert info.has_audio is (take.scene == "rain")
    assert sorted(path.name for path in tmp_path.glob("*.mp4*")) == ["mute.mp4", "rain.mp4"]
