"""Pieces of picture: coded once, used again, made anew when damaged, and joined to exactly the film."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from ltxlib.core.timeline import Cut, Timeline
from ltxlib.errors import ClipUnreadable, MediaError
from ltxlib.media.join import join_film
from ltxlib.media.master import MasterSettings, render_master
from ltxlib.media.mezzanine import SUFFIX, Mezzanine, digest_of, mould_of, tidy
from ltxlib.media.picture import film_frames, plane_of
from ltxlib.media.pieces import plan_pieces
from ltxlib.media.probe import probe
from ltxlib.media.writer import Coding, FilmShape
from tests.support.clips import make_clip
from tests.support.films import complaints, pictures, sample_count

FINE = MasterSettings(preset="ultrafast", crf=6, fade_in_s=0, fade_out_s=0)
SHAPE = FilmShape(128, 64, Fraction(24))


def cut(clip, frames=33, **more) -> Cut:
    return Cut(str(clip), Path(clip).stem, "take-01", frames, **more)


def film(cuts, crossfade=6) -> Timeline:
    return Timeline(tuple(cuts), Fraction(24), 128, 64, crossfade)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    made = [make_clip(folder / f"{n}.mp4", frames=33, seed=n, wave="noise") for n in range(4)]
    long = make_clip(folder / "long.mp4", frames=121, seed=5, options={"preset": "ultrafast"})
    return [*made, long]


def render(folder, timeline, settings=FINE, name="film.mp4", **more):
    folder.mkdir(parents=True, exist_ok=True)
    more = {"cache_dir": folder / "pieces", **more}
    return render_master(timeline, folder / name, settings, work_dir=folder / "work", **more)


def names(folder) -> set[str]:
    return {path.name for path in (folder / "pieces").iterdir()}


def odd_timelines(clips):
    """Films in which pieces are cut in every odd way."""
    one, two, three, four, long = clips
    return {
        "crossfades": (film([cut(c) for c in clips[:4]]), 0.0, 0.0),
        "cuts": (film([cut(c) for c in clips[:3]], 0), 0.0, 0.0),
        "extended": (
            film([cut(one), cut(two, 27, skip_frames=6, shared_frames=8), cut(three)]),
            0.0,
            0.0,
        ),
        "long overlap": (film([cut(one, 33), cut(two, 33, shared_frames=20), cut(three)], 12), 0.0, 0.0),
        "one frame shared": (film([cut(c) for c in clips[:3]], 1), 0.5, 1.0),
        "tiny cuts": (film([cut(c, 1) for c in (one, two, three)] + [cut(four, 2)], 0), 0.0, 0.0),
        "all overlaps": (film([cut(c, 8) for c in clips[:4]], 4), 0.0, 0.0),
        "fades in a body": (film([cut(long, 121), cut(one), cut(long, 121)], 6), 1.5, 2.0),
        "fades over it all": (film([cut(one), cut(two)]), 60.0, 60.0),
        "same clip": (film([cut(one)] * 3, 4), 0.5, 0.0),
        "longer than the clip": (film([cut(one, 40), cut(two, 50)]), 0.0, 0.5),
    }


@pytest.mark.parametrize("name", list(odd_timelines([Path("x")] * 5)))
def test_the_joined_film_shows_what_frame_by_frame_shows(tmp_path, clips, name):
    """Every picture, against the pictures that went in, however the film is cut into pieces."""
    timeline, fade_in, fade_out = odd_timelines(clips)[name]
    settings = replace(FINE, fade_in_s=fade_in, fade_out_s=fade_out)
    report = render(tmp_path, timeline, settings)
    half = timeline.frames // 2
    fades = tuple(min(round(seconds * 24), half) for seconds in (fade_in, fade_out))
    facts = [probe(Path(one.clip)) for one in timeline.cuts]
    wanted = [
        [plane_of(frame, number).astype(float) for number in range(3)]
        for frame in film_frames(timeline, facts, fades)
    ]
    shown = pictures(report.path)
    assert len(shown) == len(wanted) == timeline.frames
    assert sample_count(report.path) == timeline.frames * 2000
    for number, (found, expected) in enumerate(zip(shown, wanted, strict=True)):
        errors = [np.abs(a - b).mean() for a, b in zip(found, expected, strict=True)]
        assert max(errors) < 1.5, f"frame {number}: {errors}"
    assert complaints(report.path) == ""


def test_pieces_join_up_to_exactly_the_film_whatever_it_is():
    """A thousand films by dice: no frame is missing or twice, no piece is too short, all has its place."""
    dice = random.Random(5)
    for _ in range(1000):
        crossfade = dice.choice([0, 0, 1, 2, 6, 12])
        frames = [dice.randint(max(2 * crossfade, 1), 140) for _ in range(dice.randint(1, 6))]
        cuts = [cut("a.mp4", count, skip_frames=dice.choice([0, 0, 9])) for count in frames]
        for number in range(1, len(cuts)):
            if dice.random() < 0.2:
                most = min(frames[number], frames[number - 1]) // 2
                cuts[number] = replace(cuts[number], shared_frames=dice.randint(0, most))
        timeline = film(cuts, crossfade)
        if timeline.problems() or timeline.frames < 1:
            continue
        half = timeline.frames // 2
        fades = (min(dice.choice([0, 12, 60, 500]), half), min(dice.choice([0, 24, 90, 500]), half))
        pieces = plan_pieces(timeline, ["x"] * len(cuts), fades)
        edges = [edge for piece in pieces for edge in piece.used]
        assert [0, timeline.frames] == [edges[0], edges[-1]]
        assert edges[1:-1:2] == edges[2::2]
        for piece in pieces:
            assert piece.first <= piece.used[0] < piece.used[1] <= piece.last
            assert min(piece.frames, piece.used[1] - piece.used[0]) >= min(2, timeline.frames)


def test_a_film_of_thousands_of_cuts_is_planned_by_looking_at_each_once(monkeypatch):
    """Work grows with the film, not with its square: no cut is looked at for a piece far from it."""
    looked = []
    whole = Timeline.cuts_in

    def counted(timeline, first, last):
        places = whole(timeline, first, last)
        looked.append(len(places))
        return places

    monkeypatch.setattr(Timeline, "cuts_in", counted)
    cuts = [cut(f"{number % 12}.mp4", 121) for number in range(7200)]
    cuts[1::3] = [replace(one, black_frames=12) for one in cuts[1::3]]
    timeline = film(cuts, 12)
    pieces = plan_pieces(timeline, [str(number % 12) for number in range(7200)], (12, 96))
    assert sum(piece.used[1] - piece.used[0] for piece in pieces) == timeline.frames
    assert max(looked) == 2
    assert len(looked) == len(pieces) < 4 * len(cuts)


def test_a_new_order_codes_only_the_new_crossfades(tmp_path, clips):
    """Bodies serve in every place; a second time nothing at all is coded."""
    one, two, three, _four, _long = clips
    render(tmp_path, film([cut(one), cut(two), cut(three)]))
    before = names(tmp_path)
    assert len(before) == 3 + 2 + 2
    steps = []
    timeline = film([cut(one), cut(three), cut(two)])
    first = render(tmp_path, timeline, name="b.mp4", on_progress=steps.append)
    # One to three, three to two, and the new tail.
    assert len(names(tmp_path) - before) == 3
    assert before <= names(tmp_path)
    frames = [step.done for step in steps if step.phase == "picture"]
    assert frames == sorted(frames)
    assert (frames[0], frames[-1]) == (87 - 6 * 3, 87)
    again = render(tmp_path, timeline, name="c.mp4")
    assert first.sha256 == again.sha256 == render(tmp_path / "fresh", timeline).sha256


def test_sound_and_loudness_change_without_any_picture(tmp_path, clips):
    """Gain, loudness and tags code no piece anew; size, rate, quality and crossfade do."""
    cuts = [cut(clips[0]), cut(clips[1])]
    render(tmp_path, film(cuts))
    before = names(tmp_path)
    louder = [replace(cuts[0], gain_db=-6.0), cuts[1]]
    render(tmp_path, film(louder), replace(FINE, target_lufs=-23, tags={"title": "x"}))
    assert names(tmp_path) == before
    render(tmp_path, film(cuts), replace(FINE, crf=20))
    assert len(names(tmp_path)) == 2 * len(before)
    render(tmp_path, replace(film(cuts), width_px=64))
    assert len(names(tmp_path)) == 3 * len(before)


def test_a_clip_that_changed_under_its_name_is_coded_anew(tmp_path, clips):
    """Content counts, not names: the same bytes elsewhere are the same clip."""
    clip = tmp_path / "a.mp4"
    clip.write_bytes(clips[0].read_bytes())
    render(tmp_path, film([cut(clip)]))
    before = names(tmp_path)
    clip.rename(tmp_path / "b.mp4")
    render(tmp_path, film([cut(tmp_path / "b.mp4")]))
    assert names(tmp_path) == before
    (tmp_path / "b.mp4").write_bytes(clips[1].read_bytes())
    render(tmp_path, film([cut(tmp_path / "b.mp4")]))
    assert not names(tmp_path) <= before


@pytest.mark.parametrize("fault", ["empty", "torn", "one byte", "another piece"])
def test_a_damaged_piece_is_made_again(tmp_path, clips, fault):
    """The film comes out as if nothing had happened, byte for byte, and the damaged one is gone."""
    timeline = film([cut(clips[0]), cut(clips[1])])
    whole = render(tmp_path, timeline)
    before = names(tmp_path)
    paths = sorted((tmp_path / "pieces").iterdir())
    data = bytearray(paths[0].read_bytes())
    data[len(data) // 2] ^= 1
    damage = {"empty": b"", "torn": data[:100], "one byte": data, "another piece": paths[1].read_bytes()}
    paths[0].write_bytes(bytes(damage[fault]))
    assert render(tmp_path, timeline, name="again.mp4").sha256 == whole.sha256
    assert names(tmp_path) == before


def test_strange_files_in_the_cache_are_left_alone(tmp_path, clips):
    """Nothing but the kit's own pieces is read or removed."""
    (tmp_path / "pieces").mkdir()
    (tmp_path / "pieces" / "notes.txt").write_text("mine")
    render(tmp_path, film([cut(clips[0])]))
    tidy(tmp_path / "pieces", 0)
    assert names(tmp_path) == {"notes.txt"}


def test_pieces_of_no_use_for_longest_go_first(tmp_path):
    """Beyond the room given, the oldest are removed."""
    for number in range(4):
        path = tmp_path / f"{number}{SUFFIX}"
        path.write_bytes(b"x" * 10)
        os.utime(path, (number, number))
    tidy(tmp_path, 25)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"2{SUFFIX}", f"3{SUFFIX}"]


def test_packets_are_in_order_and_never_late(tmp_path, clips):
    """Decoding times rise by one frame each, from as far before the film as pictures are out of order."""
    settings = replace(FINE, preset="veryfast")
    report = render(tmp_path, film([cut(clips[0]), cut(clips[1]), cut(clips[4], 121)]), settings)
    with av.open(str(report.path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        step = packets[0].duration
        times = [(packet.dts // step, packet.pts // step) for packet in packets]
    assert [dts for dts, _pts in times] == list(range(times[0][0], times[0][0] + len(times)))
    assert sorted(pts for _dts, pts in times) == list(range(report.frames))
    assert all(dts <= pts for dts, pts in times)
    assert times[0][0] < 0


def test_kill_9_keeps_what_was_made_and_the_next_render_ends_the_same(tmp_path, clips):
    """Whole pieces are used, half ones are gone, the film is the undisturbed one's, byte for byte."""
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from tests.media.test_mezzanine import cut, film, render

        def stop(step):
            if step.phase == "picture" and step.done == 60:
                print("ready", flush=True)
                sys.stdin.read()

        render(Path(sys.argv[1]), film([cut(clip) for clip in sys.argv[2:]]), on_progress=stop)
    """)
    words = [sys.executable, "-c", script, str(tmp_path / "killed"), *(str(clip) for clip in clips[:3])]
    project = Path(__file__).resolve().parents[2]
    child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=project)
    assert child.stdout.readline() == b"ready\n"
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    made = {path.name: path.stat().st_ino for path in (tmp_path / "killed/pieces").glob(f"*{SUFFIX}")}
    assert len(made) >= 3
    timeline = film([cut(clip) for clip in clips[:3]])
    report = render(tmp_path / "killed", timeline)
    assert report.sha256 == render(tmp_path / "calm", timeline).sha256
    after = {path.name: path.stat().st_ino for path in (tmp_path / "killed/pieces").iterdir()}
    assert {name: after[name] for name in made} == made
    assert set(after) == names(tmp_path / "calm")
    assert list((tmp_path / "killed/work").iterdir()) == []
    assert sorted(path.name for path in (tmp_path / "killed").iterdir()) == ["film.mp4", "pieces", "work"]


def test_pieces_that_are_coded_differently_are_not_joined(tmp_path, clips):
    """The headers are looked at before anything is laid beside each other."""
    timeline = film([cut(clips[0])])
    facts, digest = [probe(clips[0])], digest_of(clips[0], lambda: None)
    pieces = plan_pieces(timeline, [digest], (0, 0))
    mould = mould_of(SHAPE, Coding(20, "ultrafast"))
    mezzanine = Mezzanine(tmp_path / "pieces", tmp_path, mould, pieces, lambda: None)
    assert list(mezzanine.made(timeline, facts))[-1] == 33
    other = mould_of(SHAPE, Coding(20, "slow"))
    assert other.header != mould.header
    with pytest.raises(MediaError, match="do not fit"):
        join_film(mezzanine.ready(), other, None, tmp_path / "film.mp4", lambda: None)
    strict = Mezzanine(tmp_path / "more", tmp_path, replace(mould, header=b"x"), pieces, lambda: None)
    with pytest.raises(MediaError, match="do not fit"):
        list(strict.made(timeline, facts))


def test_a_clip_that_is_gone_has_no_digest(tmp_path):
    """Its name is told."""
    with pytest.raises(ClipUnreadable, match=r"gone\.mp4"):
        digest_of(tmp_path / "gone.mp4", lambda: None)


def test_a_clip_that_is_replaced_meanwhile_spoils_no_piece(tmp_path, clips):
    """No piece is kept that might show the new clip under the old one's name."""
    one, two = tmp_path / "one.mp4", tmp_path / "two.mp4"
    one.write_bytes(clips[0].read_bytes())
    two.write_bytes(clips[1].read_bytes())
    timeline = film([cut(one), cut(two)])

    def replace_two(step) -> None:
        if step.phase == "picture" and step.done == 10:
            two.write_bytes(clips[2].read_bytes())

    with pytest.raises(ClipUnreadable, match=r"two\.mp4 changed"):
        render(tmp_path, timeline, on_progress=replace_two)
    two.write_bytes(clips[1].read_bytes())
    calm = render(tmp_path / "calm", timeline)
    assert render(tmp_path, timeline).sha256 == calm.sha256
