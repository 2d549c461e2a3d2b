"""The verb `workflows`: write the shipped graphs, flatten one, check one."""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

from ltxlib.core import check, recipes, roles, workflow
from ltxlib.core.flatten import flatten
from ltxlib.core.parsing import refuse_size
from ltxlib.core.problem import errors_in
from ltxlib.core.schema import NodeSchema, shipped
from ltxlib.errors import WorkflowError
from ltxlib.store.files import write_whole
from ltxlib.store.project import find_project
from ltxlib.studio.connect import connect


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


def _schema(arguments: argparse.Namespace) -> NodeSchema:
    if arguments.object_info is None:
        return shipped()
    data = _bytes(arguments.object_info)
    try:
        if data.startswith(b"\x1f\x8b"):
            data = gzip.decompress(data)
        return NodeSchema(json.loads(data))
    except (ValueError, OSError, EOFError) as error:
        raise WorkflowError(
            f"{arguments.object_info.name} is not a saved /object_info answer.",
            cure="Save http://127.0.0.1:8188/object_info as a file and name that.",
        ) from error


def _bytes(path: Path, *, largest: bool = False) -> bytes:
    """A file's bytes. largest: whether it must not be larger than a workflow can be."""
    try:
        if largest:
            refuse_size(path.stat().st_size, path.name)
        return path.read_bytes()
    except OSError as error:
        raise WorkflowError(
            f"{path} cannot be read: {error.strerror}.", cure="Check the file's name."
        ) from error


def _load(path: Path) -> dict[str, Any]:
    return workflow.load_bytes(_bytes(path, largest=True), path.name)


def flatten_file(arguments: argparse.Namespace) -> int:
    """Print the API graph of a workflow file."""
    print(
        json.dumps(flatten(_load(arguments.file), _schema(arguments)), indent=None if arguments.json else 1)
    )
    return 0


def check_file(arguments: argparse.Namespace) -> int:
    """Say what a server would refuse in a workflow file, and which roles it has."""
    ui = _load(arguments.file)
    schema = connect(find_project(arguments.project)).schema if arguments.server else _schema(arguments)
    problems = check.check_graph(flatten(ui, schema), schema)
    found = roles.found(ui)
    if arguments.json:
        said = [{"where": p.where, "what": p.what, "cure": p.cure, "warning": p.warning} for p in problems]
        print(json.dumps({"problems": said, "roles": found}))
    else:
        print("\n".join(map(str, problems)) or "All is well: a server with these nodes would take it.")
        print(
            "The kit can set: "
            + (", ".join(sorted(found)) or "nothing (there are no role tags in the titles)")
        )
    return 1 if errors_in(problems) else 0
