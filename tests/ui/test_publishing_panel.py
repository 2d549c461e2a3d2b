"""The publishing pack: made with one press, copied from, never mistaken for something to publish."""

from __future__ import annotations

import json
import os
import time

import pytest

from ltxlib.core.film import FilmSettings
from ltxlib.store.takes import load_takes
from ltxlib.studio.assemble import assemble
from ltxlib.ui.publishing import PublishingPanel, publishing_panel


def film(project, name="My <b>film"):
    shelf = project.set(rehearsal=True)
    takes, _ = load_takes(shelf)
    return assemble(shelf, takes[:1], FilmSettings(name=name))


@pytest.fixture
def published(filled, in_jupyter) -> PublishingPanel:
    """The panel of a project with one film, seen through Jupyter."""
    film(filled)
    in_jupyter(filled.root)
    made = PublishingPanel(filled)
    made.settle()
    return made


def test_a_pack_is_made_and_copied_from(published, filled):
    """One press gives texts, pictures by address, what to know before the upload, and where it all lies."""
    assert "REHEARSAL" in published.banner.value
    published.words.value = "Rain"
    published.timeline.value = True
    published.make.click()
    assert published.make.disabled
    published.settle()
    html = published.pack.value
    for words in (
        "Not to be uploaded as it is",
        "Altered content",
        "1 clip of",
        "REHEARSAL, not to be published",
    ):
        assert words in html
    assert "My ‹b› film" in html or "My b film" in html or "&lt;b&gt;" not in html
    assert "<b>film" not in html
    assert html.count('class="ltx-thumb"') >= 1
    assert 'class="ltx-sheet"' in html
    assert "timeline.otio" in html
    pack = next(filled.set(rehearsal=True).masters.glob("*-pack"))
    assert json.loads((pack / "manifest.json").read_bytes())["may_be_published"] is False
    assert (pack / "timeline.otio").is_file()
    assert not published.make.disabled
    again = PublishingPanel(filled)
    again.settle()
    assert again.pack.value == html


def test_the_newest_film_is_chosen_until_a_person_chooses(published, filled):
    """A film that is rendered meanwhile is the one offered; who chose an older one keeps it."""
    first = published.film.value
    film(filled, "second")
    published.again.click()
    published.settle()
    assert published.film.value.startswith("REHEARSAL-second-")
    published.film.value = first
    film(filled, "third")
    published.again.click()
    published.settle()
    assert published.film.value == first
    assert len(published.film.options) == 3


def test_without_a_film_there_is_nothing_to_publish(filled):
    """The panel says where films come from."""
    made = PublishingPanel(filled)
    made.settle()
    assert "There is no finished film yet" in made.head.value
    assert made.make.disabled


def test_a_film_that_is_gone_is_told(published, filled):
    """What went wrong stands in the panel, in words."""
    for path in filled.set(rehearsal=True).masters.glob("*.mp4"):
        path.write_bytes(b"no film")
    published.make.click()
    published.settle()
    assert "ltx-note ltx-bad" in published.notice.value
    assert not published.make.disabled


def test_the_night_makes_the_pack(filled, night, capsys):
    """By night the newest film gets its pack; without a film, or where none is wanted, that is said."""
    publishing_panel()
    assert "no finished film" in capsys.readouterr().out
    made = film(filled)
    publishing_panel(pack=False)
    assert "No publishing pack was asked for" in capsys.readouterr().out
    publishing_panel(words="Rain")
    said = capsys.readouterr().out
    assert "REHEARSAL, not to be published: the publishing pack is in" in said
    assert made.path.with_name(f"{made.path.stem}-pack").is_dir()
    publishing_panel()
    assert "was made before" in capsys.readouterr().out
    # A clock's ticks are coarse: words that were written right after the pack may bear its very time.
    later_s = time.time() + 10
    os.utime(filled.root / "publishing.md", (later_s, later_s))
    publishing_panel()
    assert "the publishing pack is in" in capsys.readouterr().out


def test_a_night_does_not_fail_for_its_pack(filled, night, capsys):
    """The film is there; that the words are not is told, and the run goes on."""
    film(filled).path.write_bytes(b"no film")
    publishing_panel()
    assert "could not be made" in capsys.readouterr().out
