"""The creator's own words for publishing: the file `publishing.md`, read and checked. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ltxlib.core.problem import Problem

FILE = "publishing.md"
# What may stand in braces in title and description.
FILM, LENGTH, SCENES, CHAPTERS, DISCLOSURE, CREDITS = (
    "film",
    "length",
    "scenes",
    "chapters",
    "disclosure",
    "credits",
)
PLACES = (FILM, LENGTH, SCENES, CHAPTERS, DISCLOSURE, CREDITS)
SECTIONS = ("title", "description", "tags", "scenes", "credits")
DEFAULT = """# Publishing

Your words for YouTube. `./kit publish` fills in what stands in braces: `{film}` its name, `{length}` its
length, `{scenes}` its scenes, `{chapters}` its chapters, `{disclosure}` how it was made, `{credits}` whom
to thank. Change everything below as you like; what is between `<!--` and `-->` is for you alone.

## Title

{film} | {length} of calm sounds for sleep, study and rest

## Description

{length} of quiet pictures and gentle sounds, to fall asleep to, to read by, or to let run in the background.
Nobody speaks, and nothing startles.

What you see and hear:
{scenes}

{chapters}

{disclosure}
{credits}

## Tags

asmr, ambience, relaxing sounds, sleep sounds, no talking, calm, background for study

## Scenes

<!-- What a scene is called in chapters and description, one a line; else its name in the table is used:
rain-window: Rain on the cabin window
-->

## Credits

<!-- Music and sound beds that you used, one a line, as their licences ask:
Music: “Name” by Somebody (CC BY 4.0)
-->
"""
_HEADING = re.compile(r"^##\s+(.+?)\s*#*\s*$")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
PLACE = re.compile(r"\{\s*([A-Za-z_]+)\s*\}")


@dataclass(frozen=True)
class Template:
    """The creator's words: title and description with places in braces, tags, names of scenes, credits."""

    title: str
    description: str
    tags: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    credits: tuple[str, ...] = ()


def default_template() -> Template:
    """What stands in the file that the kit writes when there is none."""
    return read_template(DEFAULT)[0]


def read_template(text: str) -> tuple[Template, list[Problem]]:
    """The words of such a file, and what is odd in it; what is missing is the kit's own.

    Nothing in it stops the work: every problem is a warning, and says what is done instead.
    """
    problems: list[Problem] = []
    parts = _parts(_COMMENT.sub("", text.replace("\r\n", "\n")), problems)
    for name in ("title", "description"):
        if not parts.get(name, "").strip():
            what, cure = (
                f"It has no {name}.",
                f"The kit's own is used; write one below a line “## {name.title()}”.",
            )
            problems.append(Problem(FILE, what, cure, warning=True))
            parts[name] = _parts(_COMMENT.sub("", DEFAULT), [])[name]
        problems += _unknown_places(name, parts[name])
    for place in (CHAPTERS, DISCLOSURE, CREDITS):
        if place not in PLACE.findall(parts["description"]):
            what = f"The description has no {{{place}}}."
            cure = "It is put at the end; write it where you want it."
            problems.append(Problem(f"{FILE}, Description", what, cure, warning=True))
            parts["description"] = f"{parts['description'].rstrip()}\n\n{{{place}}}"
    template = Template(
        title=" ".join(parts["title"].split()),
        description=parts["description"].strip(),
        tags=tuple(tag.strip() for tag in re.split(r"[,\n]", parts.get("tags", "")) if tag.strip()),
        names=_names(parts.get("scenes", ""), problems),
        credits=tuple(line.strip() for line in parts.get("credits", "").splitlines() if line.strip()),
    )
    return template, problems


def _parts(text: str, problems: list[Problem]) -> dict[str, str]:
    """The text below each heading, by the heading in small letters."""
    parts: dict[str, list[str]] = {}
    current: list[str] = []
    for line in text.splitlines():
        heading = _HEADING.match(line)
        if not heading:
            current.append(line.rstrip())
            continue
        name = heading[1].casefold()
        current = parts.setdefault(name, [])
        if name not in SECTIONS:
            cure = (
                f"What stands below it is left out; the kit knows {', '.join(s.title() for s in SECTIONS)}."
            )
            problems.append(Problem(FILE, f"“{heading[1]}” is no part of it.", cure, warning=True))
    return {name: "\n".join(lines).strip() for name, lines in parts.items()}


def _unknown_places(name: str, text: str) -> list[Problem]:
    known = ", ".join(f"{{{place}}}" for place in PLACES)
    return [
        Problem(
            f"{FILE}, {name.title()}",
            f"There is nothing to put into {{{place}}}.",
            f"It is left out. Choose of {known}.",
            warning=True,
        )
        for place in dict.fromkeys(PLACE.findall(text))
        if place.casefold() not in PLACES
    ]


def _names(text: str, problems: list[Problem]) -> dict[str, str]:
    names = {}
    for line in text.splitlines():
        scene, colon, name = (piece.strip() for piece in line.partition(":"))
        if scene and colon and name:
            names[scene.casefold()] = name
        elif line.strip():
            cure = "Write it as in: rain-window: Rain on the cabin window"
            problems.append(
                Problem(f"{FILE}, Scenes", f"“{line.strip()}” names no scene.", cure, warning=True)
            )
    return names
