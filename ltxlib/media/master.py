"""Timeline in, master out: one finished film file, exact to the frame, at the loudness asked for.

    facts of every clip -> sound: mix, measure, gain, AAC, measure again -> picture: the pieces that are
    missing -> all pieces joined, the sound beside them -> check -> final name

The sound goes first because it is quick and can be wrong: its gain is only settled when the *decoded* AAC
keeps the ceiling (coding overshoots by some tenths of a dB). The picture is coded in pieces (`pieces.py`),
which outlive the render where there is a folder for them (`mezzanine.py`), and joined (`join.py`).
"""

from __future__ import annotations

import hashlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from ltxlib.core.problem import errors_in
from ltxlib.core.timeline import Timeline
from ltxlib.errors import BadInput, Cancelled, ClipUnreadable, MediaError
from ltxlib.media import colour
from ltxlib.media.encoder import encoder
from ltxlib.media.ends import Ends
from ltxlib.media.ffmpeg import Ffmpeg, find_ffmpeg
from ltxlib.media.join import join_film
from ltxlib.media.level import Level, level_sound
from ltxlib.media.mezzanine import Mezzanine, Mould, digest_of, mould_of, tidy
from ltxlib.media.mix import Mix
from ltxlib.media.pieces import Piece, Span, plan_pieces, usual_frames
from ltxlib.media.placing import placed
from ltxlib.media.probe import ClipInfo, probe
from ltxlib.media.settings import PRESETS, MasterProgress, MasterReport, MasterSettings
from ltxlib.media.sides import is_own_shape, told
from ltxlib.media.sound import RATE_HZ
from ltxlib.media.workroom import workroom
from ltxlib.media.writer import Coding, FilmShape

__all__ = ["PRESETS", "MasterProgress", "MasterReport", "MasterSettings", "render_master"]

# How much of the whole each phase is, for the progress bar.
_SHARES = {"look": (0.0, 0.02), "sound": (0.02, 0.12), "picture": (0.12, 0.97), "check": (0.97, 1.0)}


def render_master(
    timeline: Timeline,
    out: Path,
    settings: MasterSettings,
    *,
    work_dir: Path,
    cache_dir: Path | None = None,
    on_progress: Callable[[MasterProgress], None] | None = None,
    cancel: threading.Event | None = None,
    examine: Callable[[Path], None] | None = None,
) -> MasterReport:
    """Renders the timeline to `out` (MP4), whole or not at all, and says what came of it.

    work_dir: a folder for intermediate files, made when missing and left as it was. cache_dir: a folder in
    which coded pieces of picture stay, so that the next film (or this one, after a kill) needs only new ones;
    it may be deleted at any time. examine: looks at the finished file before it gets its name; what it raises
    keeps the film from being called done. Raises BadInput (timeline or settings), ClipUnreadable (every clip
    that cannot be used, by scene and take), Cancelled, FfmpegMissing, MediaError, StoreError.
    """
    out = Path(out)
    problems = errors_in([*timeline.problems(), *settings.problems()])
    if problems:
        raise BadInput("This film cannot be made yet.", problems)
    render = Render(timeline, settings, find_ffmpeg(), on_progress, cancel)
    return rendered(render, out, work_dir, cache_dir, examine)


def rendered(
    render: Render,
    out: Path,
    work_dir: Path,
    cache_dir: Path | None,
    examine: Callable[[Path], None] | None,
) -> MasterReport:
    """Runs a render in its rooms and puts what it made under its name; all as `render_master` says."""
    with placed(out, "The film") as part, workroom(work_dir) as room:
        # A folder that cannot be written is told before the work, not after it.
        part.touch()
        with workroom(cache_dir) if cache_dir else nullcontext(room) as making:
            report = render.run(Rooms(room, cache_dir or room, making), part, out)
            if examine is not None:
                examine(part)
        if cache_dir:
            tidy(cache_dir)
    render.step("check", 1, 1)
    return report


@dataclass(frozen=True)
class Rooms:
    """Folders of one render: for itself, for pieces that stay, and for pieces while they are written."""

    own: Path
    cache: Path
    making: Path


class Render:
    """One run of `render_master`: what all phases share."""

    def __init__(
        self,
        timeline: Timeline,
        settings: MasterSettings,
        ffmpeg: Ffmpeg,
        on_progress: Callable[[MasterProgress], None] | None,
        cancel: threading.Event | None,
    ) -> None:
        self.timeline, self.settings, self.ffmpeg = timeline, settings, ffmpeg
        self.on_progress, self.cancel = on_progress, cancel
        self.seconds: dict[str, float] = {}
        self.notes: list[str] = []

    def run(self, rooms: Rooms, part: Path, out: Path) -> MasterReport:
        """Makes the film at `part`, which will be called `out`."""
        clips = self.look()
        level = self.sound(clips, rooms.own)
        self.picture(clips, level.path, rooms, part)
        return self.check(part, out, level)

    def look(self) -> list[ClipInfo]:
        """The facts of every clip, each file read once; all that cannot be used are told together."""
        found: dict[str, ClipInfo] = {}
        faults = []
        with self.phase("look"):
            for number, cut in enumerate(self.timeline.cuts):
                self.step("look", number, len(self.timeline.cuts))
                try:
                    if cut.clip not in found:
                        found[cut.clip] = probe(Path(cut.clip))
                except ClipUnreadable as error:
                    faults.append(f"{cut.scene} {cut.take}: {error.message}")
        if faults:
            raise ClipUnreadable(f"The film cannot be made of these clips. {' '.join(faults)}")
        clips = [found[cut.clip] for cut in self.timeline.cuts]
        for cut, info in zip(self.timeline.cuts, clips, strict=True):
            self.notes += [
                f"{cut.scene} {cut.take}: {note}"
                for note in _notes(info, cut.skip_frames + cut.frames, self.timeline)
            ]
        return clips

    def sound(self, clips: Sequence[ClipInfo], room: Path) -> Level:
        """Mixes, levels and codes the sound."""
        with self.phase("sound"):
            self.step("sound", 0, 1)
            fades = tuple(self.timeline.sample_at(frames, RATE_HZ) for frames in self.fade_frames)
            mixing = room / "mixing"
            mixing.mkdir()
            mix = Mix(self.timeline, clips, self.settings.soundtrack, mixing, fades=(fades[0], fades[1]))

            def blocks() -> Iterator:
                done = 0
                for block in mix.span(0, mix.samples):
                    # Measuring and coding what was mixed is about as much again.
                    self.step("sound", done, 2 * mix.samples)
                    done += len(block)
                    yield block

            level = level_sound(blocks(), room, self.settings, self.ffmpeg, self.cancel)
            shutil.rmtree(mixing, ignore_errors=True)
            self.step("sound", 1, 1)
        self.notes += [*mix.notes, *level.notes]
        return level

    def picture(self, clips: Sequence[ClipInfo], sound: Path, rooms: Rooms, part: Path) -> None:
        """Codes the pieces of picture that are missing, then lays all of them and the sound into the film."""
        with self.phase("picture"):
            mould, pieces = self.pieces(self.timeline, clips, self.fade_frames, rooms)
            join_film(pieces, mould, sound, part, self.stop_if_asked)

    def pieces(
        self, timeline: Timeline, clips: Sequence[ClipInfo], fade_frames: Span, rooms: Rooms
    ) -> tuple[Mould, list[tuple[Piece, Path]]]:
        """Every piece of this timeline's picture with its file; those that are missing are coded."""
        shape = FilmShape(timeline.width_px, timeline.height_px, timeline.fps)
        coding = Coding(self.settings.crf, self.settings.preset, self.settings.tags)
        coding, notes = encoder(self.settings.encoder, shape, coding)
        self.notes += notes
        mould = mould_of(shape, coding)
        marks = {info.path: _mark(info.path) for info in clips}
        names = {path: digest_of(path, self.stop_if_asked) for path in marks}
        digests = [names[info.path] for info in clips]
        shapes = [is_own_shape(info, timeline) for info in clips]
        pieces = plan_pieces(timeline, digests, fade_frames, shapes)

        def between() -> None:
            self.stop_if_asked()
            # A piece must never be kept under the name of what its clip no longer holds.
            for path in (path for path, mark in marks.items() if mark != _mark(path)):
                raise ClipUnreadable(f"{path.name} changed while the film was made.")

        mezzanine = Mezzanine(rooms.cache, rooms.making, mould, pieces, between)
        ends = Ends(rooms.cache, rooms.making, names, usual_frames(timeline), between)
        for done in mezzanine.made(timeline, clips, ends.read):
            self.step("picture", done, timeline.frames)
        return mould, mezzanine.ready()

    def check(self, part: Path, out: Path, level: Level) -> MasterReport:
        """Looks at the finished file with fresh eyes, before it gets its name."""
        with self.phase("check"):
            self.step("check", 0, 3)
            info = probe(part)
            if (info.frames, info.fps, info.variable_rate) != (
                self.timeline.frames,
                self.timeline.fps,
                False,
            ):
                raise MediaError(
                    f"The finished film has {info.frames} frames at {info.fps} a second, "
                    f"not {self.timeline.frames} at {self.timeline.fps}."
                )
            # The sound's packets are those that were measured.
            loudness = level.loudness
            self.step("check", 1, 3)
            digest = _sha256(part, self.stop_if_asked)
            self.step("check", 2, 3)
        return MasterReport(
            path=out,
            frames=self.timeline.frames,
            duration_s=float(self.timeline.duration_s),
            integrated_lufs=loudness.integrated_lufs,
            true_peak_dbtp=loudness.true_peak_dbtp,
            gain_db=level.gain_db,
            sha256=digest,
            size_bytes=info.size_bytes,
            seconds=dict(self.seconds),
            notes=tuple(self.notes),
        )

    @property
    def fade_frames(self) -> tuple[int, int]:
        """The fades in frames; neither takes more than half the film."""
        return self.settings.fade_frames(self.timeline.frames, self.timeline.fps)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Takes the time of a phase."""
        started = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - started, 3)

    def step(self, phase: str, done: int, total: int) -> None:
        """Says how far the work is, or stops it when somebody asked for that; all but done is done."""
        if phase != "check" or done < total:
            self.stop_if_asked()
        if self.on_progress is not None:
            low, high = _SHARES[phase]
            self.on_progress(MasterProgress(phase, done, total, low + (high - low) * done / total))

    def stop_if_asked(self) -> None:
        """Raises Cancelled when somebody asked for that."""
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled("The film was stopped; nothing was changed.")


def _notes(info: ClipInfo, frames: int, timeline: Timeline) -> list[str]:
    """What had to be done to this clip, where a person would want to know."""
    notes = []
    if info.variable_rate:
        notes.append("its frames come at uneven times; they were laid on the film's even ones.")
    elif info.fps != timeline.fps:
        notes.append(f"it runs at {float(info.fps):g} frames a second, the film at {float(timeline.fps):g}.")
    if size := told(info, timeline):
        notes.append(size)
    missing = frames - info.frames_at(timeline.fps)
    if missing > 0:
        notes.append(f"it is {missing} frames shorter than its place, so its last picture stands still.")
    if colour.matrix_of(info) != colour.BT709:
        known = "is" if info.color_space else "says nothing of its colours and was read as"
        notes.append(f"it {known} {colour.matrix_of(info).upper()}; its colours were converted to BT.709.")
    if info.color_transfer in colour.HDR_TRANSFERS:
        notes.append("it is an HDR clip; its brightness will look flat in this film.")
    return notes


def _mark(path: Path) -> tuple[int, int] | None:
    """By what a file that was changed is told; None: it is gone."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_size, facts.st_mtime_ns


def _sha256(path: Path, between: Callable[[], None]) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            digest.update(block)
            between()
    return digest.hexdigest()
