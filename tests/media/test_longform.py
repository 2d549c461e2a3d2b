"""Long films: exact to the frame and the sample, in step to the end, without a seam."""

from __future__ import annotations

import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from ltxlib.core.film import LongForm
from ltxlib.core.longform import LongFilm, circle_frames, unrolled
from ltxlib.core.soundtrack import Layer, Soundtrack
from ltxlib.core.timeline import Cut, Timeline
from ltxlib.errors import BadInput, Cancelled, MediaError
from ltxlib.media.film_tables import read_tables
from ltxlib.media.long_check import check_long
from ltxlib.media.longform import circular_mix, render_long
from ltxlib.media.master import MasterSettings, render_master
from ltxlib.media.probe import probe
from ltxlib.media.writer import write_sound
from tests.support.clips import make_clip
from tests.support.films import boxes, complaints, pictures, sample_count, samples

SETTINGS = MasterSettings(
    preset="ultrafast", fade_in_s=0.4, fade_out_s=0.8, tags={"title": "Rain", "comment": "REHEARSAL"}
)
NOFADE = replace(SETTINGS, fade_in_s=0, fade_out_s=0)
NTSC = "30000/1001"


def loop_of(clips, *, frames=40, crossfade=6, fps="24", **first) -> Timeline:
    cuts = [Cut(str(clip), clip.stem, "take-01", frames) for clip in clips]
    return Timeline((replace(cuts[0], **first), *cuts[1:]), Fraction(fps), 128, 64, crossfade)


def render(folder, loop, length, settings=SETTINGS, name="long.mp4", **more):
    film = LongFilm(loop, length)
    return render_long(
        film, folder / name, settings, work_dir=folder / "work", cache_dir=folder / "pieces", **more
    )


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Three clips of moving waves, tones and noise, 40 frames each."""
    folder = tmp_path_factory.mktemp("clips")
    waves = ({"tone_hz": 311}, {"wave": "noise", "peak": 0.2}, {"tone_hz": 173})
    return [make_clip(folder / f"{n}.mp4", frames=40, seed=n, **wave) for n, wave in enumerate(waves)]


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """The same without sound, where only pictures count: silence is quickly coded."""
    folder = tmp_path_factory.mktemp("quiet")
    return [make_clip(folder / f"{n}.mp4", frames=40, seed=n, sound=None) for n in range(3)]


@pytest.fixture(scope="module")
def long(clips, tmp_path_factory):
    """Half a minute out of a loop of four seconds; and the same film made cut by cut."""
    folder = tmp_path_factory.mktemp("long")
    loop, steps = loop_of(clips), []
    report = render(folder, loop, LongForm(30.02), on_progress=steps.append)
    plain = render_master(
        unrolled(loop, 720),
        folder / "plain.mp4",
        SETTINGS,
        work_dir=folder / "work",
        cache_dir=folder / "pieces",
    )
    return loop, report, plain, steps


def test_frames_samples_and_lengths_are_exact(long):
    """Counted by decoding and told by the tables; the length asked for is met by the nearest frame."""
    loop, report, _plain, _steps = long
    info = probe(report.path)
    assert report.frames == info.frames == 720
    assert sample_count(report.path) == loop.sample_at(720, 48_000)
    with av.open(str(report.path)) as container:
        for stream in container.streams:
            assert stream.start_time == 0
            assert stream.duration * stream.time_base == 30


def test_every_picture_is_that_of_the_film_made_cut_by_cut(long):
    """Head, rounds, joints and tail: the same pieces, so the same pictures to the last bit."""
    _loop, report, plain, _steps = long
    shown, meant = pictures(report.path), pictures(plain.path)
    assert len(shown) == len(meant)
    for ours, theirs in zip(shown, meant, strict=True):
        assert all((a == b).all() for a, b in zip(ours, theirs, strict=True))


def test_the_sound_is_the_circular_mix_within_the_coders_error(long, tmp_path):
    """Nowhere, least of all where packets were laid together, is it further off than such coding is."""
    loop, report, _plain, _steps = long
    film = LongFilm(loop, LongForm(30.02))
    facts = {cut.clip: probe(Path(cut.clip)) for cut in loop.cuts}
    mix = circular_mix(film, facts, SETTINGS, tmp_path, (10, 19))
    meant = np.concatenate(list(mix.span(0, mix.samples))) * np.float32(10 ** (report.gain_db / 20))
    write_sound([meant], tmp_path / "once.m4a", SETTINGS.audio_kbps)
    joined, once = (_errors(path, meant) for path in (report.path, tmp_path / "once.m4a"))
    # White noise is what AAC does worst; what counts is that joints add nothing to it.
    assert np.median(joined) < 1.05 * np.median(once)
    assert (joined < 1.6 * once + 1e-3).all()


def _errors(path, meant):
    """How far each block of 1024 samples is off."""
    heard = samples(path)[: len(meant)]
    blocks = (heard - meant)[: len(meant) // 1024 * 1024].reshape(-1, 1024, 2)
    return np.sqrt((blocks**2).mean((1, 2)))


def test_it_is_a_file_that_everybody_reads_without_a_word(long):
    """H.264 High and AAC, BT.709 by name, tables first, its words in it."""
    _loop, report, _plain, _steps = long
    info = probe(report.path)
    assert complaints(report.path) == ""
    assert boxes(report.path) == ["ftyp", "moov", "mdat"]
    tags = (info.color_space, info.color_primaries, info.color_transfer, info.color_range)
    assert tags == ("bt709", "bt709", "bt709", "tv")
    assert (info.codec, info.profile, info.audio_codec, info.audio_rate) == ("h264", "High", "aac", 48_000)
    assert (info.tags["title"], info.tags["comment"]) == ("Rain", "REHEARSAL")


def test_any_frame_is_found_by_seeking(long):
    """Whichever moment is asked for, what decoding gives from there on is the picture of that moment."""
    _loop, report, plain, _steps = long
    meant = pictures(plain.path)
    with av.open(str(report.path)) as container:
        stream = container.streams.video[0]
        for wanted in (700, 3, 411, 96, 719):
            container.seek(int(wanted / 24 / stream.time_base), stream=stream)
            for frame in container.decode(stream):
                if round(frame.time * 24) == wanted:
                    break
            plane = np.frombuffer(frame.planes[0], np.uint8).reshape(-1, frame.planes[0].line_size)
            assert (plane[:64, :128] == meant[wanted][0]).all()


def test_loudness_is_as_asked_and_the_work_is_told(long):
    """Half a LU at most beside the target, the ceiling kept; the bar never goes back and ends at the end."""
    _loop, report, _plain, steps = long
    assert report.integrated_lufs == pytest.approx(-18, abs=0.5)
    assert report.true_peak_dbtp <= -1
    parts = [step.part for step in steps]
    assert parts == sorted(parts)
    assert parts[-1] == 1
    assert {step.phase for step in steps} == {"look", "sound", "picture", "check"}


@pytest.mark.parametrize("fps", ["24", "25", "24000/1001", NTSC, "60"])
def test_picture_and_sound_stay_in_step_to_the_end(tmp_path, fps):
    """A flash and a beep at the same moment of the loop are there together in every round, to the sample."""
    rate = Fraction(fps)
    at = float(20 / rate)
    clip = make_clip(
        tmp_path / "flash.mp4", frames=70, fps=fps, flashes=(20,), wave="clicks", clicks_s=(at,),
        sound_rate_hz=48_000, peak=0.5,
    )  # fmt: skip
    loop = loop_of([clip], frames=70, crossfade=6, fps=fps)
    report = render(tmp_path, loop, LongForm(25), NOFADE)
    lumas = np.array([planes[0].mean() for planes in pictures(report.path)])
    flashes = np.flatnonzero(lumas > 100)
    assert list(flashes) == list(range(20, report.frames, 64))
    heard = np.abs(samples(report.path)).max(1)
    places = [loop.sample_at(int(frame), 48_000) for frame in flashes]
    beeps = [place - 2000 + int(np.argmax(heard[max(place - 2000, 0) : place + 2000])) for place in places]
    late = np.array(beeps) - np.array(places)
    # Where exactly the coder puts a click's summit is its own; that must not move from round to round.
    assert np.ptp(late) < 10
    assert abs(late[: len(late) // 2].mean() - late[len(late) // 2 :].mean()) < 2
    assert abs(late).max() < 48


def test_shuffled_films_show_every_clip_and_repeat_only_as_told(clips, tmp_path):
    """The levels name the clips: no one follows on itself, and each neighbourhood comes once in the cycle."""
    grey = [
        make_clip(tmp_path / f"g{n}.mp4", frames=20, levels=(50 + 40 * n,) * 20, sound=None) for n in range(4)
    ]
    loop = loop_of(grey, frames=20, crossfade=0)
    report = render(tmp_path, loop, LongForm(24, order="shuffled", seed=4), NOFADE)
    again = render(tmp_path, loop, LongForm(24, order="shuffled", seed=4), NOFADE, name="again.mp4")
    assert report.sha256 == again.sha256
    lumas = [planes[0].mean() for planes in pictures(report.path)][10::20]
    names = np.argmin(np.abs(np.array(lumas)[:, None] - np.array(sorted(set(np.round(lumas, -1))))), axis=1)
    cycle = len(LongFilm(loop, LongForm(24, order="shuffled", seed=4)).cycle.cuts)
    assert cycle == 12
    pairs = list(zip(names, np.roll(names, -1), strict=True))
    assert len(set(pairs[:cycle])) == cycle
    assert list(names[cycle : 2 * cycle]) == list(names[:cycle])
    assert any("order repeats after 12 scenes" in note for note in report.notes)
    assert any("no sound" in note for note in report.notes)


def test_the_screen_goes_dark_and_the_sound_goes_on(clips, tmp_path):
    """Black to the last picture, but not a sample of silence before the fade at the end."""
    report = render(tmp_path, loop_of(clips), LongForm(20, screen_off_s=6))
    lumas = [planes[0].mean() for planes in pictures(report.path)]
    assert len(lumas) == 480
    assert min(lumas[24:140]) > 60
    falling = lumas[144:216:12]
    assert falling == sorted(falling, reverse=True)
    assert set(lumas[216:]) == {16.0}
    heard = samples(report.path)
    assert np.abs(heard[15 * 48_000 : 18 * 48_000]).reshape(-1, 4800).max(1).min() > 0.01
    assert complaints(report.path) == ""
    assert any("black from 0.1 minutes on" in note for note in report.notes)


def test_a_compact_film_decodes_as_the_whole_one(clips, tmp_path, long):
    """Every picture and every sample; only the file is small, and the report calls it an experiment."""
    _loop, report, _plain, _steps = long
    compact = render(tmp_path, loop_of(clips), LongForm(30.02, compact=True))
    ours, theirs = pictures(compact.path), pictures(report.path)
    assert all((a[0] == b[0]).all() for a, b in zip(ours, theirs, strict=True))
    assert (samples(compact.path) == samples(report.path)).all()
    assert complaints(compact.path) == ""
    assert any("experiment" in note for note in compact.notes)


def test_ten_hours_are_exact_and_their_end_is_found(tmp_path):
    """864,000 frames, 1,728,000,000 samples; and the last picture is the one meant."""
    clip = make_clip(tmp_path / "levels.mp4", frames=48, levels=tuple(range(40, 232, 4)))
    loop = loop_of([clip], frames=48, crossfade=0, fps="24")
    report = render(tmp_path, loop, LongForm(36_000, compact=True), NOFADE)
    picture, sound = read_tables(report.path).tracks
    assert report.frames == len(picture.lasts) == 864_000
    assert picture.told_s == sound.told_s == 36_000
    assert sound.length == sound.lasts.sum() - 1024 == 36_000 * 48_000
    with av.open(str(report.path)) as container:
        stream = container.streams.video[0]
        assert stream.frames == 864_000
        container.seek(int(35_999 / stream.time_base), stream=stream)
        shown = [
            (round(frame.time * 24), int(frame.to_ndarray()[32, 64])) for frame in container.decode(stream)
        ]
    assert shown[-1][0] == 863_999
    assert [level for _n, level in shown[-3:]] == pytest.approx([205, 208, 212], abs=3)


def test_beds_go_on_through_the_rounds(clips, tmp_path):
    """A bed's own period is heard whole: it does not begin anew with every round of the loop."""
    silent = make_clip(tmp_path / "silent.mp4", frames=40, sound=None)
    bed = make_clip(tmp_path / "bed.mp4", frames=24 * 11, wave="clicks", clicks_s=(3.0,), peak=0.5)
    track = Soundtrack(beds=(Layer(str(bed), gain_db=0, fade_in_s=0, fade_out_s=0),), even=False, fill=False)
    report = render(tmp_path, loop_of([silent]), LongForm(60), replace(NOFADE, soundtrack=track))
    heard = np.abs(samples(report.path)).max(1)
    seconds = heard[: 60 * 48_000].reshape(-1, 4800).max(1)
    clicks = np.flatnonzero(seconds > 0.5 * seconds.max()) / 10
    assert 4 <= len(clicks) <= 7
    assert np.diff(clicks).min() > 8


def test_a_film_shorter_than_its_loop_is_a_film(quiet, tmp_path):
    """Even one of two frames."""
    for frames in (2, 17, 50):
        report = render(tmp_path, loop_of(quiet), LongForm(frames / 24), NOFADE)
        assert probe(report.path).frames == len(pictures(report.path)) == frames
        assert complaints(report.path) == ""


def test_joints_of_every_kind_close_the_circle(quiet, tmp_path):
    """Through black, by its own crossfade, hard, and as what goes on: each as the film made cut by cut."""
    for first in (
        {"black_frames": 9},
        {"crossfade_frames": 3},
        {"crossfade_frames": 0},
        {"shared_frames": 4},
    ):
        loop = loop_of(quiet, **first)
        frames = 3 * circle_frames(loop) + 25
        report = render(tmp_path, loop, LongForm(frames / 24))
        plain = render_master(
            unrolled(loop, frames), tmp_path / "p.mp4", SETTINGS, work_dir=tmp_path / "work",
            cache_dir=tmp_path / "pieces",
        )  # fmt: skip
        ours, theirs = pictures(report.path), pictures(plain.path)
        assert all((a[0] == b[0]).all() for a, b in zip(ours, theirs, strict=True))


def test_what_is_stopped_or_refused_leaves_nothing(quiet, tmp_path):
    """Neither at any step of the work nor by what looks at the finished file."""
    whole = render(tmp_path, loop_of(quiet), LongForm(20))
    before = whole.path.read_bytes()
    for phase in ("look", "sound", "picture", "check"):
        cancel = threading.Event()

        def stop(step, phase=phase, cancel=cancel):
            if step.phase == phase and (phase != "check" or step.done < step.total):
                cancel.set()

        with pytest.raises(Cancelled):
            render(tmp_path, loop_of(quiet), LongForm(20), on_progress=stop, cancel=cancel)

    def refuse(path):
        raise MediaError(f"{path.name} is not liked.")

    with pytest.raises(MediaError, match="not liked"):
        render(tmp_path, loop_of(quiet), LongForm(20), examine=refuse)
    with pytest.raises(BadInput):
        render(tmp_path, loop_of(quiet), LongForm(0))
    assert whole.path.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["long.mp4", "pieces", "work"]
    assert not list((tmp_path / "work").iterdir())
    assert all(path.suffix == ".piece" for path in (tmp_path / "pieces").iterdir())


def test_pieces_are_those_of_every_film_and_stay(quiet, tmp_path):
    """A longer film of the same loop codes only another tail; made twice, it is the same file."""
    first = render(tmp_path, loop_of(quiet), LongForm(20))
    names = {path.name for path in (tmp_path / "pieces").iterdir()}
    longer = render(tmp_path, loop_of(quiet), LongForm(20 + 2 * 102 / 24), name="longer.mp4")
    assert {path.name for path in (tmp_path / "pieces").iterdir()} == names
    again = render(tmp_path, loop_of(quiet), LongForm(20), name="again.mp4")
    assert again.path.read_bytes() == first.path.read_bytes()
    assert longer.frames - first.frames == 204


def test_a_damaged_file_is_not_called_done(clips, tmp_path, long):
    """Whatever table is changed, or when the media are cut short, the check says so in a sentence."""
    loop, report, _plain, _steps = long
    film, data = LongFilm(loop, LongForm(30.02)), report.path.read_bytes()
    check_long(report.path, film, lambda: None)
    broken = tmp_path / "broken.mp4"
    for kind, at in ((b"elst", 12), (b"stts", 11), (b"stsz", 11), (b"ctts", 15), (b"co64", 15), (b"moov", 0)):
        place = data.index(kind) + 4 + at
        broken.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        with pytest.raises(MediaError):
            check_long(broken, film, lambda: None)
    broken.write_bytes(data[:-5000])
    with pytest.raises(MediaError):
        check_long(broken, film, lambda: None)
    with pytest.raises(MediaError, match="not 100"):
        check_long(report.path, LongFilm(loop, LongForm(100 / 24)), lambda: None)
