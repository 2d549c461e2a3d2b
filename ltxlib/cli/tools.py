"""The verbs around the film: check, lab, server."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from ltxlib.cli import words
from ltxlib.core.plan import estimate
from ltxlib.rehearsal.server import RehearsalServer, serve_forever
from ltxlib.rehearsal.settings import RehearsalSettings
from ltxlib.store.project import find_project
from ltxlib.studio import rehearsing
from ltxlib.studio.check import Checked, check_project
from ltxlib.ui.lab import lab_command


def add_verbs(verbs: Any) -> None:
    """Put this module's verbs on the command line."""
    check = verbs.add_parser(
        "check",
        help="look for mistakes in scenes.csv and all it names; renders nothing",
        description="Prints one problem a line and ends with 1 when something must be mended.",
    )
    check.add_argument("scenes", nargs="?", type=Path, help="another table than scenes.csv")
    check.add_argument("--json", action="store_true", help="print one JSON object")
    check.set_defaults(run=_check)
    lab = verbs.add_parser(
        "lab",
        help="open JupyterLab at the first notebook",
        description="Opens JupyterLab on 127.0.0.1:8888 (the next free port when that is taken).",
    )
    lab.add_argument("--port", type=int, default=8888, help="(8888)")
    lab.set_defaults(run=_lab)
    server = verbs.add_parser(
        "server",
        help="run the rehearsal: a stand-in for ComfyUI that needs no GPU",
        description="Answers like ComfyUI on 127.0.0.1 until it is stopped; all it makes is marked "
        "REHEARSAL. Also opens ComfyUI's own window when comfyui-frontend-package is installed.",
    )
    server.add_argument("--port", type=int, default=8188, help="(8188; 0 takes a free one)")
    server.add_argument(
        "--seconds-per-step",
        type=float,
        default=0.0,
        metavar="S",
        help="how slowly it renders (0: as fast as it can)",
    )
    server.set_defaults(run=_server)


def _check(arguments: argparse.Namespace) -> int:
    checked = check_project(find_project(arguments.project), arguments.scenes)
    if arguments.json:
        print(json.dumps(_facts(checked)))
        return 1 if checked.errors else 0
    for problem in checked.problems:
        print(f"{'worth a look: ' if problem.warning else ''}{problem}")
    if checked.errors:
        count = len(checked.errors)
        print(f"\n{count} problem{'s' if count > 1 else ''} to mend; nothing was rendered.", file=sys.stderr)
        return 1
    seconds = sum(float(plan.scene.duration_s) for plan in checked.plans)
    scenes = len({plan.scene.scene for plan in checked.plans})
    print(f"All is well: {scenes} scenes, {len(checked.plans)} takes, {words.span(seconds)} of clips.")
    print(f"On a pod they would take {words.pod_time(estimate(list(checked.plans)))}.")
    return 0


def _facts(checked: Checked) -> dict[str, Any]:
    return {
        "scenes": len(checked.scenes),
        "takes": len(checked.plans),
        "problems": [
            {"where": problem.where, "what": problem.what, "cure": problem.cure, "warning": problem.warning}
            for problem in checked.problems
        ],
    }


def _lab(arguments: argparse.Namespace) -> int:
    command, env = lab_command(find_project(arguments.project), arguments.port)
    print("JupyterLab opens in your browser. Leave this window open; Ctrl-C ends it.", flush=True)
    return subprocess.run(command, env={**os.environ, **env}, check=False).returncode


def _server(arguments: argparse.Namespace) -> int:
    project = find_project(arguments.project)
    folder = project.set(rehearsal=True).folder / "server"
    settings = RehearsalSettings(seconds_per_step=arguments.seconds_per_step)

    def ready(server: RehearsalServer) -> None:
        rehearsing.announce(project, server.url)
        says = f"REHEARSAL: a stand-in for ComfyUI answers at {server.url} (no GPU, no cost)."
        print(f"{says} Ctrl-C ends it.", flush=True)

    serve_forever(folder / "output", folder / "input", port=arguments.port, settings=settings, on_ready=ready)
    return 0
