"""A rented pod in a folder: RunPod's template as a tree, its tools, its variables, its Jupyter server.

What lies below `workspace/` is the volume and outlives a restart of the pod; `root/` is the home folder on
the container disk and does not. What machine it is (memory, mounts) the kit reads in `machine/`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ltxlib.core.catalog_parts import ModelFile
from ltxlib.pod import comfyui
from tests.stage.image import Image
from tests.support.jupyter_lab import TOKEN, Lab, address_of
from tests.support.kit_box import base_python, real_uv

PROJECT = Path(__file__).resolve().parents[2]
POD_ID = "k7x2abc9pod"
RAM_BYTES = 94 * 10**9
NODE_PACKS = ("ComfyUI-Manager", "ComfyUI-KJNodes", "Civicomfy")
CARD = '#!/bin/sh\necho "NVIDIA GeForce RTX 4090, 24564, 550.90"\n'
# Notes what it was asked, and knows one pod that runs.
RUNPODCTL = """#!/bin/sh
echo "$*" >>"{asked}"
case "$*" in
    "get pod {pod}") printf 'ID\\tSTATUS\\n{pod}\\tRUNNING\\n' ;;
    *) echo "Error: unknown command \\"$*\\"" >&2; exit 1 ;;
esac
"""
# How long a server that was asked to end may take.
_END_S = 20
_PATIENCE_S = 60
_TAKE_ALONG = ("INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "CERT", "PROXY", "DEFAULT_INDEX", "CERT_FILE")


@dataclass
class StagePod:
    """The pod. secrets: variables that hold what must never be written down; more: any other variables."""

    folder: Path
    image: Image
    secrets: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.port = _free_port()
        self._template()
        self._tools()
        self._machine()
        self.home.mkdir()
        _clone_kit(self.folder / "origin", self.kit)

    @property
    def workspace(self) -> Path:
        """The volume."""
        return self.folder / "workspace"

    @property
    def comfy(self) -> Path:
        """ComfyUI's folder."""
        return self.workspace / "runpod-slim" / "ComfyUI"

    @property
    def kit(self) -> Path:
        """The kit's folder."""
        return self.workspace / "ltx-kit"

    @property
    def home(self) -> Path:
        """The home folder; a restart of the pod wipes it."""
        return self.folder / "root"

    @property
    def asked_of_runpodctl(self) -> list[str]:
        """What `runpodctl` was asked."""
        log = self.folder / "asked-of-runpodctl"
        return log.read_text().splitlines() if log.is_file() else []

    def _template(self) -> None:
        """What the template puts on the volume at its first start."""
        for made in ("models", "input", "output", "user/default/workflows"):
            (self.comfy / made).mkdir(parents=True)
        for folder in ("checkpoints", "loras", "text_encoders", "latent_upscale_models", "vae"):
            (self.comfy / "models" / folder).mkdir()
            (self.comfy / "models" / folder / f"put_{folder}_here").touch()
        for pack in NODE_PACKS:
            (self.comfy / "custom_nodes" / pack).mkdir(parents=True)
            (self.comfy / "custom_nodes" / pack / "__init__.py").write_text("NODE_CLASS_MAPPINGS = {}\n")
        shutil.copy(Path(__file__).with_name("comfyui_main.py"), self.comfy / "main.py")
        (self.comfy / "comfyui_version.py").write_text('__version__ = "0.33.0"\n')
        arguments = f"# What is written here ComfyUI gets as well\n--port {self.port}\n"
        (self.comfy.parent / "comfyui_args.txt").write_text(arguments)
        venv = self.comfy.parent / ".venv-cu128"
        subprocess.run([base_python(), "-m", "venv", "--without-pip", str(venv)], check=True)
        (packages,) = venv.glob("lib/python3.*/site-packages")
        # The stand-in for ComfyUI needs what the tests' own Python has.
        mine = [path for path in sys.path if path.endswith("site-packages")]
        (packages / "stage.pth").write_text("\n".join((str(PROJECT), *mine)) + "\n")

    def _tools(self) -> None:
        asked = self.folder / "asked-of-runpodctl"
        tools = {"nvidia-smi": CARD, "runpodctl": RUNPODCTL.format(asked=asked, pod=POD_ID)}
        self.tools.mkdir()
        for name, script in tools.items():
            (self.tools / name).write_text(script)
            (self.tools / name).chmod(0o755)
        (self.tools / "constraints.txt").write_text("torch==2.8.0\n")

    @property
    def tools(self) -> Path:
        """The pod's own programs."""
        return self.folder / "bin"

    def _machine(self) -> None:
        machine = self.folder / "machine"
        (machine / "proc" / "self").mkdir(parents=True)
        (machine / "sys" / "fs" / "cgroup").mkdir(parents=True)
        (machine / "proc" / "meminfo").write_text(f"MemTotal: {500 * 10**6} kB\n")
        (machine / "sys" / "fs" / "cgroup" / "memory.max").write_text(f"{RAM_BYTES}\n")
        mounts = ("overlay / overlay rw 0 0", f"/dev/sdb {self.workspace} ext4 rw 0 0")
        (machine / "proc" / "self" / "mounts").write_text("\n".join(mounts))

    @property
    def environment(self) -> dict[str, str]:
        """The variables of every program on the pod; none of the machine that the tests run on."""
        path = (str(self.tools), str(self.image.bin), "/usr/local/bin", "/usr/bin", "/bin")
        own = {
            "PATH": os.pathsep.join(path),
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "RUNPOD_POD_ID": POD_ID,
            "RUNPOD_DC_ID": "EU-RO-1",
            "RUNPOD_GPU_COUNT": "1",
            "RUNPOD_PUBLIC_IP": "203.0.113.7",
            "RUNPOD_VOLUME_ID": "vol123",
            "LTX_COMFY_ROOT": str(self.comfy),
            "LTX_USD_PER_HOUR": "0.59",
            "LTX_MACHINE_ROOT": str(self.folder / "machine"),
            "PIP_CONSTRAINT": str(self.tools / "constraints.txt"),
        }
        return {**own, **_of_this_machine(), **self.more, **self.secrets}

    def put_models(self, files: Iterable[ModelFile]) -> None:
        """Lay model files of the right size, with no bytes in them, where ComfyUI looks for them."""
        for file in files:
            path = self.comfy / "models" / file.folder / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as out:
                out.truncate(file.size_bytes or 1)

    def run(self, *words: str, timeout_s: float = 240) -> subprocess.CompletedProcess[str]:
        """A command typed on the pod, in the kit's folder."""
        return subprocess.run(
            words,
            cwd=self.kit,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def comfy_home(self) -> comfyui.ComfyHome:
        """This pod's ComfyUI, as the kit finds it."""
        found = comfyui.find_home(str(self.comfy))
        assert found is not None
        return found

    def boot_comfyui(self) -> None:
        """Start ComfyUI as the template does when a pod comes up, and wait until it answers."""
        home = self.comfy_home()
        with (self.folder / "start.log").open("ab") as log:
            subprocess.Popen(
                [str(home.python), "main.py", *home.arguments],
                cwd=home.root,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until = time.monotonic() + _PATIENCE_S
        while not self.comfyui_answers():
            assert time.monotonic() < until, "ComfyUI's stand-in does not answer"
            time.sleep(0.05)

    def comfyui_answers(self) -> bool:
        """Whether something answers where ComfyUI should."""
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        except OSError:
            return False
        return True

    @contextmanager
    def jupyter(self) -> Iterator[Lab]:
        """The image's Jupyter server, as the template starts it: root_dir is the pod's root."""
        argv = [str(self.image.python), "-m", "jupyterlab", "--allow-root", "--no-browser", "--ip=127.0.0.1"]
        argv += ["--port=0", f"--ServerApp.root_dir={self.folder}", f"--IdentityProvider.token={TOKEN}"]
        # Only so that the tests may ask JupyterLab's own model.
        argv += ["--LabApp.expose_app_in_browser=True"]
        log = self.folder / "jupyter.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                argv,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        try:
            runtime = self.home / ".local" / "share" / "jupyter" / "runtime"
            yield Lab(address_of(process, runtime, log), log, "workspace/ltx-kit/notebooks")
        finally:
            _end(process)

    def power_off(self) -> None:
        """The pod stops: all of its programs end, what is not on the volume is gone."""
        for process in self.processes():
            _kill(process)
        until = time.monotonic() + _END_S
        while self.processes():
            assert time.monotonic() < until, "a program of the pod does not end"
            time.sleep(0.05)
        shutil.rmtree(self.home)
        self.home.mkdir()

    def processes(self) -> list[int]:
        """Every program that has this pod's home folder in its variables."""
        mark = f"HOME={self.home}\0".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdecimal() or int(entry.name) == os.getpid():
                continue
            try:
                if mark in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def kernels(self) -> list[str]:
        """The names of the kernels that the pod's Jupyter knows."""
        told = self.run(str(self.image.python), "-m", "jupyter", "kernelspec", "list", "--json")
        return sorted(json.loads(told.stdout)["kernelspecs"])


def _clone_kit(origin: Path, kit: Path) -> None:
    """What a creator gets by git clone: the tracked files as they are now, one commit old."""
    listed = subprocess.run(
        ["git", "-C", str(PROJECT), "ls-files", "-z"], capture_output=True, check=True
    ).stdout.split(b"\0")
    for name in filter(None, map(os.fsdecode, listed)):
        if (PROJECT / name).is_file():
            (origin / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, origin / name)
    who = ["-c", "user.name=Stage", "-c", "user.email=stage@example.com", "-c", "init.defaultBranch=main"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "The kit"]):
        subprocess.run(["git", "-C", str(origin), *who, *words], check=True)
    subprocess.run(["git", "clone", "-q", str(origin), str(kit)], check=True)


def _of_this_machine() -> dict[str, str]:
    """How the machine that runs the tests gets packages: its registry, and what it has fetched before."""
    taken = {name: value for name, value in os.environ.items() if name.upper().endswith(_TAKE_ALONG)}
    own = Path.home() / ".config" / "pip" / "pip.conf"
    if own.is_file():
        taken["PIP_CONFIG_FILE"] = str(own)
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    taken["PIP_CACHE_DIR"] = os.environ.get("PIP_CACHE_DIR") or str(caches / "pip")
    uv = real_uv()
    cache = os.environ.get("UV_CACHE_DIR")
    if uv and not cache:
        cache = subprocess.run(
            [uv, "cache", "dir"], capture_output=True, text=True, check=True
        ).stdout.strip()
    return {**taken, "UV_CACHE_DIR": cache or str(caches / "uv")}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    except (ProcessLookupError, ChildProcessError):
        # It has ended by itself, or is nobody's child any more.
        pass
