"""The verbs models (which model files are here, fetching what is missing) and doctor (all of the machine)."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict

from ltxlib.cli import words
from ltxlib.cli.film import cancel_on_signals
from ltxlib.errors import BadInput
from ltxlib.hub.asking import kept_token
from ltxlib.store.project import Project, find_project
from ltxlib.studio import curing
from ltxlib.studio import doctor as doctoring
from ltxlib.studio import models as service
from ltxlib.studio.setup import RED

GB = service.GB
_SAY_EVERY_S = 5.0


def models(arguments: argparse.Namespace) -> int:
    """Say what is here and what is missing, or fetch it; 0 when everything is here and well."""
    files = service.files_of(arguments.names, arguments.camera or ("static",))
    folder = service.models_folder(arguments.to)
    plan = service.plan(files, folder)
    say = _quiet if arguments.json else _aloud
    say("\n".join(_table(plan)))
    with cancel_on_signals() as cancel:
        if arguments.fetch:
            teller = _Teller(say)
            service.fetch_all(plan, token=kept_token(), on_progress=teller.tell, cancel=cancel)
            plan = service.plan(files, folder)
            say(f"All {len(plan.found)} files are here." if not plan.missing else "Some files are missing.")
        if arguments.verify:
            problems = service.check_digests(plan, cancel=cancel)
            if problems:
                raise BadInput("Some files are damaged.", problems)
            say("Every file whose SHA-256 is known is what its maker published.")
    if arguments.json:
        print(json.dumps(_facts(plan)))
    return 1 if plan.missing or plan.misplaced else 0


def doctor(arguments: argparse.Namespace) -> int:
    """Say how everything is, 1 when something is red; or do what the kit can do about a line."""
    project = find_project(arguments.project)
    if arguments.cure:
        return _cure(project, curing.find(arguments.cure), arguments)
    lines = doctoring.examine(project)
    if arguments.json:
        print(json.dumps({"lines": [asdict(line) for line in lines]}))
    elif arguments.support:
        print(doctoring.support_text(lines), end="")
    else:
        for line in lines:
            print(f"{line.state.upper():5}  {line.name}: {line.says}")
            if curing.advice(line):
                print(f"       -> {curing.advice(line)}")
    return 1 if any(line.state == RED for line in lines) else 0


def _cure(project: Project, cure: curing.Cure, arguments: argparse.Namespace) -> int:
    """Does one cure; where it asks, only with --yes."""
    question = cure.asks(project) if cure.asks else ""
    if cure.asks and not question:
        said, code = "There is nothing to do.", 0
    elif question and not arguments.yes:
        said, code = f"{question} Add --yes to do it.", 1
    else:
        with cancel_on_signals() as cancel:
            said, code = cure.run(project, curing.Doing(cancel=cancel)), 0
    print(json.dumps({"cure": cure.key, "says": said, "done": code == 0}) if arguments.json else said)
    return code


def _table(plan: service.ModelsPlan) -> list[str]:
    rows = [["file", "folder", "size", "state"]]
    for one in plan.found:
        size = "?" if one.file.size_bytes is None else f"{one.file.size_bytes / GB:.1f} GB"
        state = one.state
        if one.lies is not None:
            state += f" ({one.lies.parent.name}/)"
        elif one.state == "half there":
            state = f"{one.have_bytes / GB:.1f} GB of it are here"
        rows.append([one.file.name, f"models/{one.file.folder}", size, state])
    lines = words.table(rows)
    lines += ["", f"Together {plan.total_bytes / GB:.1f} GB in {plan.models}."]
    if plan.missing:
        took = words.span(plan.seconds) if plan.seconds else "not measured here yet"
        lines.append(
            f"Still to fetch: {plan.left_bytes / GB:.1f} GB; time: {took}; free on the disk: "
            f"{plan.free_bytes / GB:.1f} GB{'' if plan.fits else ', WHICH IS TOO LITTLE'}."
        )
        gated = sorted({one.file.hf_repo for one in plan.missing if one.file.gated})
        lines += [f"{repo} asks you to log in and agree to its terms first." for repo in gated]
        lines.append("Add --fetch to fetch it.")
    return lines


def _facts(plan: service.ModelsPlan) -> dict[str, object]:
    return {
        "models": str(plan.models),
        "total_bytes": plan.total_bytes,
        "left_bytes": plan.left_bytes,
        "free_bytes": plan.free_bytes,
        "fits": plan.fits,
        "files": [
            {
                "name": one.file.name,
                "folder": one.file.folder,
                "repository": one.file.hf_repo,
                "size_bytes": one.file.size_bytes,
                "have_bytes": one.have_bytes,
                "state": one.state,
            }
            for one in plan.found
        ],
    }


class _Teller:
    """One line now and then; on a terminal one line that changes."""

    def __init__(self, say: object) -> None:
        self._say, self._said_s = say, 0.0

    def tell(self, state: service.FetchState) -> None:
        """Say how far it is."""
        if self._say is _quiet or time.monotonic() - self._said_s < _SAY_EVERY_S:
            return
        self._said_s = time.monotonic()
        left = f", {words.span(state.left_s)} left" if state.left_s is not None else ""
        speed = f" at {state.bytes_per_s / 1e6:.0f} MB/s" if state.bytes_per_s else ""
        done = f"{state.done_bytes / GB:.2f} of {state.size_bytes / GB:.2f} GB"
        print(f"{state.phase} {state.file}: {done}{speed}{left}", file=sys.stderr, flush=True)


def _aloud(text: str) -> None:
    print(text, flush=True)


def _quiet(_text: str) -> None:
    """Only the JSON object is wanted."""
