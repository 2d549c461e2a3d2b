"""The loop lab over takes on a shelf: measured once, kept, and put into a film."""

import json
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from ltxlib.core.film import CutWish
from ltxlib.core.looping import AS_IS, CROSSFADE, LIVING, NOT
from ltxlib.core.take import KEEP, REJECT
from ltxlib.errors import BadInput, StoreError, UnsafeName
from ltxlib.media.probe import probe
from ltxlib.store.files import sha256_of
from ltxlib.store.takes import clip_path, decide, save_take
from ltxlib.studio import loop_lab
from ltxlib.studio.loop_lab import LoopReport, as_wish, candidates, find_take, loop_report, preview, strip
from tests.support import loops
from tests.support.loops import film, rustle
from tests.support.takes import a_take

_MOMENTS = count(10)


def put(shelf, picture, tmp_path: Path, **changes):
    """A take on the shelf that shows this made film."""
    clip = film(tmp_path / "made.mp4", picture, changes.pop("frames", 72), changes.pop("sound", None))
    take = a_take(made_at=f"2026-01-01T10:00:{next(_MOMENTS)}+00:00", **changes)
    facts = replace(take.clip, sha256=sha256_of(clip), size_bytes=clip.stat().st_size, frames=72)
    take = replace(take, clip=facts)
    save_take(shelf, take, clip)
    return take


@pytest.fixture
def shelf(project):
    """The film's shelf of a project."""
    return project.set(rehearsal=False)


def test_a_take_is_measured_once(shelf, tmp_path, monkeypatch):
    """The second time nothing is decoded, and the report is the same."""
    take = put(shelf, loops.turning, tmp_path)
    assert loop_lab.remembered(shelf, take) is None
    first = loop_report(shelf, take)
    assert first.advice.what == AS_IS
    monkeypatch.setattr(loop_lab, "measure_clip", lambda path: pytest.fail(f"{path} was decoded again"))
    assert loop_report(shelf, take) == first == loop_lab.remembered(shelf, take)


def test_what_is_kept_damaged_is_measured_again(shelf, tmp_path):
    """Half a file, and one of another kind."""
    take = put(shelf, loops.turning, tmp_path)
    first = loop_report(shelf, take)
    (kept,) = (shelf.work / "loops").glob("*.json")
    for text in ('{"frames":', "[]", '{"frames": 9}'):
        kept.write_text(text)
        assert loop_report(shelf, take) == first


def test_the_prompt_decides_the_warnings(shelf, tmp_path):
    """Rain must not run backwards; a take of which nothing is told needs no warning."""
    rain = put(shelf, loops.raining, tmp_path, scene="rain", prompt="Rain on a window.")
    (warning,) = loop_report(shelf, rain).warnings
    assert "boomerang" in warning
    written = put(
        shelf, loops.turning, tmp_path, scene="room", prompt="A room.", enhanced_prompt="A fire burns."
    )
    assert "fire" in loop_report(shelf, written).warnings[0]
    calm = put(shelf, loops.flashing, tmp_path, scene="calm", prompt="A quiet room.")
    (event,) = loop_report(shelf, calm).warnings
    assert "comes back every 3 s" in event


def test_no_advice_ever_is_to_play_it_to_and_fro(shelf, tmp_path):
    """Whatever the take is, the word stands in a warning only."""
    for picture in (loops.restless, loops.crossing, loops.panned):
        take = put(shelf, picture, tmp_path, scene=picture.__name__, prompt="Waves and fire.")
        report = loop_report(shelf, take)
        assert "to and fro" not in report.advice.sentence
        assert "Never play it to and fro" in report.warnings[0]


def test_a_living_loop_that_does_not_loop_is_told_otherwise(shelf, tmp_path):
    """The advice depends on how the take was made."""
    assert loop_report(shelf, put(shelf, loops.crossing, tmp_path, mode="t2v")).advice.what == LIVING
    take = put(shelf, loops.crossing, tmp_path, scene="living", mode="loop")
    assert loop_report(shelf, take).advice.what == NOT


def test_previews_are_made_once_and_named_after_the_seam(shelf, tmp_path):
    """In the folder that may be deleted; another way has another file."""
    take = put(shelf, loops.restless, tmp_path, sound=rustle(3.0))
    report = loop_report(shelf, take)
    assert report.advice.what == CROSSFADE
    shown = preview(shelf, report)
    assert shown.parent == shelf.work / "loops"
    assert probe(shown).has_audio
    made_ns = shown.stat().st_mtime_ns
    assert preview(shelf, report) == shown
    assert shown.stat().st_mtime_ns == made_ns
    assert preview(shelf, report, report.measured.as_is) != shown
    assert strip(shelf, report).read_bytes()[:2] == b"\xff\xd8"
    assert strip(shelf, report) == strip(shelf, report)


def test_in_and_out_points_go_into_the_film(shelf, tmp_path):
    """As seconds of the take that are exactly its frames; other wishes of that place stay."""
    take = put(shelf, loops.restless, tmp_path)
    report = loop_report(shelf, take)
    way = report.advice.way
    wish = as_wish(report, CutWish("rain", gain_db=-3.0, used=False))
    assert (wish.take, wish.gain_db, wish.used) == (take.take_id, -3.0, False)
    assert round(wish.in_s * 24) == way.in_frame
    assert round((wish.out_s or 3.0) * 24) == way.out_frame
    assert loop_lab.seam_transition(way).frames == way.crossfade_frames
    assert list(wish.problems("cut")) == []


def test_a_take_that_is_left_as_it_is_keeps_its_length(shelf, tmp_path):
    """Then in and out are its ends, and the seam is a cut."""
    report = loop_report(shelf, put(shelf, loops.turning, tmp_path))
    wish = as_wish(report)
    assert (wish.scene, wish.in_s, wish.out_s) == ("rain", 0.0, 0.0)
    assert loop_lab.seam_transition(report.advice.way).kind == "cut"
    not_looped = loop_report(shelf, put(shelf, loops.panned, tmp_path, scene="pan"))
    assert (as_wish(not_looped).in_s, as_wish(not_looped).out_s) == (0.0, 0.0)


def test_kept_takes_come_first_and_rejected_ones_not_at_all(shelf, tmp_path):
    """Newest first among their like."""
    made = [put(shelf, loops.standing, tmp_path, take_id=f"take0{n}-x", take_no=n) for n in (1, 2, 3, 4)]
    decide(shelf, made[0], KEEP)
    decide(shelf, made[3], REJECT)
    assert [take.take_no for take in candidates(shelf)] == [1, 3, 2]
    assert candidates(shelf, "other") == []
    assert find_take(shelf, "rain").take_no == 1
    assert find_take(shelf, "rain", "3").take_no == 3
    assert find_take(shelf, "rain", "take04-x").take_no == 4


def test_what_is_not_there_is_told(shelf, tmp_path):
    """An unknown scene, an unknown take, none but rejected ones."""
    with pytest.raises(BadInput, match="no take of a scene"):
        find_take(shelf, "nowhere")
    take = put(shelf, loops.standing, tmp_path)
    with pytest.raises(BadInput) as caught:
        find_take(shelf, "rain", "9")
    assert caught.value.cure.endswith(f"{take.take_no}.")
    decide(shelf, take, REJECT)
    with pytest.raises(BadInput, match="rejected"):
        find_take(shelf, "rain")


def test_sound_alone_has_nothing_to_loop(shelf):
    """It is laid under a film instead."""
    take = a_take(mode="sound")
    assert loop_lab.remembered(shelf, take) is None
    with pytest.raises(BadInput, match="sound alone"):
        loop_report(shelf, take)


def test_a_take_without_its_clip_is_told(shelf, tmp_path):
    """As a sentence, not as a traceback."""
    take = put(shelf, loops.standing, tmp_path)
    clip_path(shelf, take.scene, take.take_id).unlink()
    with pytest.raises(Exception, match="is not there") as caught:
        loop_report(shelf, take)
    assert caught.value.cure


def test_a_record_cannot_lead_out_of_the_folder(shelf, tmp_path):
    """What a record calls the clip's sha256 is only a name."""
    take = put(shelf, loops.standing, tmp_path)
    escaping = replace(take, clip=replace(take.clip, sha256="../../../up"))
    with pytest.raises((UnsafeName, StoreError)):
        loop_report(shelf, escaping)


def test_a_report_is_plain_json(shelf, tmp_path):
    """For programs: numbers of the best way, all ways, what was measured."""
    report = loop_report(shelf, put(shelf, loops.restless, tmp_path, sound=rustle(3.0)))
    assert isinstance(report, LoopReport)
    told = json.loads(json.dumps(report.to_json()))
    assert set(told["ways"]) == {"as it is", "trimmed", "crossfade"}
    best = told["ways"][told["advice"]]
    assert (best["in_frame"], best["out_frame"]) == (told["in_frame"], told["out_frame"])
    assert told["out_s"] - told["in_s"] > 1.8
    assert told["measured"]["fps"] == "24"
