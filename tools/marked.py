"""Pages that are partly written by hand and partly made: the made part stands between two comments."""

from __future__ import annotations

from pathlib import Path

BEGINS = "<!-- made by {command}: change nothing below, it is written anew -->"
ENDS = "<!-- end of what {command} makes -->"


def replaced(page: Path, command: str, made: str) -> str:
    """The page's text with its made part put in; ValueError where the page has no place for it."""
    text = page.read_text("utf-8")
    begins, ends = (mark.format(command=command) for mark in (BEGINS, ENDS))
    if text.count(begins) != 1 or text.count(ends) != 1:
        raise ValueError(f"{page.name} must have one line {begins} and one line {ends}")
    above, _, rest = text.partition(begins)
    return f"{above}{begins}\n\n{made.strip()}\n\n{ends}{rest.partition(ends)[2]}"


def write(page: Path, command: str, made: str) -> bool:
    """Put the made part into the page; gives whether that changed it."""
    text = replaced(page, command, made)
    if text == page.read_text("utf-8"):
        return False
    page.write_text(text, "utf-8")
    return True


def cell(text: str) -> str:
    """A text as it is, in a cell of a Markdown table."""
    for sign in "\\`*_|<>[]":
        text = text.replace(sign, f"\\{sign}")
    return text
