"""Sounds that are brought into the project: whole, under clean names, never outside their folder."""

from __future__ import annotations

import pytest

from ltxlib.errors import BadInput, UnsafeName
from ltxlib.store.project import Project
from ltxlib.studio.sounds import keep_sound, sound_path


@pytest.fixture
def project(tmp_path) -> Project:
    return Project(tmp_path / "kit")


def keep(project, name, data) -> str:
    """Bring a sound as the page does: written aside, then kept."""
    part = project.root / "coming.part"
    project.root.mkdir(exist_ok=True)
    part.write_bytes(data)
    return keep_sound(project, name, part)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("brook.flac", "brook.flac"),
        ("../../etc/rain.WAV", "rain.wav"),
        ("C:\\Music\\Piano at dusk.mp3", "Piano at dusk.mp3"),
        ("..mp3", "sound.mp3"),
        ("a\x00b\n<i>.ogg", "a-b-i.ogg"),
        ("été ☂.m4a", "été.m4a"),
        ("x" * 300 + ".opus", "x" * 80 + ".opus"),
    ],
)
def test_names_are_clean_and_stay_in_the_folder(project, name, kept):
    """Whatever a file is called, it lands in sounds/ and nowhere else."""
    assert keep(project, name, b"sound") == kept
    assert [path.name for path in project.sounds.iterdir()] == [kept]
    assert (project.sounds / kept).read_bytes() == b"sound"


def test_nothing_is_written_over(project):
    """Another sound of the same name gets a number; the same one is kept once."""
    assert keep(project, "rain.wav", b"one") == "rain.wav"
    assert keep(project, "rain.wav", b"two") == "rain-2.wav"
    assert keep(project, "rain.wav", b"one") == "rain.wav"
    assert keep(project, "rain.wav", b"two") == "rain-2.wav"
    assert sorted(path.name for path in project.sounds.iterdir()) == ["rain-2.wav", "rain.wav"]


@pytest.mark.parametrize(("name", "data"), [("film.exe", b"x"), ("rain", b"x"), ("rain.wav", b"")])
def test_what_is_no_sound_is_refused(project, name, data):
    """Its name or its emptiness tells, and nothing is written."""
    with pytest.raises(BadInput) as caught:
        keep(project, name, data)
    assert caught.value.cure
    assert not project.sounds.exists()


def test_no_name_leads_out_of_the_folder(project):
    """A film file that names a sound elsewhere is refused."""
    with pytest.raises(UnsafeName):
        sound_path(project, "../scenes.csv")
