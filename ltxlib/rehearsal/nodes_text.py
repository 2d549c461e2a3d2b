"""Nodes that write and show text. No language model is here: what is written is a stand-in and says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ltxlib.core import concept_grammar
from ltxlib.core.prompt_rules import FEWEST_WORDS, MOST_SENTENCES
from ltxlib.rehearsal.calls import Call, Made, Performer
from ltxlib.rehearsal.values import TextEncoder

MARK = "This is a rehearsal stand-in for a prompt that a language model writes out."
LIST_MARK = "These are rehearsal stand-ins for prompts that a language model writes:"
_THEME = re.compile(r"^Theme:\s*(.+)$", re.MULTILINE)
_NUMBER = re.compile(r"^Number of prompts:\s*(\d+)", re.MULTILINE)
_DRAFT = re.compile(r"^Draft:\s*(.+)\Z", re.MULTILINE | re.DOTALL)
# What the stand-in adds until a prompt is long enough; true of any calm clip.
_MORE = (
    "The light stays soft and even, and small details come slowly into view.",
    "A faint, steady hush is heard, and one quiet sound comes from further away.",
    "Nothing else in the picture changes, and every movement is slow and goes on without an end.",
    "The camera stays completely still.",
)


def _write(call: Call) -> tuple[Any, ...]:
    """A draft comes back marked and written out with stock sentences, a theme as a list from the grammar,
    marked too; any other text as it is. All are cut to the asked length, a word counting as a token.
    """
    call.a(TextEncoder, "clip")
    asked = str(call["prompt"])
    draft = _DRAFT.search(asked)
    theme, number = _THEME.search(asked), _NUMBER.search(asked)
    if theme and number:
        text = _scenes(theme[1], int(number[1]), int(call.get("sampling_mode.seed") or call.get("seed") or 0))
    else:
        text = _written_out(draft[1]) if draft else asked
    longest = int(call.get("max_length") or call["max_tokens"])
    return (" ".join(text.split(" ")[:longest]),)


def _scenes(theme: str, count: int, seed: int) -> str:
    """A numbered list, as a model would give it."""
    prompts = concept_grammar.write(theme, min(count, 99), seed=seed)
    return "\n".join([LIST_MARK, *(f"{place}. {prompt}" for place, prompt in enumerate(prompts, 1))])


def _written_out(draft: str) -> str:
    sentences = [MARK, *re.split(r"(?<=[.!?…])\s+", draft.strip())][: MOST_SENTENCES - len(_MORE)]
    if not sentences[-1].endswith((".", "!", "?", "…")):
        sentences[-1] += "."
    for more in _MORE:
        if len(" ".join(sentences).split()) >= FEWEST_WORDS and more is not _MORE[-1]:
            continue
        sentences.append(more)
    return " ".join(sentences)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, bool | int | float):
        yield str(value)
    else:
        yield "source exists, but could not be serialized."


def _preview_any(call: Call) -> Made:
    """Anything, shown as text; what is no text and no number is only said to be there."""
    value = call["source"]
    shown = list(_texts(value))
    return Made((shown[0],), {"text": shown})


PERFORMERS: dict[str, Performer] = {
    "TextGenerate": _write,
    "TextGenerateLTX2Prompt": _write,
    "LTXVGemmaEnhancePrompt": _write,
    "PreviewAny": _preview_any,
}
