"""What a rehearsal ran is on disk, and half files of one that was killed are not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import requests

from ltxlib.rehearsal.aside import aside
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from tests.support.rehearsal import Client
from tests.support.rehearsal_graphs import small_graph


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_each_prompt_has_a_line_as_it_begins_and_one_as_it_ends(tmp_path: Path) -> None:
    """The lines name the prompt, its file, the faults that struck it and how it ended, across a restart."""
    record = tmp_path / "record"
    settings = RehearsalSettings(record=record)
    server = RehearsalServer(tmp_path / "o", tmp_path / "i", settings=settings)
    with server:
        server.faults.add("oom")
        client = Client(server)
        client.run(small_graph())
    with server:
        client.run(small_graph())
    found = lines(record)
    assert [(line["what"], line.get("struck"), line.get("status")) for line in found] == [
        ("begins", ["oom"], None),
        ("ends", None, "error"),
        ("begins", [], None),
        ("ends", None, "success"),
    ]
    assert found[0]["prompt_id"] == found[1]["prompt_id"] != found[2]["prompt_id"]
    assert all(line["saved_as"] in small_graph()["save"]["inputs"]["filename_prefix"] for line in found)
    assert found[0]["saved_as"]
    assert [line["at"] for line in found] == sorted(line["at"] for line in found)


def test_what_was_cut_off_has_no_end(tmp_path: Path) -> None:
    """A prompt that is forgotten in mid-take began and never ended."""
    record = tmp_path / "record"
    settings = RehearsalSettings(record=record)
    with RehearsalServer(tmp_path / "o", tmp_path / "i", settings=settings) as server:
        server.faults.add("forget")
        client = Client(server)
        client.submit(small_graph())
        # What waits is forgotten along with it, so the next one comes after.
        client.until("/queue", lambda queue: not queue["queue_running"] and not queue["queue_pending"])
        client.run(small_graph())
    assert [line["what"] for line in lines(record)] == ["begins", "begins", "ends"]


def test_a_record_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    """Rendering goes on where there is no place for the record."""
    settings = RehearsalSettings(record=tmp_path / "missing" / "record")
    with RehearsalServer(tmp_path / "o", tmp_path / "i", settings=settings) as server:
        assert Client(server).run(small_graph())["status"]["status_str"] == "success"
    assert not (tmp_path / "missing").exists()


def test_half_files_of_the_dead_are_swept(tmp_path: Path) -> None:
    """On starting, what a killed rehearsal left half written goes; what a living process writes stays."""
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    folder = tmp_path / "o" / "scene"
    folder.mkdir(parents=True)
    left, others = folder / f"a.mp4.{gone.pid}.part", folder / "b.part"
    mine = aside(folder / "c.mp4")
    for path in (left, others, mine):
        path.write_bytes(b"half")
    with RehearsalServer(tmp_path / "o", tmp_path / "i"):
        assert sorted(folder.iterdir()) == sorted([others, mine])


SERVE = """
import sys
from pathlib import Path
from ltxlib.rehearsal.server import serve_forever
from ltxlib.rehearsal.settings import RehearsalSettings

root = Path(sys.argv[1])
settings = RehearsalSettings(record=root / "record")
ready = lambda server: print(server.url, flush=True)
serve_forever(root / "o", root / "i", port=0, settings=settings, on_ready=ready)
"""


def test_a_killed_rehearsal_leaves_its_record(tmp_path: Path, project_root: Path) -> None:
    """After kill -9 the record tells what ran, and no half file outlives the next start."""
    words = [sys.executable, "-c", SERVE, str(tmp_path)]
    with subprocess.Popen(words, cwd=project_root, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        url = running.stdout.readline().strip()
        graph = small_graph()
        requests.post(url + "/prompt", json={"prompt": graph}, timeout=10).raise_for_status()
        while not list((tmp_path / "o").rglob("*.mp4*")):
            assert running.poll() is None
        os.kill(running.pid, signal.SIGKILL)
    assert lines(tmp_path / "record")[0]["what"] == "begins"
    with RehearsalServer(tmp_path / "o", tmp_path / "i"):
        assert not list((tmp_path / "o").rglob("*.part"))
