"""The verb comfyui: ComfyUI's life on this machine."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from ltxlib.cli.film import cancel_on_signals
from ltxlib.cli.words import span
from ltxlib.store.project import Project, find_project
from ltxlib.studio import comfy_life
from ltxlib.studio.comfy_life import Life, Waiting

_SAY_EVERY_S = 10.0


def comfyui(arguments: argparse.Namespace) -> int:
    """Do it and say how ComfyUI is afterwards; 0 when it answers (after stop: when it has ended)."""
    project = find_project(arguments.project)
    if arguments.what == "log":
        lines = comfy_life.log_lines(project)
        print(json.dumps({"log": lines}) if arguments.json else "\n".join(lines) or "There is no log yet.")
        return 0
    if arguments.what == "workflows":
        place = comfy_life.show_workflows(project)
        said = f"In ComfyUI open Workflows (the folder at the left) and there {place.name}."
        print(json.dumps({"folder": str(place)}) if arguments.json else said)
        return 0
    if arguments.what == "free":
        freed = comfy_life.free(project)
        told = {**_plain(freed.life), "says": freed.says, "freed_bytes": freed.freed_bytes}
        print(json.dumps(told) if arguments.json else freed.says)
        return 0
    found = _done(arguments.what, project)
    if arguments.json:
        print(json.dumps(_plain(found)))
    else:
        print(f"{found.says} {found.work} {found.held}".strip())
        print(f"In a browser: {found.address} (ComfyUI asks nobody for a password)")
    return 0 if found.answers != (arguments.what == "stop") else 1


def _plain(found: Life) -> dict[str, Any]:
    return {**asdict(found), "root": str(found.root), "says": found.says}


def _done(what: str, project: Project) -> Life:
    if what == "stop":
        return comfy_life.stop(project)
    if what == "status":
        return comfy_life.life(project)
    said_s = 0.0

    def waiting(so_far: Waiting) -> None:
        nonlocal said_s
        if so_far.waited_s - said_s >= _SAY_EVERY_S:
            said_s = so_far.waited_s
            cost = "" if so_far.spent_usd is None else f", ${so_far.spent_usd:.3f}"
            print(f"Waiting for ComfyUI: {span(so_far.waited_s)}{cost}", file=sys.stderr, flush=True)

    with cancel_on_signals() as cancel:
        return comfy_life.start(project, again=what == "restart", waiting=waiting, cancel=cancel)
