"""A film of a set length out of a loop: ten hours in the time that it takes to write them to the disk.

    the loop as a circle -> what differs of the film's sound and picture, coded once (long_sound.py,
    long_picture.py) -> a file whose tables name it again and again (mp4_writer.py) -> check -> final name

The pieces of picture are those of `render_master`, in the same cache. The sound's level is found on the loop.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from ltxlib.core.longform import LongFilm, rounds_until_whole
from ltxlib.core.problem import errors_in
from ltxlib.errors import BadInput
from ltxlib.media.ffmpeg import find_ffmpeg
from ltxlib.media.long_check import check_long
from ltxlib.media.long_level import Levelled, level_long
from ltxlib.media.long_picture import abridged, dark_parts, picture_track
from ltxlib.media.long_sound import plan_packets
from ltxlib.media.master import Render, Rooms, rendered, sha256_of
from ltxlib.media.mix import Mix
from ltxlib.media.mp4_boxes import Track
from ltxlib.media.mp4_writer import write_mp4
from ltxlib.media.probe import ClipInfo
from ltxlib.media.settings import MasterProgress, MasterReport, MasterSettings
from ltxlib.media.sound import RATE_HZ
from ltxlib.media.writer import AAC_BLOCK, timescale

# Beds and music go on through the rounds of the loop for so long before they begin anew with it.
LAYERS_S = 3600
# How much of the picture's work is done when its pieces are there; the rest is the writing of the file.
CODED = 0.8
# What the tables can count in; a film of an odder rate than any tells its length to a hundred-thousandth.
LARGEST_CLOCK = (1 << 32) - 1


def render_long(
    film: LongFilm,
    out: Path,
    settings: MasterSettings,
    *,
    work_dir: Path,
    cache_dir: Path | None = None,
    on_progress: Callable[[MasterProgress], None] | None = None,
    cancel: threading.Event | None = None,
    examine: Callable[[Path], None] | None = None,
) -> MasterReport:
    """Renders a film of a set length to `out` (MP4), whole or not at all, and says what came of it.

    All is as in `render_master`, of which this takes the pieces and leaves them for. The report's loudness is
    that of the film's first rounds, as coded. Raises what that raises.
    """
    problems = errors_in([*film.problems(), *settings.problems()])
    if problems:
        raise BadInput("This film cannot be made yet.", problems)
    render = LongRender(film, settings, on_progress, cancel)
    return rendered(render, Path(out), work_dir, cache_dir, examine)


class LongRender(Render):
    """One run of `render_long`."""

    def __init__(
        self,
        film: LongFilm,
        settings: MasterSettings,
        on_progress: Callable[[MasterProgress], None] | None,
        cancel: threading.Event | None,
    ) -> None:
        super().__init__(film.loop, settings, find_ffmpeg(), on_progress, cancel)
        self.film = film

    def run(self, rooms: Rooms, part: Path, out: Path) -> MasterReport:
        """Makes the film at `part`."""
        levelled, tracks = self.tracks(rooms)
        with self.phase("write"):
            clock_hz = timescale(self.film.loop.fps)
            clock_hz = clock_hz if clock_hz <= LARGEST_CLOCK else RATE_HZ
            write_mp4(
                tracks,
                part,
                clock_hz,
                self.settings.tags,
                compact=self.film.length.compact,
                on_bytes=self.wrote,
            )
        with self.phase("check"):
            self.step("check", 0, 2)
            check_long(part, self.film, self.stop_if_asked)
            self.step("check", 1, 2)
            digest = sha256_of(part, self.stop_if_asked)
        self.notes += self.told()
        return MasterReport(
            path=out,
            frames=self.film.frames,
            duration_s=float(self.film.frames / self.film.loop.fps),
            integrated_lufs=levelled.loudness.integrated_lufs,
            true_peak_dbtp=levelled.loudness.true_peak_dbtp,
            gain_db=levelled.gain_db,
            sha256=digest,
            size_bytes=part.stat().st_size,
            seconds=dict(self.seconds),
            notes=tuple(self.notes),
        )

    def tracks(self, rooms: Rooms) -> tuple[Levelled, list[Track]]:
        """Picture and sound of the film, coded where they were not yet, ready to be written."""
        facts = {cut.clip: info for cut, info in zip(self.film.loop.cuts, self.look(), strict=True)}
        with self.phase("sound"):
            levelled, sound = self.long_sound(facts, rooms.own)
        with self.phase("picture"):
            picture = self.long_picture(facts, rooms)
        return levelled, [picture, sound]

    def long_sound(self, facts: dict[str, ClipInfo], room: Path) -> tuple[Levelled, Track]:
        """The sound of the film, mixed, levelled and coded."""
        mix = circular_mix(self.film, facts, self.settings, room, self.fade_frames)
        plan = plan_packets(mix.samples, mix.period, mix.steady)
        levelled = level_long(
            mix, plan, room, self.settings, self.ffmpeg, self.cancel, partial(self.step, "sound")
        )
        self.notes += [*mix.notes, *levelled.notes]
        if self.settings.soundtrack.layers and mix.period < mix.samples:
            lasts_s = mix.period / RATE_HZ
            self.notes.append(
                f"Beds and music go on for {lasts_s / 60:.0f} minutes, then begin anew with the loop."
            )
        return levelled, levelled.track(plan, mix.samples)

    def long_picture(self, facts: dict[str, ClipInfo], rooms: Rooms) -> Track:
        """The picture of the film, what differs of it coded."""
        short = abridged(self.film, *self.fade_frames)
        clips = [facts[cut.clip] for cut in short.timeline.cuts]
        mould, pieces = self.pieces(short.timeline, clips, short.fades, rooms)
        parts = short.whole(pieces) + dark_parts(self.film.frames - short.lit, mould, rooms.own)
        return picture_track(parts, mould, rooms.own / "picture.bin", self.stop_if_asked)

    @property
    def fade_frames(self) -> tuple[int, int]:
        """The fades in frames; neither takes more than half the film."""
        half, fps = self.film.frames // 2, self.film.loop.fps
        wanted = (self.settings.fade_in_s, self.settings.fade_out_s)
        fade_in, fade_out = (min(round(seconds * fps), half) for seconds in wanted)
        return fade_in, fade_out

    def step(self, phase: str, done: int, total: int) -> None:
        """As for every film, but the picture is not done when it is coded."""
        if phase == "picture":
            self._pictured(CODED * done / total)
        else:
            super().step(phase, done, total)

    def wrote(self, done: int, total: int) -> None:
        """Says how much of the file is there."""
        self._pictured(CODED + (1 - CODED) * done / total)

    def _pictured(self, part: float) -> None:
        super().step("picture", round(self.film.frames * part), self.film.frames)

    def told(self) -> list[str]:
        """What people should know of a film of this length."""
        film, fps = self.film, float(self.film.loop.fps)
        found = []
        if film.length.order == "shuffled":
            scenes = len(film.cycle.cuts)
            found.append(
                f"The order repeats after {scenes} scenes ({film.cycle_frames / fps / 60:.1f} minutes)."
            )
        if film.dusk_frames:
            dark_s = film.lit_frames / fps
            found.append(f"The picture is black from {dark_s / 60:.1f} minutes on; the sound goes on.")
        if film.length.compact:
            found.append(
                "An experiment: the file holds its picture and sound once and plays them again and again. "
                "It was not tried with YouTube. Look at the whole upload before you publish it."
            )
        return found


def circular_mix(
    film: LongFilm,
    facts: dict[str, ClipInfo],
    settings: MasterSettings,
    room: Path,
    fade_frames: tuple[int, int],
) -> Mix:
    """The film's sound, whose rounds are whole samples and whole packets of sound, so that nothing drifts."""
    circle, fps = film.cycle, film.loop.fps
    times = rounds_until_whole(film.cycle_frames, fps, 1, RATE_HZ)
    frames = film.cycle_frames * times
    rounds = least = rounds_until_whole(frames, fps, AAC_BLOCK, RATE_HZ)
    if settings.soundtrack.layers:
        # As long as the layers are to go on, in whole numbers of the least.
        rounds = least * -(-int(LAYERS_S * fps) // (frames * least))
    fades = tuple(film.loop.sample_at(frames, RATE_HZ) for frames in fade_frames)
    whole = replace(circle, cuts=circle.cuts * times)
    mixing = room / "mixing"
    mixing.mkdir(parents=True, exist_ok=True)
    return Mix(
        whole,
        [facts[cut.clip] for cut in whole.cuts],
        settings.soundtrack,
        mixing,
        fades=(fades[0], fades[1]),
        rounds=rounds,
        samples=film.loop.sample_at(film.frames, RATE_HZ),
    )
