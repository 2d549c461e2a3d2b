"""The creator's own sounds: from the folder sounds/, never from elsewhere."""

import pytest

from ltxlib.core.film import FilmSettings
from ltxlib.core.soundtrack import Layer, Soundtrack
from ltxlib.store.project import Project
from ltxlib.studio.film_sounds import sound_files, sound_problems, sounds_made_of, soundtrack_of


@pytest.fixture
def shelf(tmp_path):
    return Project(tmp_path).set(rehearsal=False)


def put(shelf, *names):
    for name in names:
        path = shelf.sounds / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def beds(*files):
    return FilmSettings(sound=Soundtrack(beds=tuple(Layer(file) for file in files)))


def test_sounds_are_listed_by_the_names_that_a_film_uses(shelf):
    """Folders within are fine; what is no sound and what is hidden is not listed; no folder is no sound."""
    assert sound_files(shelf) == []
    put(shelf, "b.wav", "a.FLAC", "water/brook.mp3", "notes.txt", ".hidden.wav")
    assert sound_files(shelf) == ["a.FLAC", "b.wav", "water/brook.mp3"]
    assert shelf.sounds == Project(shelf.folder.parents[1]).sounds


def test_missing_sounds_are_told_with_a_cure(shelf):
    """Each by its place; what lies in the folder is offered, and where there is none, what to do."""
    (found,) = sound_problems(shelf, beds("sea.wav"))
    assert found.where == "bed 1, file"
    assert "beside scenes.csv" in found.cure
    put(shelf, "a.wav")
    (found,) = sound_problems(shelf, beds("a.wav", "sounds/a.wav", "sea.wav"))
    assert (found.where, "a.wav" in found.cure) == ("bed 3, file", True)
    music = FilmSettings(sound=Soundtrack(music=(Layer("sea.wav"),)))
    assert sound_problems(shelf, music)[0].where == "music 1, file"


@pytest.mark.parametrize("name", ["../secret.wav", "/etc/passwd", "a/../../x.wav", "link.wav"])
def test_nothing_outside_of_the_folder_is_read(shelf, name):
    """Paths and links that lead out are refused, whatever they point at."""
    put(shelf, "a.wav")
    outside = shelf.sounds.parent / "secret.wav"
    outside.write_bytes(b"x")
    (shelf.sounds / "link.wav").symlink_to(outside)
    (found,) = sound_problems(shelf, beds(name))
    assert "outside" in found.what


def test_files_are_named_in_full_and_known_by_their_content(shelf):
    """The mix gets whole paths; the record keeps name and content, so another sound is another film."""
    put(shelf, "water/a.wav")
    settings = beds("water/a.wav", "sounds/water/a.wav")
    track = soundtrack_of(shelf, settings)
    assert {layer.file for layer in track.beds} == {str(shelf.sounds / "water" / "a.wav")}
    first = sounds_made_of(shelf, settings)
    assert first[0]["file"] == "water/a.wav"
    (shelf.sounds / "water" / "a.wav").write_bytes(b"another")
    assert sounds_made_of(shelf, settings)[0]["sha256"] != first[0]["sha256"]
