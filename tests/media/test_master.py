"""Timeline in, master out: exact, whole, in step, in the right colours and at the right loudness."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from ltxlib.core.timeline import Cut, Timeline
from ltxlib.errors import BadInput, Cancelled, ClipUnreadable, StoreError
from ltxlib.media.master import MasterSettings, render_master
from ltxlib.media.probe import probe
from tests.support.clips import Recipe, cut_short, make_clip, planes_of, rgb_picture
from tests.support.films import boxes, complaints, lumas, pictures, sample_count, samples

NOFADE = MasterSettings(preset="ultrafast", fade_in_s=0, fade_out_s=0)
NTSC = Fraction(24000, 1001)


def timeline_of(clips, *, crossfade=0, fps="24", width=128, height=64, frames=None) -> Timeline:
    rate, cuts = Fraction(fps), []
    for number, clip in enumerate(clips):
        cuts.append(Cut(str(clip), f"scene{number}", "take-01", frames or probe(clip).frames_at(rate)))
    return Timeline(cuts, rate, width, height, crossfade)


def render(tmp_path, timeline, settings=NOFADE, name="film.mp4", **more):
    return render_master(timeline, tmp_path / name, settings, work_dir=tmp_path / "work", **more)


@pytest.fixture(scope="module")
def mixed_bag(tmp_path_factory):
    """A film of clips as they come: rates, sizes, shapes, channels, no sound, short sound, uneven times."""
    folder = tmp_path_factory.mktemp("bag")
    noise = {"wave": "noise", "peak": 0.2}
    uneven = tuple(n / 24 + (0.013 if n % 3 == 1 else 0) for n in range(33))
    recipes = [
        {"frames": 33, "sound_s": 1.33, **noise},
        {"frames": 25, "fps": "25", "sound": "mono", "seed": 1, **noise},
        {"frames": 33, "sound": None, "width_px": 64, "height_px": 64, "seed": 2},
        {"frames": 33, "times_s": uneven, "sound_rate_hz": 44100, "seed": 3, **noise},
        {"frames": 60, "fps": "60", "width_px": 256, "height_px": 128, "seed": 4, **noise},
        {"frames": 30, "fps": "30000/1001", "pixel_format": "yuv420p10le", "seed": 5, **noise},
    ]
    clips = [make_clip(folder / f"{number}.mp4", **recipe) for number, recipe in enumerate(recipes)]
    timeline = timeline_of(clips, crossfade=6)
    steps = []
    settings = MasterSettings(tags={"title": "A night", "comment": "made by hand"})
    report = render_master(
        timeline, folder / "film.mp4", settings, work_dir=folder / "work", on_progress=steps.append
    )
    return timeline, report, steps


def test_frames_samples_and_duration_are_exactly_the_timelines(mixed_bag):
    """Counted by decoding; the told durations are exact too."""
    timeline, report, _steps = mixed_bag
    assert report.frames == timeline.frames == len(pictures(report.path))
    assert sample_count(report.path) == timeline.sample_at(timeline.frames, 48_000)
    with av.open(str(report.path)) as container:
        for stream in container.streams:
            assert stream.start_time == 0
            assert stream.duration * stream.time_base == timeline.duration_s
    assert report.duration_s == pytest.approx(float(timeline.duration_s))


def test_the_file_is_what_youtube_asks_for(mixed_bag):
    """H.264 High, yuv420p, BT.709 by name, AAC-LC 48 kHz stereo, the table before the media."""
    _timeline, report, _steps = mixed_bag
    info = probe(report.path)
    assert (info.codec, info.profile, info.pixel_format) == ("h264", "High", "yuv420p")
    tags = (info.color_space, info.color_primaries, info.color_transfer, info.color_range)
    assert tags == ("bt709", "bt709", "bt709", "tv")
    assert (info.audio_codec, info.audio_rate, info.audio_channels) == ("aac", 48_000, 2)
    with av.open(str(report.path)) as container:
        assert container.streams.audio[0].profile == "LC"
    order = boxes(report.path)
    assert order.index("moov") < order.index("mdat")
    assert (info.tags["title"], info.tags["comment"]) == ("A night", "made by hand")


def test_it_decodes_without_a_word(mixed_bag):
    """ffmpeg finds nothing to complain of."""
    assert complaints(mixed_bag[1].path) == ""


def test_loudness_and_peak_are_as_asked(mixed_bag):
    """Within half a LU of the target, and the decoded sound keeps the ceiling."""
    _timeline, report, _steps = mixed_bag
    assert report.integrated_lufs == pytest.approx(-18.0, abs=0.5)
    assert report.true_peak_dbtp <= -1.0


def test_the_report_says_what_was_done_to_which_clip(mixed_bag):
    """No clip is changed in silence."""
    _timeline, report, _steps = mixed_bag
    notes = "\n".join(report.notes)
    for words in (
        "scene1 take-01: it runs at 25 frames",
        "scene2 take-01: it has no sound",
        "scene2 take-01: it is 64x64",
        "scene3 take-01: its frames come at uneven times",
        "scene4 take-01: it is 256x128",
        "scene5 take-01: it runs at 29.97",
    ):
        assert words in notes
    assert "scene0" not in notes


def test_the_report_knows_the_file(mixed_bag):
    """Size, hash and time spent belong to what is on the disk."""
    import hashlib

    _timeline, report, _steps = mixed_bag
    data = report.path.read_bytes()
    assert (report.size_bytes, report.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert set(report.seconds) == {"look", "sound", "picture", "check"}


def test_progress_rises_steadily_to_the_end(mixed_bag):
    """Phases come in order, the part never falls, every frame is told, the last word is 1."""
    timeline, _report, steps = mixed_bag
    parts = [step.part for step in steps]
    assert parts == sorted(parts)
    assert parts[-1] == 1.0
    assert list(dict.fromkeys(step.phase for step in steps)) == ["look", "sound", "picture", "check"]
    assert sum(step.phase == "picture" for step in steps) == timeline.frames


def test_nothing_is_left_beside_the_film(mixed_bag):
    """No part file, no intermediate file."""
    _timeline, report, _steps = mixed_bag
    assert sorted(path.suffix for path in report.path.parent.iterdir()) == ["", *[".mp4"] * 7]
    assert list((report.path.parent / "work").iterdir()) == []


def test_groups_are_closed_and_short(tmp_path):
    """A key frame every two seconds, each one a fresh start for the decoder."""
    clip = make_clip(tmp_path / "a.mp4", frames=121, sound=None)
    report = render(tmp_path, timeline_of([clip]), replace(NOFADE, preset="veryfast"))
    with av.open(str(report.path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    keys = [number for number, packet in enumerate(packets) if packet.is_keyframe]
    assert keys == [0, 48, 96]
    for key in keys:
        assert all(packet.pts > packets[key].pts for packet in packets[key + 1 :])
        assert all(packet.pts < packets[key].pts for packet in packets[:key])


@pytest.mark.parametrize("fps", ["24000/1001", "25", "30000/1001", "30", "60"])
def test_every_usual_rate_is_exact(tmp_path, fps):
    """Frames, samples and durations fit at each rate; even the hastiest preset is High profile."""
    clips = [make_clip(tmp_path / f"{n}.mp4", fps=fps) for n in range(2)]
    timeline = timeline_of(clips, crossfade=4, fps=fps)
    report = render(tmp_path, timeline)
    info = probe(report.path)
    assert (info.frames, info.fps, info.variable_rate) == (30, Fraction(fps), False)
    assert info.profile == "High"
    assert sample_count(report.path) == round(30 * 48_000 / Fraction(fps))


@pytest.mark.parametrize("crossfade", [0, 6])
def test_picture_and_sound_stay_in_step_across_joins(tmp_path, crossfade):
    """Each clip flashes and clicks at once; in the film they still do, to the frame and to a millisecond."""
    moments, clips = (4, 16, 21), []
    for number, moment in enumerate(moments):
        clips.append(
            make_clip(
                tmp_path / f"{number}.mp4",
                frames=33,
                flashes=(moment,),
                wave="clicks",
                clicks_s=(moment / 24,),
                peak=0.8,
                sound_s=33 / 24 - 0.03,
            )
        )
    timeline = timeline_of(clips, crossfade=crossfade)
    report = render(tmp_path, timeline)
    expected = [start + moment for start, moment in zip(timeline.starts_frames, moments, strict=True)]
    bright = [number for number, luma in enumerate(lumas(report.path)) if luma > 60]
    # A flash inside a crossfade is dimmed but seen; these lie outside.
    assert [number for number in bright if number in expected] == expected
    assert len(bright) == 3
    sound = np.abs(samples(report.path)).max(axis=1)
    for frame in expected:
        low = frame * 2000 - 1000
        loudest = low + int(sound[low : low + 3000].argmax())
        assert abs(loudest - frame * 2000) <= 48


def test_a_crossfade_mixes_evenly_around_its_middle(tmp_path):
    """Every frame of the overlap has its share, no frame of either clip is lost outside it."""
    dark = make_clip(tmp_path / "a.mp4", rgb=(30, 30, 30), sound=None)
    light = make_clip(tmp_path / "b.mp4", rgb=(220, 220, 220), sound=None)
    found = lumas(render(tmp_path, timeline_of([dark, light], crossfade=8), replace(NOFADE, crf=4)).path)
    low, high = found[0], found[-1]
    shares = [(luma - low) / (high - low) for luma in found]
    expected = [0.0] * 9 + [(step + 0.5) / 8 for step in range(8)] + [1.0] * 9
    assert shares == pytest.approx(expected, abs=0.012)


def test_a_plain_cut_changes_from_one_frame_to_the_next(tmp_path):
    """Without crossfade nothing is mixed."""
    clips = [make_clip(tmp_path / f"{n}.mp4", rgb=(n, n, n), sound=None) for n in (40, 200)]
    found = lumas(render(tmp_path, timeline_of(clips)).path)
    assert max(found[:17]) - min(found[:17]) < 1
    assert max(found[17:]) - min(found[17:]) < 1
    assert found[17] - found[16] > 100


def test_the_film_fades_from_and_to_black_inside_its_length(tmp_path):
    """Half a second in and a second out, over as many frames, from near black."""
    clip = make_clip(tmp_path / "a.mp4", frames=65, rgb=(200, 200, 200))
    found = lumas(render(tmp_path, timeline_of([clip]), MasterSettings(preset="ultrafast")).path)
    full = found[30]
    assert found[0] == pytest.approx(16 + (full - 16) * 0.5 / 12, abs=2)
    assert found[11] == pytest.approx(16 + (full - 16) * 11.5 / 12, abs=3)
    assert found[40] == pytest.approx(full, abs=1)
    assert found[-1] == pytest.approx(16 + (full - 16) * 0.5 / 24, abs=2)
    assert len(found) == 65


def test_fades_longer_than_the_film_take_half_of_it_each(tmp_path):
    """A very short film still shows something in the middle."""
    clip = make_clip(tmp_path / "a.mp4", frames=9, rgb=(200, 200, 200))
    settings = MasterSettings(preset="ultrafast", fade_in_s=5, fade_out_s=5)
    found = lumas(render(tmp_path, timeline_of([clip]), settings).path)
    assert found[4] == max(found) > 150
    assert found[0] < 60


@pytest.mark.parametrize(
    "options",
    [
        {"matrix": "bt709"},
        # As ComfyUI 0.33 writes it: BT.709 with the transfer tag of sRGB.
        {"matrix": "bt709", "transfer": 13, "tags": {"prompt": "{}"}},
        {"matrix": "bt601"},
        {"matrix": "bt601", "tagged": False},
        {"matrix": "bt601", "tagged": False, "width_px": 1280, "tags": {"prompt": "{}"}},
        {"matrix": "bt709", "tagged": False, "width_px": 1280},
    ],
)
def test_colours_are_bt709_in_the_finished_file_whatever_the_source_says(tmp_path, options):
    """Mean Y, Cb and Cr of the coded film are within one level of the textbook's."""
    options = {"frames": 9, "sound": None, "options": {"crf": "2", "preset": "ultrafast"}, **options}
    clip = make_clip(tmp_path / "a.mp4", **options)
    timeline = timeline_of([clip], width=probe(clip).width_px)
    film = render(tmp_path, timeline).path
    assert probe(film).color_transfer == "bt709"
    shown = pictures(film)[0]
    expected = [plane.mean() for plane in planes_of(rgb_picture(Recipe(**options), 0), "bt709")]
    assert [plane.mean() for plane in shown] == pytest.approx(expected, abs=1)


def test_the_sound_of_plain_cuts_does_not_click_in_the_finished_file(tmp_path):
    """No sample of the decoded film jumps further than the tones move by themselves."""
    sound = {"sound_rate_hz": 48_000, "peak": 0.2}
    tones = [
        make_clip(tmp_path / f"{n}.mp4", frames=25, tone_hz=hz, **sound)
        for n, hz in enumerate((220, 331, 277))
    ]
    report = render(tmp_path, timeline_of(tones))
    heard = samples(report.path)
    step = np.abs(np.diff(heard, axis=0)).max(axis=1)
    inside = step[10_000:40_000].max()
    for join in (50_000, 100_000):
        assert step[join - 480 : join + 480].max() < 1.7 * inside
    assert np.abs(heard[0]).max() < 0.01
    assert np.abs(heard[-1]).max() < 0.01


def test_a_crackle_keeps_the_ceiling_and_is_told(tmp_path):
    """Where plain gain cannot reach the target the film stays softer, and says so."""
    clip = make_clip(tmp_path / "a.mp4", frames=49, wave="clicks", clicks_s=(0.5, 1.0), peak=0.9)
    report = render(tmp_path, timeline_of([clip]), replace(NOFADE, target_lufs=-14))
    assert report.true_peak_dbtp <= -1.0
    assert any("softer than the -14 LUFS" in note for note in report.notes)


def test_a_film_without_any_sound_is_made_and_told(tmp_path):
    """Silence is a sound track of zeros, not a missing one."""
    report = render(tmp_path, timeline_of([make_clip(tmp_path / "a.mp4", sound=None)]))
    assert (report.integrated_lufs, report.true_peak_dbtp, report.gain_db) == (None, None, 0.0)
    assert "The film is silent." in report.notes
    assert sample_count(report.path) == 34_000
    assert not samples(report.path).any()


def test_a_place_longer_than_its_clip_holds_the_last_picture_and_says_so(tmp_path):
    """The timeline's length counts."""
    clip = make_clip(tmp_path / "a.mp4")
    report = render(tmp_path, timeline_of([clip], frames=20))
    assert probe(report.path).frames == 20
    assert any("3 frames shorter than its place" in note for note in report.notes)


def test_one_frame_is_a_film(tmp_path):
    """The shortest timeline is made too."""
    report = render(tmp_path, timeline_of([make_clip(tmp_path / "a.mp4")], frames=1))
    assert (probe(report.path).frames, complaints(report.path)) == (1, "")


def test_the_same_clip_may_come_again_and_again(tmp_path):
    """A take used three times is one file read three times."""
    clip = make_clip(tmp_path / "a.mp4")
    assert probe(render(tmp_path, timeline_of([clip] * 3, crossfade=4)).path).frames == 43


@pytest.mark.parametrize(
    "name", ["a film.mp4", 'it\'s "mine".mp4', "night 🌧.mp4", "two\nlines.mp4", "-y.mp4", "a:b %d.mp4"]
)
def test_any_name_is_a_name_for_clips_and_films(tmp_path, monkeypatch, name):
    """Spaces, quotes, emoji, newlines, leading dashes, colons, percent signs; relative names too."""
    clip = make_clip(tmp_path / "clips" / name)
    monkeypatch.chdir(tmp_path)
    timeline = timeline_of([Path("clips") / name])
    report = render_master(timeline, Path(name), NOFADE, work_dir=Path("work dir '🌧"))
    assert clip.exists()
    assert complaints(tmp_path / name) == ""
    assert report.path == Path(name)


def test_the_same_timeline_gives_the_same_bytes(tmp_path):
    """Nothing of the moment is written into the film."""
    clips = [make_clip(tmp_path / f"{n}.mp4", seed=n) for n in range(2)]
    timeline = timeline_of(clips, crossfade=4)
    first, second = (render(tmp_path, timeline, name=name) for name in ("a1.mp4", "a2.mp4"))
    assert first.sha256 == second.sha256


def test_a_timeline_that_cannot_be_a_film_is_refused_before_anything_is_done(tmp_path):
    """All problems of timeline and settings come at once."""
    clip = make_clip(tmp_path / "a.mp4")
    timeline = timeline_of([clip, clip], crossfade=12, width=127)
    settings = MasterSettings(
        target_lufs=3, crf=99, preset="warp", fade_in_s=-1, audio_kbps=1, ceiling_dbtp=2
    )
    with pytest.raises(BadInput) as caught:
        render(tmp_path, timeline, settings)
    assert len(caught.value.problems) == 8
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_every_clip_that_cannot_be_used_is_named_by_scene_and_take(tmp_path):
    """A torn, an empty and a missing clip are told together, and no film appears."""
    good = make_clip(tmp_path / "good.mp4")
    torn = cut_short(make_clip(tmp_path / "torn.mp4"))
    empty = tmp_path / "empty.mp4"
    empty.touch()
    clips = [good, torn, empty, tmp_path / "gone.mp4"]
    cuts = [Cut(str(clip), clip.stem, "take-07", 17) for clip in clips]
    with pytest.raises(ClipUnreadable) as caught:
        render(tmp_path, Timeline(cuts, Fraction(24), 128, 64))
    for name in ("torn take-07", "empty take-07", "gone take-07"):
        assert name in caught.value.message
    assert "good take" not in caught.value.message
    assert not (tmp_path / "film.mp4").exists()


def test_a_clip_that_breaks_in_the_middle_of_the_work_leaves_the_old_film_as_it_was(tmp_path):
    """A disk that loses a clip while it is read costs the new film, not the one before."""
    clips = [make_clip(tmp_path / f"{n}.mp4") for n in range(2)]
    (tmp_path / "film.mp4").write_bytes(b"the old film")

    def lose(step) -> None:
        if step.phase == "picture" and step.done == 3:
            clips[1].write_bytes(b"")

    with pytest.raises(ClipUnreadable):
        render(tmp_path, timeline_of(clips), on_progress=lose)
    assert (tmp_path / "film.mp4").read_bytes() == b"the old film"
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.parametrize("phase", ["look", "sound", "picture", "check"])
def test_cancel_in_any_phase_leaves_nothing_and_keeps_the_old_film(tmp_path, phase):
    """No part file, no intermediate file, the earlier film untouched."""
    clips = [make_clip(tmp_path / f"{n}.mp4") for n in range(3)]
    (tmp_path / "film.mp4").write_bytes(b"the old film")
    cancel = threading.Event()

    def ask(step) -> None:
        if step.phase == phase and step.done >= 1:
            cancel.set()

    with pytest.raises(Cancelled):
        render(tmp_path, timeline_of(clips, crossfade=4), on_progress=ask, cancel=cancel)
    assert (tmp_path / "film.mp4").read_bytes() == b"the old film"
    assert not (tmp_path / "film.mp4.part").exists()
    assert list((tmp_path / "work").iterdir()) == []


def test_kill_9_leaves_no_film_and_the_next_render_cleans_up(tmp_path):
    """A killed render leaves only a part file and its work folder; the next one removes both and finishes."""
    clip = make_clip(tmp_path / "a.mp4", frames=65)
    script = textwrap.dedent("""
        import sys
        from fractions import Fraction
        from pathlib import Path
        from ltxlib.core.timeline import Cut, Timeline
        from ltxlib.media.master import MasterSettings, render_master

        def stop(step):
            if step.phase == "picture" and step.done == 20:
                print("ready", flush=True)
                sys.stdin.read()

        folder = Path(sys.argv[1])
        timeline = Timeline([Cut(str(folder / "a.mp4"), "s", "t", 65)], Fraction(24), 128, 64)
        work = folder / "work"
        render_master(timeline, folder / "film.mp4", MasterSettings(), work_dir=work, on_progress=stop)
    """)
    words = [sys.executable, "-c", script, str(tmp_path)]
    project = Path(__file__).resolve().parents[2]
    child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=project)
    assert child.stdout.readline() == b"ready\n"
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    assert len(list(tmp_path.glob("film.mp4.*.part"))) == 1
    assert not (tmp_path / "film.mp4").exists()
    assert len(list((tmp_path / "work").iterdir())) == 1
    report = render(tmp_path, timeline_of([clip]))
    assert probe(report.path).frames == 65
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4", "film.mp4", "work"]
    assert list((tmp_path / "work").iterdir()) == []


def test_a_work_folder_of_a_living_render_is_left_alone(tmp_path):
    """Two renders may share a work folder; foreign files in it are nobody's to remove."""
    room = tmp_path / "work" / f"render-{os.getppid()}-abc"
    room.mkdir(parents=True)
    (tmp_path / "work" / "notes.txt").write_text("mine")
    render(tmp_path, timeline_of([make_clip(tmp_path / "a.mp4")]))
    assert sorted(path.name for path in (tmp_path / "work").iterdir()) == sorted(["notes.txt", room.name])


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    """A file stands where a folder should be: for the film, and for the work."""
    clip = make_clip(tmp_path / "a.mp4")
    with pytest.raises(StoreError, match="film"):
        render_master(timeline_of([clip]), clip / "film.mp4", NOFADE, work_dir=tmp_path / "work")
    with pytest.raises(StoreError, match="film"):
        render_master(timeline_of([clip]), tmp_path / "film.mp4", NOFADE, work_dir=clip / "work")


def test_twelve_clips_need_no_more_open_files_than_two(tmp_path):
    """Clips are closed as soon as they are shown, so the number of clips costs no memory."""
    clips = [make_clip(tmp_path / f"{n}.mp4", frames=9) for n in range(12)]
    most = 0

    def count(step) -> None:
        nonlocal most
        if step.phase == "picture":
            links = _open_files()
            most = max(most, sum(link.startswith(str(tmp_path)) and link.endswith(".mp4") for link in links))

    render(tmp_path, timeline_of(clips, crossfade=4), on_progress=count)
    assert 1 <= most <= 2


def _open_files() -> list[str]:
    return [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.exists()]
