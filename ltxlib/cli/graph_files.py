"""Which workflow file a verb is about, and by which node table it is judged."""

from __future__ import annotations

import argparse
import gzip
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from ltxlib.core import workflow
from ltxlib.core.parsing import refuse_size
from ltxlib.core.schema import NodeSchema, shipped
from ltxlib.errors import StoreError, WorkflowError
from ltxlib.store.project import find_project
from ltxlib.studio.connect import connect


def file_of(arguments: argparse.Namespace) -> Path:
    """The file that is meant: as it was named, else the one of that name in the project's workflows."""
    named: Path = arguments.file
    if not named.exists() and len(named.parts) == 1:
        with suppress(StoreError):
            inside = find_project(arguments.project).workflows / named
            return inside if inside.is_file() else named
    return named


def load(path: Path) -> dict[str, Any]:
    """The workflow in a file. Raises WorkflowError."""
    return workflow.load_bytes(file_bytes(path, largest=True), path.name)


def file_bytes(path: Path, *, largest: bool = False) -> bytes:
    """A file's bytes. largest: whether it must not be larger than a workflow can be. Raises WorkflowError."""
    try:
        if largest:
            refuse_size(path.stat().st_size, path.name)
        return path.read_bytes()
    except OSError as error:
        raise WorkflowError(
            f"{path} cannot be read: {error.strerror}.", cure="Check the file's name."
        ) from error


def schema_of(arguments: argparse.Namespace) -> NodeSchema:
    """The node table to go by: the server's when it is to be asked, else a saved one, else the kit's own."""
    if getattr(arguments, "server", False):
        return connect(find_project(arguments.project)).schema
    if arguments.object_info is None:
        return shipped()
    data = file_bytes(arguments.object_info)
    try:
        if data.startswith(b"\x1f\x8b"):
            data = gzip.decompress(data)
        return NodeSchema(json.loads(data))
    except (ValueError, OSError, EOFError) as error:
        raise WorkflowError(
            f"{arguments.object_info.name} is not a saved /object_info answer.",
            cure="Save http://127.0.0.1:8188/object_info as a file and name that.",
        ) from error
