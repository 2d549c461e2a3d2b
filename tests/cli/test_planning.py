"""The verb plan: what would run, told without a server."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from ltxlib.cli.main import main
from ltxlib.core import catalog
from ltxlib.store.takes import save_take
from ltxlib.studio.check import check_project
from tests.support.made_takes import put_take
from tests.support.studio import HEADER, a_project
from tests.support.takes import a_take

ROWS = (
    "rain,t2v,@rain/window,,65,1536,1024,2,yes,yes",
    "still,i2v,Mist drifts over the water with a soft hush.,still.png,121,1280,704,1,no,yes",
)


@pytest.fixture
def project(tmp_path, monkeypatch):
    # Nobody answers there, so a verb that asked would fail.
    monkeypatch.setenv("LTX_COMFY_URL", "http://127.0.0.1:9")
    return a_project(tmp_path / "project", ROWS)


def kit(capsys, *arguments):
    """Run plan; gives exit code, output and complaints."""
    try:
        code = main(["plan", *map(str, arguments)])
    except SystemExit as stop:
        code = stop.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_night_is_told_in_one_screen(capsys, project):
    """Each take has a line with seed, id, size, length, time and money; the totals name their sources."""
    code, out, _ = kit(capsys, "--project", project.root)
    lines = out.splitlines()
    assert code == 0
    assert len(lines) <= 24
    assert sum("take0" in line for line in lines) == 3
    (rain,) = [line for line in lines if line.startswith("rain") and "take01" in line]
    assert "1536x1024  2.71 s  45 s to 2 min 30 s  $0.01 to $0.02" in rain
    assert "The night: 3 takes to make; time 4 min 18 s to 10 min 40 s, loading" in out
    assert "RTX 4090 at $0.59 an hour" in out
    assert "Model files to bring: 54.1 GB. The pod: 90 GB of system RAM or more." in out
    assert "users' reports" in out


def test_explain_tells_graph_files_stages_and_memory(capsys, project):
    """Every way of making a clip is told once, with all it needs."""
    code, out, _ = kit(capsys, project.scenes_csv, "--explain", "--project", project.root)
    assert code == 0
    assert "1. 2 takes with workflows/asmr-txt2vid.json (t2v)" in out
    assert "2. 1 take with workflows/asmr-img2vid.json (i2v)" in out
    assert "stage 1  768x512, 8 steps, CFG 1" in out
    assert "stage 2  1536x1024, 3 steps, CFG 1" in out
    assert "stage 1  640x352, 8 steps, CFG 1" in out
    assert "65 frames at 24 fps, 2.71 s, with sound" in out
    assert "121 frames at 24 fps, 5.04 s, without sound" in out
    assert "43.3 GB  checkpoints/ltx-2-19b-distilled.safetensors" in out
    assert "54.1 GB  together" in out
    assert "RAM      90 GB or more (" in out


def test_ways_that_differ_in_the_mode_alone_are_told_once(capsys, tmp_path):
    """The second of two ways that need the same says so instead of saying it again."""
    project = a_project(
        tmp_path / "same", (ROWS[0], ROWS[1].replace("121,1280,704,1,no", "65,1536,1024,1,yes"))
    )
    _, out, _ = kit(capsys, "--explain", "--project", project.root)
    assert "all else as in 1" in out
    assert out.count("together") == 1


def test_machines_are_told_the_same(capsys, project):
    """--json gives takes, ways, the night and the price as one object."""
    code, out, _ = kit(capsys, "--json", "--price", "1,20", "--project", project.root)
    facts = json.loads(out)
    assert code == 0
    assert [take["way"] for take in facts["takes"]] == [0, 0, 1]
    assert facts["takes"][0]["low_s"] == 45
    assert facts["takes"][0]["high_usd"] == 0.05
    assert facts["ways"][0]["stages"][1] == {"width_px": 1536, "height_px": 1024, "steps": 3, "cfg": 1.0}
    assert facts["night"]["takes"] == 3
    assert facts["night"]["low_s"] < facts["night"]["high_s"]
    assert facts["night"]["download_bytes"] == sum(file["size_bytes"] for file in facts["ways"][0]["files"])
    assert facts["price"] == {"card": "your card", "usd_per_hour": 1.2, "source": "named with --price"}


def test_takes_that_are_there_are_not_counted(capsys, project, tmp_path):
    """What lies in production/film already costs nothing more."""
    _, out, _ = kit(capsys, "--json", "--project", project.root)
    takes = json.loads(out)["takes"]

    def made(take):
        clip = tmp_path / "clip.mp4"
        clip.write_bytes(b"film")
        save_take(project.set(rehearsal=False), a_take(scene=take["scene"], take_id=take["take"]), clip)

    made(takes[0])
    made(takes[1])
    _, out, _ = kit(capsys, "--project", project.root)
    assert out.count("there already") == 3
    assert "1 take to make, 2 there already" in out
    made(takes[2])
    _, out, _ = kit(capsys, "--project", project.root)
    assert "nothing would be rendered" in out


def test_takes_that_were_made_tell_how_long_others_last(capsys, project, tmp_path):
    """With a take on the film's shelf, times are those of that card; without a like it the catalog's."""
    plans = check_project(project).plans
    put_take(project.set(rehearsal=False), plans[0], 100.0, tmp_path)
    _, out, _ = kit(capsys, "--project", project.root)
    (rain,) = [line for line in out.splitlines() if line.startswith("rain") and "take02" in line]
    assert "1 min 20 s to 2 min 5 s" in rain
    assert "Time: from 1 take made here on NVIDIA L40S." in out


def test_a_graph_of_ones_own_is_explained_as_far_as_it_can_be(capsys, project):
    """A node that only the creator's server knows is named, and the plan is told all the same."""
    path = project.workflows / "asmr-txt2vid.json"
    graph = json.loads(path.read_text())
    graph["nodes"].append({"id": 9999, "type": "PackNode", "mode": 0, "inputs": [], "outputs": []})
    path.write_text(json.dumps(graph))
    code, out, _ = kit(capsys, "--explain", "--project", project.root)
    assert code == 0
    assert "cannot be read without its server" in out
    assert "PackNode" in out


def test_what_cannot_be_known_of_a_graph_of_ones_own_is_not_guessed(capsys, project):
    """Its model is the one that its loaders name; time, and memory without such a model, are not known."""
    graph = json.loads((project.workflows / "asmr-txt2vid.json").read_text())
    text = json.dumps(graph).replace("ltx-2-19b-distilled.safetensors", "ltx-2-19b-dev.safetensors")
    (project.workflows / "dev.json").write_text(text)
    text = text.replace("ltx-2-19b-dev.safetensors", "my-own.safetensors")
    (project.workflows / "mine.json").write_text(text)
    lines = [f"{name},t2v,@rain/window,,65,768,512,1,yes,yes,{name}.json" for name in ("dev", "mine")]
    project.scenes_csv.write_text("\n".join((f"{HEADER},workflow", *lines)) + "\n")
    _, out, _ = kit(capsys, "--explain", "--json", "--project", project.root)
    told = json.loads(out)
    dev, mine = told["ways"]
    assert (dev["model"], mine["model"], mine["ram_gb"]) == ("ltx-2-19b-dev", None, None)
    assert "my-own.safetensors" in mine["unknown_files"]
    assert told["night"]["left_out"] == 2
    _, out, _ = kit(capsys, "--explain", "--project", project.root)
    assert "none that the catalog knows is named in this graph" in out
    assert "no time is known for mine.json: nobody has reported one" in out


def test_a_long_night_keeps_to_a_screen(capsys, tmp_path):
    """Twenty takes are listed and the rest counted; --explain lists them all."""
    project = a_project(tmp_path / "long", (ROWS[0].replace(",2,yes,yes", ",30,yes,yes"),))
    _, out, _ = kit(capsys, "--project", project.root)
    assert "and 10 takes more" in out
    assert len(out.splitlines()) <= 32
    _, out, _ = kit(capsys, "--explain", "--project", project.root)
    assert out.count("take30") == 1


def test_nothing_enabled_is_said(capsys, tmp_path):
    """A table in which all is switched off is no fault and costs nothing."""
    project = a_project(tmp_path / "off", (ROWS[0].replace("yes,yes", "yes,no"),))
    code, out, _ = kit(capsys, "--project", project.root)
    assert (code, "nothing would run" in out) == (0, True)


def test_a_fault_in_the_table_is_told(capsys, project):
    """Problems come as with the other verbs, also steps that a distilled model cannot be given."""
    project.scenes_csv.write_text(f"{HEADER},model,steps\n{ROWS[0]},ltx-2-19b-distilled,20\n")
    code, _, err = kit(capsys, "--project", project.root)
    assert code == 1
    assert "column steps: ltx-2-19b-distilled cannot be given 20 steps" in err
    assert "write ltx-2-19b-dev as model" in err


def test_a_damaged_catalog_is_told_in_a_sentence(tmp_path, project_root):
    """Who extends the catalog and slips is told the line, not shown a traceback."""
    package = tmp_path / "ltxlib"
    shutil.copytree(project_root / "ltxlib", package, ignore=shutil.ignore_patterns("__pycache__"))
    file = package / "core" / "catalog.json"
    whole = file.read_text("utf-8")
    for damaged, said in (
        (whole[:500], "catalog.json line"),
        (whole.replace('"gated": false', '"gated": "no"', 1), "gated: This is neither true nor false."),
    ):
        file.write_text(damaged, "utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "ltxlib", "plan", "--models"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("price", ["-1", "nan", "much", "inf"])
def test_an_odd_price_is_refused(capsys, project, price):
    """A price is dollars an hour and nothing else."""
    code, _, err = kit(capsys, f"--price={price}", "--project", project.root)
    assert (code, "is not a price" in err) == (2, True)


def test_presets_are_told_with_time_and_memory(capsys):
    """Four presets, each with size, model, time, money and memory, and where the figures come from."""
    code, out, _ = kit(capsys, "--presets")
    assert code == 0
    assert len(out.splitlines()) <= 24
    for name in ("draft", "standard", "quality", "low memory"):
        (row,) = [line for line in out.splitlines() if line.startswith(name) and "19b" in line]
        assert " GB" in row
        assert " s" in row
        assert "$" in row
    assert "not measured" in out
    _, out, _ = kit(capsys, "--presets", "--json")
    assert [preset["name"] for preset in json.loads(out)["presets"]] == [
        preset.name for preset in catalog.shipped().presets
    ]


def test_models_are_told_with_what_they_need(capsys):
    """Every model of the catalog is listed, and which of them a scene can name."""
    code, out, _ = kit(capsys, "--models")
    assert code == 0
    for name, model in catalog.KNOWN.items():
        (row,) = [line for line in out.splitlines() if line.startswith(f"{name} ")]
        assert ("not yet" in row) is not model.drivable
    assert "20-40 steps CFG 3.5-5 + 3 steps CFG 1" in out
    _, out, _ = kit(capsys, "--models", "--json")
    facts = json.loads(out)["models"]
    assert [model["name"] for model in facts] == list(catalog.KNOWN)
    assert facts[0]["files"][0]["hf_repo"] == "Lightricks/LTX-2"
