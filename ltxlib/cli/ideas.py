"""The verb that turns one line into scenes."""

from __future__ import annotations

import argparse
import json
import sys

from ltxlib.cli.film import cancel_on_signals
from ltxlib.store.project import find_project
from ltxlib.studio import concept as concepts


def concept(arguments: argparse.Namespace) -> int:
    """Print the scenes that were written for a line; with --add they go into scenes.csv too."""
    project = find_project(arguments.project)

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    with cancel_on_signals() as cancel:
        written = concepts.write_scenes(
            project, arguments.line, arguments.scenes, seed=arguments.seed, say=say, cancel=cancel
        )
    names = concepts.add(project, written.ideas) if arguments.add else []
    if arguments.json:
        print(json.dumps(_facts(written, names), ensure_ascii=False))
        return 0
    for idea in written.ideas:
        print(f"{idea.scene}  ({idea.label})\n  {idea.prompt}\n")
    for told in written.says:
        print(told)
    wish = concepts.wish_text(written)
    if wish:
        print(wish)
    if names:
        count = "1 scene" if len(names) == 1 else f"{len(names)} scenes"
        print(f"Added to {project.scenes_csv.name}: {count}. Next: ./kit batch")
    else:
        print("Nothing was written to disk; --add puts them into scenes.csv.")
    return 0


def _facts(written: concepts.Written, names: list[str]) -> dict[str, object]:
    return {
        "line": written.concept.line,
        "theme": written.concept.theme,
        "duration_s": written.concept.duration_s,
        "scenes": [
            {"scene": idea.scene, "prompt": idea.prompt, "source": idea.source} for idea in written.ideas
        ],
        "says": list(written.says),
        "added": names,
    }
