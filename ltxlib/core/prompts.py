"""The prompt library people write in prompts/*.md. Pure.

A file is a topic, `## name` starts an entry, its one paragraph is the prompt; `Sound:` names what is heard
and `Loop:` says how the clip may be repeated. A scene asks for an entry as `@topic/name`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ltxlib.core.problem import Problem
from ltxlib.core.prompt_rules import check_prompt

__all__ = ["DEFAULT_LOOP", "LOOPS", "PromptEntry", "check_prompt", "parse_library", "resolve"]

LOOPS = ("crossfade", "living loop", "once")
DEFAULT_LOOP = LOOPS[0]

_HEADING = re.compile(r"^(#+)\s*(.*?)\s*#*$")
_FIELD = re.compile(r"^[\s*_>-]*(sound|loop)s?[\s*_]*:[\s*_]*(.*)$", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_PLAIN_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True)
class PromptEntry:
    """One entry of the prompt library.

    name: topic and entry, as in "rain/window". prompt: one paragraph, as sent to the model.
    sound: the sounds it names, in a few words; may be empty. loop: one of LOOPS.
    """

    name: str
    prompt: str
    sound: str
    loop: str


@dataclass
class _Draft:
    """An entry while its lines are still being read."""

    title: str
    line: int
    paragraphs: list[list[str]] = field(default_factory=list)
    extra_line: int = 0
    fields: dict[str, str] = field(default_factory=dict)


def parse_library(texts: Mapping[str, str]) -> tuple[dict[str, PromptEntry], list[Problem]]:
    """Read the prompt files into entries keyed "topic/name", with everything that is wrong in them.

    texts: file name (or bare topic, "rain") to the file's text. A faulty entry does not hide the others.
    """
    library: dict[str, PromptEntry] = {}
    problems: list[Problem] = []
    for key, text in texts.items():
        topic = PurePosixPath(key).name.removesuffix(".md")
        _parse_file(topic, f"prompts/{topic}.md", text, library, problems)
    return library, problems


def resolve(text: str, library: Mapping[str, PromptEntry], where: str) -> tuple[str, list[Problem]]:
    """The prompt a scene's cell stands for: `@rain/window` is looked up, other text stays as it is.

    where: row and column, as a person would look for it. An unknown name comes back unchanged, with a
    problem that names the nearest ones.
    """
    asked = text.strip()
    if not asked.startswith("@"):
        return text, []
    name = _plain(asked[1:])
    if name in library:
        return library[name].prompt, []
    return text, [Problem(where, f"There is no prompt called {asked} in prompts/.", _nearest(name, library))]


def _parse_file(
    topic: str, file: str, text: str, library: dict[str, PromptEntry], problems: list[Problem]
) -> None:
    drafts = _read_drafts(file, text, problems)
    if not drafts:
        problems.append(
            Problem(file, "There is no prompt in this file.", "Start one with a line such as: ## window")
        )
    first_lines: dict[str, int] = {}
    for draft in drafts:
        where = f"{file}, line {draft.line}"
        name = _plain(f"{topic}/{draft.title}")
        if not _PLAIN_NAME.fullmatch(_plain(draft.title)):
            cure = "Use letters, digits and dashes, as in: ## frosted-window"
            problems.append(Problem(where, f'"{draft.title}" cannot be a prompt\'s name.', cure))
        elif name in library:
            earlier = f"line {first_lines[name]}" if name in first_lines else "another file"
            problems.append(
                Problem(
                    where,
                    f"There is a prompt called {name} already, in {earlier}.",
                    "Give this one another name.",
                )
            )
        else:
            entry = _entry(name, draft, file, problems)
            if entry:
                library[name] = entry
                first_lines[name] = draft.line


def _read_drafts(file: str, text: str, problems: list[Problem]) -> list[_Draft]:
    drafts: list[_Draft] = []
    open_block = ""
    for number, line in enumerate(_lines(text), start=1):
        heading = _HEADING.match(line)
        labelled = _FIELD.match(line)
        if not line:
            open_block = ""
        elif heading:
            open_block = ""
            _read_heading(file, number, heading, drafts, problems)
        elif not drafts:
            if labelled:
                cure = "Put a line such as ## window above the prompt this belongs to."
                problems.append(Problem(f"{file}, line {number}", f'"{line}" stands under no name.', cure))
        elif labelled:
            open_block = labelled[1].lower()
            _read_field(file, number, labelled, drafts[-1], problems)
        elif open_block in drafts[-1].fields:
            drafts[-1].fields[open_block] += f" {line}"
        else:
            open_block = _read_prose(number, line, open_block, drafts[-1])
    return drafts


def _read_heading(
    file: str, number: int, heading: re.Match[str], drafts: list[_Draft], problems: list[Problem]
) -> None:
    level, title = len(heading[1]), heading[2]
    if level == 1 and not drafts:
        return
    if level != 2:
        cure = "Begin every prompt with ## and its name; a single # only stands at the top of the file."
        problems.append(Problem(f"{file}, line {number}", f'"{heading[0]}" is no name of a prompt.', cure))
    drafts.append(_Draft(title, number))


def _read_field(
    file: str, number: int, labelled: re.Match[str], draft: _Draft, problems: list[Problem]
) -> None:
    label = labelled[1].lower()
    if label in draft.fields:
        cure = "Keep one, or put a line such as ## window above the prompt the second belongs to."
        what = f'"{draft.title}" has a second {label.capitalize()} line.'
        problems.append(Problem(f"{file}, line {number}", what, cure))
        return
    draft.fields[label] = labelled[2].strip(" *_")


def _read_prose(number: int, line: str, open_block: str, draft: _Draft) -> str:
    if open_block != "prose":
        draft.paragraphs.append([])
        if len(draft.paragraphs) == 2:
            draft.extra_line = number
    draft.paragraphs[-1].append(line)
    return "prose"


def _entry(name: str, draft: _Draft, file: str, problems: list[Problem]) -> PromptEntry | None:
    where = f"{file}, line {draft.line}"
    prompt = " ".join(line for paragraph in draft.paragraphs for line in paragraph)
    if not prompt:
        problems.append(
            Problem(where, f"{name} is empty.", "Write its paragraph under the name, or delete the name.")
        )
        return None
    if draft.extra_line:
        cure = "Make it one, or put a line such as ## window above the second if it is a prompt of its own."
        problems.append(
            Problem(f"{file}, line {draft.extra_line}", f"{name} has more than one paragraph.", cure)
        )
    sound = draft.fields.get("sound", "")
    if not sound:
        cure = "Add a line such as: Sound: gentle rain, a far gutter"
        problems.append(Problem(where, f"{name} has no Sound line.", cure, warning=True))
    loop = " ".join(draft.fields.get("loop", DEFAULT_LOOP).lower().rstrip(".").split()) or DEFAULT_LOOP
    if loop not in LOOPS:
        cure = f"Write one of: {', '.join(LOOPS)}. Until then it counts as {DEFAULT_LOOP}."
        problems.append(Problem(where, f'{name} asks for the loop "{loop}".', cure, warning=True))
        loop = DEFAULT_LOOP
    return PromptEntry(name, prompt, sound, loop)


def _lines(text: str) -> list[str]:
    without_comments = _COMMENT.sub(lambda found: "\n" * found.group(0).count("\n"), text)
    return [line.strip() for line in without_comments.removeprefix("\ufeff").splitlines()]


def _plain(name: str) -> str:
    return "/".join("-".join(part.lower().split()) for part in name.split("/"))


def _nearest(name: str, library: Mapping[str, PromptEntry]) -> str:
    if not library:
        return "There are no prompts there yet; write the prompt's text into the cell."
    by_end: dict[str, list[str]] = {}
    for known in library:
        by_end.setdefault(known.rsplit("/", 1)[-1], []).append(known)
    ends = difflib.get_close_matches(name.rsplit("/", 1)[-1], by_end, n=2, cutoff=0.7)
    near = difflib.get_close_matches(name, library, n=3, cutoff=0.6)
    near = list(dict.fromkeys([*near, *(known for end in ends for known in by_end[end])]))[:3]
    if near:
        return f"Did you mean {' or '.join('@' + known for known in near)}?"
    topics = sorted({known.split("/", 1)[0] for known in library})
    return f"Its files are {', '.join(topics)}; an entry is named as in @{next(iter(library))}."
