"""Films with wishes: points, black, cards, shapes, lengths, sounds; stopped, killed and gone on with."""

import json
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from ltxlib.core.film import CutWish, FilmLook, FilmSettings, LongForm, Transition
from ltxlib.core.soundtrack import Layer, Soundtrack
from ltxlib.errors import BadInput, Cancelled
from ltxlib.media.probe import probe
from ltxlib.store.films import save_film
from ltxlib.store.project import Project
from ltxlib.studio.assemble import assemble, choose, masters
from ltxlib.studio.provenance import find_master, read_master
from ltxlib.studio.publishing import publish
from tests.support.film_takes import put_film_take, put_sound
from tests.support.films import lumas
from tests.support.studio import a_project

PROJECT = Path(__file__).resolve().parents[2]
QUICK = FilmSettings(crossfade_s=0.25, fade_in_s=0.0, fade_out_s=0.0)


@pytest.fixture
def film(tmp_path):
    """A shelf and three takes of 33 frames, each of one brightness."""
    shelf = Project(tmp_path / "project").set(rehearsal=True)
    clips = tmp_path / "clips"
    clips.mkdir()
    greys = {"dark": 60, "grey": 120, "light": 180}
    takes = [put_film_take(shelf, clips, name, levels=(grey,) * 33) for name, grey in greys.items()]
    return shelf, takes


def test_points_and_black_are_seen_in_the_film(film):
    """What is wished of each place is what the finished file shows, frame for frame."""
    shelf, _ = film
    black = Transition("black", 0.0, 12)
    off = CutWish("light", used=False)
    wishes = (CutWish("light", in_s=0.5, out_s=1.0), CutWish("dark", transition=black), off)
    settings = replace(QUICK, cuts=wishes)
    takes, problems = choose(shelf, [], settings)
    assert problems == []
    made = assemble(shelf, takes, settings)
    seen = lumas(made.path)
    assert made.frames == len(seen) == 12 + 33
    assert seen[3] > 160
    assert min(seen[11:13]) < 40
    assert seen[-1] == pytest.approx(16 + 219 * 60 / 255, abs=4)
    assert made.certificate.read_text().startswith("***")
    assert made.facts["certificate"]["lines"]


def test_the_same_wishes_are_the_same_film(film):
    """However a film was said, in an order of scenes or in cuts, an equal film is made once; wishes count."""
    shelf, _ = film
    order = replace(QUICK, order=("dark", "grey"))
    first = assemble(shelf, choose(shelf, [], order)[0], order)
    cuts = replace(QUICK, cuts=(CutWish("dark"), CutWish("light", used=False), CutWish("grey")))
    again = assemble(shelf, choose(shelf, [], cuts)[0], cuts)
    assert (again.reused, again.path) == (True, first.path)
    for other in (
        replace(cuts, cuts=(CutWish("dark", gain_db=-3), CutWish("grey"))),
        replace(cuts, fade_out_s=0.5),
        replace(cuts, look=FilmLook(grain=1)),
    ):
        assert not assemble(shelf, choose(shelf, [], other)[0], other).reused


def test_cards_and_a_bed(film):
    """A card at both ends, a bed under all; the record tells all of it, and another sound is another film."""
    shelf, takes = film
    put_sound(shelf, "brook.mp4", wave="noise")
    sound = Soundtrack(beds=(Layer("brook.mp4", gain_db=-20.0),), music=())
    small = replace(QUICK, title="Rain", end_title="Bye", sound=sound)
    made = assemble(shelf, takes[:1], small)
    assert made.frames == probe(made.path).frames == 96 + 33 + 96 - 12
    facts = made.facts
    assert (facts["head_frames"], facts["tail_frames"], facts["begins_frames"]) == (96, 96, 90)
    assert facts["made_of"]["sounds"][0]["file"] == "brook.mp4"
    assert str(shelf.folder) not in json.dumps(facts)
    read = read_master(shelf, made.path)
    assert (read.head_frames, read.tail_frames) == (96, 96)
    assert float(read.starts_s(read.timeline)[0]) == 90 / 24
    # Another sound under the same name is another film.
    put_sound(shelf, "brook.mp4", wave="tone")
    assert not assemble(shelf, takes[:1], small).reused


@pytest.mark.parametrize("order", ["as listed", "shuffled"])
def test_a_film_of_a_set_length(film, order):
    """It lasts exactly so long, goes dark when asked, has no cards, and its record says how it goes round."""
    shelf, takes = film
    long = LongForm(length_s=9.0, order=order, screen_off_s=4.0)
    made = assemble(shelf, takes, replace(QUICK, title="Night", long=long))
    assert made.frames == probe(made.path).frames == 9 * 24
    facts = made.facts
    assert facts["long"]["length_s"] == 9.0
    assert any("has no cards" in note for note in facts["notes"])
    assert facts["variety"]["clips"] == 3
    seen = lumas(made.path)
    assert max(seen[-12:]) < 17
    read = read_master(shelf, made.path)
    assert read.shown.frames == read.long.frames == made.frames
    assert read.dark_s == 6


def test_a_long_film_is_told_about_sensibly(tmp_path):
    """Chapters end where the screen goes dark, the variety guard speaks, the .otio is once around."""
    import opentimelineio as otio

    project = a_project(tmp_path / "project", ())
    shelf = project.set(rehearsal=True)
    clips = tmp_path / "clips"
    clips.mkdir()
    takes = [
        put_film_take(shelf, clips, name, seed=seed, frames=265, picture="still")
        for seed, name in enumerate(("rain", "fog"))
    ]
    put_sound(shelf, "Wind.mp4", wave="noise")
    sound = Soundtrack(beds=(Layer("Wind.mp4"),))
    long = LongForm(length_s=60.0, screen_off_s=30.0)
    made = assemble(shelf, takes, replace(QUICK, title="Night", sound=sound, long=long))
    pack = publish(project, shelf, timeline=True)
    chapters = [str(chapter) for chapter in pack.texts.chapters]
    assert chapters[0].startswith("0:00 ")
    assert chapters[-1].endswith("Dark screen, the sound goes on")
    assert chapters[-1].startswith("0:45 ")
    assert len(chapters) == 5
    assert "Sound bed: Wind" in pack.texts.description
    assert pack.variety.repeats > 2
    timeline = otio.adapters.read_from_file(str(pack.timeline))
    assert len(timeline.tracks[0]) == 3
    assert timeline.duration().value == 2 * 265 - 6
    assert made.frames == 60 * 24


def test_cards_are_in_the_timeline_for_other_editors(film, tmp_path):
    """Both cards are pieces of the master itself, so that the whole film is there."""
    from ltxlib.studio.provenance import for_editors

    shelf, takes = film
    made = assemble(shelf, takes, replace(QUICK, title="Rain", end_title="Bye"))
    read = read_master(shelf, find_master(shelf))
    timeline, of_cuts = for_editors(read, "master.mp4")
    assert timeline.frames == made.frames
    assert [cut.scene for cut in timeline.cuts] == ["title", "dark", "grey", "light", "end"]
    assert (of_cuts[0], of_cuts[-1]) == (None, None)
    end = timeline.cuts[-1]
    assert end.skip_frames + end.frames == made.frames
    assert timeline.problems() == []


def test_a_record_of_an_older_kit_is_still_read(film):
    """Before cards at the end and long films, a record said less."""
    shelf, takes = film
    made = assemble(shelf, takes, replace(QUICK, title="Rain"))
    record = made.path.with_suffix(".json")
    facts = json.loads(record.read_text())
    kept = ("name", "crossfade_s", "target_lufs", "order", "title")
    facts["made_of"]["settings"] = {name: facts["made_of"]["settings"][name] for name in kept}
    for name in (
        "head_frames",
        "tail_frames",
        "begins_frames",
        "once_frames",
        "took",
        "variety",
        "certificate",
    ):
        del facts[name]
    record.write_text(json.dumps(facts))
    read = read_master(shelf, made.path)
    assert (read.head_frames, read.begins_frames, read.tail_frames, read.long) == (96, 90, 0, None)
    assert [path.name for path in masters(shelf)] == [made.path.name]


def test_progress_never_falls_and_a_film_can_be_stopped(film):
    """Progress rises to its end; a film that is stopped leaves what was coded, and is gone on with."""
    shelf, takes = film
    cancel = threading.Event()

    def stop(progress):
        if progress.phase == "picture" and progress.done >= 33:
            cancel.set()

    with pytest.raises(Cancelled):
        assemble(shelf, takes, QUICK, on_step=stop, cancel=cancel)
    kept = {path.name for path in (shelf.work / "pieces").glob("*.piece")}
    assert kept
    assert not list(shelf.masters.glob("*"))
    steps = []
    assemble(shelf, takes, QUICK, on_step=steps.append)
    parts = [step.part for step in steps]
    assert parts == sorted(parts)
    assert parts[-1] == 1
    assert kept <= {path.name for path in (shelf.work / "pieces").glob("*.piece")}


def test_a_killed_film_is_gone_on_with(tmp_path):
    """After a kill -9 the next run takes what was coded and makes the very same file; no stray is left."""
    project = a_project(tmp_path / "project")
    shelf = project.set(rehearsal=True)
    clips = tmp_path / "clips"
    clips.mkdir()
    settings = replace(QUICK, name="x", cuts=(CutWish("rain"), CutWish("still")), look=FilmLook(384))
    takes = [
        put_film_take(shelf, clips, wish.scene, seed=seed, frames=73, width_px=320, height_px=192)
        for seed, wish in enumerate(settings.cuts)
    ]
    save_film(project, settings, "x")
    words = ["assemble", "--film", "x", "--rehearsal", "--project", str(project.root)]
    run = subprocess.Popen([sys.executable, "-m", "ltxlib", *words], cwd=PROJECT, stdout=subprocess.DEVNULL)
    pieces = shelf.work / "pieces"
    while run.poll() is None and not list(pieces.glob("*.piece")):
        # The first coded piece is the sign.
        try:
            run.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
    run.send_signal(signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL
    kept = {path.name: path.stat().st_mtime_ns for path in pieces.glob("*.piece")}
    film = assemble(shelf, takes, settings)
    assert kept.keys() <= {path.name for path in pieces.glob("*.piece")}
    undisturbed = film.facts["sha256"]
    film.path.unlink()
    for piece in pieces.glob("*.piece"):
        piece.unlink()
    assert assemble(shelf, takes, settings).facts["sha256"] == undisturbed
    assert not list(shelf.folder.rglob("*.part*"))
    assert sorted(path.suffix for path in shelf.masters.iterdir()) == [".json", ".mp4", ".txt"]


def test_all_faults_are_told_before_any_work(film):
    """Sounds that are missing and wishes that cannot be are refused, and nothing is made."""
    shelf, takes = film
    sound = Soundtrack(beds=(Layer("a.wav"),), music=(Layer("b.mp3"),))
    with pytest.raises(BadInput) as caught:
        assemble(shelf, takes, replace(QUICK, sound=sound))
    assert [problem.where for problem in caught.value.problems] == ["bed 1, file", "music 1, file"]
    assert not shelf.masters.exists()
