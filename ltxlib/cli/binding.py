"""The verb `workflows bind`: find what the kit can drive in a person's own graph, and tag it on request."""

from __future__ import annotations

import argparse
import json
import textwrap
from typing import Any

from ltxlib.cli import words
from ltxlib.cli.graph_files import file_bytes, file_of, load, schema_of
from ltxlib.core.binding import Proposal, propose
from ltxlib.core.parsing import text_of
from ltxlib.core.roles import PREFIX
from ltxlib.core.tagging import tagged
from ltxlib.store.files import write_whole

_WIDTH = 100


def bind(arguments: argparse.Namespace) -> int:
    """Propose which node plays which role, say what cannot be set, and write the tags when asked to.

    Gives 1 when a role is missing without which no take can be made.
    """
    path, schema = file_of(arguments), schema_of(arguments)
    proposal = propose(load(path), schema)
    written = bool(arguments.write and proposal.bindings)
    if written:
        text = text_of(file_bytes(path, largest=True), path.name)
        write_whole(path, tagged(text, path.name, proposal.bindings, schema).encode())
    if arguments.json:
        print(json.dumps(_facts(proposal, path.name, written=written)))
    else:
        print("\n".join(_told(proposal, path.name, written=written)))
    return 0 if proposal.complete else 1


def _facts(proposal: Proposal, name: str, *, written: bool) -> dict[str, Any]:
    return {
        "file": name,
        "bindings": [vars(binding) for binding in proposal.bindings],
        "gaps": [{**vars(gap), "needed": gap.needed} for gap in proposal.gaps],
        "notes": proposal.notes,
        "tagged": proposal.tagged,
        "complete": proposal.complete,
        "written": written,
    }


def _told(proposal: Proposal, name: str, *, written: bool) -> list[str]:
    lines = [f"tagged already: {role}, {', '.join(nodes)}" for role, nodes in proposal.tagged.items()]
    rows = [(f"[{PREFIX}{one.role}]", one.node.removeprefix("the node ")) for one in proposal.bindings]
    for line, binding in zip(words.table(rows) if rows else (), proposal.bindings, strict=True):
        lines += [line, *textwrap.wrap(binding.why, _WIDTH, initial_indent="    ", subsequent_indent="    ")]
    if proposal.gaps:
        lines += ["", "What the kit cannot set here:"]
        for gap in proposal.gaps:
            needed = " This is needed for every take." if gap.needed else ""
            lines += textwrap.wrap(f"{gap}{needed}", _WIDTH, initial_indent="- ", subsequent_indent="  ")
    for note in proposal.notes:
        lines += textwrap.wrap(note, _WIDTH, initial_indent="- ", subsequent_indent="  ")
    lines.append("")
    if not proposal.complete:
        lines.append(f"{name} cannot be driven by scenes.csv yet: see what is needed above.")
    elif written:
        lines.append(f"The tags are in the titles now: write {name} into the column workflow of scenes.csv.")
    elif rows:
        lines.append(f"Nothing was changed. To write the tags: ./kit workflows bind {name} --write")
    else:
        lines.append("All that the kit can find here is tagged already.")
    return lines
