"""Taking home: what was not copied yet, a ZIP of it, rclone, and what a person says arrived."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace

import pytest

from ltxlib.cli.main import main
from ltxlib.core.take import KEEP, REJECT
from ltxlib.errors import BadInput, PodError, StoreError
from ltxlib.store import takes as take_store
from ltxlib.store.project import Project
from ltxlib.studio import taking_home
from ltxlib.studio.watching import is_held
from tests.support.takes import a_take

# Copies what is listed, as `rclone copy SOURCE REMOTE:PATH --files-from-raw LIST` does.
RCLONE = """#!/bin/sh
[ -n "$RCLONE_FAILS" ] && { echo "Failed to create file system: didn't find section in config" >&2; exit 1; }
[ -e "$KIT/production/copying.lock" ] || exit 9
target="$HOME_DISK/${3#*:}"
while read -r name || [ -n "$name" ]; do
    mkdir -p "$target/$(dirname "$name")"
    cp "$2/$name" "$target/$name"
done < "$5"
"""


@pytest.fixture
def project(tmp_path):
    for folder in ("notebooks", "workflows"):
        (tmp_path / "kit" / folder).mkdir(parents=True)
    return Project(tmp_path / "kit")


@pytest.fixture
def shelf(project, tmp_path):
    """Three takes (one kept, one undecided, one rejected) and a film with what stands beside it."""
    return fill_shelf(project.set(rehearsal=False), tmp_path)


def fill_shelf(shelf, folder):
    """Put them there; folder: for what is made on the way."""
    for scene, decision in (("rain", KEEP), ("sea", None), ("fire", REJECT)):
        clip = folder / "clip.mp4"
        clip.write_bytes(scene.encode() * 100)
        take = a_take(scene=scene)
        take = replace(take, clip=replace(take.clip, size_bytes=len(scene) * 100, sha256=scene))
        take_store.save_take(shelf, take, clip)
        if decision:
            take_store.decide(shelf, take, decision)
    (shelf.masters / "night-0123abcd-pack").mkdir(parents=True)
    (shelf.masters / "night-0123abcd.mp4").write_bytes(b"film" * 100)
    (shelf.masters / "night-0123abcd.json").write_text('{"sha256": "abc"}')
    (shelf.masters / "night-0123abcd.certificate.txt").write_text("All is well.")
    (shelf.masters / "night-0123abcd-pack" / "title.txt").write_text("Night")
    return shelf


def names(picked) -> list[str]:
    return [good.name.split("/")[0] for good in picked]


def test_what_lies_only_here_is_counted(shelf):
    """Every take that was not rejected and every film; keepers and films can be chosen."""
    found = taking_home.left(shelf)
    assert (found.takes, found.films) == (2, 1)
    assert "2 takes and 1 film" in found.says
    assert names(taking_home.chosen(shelf)) == ["rain", "night-0123abcd.mp4"]
    assert names(taking_home.chosen(shelf, "films")) == ["night-0123abcd.mp4"]
    assert len(taking_home.chosen(shelf, "all")) == 3
    with pytest.raises(BadInput):
        taking_home.chosen(shelf, "everything")


def test_a_zip_has_clips_records_and_what_stands_beside_a_film(shelf):
    """Whole, tested, with folders that tell film from rehearsal; it counts only when it arrived."""
    path = taking_home.pack(shelf)
    with zipfile.ZipFile(path) as packed:
        assert packed.testzip() is None
        inside = sorted(name.split("/", 1)[1] for name in packed.namelist())
        assert packed.namelist()[0].startswith("film/")
    assert [name for name in inside if name.startswith("masters")] == [
        "masters/night-0123abcd-pack/title.txt",
        "masters/night-0123abcd.certificate.txt",
        "masters/night-0123abcd.json",
        "masters/night-0123abcd.mp4",
    ]
    assert sum(name.startswith("takes/rain/") for name in inside) == 2
    assert not any("sea" in name or "fire" in name for name in inside)
    assert list(path.parent.iterdir()) == [path]
    assert taking_home.left(shelf).takes == 2


def test_what_arrived_is_not_counted_again(shelf, tmp_path):
    """Said to have arrived it is left out, until it is made anew with another content."""
    assert taking_home.arrived(shelf, taking_home.chosen(shelf, "all"), "by hand") == 3
    assert taking_home.left(shelf).goods == ()
    assert taking_home.pack(shelf) is None
    assert taking_home.pack(shelf, again=True) is not None
    (shelf.masters / "night-0123abcd.json").write_text('{"sha256": "other"}')
    assert names(taking_home.left(shelf).goods) == ["night-0123abcd.mp4"]


def test_too_little_room_for_a_zip_is_a_sentence(shelf, monkeypatch):
    """It is told before it is begun, with another way."""
    monkeypatch.setattr(taking_home.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10})())
    with pytest.raises(StoreError, match="does not fit"):
        taking_home.pack(shelf)
    assert not list((shelf.folder / taking_home.FOLDER).iterdir())


@pytest.fixture
def rclone(tmp_path, monkeypatch, project):
    """An rclone that copies into a folder."""
    program = tmp_path / "bin" / "rclone"
    program.parent.mkdir()
    program.write_text(RCLONE)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("HOME_DISK", str(tmp_path / "disk"))
    monkeypatch.setenv("KIT", str(project.root))
    monkeypatch.delenv("LTX_RCLONE", raising=False)
    return tmp_path / "disk"


def test_rclone_takes_them_and_the_pod_waits(shelf, project, rclone, monkeypatch):
    """Copied with their folders and noted; the night's light switch is held meanwhile and free after."""
    monkeypatch.setenv("LTX_RCLONE", "drive:films")
    assert taking_home.send(project, shelf) == 2
    assert (rclone / "films/film/masters/night-0123abcd.mp4").read_bytes() == b"film" * 100
    assert len(list((rclone / "films/film/takes/rain").iterdir())) == 2
    assert not is_held(project.copying.path)
    assert names(taking_home.left(shelf).goods) == ["sea"]
    assert taking_home.send(project, shelf) == 0


def test_rclones_words_are_told(shelf, project, rclone, monkeypatch):
    """What rclone refuses is told and nothing is noted as copied."""
    monkeypatch.setenv("RCLONE_FAILS", "1")
    with pytest.raises(PodError, match="didn't find section"):
        taking_home.send(project, shelf, remote="drive:films")
    assert taking_home.left(shelf).takes == 2


@pytest.mark.parametrize("remote", ["", "--config=/etc/passwd", "no place", ":sftp,host=evil:", "a\nb:c"])
def test_only_places_of_rclone_are_taken(shelf, project, rclone, remote):
    """Options, and places that are made up in the address, are no places."""
    with pytest.raises(BadInput):
        taking_home.send(project, shelf, remote=remote)


def test_without_rclone_it_is_a_sentence(shelf, project, monkeypatch, tmp_path):
    """The cure is how to install it, or a ZIP."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PodError, match="not on this machine"):
        taking_home.send(project, shelf, remote="drive:films")


def test_the_verb(shelf, project, rclone, capsys):
    """It says what lies only here, and takes it."""
    words = ["home", "--project", str(project.root)]
    assert main(words) == 1
    assert "NOT YET COPIED" in capsys.readouterr().out
    assert main(["home", "all", *words[1:], "--zip"]) == 1
    assert "The ZIP" in capsys.readouterr().out
    assert main(["home", *words[1:], "--to", "drive:films", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["copied"] == 2
    assert main(["home", "all", *words[1:], "--have"]) == 0
    assert "Nothing of the film lies on this machine alone" in capsys.readouterr().out
