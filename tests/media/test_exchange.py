"""The timeline for other editors, opened with OpenTimelineIO itself."""

from dataclasses import replace
from fractions import Fraction

import opentimelineio as otio
import pytest

from ltxlib.core.timeline import Cut, Timeline
from ltxlib.media.exchange import Mark, Source, address_of, write_otio


def written(tmp_path, cuts, fps="24", crossfade=12, silent=()):
    """A timeline of these cuts, written and opened again; its picture and sound tracks."""
    timeline = Timeline(tuple(cuts), Fraction(fps), 128, 64, crossfade)
    sources = [
        Source(
            f"{cut.scene} {cut.take}",
            address_of(cut.clip),
            121,
            Fraction(24),
            cut.scene not in silent,
            {"seed": 7},
        )
        for cut in cuts
    ]
    marks = [Mark(0, "Rain"), Mark(48, "Fire")]
    path = write_otio(timeline, sources, marks, tmp_path / "film.otio", name="Film", about={"kit": "x"})
    film = otio.adapters.read_from_file(str(path))
    return timeline, film, film.video_tracks()[0], film.audio_tracks()[0]


def cut(scene, frames=121, skip=0, shared=None):
    return Cut(f"../../takes/{scene}/take 1#.mp4", scene, "take1", frames, 0.0, skip, shared)


@pytest.mark.parametrize("fps", ["24", "25", "30000/1001", "24000/1001", "60"])
@pytest.mark.parametrize("crossfade", [0, 1, 11, 12])
def test_the_lengths_are_the_films(tmp_path, fps, crossfade):
    """Both tracks last as many frames as the film, at every rate and crossfade, odd ones too."""
    timeline, film, picture, sound = written(tmp_path, [cut(name) for name in "abcde"], fps, crossfade)
    for track in (picture, sound):
        assert track.duration().to_frames() == timeline.frames
        assert track.duration().rate == pytest.approx(float(timeline.fps))
    assert film.duration().to_seconds() == pytest.approx(float(timeline.duration_s))


def test_transitions_lie_where_cuts_overlap(tmp_path):
    """Each transition covers exactly the frames that two cuts share, and its clips have the frames for it."""
    timeline, _, picture, _ = written(tmp_path, [cut("a"), cut("b"), cut("c", 97, skip=24, shared=5)])
    transitions = [item for item in picture if isinstance(item, otio.schema.Transition)]
    clips = [item for item in picture if isinstance(item, otio.schema.Clip)]
    assert [len(transitions), len(clips)] == [2, 3]
    at = [clip.range_in_parent().start_time.to_frames() for clip in clips]
    for number, (transition, start) in enumerate(
        zip(transitions, timeline.starts_frames[1:], strict=True), 1
    ):
        early, late = (round(offset.value) for offset in (transition.in_offset, transition.out_offset))
        assert (at[number] - early, early + late) == (start, timeline.joints_frames[number])
        before, after = clips[number - 1].source_range, clips[number].source_range
        assert after.start_time.to_frames() == timeline.cuts[number].skip_frames + early
        last = timeline.cuts[number - 1].skip_frames + timeline.cuts[number - 1].frames
        assert before.end_time_exclusive().to_frames() + late == last
    for clip in clips:
        assert clip.available_range().duration.to_frames() == 121


def test_ways_through_black_are_plain_cuts_with_a_marker(tmp_path):
    """No frames are shared and no transition is written; the marker lies over all that is darkened."""
    dark = replace(cut("b"), black_frames=9)
    timeline, film, picture, _ = written(tmp_path, [cut("a"), dark, cut("c")])
    assert picture.duration().to_frames() == timeline.frames == 3 * 121 - 12
    kinds = [type(item).__name__ for item in picture]
    assert kinds == ["Clip", "Clip", "Transition", "Clip"]
    [mark] = [mark for mark in film.tracks.markers if mark.name == "through black"]
    assert (mark.marked_range.start_time.to_frames(), mark.marked_range.duration.to_frames()) == (116, 9)


def test_clips_point_at_the_takes_and_know_what_they_are(tmp_path):
    """Addresses are relative and escaped; scene, seed and names travel along."""
    _, film, picture, _ = written(tmp_path, [cut("räin"), cut("fire")])
    clip = picture[0]
    assert clip.media_reference.target_url == "../../takes/r%C3%A4in/take%201%23.mp4"
    assert (clip.name, clip.metadata["ltx-kit"]["seed"]) == ("räin take1", 7)
    assert film.metadata["ltx-kit"]["kit"] == "x"
    markers = film.tracks.markers
    assert [(mark.name, mark.marked_range.start_time.to_frames()) for mark in markers] == [
        ("Rain", 0),
        ("Fire", 48),
    ]


def test_silent_clips_leave_a_gap_of_their_length(tmp_path):
    """The sound track keeps its place where a clip has no sound."""
    timeline, _, _, sound = written(tmp_path, [cut("a"), cut("b"), cut("c"), cut("d")], silent=("b",))
    kinds = [type(item).__name__ for item in sound]
    assert kinds == ["Clip", "Gap", "Clip", "Transition", "Clip"]
    assert sound.duration().to_frames() == timeline.frames


def test_a_clip_that_is_not_there_is_missing_and_not_lost(tmp_path):
    """A source without an address keeps its place."""
    timeline = Timeline((cut("a"),), Fraction(24), 128, 64)
    path = write_otio(
        timeline, [Source("a", "", 121, Fraction(24))], [], tmp_path / "x.otio", name="x", about={}
    )
    clip = otio.adapters.read_from_file(str(path)).video_tracks()[0][0]
    assert clip.media_reference.is_missing_reference
    assert clip.duration().to_frames() == 121
