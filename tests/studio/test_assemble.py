"""From takes to a film."""

import json
import shutil

import pytest

from ltxlib.errors import BadInput
from ltxlib.media.probe import probe
from ltxlib.store.takes import decide, load_takes
from ltxlib.studio.assemble import FilmSettings, assemble, choose, lay_out, masters
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.job import job_for
from ltxlib.studio.review import poster, review

ORDER = ["rain", "still"]
SHORT = FilmSettings(crossfade_s=0.125, name="My film!")


@pytest.fixture
def shelf(project, server):
    list(run_batch(job_for(project, connect(project), check_project(project))))
    return project.set(rehearsal=True)


def test_the_film_is_what_the_timeline_says(shelf):
    """Two clips of nine frames with three shared give fifteen frames, and the file says REHEARSAL."""
    takes, problems = choose(shelf, ORDER, SHORT)
    assert problems == []
    told = []
    film = assemble(shelf, takes, SHORT, on_progress=lambda done, total: told.append((done, total)))
    assert (film.frames, film.reused) == (15, False)
    assert probe(film.path).frames == 15
    assert film.path.name.startswith("REHEARSAL-my-film-")
    assert "REHEARSAL" in str(probe(film.path).tags)
    assert told[-1][1] == 15
    assert [path.name for path in masters(shelf)] == [film.path.name]
    assert not list(shelf.folder.rglob("*.part"))


def test_the_same_film_is_not_rendered_twice(shelf):
    """The same takes and settings give the master that is there; another setting makes another."""
    takes, _ = choose(shelf, ORDER, SHORT)
    first = assemble(shelf, takes, SHORT)
    assert assemble(shelf, takes, SHORT).reused
    assert not assemble(shelf, takes, FilmSettings(crossfade_s=0.0)).reused
    first.path.write_bytes(b"damaged")
    assert not assemble(shelf, takes, SHORT).reused


def test_the_manifest_leads_back_to_the_takes(shelf):
    """Beside the master lies what it was made of."""
    takes, _ = choose(shelf, ORDER, SHORT)
    film = assemble(shelf, takes, SHORT)
    facts = json.loads(film.path.with_suffix(".json").read_text())
    assert [cut["take"] for cut in facts["made_of"]["timeline"]["cuts"]] == [take.take_id for take in takes]
    assert str(shelf.folder) not in film.path.with_suffix(".json").read_text()


def test_rejected_takes_stay_out(shelf):
    """A scene whose only take is rejected is left out and said."""
    take = load_takes(shelf)[0][0]
    decide(shelf, take, "reject")
    takes, problems = choose(shelf, ORDER, FilmSettings())
    assert [take.scene for take in takes] == ["still"]
    assert [problem.where for problem in problems] == ["scene rain"]


def test_order_is_the_persons(shelf):
    """The film follows the order given, not the table's."""
    takes, _ = choose(shelf, ORDER, FilmSettings(order=("still", "rain")))
    assert [take.scene for take in takes] == ["still", "rain"]


def test_a_title_card_comes_first(shelf):
    """Words at the head lengthen the film by four seconds less the crossfade."""
    settings = FilmSettings(crossfade_s=0.125, title="Night rain")
    takes, _ = choose(shelf, ORDER, settings)
    assert assemble(shelf, takes, settings).frames == 15 + 96 - 3


def test_nothing_to_show_is_a_sentence(shelf):
    """No takes, or a crossfade longer than the clips allow, is told before any work."""
    with pytest.raises(BadInput, match="no take"):
        lay_out(shelf, [], FilmSettings())
    takes, _ = choose(shelf, ORDER, FilmSettings())
    with pytest.raises(BadInput, match="crossfade"):
        lay_out(shelf, takes, FilmSettings(crossfade_s=2))


def test_review_shows_the_choice_and_its_picture(shelf):
    """Each take is shown with its decision, a poster, and whether it goes into the film."""
    shown, problems = review(shelf, ["still", "rain"])
    assert problems == []
    assert [(item.take.scene, item.decision, item.chosen) for item in shown] == [
        ("still", "undecided", True),
        ("rain", "undecided", True),
    ]
    picture = poster(shelf, shown[0])
    assert picture.read_bytes().startswith(b"\xff\xd8")
    stamp = picture.stat().st_mtime_ns
    assert poster(shelf, shown[0]).stat().st_mtime_ns == stamp


def test_a_clip_that_cannot_be_read_has_no_poster(shelf):
    """A damaged clip leaves its place empty instead of stopping the review."""
    shown, _ = review(shelf, ORDER)
    shown[0].clip.write_bytes(b"x")
    # The batch made one while the clip was whole.
    shutil.rmtree(shelf.posters)
    assert poster(shelf, shown[0]) is None
