"""Looks at a finished film with fresh eyes, before it is called done, and writes down what it saw.

Nothing of what made the film is asked: the file is read, played and held against its timeline and its clips.
One run of ffmpeg plays all of it (of films over a quarter of an hour: both ends, the middle and a dozen
joints; their tables are read whole, as those of every film).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from ltxlib.errors import Cancelled, ClipUnreadable
from ltxlib.media import film_decoding as decoding
from ltxlib.media.expected import Expected, expected_of
from ltxlib.media.ffmpeg import Ffmpeg
from ltxlib.media.film_decoding import Played
from ltxlib.media.film_joints import click_line, stall_line, together_line
from ltxlib.media.film_lines import count_lines, format_lines, start_line, streams_line, whole_line
from ltxlib.media.film_moments import Reader, Sources
from ltxlib.media.film_tables import FilmTables, TornTables, read_tables
from ltxlib.media.findings import BAD, LOOKED_AT, Certificate, Line, bad, doubt, good, moment
from ltxlib.media.loudness import Loudness

__all__ = ["Certificate", "Expected", "Line", "certify", "expected_of"]

NEAR_LU, DOUBTFUL_LU = 0.5, 1.0
# Measured to 0.1 dB.
ROUNDING_DB = 0.051
# What plays before its clicks, stalls and sync are looked at is most of the work.
PLAYED_SHARE = 0.85


def certify(
    path: Path,
    expected: Expected,
    ffmpeg: Ffmpeg,
    *,
    on_progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> Certificate:
    """Looks at a finished film: is it whole, exactly what was asked, and fit to be shown.

    on_progress: how much of the look is done, 0 to 1. What is wrong becomes a line, never an error.
    Raises Cancelled, FfmpegMissing.
    """
    try:
        tables = read_tables(path)
    except TornTables as error:
        return Certificate((bad("whole", str(error)),), "Nothing of it was played.")
    except OSError as error:
        return Certificate((bad("whole", f"It cannot be read ({error.strerror}).", "Look at the disk."),))
    look = _Look(path, expected, ffmpeg, tables, on_progress or _nobody, cancel)
    try:
        lines = [line for line in look.lines() if line is not None]
    except ClipUnreadable as error:
        lines = [bad("decodes", error.message)]
    order = list(LOOKED_AT)
    return Certificate(tuple(sorted(lines, key=lambda line: order.index(line.key))), look.decoded)


def _nobody(_part: float) -> None:
    """For when nobody wants to know."""


class _Look:
    """One look at one film."""

    def __init__(
        self,
        path: Path,
        expected: Expected,
        ffmpeg: Ffmpeg,
        tables: FilmTables,
        on_progress: Callable[[float], None],
        cancel: threading.Event | None,
    ) -> None:
        self.path, self.expected, self.ffmpeg, self.tables = path, expected, ffmpeg, tables
        self.on_progress, self.cancel = on_progress, cancel
        self.sources = Sources(expected.timeline) if expected.timeline is not None else None
        self.spans = decoding.stretches(expected.frames, expected.fps, expected.joints)
        self.whole = self.spans == [(0, expected.frames)]

    @property
    def decoded(self) -> str:
        """What was played and what only read."""
        if self.whole:
            return "All of the film was played, and all of its tables were read."
        played_s = float(sum(last - first for first, last in self.spans) / self.expected.fps)
        return (
            f"{moment(played_s)} of the film were played: its beginning, middle and end, and some of its "
            f"joints. Of all the rest the tables were read, packet by packet."
        )

    def lines(self) -> Iterator[Line | None]:
        """Every line; one that would only repeat another is left out."""
        yield whole_line(self.tables)
        yield streams_line(self.tables)
        facts = [
            *format_lines(self.path, self.tables, self.expected),
            *count_lines(self.tables, self.expected),
        ]
        yield from facts
        wrong = {line.key for line in facts if line.state == BAD}
        played = self.play()
        yield self.playing_line(played, wrong)
        if "sound" not in wrong:
            yield from self.loudness_lines(self.measured(played))
        with Reader(self.path) as film:
            if "sound" not in wrong:
                yield click_line(film, self.expected, self.sources, self.stop_if_asked)
            if not wrong & {"frames", "even"}:
                yield stall_line(film, played.stills, self.expected, self.sources, self.spans)
            yield self.together(film, wrong)
        self.on_progress(1.0)

    def play(self) -> Played:
        total, done, played = sum(last - first for first, last in self.spans), 0, Played()
        for span in self.spans:
            size, before = span[1] - span[0], done

            def part(share: float, size: int = size, before: int = before) -> None:
                self.on_progress(PLAYED_SHARE * (before + size * share) / max(total, 1))

            one = decoding.play(
                self.path,
                self.ffmpeg,
                self.expected.fps,
                span,
                whole=self.whole,
                on_part=part,
                cancel=self.cancel,
            )
            played.add(one)
            played.loudness = one.loudness
            done += size
        return played

    def playing_line(self, played: Played, wrong: set[str]) -> Line:
        """Whether all that was played came out, without a word of complaint."""
        if played.complaints:
            more = f" ({played.said_more:,} more of these)" if played.said_more else ""
            return bad("decodes", f"ffmpeg complained while it played it: {played.complaints[0]}{more}")
        picture, sound = self.tables.track("picture"), self.tables.track("sound")
        wanted = len(picture.shows) if picture is not None and self.whole else played.wanted
        if played.frames != wanted and not wrong & {"frames", "even"}:
            return bad("decodes", f"Of {wanted:,} frames {played.frames:,} can be seen.")
        if self.whole and sound is not None and played.samples < sound.length:
            return bad("decodes", f"Of {sound.length:,} samples {played.samples:,} can be heard.")
        of_all = "" if self.whole else f" of {self.expected.frames:,}"
        return good("decodes", f"{played.frames:,}{of_all} frames were decoded without a word of complaint.")

    def measured(self, played: Played) -> tuple[Loudness | None, str]:
        """The loudness, and of what part it is."""
        if self.whole:
            return played.loudness, ""
        length_s = float(self.expected.frames / self.expected.fps)
        start_s = (length_s - decoding.LOUD_S) / 3
        found = decoding.loudness_between(self.path, self.ffmpeg, start_s, decoding.LOUD_S, self.cancel)
        return found, f", measured over ten minutes from {moment(start_s)} on"

    def loudness_lines(self, measured: tuple[Loudness | None, str]) -> Iterator[Line]:
        """How loud it is, and its highest peak."""
        found, part = measured
        if found is None:
            yield bad("loudness", "ffmpeg could not say how loud it is.")
            return
        yield self.loudness_line(found, part)
        ceiling, peak = self.expected.ceiling_dbtp, found.true_peak_dbtp
        if peak is None:
            yield good("peak", "There is none: it is silent.")
        elif ceiling is not None and peak > ceiling + ROUNDING_DB:
            yield bad("peak", f"{peak:.1f} dBTP{part}, above the {ceiling:g} asked for: it may crackle.")
        else:
            most = "" if ceiling is None else f" (at most {ceiling:g})"
            yield good("peak", f"{peak:.1f} dBTP{most}{part}.")

    def loudness_line(self, found: Loudness, part: str) -> Line:
        """How loud it is against what was asked."""
        target, loud = self.expected.target_lufs, found.integrated_lufs
        if loud is None:
            if found.true_peak_dbtp is None and self.should_sound():
                cure = "Listen to the clips: if they are silent too, all is as it should be."
                return doubt("loudness", "The film is silent, though its clips have sound.", cure)
            text = "The film is silent." if found.true_peak_dbtp is None else "Too short or soft to measure."
            return good("loudness", text)
        text = f"{loud:.1f} LUFS" + ("" if target is None else f" (asked for: {target:g}){part}")
        if target is None or abs(loud - target) <= NEAR_LU:
            return good("loudness", f"{text}.")
        if loud - target > DOUBTFUL_LU:
            return bad("loudness", f"{text}: it is {loud - target:.1f} LU too loud.")
        softer = f"{abs(loud - target):.1f} LU {'louder' if loud > target else 'softer'} than asked for"
        cure = "Listen whether it is loud enough; high peaks keep a film from being louder."
        return doubt("loudness", f"{text}: {softer}.", cure)

    def should_sound(self) -> bool:
        """Whether something that makes the film has sound."""
        if self.sources is None:
            return True
        clips = {cut.clip: cut for cut in self.sources.timeline.cuts if cut.scene not in ("title", "end")}
        return any(self.sources.info(cut).has_audio for cut in clips.values())

    def together(self, film: Reader, wrong: set[str]) -> Line | None:
        """Picture and sound against each other; left out where counts or times are wrong anyway."""
        if wrong & {"frames", "samples", "even", "picture", "sound"}:
            return None
        fault = start_line(self.tables)
        return fault or together_line(film, self.expected, self.sources)

    def stop_if_asked(self) -> None:
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled("The film was stopped; nothing was changed.")
