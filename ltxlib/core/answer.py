"""What a language model answered, made into plain prompts, however it dressed them up. Pure.

Small models number, quote, title, fence and introduce what they were asked to give plainly, so every form
seen of them is taken: numbered and bulleted lists, headings, JSON (cut short too), bold titles.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

# What is shorter is a title, a preface or a note, not a prompt.
FEWEST_WORDS = 12

_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)|\A.*?</think>", re.DOTALL | re.IGNORECASE)
_TURNS = re.compile(r"<(?:start_of_turn|end_of_turn|eos|bos)>(?:model|user)?|<\|[^<>]{0,24}\|?>")
_FENCE = re.compile(r"^\s*```[\w-]*\s*$", re.MULTILINE)
_ITEM = re.compile(
    r"^\s*(?:[-*•]\s+)?(?:[#>]+\s*)?(?:\*\*|__)?\s*"
    r"(?:(?:scene|prompt|shot|clip|video|option)\s*(?:no\.?\s*|number\s*)?#?\d+\b|#?\d{1,3}(?=[.):\]\s*-]))"
    r"\s*[.):\]–—-]*\s*",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^\s*[-*•]\s+")
_TITLE = re.compile(r"^(?:\*\*|__)(?! )([^*_\n]{1,80})(?:\*\*|__)\s*[:–—-]?\s+")
_PLAIN_TITLE = re.compile(r"^([^:.!?]{1,60}):\s+(?=[A-Z\"“*])")
_PREFACE = re.compile(
    r"^(?:sure|certainly|of course|okay|ok|here(?:'s| is| are| you)|below|the following|enhanced|improved"
    r"|output|answer|result|prompt|revised|final|title)\b[,!.]?[^\n.,]{0,80}?:\s*",
    re.IGNORECASE,
)
_NOTE = re.compile(
    r"^\W*(?:note|notes|word count|words|explanation|let me know|would you|i hope|feel free|camera notes)\b",
    re.IGNORECASE,
)
_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "'": "'", "`": "`"}
_KEYS = ("prompt", "video_prompt", "scene_prompt", "text", "description", "content", "scene")


def paragraph(answer: str) -> str:
    """The one prompt in an answer, as one paragraph of whole sentences; empty when there is none.

    What was cut off in the middle of a sentence ends with the sentence before it.
    """
    text = _bare(answer)
    found = next(iter(_from_json(text)), "")
    if found:
        return _tidy(found)
    blocks = [block for block in re.split(r"\n\s*\n", text) if block.strip() and not _NOTE.match(block)]
    kept = [block for block in (_tidy(block) for block in blocks) if len(block.split()) >= FEWEST_WORDS]
    return " ".join(kept or [_tidy(text)])


def listed(answer: str) -> list[str]:
    """The prompts in an answer that was to give several, each as one paragraph.

    What is no prompt is left out, and so is one that was cut off in the middle of a sentence.
    """
    text = _bare(answer)
    found = list(_from_json(text)) or [item for item in _items(text) if not _NOTE.match(item)]
    prompts = [_tidy(one) for one in found if _ends_well(one)]
    return list(dict.fromkeys(one for one in prompts if len(one.split()) >= FEWEST_WORDS))


def _bare(answer: str) -> str:
    """Without the model's thoughts, the marks of turns and code, and what cannot be printed."""
    printed = "".join(mark for mark in answer if mark.isprintable() or mark in "\n\t")
    text = _THINKING.sub("", printed.replace("\ufffd", ""))
    return _FENCE.sub("", _TURNS.sub("", text)).strip()


def _ends_well(text: str) -> bool:
    return bool(re.search(r"[.!?…][\s\"'”’*_`)\]]*$", text.strip()))


def _tidy(text: str) -> str:
    """One line without markdown, titles, prefaces and quotation marks around the whole."""
    text = " ".join(text.split())
    before = None
    while text != before:
        before = text
        text = _ITEM.sub("", text, count=1)
        text = _PREFACE.sub("", _without_title(text), count=1).strip()
        text = _unquoted(text.lstrip("#>*•- "))
    text = re.sub(r"\*\*|__|(?<!\w)[*_](?=\w)|(?<=[\w.,;!?])[*_](?!\w)|`", "", text)
    return _whole_sentences(text.strip())


def _without_title(text: str) -> str:
    bold = _TITLE.match(text)
    if bold and len(bold[1].split()) <= 8 and not re.search(r"[.!?]$", bold[1]):
        return text[bold.end() :]
    plain = _PLAIN_TITLE.match(text)
    return text[plain.end() :] if plain and len(plain[1].split()) <= 6 else text


def _unquoted(text: str) -> str:
    """Without quotation marks that stand around all of it."""
    close = _QUOTES.get(text[:1])
    inner = text[1:-1]
    if close and len(text) > 2 and text.endswith(close) and text[0] not in inner and close not in inner:
        return inner.strip()
    return text


def _whole_sentences(text: str) -> str:
    """Up to the end of the last whole sentence; all of it when there is none."""
    if _ends_well(text):
        return text
    ends = [match.end() for match in re.finditer(r"[.!?…](?=\s)", text)]
    return text[: ends[-1]] if ends else text


def _items(text: str) -> list[str]:
    """The parts of a list: by numbers, else by bullets, else by empty lines."""
    lines = text.splitlines()
    for mark in (_ITEM, _BULLET):
        starts = [number for number, line in enumerate(lines) if mark.match(line)]
        if starts:
            spans = zip(starts, [*starts[1:], len(lines)], strict=True)
            return [_without_heading([mark.sub("", lines[a], count=1), *lines[a + 1 : b]]) for a, b in spans]
    return re.split(r"\n\s*\n", text)


def _without_heading(lines: list[str]) -> str:
    """An item's lines as one text; a short first line above a longer text is its title, and what follows
    after an empty line and begins like a note belongs to nobody."""
    first, *rest = lines
    if any(line.strip() for line in rest) and len(first.split()) < FEWEST_WORDS and not _ends_well(first):
        lines = rest
    kept = []
    for line in lines:
        if kept and not kept[-1].strip() and _NOTE.match(line):
            break
        kept.append(_BULLET.sub("", line))
    return "\n".join(kept)


def _from_json(text: str) -> Iterator[str]:
    """The prompts in an answer of JSON, also when it was cut short; none when it is no JSON."""
    start = min((place for place in (text.find("["), text.find("{")) if place >= 0), default=-1)
    if start < 0 or not re.match(r"[\[{]\s*[\[{\"]", text[start:]):
        return
    end = max(text.rfind("]"), text.rfind("}"))
    try:
        yield from _strings(json.loads(text[start : end + 1], strict=False))
    except ValueError:
        for found in re.findall(r'"((?:[^"\\]|\\.)*)"', text[start:]):
            if len(found.split()) >= FEWEST_WORDS:
                yield _unescaped(found)


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if len(value.split()) >= FEWEST_WORDS:
            yield value
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
    elif isinstance(value, dict):
        named = [value[key] for key in _KEYS if isinstance(value.get(key), str)]
        whole = [text for text in named if len(text.split()) >= FEWEST_WORDS]
        if whole:
            yield max(whole, key=len)
        else:
            for one in value.values():
                yield from _strings(one)
