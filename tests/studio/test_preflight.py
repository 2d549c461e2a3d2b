"""Everything a night needs, looked at before it costs anything."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ltxlib.comfy.client import ComfyClient
from ltxlib.core import catalog
from ltxlib.core.plan import Estimate
from ltxlib.core.readiness import BAD, DOUBT, GOOD
from ltxlib.core.room import Rate
from ltxlib.core.schema import shipped
from ltxlib.pod.comfyui import ComfyHome
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from ltxlib.store.night_files import night_folder
from ltxlib.studio import preflight_disk, preflight_limits, preflight_pod
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import Connection, connect
from ltxlib.studio.preflight import Wanted, preflight
from ltxlib.studio.price import HourlyPrice
from tests.support.made_takes import put_take
from tests.support.runpod import KEY, POD, put_runpodctl, runpod
from tests.support.studio import a_project

NOW = 1_800_000_000.0
WELL = Estimate(3600.0, 7200.0, "from 3 takes made here")
PRICE = HourlyPrice(0.5, "RunPod")


@pytest.fixture(autouse=True)
def nobody_tells(monkeypatch):
    """A machine that is no pod, with nothing in its environment."""
    for name in ("LTX_USD_PER_HOUR", "RUNPOD_POD_ID", "RUNPOD_API_KEY", "LTX_NOTIFY", "LTX_COMFY_ROOT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def on_a_pod(monkeypatch, tmp_path):
    """A pod whose RunPod is on loopback, with $12.50 on the account, and without runpodctl."""
    with runpod() as world:
        monkeypatch.setenv("PATH", str(tmp_path / "empty"))
        monkeypatch.setenv("RUNPOD_POD_ID", POD)
        monkeypatch.setenv("RUNPOD_API_KEY", KEY)
        monkeypatch.setenv("LTX_RUNPOD_GRAPHQL", f"{world.url}/graphql")
        monkeypatch.setenv("LTX_RUNPOD_REST", f"{world.url}/v1")
        yield world


def states(found) -> dict[str, str]:
    """How each line is; the last of a name counts."""
    return {line.what: line.state for line in found.lines}


def line_of(found, what):
    lines = found.lines if hasattr(found, "lines") else found
    return next(line for line in lines if line.what == what)


def everything_in(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_a_whole_project_may_start_and_nothing_was_touched(project, server, tmp_path):
    """All is well on a rehearsal; no file appears or changes, and nothing is posted."""
    before = everything_in(tmp_path)
    found = preflight(project, Wanted(assemble=True), now=NOW)
    assert everything_in(tmp_path) == before
    assert not found.bad
    assert {what for what, state in states(found).items() if state != GOOD} == {"Table"}
    assert "has only 16 words" in found.text()
    assert (found.takes, len(found.missing), found.rehearsal) == (2, 2, True)
    assert found.job is not None
    assert [plan.scene.scene for plan in found.job.plans] == ["rain", "still"]
    assert "2 to make." in line_of(found, "Takes").seen
    assert found.text().endswith("The night can start.")
    facts = json.loads(json.dumps(found.to_json()))
    assert (facts["good"], facts["missing"], facts["rehearsal"], facts["low_s"]) == (True, 2, True, None)
    assert facts["needs_bytes"] == found.needs_bytes > 0
    assert ComfyClient(server.url).queue().pending == ()


def test_takes_that_are_there_shorten_the_night_and_tell_its_pace(project, server, tmp_path):
    """What was rehearsed tells how long the rest lasts; what is there needs nothing."""
    shelf = project.set(rehearsal=True)
    plans = check_project(project).plans
    facts = connect(project).facts
    put_take(shelf, plans[0], 4.0, tmp_path, server=facts)
    found = preflight(project, Wanted(price_usd=0.5), now=NOW)
    assert "1 to make, 1 there already" in line_of(found, "Takes").seen
    assert "from 1 take made here on REHEARSAL" in line_of(found, "Time").seen
    assert 0 < found.low_s < found.high_s
    assert found.low_usd == pytest.approx(found.low_s / 3600 * 0.5)
    put_take(shelf, plans[1], 4.0, tmp_path, server=facts)
    found = preflight(project, Wanted(), now=NOW)
    assert (found.missing, found.bad) == ((), False)
    assert found.text().endswith("The night can start; no take is missing.")


def test_a_server_that_is_away_is_one_line_and_the_rest_is_told(project, monkeypatch):
    """Table, disk, time and money are told without it, by the film's shelf and the catalog."""
    monkeypatch.setenv("LTX_COMFY_URL", "http://127.0.0.1:9")
    found = preflight(project, Wanted(price_usd=0.59), now=NOW)
    assert found.bad
    assert (found.job, found.rehearsal) == (None, None)
    away = line_of(found, "Server")
    assert away.state == BAD
    assert "rehearsal" in away.cure
    assert states(found)["Table"] == DOUBT
    assert "users' reports" in line_of(found, "Time").seen
    assert found.high_usd > 0
    assert "Graphs" not in states(found)
    assert "1 thing to mend before the night can start; nothing was rendered." in found.text()


def test_of_several_servers_those_that_are_away_are_named(project, server, monkeypatch):
    """The night may start with those that answer."""
    monkeypatch.setenv("LTX_COMFY_URL", f"{server.url},http://127.0.0.1:9")
    found = preflight(project, Wanted(), now=NOW)
    assert not found.bad
    (away,) = [line for line in found.lines if line.what == "Server" and line.state == DOUBT]
    assert "http://127.0.0.1:9 is left out" in away.seen


def test_what_the_server_lacks_is_named_with_its_cure(project, tmp_path, monkeypatch):
    """A model file that is not on the server stops the night before it starts."""
    lacking = RehearsalSettings(missing_files=frozenset({catalog.UPSCALER.name}))
    with RehearsalServer(tmp_path / "output", tmp_path / "input", settings=lacking) as running:
        monkeypatch.setenv("LTX_COMFY_URL", running.url)
        found = preflight(project, Wanted(), now=NOW)
    graphs = line_of(found, "Graphs")
    assert (graphs.state, found.job) == (BAD, None)
    assert any(catalog.UPSCALER.name in problem.what for problem in graphs.problems)
    assert catalog.UPSCALER.name in found.text()
    assert "latent_upscale_models" in found.text()


def test_what_is_made_otherwise_is_worth_a_look(project, server):
    """A special whose nodes the server lacks is made plainly, and that is said before."""
    text = project.scenes_csv.read_text().replace("enabled\n", "enabled,special\n", 1)
    lines = text.splitlines()
    project.scenes_csv.write_text("\n".join([lines[0], f"{lines[1]},stg", f"{lines[2]},"]) + "\n")
    found = preflight(project, Wanted(), now=NOW)
    assert not found.bad
    assert line_of(found, "Graphs").state == DOUBT
    assert line_of(found, "Table").state == DOUBT
    assert "made plainly" in found.text()


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (None, "scenes.csv"),
        ("scene,prompt\n", "1 problem to mend"),
        ("scene,prompt,enabled\nrain,Rain falls.,no\n", "asks for no take"),
        ("scene,prompt,frames\nrain,Rain falls.,10\n", "1 problem to mend"),
    ],
)
def test_a_table_that_cannot_be_rendered_stops_the_night(project, server, table, said):
    """No table, no row, no enabled row, or a mistake in one."""
    project.scenes_csv.unlink()
    if table is not None:
        project.scenes_csv.write_text(table)
    found = preflight(project, Wanted(), now=NOW)
    assert found.bad
    assert said in line_of(found, "Table").seen
    assert found.job is None


def test_another_table_can_be_named(project, server, tmp_path):
    """The night's own table, where it is not the project's."""
    other = tmp_path / "other.csv"
    other.write_text(project.scenes_csv.read_text().splitlines()[0] + "\n")
    assert line_of(preflight(project, Wanted(), scenes_csv=other), "Table").seen.startswith("other.csv")


def test_nothing_starts_beside_a_batch_or_a_night(project, server):
    """A batch that runs, a night that runs; the night itself may look while it holds its lock."""
    with project.set(rehearsal=True).lock:
        assert "A batch is running" in line_of(preflight(project, Wanted()), "Other runs").seen
    with night_folder(project).lock:
        found = preflight(project, Wanted())
        assert "A night is running" in line_of(found, "Other runs").seen
        assert found.bad
        assert not preflight(project, Wanted(), inside=True).bad
    assert not preflight(project, Wanted()).bad


def test_a_price_that_is_none_is_a_line(project, server, monkeypatch):
    """A slip in the environment is told, not raised."""
    monkeypatch.setenv("LTX_USD_PER_HOUR", "cheap")
    found = preflight(project, Wanted())
    assert line_of(found, "Price").state == BAD


# Limits.


def limits(estimate=WELL, price=PRICE, rehearsal=False, **wanted):
    return list(preflight_limits.lines(Wanted(**wanted), estimate, price, NOW, rehearsal=rehearsal))


def test_time_and_money_are_ranges_with_their_sources():
    """From best to worst, and where each figure comes from."""
    time_line, money = limits()
    assert time_line.seen == "1 h 0 min to 2 h 0 min (from 3 takes made here)."
    assert money.seen == "$0.50 to $1.00 at $0.50 an hour (RunPod)."
    partly = limits(replace(WELL, left_out=2))
    assert partly[0].state == DOUBT
    assert partly[1].seen.startswith("more than $0.50")


def test_what_is_not_known_is_said_to_be_unknown():
    """No time, no price: a doubt for a film, and how to name a price; a rehearsal costs nothing."""
    unknown = replace(WELL, known=False)
    assert [line.state for line in limits(unknown, None)] == [DOUBT, DOUBT]
    assert "--price" in limits(price=None)[1].cure
    assert [line.state for line in limits(unknown, None, rehearsal=True)] == [GOOD, GOOD]
    assert limits(unknown)[1].seen == "$0.50 an hour (RunPod); for how long is not known."


@pytest.mark.parametrize(
    ("budget", "estimate", "price", "state", "said"),
    [
        (1.0, WELL, PRICE, GOOD, "$1.00 is enough."),
        (0.7, WELL, PRICE, DOUBT, "may not be enough"),
        (0.25, WELL, PRICE, DOUBT, "about 25% to 50% of it"),
        (5.0, replace(WELL, left_out=1), PRICE, DOUBT, "may not be enough"),
        (1.0, replace(WELL, known=False), PRICE, DOUBT, "nobody knows"),
        (1.0, WELL, None, BAD, "cannot be held"),
        (0.0, WELL, PRICE, BAD, "no budget"),
        (1.0, WELL, HourlyPrice(0.0, "named"), GOOD, "enough"),
    ],
)
def test_a_budget_stands_to_what_the_night_may_cost(budget, estimate, price, state, said):
    """Enough, perhaps, not, or nobody can hold it."""
    line = line_of(limits(estimate, price, budget_usd=budget), "Budget")
    assert (line.state, said in line.seen) == (state, True)


@pytest.mark.parametrize(
    ("hours", "estimate", "state", "said"),
    [
        (2.0, WELL, GOOD, "2 h 0 min, which is enough"),
        (1.5, WELL, DOUBT, "may not be enough"),
        (0.5, WELL, DOUBT, "about 25% to 50% of it"),
        (9.0, replace(WELL, left_out=1), DOUBT, "may not be enough"),
        (9.0, replace(WELL, known=False), DOUBT, "nobody knows"),
        (-1.0, WELL, BAD, "has passed"),
    ],
)
def test_the_clock_stands_to_how_long_the_night_may_last(hours, estimate, state, said):
    """Enough, perhaps, not, or over before it began."""
    line = line_of(limits(estimate, until=NOW + hours * 3600), "Clock")
    assert (line.state, said in line.seen) == (state, True)


# Disks.


def needs(project, per_px=0.1, film=False):
    plans = check_project(project).plans
    return preflight_disk.Needs(Rate(per_px, "a test's figure"), plans, plans if film else ())


def test_too_little_room_is_found_before_anything_is_written(project):
    """What may be written is more than there is: the night must not start, and what may go is named."""
    shelf = project.set(rehearsal=False)
    junk = shelf.work / "junk"
    junk.parent.mkdir(parents=True)
    junk.write_bytes(bytes(2_000_000))
    (line,) = preflight_disk.lines(project, shelf, needs(project, 1e9), None)
    assert (line.state, line.seen.startswith("Too little room")) == (BAD, True)
    assert "film/work (2 MB)" in line.cure
    (line,) = preflight_disk.lines(project, shelf, needs(project), None)
    assert line.state == GOOD
    assert "a test's figure" in line.seen


def test_room_that_is_just_enough_is_worth_a_look(project):
    """Between enough and ample there is a doubt."""
    shelf = project.set(rehearsal=False)
    free = preflight_disk.free_bytes(project.root)
    pixels = 2 * 256 * 128 * 9
    (line,) = preflight_disk.lines(project, shelf, needs(project, free * 0.8 / pixels), None)
    assert line.state == DOUBT


def test_a_film_needs_room_of_its_own(project):
    """With the film at the end more is written than the takes alone."""
    assert needs(project, film=True).all_bytes == 3 * needs(project).all_bytes


def a_connection(project, url="http://127.0.0.1:8188", **facts):
    return Connection(ComfyClient(url), shipped(), project.set(rehearsal=False), facts)


def a_home(folder: Path, monkeypatch, arguments="") -> Path:
    folder.mkdir()
    (folder / "main.py").write_text("")
    (folder / "comfyui_args.txt").write_text(arguments)
    monkeypatch.setenv("LTX_COMFY_ROOT", str(folder))
    return folder


def test_comfyuis_own_copies_count_on_the_same_disk_once_more(project, tmp_path, monkeypatch):
    """ComfyUI on this machine keeps a copy of each clip; one disk is one line, with both added up."""
    a_home(tmp_path / "ComfyUI", monkeypatch)
    shelf = project.set(rehearsal=False)
    (line,) = preflight_disk.lines(project, shelf, needs(project), a_connection(project))
    assert "the project and ComfyUI's output folder" in line.seen
    both = preflight_disk.size_text(2 * needs(project).takes_bytes)
    assert f"{both} may be written" in line.seen
    far = a_connection(project, "https://pod-8188.proxy.example")
    (line,) = preflight_disk.lines(project, shelf, needs(project), far)
    assert "ComfyUI" not in line.seen


@pytest.mark.skipif(
    not Path("/dev/shm").is_dir() or Path("/dev/shm").stat().st_dev == Path("/tmp").stat().st_dev,
    reason="needs two disks",
)
def test_two_disks_are_two_lines(project, tmp_path, monkeypatch):
    """ComfyUI's output folder on another disk is judged by that disk."""
    a_home(tmp_path / "ComfyUI", monkeypatch, "--output-directory /dev/shm/ltx-kit-none # on the fast one")
    shelf = project.set(rehearsal=False)
    mine, theirs = preflight_disk.lines(project, shelf, needs(project), a_connection(project))
    assert ("the project" in mine.seen, "ComfyUI's output folder" in theirs.seen) == (True, True)


def test_arguments_that_cannot_be_read_are_no_reason_to_fail(project, tmp_path, monkeypatch):
    """A damaged comfyui_args.txt is told when ComfyUI is to be started, not here."""
    a_home(tmp_path / "ComfyUI", monkeypatch, '--output-directory "open')
    shelf = project.set(rehearsal=False)
    (line,) = preflight_disk.lines(project, shelf, needs(project), a_connection(project))
    assert line.state == GOOD


@pytest.mark.parametrize(
    ("arguments", "folder"),
    [
        ((), "/c/output"),
        (("--output-directory", "/big/out"), "/big/out"),
        (("--base-directory", "/base"), "/base/output"),
        (("--base-directory", "/base", "--output-directory", "/big/out"), "/big/out"),
        (("--output-directory",), "/c/output"),
    ],
)
def test_comfyuis_output_folder_is_where_its_arguments_say(arguments, folder):
    """--output-directory, else --base-directory, else its own folder."""
    assert preflight_disk.output_folder(ComfyHome(Path("/c"), Path("python3"), arguments)) == Path(folder)


# The pod.


def pod_lines(high_usd=1.0, **wanted):
    return list(preflight_pod.lines(Wanted(**wanted), high_usd))


def test_the_balance_stands_to_what_the_night_may_cost(on_a_pod, monkeypatch):
    """Enough, perhaps not, not known; a key that may not know it says nothing."""
    assert line_of(pod_lines(), "Balance").seen == "$12.50 on the account, enough for this night."
    assert line_of(pod_lines(20.0), "Balance").state == DOUBT
    assert line_of(pod_lines(None), "Balance").state == GOOD
    monkeypatch.setenv("RUNPOD_API_KEY", f"{KEY}x")
    assert "Balance" not in [line.what for line in pod_lines()]
    monkeypatch.setenv("LTX_RUNPOD_GRAPHQL", "http://elsewhere.example/graphql")
    assert "Balance" not in [line.what for line in pod_lines()]


def test_a_pod_without_its_card_is_not_started_on(on_a_pod, monkeypatch):
    """A pod can come back with no GPU; then every hour is paid for nothing."""
    monkeypatch.setenv("RUNPOD_GPU_COUNT", "0")
    assert line_of(pod_lines(), "Pod").state == BAD


def test_the_light_switch_is_proven_only_when_it_is_wanted(on_a_pod, tmp_path):
    """Every way is looked at, and nothing is stopped."""
    assert "Light switch" not in [line.what for line in pod_lines()]
    light = line_of(pod_lines(stop_pod=True), "Light switch")
    assert light.state == GOOD
    assert "only the first real stop" in light.seen
    assert [problem.where for problem in light.problems] == [
        "runpodctl knows this pod",
        "RunPod's web interface knows this pod",
    ]
    on_a_pod.tells.clear()
    light = line_of(pod_lines(stop_pod=True), "Light switch")
    assert (light.state, "RUNPOD_API_KEY" in light.cure) == (BAD, True)
    put_runpodctl(tmp_path / "bin", {"get pod": (0, f"{POD} RUNNING")})
    assert line_of(pod_lines(stop_pod=True), "Light switch").state == GOOD
    assert on_a_pod.asked == []


def test_elsewhere_there_is_no_light_to_switch_off():
    """Stopping a pod on a machine that is none is a mistake that is told before the night."""
    assert line_of(pod_lines(stop_pod=True), "Light switch").state == BAD


def test_who_is_told_is_shown_by_host_alone(monkeypatch):
    """Addresses are secrets; what cannot be one is said, and nobody at all only matters for the light."""
    assert line_of(pod_lines(), "Notices").state == GOOD
    assert line_of(pod_lines(stop_pod=True), "Notices").state == DOUBT
    monkeypatch.setenv("LTX_NOTIFY", "https://ntfy.sh/SECRET https://discord.com/SECRET SECRET")
    bad, good = [line for line in pod_lines() if line.what == "Notices"]
    assert (bad.state, len(bad.problems)) == (DOUBT, 2)
    assert bad.seen.startswith("2 of 3 addresses in LTX_NOTIFY")
    assert good.seen == "Told are ntfy.sh."
    assert "SECRET" not in repr([bad, good])


def test_no_ffmpeg_is_bad_only_for_a_film(monkeypatch, tmp_path):
    """Takes are made without it, a film is not."""
    monkeypatch.setenv("LTX_FFMPEG", str(tmp_path / "none"))
    assert line_of(pod_lines(assemble=True), "ffmpeg").state == BAD
    assert line_of(pod_lines(), "ffmpeg").state == DOUBT


def test_no_key_is_in_what_was_found(on_a_pod, project, server, monkeypatch):
    """Not in the text, not in the JSON."""
    monkeypatch.setenv("LTX_NOTIFY", "https://ntfy.sh/SECRETTOPIC")
    found = preflight(project, Wanted(stop_pod=True), now=NOW)
    for told in (found.text(), json.dumps(found.to_json()), repr(found)):
        assert KEY not in told
        assert "SECRET" not in told
    assert found.price == HourlyPrice(0.59, "RunPod")


def test_a_machine_without_a_card_is_worth_a_look():
    """ComfyUI on a processor alone renders, but not in a night."""
    from ltxlib.studio.preflight import _server_line

    line = _server_line("http://127.0.0.1:8188", {"comfyui": "0.33.0", "devices": ["cpu"]})
    assert (line.state, "no graphics card" in line.seen) == (DOUBT, True)
    line = _server_line("http://127.0.0.1:8188", {"devices": ["cuda:0 NVIDIA L40S : native"]})
    assert (line.state, "L40S" in line.seen) == (GOOD, True)


def test_a_project_elsewhere_is_looked_at_too(tmp_path, server):
    """Nothing of a project needs to be there but its table and what that names."""
    project = a_project(tmp_path / "another")
    assert not preflight(project, Wanted(), now=NOW).bad
