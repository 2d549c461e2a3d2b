"""The verbs around the film: check, lab, server."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from typing import Any

from ltxlib.cli import words
from ltxlib.core.plan import estimate
from ltxlib.rehearsal.server import RehearsalServer, serve_forever
from ltxlib.rehearsal.settings import RehearsalSettings
from ltxlib.store.project import find_project
from ltxlib.studio import rehearsing
from ltxlib.studio.check import Checked, check_project
from ltxlib.studio.lab import lab_command


def check(arguments: argparse.Namespace) -> int:
    """Say what is wrong with scenes.csv, one problem a line; 1 when something must be mended."""
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


def lab(arguments: argparse.Namespace) -> int:
    """Open JupyterLab and stay until it ends."""
    command, env = lab_command(find_project(arguments.project), arguments.port)
    print("JupyterLab opens in your browser. Leave this window open; Ctrl-C ends it.")
    print("If no page opens, copy the line below that begins with http://127.0.0.1 into it.", flush=True)
    return subprocess.run(command, env={**os.environ, **env}, check=False).returncode


def server(arguments: argparse.Namespace) -> int:
    """Serve the rehearsal until it is stopped."""
    project = find_project(arguments.project)
    folder = project.set(rehearsal=True).folder / "server"
    packs = frozenset(arguments.pack)
    record = arguments.record.resolve() if arguments.record else None
    settings = RehearsalSettings(seconds_per_step=arguments.seconds_per_step, packs=packs, record=record)

    options = ["--seconds-per-step", str(arguments.seconds_per_step)]
    options += [word for pack in sorted(packs) for word in ("--pack", pack)]
    options += ["--record", str(record)] if record else []
    options += ["--for-one-run"] if arguments.for_one_run else []

    def ready(server: RehearsalServer) -> None:
        rehearsing.announce(project, server.url, lasting=not arguments.for_one_run, options=options)
        says = f"REHEARSAL: a stand-in for ComfyUI answers at {server.url} (no GPU, no cost)."
        print(f"{says} Ctrl-C ends it.", flush=True)

    serve_forever(folder / "output", folder / "input", port=arguments.port, settings=settings, on_ready=ready)
    return 0
