"""Times, money and sizes as people say them."""

from __future__ import annotations


def time_text(seconds: float) -> str:
    """A time such as "42 s", "3 min 5 s" or "2 h 10 min"."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def usd_text(usd: float) -> str:
    """Money such as "$1.20"; what is less than a cent is said so."""
    return "$0.00" if not usd else "under $0.01" if usd < 0.01 else f"${usd:.2f}"


def range_text(low: str, high: str) -> str:
    """Two amounts as one: "3 min to 5 min", or one of them when they read alike."""
    return low if low == high else f"{low} to {high}"


def size_text(size_bytes: float) -> str:
    """A size such as "3.1 GB" or "40 MB", of 10^9 and 10^6 bytes."""
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.0f} MB"


def count_text(number: int, word: str) -> str:
    """A number with its word: "1 take", "2 takes"."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
