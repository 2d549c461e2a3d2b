"""The certificate of a finished film: what was looked at before it was called done, and what was found."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any

from ltxlib import __version__
from ltxlib.errors import MediaError
from ltxlib.media.certificate import Certificate, Expected, Line, certify, expected_of
from ltxlib.media.ffmpeg import find_ffmpeg
from ltxlib.media.findings import BAD, DOUBT, GOOD, moment
from ltxlib.store.files import write_whole

__all__ = [
    "Certificate",
    "Expected",
    "Line",
    "certificate_path",
    "certificate_text",
    "certify_master",
    "expected_of",
    "write_certificate",
]

SUFFIX = ".certificate.txt"
WIDTH = 100
MARKS = {GOOD: "good", DOUBT: "LOOK", BAD: "BAD"}
REHEARSAL = "REHEARSAL"


def certify_master(
    path: Path,
    expected: Expected,
    *,
    on_progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> Certificate:
    """Looks at a finished film before it gets its name; made to be called as `examine` of a render.

    on_progress: how much of the look is done, 0 to 1. Raises MediaError naming every bad line, so that a film
    that is not what it should be is never called done; Cancelled, FfmpegMissing. Doubts are in the answer.
    """
    certificate = certify(path, expected, find_ffmpeg(), on_progress=on_progress, cancel=cancel)
    if certificate.bad:
        faults = " ".join(f"{line.what}: {line.seen}" for line in certificate.bad)
        raise MediaError(
            f"The film was made, but looked at afterwards it is not what it should be, so it was not kept. "
            f"{faults}",
            cure=certificate.bad[0].cure,
        )
    return certificate


def certificate_path(master: Path) -> Path:
    """Where the certificate of a master lies: beside it."""
    return master.with_suffix(SUFFIX)


def write_certificate(master: Path, certificate: Certificate, facts: Mapping[str, Any]) -> Path:
    """Writes the certificate beside its master, whole. facts: as in the master's .json. Raises StoreError."""
    path = certificate_path(master)
    write_whole(path, certificate_text(certificate, facts).encode())
    return path


def certificate_text(certificate: Certificate, facts: Mapping[str, Any]) -> str:
    """The certificate as plain text for people. facts: of the master (master, sha256, frames, fps, made_at,
    rehearsal ...); what they do not know is left out."""
    rehearsal = bool(facts.get("rehearsal"))
    title = "Certificate of a finished film"
    lines = [*_loudly(rehearsal), title, "=" * len(title), "", *_film(facts), ""]
    doubts = len(certificate.doubts)
    if certificate.bad:
        lines += [f"{len(certificate.bad)} things are wrong with it; it must not be used.", ""]
    elif doubts:
        some = "One line is" if doubts == 1 else f"{doubts} lines are"
        lines += [f"Nothing is wrong with it; {some} worth a look ({MARKS[DOUBT]}).", ""]
    else:
        lines += ["All is well.", ""]
    for line in certificate.lines:
        lines += _told(line)
    lines += ["", *wrap(certificate.decoded, WIDTH), *_loudly(rehearsal, after=True)]
    return "\n".join(lines) + "\n"


def _loudly(rehearsal: bool, *, after: bool = False) -> list[str]:
    if not rehearsal:
        return []
    words = f"{REHEARSAL}: stand-in pictures and sound, not made by LTX-2. Not for publishing."
    bar = "*" * len(words)
    return ["", bar, words, bar] if after else [bar, words, bar, ""]


def _film(facts: Mapping[str, Any]) -> list[str]:
    known = [("film", facts.get("master"))]
    if facts.get("width_px") and facts.get("fps"):
        shape = f"{facts['width_px']}x{facts['height_px']} at {facts['fps']} frames a second"
        known.append(("picture", shape))
    if facts.get("duration_s"):
        known.append(("length", f"{moment(facts['duration_s'])} ({facts.get('frames', 0):,} frames)"))
    known += [
        ("made", facts.get("made_at")),
        ("by", f"ltx-kit {__version__}"),
        ("sha256", facts.get("sha256")),
    ]
    return [f"{name:<8} {value}" for name, value in known if value]


def _told(line: Line) -> list[str]:
    """One line as a small paragraph: the mark, what was looked at, what was seen and the cure, if any."""
    head = f"[{MARKS[line.state]}] {line.what}"
    text = f"{line.seen} {line.cure}".strip()
    return [head, *wrap(text, WIDTH, initial_indent="       ", subsequent_indent="       ")]
