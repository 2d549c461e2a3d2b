"""The verb home: taking films and takes home."""

from __future__ import annotations

import argparse
import json

from ltxlib.store.project import find_project
from ltxlib.studio import taking_home


def home(arguments: argparse.Namespace) -> int:
    """Take them, or say what lies only here; 0 when nothing (more) does, 1 while something does."""
    project = find_project(arguments.project)
    shelf = project.set(rehearsal=arguments.rehearsal)
    facts: dict[str, object] = {}
    said = []
    if arguments.zip:
        path = taking_home.pack(shelf, arguments.what, again=arguments.again)
        facts["zip"] = str(path or "")
        said.append(f"The ZIP: {path}" if path else "There is nothing to take.")
        if path:
            said.append("When it has arrived at your place, say so: ./kit home --have")
    if arguments.to is not None:
        copied = taking_home.send(project, shelf, arguments.what, remote=arguments.to, again=arguments.again)
        facts["copied"] = copied
        said.append(f"Copied: {copied}.")
    if arguments.have:
        facts["arrived"] = taking_home.arrived(
            shelf, taking_home.chosen(shelf, arguments.what), "said by a person"
        )
        said.append(f"Noted as copied: {facts['arrived']}.")
    found = taking_home.left(shelf)
    facts |= {"takes": found.takes, "films": found.films, "size_bytes": found.size_bytes}
    print(json.dumps(facts) if arguments.json else "\n".join([*said, found.says]))
    return 1 if found.goods else 0
