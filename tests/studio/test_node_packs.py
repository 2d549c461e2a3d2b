"""Node packs by real git, a real pip and a process that really imports them; nothing leaves this machine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest

from ltxlib.cli.main import main
from ltxlib.core import proven, specials
from ltxlib.errors import Cancelled, PodError, ProjectBusy
from ltxlib.pod import comfyui, pack_folder
from ltxlib.pod.packages import Environment
from ltxlib.store.project import Project
from ltxlib.studio import comfy_life, curing, doctor_packs, node_packs, packs_there
from ltxlib.studio.setup import AMBER, GREEN, RED
from tests.support.node_packs import MAIN, commit, wheel
from tests.support.studio import a_project

NAME = "Rain-Nodes"
_shipped = proven.shipped()
GOOD = "import gutter\nassert gutter.version < '2'\nNODE_CLASS_MAPPINGS = {'RainDrop': 1, 'RainPuddle': 1}\n"
# What is in ComfyUI's environment before: torch, a package that a pin moves, one that nobody may move.
THERE = {"torch": "2.0", "gutter": "2.0", "tin-roof": "1.0"}


@dataclass
class Pod:
    """A ComfyUI with an environment of its own, a project, and the repository of one pack."""

    home: comfyui.ComfyHome
    project: Project
    source: Path
    raw: dict

    def offer(self, code: str = GOOD, requirements: str = "gutter\nbarrel\n", **more) -> str:
        """A new commit of the pack, which the table then names."""
        name = commit(
            self.source, {"__init__.py": f"# {time.monotonic()}\n{code}", "requirements.txt": requirements}
        )
        self.raw.update({"commit": name, **more})
        return name

    def versions(self) -> dict[str, str]:
        there = Environment(self.home.python).versions()
        return {name: version for name, version in there.items() if name not in ("pip", "setuptools")}

    @property
    def place(self) -> Path:
        return self.home.root / "custom_nodes" / NAME

    def lies_nothing(self) -> bool:
        """Whether nothing of the pack is left, in its place or aside."""
        aside = self.place.parent / pack_folder.ASIDE
        return not self.place.exists() and {path.name for path in aside.iterdir()} <= {"lock"}

    def install(self, **more) -> packs_there.Pack:
        return node_packs.install(self.project, NAME, **more)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory) -> Path:
    """What the index of packages has."""
    folder = tmp_path_factory.mktemp("wheels")
    for version in ("1.0", "1.5", "2.0"):
        wheel(folder, "gutter", version)
    wheel(folder, "barrel", "1.0", ["tin-roof"])
    for version in ("1.0", "2.0"):
        wheel(folder, "tin_roof", version)
    for version in ("2.0", "3.0"):
        wheel(folder, "torch", version)
    wheel(folder, "heavy", "1.0", ["torch>=3"])
    wheel(folder, "greedy", "1.0", ["nvidia-thing"])
    wheel(folder, "nvidia_thing", "1.0")
    wheel(folder, "picky", "1.0", ["tin-roof>=2"])
    return folder


@pytest.fixture(scope="module")
def venv(tmp_path_factory, wheels) -> Path:
    """An environment with pip and what a ComfyUI has, to be copied."""
    folder = tmp_path_factory.mktemp("venv") / ".venv-cu128"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    wanted = [f"{name}=={version}" for name, version in THERE.items()]
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "--no-index", "-f", str(wheels)]
    subprocess.run([*pip, *wanted], check=True, capture_output=True)
    return folder


@pytest.fixture
def pod(tmp_path, monkeypatch, venv, wheels):
    """The pod, its own ComfyUI running on a free port once somebody starts it."""
    root = tmp_path / "slim" / "ComfyUI"
    (root / "custom_nodes" / "theirs").mkdir(parents=True)
    (root / "custom_nodes" / "theirs" / "__init__.py").write_text("NODE_CLASS_MAPPINGS = {}\n")
    (root / "main.py").write_text(MAIN)
    (root / "comfyui_version.py").write_text('__version__ = "0.27.0"\n')
    # pip puts new files beside the old ones and never writes into them, so links will do.
    shutil.copytree(venv, root.parent / ".venv-cu128", symlinks=True, copy_function=os.link)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (root.parent / "comfyui_args.txt").write_text(f"--port {port}\n")
    for name in ("RUNPOD_POD_ID", "LTX_COMFY_URL", "PIP_CONSTRAINT", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    settings = {"LTX_COMFY_ROOT": str(root), "LTX_USD_PER_HOUR": "1", "PIP_NO_INDEX": "1"}
    for name, value in {**settings, "PIP_FIND_LINKS": str(wheels), "GIT_CONFIG_GLOBAL": os.devnull}.items():
        monkeypatch.setenv(name, value)
    # The repository is a folder here; that only https is taken elsewhere is tested in tests/pod.
    monkeypatch.setattr(pack_folder, "SCHEMES", ("file",))
    raw = {
        "name": NAME, "address": (tmp_path / "source").as_uri(), "commit": "", "date": "2026-01-01",
        "requires": ["gutter", "barrel"], "pins": ["gutter<2"], "pins_why": "2 leaks",
        "classes": ["RainDrop", "RainPuddle"], "imports": ["0.27.0"], "fails": {"0.33.0": "it rained"},
        "fails_why": "the sky changed", "source": "a test",
    }  # fmt: skip
    monkeypatch.setattr(proven, "shipped", lambda: MappingProxyType({raw["name"]: proven.read(raw)}))
    project = Project(tmp_path / "kit")
    for folder in ("notebooks", "workflows"):
        (project.root / folder).mkdir(parents=True)
    found = Pod(comfyui.find_home(), project, tmp_path / "source", raw)
    found.offer()
    yield found
    comfyui.end(found.home)


def test_a_pack_comes_and_goes(pod, capsys):
    """Installed it is imported, its pin kept, nothing else moved; removed, what others name by now stays."""
    words = ["packs", NAME, "--project", str(pod.project.root)]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "Rain-Nodes is not there" in told
    assert "gutter<2, barrel" in told
    assert "because 2 leaks" in told
    assert "was seen to work with ComfyUI 0.27.0" in told
    steps = []
    found = pod.install(progress=steps.append)
    assert (found.lies, found.imported) == (packs_there.OURS, True)
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    assert "Installing barrel 1.0, gutter 1.5" in [step.says for step in steps]
    assert pod.versions() == {**THERE, "gutter": "1.5", "barrel": "1.0"}
    git = subprocess.run(
        ["git", "-C", pod.place, "status", "--porcelain"], capture_output=True, text=True, check=True
    )
    assert not git.stdout
    before = comfy_life.life(pod.project).processes
    assert pod.install().imported
    assert comfy_life.life(pod.project).processes == before
    assert main([*words, "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["packs"]
    assert (told["lies"], told["imported"]) == ("ours", True)
    (pod.home.root / "custom_nodes" / "theirs" / "requirements.txt").write_text("Barrel>=1\n")
    assert main([*words, "--remove"]) == 0
    assert pod.versions() == {**THERE, "barrel": "1.0"}
    assert pod.lies_nothing()
    with pytest.raises(PodError, match="nothing to take out"):
        node_packs.remove(pod.project, NAME)


def test_one_that_does_not_import_is_taken_back(pod):
    """The reason of ComfyUI's log is told, the folder gone, packages as before, ComfyUI runs."""
    pod.offer("import a_thing_nobody_has\n")
    with pytest.raises(
        PodError, match=r"No module named 'a_thing_nobody_has'.*taken out again.*barrel, gutter"
    ) as told:
        pod.install()
    assert "ComfyUI runs as it did" in told.value.message
    assert pod.versions() == THERE
    assert pod.lies_nothing()
    assert comfy_life.life(pod.project).answers


def test_one_that_kills_comfyui_is_taken_back(pod):
    """Where ComfyUI does not come up with it, it comes up without it."""
    pod.offer("NODE_CLASS_MAPPINGS = {'Dies': object}\n")
    with pytest.raises(PodError, match=r"broke the server.*taken out again"):
        pod.install()
    assert pod.lies_nothing()
    assert comfy_life.life(pod.project).answers


def test_a_worse_commit_gives_back_the_better_one(pod):
    """An update of ours that fails leaves the one that worked, with its packages."""
    good = pod.raw["commit"]
    pod.install()
    worse = pod.offer("import a_thing_nobody_has\n", "gutter<1.5\nbarrel\n")
    pod.raw["commit"] = good
    with pytest.raises(PodError, match=f"at {worse[:7]} is not proven"):
        pod.install(commit=worse)
    with pytest.raises(PodError, match="No module named"):
        pod.install(commit=worse, anyway=True)
    assert packs_there.stands(pod.project, NAME).imported
    assert json.loads((pod.place / pack_folder.MARK).read_text())["commit"] == good
    assert pod.versions()["gutter"] == "1.5"


@pytest.mark.parametrize(
    ("requirements", "said"),
    [
        ("heavy\n", "do not go together with those ComfyUI has"),
        ("greedy\n", "would bring or move nvidia-thing"),
        ("--index-url https://example.org\nbarrel\n", "not a plain package"),
    ],
)
def test_what_would_move_the_ground_is_refused(pod, requirements, said):
    """torch's family, and what ComfyUI has already, stay; nothing was changed, and ComfyUI is not touched."""
    pod.offer(requirements=requirements)
    with pytest.raises(PodError, match=said):
        pod.install()
    assert pod.versions() == THERE
    assert pod.lies_nothing()
    assert not comfyui.running(pod.home)


def test_constraints_hold(pod, monkeypatch, tmp_path):
    """What PIP_CONSTRAINT says counts for the pack too, and what is there is not even brought newer."""
    (tmp_path / "constraints.txt").write_text("gutter<1.2\n")
    monkeypatch.setenv("PIP_CONSTRAINT", str(tmp_path / "constraints.txt"))
    env = Environment(pod.home.python)
    assert env.would_install(["barrel", "gutter<2"], ["gutter"]) == {"barrel": "1.0", "gutter": "1.0"}
    with pytest.raises(PodError, match="do not go together"):
        env.would_install(["picky"], [])
    with pytest.raises(PodError, match="could not be found"):
        env.would_install(["nobody-has-this"], [])
    assert pod.versions() == THERE


def test_without_internet_nothing_happens(pod, monkeypatch):
    """Neither the repository nor the index out of reach leaves anything behind."""
    for name, value in {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1"}.items():
        monkeypatch.setenv(name, value)
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name)
    with pytest.raises(PodError, match="index was not reached"):
        pod.install()
    pod.raw["address"] = (pod.source.parent / "nowhere").as_uri()
    with pytest.raises(PodError, match="could not be fetched"):
        pod.install()
    assert pod.versions() == THERE
    assert pod.lies_nothing()


@pytest.mark.parametrize("spelt", [NAME, NAME.lower()])
def test_somebody_elses_folder_is_left_alone(pod, spelt):
    """A pack that the kit did not put there is neither updated nor removed."""
    theirs = pod.place.with_name(spelt)
    theirs.mkdir()
    (theirs / "mine.py").touch()
    for act in (pod.install, lambda: node_packs.remove(pod.project, NAME)):
        with pytest.raises(PodError, match="did not put there"):
            act()
    assert [path.name for path in theirs.iterdir()] == ["mine.py"]
    assert packs_there.stands(pod.project, NAME).lies == packs_there.THEIRS


@pytest.mark.parametrize(
    ("version", "said"),
    [("0.33.0", "seen not to work.*it rained"), ("0.99.0", "not proven with ComfyUI 0.99.0")],
)
def test_another_comfyui_asks_once_more(pod, version, said):
    """With a version that was never tried, or failed, it is only done when asked again."""
    (pod.home.root / "comfyui_version.py").write_text(f'__version__ = "{version}"\n')
    with pytest.raises(PodError, match=said) as told:
        pod.install()
    assert "--anyway" in told.value.cure
    assert not pod.place.parent.joinpath(pack_folder.ASIDE).exists()


def test_a_batch_is_not_disturbed(pod):
    """While real takes are rendered nothing is installed or removed, and nothing is fetched."""
    with pod.project.set(rehearsal=False).lock, pytest.raises(ProjectBusy):
        pod.install()
    assert not pod.place.parent.joinpath(pack_folder.ASIDE).exists()


def test_a_person_may_stop_it(pod):
    """Stopped while packages come, all is as before."""
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        pod.install(cancel=cancel, progress=lambda step: cancel.set() if step.at == 3 else None)
    assert pod.versions() == THERE
    assert pod.lies_nothing()


KILLED = """
import os, signal, sys
from types import MappingProxyType
from ltxlib.core import proven, specials
from ltxlib.pod import pack_folder
from ltxlib.store.project import Project
from ltxlib.studio import node_packs
import json
from pathlib import Path
pack_folder.SCHEMES = ("file",)
raw, root, at = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])
proven.shipped = lambda: MappingProxyType({raw["name"]: proven.read(raw)})
def stop(step):
    if step.at == at:
        os.kill(os.getpid(), signal.SIGKILL)
node_packs.install(Project(Path(root)), raw["name"], progress=stop)
"""


def test_a_kill_is_put_right_by_the_next_run(pod):
    """Killed after the packages came, it is told as half, and undone."""
    words = [sys.executable, "-c", KILLED, json.dumps(pod.raw), str(pod.project.root), "4"]
    done = subprocess.run(words, cwd=Path(__file__).resolve().parents[2], check=False)
    assert done.returncode == -signal.SIGKILL
    half = packs_there.stands(pod.project, NAME)
    assert (half.lies, half.imported) == (packs_there.HALF, None)
    assert "puts everything back" in half.says
    assert pod.versions() != THERE
    assert node_packs.remove(pod.project, NAME).lies == packs_there.ABSENT
    assert pod.versions() == THERE
    assert pod.lies_nothing()


def test_unknown_packs_and_bad_words(pod, capsys):
    """What was never tried is not installed, and a commit is named whole."""
    words = ["--project", str(pod.project.root)]
    assert main(["packs", "Nobodys-Nodes", "--install", *words]) != 0
    assert "never tried" in capsys.readouterr().err
    assert main(["packs", NAME, "--install", "--remove", *words]) != 0
    with pytest.raises(PodError, match="40 digits"):
        pod.install(commit="main")


def test_the_checklist_brings_it_and_takes_it_out(pod, tmp_path):
    """A scene that wants the pack makes a line with a button that asks; broken, another one takes it out."""
    classes = list(_shipped[specials.PACK].classes)
    good = f"import gutter\nNODE_CLASS_MAPPINGS = {dict.fromkeys(classes, 1)}\n"
    pod.offer(good, name=specials.PACK, classes=classes)
    project = a_project(tmp_path / "film")
    assert packs_there.wanted(project) == {}
    row = "big,t2v,Mist drifts over the water with a soft hush.,17,192,128,tiled"
    project.scenes_csv.write_text(f"scene,mode,prompt,frames,width,height,special\n{row}\n")
    assert packs_there.wanted(project)[specials.PACK].scenes == ("big",)

    def line():
        (found,) = doctor_packs.lines(project)
        return found

    assert (line().state, line().key) == (AMBER, "")
    comfy_life.start(project)
    assert (line().state, line().key) == (AMBER, curing.INSTALL_PACKS)
    assert "Wanted by big." in line().says
    cure = curing.find(line().key)
    assert f"commit {pod.raw['commit'][:7]}" in cure.asks(project)
    told = []
    assert "and imported" in cure.run(project, curing.Doing(told.append))
    assert all(0 <= one.share < 1 for one in told)
    assert (line().state, line().key) == (GREEN, "")
    assert cure.asks(project) == ""
    Environment(pod.home.python).uninstall(["gutter"])
    comfy_life.start(project, again=True)
    assert (line().state, line().key) == (RED, curing.REMOVE_PACKS)
    assert "No module named 'gutter'" in line().says
    cure = curing.find(line().key)
    assert "started again without it" in cure.asks(project)
    assert "is not there" in cure.run(project, curing.Doing())
    assert line().state == AMBER


@pytest.mark.parametrize(
    ("lies", "imported", "version", "state", "key", "said"),
    [
        (packs_there.ABSENT, False, "0.33.0", AMBER, "", "was seen not to work"),
        (packs_there.ABSENT, False, "0.27.0", AMBER, curing.INSTALL_PACKS, "is not there"),
        (packs_there.THEIRS, False, "0.27.0", RED, "", "ComfyUI does not import it: it rained"),
        (packs_there.OURS, None, "0.27.0", AMBER, "", "does not answer"),
        (packs_there.HALF, True, "0.27.0", RED, curing.REMOVE_PACKS, "cut off"),
    ],
)
def test_each_way_a_pack_stands_has_its_line(monkeypatch, lies, imported, version, state, key, said):
    """Green, amber or red, a button only where the kit can do it."""
    pack = packs_there.Pack(
        specials.PACK, ("big",), lies, imported, "it rained", _shipped[specials.PACK].verdict(version)
    )
    monkeypatch.setattr(packs_there, "look", lambda _: (pack,))
    (line,) = doctor_packs.lines(None)
    assert (line.state, line.key) == (state, key)
    assert said in line.says


def test_without_comfyui_it_is_a_sentence(tmp_path, monkeypatch):
    """On a machine without ComfyUI the cure says where to do it."""
    monkeypatch.setenv("LTX_COMFY_ROOT", os.fspath(tmp_path))
    with pytest.raises(PodError, match="no ComfyUI"):
        packs_there.look(Project(tmp_path))
