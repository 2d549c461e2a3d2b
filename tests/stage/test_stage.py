"""The stage itself: is it as RunPod's template is, and does the kit find its way about on it?"""

from __future__ import annotations

import json
from pathlib import Path

import requests

from ltxlib.pod import comfyui
from ltxlib.studio import models
from tests.stage.image import PACKAGES, Image
from tests.stage.pod import NODE_PACKS, POD_ID, StagePod
from tests.support.jupyter_lab import TOKEN

PATIENCE_S = 30


def lines(pod: StagePod) -> dict[str, dict[str, str]]:
    """The doctor's lines by name."""
    told = json.loads(pod.run("./kit", "doctor", "--json").stdout)
    return {line["name"]: line for line in told["lines"]}


def words_of(process: int) -> tuple[list[str], Path]:
    """The command a process was started by, and its folder."""
    entry = Path("/proc") / str(process)
    return (entry / "cmdline").read_text().strip("\0").split("\0"), (entry / "cwd").resolve()


def test_the_tree_is_the_templates(pod):
    """ComfyUI's first home, its newest venv, its arguments and node packs are where the template has them."""
    assert pod.comfy.relative_to(pod.folder) == Path(comfyui.HOMES[0]).relative_to("/")
    home = pod.comfy_home()
    assert home.python == pod.comfy.parent / comfyui.VENVS[0] / "bin" / "python"
    assert home.arguments == (*comfyui.FIXED_ARGUMENTS, "--port", str(pod.port))
    assert sorted(path.name for path in (pod.comfy / "custom_nodes").iterdir()) == sorted(NODE_PACKS)
    assert (pod.comfy / "user" / "default" / "workflows").is_dir()
    assert comfyui.version(home)


def test_the_kit_is_as_it_is_cloned(pod):
    """The kit's folder holds what git holds, and nothing that was made."""
    assert pod.run("git", "status", "--porcelain", "--ignored").stdout == ""
    assert (pod.kit / "kit").stat().st_mode & 0o100
    assert not (pod.kit / ".venv").exists()


def test_jupyter_is_the_images(pod: StagePod, pod_image: Image):
    """The server is the image's, from the pod's root; it knows python3 alone, and not anywidget."""
    with pod.jupyter() as lab:
        told = requests.get(f"{lab.url}api/kernelspecs", params={"token": TOKEN}, timeout=PATIENCE_S).json()
        assert sorted(told["kernelspecs"]) == ["python3"]
        found = f"{lab.url}files/{lab.notebooks}/01_setup.ipynb"
        assert requests.get(found, params={"token": TOKEN}, timeout=PATIENCE_S).ok
        page = requests.get(f"{lab.url}lab", params={"token": TOKEN}, timeout=PATIENCE_S).text
        assert PACKAGES[0].removeprefix("jupyterlab==") in page
        assert "anywidget" not in page
    assert pod.processes() == []


def test_comfyui_is_started_by_its_own_command(pod):
    """The kit starts what the template starts, by the same words in the same folder; it says what it is."""
    pod.boot_comfyui()
    home = pod.comfy_home()
    url = f"http://127.0.0.1:{pod.port}"
    (first,) = comfyui.running(home)
    by_template = words_of(first)
    comfyui.end(home)
    assert lines(pod)["ComfyUI"]["state"] == "red"
    done = pod.run("./kit", "comfyui", "start")
    assert done.returncode == 0, done.stderr
    (second,) = comfyui.running(home)
    assert second != first
    assert words_of(second) == by_template
    assert by_template[0][0] == str(home.python)
    stats = requests.get(f"{url}/system_stats", timeout=PATIENCE_S).json()
    assert "ltx_rehearsal" in stats["system"]
    assert f"{POD_ID}-{pod.port}" in done.stdout
    assert "REHEARSAL" in (pod.comfy / "user" / f"comfyui_{pod.port}.log").read_text()
    pod.run("./kit", "comfyui", "stop")
    assert comfyui.running(home) == ()


def test_the_doctor_sees_the_pod(pod):
    """With its models and ComfyUI running no line is red; without models those lines are, and only those."""
    pod.run("./kit", "comfyui", "start")
    bare = lines(pod)
    red = {name for name, line in bare.items() if line["state"] == "red"}
    assert red
    assert red <= {"Model files", "Models"}
    pod.put_models(models.files_of([]))
    pod.run("./kit", "comfyui", "restart")
    whole = lines(pod)
    assert [line for line in whole.values() if line["state"] == "red"] == []
    assert "94 GB" in whole["Memory"]["says"]
    assert "4090" in whole["Card"]["says"]
    assert "on a volume" in whole["Volume"]["says"]


def test_a_restart_forgets_what_a_restart_forgets(pod: StagePod, pod_image: Image):
    """Programs, home folder and kernels are gone; the volume with the kit's venv is as it was."""
    before = pod_image.contents()
    assert pod.kernels() == ["ltx-kit", "python3"]
    pod.power_off()
    assert pod.processes() == []
    assert list(pod.home.iterdir()) == []
    assert pod.kernels() == ["python3"]
    assert (pod.kit / ".venv" / "bin" / "python").exists()
    assert pod_image.contents() == before
    assert pod.asked_of_runpodctl == []
