"""A batch that is killed loses nothing and repeats nothing."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter

from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from ltxlib.store.files import sha256_of
from ltxlib.store.takes import clip_path, load_takes
from tests.support.studio import a_project

FOUR = tuple(
    f"scene{n},t2v,Soft rain taps against frosted glass number {n}.,,9,128,128,1,yes,yes" for n in range(4)
)


def batch(project, url):
    """A batch in a process of its own; its events are its lines."""
    return subprocess.Popen(
        [sys.executable, "-m", "ltxlib", "batch", "--json", "--project", str(project.root)],
        env={**os.environ, "LTX_COMFY_URL": url},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_sigkill_in_mid_take_costs_nothing_but_time(tmp_path):
    """Killed while a take renders, the next run finishes the rest; every take is rendered and kept once."""
    project = a_project(tmp_path / "project", FOUR)
    settings = RehearsalSettings(seconds_per_step=0.05)
    with RehearsalServer(tmp_path / "output", tmp_path / "input", settings=settings) as server:
        with batch(project, server.url) as first:
            saved = False
            for line in first.stdout:
                event = json.loads(line)["event"]
                saved = saved or event == "TakeSaved"
                if saved and event == "TakeProgress":
                    first.send_signal(signal.SIGKILL)
                    break
        assert first.returncode == -signal.SIGKILL
        with batch(project, server.url) as second:
            last = [json.loads(line) for line in second.stdout][-1]
        assert second.returncode == 0
        assert last["made"] + last["there"] == 4
        assert last["there"] >= 1
        rendered = list((tmp_path / "output").rglob("*.mp4"))
    shelf = project.set(rehearsal=True)
    takes, problems = load_takes(shelf)
    assert problems == []
    assert sorted(take.scene for take in takes) == [f"scene{n}" for n in range(4)]
    assert all(sha256_of(clip_path(shelf, take.scene, take.take_id)) == take.clip.sha256 for take in takes)
    assert Counter(entry["scene"] for entry in shelf.journal if entry["event"] == "saved") == Counter(
        f"scene{n}" for n in range(4)
    )
    assert len(rendered) == 4, "a take was rendered twice"
    assert not list(project.production.rglob("*.part"))
