"""Every message of the kit with what to do about it, in docs/TROUBLE.md.

    python -m tools.trouble

Writes the table of messages below the part of that page that is written by hand. Run it after a message or
a cure was changed; a test tells when it is due.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from tools import marked
from tools.messages import GAP, Message, read

KIT = Path(__file__).resolve().parents[1]
PACKAGE = KIT / "ltxlib"
PAGE = KIT / "docs" / "TROUBLE.md"
COMMAND = "python -m tools.trouble"
SAID_THERE = "The message itself says what to do."

# What a person was doing when it came, and where in the package such things are said; the first counts.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Setup, the checklist and updating",
        (
            "ground",
            "studio.doctor",
            "studio.curing",
            "studio.caches",
            "studio.setup",
            "studio.lab",
            "studio.updating",
            "ui.setup",
            "ui.updating",
            "cli.updating",
            "pod.git",
            "pod.jupyter_home",
            "pod.machine",
            "media.ffmpeg",
        ),
    ),
    (
        "Model files and node packs",
        (
            "hub",
            "studio.model",
            "ui.models",
            "cli.models",
            "studio.packs",
            "studio.node_packs",
            "pod.pack",
            "pod.commands",
            "cli.packs",
        ),
    ),
    (
        "ComfyUI on this machine",
        ("pod.comfyui", "pod.workflow_list", "studio.comfy_l", "ui.comfy_life", "cli.comfyui"),
    ),
    ("RunPod Serverless", ("comfy.serverless",)),
    ("Talking to ComfyUI, and rendering", ("comfy", "core.check", "core.schema")),
    (
        "Your table, prompts and ideas",
        (
            "core.scene",
            "core.row",
            "core.cell",
            "core.sampling_cells",
            "core.prompt",
            "core.concept",
            "core.styles",
            "core.source",
            "core.reach",
            "core.plan",
            "core.settings",
            "core.enhance",
            "core.answer",
            "store.scene_sheet",
            "studio.check",
            "studio.concept",
            "studio.instructions",
            "studio.asking",
            "ui.one_take",
            "ui.take_form",
            "ui.concept",
        ),
    ),
    (
        "Stills and sounds brought in",
        ("studio.stills", "studio.bringing", "ui.stills", "studio.sounds", "media.brought", "media.still"),
    ),
    (
        "The night",
        (
            "studio.night",
            "studio.preflight",
            "studio.canary",
            "studio.watching",
            "studio.overseer",
            "ui.night",
            "cli.night",
            "studio.price",
        ),
    ),
    (
        "The pod and its light switch",
        ("pod", "studio.light_switch", "studio.leaving", "studio.keeping", "cli.pods", "ui.stopping"),
    ),
    ("Taking things home", ("studio.taking_home", "studio.rclone", "ui.home", "ui.taking_home", "cli.home")),
    (
        "Publishing",
        (
            "core.publishing",
            "core.chapters",
            "core.variety",
            "studio.publishing",
            "studio.provenance",
            "studio.pack_folder",
            "media.thumbnails",
            "media.exchange",
            "ui.publishing",
            "cli.publishing",
        ),
    ),
    ("The loop lab", ("studio.loop", "media.loop_", "core.looping", "ui.loop_lab", "cli.loops")),
    ("The rehearsal, and for founders", ("rehearsal", "studio.rehearsing", "core.catalog", "core.builder")),
    (
        "The film",
        (
            "media",
            "core.film",
            "core.longform",
            "core.timeline",
            "core.toml_lines",
            "core.soundtrack",
            "store.films",
            "studio.assemble",
            "studio.cards",
            "studio.certifying",
            "studio.choosing",
            "studio.estimating",
            "studio.film",
            "studio.laying",
            "studio.melting",
            "ui.film",
            "ui.assemble",
            "cli.assemble",
            "cli.film",
        ),
    ),
    (
        "Takes, drafts and batches",
        ("studio", "store", "ui", "cli", "core.following", "core.draft", "core.ladder"),
    ),
    ("Workflows", ("core",)),
)


def group_of(module: str) -> str:
    """What a person was doing when this module's messages come."""
    name = module.removeprefix("ltxlib.")
    return next((title for title, beginnings in GROUPS if name.startswith(beginnings)), "All else")


def uncured(messages: Iterable[Message]) -> list[Message]:
    """Errors and problems that leave their reader alone: without a cure, or with only the root's."""
    root = "Read the message above"
    lines = [one for one in messages if one.kind != "Line"]
    return [one for one in lines if not one.cure or one.cure.startswith(root)]


def rows(messages: Iterable[Message]) -> dict[str, dict[str, list[str]]]:
    """The cures of each message, by group; messages in the order of their words."""
    found: dict[str, dict[str, list[str]]] = {title: {} for title, _ in GROUPS}
    for one in messages:
        if not one.cure or (one.kind == "Line" and one.cure == GAP):
            continue
        # Where in the table or the workflow it is stands before it.
        place = f"{GAP} " if one.text[:1].islower() and one.kind in ("Problem", "WorkflowError") else ""
        cures = found.setdefault(group_of(one.module), {}).setdefault(place + one.text, [])
        cure = SAID_THERE if one.cure.strip(" .") == GAP else one.cure
        if cure not in cures:
            cures.append(cure)
    return {
        title: dict(sorted(told.items(), key=lambda one: one[0].strip("…“”\"' ").casefold()))
        for title, told in found.items()
        if told
    }


def made(messages: Iterable[Message]) -> str:
    """The part of the page that lists the messages."""
    parts = []
    for title, told in rows(messages).items():
        parts += [f"### {title}", "", "| what it says | what to do |", "|---|---|"]
        parts += [
            f"| {marked.cell(text)} | {'<br>or: '.join(map(marked.cell, cures))} |"
            for text, cures in told.items()
        ]
        parts.append("")
    return "\n".join(parts)


def main() -> int:
    """Write the table into the page."""
    messages = read(PACKAGE)
    changed = marked.write(PAGE, COMMAND, made(messages))
    count = sum(len(told) for told in rows(messages).values())
    print(f"{PAGE.name}: {count} messages, {'written anew' if changed else 'as it was'}.")
    for one in uncured(messages):
        print(f"  without a cure: {one.module}: {one.text}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
