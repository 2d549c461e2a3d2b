"""The verb packs: node packs that the scenes need, installed into this machine's ComfyUI or taken out."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict

from ltxlib.cli.film import cancel_on_signals
from ltxlib.core.proven import PROVEN
from ltxlib.core.specials import PACK
from ltxlib.errors import BadInput
from ltxlib.store.project import Project, find_project
from ltxlib.studio import node_packs, packs_there
from ltxlib.studio.packs_there import Pack

_SAY_EVERY_S = 10.0


def packs(arguments: argparse.Namespace) -> int:
    """Say how packs stand, or change one; 0 when every pack that scenes need is imported."""
    project = find_project(arguments.project)
    name = arguments.name or PACK
    if arguments.install and arguments.remove:
        raise BadInput("A pack is installed or removed, not both.", cure="Leave one of the two words out.")
    if arguments.install or arguments.remove:
        found = (_changed(arguments, project, name),)
    else:
        found = packs_there.look(project)
        if arguments.name:
            found = (packs_there.stands(project, packs_there.plan(name).pack.name),)
    if arguments.json:
        print(json.dumps({"packs": [{**asdict(one), "says": one.says} for one in found]}))
    else:
        for one in found:
            print(one.says)
        if not (arguments.install or arguments.remove):
            _tell_plan(arguments, found)
    return 1 if any(one.scenes and not one.imported for one in found) else 0


def _tell_plan(arguments: argparse.Namespace, found: tuple[Pack, ...]) -> None:
    """What --install would do, for a pack that was named or that scenes need."""
    for one in found:
        if (arguments.name or one.scenes) and not one.imported and one.can_be_installed:
            print()
            print(packs_there.plan(one.name, arguments.commit).says)
            if one.verdict.kind == PROVEN and not arguments.commit:
                print(f"To do that: ./kit packs {one.name} --install")
            else:
                print(f"To try that all the same: ./kit packs {one.name} --install --anyway")


def _changed(arguments: argparse.Namespace, project: Project, name: str) -> Pack:
    at, said_s = 0, 0.0

    def say(step: node_packs.PackStep) -> None:
        nonlocal at, said_s
        # A step that counts its seconds is told now and then.
        if step.at != at or time.monotonic() - said_s >= _SAY_EVERY_S:
            at, said_s = step.at, time.monotonic()
            print(f"{step.at} of {step.of}: {step.says}", file=sys.stderr, flush=True)

    with cancel_on_signals() as cancel:
        if arguments.remove:
            return node_packs.remove(project, name, progress=say)
        return node_packs.install(
            project, name, commit=arguments.commit, anyway=arguments.anyway, progress=say, cancel=cancel
        )
