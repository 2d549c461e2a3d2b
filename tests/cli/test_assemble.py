"""The verb assemble: films from the command line."""

import argparse
import json
import signal
import subprocess
import sys

import pytest

from ltxlib.cli.film_options import assemble_verb, settings_of
from ltxlib.cli.main import main
from ltxlib.core.film import FilmLook, FilmSettings, LongForm, Transition
from ltxlib.core.soundtrack import Layer, Soundtrack
from ltxlib.media.probe import probe
from ltxlib.store.films import load_film, save_film
from tests.support.film_takes import put_film_take, put_sound
from tests.support.studio import a_project

NAMES = ("rain", "still")


@pytest.fixture
def project(tmp_path):
    project = a_project(tmp_path / "project")
    shelf = project.set(rehearsal=True)
    clips = tmp_path / "clips"
    clips.mkdir()
    for seed, scene in enumerate(NAMES):
        put_film_take(shelf, clips, scene, seed=seed)
    return project


@pytest.fixture
def kit(capsys, project):
    """Run assemble; gives exit code, output and complaints."""

    def run(*words):
        try:
            code = main(["assemble", "--rehearsal", "--project", str(project.root), *map(str, words)])
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def settings_from(*words, begin=None):
    top = argparse.ArgumentParser()
    assemble_verb(top.add_subparsers())
    return settings_of(top.parse_args(["assemble", *words]), begin or FilmSettings())


def test_every_option_is_a_wish():
    """What the options say is what the film is; what they do not say stays as it was."""
    assert settings_from() == FilmSettings()
    words = "--name x --title T --end-title E --loudness sleep --length 10h --shuffled --seed 0"
    words += " --screen-off 45min --compact --short --height 4k --sides blur --grain 2"
    words += " --bed a.flac --bed b@-9.5 --music c@d.mp3"
    wished = settings_from(*words.split(), "--transition", "black 24 frames")
    assert wished == FilmSettings(
        name="x",
        title="T",
        end_title="E",
        target_lufs=-23.0,
        transition=Transition("black", 0.0, 24),
        look=FilmLook(2160, True, "blur", 2),
        long=LongForm(36000.0, "shuffled", 0, 2700.0, True),
        sound=Soundtrack((Layer("a.flac"), Layer("b", gain_db=-9.5)), (Layer("c@d.mp3"),)),
    )
    kept = settings_from("--grain", "0", "--title", "", "--crossfade", "2", begin=wished)
    assert (kept.look.grain, kept.title, kept.joined_by) == (0, "", Transition("crossfade", 2.0))
    assert kept.sound == wished.sound
    assert settings_from("--crossfade", "2", "--transition", "cut").crossfade_s == 0


@pytest.mark.parametrize("words", ["--length soon", "--height tall", "--loudness huge", "--grain 5"])
def test_a_slip_in_an_option_is_a_sentence(kit, words):
    """What cannot be understood is told with what to write, and nothing starts."""
    code, _, err = kit(*words.split())
    assert code == 2
    assert "error: argument --" in err


def test_an_estimate_renders_nothing(kit, project):
    """Time, size and length are told, for people and for programs; no file is made."""
    code, out, _ = kit("--estimate", "--crossfade", "0.25", "--height", "128")
    assert code == 0
    assert "60 frames, 256x128" in out
    assert "rough guess" in out
    code, out, _ = kit("--estimate", "--json", "--crossfade", "0.25")
    facts = json.loads(out)
    assert (facts["frames"], facts["fits"], facts["problems"]) == (60, True, [])
    assert 0 < facts["seconds_low"] < facts["seconds_high"]
    code, out, _ = kit("--estimate", "--crossfade", "5")
    assert code == 1
    assert "longer than half the shortest clip" in out
    assert not project.set(rehearsal=True).masters.exists()


def test_a_film_file_and_options_make_a_film(kit, project):
    """The file is gone by, options win, --save keeps it all, and the film says what it is."""
    put_sound(project.set(rehearsal=True), "brook.mp4")
    save_film(project, FilmSettings(name="Two", title="Rain", crossfade_s=0.25), "two")
    code, out, _ = kit("--film", "two", "--title", "", "--bed", "brook.mp4@-20", "--save", "three")
    assert code == 0, out
    assert "60 frames" in out
    kept = load_film(project, "three")
    assert (kept.name, kept.title, kept.sound.beds) == ("Two", "", (Layer("brook.mp4", gain_db=-20),))
    (film,) = project.set(rehearsal=True).masters.glob("*.mp4")
    assert film.name.startswith("REHEARSAL-two-")
    assert probe(film).frames == 60
    code, out, _ = kit("--film", "three", "--json")
    assert json.loads(out)["frames"] == 60
    assert "made before" in kit("--film", "three", "--estimate")[1]


def test_what_is_not_there_is_said(kit, project):
    """A film file, a sound and a scene that are not there are sentences with a cure."""
    code, _, err = kit("--film", "none")
    assert code == 1
    assert "--save NAME" in err
    code, _, err = kit("--bed", "sea.wav")
    assert code == 1
    assert "bed 1, file: There is no sounds/sea.wav. Put your own sounds" in err
    code, _, err = kit("--bed", "../scenes.csv")
    assert code == 1
    assert "outside of the folder sounds/" in err
    (project.films / "x.toml").parent.mkdir(exist_ok=True)
    (project.films / "x.toml").write_text('[[cut]]\nscene = "rain"\nhue = 2\n[[cut]]\nscene = "fog"\n')
    code, out, _ = kit("--film", "x", "--estimate")
    assert code == 0
    assert "films/x.toml line 3, cut 1, hue" in out
    assert "scene fog: It has no take" in out


def test_ctrl_c_keeps_what_was_coded(project, tmp_path):
    """A first Ctrl-C ends the film soon, says what is kept, and leaves no half file; the next run goes on."""
    shelf = project.set(rehearsal=True)
    clips = tmp_path / "more"
    clips.mkdir()
    for number, scene in enumerate(NAMES):
        newer = {"take_id": "take02-x", "take_no": 2, "made_at": "2026-02-01T00:00:00+00:00"}
        put_film_take(shelf, clips, scene, seed=number, frames=97, width_px=320, height_px=192, **newer)
    words = ["--rehearsal", "--project", str(project.root), "--crossfade", "0.25", "--height", "480"]
    run = subprocess.Popen(
        [sys.executable, "-m", "ltxlib", "assemble", *words], stderr=subprocess.PIPE, text=True
    )
    pieces = shelf.work / "pieces"
    while run.poll() is None and not list(pieces.glob("*.piece")):
        # A piece that is coded is the sign that there is something to keep.
        try:
            run.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 130, err
    assert "is kept: run it again" in err
    kept = {path.name for path in pieces.glob("*.piece")}
    assert kept
    assert not list(shelf.masters.glob("*.mp4"))
    assert not list(shelf.folder.rglob("*.part"))
