"""The verb publish: what goes with a film to YouTube, and where a film comes from."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

from ltxlib.core.publishing import ALTERED_CONTENT
from ltxlib.store.project import find_project
from ltxlib.studio import provenance
from ltxlib.studio.publishing import Pack
from ltxlib.studio.publishing import publish as write_pack


def publish(arguments: argparse.Namespace) -> int:
    """Write the publishing pack of a film; 1 when something in it must be mended before it is published."""
    project = find_project(arguments.project)
    shelf = project.set(rehearsal=arguments.rehearsal)
    if arguments.trace:
        origin = provenance.trace(project, shelf, arguments.trace)
        print(json.dumps(origin) if arguments.json else "\n".join(trace_lines(origin)))
        return 0
    pack = write_pack(project, shelf, name=arguments.name, words=arguments.words, timeline=arguments.timeline)
    print(json.dumps(pack_facts(pack)) if arguments.json else "\n".join(pack_lines(pack)))
    return 0 if all(problem.warning for problem in pack.problems) else 1


def pack_facts(pack: Pack) -> dict[str, Any]:
    """A pack for a program."""
    return {
        "folder": str(pack.folder),
        "master": str(pack.master),
        "may_be_published": pack.publishable,
        "title": pack.texts.title,
        "description": pack.texts.description,
        "tags": list(pack.texts.tags),
        "chapters": [str(chapter) for chapter in pack.texts.chapters],
        "thumbnails": [str(path) for path in pack.thumbnails],
        "timeline": None if pack.timeline is None else str(pack.timeline),
        "problems": [str(problem) for problem in pack.problems],
    }


def pack_lines(pack: Pack) -> list[str]:
    """A pack for a person: where it is, what is in it, what to know before the upload."""
    chapters = len(pack.texts.chapters)
    lines = [
        f"The pack: {pack.folder}",
        f"          {pack.texts.title}",
        f"          {chapters or 'no'} chapters, {len(pack.texts.tags)} tags, "
        f"{len(pack.thumbnails)} thumbnail{'' if len(pack.thumbnails) == 1 else 's'}, manifest.json",
    ]
    if pack.timeline:
        lines.append(f"          for other editors: {pack.timeline.name}")
    lines += [f"{'worth a look: ' if one.warning else 'mend this: '}{one}" for one in pack.problems]
    return [*lines, ALTERED_CONTENT] if pack.publishable else lines


def trace_lines(origin: Mapping[str, Any]) -> list[str]:
    """Where a take or each take of a film comes from, a line each."""
    if "takes" not in origin:
        return _take_lines(origin)
    lines = [f"{origin['master']['master']}: {len(origin['cuts'])} cuts"]
    for take in origin["takes"].values():
        lines += [f"  {line}" for line in _take_lines(take)]
    return lines + [f"  {key}: its record is no longer there" for key in origin["takes_without_record"]]


def _take_lines(take: Mapping[str, Any]) -> list[str]:
    row = take["scene_row"]
    if row is None:
        where = "its scene is no longer in scenes.csv"
    else:
        still = "as it is now" if row["asks_for_it"] else "changed since, or no longer asking for it"
        where = f"{row['file']} row {row['row']}, {still}"
    lower = f", rung {take['rung']} of the ladder" if take["rung"] else ""
    return [
        f"{take['scene']}/{take['take_id']}: {where}",
        f"    seed {take['seed']}, {take['model']}, {take['workflow']}{lower}, made {take['made_at'][:19]}",
    ]
