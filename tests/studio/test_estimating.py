"""What a film will take, told before it is made."""

import json
import shutil
from dataclasses import replace

import pytest

from ltxlib.core.film import CutWish, FilmLook, FilmSettings
from ltxlib.core.soundtrack import Layer, Soundtrack
from ltxlib.errors import StoreError
from ltxlib.store.project import Project
from ltxlib.studio import estimating
from ltxlib.studio.assemble import assemble
from ltxlib.studio.estimating import FilmEstimate, film_estimate
from tests.support.film_takes import put_film_take

QUICK = FilmSettings(crossfade_s=0.25)


@pytest.fixture
def film(tmp_path):
    """A project, its shelf and two takes."""
    project = Project(tmp_path / "project")
    shelf = project.set(rehearsal=True)
    clips = tmp_path / "clips"
    clips.mkdir()
    options = {"wave": "noise", "sound_rate_hz": 48000}
    takes = [put_film_take(shelf, clips, name, seed=seed, **options) for seed, name in enumerate("ab")]
    return project, shelf, takes


def test_before_any_film_it_is_a_rough_guess(film):
    """Without a film made here the spread is wide, and that is said."""
    project, shelf, takes = film
    found = film_estimate(project, shelf, takes, QUICK)
    assert (found.frames, found.duration_s, found.width_px, found.height_px) == (60, 2.5, 128, 64)
    assert found.seconds_high == pytest.approx(found.seconds_low * 4)
    assert "rough guess" in found.notes[0]
    assert (found.fits, found.made_before, found.problems) == (True, None, ())
    assert 10_000 < found.size_bytes < 1_000_000
    assert found.needs_bytes > found.size_bytes
    assert "about" in found.text
    assert not shelf.masters.exists()


def test_larger_films_take_longer(film):
    """Time and size grow with the pixels and with the length."""
    project, shelf, takes = film
    small = film_estimate(project, shelf, takes, QUICK)
    large = film_estimate(project, shelf, takes, replace(QUICK, look=FilmLook(1080)))
    again = film_estimate(project, shelf, takes * 4, QUICK)
    assert large.seconds_low > small.seconds_low * 2
    assert large.size_bytes > small.size_bytes * 10
    assert again.size_bytes > small.size_bytes * 2


def test_only_what_is_missing_counts(film):
    """After a film was made its pieces are there: the same is made already, another loudness is free."""
    project, shelf, takes = film
    before = film_estimate(project, shelf, takes, QUICK)
    made = assemble(shelf, takes, QUICK)
    again = film_estimate(project, shelf, takes, QUICK)
    assert (again.made_before, again.seconds_high) == (made.path, 0)
    assert again.text.startswith("made already")
    louder = replace(QUICK, target_lufs=-14.0)
    found = film_estimate(project, shelf, takes, louder)
    assert "100% of its picture is coded already" in found.notes[0]
    assert found.needs_bytes < before.needs_bytes
    # Nothing but the pieces tells the size now, and it is near what the film became.
    assert found.size_bytes == pytest.approx(made.facts["size_bytes"], rel=0.6)
    longer = film_estimate(project, shelf, takes * 2, QUICK)
    part = next(note for note in longer.notes if "coded already" in note)
    assert 0 < int(part.split("%")[0]) < 100


def test_films_made_here_tell_the_pace(film):
    """What films took on this machine tells the next one's time; other machines and damage do not."""
    project, shelf, takes = film
    assemble(shelf, takes, QUICK)
    (record,) = shelf.masters.glob("*.json")
    facts = json.loads(record.read_text())
    assert facts["took"]["coded_px"] >= 60 * 128 * 64
    assert set(facts["took"]["seconds"]) >= {"sound", "picture"}
    facts["took"] |= {"coded_px": 10**9, "seconds": {"sound": 1.0, "picture": 1000.0}}
    record.write_text(json.dumps(facts))
    wish = replace(QUICK, look=FilmLook(1080))
    slow = film_estimate(project, shelf, takes, wish)
    assert any("from a film made on this machine" in note for note in slow.notes)
    assert slow.seconds_high < slow.seconds_low * 2
    facts["took"]["seconds"]["picture"] = 10.0
    record.write_text(json.dumps(facts))
    assert film_estimate(project, shelf, takes, wish).seconds_low < slow.seconds_low / 5
    facts["took"]["machine"] = "another"
    record.write_text(json.dumps(facts))
    assert any("rough guess" in note for note in film_estimate(project, shelf, takes, wish).notes)
    for damage in ("{", "[]", '{"took": 3}'):
        record.write_text(damage)
        assert any("rough guess" in note for note in film_estimate(project, shelf, takes, wish).notes)


def test_wishes_that_cannot_be_met_are_told(film):
    """Faults come as problems, so that a form can show them while it is filled in."""
    project, shelf, takes = film
    wishes = {
        "crossfade": replace(QUICK, crossfade_s=5.0),
        "sound": replace(QUICK, sound=Soundtrack(beds=(Layer("sea.wav"), Layer("../x.wav")))),
        "in_s": replace(QUICK, cuts=(CutWish("a", in_s=9), CutWish("b"))),
    }
    found = {name: film_estimate(project, shelf, takes, wish).problems for name, wish in wishes.items()}
    assert [len(problems) for problems in found.values()] == [1, 2, 1]
    assert film_estimate(project, shelf, [], QUICK).problems[0].what.startswith("There is no take")
    assert film_estimate(project, shelf, takes, QUICK).problems == ()


def test_a_clip_that_is_gone_is_no_estimate_error(film):
    """An estimate reads what is there; what is missing counts as work and is told by the render."""
    project, shelf, takes = film
    shutil.rmtree(shelf.takes)
    assert film_estimate(project, shelf, takes, QUICK).frames == 60


def test_a_film_that_does_not_fit_is_refused_with_figures(film, monkeypatch):
    """Before any work it is said how much is needed, how much is free and what may be deleted."""
    project, shelf, takes = film
    monkeypatch.setattr(estimating, "free_bytes", lambda folder: 30_000)
    found = film_estimate(project, shelf, takes, QUICK)
    assert not found.fits
    with pytest.raises(StoreError, match=r"needs about .* MB .* free") as caught:
        assemble(shelf, takes, QUICK)
    assert "Delete" in caught.value.cure
    assert not list(shelf.masters.glob("*"))
    monkeypatch.setattr(estimating, "free_bytes", lambda folder: None)
    assert film_estimate(project, shelf, takes, QUICK).fits
    assert FilmEstimate(needs_bytes=5, room_bytes=4).fits is False


def test_one_clip_over_and_over_is_said(film):
    """The variety guard speaks in the notes, before the film is made."""
    project, shelf, takes = film
    found = film_estimate(project, shelf, takes[:1] * 12, replace(QUICK, crossfade_s=0.0))
    assert any("times over" in note for note in found.notes)
    assert any(problem.warning for problem in found.problems)
