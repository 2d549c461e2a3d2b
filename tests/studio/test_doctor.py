"""The doctor on broken pods: each gets its own line, in the right colour, with the cure that helps."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ltxlib.cli.main import main
from ltxlib.core import catalog, recipes
from ltxlib.hub import shelf
from ltxlib.pod import doors, machine
from ltxlib.studio import curing, doctor, doctor_packs, models
from ltxlib.studio.setup import AMBER, GREEN, RED, Line
from tests.support.broken_pod import A100, BROKEN, NO_CARD, SECRET, Pod, line
from tests.support.hub import TOKEN, Hub, hub_running


@pytest.fixture
def pod(tmp_path, monkeypatch):
    made = Pod(tmp_path, monkeypatch)
    with made.stack:
        yield made


def test_a_healthy_pod_is_green(pod):
    """All of the machine is green but for the door that nobody can close; ComfyUI runs."""
    with pod.comfyui_runs():
        lines = pod.lines()
    states = {one.name: one.state for one in lines}
    for name in ("Price", "Card", "Advice", "Memory", "Volume", "Kernel", "ComfyUI", "Model files"):
        assert states[name] == GREEN, line(lines, name)
    assert states["Port 8188"] == AMBER
    assert "0.33.0" in line(lines, "ComfyUI").says
    assert "$0.59" in line(lines, "Price").says


def _no_gpu_given(pod):
    pod.patch.setenv("RUNPOD_GPU_COUNT", "0")


def _dead_after(words):
    def made(pod):
        log = pod.comfy / "user" / "comfyui_8188.log"
        log.parent.mkdir()
        log.write_text(f"starting\n{words}\n")

    return made


def _wrong_folder(pod):
    upscaler = catalog.UPSCALER
    (pod.comfy / "models" / upscaler.folder / upscaler.name).unlink()
    pod.model(upscaler, "checkpoints")


def _half_fetched(pod):
    file = models.files_of([])[0]
    (pod.comfy / "models" / file.folder / file.name).unlink()
    staging = pod.comfy / "models" / shelf.STAGING
    staging.mkdir()
    with (staging / f"{file.name}.abc.part").open("wb") as part:
        part.truncate(file.size_bytes)
    (staging / f"{file.name}.abc.log").write_text("0 20000000000\n")


def _without_venv(pod):
    (pod.comfy.parent / ".venv-cu128/bin/python").unlink()


def _strange_nodes(pod):
    (pod.comfy / "custom_nodes/free-gpu-miner").mkdir()
    (pod.comfy / "custom_nodes/evil.py").touch()


def _full_disk(pod):
    usage = type(shutil.disk_usage("/"))
    pod.patch.setattr(shutil, "disk_usage", lambda path: usage(100 * 10**9, 99 * 10**9, 10**9))


def _runs(pod, *words, script="main.py"):
    return pod.stack.enter_context(pod.comfyui_runs(*words, script=script))


def _twice(pod):
    _runs(pod)
    _runs(pod)


def _another_answers(pod):
    """The one of this folder is not what answers at its port."""
    (pod.comfy / "main.py").rename(pod.comfy / "other.py")
    _runs(pod, script="other.py")
    (pod.comfy / "main.py").write_text("")


def _failing_pack(pod):
    _dead_after(
        "Cannot import /x/custom_nodes/OldPack module for custom nodes: no module named pad\n"
        "   0.0 seconds (IMPORT FAILED): /x/custom_nodes/OldPack"
    )(pod)
    _runs(pod)


def _wants_a_pack(pod):
    """A scene asks for what only a node pack does, and ComfyUI has no such pack."""
    pod.project.scenes_csv.write_text("scene,mode,prompt,special\nrain,t2v,Rain falls.,tiled\n")
    pod.project.workflows.mkdir()
    for name, text in recipes.shipped().items():
        (pod.project.workflows / name).write_text(text)
    _runs(pod)


def _vram(free_gib, torch_gib):
    def made(pod):
        whole = {"type": "cuda", "name": "RTX 4090", "vram_total": 24 * 2**30}
        device = whole | {"vram_free": int(free_gib * 2**30), "torch_vram_total": int(torch_gib * 2**30)}
        (pod.comfy / "devices.json").write_text(json.dumps([device]))
        pod.patch.setenv("LTX_COMFY_URL", f"http://127.0.0.1:{_runs(pod)}")

    return made


def _gated(token="", *, agreed=True, known=True):
    """The scenes want LTX-2.5, whose files are given only to those who agreed to its terms."""

    def made(pod):
        model = catalog.MODELS["ltx-2.5-22b-distilled-int8"]
        pod.project.scenes_csv.write_text(f"scene,mode,prompt,model\nrain,t2v,Rain falls.,{model.name}\n")
        repositories = {file.hf_repo for file in model.files if file.gated}
        files = {f"{file.hf_repo}/{file.path or file.name}": b"model" for file in model.files}
        hub = pod.stack.enter_context(hub_running(Hub(files=files, gated=repositories, agreed=agreed)))
        pod.patch.setenv("HF_ENDPOINT", hub.url)
        pod.patch.setenv("HF_TOKEN", token) if token else pod.patch.delenv("HF_TOKEN", raising=False)
        pod.patch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(pod.home / "token"))

    return made


def _old_client_only(pod):
    """Some image with the old command alone: the kit needs neither that one nor the new one."""
    (pod.bin / "huggingface-cli").write_text("#!/bin/sh\necho 'deprecated' >&2\nexit 1\n")
    (pod.bin / "huggingface-cli").chmod(0o755)
    file = models.files_of([])[0]
    (pod.comfy / "models" / file.folder / file.name).unlink()


def _no_ffmpeg(pod):
    broken = pod.bin / "ffmpeg"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    pod.patch.setenv("LTX_FFMPEG", str(broken))


def _key_only(pod):
    pod.patch.delenv("LTX_USD_PER_HOUR")
    pod.patch.delenv("RUNPOD_API_KEY")


BROKEN_PODS = [
    ("no card after a restart", _no_gpu_given, "Pod", RED, ("without a graphics card", "start it again")),
    ("no driver", lambda pod: pod.card(None), "Card", RED, ("No graphics card", "rent another")),
    ("driver fails", lambda pod: pod.card(BROKEN), "Card", RED, ("driver sees no", "rent another")),
    ("driver without card", lambda pod: pod.card(NO_CARD), "Card", RED, ("driver sees no",)),
    ("16 GB", lambda pod: pod.memory(16 * 10**9), "Memory", RED, ("16 GB", "too little", "64 GB")),
    ("16 GB, advice", lambda pod: pod.memory(16 * 10**9), "Advice", AMBER, ("No preset", "low memory")),
    ("50 GB", lambda pod: pod.memory(50 * 10**9), "Advice", GREEN, ("low memory",)),
    (
        "old cgroup",
        lambda pod: (pod.memory("max"), pod.memory(64 * 10**9, "sys/fs/cgroup/memory/memory.limit_in_bytes")),
        "Memory",
        GREEN,
        ("64 GB", "fp8"),
    ),
    ("4090", lambda pod: None, "Advice", GREEN, ("draft", "fp8", "24 GB")),
    ("A100", lambda pod: pod.card(A100), "Advice", GREEN, ("quality", "1920x1088")),
    ("container disk", lambda pod: pod.mounts(), "Volume", RED, ("wiped", "/workspace")),
    ("no kernel", lambda pod: pod.kernel(None), "Kernel", AMBER, ("forgotten", "1. Setup")),
    ("another kernel", lambda pod: pod.kernel(Path("/opt/python")), "Kernel", RED, ("/opt/python",)),
    ("no ComfyUI", lambda pod: (pod.comfy / "main.py").unlink(), "ComfyUI", AMBER, ("runpod/comfyui",)),
    ("no venv", _without_venv, "ComfyUI", RED, ("without a Python",)),
    ("ComfyUI dead", lambda pod: None, "ComfyUI", RED, ("NOT running",)),
    (
        "failing at import",
        _dead_after("ImportError: cannot import name 'pad' from 'kornia'"),
        "ComfyUI",
        RED,
        ("NOT running", "'kornia'"),
    ),
    ("out of memory", _dead_after("Killed"), "ComfyUI", RED, ("Killed",)),
    (
        "arguments",
        lambda pod: (pod.comfy.parent / "comfyui_args.txt").write_text('--a "b'),
        "ComfyUI",
        RED,
        ("comfyui_args.txt",),
    ),
    ("strange nodes", _strange_nodes, "Node packs", AMBER, ("evil.py, free-gpu-miner",)),
    (
        "wrong folder",
        _wrong_folder,
        "Model folders",
        RED,
        ("(in checkpoints/, belongs", "--cure move"),
    ),
    ("half there", _half_fetched, "Model files", RED, ("half there", "23.3 GB", "--fetch")),
    (
        "damaged",
        lambda pod: pod.model(catalog.TEXT_ENCODER, share=0.4),
        "Model files",
        RED,
        ("damaged", "gemma"),
    ),
    (
        "no models",
        lambda pod: pod.patch.setattr(
            pod, "x", (pod.comfy / "models").rename(pod.comfy / "m"), raising=False
        ),
        "Model files",
        RED,
        ("54.", "still to be fetched"),
    ),
    ("no price", _key_only, "Price", AMBER, ("not known", "LTX_USD_PER_HOUR")),
    (
        "read-only",
        lambda pod: pod.mounts(f"/dev/sdb {pod.project.root.parent} ext4 ro,relatime 0 0"),
        "Volume",
        RED,
        ("Nothing can be written", "ask RunPod"),
    ),
    ("full disk", _full_disk, "Disk", RED, ("1 GB free", "Delete old takes")),
    ("full disk, models", _full_disk, "Container", AMBER, ("1.0 GB left", "/tmp")),
    ("ComfyUI mute", lambda pod: _runs(pod, "--mute"), "ComfyUI", AMBER, ("does not answer", "restart")),
    ("ComfyUI twice", _twice, "ComfyUI", AMBER, ("2 times at once", "restart")),
    ("another ComfyUI", _another_answers, "ComfyUI", AMBER, ("not the one in", "LTX_COMFY_ROOT")),
    ("pack not imported", _failing_pack, "Imports", AMBER, ("OldPack (no module named pad)", "Update")),
    ("pack wanted", _wants_a_pack, "ComfyUI-LTXVideo", AMBER, ("is not there", "Wanted by rain", "plainly")),
    ("arguments shown", lambda pod: pod.arguments("--lowvram # slow"), "Arguments", GREEN, (": --lowvram.",)),
    (
        "by the processor",
        lambda pod: pod.arguments("--cpu"),
        "Arguments",
        AMBER,
        ("hundred times", "Take it out"),
    ),
    ("card full", _vram(0.5, 23), "GPU", AMBER, ("0 GB free", "./kit comfyui free")),
    ("card shared", _vram(4, 12), "GPU", AMBER, ("Another program holds 8 GB", "End it")),
    ("card well", _vram(20, 3), "GPU", GREEN, ("RTX 4090 (24 GB, 20 GB free)",)),
    ("no token", _gated(), "Hugging Face", RED, ("logged in", "type Read", "huggingface.co/settings")),
    ("wrong token", _gated("hf_someone_elses"), "Hugging Face", RED, ("does not know", "new token")),
    ("not agreed", _gated(TOKEN, agreed=False), "Hugging Face", RED, ("agreed", "press Agree")),
    ("agreed", _gated(TOKEN), "Hugging Face", GREEN, ("lets this token",)),
    ("old hf client", _old_client_only, "Model files", RED, ("missing", "notebook 01", "./kit models")),
    ("no ffmpeg", _no_ffmpeg, "ffmpeg", RED, ("does not run", "LTX_FFMPEG")),
    ("scenes", lambda pod: pod.project.scenes_csv.write_text("x"), "Scenes", RED, ("scenes.csv",)),
    ("4090, fits", lambda pod: None, "Fits", GREEN, ("ltx-2-19b-distilled-fp8", "Not: ", "wanted 32 GB")),
    ("ComfyUI silent", lambda pod: None, "Server", RED, ("Nobody answers", "Start ComfyUI")),
]


@pytest.mark.parametrize(
    ("broken", "name", "state", "words"),
    [one[1:] for one in BROKEN_PODS],
    ids=[one[0] for one in BROKEN_PODS],
)
def test_each_broken_pod_has_its_line(pod, broken, name, state, words):
    """What is broken is named in its own line, with its colour and cure."""
    broken(pod)
    found = line(pod.lines(), name)
    assert found.state == state, found
    said = f"{found.says} {curing.advice(found) or found.cure}"
    assert all(word in said for word in words), said
    assert found.state == GREEN or found.cure


def test_a_pack_with_a_line_of_its_own_is_told_once(pod, monkeypatch):
    """What scenes need and ComfyUI could not import stands in that line alone."""
    _failing_pack(pod)
    monkeypatch.setattr(doctor_packs, "lines", lambda project: [Line("OldPack", RED, "Broken.", "Mend it.")])
    assert line(pod.lines(), "Imports").state == GREEN


def test_where_another_machine_makes_the_clips_this_one_needs_little(pod, monkeypatch):
    """No card, no ComfyUI: worth knowing, not urgent; that the server does not answer stays red."""
    pod.card(None)
    monkeypatch.setenv("LTX_COMFY_URL", "http://nobody.invalid:8188")
    lines = pod.lines()
    for name in ("Card", "ComfyUI"):
        assert line(lines, name).state == AMBER
        assert "another machine" in line(lines, name).says
    assert line(lines, "Server").state == RED


def test_a_wrong_clock_is_red(pod):
    """A clock of 1970 keeps downloads from working."""
    assert line(pod.lines(now_s=0), "Clock").state == RED


def test_a_network_volume_is_named(pod, tmp_path):
    """A folder on another machine's disk is told as such."""
    pod.mounts(f"mfs#eu {tmp_path / 'workspace'} fuse rw 0 0")
    assert "network volume" in line(pod.lines(), "Volume").says


@pytest.mark.parametrize("lacks", [True, False])
def test_the_widgets_of_the_server_are_looked_for(pod, lacks):
    """The server's own Python is asked, not the kit's: without widgets there are no forms."""
    python = getattr(sys, "_base_executable", sys.executable) if lacks else sys.executable
    if lacks and subprocess.run([python, "-c", "import jupyterlab"], capture_output=True).returncode == 0:
        pytest.skip("this machine's own Python has JupyterLab")
    process = subprocess.Popen([python, "-c", "import time; time.sleep(600)"])
    runtime = pod.home / ".local/share/jupyter/runtime"
    runtime.mkdir(parents=True)
    (runtime / f"jpserver-{process.pid}.json").write_text("{}")
    try:
        found = line(pod.lines(), "Jupyter")
    finally:
        process.kill()
        process.wait()
    assert found.state == (RED if lacks else GREEN), found


class _Open(BaseHTTPRequestHandler):
    """Lets everybody in."""

    def log_message(self, *_words: object) -> None:
        """Quiet."""

    def do_POST(self) -> None:
        """A token for the password that everybody knows."""
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        good = told == {"username": "admin", "password": "adminadmin12"}
        self.answer(200 if good else 403, b"aaa.bbb.ccc" if good else b"403 Forbidden")

    def do_GET(self) -> None:
        """The files, without asking."""
        self.answer(200, b"{}")

    def answer(self, status: int, body: bytes) -> None:
        """One answer."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def test_open_doors_are_red(pod):
    """FileBrowser with its first password and JupyterLab without any are told; a closed port is not."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Open)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        port = server.server_address[1]
        assert "password" in doors.files_open(port=port).cure
        assert "JUPYTER_PASSWORD" in doors.jupyter_open(port=port).cure
    finally:
        server.shutdown()
        server.server_close()
    assert doors.files_open(port=port) is None
    assert doors.jupyter_open(port=port) is None


def test_the_text_for_support_has_no_secret(pod, monkeypatch):
    """Keys of the environment are not in it, even where a line quotes them; nor is the home folder's name."""
    (pod.comfy / "user").mkdir()
    (pod.comfy / "user" / "comfyui.log").write_text(f"Error: key {SECRET} was refused in {pod.home}/x\n")
    told = doctor.support_text(pod.lines())
    assert "was refused" in told
    assert SECRET not in told
    assert str(pod.home) not in told


def test_the_verb_says_it_and_tells_by_its_code(pod, capsys, monkeypatch):
    """Lines with cures, exit code 1 while something is red; JSON has the same lines."""
    for folder in ("notebooks", "workflows"):
        (pod.project.root / folder).mkdir()
    words = ["doctor", "--project", str(pod.project.root)]
    assert main(words) == 1
    said = capsys.readouterr().out
    assert "RED    ComfyUI" in said
    assert "       -> " in said
    main([*words, "--json"])
    assert {"Card", "ComfyUI"} <= {one["name"] for one in json.loads(capsys.readouterr().out)["lines"]}
    main([*words, "--support"])
    assert "[red] ComfyUI" in capsys.readouterr().out


def test_memory_without_any_limit_is_the_machines(tmp_path):
    """Limits of nearly 2^63 mean none; where nothing is told nothing is known."""
    assert machine.memory_bytes(tmp_path) is None
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal: 1000 kB\n")
    place = tmp_path / "sys/fs/cgroup/memory/memory.limit_in_bytes"
    place.parent.mkdir(parents=True)
    place.write_text("9223372036854771712\n")
    assert machine.memory_bytes(tmp_path) == 1_024_000


def test_a_read_only_volume_is_told():
    """A folder that takes nothing is not writable, whoever asks."""
    folder = Path("/proc/sys/kernel")
    if not folder.is_dir() or os.access(folder, os.W_OK):
        pytest.skip("this machine has no folder that root may not write into")
    found = machine.volume_of(folder)
    assert found is not None
    assert not found.writable
