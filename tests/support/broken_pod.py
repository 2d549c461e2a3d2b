"""A pod in a folder, healthy until a test breaks it: machine, ComfyUI, models, kernel, a project."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from ltxlib.pod import doors
from ltxlib.store.project import Project
from ltxlib.studio import doctor, models

NOW_S = 1_800_000_000.0
NVIDIA = '#!/bin/sh\necho "NVIDIA GeForce RTX 4090, 24564, 550.90"\n'
A100 = '#!/bin/sh\necho "NVIDIA A100 80GB PCIe, 81920, 550.90"\n'
BROKEN = "#!/bin/sh\necho NVIDIA-SMI has failed >&2\nexit 9\n"
NO_CARD = "#!/bin/sh\nexit 0\n"
SECRET = "rpa_PLANTEDPLANTED"
# What ComfyUI is on these pods: it takes some time, then says how it is.
PLAYED = """
import http.server, json, pathlib, sys, time
class Says(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        devices = json.loads(pathlib.Path("devices.json").read_text())
        body = json.dumps({"system": {"comfyui_version": "0.33.0"}, "devices": devices}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_POST = do_GET
    def log_message(self, *words):
        pass
words = sys.argv
port = [words[place + 1] for place, word in enumerate(words) if word == "--port"]
if "--mute" in words or not port:
    time.sleep(600)
if "--slow" in words:
    time.sleep(0.5)
http.server.ThreadingHTTPServer(("127.0.0.1", int(port[-1])), Says).serve_forever()
"""


class Pod:
    """A healthy pod in a folder: its own /proc and /sys, a ComfyUI, its models, a project, a PATH."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.patch, self.stack = folder / "machine", monkeypatch, ExitStack()
        self.home, self.bin = folder / "home", folder / "bin"
        self.comfy = folder / "workspace" / "runpod-slim" / "ComfyUI"
        self.project = Project(folder / "workspace" / "kit")
        for made in (self.root / "proc/self", self.root / "sys/fs/cgroup", self.home, self.bin):
            made.mkdir(parents=True)
        (self.project.root / ".venv/bin").mkdir(parents=True)
        (self.project.root / ".venv/bin/python").touch()
        (self.root / "proc/meminfo").write_text(f"MemTotal: {500 * 10**6} kB\n")
        self.memory(94 * 10**9)
        self.mounts(f"/dev/sdb {folder / 'workspace'} ext4 rw 0 0")
        self.card(NVIDIA)
        python = self.comfy.parent / ".venv-cu128/bin/python"
        python.parent.mkdir(parents=True)
        python.symlink_to(sys.executable)
        (self.comfy / "custom_nodes/ComfyUI-Manager").mkdir(parents=True)
        (self.comfy / "main.py").write_text(PLAYED)
        (self.comfy / "devices.json").write_text("[]")
        (self.comfy / "comfyui_version.py").write_text('__version__ = "0.33.0"\n')
        self.kernel(self.project.root / ".venv/bin/python")
        for file in models.files_of([]):
            self.model(file)
        env = {"RUNPOD_POD_ID": "k7x2abc9pod", "RUNPOD_GPU_COUNT": "1", "LTX_USD_PER_HOUR": "0.59"}
        env |= {"HOME": str(self.home), "PATH": str(self.bin), "LTX_COMFY_ROOT": str(self.comfy)}
        env |= {"LTX_COMFY_URL": "http://127.0.0.1:9", "RUNPOD_API_KEY": SECRET}
        for name in ("JPY_PARENT_PID", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "XDG_DATA_HOME"):
            monkeypatch.delenv(name, raising=False)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        # Other programs of this machine must not be taken for the pod's.
        for name, port in (("FILES_PORT", 1), ("JUPYTER_PORT", 1)):
            monkeypatch.setattr(doors, name, port)
        monkeypatch.setattr(doors.files_open, "__defaults__", ("127.0.0.1", 1))
        monkeypatch.setattr(doors.jupyter_open, "__defaults__", ("127.0.0.1", 1))

    def memory(self, size_bytes: int | str, place: str = "sys/fs/cgroup/memory.max") -> None:
        (self.root / place).parent.mkdir(parents=True, exist_ok=True)
        (self.root / place).write_text(f"{size_bytes}\n")

    def mounts(self, *lines: str) -> None:
        (self.root / "proc/self/mounts").write_text("\n".join(["overlay / overlay rw 0 0", *lines]))

    def card(self, script: str | None) -> None:
        tool = self.bin / "nvidia-smi"
        tool.unlink(missing_ok=True)
        if script is not None:
            tool.write_text(script)
            tool.chmod(0o755)

    def kernel(self, python: Path | None) -> None:
        spec = self.home / ".local/share/jupyter/kernels/ltx-kit/kernel.json"
        spec.parent.mkdir(parents=True, exist_ok=True)
        spec.write_text(json.dumps({"argv": [str(python), "-m", "ipykernel"]} if python else []))

    def model(self, file, folder: str = "", share: float = 1.0) -> Path:
        """A file of the right size, with no bytes in it."""
        path = self.comfy / "models" / (folder or file.folder) / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as out:
            out.truncate(int(file.size_bytes * share))
        return path

    @contextmanager
    def comfyui_runs(self, *words: str, script: str = "main.py") -> Iterator[int]:
        """ComfyUI, started by hand on a port of its own; `--mute`: it never answers."""
        with socket.socket() as asked:
            asked.bind(("127.0.0.1", 0))
            port = asked.getsockname()[1]
        self.arguments(f"--port {port}")
        process = subprocess.Popen([sys.executable, script, "--port", str(port), *words], cwd=self.comfy)
        try:
            until = time.monotonic() + 30
            while "--mute" not in words and time.monotonic() < until:
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
            yield port
        finally:
            process.kill()
            process.wait()

    def arguments(self, text: str) -> None:
        """What people wrote into comfyui_args.txt."""
        (self.comfy.parent / "comfyui_args.txt").write_text(text)

    def lines(self, now_s: float = NOW_S):
        return doctor.examine(self.project, self.root, lambda: now_s)


def line(lines, name):
    found = [one for one in lines if one.name == name]
    assert len(found) == 1, f"{name}: {[one.name for one in lines]}"
    return found[0]
