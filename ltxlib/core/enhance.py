"""A prompt written out by the text encoder before it is filmed: what that is told, what is taken. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from ltxlib.core.answer import FEWEST_WORDS, paragraph
from ltxlib.core.problem import Problem
from ltxlib.core.prompt_rules import check_prompt
from ltxlib.core.scene import Scene
from ltxlib.core.text_request import MOST_SEED, TextRequest

# The folder below prompts/ where people find and edit what the model is told.
FOLDER = "enhance"
FILES = {False: "t2v.md", True: "i2v.md"}
ATTEMPTS = 3
TOKENS = 512
# Part of every take's name that is made so; a new number makes new takes.
VERSION = "1"
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)


def file_for(scene: Scene) -> str:
    """The file with the instructions for a scene, below prompts/enhance/."""
    return FILES[scene.from_image]


def read_instructions(text: str) -> str:
    """What the model is told: the file without its comments."""
    return _COMMENT.sub("", text.removeprefix("\ufeff")).strip()


def key_of(prompt: str, instructions: str, image_sha256: str) -> str:
    """The name under which an enhanced prompt is kept: a scene's takes share it, a change makes a new one."""
    whole = "\n\0".join((VERSION, prompt, instructions, image_sha256))
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def request_for(prompt: str, instructions: str, key: str, attempt: int) -> TextRequest:
    """What the model is asked, the same each time for the same attempt."""
    digest = hashlib.sha256(f"{key}\n{attempt}".encode()).digest()
    seed = int.from_bytes(digest[:8], "big") % (MOST_SEED + 1)
    return TextRequest(instructions, f"Draft: {' '.join(prompt.split())}", seed, TOKENS, with_picture=True)


@dataclass(frozen=True)
class Enhanced:
    """What came of it: the text to film with (empty: the prompt stays as it is), and why, for a person."""

    text: str
    problems: tuple[Problem, ...] = ()
    why: str = ""


def best_of(prompt: str, answers: list[str], *, from_image: bool) -> Enhanced:
    """The answer that breaks the fewest rules, if it breaks no more of them than the prompt itself does."""
    found = []
    for answer in answers:
        text = paragraph(answer)
        if len(text.split()) >= FEWEST_WORDS:
            found.append((text, check_prompt(text, "enhanced prompt", from_image=from_image)))
    if not found:
        return Enhanced("", (), "The text encoder gave no text to film, so the prompt is used as it is.")
    text, problems = min(found, key=lambda pair: len(pair[1]))
    if len(problems) > len(check_prompt(prompt, "prompt", from_image=from_image)):
        why = (
            "What the text encoder wrote breaks the rules for a good prompt, so the prompt is used as it is."
        )
        return Enhanced("", tuple(problems), why)
    return Enhanced(text, tuple(problems))


def good_enough(prompt: str, answers: list[str], *, from_image: bool) -> bool:
    """Whether nothing better need be asked for: an answer that breaks no rule."""
    best = best_of(prompt, answers, from_image=from_image)
    return bool(best.text) and not best.problems
