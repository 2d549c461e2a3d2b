"""Takes on every rung of the ladder, made by the rehearsal and by a real ComfyUI."""

from __future__ import annotations

import threading
import uuid
from pathlib import Path

import pytest

from ltxlib.comfy.state import require_video
from ltxlib.core import ladder
from ltxlib.studio import saving
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.job import job_for
from tests.support.bench import Bench
from tests.support.contract_ways import SMALL, write_scenes
from tests.support.studio import a_project


def test_every_rung_is_made(bench: Bench, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The graph of each rung is taken, and its clip is found to be what the rung says it is."""
    monkeypatch.setenv("LTX_COMFY_URL", bench.url)
    project = a_project(tmp_path / "project")
    cells = {**SMALL, "scene": "snow", "width": "256", "height": "192", "frames": "17"}
    write_scenes(project, {**cells, "seed": str(seed)})
    job = job_for(project, connect(project), check_project(project))
    means = ladder.Means(job.workflows, job.schema)
    (asked,) = job.plans
    found = {}
    for rung in ladder.rungs_of(asked, means):
        plan, prompt_id = ladder.lower(asked, rung, means), str(uuid.uuid4())
        graph = job.graph(plan, prompt_id, {})
        job.client.submit(graph, prompt_id=prompt_id)
        while (state := job.client.status(prompt_id)).kind in ("pending", "running"):
            threading.Event().wait(0.05)
        done = saving.Finished(plan, prompt_id, graph, require_video(state), 1.0)
        take, _ = saving.save(job.shelf, job.connection, done)
        facts = take.clip
        found[rung] = (facts.width_px, facts.height_px, facts.frames, facts.has_sound, take.rung)
    assert found == {
        0: (256, 192, 17, True, 0),
        1: (256, 192, 17, True, 1),
        2: (256, 192, 17, True, 2),
        3: (256, 192, 9, True, 3),
        4: (192, 128, 9, True, 4),
        5: (192, 128, 9, True, 5),
        6: (192, 128, 9, False, 6),
    }
