"""Which bytes of a file are here already, and what is still to be fetched of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Span = tuple[int, int]


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same bytes (from, up to) in order, without overlaps or empty ones."""
    found: list[Span] = []
    for first, last in sorted(span for span in spans if span[0] < span[1]):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def bytes_in(spans: Iterable[Span]) -> int:
    """How many bytes these are, each counted once."""
    return sum(last - first for first, last in merged(spans))


def missing(spans: Iterable[Span], size_bytes: int, at_most_bytes: int) -> Iterator[Span]:
    """What of a file of this size is not in the spans, in order, in pieces of at most so many bytes."""
    at = 0
    for first, last in [*merged(spans), (size_bytes, size_bytes)]:
        end = min(first, size_bytes)
        while at < end:
            yield at, min(at + at_most_bytes, end)
            at = min(at + at_most_bytes, end)
        at = max(at, last)


def read_log(text: str, size_bytes: int) -> list[Span]:
    """The spans of a log with a line "from up-to" for each, without a last line that was cut off."""
    found = []
    for line in text.split("\n")[:-1]:
        words = line.split()
        if len(words) == 2 and all(word.isdecimal() for word in words):
            first, last = int(words[0]), int(words[1])
            if first < last <= size_bytes:
                found.append((first, last))
    return merged(found)
