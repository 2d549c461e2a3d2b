"""The rehearsal against a real ComfyUI, side by side: the same graph, the same answers, story and file.

Here the rehearsal declares the nodes and files of the real one. All is left out where no real one is named.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from ltxlib.core import recipes, roles, workflow
from ltxlib.core.plan import WORKFLOWS
from ltxlib.core.schema import NodeSchema
from ltxlib.media.probe import ClipInfo, probe
from ltxlib.studio.setup import sample_values
from tests.support.bench import Bench
from tests.support.refused_graphs import CASES, plain
from tests.support.rehearsal_graphs import small_graph, story
from tests.support.studio import a_project

MODES = {name: mode for (mode, _), name in WORKFLOWS.items()}


def graph_for(name: str, bench: Bench, root: Path, seed: int, *, audio: bool) -> dict[str, Any]:
    """A shipped workflow with a small scene's values, its pictures uploaded."""
    values = {**sample_values(MODES[name]), "width_px": 256, "height_px": 128, "frames": 17}
    values |= {"seed": seed, "audio": audio, "filename_prefix": "ltx-kit/contract/alike"}
    for key in values.keys() & {"image", "end_image"}:
        values[key] = bench.comfy().upload_image(a_project(root).images / "still.png")
    return roles.prepare(workflow.load(recipes.shipped()[name], name), NodeSchema(bench.object_info), values)


def ran(bench: Bench, graph: dict[str, Any], to: Path) -> tuple[list[Any], dict[str, Any], ClipInfo]:
    """What a server that remembers nothing tells of a graph, its history, and its clip."""
    bench.forget()
    with bench.http.listening("alike") as ear:
        prompt_id = bench.http.submit(graph, client_id="alike")
        ear.wait_for_end(prompt_id)
        told = story([one for one in ear.texts() if one["type"] != "status"])
    entry = bench.http.entry(prompt_id)
    state = bench.comfy().status(prompt_id)
    assert state.error is None, state.error
    (output,) = (output for output in state.outputs if output.is_video)
    return told, entry, probe(bench.comfy().download(output, to / f"{bench.name}.mp4"))


@pytest.mark.parametrize("audio", [True, False], ids=["sound", "silent"])
@pytest.mark.parametrize("name", sorted(MODES))
def test_a_shipped_workflow_runs_alike(
    real: Bench, twin: Bench, tmp_path: Path, seed: int, name: str, audio: bool
) -> None:
    """Node for node the same story, the same history, and a clip of the same shape."""
    graphs = {bench.name: graph_for(name, bench, tmp_path / "p", seed, audio=audio) for bench in (real, twin)}
    assert graphs["real"] == graphs["rehearsal"]
    told, entry, clip = ran(real, copy.deepcopy(graphs["real"]), tmp_path)
    told_twin, entry_twin, clip_twin = ran(twin, copy.deepcopy(graphs["real"]), tmp_path)
    assert told_twin == told
    assert shape(entry_twin) == shape(entry)
    assert facts(clip_twin) == facts(clip)
    assert clip_twin.audio_duration_s == pytest.approx(clip.audio_duration_s, abs=0.005)
    assert json.loads(clip_twin.tags["prompt"]) == json.loads(clip.tags["prompt"])


def shape(entry: dict[str, Any]) -> Any:
    """A history entry without what differs by right: the number, the id, the times, the file's number."""
    outputs = {
        node_id: {
            key: [sorted(one) if isinstance(one, dict) else one for one in listed]
            for key, listed in output.items()
        }
        for node_id, output in entry["outputs"].items()
    }
    status = entry["status"]
    messages = [
        (kind, {key: data[key] for key in sorted(data) if key not in ("prompt_id", "timestamp")})
        for kind, data in status["messages"]
    ]
    return (
        sorted(entry),
        entry["prompt"][2],
        sorted(entry["prompt"][3]),
        entry["prompt"][4],
        outputs,
        entry["meta"],
        (status["status_str"], status["completed"], messages),
    )


def facts(clip: ClipInfo) -> Any:
    """What a player and the kit see of a clip, all but its colours.

    The rehearsal writes BT.709 and says so, as ComfyUI does since the version after 0.33.0.
    """
    picture = (clip.width_px, clip.height_px, clip.frames, clip.fps, clip.variable_rate, clip.rotation)
    coding = (clip.codec, clip.profile, clip.pixel_format)
    sound = (clip.has_audio, clip.audio_codec, clip.audio_rate, clip.audio_channels)
    return picture, coding, sound


@pytest.mark.parametrize("case", CASES)
def test_a_faulty_graph_is_judged_alike(real: Bench, twin: Bench, case: str) -> None:
    """Status and body of the refusal are the same, word for word."""
    answers = []
    for bench in (real, twin):
        graph = small_graph()
        graph["lora"] = {"class_type": "LoraLoaderModelOnly", "inputs": {}, "_meta": {"title": "LoRA"}}
        lora = bench.object_info["LoraLoaderModelOnly"]["input"]["required"]["lora_name"]
        names = lora[0] if isinstance(lora[0], list) else lora[1]["options"]
        graph["lora"]["inputs"] = {"model": ["ckpt", 0], "lora_name": names[0], "strength_model": 1.0}
        graph["guider"]["inputs"]["model"] = ["lora", 0]
        renamed(graph)
        CASES[case](graph)
        answer = bench.http.post("/prompt", {"prompt": graph, "client_id": "judged"})
        answers.append((answer.status_code, plain(answer.json())))
        bench.comfy().cancel(answer.json().get("prompt_id", ""))
        bench.http.until("/queue", lambda queue: not queue["queue_running"] + queue["queue_pending"])
    assert answers[1] == answers[0]


def renamed(graph: dict[str, Any]) -> None:
    """Give the nodes the names that the faults speak of."""
    for old, new in (("guider", "guider1"), ("noise", "noise1")):
        graph[new] = graph.pop(old)
        graph["stage"]["inputs"][old] = [new, 0]
