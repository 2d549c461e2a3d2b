"""The drawer for sound: beds and music are put in, changed, taken away, and brought into the folder."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from ltxlib.core.soundtrack import Layer, Soundtrack
from ltxlib.store.films import load_film
from ltxlib.ui.assemble import AssemblePanel
from ltxlib.ui.film_work import Asked


def brought(name, data):
    """What the browser sends of a file."""
    today = datetime(2026, 1, 1, tzinfo=timezone.utc)
    return {"name": name, "type": "", "size": len(data), "content": memoryview(data), "last_modified": today}


@pytest.fixture
def panel(filled) -> AssemblePanel:
    """The panel of a project with two sounds."""
    filled.sounds.mkdir()
    for name in ("brook.flac", "pia<no.mp3"):
        (filled.sounds / name).write_bytes(b"sound")
    made = AssemblePanel(filled, Asked(crossfade_s=0.1))
    made.settle()
    return made


def test_beds_and_music_are_put_in_and_kept(panel, filled):
    """What is chosen stands in the film's file, with its gain and fades; beds stand before music."""
    sound = panel.form.sound
    assert sound.file.options == ("brook.flac", "pia<no.mp3")
    sound.file.value = "pia<no.mp3"
    sound.add_music.click()
    sound.file.value = "brook.flac"
    sound.add_bed.click()
    bed, music = sound.layers
    bed.gain_db.value, bed.fade_in_s.value = -20, 5
    music.begins_s.value, music.fade_out_s.value = 3, 1
    sound.clips_db.value, sound.duck_db.value, sound.slow_start_s.value = -6, 8, 30
    sound.even.value = False
    panel.settle()
    wanted = Soundtrack(
        beds=(Layer("brook.flac", -20, 5, 4),),
        music=(Layer("pia<no.mp3", -12, 2, 1, 3),),
        clips_db=-6,
        duck_db=8,
        slow_start_s=30,
        even=False,
    )
    assert load_film(filled, "film").sound == wanted
    assert panel.form.drawers.titles[0] == "Sound: 1 bed, 1 piece of music"
    again = AssemblePanel(filled, Asked())
    again.settle()
    assert again.form.sound.soundtrack == wanted


def test_a_layer_is_taken_away_and_its_file_stays(panel, filled):
    """Only the film loses it."""
    sound = panel.form.sound
    sound.add_bed.click()
    sound.take_away(sound.layers[0])
    panel.settle()
    assert sound.soundtrack.beds == ()
    assert (filled.sounds / "brook.flac").is_file()


def test_a_sound_can_be_listened_to(panel, filled, in_jupyter):
    """It plays by address; larger files are brought by the folder, which has a link."""
    in_jupyter(filled.root)
    panel.again.click()
    panel.settle()
    assert 'src="/files/sounds/brook.flac?v=' in panel.form.sound.listen.value
    assert 'href="/lab/tree/sounds"' in panel.form.sound.folder.value


def test_a_sound_is_brought(panel, filled):
    """It is whole in the folder and chosen at once; what is no sound is told."""
    sound = panel.form.sound
    sound.bring.value = (brought("../Night wind.wav", b"RIFF"),)
    assert (filled.sounds / "Night wind.wav").read_bytes() == b"RIFF"
    assert sound.file.value == "Night wind.wav"
    assert "is in the folder sounds/" in sound.told.value
    assert sound.bring.value == ()
    sound.bring.value = (brought("<b>.exe", b"x"),)
    assert "not a kind of sound" in sound.told.value
    assert "<b>.exe" not in sound.told.value
