"""The benchmarks judge as they say they do."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import chaos, long_night, night
from benchmarks.box import Execution, executions, small_project
from benchmarks.chaos_check import wrong_with
from benchmarks.chaos_script import FILL_DISK, KINDS, drawn
from benchmarks.flatten import Sweep, figures, main
from ltxlib.store.project import Project
from tests.support.official_templates import Template, Verdict


def _sweep(ltx: list[str], others: list[str]) -> Sweep:
    verdicts = [Verdict(Template(f"l{place}", True, {}), kind) for place, kind in enumerate(ltx)]
    verdicts += [Verdict(Template(f"o{place}", False, {}), kind) for place, kind in enumerate(others)]
    return Sweep(tuple(verdicts), "a table", True, 0, 1.0)


@pytest.mark.parametrize(
    ("ltx", "others", "good"),
    [
        (["equal"], ["equal"] * 19 + ["differing"], True),
        (["equal"], ["equal"] * 18 + ["differing", "refused"], False),
        (["equal"], ["equal", "unknown nodes", "no answer"], True),
        (["equal"] * 99 + ["differing"], ["equal"], False),
        (["equal", "unknown nodes"], ["equal"], True),
        (["no answer"], ["equal"], False),
        (["equal"], ["unknown nodes"], False),
    ],
)
def test_only_what_the_client_can_flatten_counts(ltx: list[str], others: list[str], good: bool) -> None:
    """All of LTX's and 95 of 100 others must be equal; what the client cannot flatten counts for neither."""
    pytest.importorskip("comfyui_workflow_templates_json")
    pytest.importorskip("comfyui_frontend_package")
    found = _sweep(ltx, others)
    assert found.good is good
    assert figures(found)["good"] is good
    assert figures(found)["ltx"]["asked"] == len(ltx)


def test_words_it_does_not_know_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt option ends at once, before any browser is started."""
    with pytest.raises(SystemExit) as ended:
        main(["--chek"])
    assert ended.value.code == 2
    assert "--chek" in capsys.readouterr().err


def _night(servers: int, makespan_s: float, made: int = 60) -> night.Night:
    return night.Night("a night", servers, 60, made, makespan_s, 120.0)


@pytest.mark.parametrize(
    ("one_s", "many_s", "made", "good"),
    [(121.0, 41.0, 60, True), (122.0, 41.0, 60, False), (121.0, 42.0, 60, False), (121.0, 41.0, 59, False)],
)
def test_a_night_is_good_when_it_is_whole_and_hardly_waits(
    one_s: float, many_s: float, made: int, good: bool
) -> None:
    """At most 1.01 of the rendering with one server, 2.9 times faster with three, and every scene made."""
    found = night.Nights(_night(1, one_s), _night(1, 150.0), _night(3, many_s, made))
    assert found.good is good
    assert found.one.ratio == pytest.approx(one_s / 120)
    assert found.many.ratio == pytest.approx(many_s / 40)
    assert night.figures(found)["good"] is good


def test_a_small_night_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    """Three scenes are made by the batch, by the loop and by three servers; the servers' time is told."""
    assert night.main(["--scenes", "3", "--seconds", "0.2"]) == 0
    said = capsys.readouterr().out
    result = json.loads(said.splitlines()[-1])
    for name, servers in (("one", 1), ("loop", 1), ("many", 3)):
        assert (result[name]["made"], result[name]["servers"]) == (3, servers)
        assert result[name]["makespan_s"] > result[name]["rendering_s"] / servers >= 0.2
    assert "submit, wait, download" in said


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, list[Execution]]:
    """A small project that was made by the batch, and what the server ran for it."""
    folder = tmp_path_factory.mktemp("filmed")
    project = small_project(folder / "film", 3)
    with night.rehearsals(1, folder / "servers", night.environment("tests"), 0.0) as servers:
        assert night.by_batch(servers, project, 3, folder / "log").complete
    return project, executions(servers[0].record)


def test_what_a_rehearsal_ran_is_read_from_its_record(filmed: tuple[Project, list[Execution]]) -> None:
    """Each prompt is told with its scene, its take and how it ended."""
    project, ran = filmed
    takes = {(path.parent.name, path.stem) for path in project.set(rehearsal=True).takes.glob("*/*.mp4")}
    assert {(one.scene, one.take) for one in ran} == takes
    assert [one.status for one in ran] == ["success"] * 3


def _gone(shelf: Path) -> None:
    shutil.rmtree(shelf / "takes" / "scene001")


def _damaged(shelf: Path) -> None:
    (clip,) = (shelf / "takes" / "scene001").glob("*.mp4")
    clip.write_bytes(clip.read_bytes()[:-200] + bytes(200))


def _twice(shelf: Path) -> None:
    for path in (shelf / "takes" / "scene001").iterdir():
        other = path.with_name(path.name.replace("take01", "take09"))
        other.write_text(path.read_text().replace("take01", "take09")) if path.suffix == ".json" else (
            shutil.copy(path, other)
        )


def _no_record(shelf: Path) -> None:
    (record,) = (shelf / "takes" / "scene001").glob("*.json")
    record.unlink()


def _half(shelf: Path) -> None:
    (shelf / "takes" / "scene001" / "x.mp4.7.part").write_bytes(b"half")


def _incoming(shelf: Path) -> None:
    (shelf / "work" / "incoming").mkdir(parents=True, exist_ok=True)
    (shelf / "work" / "incoming" / "x.mp4").write_bytes(b"whole")


def _saved_twice(shelf: Path) -> None:
    journal = shelf / "journal.jsonl"
    lines = journal.read_text().splitlines()
    journal.write_text("\n".join([*lines, *(line for line in lines if '"saved"' in line)]) + "\n")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_gone, "scene001 has 0 takes"),
        (_damaged, "is not the one that its record tells of"),
        (_twice, "scene001 has 2 takes"),
        (_no_record, "is a clip with no record"),
        (_half, "a half file is left"),
        (_incoming, "a fetched clip is left"),
        (_saved_twice, "scene001 was saved 2 times"),
    ],
)
def test_chaos_sees_what_is_wrong(
    filmed: tuple[Project, list[Execution]], tmp_path: Path, spoil: Callable[[Path], None], says: str
) -> None:
    """A project as the batch left it has nothing wrong with it; each thing that is spoilt is told."""
    project, ran = filmed
    copy = Project(tmp_path / "copy")
    shutil.copytree(project.root, copy.root)
    assert wrong_with(copy, 3, ran) == []
    spoil(copy.set(rehearsal=True).folder)
    assert any(says in line for line in wrong_with(copy, 3, ran))


def test_chaos_sees_what_was_rendered_again(filmed: tuple[Project, list[Execution]]) -> None:
    """What was cut off or came out damaged may be begun again; what had ended well may not."""
    project, ran = filmed
    cut_off = Execution("1" * 36, ran[0].scene, ran[0].take, frozenset(), "")
    damaged = Execution("2" * 36, ran[0].scene, ran[0].take, frozenset({"truncated"}), "success")
    assert wrong_with(project, 3, [cut_off, damaged, *ran]) == []
    (line,) = wrong_with(project, 3, [*ran, cut_off])
    assert "rendered again as 11111111" in line


def test_a_round_of_chaos_can_be_had_again() -> None:
    """The same seed draws the same round; every kind of trouble comes up, the full disk only where it can."""
    scripts = [drawn(place, place, disk=True) for place in range(40)]
    assert scripts == [drawn(place, place, disk=True) for place in range(40)]
    kinds = Counter(strike.kind for script in scripts for strike in script.strikes)
    assert set(kinds) == set(KINDS)
    without = [drawn(place, place, disk=False) for place in range(40)]
    assert FILL_DISK not in {strike.kind for script in without for strike in script.strikes}


def test_rounds_of_chaos_end_well(capsys: pytest.CaptureFixture[str]) -> None:
    """Two rounds: the batch is killed, the rehearsal is killed; all is made once, nothing is left over."""
    code = chaos.main(["--rounds", "2", "--seed", "5", "--check"])
    said = capsys.readouterr().out
    assert code == 0, said
    result = json.loads(said.splitlines()[-1])
    assert (result["rounds"], result["good_rounds"]) == (2, 2)
    assert {"kill night", "kill rehearsal"} <= set(result["strikes"])
    assert result["renders"] >= result["scenes"]


def test_a_long_night_strikes_each_scene_once() -> None:
    """Every kind strikes its share; no scene is struck by two, and what is refused is struck for good."""
    ordered = long_night.drawn(500, 0.05, 1)
    kinds = Counter(ordered.by_scene.values())
    assert set(kinds) == set(long_night.TAKES)
    assert kinds["hang"] == 5
    assert all(count == 25 for kind, count in kinds.items() if kind != "hang")
    assert len(ordered.moments) == 50
    assert Counter(ordered.by_scene[scene] for scene in ordered.hopeless) == {
        **dict.fromkeys(long_night.REFUSALS, 25),
        **dict.fromkeys(("oom", "truncated", "no_file", "no_outputs"), 5),
    }


def test_a_long_night_makes_what_can_be_made(capsys: pytest.CaptureFixture[str]) -> None:
    """Twenty scenes, each kind of fault once: all but the two refused ones are made, and these are named."""
    code = long_night.main(["--scenes", "20", "--seed", "2"])
    said = capsys.readouterr().out
    assert code == 0
    result = json.loads(said.splitlines()[-1])
    assert result["wrong"] == []
    assert (result["made"], result["failed"], result["hopeless"]) == (18, 2, 2)
    assert result["report_bytes"] < 1_000_000
