"""The verb update: what is new in the kit, and bringing it forward."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from ltxlib.store.project import find_project
from ltxlib.studio import updating


def update(arguments: argparse.Namespace) -> int:
    """Say what is new, or bring it; 1 when something is new and was not brought."""
    project = find_project(arguments.project)
    found = updating.update(project) if arguments.go else updating.look(project)
    if arguments.json:
        print(json.dumps({**asdict(found), "updated": arguments.go and found.there}))
    else:
        print(found.says)
        if found.there:
            done = " ".join(("Done.", *found.after))
            print(done if arguments.go else "Nothing was changed yet: ./kit update --go does it.")
    return 0 if arguments.go or not found.there else 1
