"""The verb `workflows`: write the shipped graphs, flatten one, check one."""

from __future__ import annotations

import argparse
import json

from ltxlib.cli.graph_files import file_of, load, schema_of
from ltxlib.core import check, recipes, roles
from ltxlib.core.drift import follow
from ltxlib.core.flatten import flatten
from ltxlib.core.problem import errors_in
from ltxlib.store.files import write_whole
from ltxlib.store.project import find_project


def build(arguments: argparse.Namespace) -> int:
    """Write the shipped workflows where they are not current."""
    project = find_project(arguments.project)
    written = []
    for name, text in recipes.shipped().items():
        path = project.workflows / name
        if not path.is_file() or path.read_text("utf-8") != text:
            write_whole(path, text.encode())
            written.append(name)
    if arguments.json:
        print(json.dumps({"written": written, "workflows": list(recipes.shipped())}))
    else:
        print(
            "\n".join(f"written: workflows/{name}" for name in written)
            or "All shipped workflows are current."
        )
    return 0


def flatten_file(arguments: argparse.Namespace) -> int:
    """Print the API graph of a workflow file."""
    graph = flatten(load(file_of(arguments)), schema_of(arguments))
    print(json.dumps(graph, indent=None if arguments.json else 1))
    return 0


def check_file(arguments: argparse.Namespace) -> int:
    """Say what a server would refuse in a workflow file, and which roles it has."""
    ui = load(file_of(arguments))
    schema = schema_of(arguments)
    problems = check.check_classes(ui, schema)
    if not problems:
        graph = flatten(ui, schema)
        follow(graph, schema)
        problems = check.check_graph(graph, schema)
    found = roles.found(ui)
    if arguments.json:
        said = [{"where": p.where, "what": p.what, "cure": p.cure, "warning": p.warning} for p in problems]
        print(json.dumps({"problems": said, "roles": found}))
    else:
        print("\n".join(map(str, problems)) or "All is well: a server with these nodes would take it.")
        none = "nothing (there are no role tags in the titles; ./kit workflows bind can find them)"
        print(f"The kit can set: {', '.join(sorted(found)) or none}")
    return 1 if errors_in(problems) else 0
