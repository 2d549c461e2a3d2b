"""A ComfyUI's folder that imports node packs for true, packs in git repositories, wheels in a folder."""

from __future__ import annotations

import hashlib
import os
import subprocess
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path

# Imports custom_nodes as ComfyUI does (nodes.py of 0.33.0: folders, not those named .disabled), says what
# failed in its words, and answers the few questions the kit asks; on nothing but the standard library.
MAIN = """
import importlib.util, json, sys, threading, traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

here = Path(__file__).resolve().parent
port = int([sys.argv[n + 1] for n, word in enumerate(sys.argv) if word == "--port"][-1])
classes = {"KSampler": {}}
failed = []
for folder in sorted((here / "custom_nodes").iterdir()):
    if folder.name.endswith(".disabled") or not folder.is_dir():
        continue
    try:
        spec = importlib.util.spec_from_file_location(folder.name.replace(".", "_"), folder / "__init__.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        classes.update(dict.fromkeys(module.NODE_CLASS_MAPPINGS, {}))
    except Exception as error:
        traceback.print_exc()
        print(f"\\x1b[33m[WARNING]\\x1b[0m Cannot import {folder} module for custom nodes: {error}")
        failed.append(folder)
print("Import times for custom nodes:")
for folder in failed:
    print(f"   0.0 seconds (IMPORT FAILED): {folder}", flush=True)
if "Dies" in classes:
    print("RuntimeError: a node pack broke the server", flush=True)
    sys.exit(1)

class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        told = {
            "/object_info": classes,
            "/system_stats": {"system": {"comfyui_version": "0.27.0"}, "devices": []},
            "/queue": {"queue_running": [], "queue_pending": []},
        }.get(self.path)
        body = json.dumps(told).encode()
        self.send_response(200 if told else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass

ThreadingHTTPServer(("127.0.0.1", port), Answers).serve_forever()
"""


def write(root: Path, files: Mapping[str, str]) -> None:
    """Files below a folder, by their names in it."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def commit(root: Path, files: Mapping[str, str]) -> str:
    """Commits these files in a repository, which is made when it is not there; gives the commit's name."""
    root.mkdir(parents=True, exist_ok=True)
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    for role in ("AUTHOR", "COMMITTER"):
        env |= {f"GIT_{role}_NAME": "Maker", f"GIT_{role}_EMAIL": "maker@example.org"}

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(root), *words], check=True, capture_output=True, text=True, env=env
        )
        return done.stdout.strip()

    if not (root / ".git").exists():
        git("init", "-q", "-b", "main")
    write(root, files)
    git("add", "-A")
    git("commit", "-q", "-m", "A commit")
    return git("rev-parse", "HEAD")


def wheel(folder: Path, name: str, version: str, needs: Iterable[str] = (), code: str = "") -> Path:
    """A wheel with one module of its name."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    files = {
        f"{name}.py": f"version = {version!r}\n{code}",
        f"{info}/METADATA": "\n".join([*metadata, *(f"Requires-Dist: {need}" for need in needs), ""]),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: a-test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = []
    for path, text in files.items():
        digest = urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record.append(f"{path},sha256={digest},{len(text.encode())}")
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in files.items():
            archive.writestr(inner, text)
    return path
