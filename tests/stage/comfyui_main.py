"""ComfyUI's main.py on the stage: the kit's rehearsal, in ComfyUI's folders and with ComfyUI's arguments.

It is started by the commands that would start ComfyUI, says of itself that it is a rehearsal, has the model
files that lie in models/, and listens on this machine only, whatever --listen says.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from ltxlib.rehearsal.models import FOLDERS
from ltxlib.rehearsal.server import RehearsalServer, serve_forever
from ltxlib.rehearsal.settings import RehearsalSettings

ROOT = Path(__file__).resolve().parent
WEIGHTS = (".safetensors", ".sft", ".pt", ".ckpt", ".bin")


def arguments() -> argparse.Namespace:
    """ComfyUI's arguments; the last --port counts, and what is not known here is let pass."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen")
    parser.add_argument("--port", type=int, default=8188)
    parser.add_argument("--enable-cors-header", nargs="?", const="*")
    return parser.parse_known_args()[0]


def model_files() -> dict[str, list[str]]:
    """What lies in models/, folder by folder, as ComfyUI lists it."""
    found = {}
    for folder in FOLDERS:
        root = ROOT / "models" / folder
        files = (path for path in root.rglob("*") if path.suffix in WEIGHTS and not path.name.startswith("."))
        found[folder] = sorted(path.relative_to(root).as_posix() for path in files)
    return found


def main() -> None:
    """Serve until it is asked to end."""
    port = arguments().port
    log = ROOT / "user" / f"comfyui_{port}.log"
    log.parent.mkdir(exist_ok=True)
    logging.basicConfig(
        level=logging.INFO,
        format="%(message)s",
        handlers=[logging.StreamHandler(sys.stdout), logging.FileHandler(log, mode="w")],
    )

    def ready(server: RehearsalServer) -> None:
        logging.info("REHEARSAL: this is no ComfyUI but the kit's stand-in for it")
        logging.info("To see the GUI go to: %s", server.url)

    settings = RehearsalSettings(models=model_files())
    serve_forever(ROOT / "output", ROOT / "input", port=port, settings=settings, on_ready=ready)


if __name__ == "__main__":
    main()
