"""The verb `workflows`: write the shipped graphs, flatten one, check one."""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

from ltxlib.core import check, recipes, roles, workflow
from ltxlib.core.flatten import flatten
from ltxlib.core.problem import errors_in
from ltxlib.core.schema import NodeSchema, shipped
from ltxlib.errors import WorkflowError
from ltxlib.store.files import write_whole
from ltxlib.store.project import find_project
from ltxlib.studio.connect import connect

_OBJECT_INFO = "a saved /object_info answer (.json or .json.gz) to go by"


def add_verbs(verbs: Any) -> None:
    """Put this module's verb on the command line."""
    top = verbs.add_parser(
        "workflows",
        help="write, flatten or check ComfyUI graphs",
        description="build: write the shipped workflows again.  flatten FILE: print the graph as it is sent "
        "to ComfyUI.  check FILE: say what a server would refuse and which inputs the kit can drive.",
    )
    what = top.add_subparsers(metavar="build|flatten|check", dest="what", required=True)
    build = what.add_parser("build", help="write the shipped workflows again")
    build.add_argument("--json", action="store_true", help="print one JSON object")
    build.set_defaults(run=_build)
    for name, run, says in (
        ("flatten", _flatten, "print the API graph of a workflow file"),
        ("check", _check, "say what a server would refuse"),
    ):
        verb = what.add_parser(name, help=says)
        verb.add_argument("file", type=Path)
        verb.add_argument("--object-info", type=Path, metavar="JSON", help=_OBJECT_INFO)
        verb.add_argument("--json", action="store_true", help="print one JSON object")
        verb.set_defaults(run=run)
    what.choices["check"].add_argument("--server", action="store_true", help="ask the server that is running")


def _build(arguments: argparse.Namespace) -> int:
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


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WorkflowError(
            f"{path} cannot be read: {error.strerror}.", cure="Check the file's name."
        ) from error


def _load(path: Path) -> dict[str, Any]:
    return workflow.load(_bytes(path).decode("utf-8-sig", errors="replace"), path.name)


def _flatten(arguments: argparse.Namespace) -> int:
    print(
        json.dumps(flatten(_load(arguments.file), _schema(arguments)), indent=None if arguments.json else 1)
    )
    return 0


def _check(arguments: argparse.Namespace) -> int:
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
