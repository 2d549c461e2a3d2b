"""The timeline for other editors: an OpenTimelineIO file (.otio) that points at the takes themselves.

OpenTimelineIO writes it, so the schema is its own. Its adapters for FCPXML and EDL were last released in 2023
and are not looked after, so the kit does not bring them; DaVinci Resolve and Premiere open .otio themselves.

Where two cuts share X frames, editors know no overlap: the cut lies in the middle of what is shared, and a
transition reaches X//2 frames before and the rest after it. A way through black shares none and has no common
name among editors: it is a plain cut with a black marker. All counts are frames of the film's rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ltxlib.core.timeline import Timeline
from ltxlib.errors import StoreError
from ltxlib.media.placing import placed

NAMESPACE = "ltx-kit"


@dataclass(frozen=True)
class Source:
    """What one cut shows, for another editor.

    address: of the clip, relative to the .otio's folder (`address_of`); empty for one that is not there.
    frames and fps: how long the clip is, at its own rate. about: what is told of it (scene, seed ...).
    """

    name: str
    address: str
    frames: int
    fps: Fraction
    has_sound: bool = True
    about: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Mark:
    """A place in the film with a name, such as a chapter; frame of the film's rate."""

    frame: int
    name: str


@dataclass(frozen=True)
class _Part:
    """One cut as editors count it: its source's first frame, its frames, and the transition before it."""

    source: Source
    start: int
    frames: int
    before: tuple[int, int]


def write_otio(
    timeline: Timeline,
    sources: Sequence[Source],
    marks: Sequence[Mark],
    out: Path,
    *,
    name: str,
    about: dict[str, Any],
) -> Path:
    """Writes the timeline with a picture and a sound track, a source for each cut, whole or not at all.

    Raises StoreError when it cannot be written.
    """
    import opentimelineio as otio

    film = otio.schema.Timeline(name, metadata={NAMESPACE: about})
    fps = float(timeline.fps)
    film.global_start_time = otio.opentime.RationalTime(0, fps)
    parts = _parts(timeline, sources)
    for kind, title in (("Video", "Picture"), ("Audio", "Sound")):
        track = otio.schema.Track(title, kind=getattr(otio.schema.TrackKind, kind))
        _fill(track, parts, fps, sound=kind == "Audio")
        film.tracks.append(track)
    for mark in marks:
        film.tracks.markers.append(
            otio.schema.Marker(name=mark.name, marked_range=_range(mark.frame, 1, fps), color="GREEN")
        )
    for at, down, up in timeline.dips_frames:
        marked = _range(at - down, down + up, fps)
        color = otio.schema.MarkerColor.BLACK
        film.tracks.markers.append(otio.schema.Marker("through black", marked_range=marked, color=color))
    try:
        text = otio.adapters.write_to_string(film, "otio_json", indent=1)
    except otio.exceptions.OTIOError as error:
        raise StoreError(f"{out.name} could not be written ({error}).") from error
    with placed(out, "The timeline") as part:
        part.write_text(text, "utf-8")
    return out


def address_of(relative: str) -> str:
    """A relative path as the address that OpenTimelineIO wants: blanks and odd letters escaped."""
    return quote(relative)


def _parts(timeline: Timeline, sources: Sequence[Source]) -> list[_Part]:
    joints = timeline.joints_frames
    parts = []
    for number, (cut, source) in enumerate(zip(timeline.cuts, sources, strict=True)):
        head, tail = joints[number], joints[number + 1] if number + 1 < len(joints) else 0
        early, late = head // 2, tail - tail // 2
        parts.append(
            _Part(
                source=source,
                start=cut.skip_frames + early,
                frames=cut.frames - early - late,
                before=(early, head - early),
            )
        )
    return parts


def _fill(track: Any, parts: list[_Part], fps: float, *, sound: bool) -> None:
    """Put every part on a track, with its transition; silence where a clip has no sound."""
    import opentimelineio as otio

    silent = [sound and not part.source.has_sound for part in parts]
    for number, part in enumerate(parts):
        early, late = part.before
        if number and early + late and not (silent[number] or silent[number - 1]):
            track.append(
                otio.schema.Transition(
                    name="Crossfade",
                    transition_type=otio.schema.TransitionTypes.SMPTE_Dissolve,
                    in_offset=otio.opentime.RationalTime(early, fps),
                    out_offset=otio.opentime.RationalTime(late, fps),
                )
            )
        shown = _range(part.start, part.frames, fps)
        if silent[number]:
            track.append(otio.schema.Gap(source_range=_range(0, part.frames, fps)))
        else:
            track.append(_clip(part.source, shown))


def _clip(source: Source, shown: Any) -> Any:
    import opentimelineio as otio

    if source.address:
        media = otio.schema.ExternalReference(
            target_url=source.address, available_range=_range(0, source.frames, float(source.fps))
        )
    else:
        media = otio.schema.MissingReference()
    return otio.schema.Clip(
        name=source.name, media_reference=media, source_range=shown, metadata={NAMESPACE: source.about}
    )


def _range(start: int, frames: int, fps: float) -> Any:
    import opentimelineio as otio

    return otio.opentime.TimeRange(
        otio.opentime.RationalTime(start, fps), otio.opentime.RationalTime(frames, fps)
    )
