"""A folder like that of RunPod's template, whose ComfyUI is played by the rehearsal."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ltxlib.pod import comfyui

KIT = Path(__file__).resolve().parents[2]
# What ComfyUI's own main.py is started with is what this one understands.
MAIN = f"""
import sys
import time
sys.path.insert(0, {str(KIT)!r})
words = sys.argv[1:]
if "--broken" in words:
    print("ImportError: cannot import name 'pad' from 'kornia'", flush=True)
    sys.exit(1)
print("\\x1b[32m[INFO]\\x1b[0m ComfyUI version: 0.33.0", flush=True)
print("hf_token is rpa_PLANTEDPLANTED", flush=True)
if "--pack" in words:
    print("\\x1b[1m\\x1b[33m[WARNING]\\x1b[0m Cannot import /nodes/OldPack module for custom nodes: no <pad>")
    print("[INFO]    0.0 seconds (IMPORT FAILED): /nodes/OldPack", flush=True)
if "--slow" in words:
    time.sleep(600)
if "--late" in words:
    # As node packs are imported one after the other.
    for number in range(4):
        print("[INFO]    1.0 seconds: /nodes/Pack", number, flush=True)
        time.sleep(1)
port = int([words[n + 1] for n, word in enumerate(words[:-1]) if word == "--port"][-1])
import threading
from pathlib import Path
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
here = Path.cwd()
settings = RehearsalSettings(seconds_per_step=0.5 if "--calm" in words else 0.0)
with RehearsalServer(here / "output", here / "input", port=port, settings=settings):
    print("[INFO] To see the GUI go to: http://127.0.0.1", flush=True)
    threading.Event().wait()
"""


@contextmanager
def comfy_home(root: Path) -> Iterator[comfyui.ComfyHome]:
    """The ComfyUI of LTX_COMFY_ROOT, on a free port; whatever runs of it is ended afterwards."""
    root.mkdir(parents=True)
    (root / "main.py").write_text(MAIN)
    (root / "comfyui_version.py").write_text('__version__ = "0.33.0"\n')
    python = root.parent / ".venv-cu128" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (root.parent / "comfyui_args.txt").write_text(f"--port {port}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LTX_COMFY_ROOT", str(root))
        patch.setenv("LTX_USD_PER_HOUR", "3600")
        for name in ("RUNPOD_POD_ID", "LTX_COMFY_URL"):
            patch.delenv(name, raising=False)
        found = comfyui.find_home()
        assert found is not None
        yield found
        comfyui.end(found)


def argue(home: comfyui.ComfyHome, words: str) -> None:
    """Add to what people wrote into comfyui_args.txt."""
    with (home.root.parent / "comfyui_args.txt").open("a") as file:
        file.write(f"{words}\n")
