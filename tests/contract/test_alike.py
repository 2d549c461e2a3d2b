"""The rehearsal against a real ComfyUI, side by side: the same graph, the same answers, story and file.

Here the rehearsal declares the nodes and files of the real one. All is left out where no real one is named.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import pytest

from ltxlib.media.probe import ClipInfo, probe
from tests.support.bench import Bench
from tests.support.clips import make_clip
from tests.support.contract_ways import WAYS, Way, render
from tests.support.refused_graphs import CASES, plain
from tests.support.rehearsal_graphs import node, small_graph, story


def graph_of(way: Way, real: Bench, twin: Bench, root: Path, seed: int) -> dict[str, Any]:
    """The graph that the kit makes of a scene: made in the rehearsal, the real one gets its files."""
    graph = json.loads(json.dumps(render(way, twin, root, seed).take.graph))
    for path in sorted(path for path in twin.http.server.input_dir.rglob("*") if path.is_file()):
        files = {"image": (path.name, path.read_bytes(), "application/octet-stream")}
        answer = real.http.post("/upload/image", files=files, data={"overwrite": "true"})
        assert answer.json()["name"] == path.name
    return graph


def ran(bench: Bench, graph: dict[str, Any], to: Path) -> tuple[list[Any], dict[str, Any], Path]:
    """What a server that remembers nothing tells of a graph, its history, and the one file it made."""
    bench.forget()
    with bench.http.listening("alike") as ear:
        prompt_id = bench.http.submit(graph, client_id="alike")
        ear.wait_for_end(prompt_id)
        told = story([one for one in ear.texts() if one["type"] != "status"])
    entry = bench.http.entry(prompt_id)
    state = bench.comfy().status(prompt_id)
    assert state.error is None, state.error
    (output,) = (output for output in state.outputs if output.is_video or output.is_sound)
    suffix = Path(output.filename).suffix
    return told, entry, bench.comfy().download(output, to / f"{bench.name}{suffix}")


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_way_runs_alike(real: Bench, twin: Bench, tmp_path: Path, seed: int, way: Way) -> None:
    """Node for node the same story, the same history, and a clip of the same shape."""
    missing = way.missing(real)
    if missing:
        pytest.skip(missing)
    graph = graph_of(way, real, twin, tmp_path / "project", seed)
    told, entry, file = ran(real, graph, tmp_path)
    told_twin, entry_twin, file_twin = ran(twin, graph, tmp_path)
    assert told_twin == told
    assert shape(entry_twin) == shape(entry)
    if way.mode.sound_alone:
        assert heard_in(file_twin) == heard_in(file)
        return
    clip, clip_twin = probe(file), probe(file_twin)
    assert facts(clip_twin) == facts(clip)
    assert clip_twin.profile == clip.profile
    assert clip_twin.audio_duration_s == pytest.approx(clip.audio_duration_s, abs=0.005)
    assert graph_in(clip_twin) == graph_in(clip)


def heard_in(path: Path) -> tuple[str, int, int, int]:
    """Coding, rate, channels and samples of a file that holds sound alone."""
    with av.open(str(path)) as container:
        (stream,) = container.streams
        coding = stream.codec_context.name, stream.rate, stream.channels
        return *coding, sum(frame.samples for frame in container.decode(stream))


def graph_in(clip: ClipInfo) -> dict[str, Any]:
    """The graph in a clip. Of a loaded video it tells when its file was written, which is another moment."""
    graph = json.loads(clip.tags["prompt"])
    for one in graph.values():
        if one["class_type"] == "LoadVideo":
            one["is_changed"] = [type(state).__name__ for state in one["is_changed"]]
    return graph


LOADED = {"v": node("LoadVideo", file="ltx-kit-clip.mp4")}
SAVED = {"filename_prefix": "ltx-kit/contract/loaded", "format": "auto", "codec": "auto"}
THROUGH: dict[str, dict[str, Any]] = {
    "as it is": {"save": node("SaveVideo", video=["v", 0], **SAVED)},
    "taken apart": {
        "c": node("GetVideoComponents", video=["v", 0]),
        "w": node("CreateVideo", images=["c", 0], audio=["c", 1], fps=["c", 2]),
        "save": node("SaveVideo", video=["w", 0], **SAVED),
    },
    "without its sound": {
        "c": node("GetVideoComponents", video=["v", 0]),
        "w": node("CreateVideo", images=["c", 0], fps=24.0),
        "save": node("SaveVideo", video=["w", 0], **SAVED),
    },
    "its first frames": {
        "c": node("GetVideoComponents", video=["v", 0]),
        "f": node("ImageFromBatch", image=["c", 0], batch_index=0, length=9),
        "w": node("CreateVideo", images=["f", 0], audio=["c", 1], fps=["c", 2]),
        "save": node("SaveVideo", video=["w", 0], **SAVED),
    },
}


@pytest.mark.parametrize("fps", ["24", "24000/1001"])
@pytest.mark.parametrize("way", THROUGH)
def test_a_clip_goes_through_alike(real: Bench, twin: Bench, tmp_path: Path, way: str, fps: str) -> None:
    """What a kept clip is after loading and saving: its frames, its rate, how long it sounds."""
    clip = make_clip(tmp_path / "ltx-kit-clip.mp4", fps=fps, frames=17, width_px=128, height_px=64)
    graph = {**LOADED, **THROUGH[way]}
    results = []
    for bench in (real, twin):
        files = {"image": (clip.name, clip.read_bytes(), "video/mp4")}
        bench.http.post("/upload/image", files=files, data={"overwrite": "true"})
        results.append(ran(bench, graph, tmp_path))
    (told, entry, file), (told_twin, entry_twin, file_twin) = results
    assert told_twin == told
    assert shape(entry_twin) == shape(entry)
    made, made_twin = probe(file), probe(file_twin)
    assert facts(made_twin) == facts(made)
    assert made_twin.audio_duration_s == pytest.approx(made.audio_duration_s, abs=0.05)


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
    coding = (clip.codec, clip.pixel_format)
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
