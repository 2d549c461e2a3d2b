"""Draft, pick, finish on the command line."""

import json

import pytest

from ltxlib.cli.main import main
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.store.takes import load_drafts, load_takes
from tests.support.studio import a_project


@pytest.fixture
def project(tmp_path):
    return a_project(tmp_path / "project")


@pytest.fixture
def server(tmp_path, monkeypatch):
    with RehearsalServer(tmp_path / "output", tmp_path / "input") as running:
        monkeypatch.setenv("LTX_COMFY_URL", running.url)
        yield running


@pytest.fixture
def kit(capsys, project):
    """Runs a verb in the project; gives exit code, output and complaints."""

    def run(*words):
        try:
            code = main([*(str(word) for word in words), "--project", str(project.root)])
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def test_from_drafts_to_the_finished_take(kit, project, server):
    """draft makes some, pick lists and picks, finish and plan know of it; every step says what comes next."""
    code, out, err = kit("draft", "rain", "--count", "2")
    assert (code, err) == (0, "")
    assert "2 drafts asked for" in out and "REHEARSAL" in out
    assert "production/REHEARSAL/drafts" in out and "./kit pick" in out
    code, out, _ = kit("pick")
    assert code == 0
    lines = [line.split() for line in out.splitlines() if line.startswith("rain")]
    assert [line[1] for line in lines] == ["1", "2"]
    code, out, _ = kit("pick", "rain", "2")
    assert code == 0 and "Draft 2 of rain" in out and "./kit finish" in out
    assert "picked" in kit("pick", "rain")[1]
    code, out, _ = kit("finish")
    assert code == 0
    assert "rain: take 2 from draft 2" in out and "1 made" in out
    shelf = project.set(rehearsal=True)
    ((take,), _) = load_takes(shelf)
    assert take.from_draft == load_drafts(shelf)[0][1].take_id
    assert "finished" in kit("pick", "rain")[1]
    assert "1 of 1 there already" in kit("finish")[1]


def test_the_batch_goes_by_the_picks(kit, project, server):
    """With a pick, batch finishes it in place of take 1 and leaves the other scenes as they are."""
    kit("draft", "rain", "--count", "3")
    kit("pick", "rain", "3")
    code, out, _ = kit("batch")
    assert code == 0 and "2 takes asked for" in out
    takes, _ = load_takes(project.set(rehearsal=True))
    assert [(take.scene, take.take_no, bool(take.from_draft)) for take in takes] == [
        ("rain", 3, True),
        ("still", 1, False),
    ]


def test_machines_get_json(kit, project, server):
    """--json: events a line, picks and lists as objects."""
    code, out, _ = kit("draft", "rain", "--count", "1", "--json")
    told = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and told[0]["takes"] == 1 and told[-1]["made"] == 1
    saved = next(one for one in told if one["event"] == "TakeSaved")
    one = json.loads(kit("pick", "--json")[1])["drafts"][0]
    assert (one["draft"], one["picked"], one["finished"]) == (saved["take"], False, False)
    assert json.loads(kit("pick", "rain", "1", "--json")[1])["picked"] is True
    made = [json.loads(line) for line in kit("finish", "--json")[1].splitlines()]
    assert next(event["take"] for event in made if event["event"] == "TakeSaved") == one["take"]
    assert json.loads(kit("pick", "rain", "1", "--drop", "--json")[1])["picked"] is False


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("draft", "rian"), "no scene named “rian”"),
        (("pick", "rain", "7"), "no draft 7 of rain"),
        (("finish",), "No draft is picked yet"),
    ],
)
def test_what_is_not_there_is_a_sentence(kit, server, words, said):
    """A wrong name or nothing to do ends with 1, a sentence and a cure."""
    code, _, err = kit(*words)
    assert code == 1
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize("count", ["0", "25", "few", "-1"])
def test_a_count_has_its_limits(kit, count):
    """What is not a number of drafts is refused before anything starts."""
    code, _, err = kit("draft", "rain", f"--count={count}")
    assert code == 2
    assert "write 1 to 24" in err


def test_without_a_server_nothing_starts_but_picking_works(kit, project, server, monkeypatch):
    """draft and finish need a server and end with 2; pick works on what is there."""
    kit("draft", "rain", "--count", "1")
    monkeypatch.setenv("LTX_COMFY_URL", "http://127.0.0.1:9")
    assert kit("draft", "rain")[0] == 2
    assert kit("finish")[0] == 2
    assert "1 " in kit("pick", "rain")[1]
    assert kit("pick", "rain", "1", "--rehearsal")[0] == 0
    assert kit("pick", "rain")[1].count("picked") == 1


def test_an_empty_list_says_how_to_fill_it(kit, server):
    """Before the first draft, pick says how to make one; drafts of a row that changed are counted."""
    assert "./kit draft" in kit("pick")[1]


def test_drafts_of_a_row_that_changed_are_counted(kit, project, server):
    """They are not offered, and the list says that they are there."""
    kit("draft", "rain", "--count", "2")
    text = project.scenes_csv.read_text()
    project.scenes_csv.write_text(text.replace("@rain/window,,9", "@rain/window,,17"))
    out = kit("pick")[1]
    assert "2 drafts more of rows as they were" in out


def test_a_failing_draft_ends_with_1(kit, project, server):
    """A draft that the server cannot make is told with its reason, and the verb ends with 1."""
    server.faults.add("node_errors")
    code, out, _ = kit("draft", "rain", "--count", "1")
    assert code == 1
    assert "FAILED  rain/draft01-" in out
    assert "./kit pick SCENE" not in out


def test_plan_tells_of_the_picks(kit, project, server):
    """plan counts the film's picked takes in place of takes 1, 2 ...; the rehearsal's picks are not its."""
    kit("draft", "rain", "--count", "3")
    kit("pick", "rain", "3")
    told = json.loads(kit("plan", "--json")[1])
    assert [take["take"][:6] for take in told["takes"]] == ["take01", "take01"]
    rehearsed = project.set(rehearsal=True).folder
    (rehearsed / "picks.jsonl").rename(project.production / "picks.jsonl")
    film = project.set(rehearsal=False).folder
    film.mkdir()
    (project.production / "picks.jsonl").rename(film / "picks.jsonl")
    told = json.loads(kit("plan", "--json")[1])
    assert [take["take"][:6] for take in told["takes"]] == ["take03", "take01"]
