"""The publishing pack: from a real film of the rehearsal to a folder that can be uploaded from."""

import json
from fractions import Fraction

import opentimelineio as otio
import pytest
from PIL import Image

from ltxlib.core import publishing as telling
from ltxlib.core.take import ClipFacts, Take
from ltxlib.errors import BadInput, StoreError
from ltxlib.media.probe import probe
from ltxlib.store.files import sha256_of
from ltxlib.store.project import Project
from ltxlib.store.takes import clip_path, decide, save_take
from ltxlib.studio import publishing
from ltxlib.studio.assemble import FilmSettings, assemble, choose
from ltxlib.studio.provenance import find_master, read_master, trace
from ltxlib.studio.publishing import publish
from tests.support.clips import make_clip
from tests.support.studio import a_project
from tests.support.takes import a_take

SCENES = ("rain", "fire", "lake", "sea")


def put(shelf, tmp_path, scene: str, number: int, frames: int = 88, fps: str = "8", **clip) -> Take:
    """A take of a real clip on a shelf."""
    made = make_clip(tmp_path / f"{scene}.mp4", frames=frames, fps=fps, seed=number, **clip)
    info = probe(made)
    facts = ClipFacts(
        f"{scene}.mp4",
        made.stat().st_size,
        sha256_of(made),
        info.width_px,
        info.height_px,
        info.frames,
        str(info.fps),
        info.duration_s,
        info.has_audio,
    )
    take = a_take(
        scene=scene,
        take_id=f"take01-{scene}",
        seed=number,
        clip=facts,
        rehearsal=shelf.rehearsal,
        graph={"1": {"class_type": "KSampler", "inputs": {"seed": number}}},
    )
    save_take(shelf, take, made)
    return take


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project with one film of four scenes, about eleven seconds each, as if from a pod."""
    root = tmp_path_factory.mktemp("publishing")
    project = a_project(
        root / "project", tuple(f"{name},t2v,@rain/window,,9,256,128,1,yes,yes" for name in SCENES)
    )
    shelf = project.set(rehearsal=False)
    takes = [
        put(shelf, root, name, number, sound=None if name == "lake" else "stereo")
        for number, name in enumerate(SCENES, 1)
    ]
    film = assemble(shelf, takes, FilmSettings(name="Night <rain>", crossfade_s=0.5))
    return project, shelf, film


@pytest.fixture
def project(made):
    """The same project, with nothing of an earlier pack in it."""
    import shutil

    project, shelf, _ = made
    for path in [*shelf.masters.glob("*-pack*"), project.root / "publishing.md"]:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return project


def test_the_pack_is_whole_and_within_the_limits(project, made):
    """Title, description, chapters, tags, pictures and manifest lie beside the master."""
    _, shelf, film = made
    pack = publish(project, shelf, timeline=True)
    assert pack.folder == film.path.with_name(f"{film.path.stem}-pack")
    assert sorted(path.name for path in pack.folder.iterdir()) == [
        "before-you-upload.txt",
        "chapters.txt",
        "contact-sheet.jpg",
        "description.txt",
        "manifest.json",
        "tags.txt",
        "thumbnails",
        "timeline.otio",
        "title.txt",
    ]
    assert telling.check_texts(pack.texts, Fraction(film.frames, 8)) == []
    assert (pack.folder / "title.txt").read_text().startswith("Night ‹rain› | 42 seconds")
    assert (pack.folder / "chapters.txt").read_text() == "0:00 Rain\n0:11 Fire\n0:21 Lake\n0:32 Sea\n"
    description = (pack.folder / "description.txt").read_text()
    assert "0:11 Fire" in description
    assert "LTX-2 Community License" in description
    assert "containsSyntheticMedia" in (pack.folder / "before-you-upload.txt").read_text()
    assert pack.thumbnails
    for path in pack.thumbnails:
        with Image.open(path) as image:
            assert image.size == (1280, 720)
    assert pack.publishable
    assert pack.problems == ()
    assert not list(shelf.masters.glob("*.part"))
    assert (project.root / "publishing.md").is_file()


def test_the_otio_opens_with_the_films_length(project, made):
    """OpenTimelineIO finds tracks as long as the film, takes that are there, and the chapters as markers."""
    _, shelf, film = made
    pack = publish(project, shelf, timeline=True)
    timeline = otio.adapters.read_from_file(str(pack.timeline))
    picture, sound = timeline.video_tracks()[0], timeline.audio_tracks()[0]
    assert picture.duration().to_frames() == sound.duration().to_frames() == film.frames
    clips = list(picture.find_clips())
    assert [clip.name for clip in clips] == [f"{name} take01-{name}" for name in SCENES]
    for clip in clips:
        target = (pack.folder / clip.media_reference.target_url).resolve()
        assert target == clip_path(shelf, *clip.name.split()).resolve()
        assert clip.available_range().duration.to_frames() == 88
    assert [mark.name for mark in timeline.tracks.markers] == ["Rain", "Fire", "Lake", "Sea"]
    assert sum(isinstance(item, otio.schema.Gap) for item in sound) == 1
    assert str(project.root) not in pack.timeline.read_text()


def test_the_manifest_leads_back_to_the_row(project, made):
    """Seeds, models, settings, graphs' hashes and the table's row stand in it, no path of the disk."""
    _, shelf, film = made
    pack = publish(project, shelf)
    text = (pack.folder / "manifest.json").read_text()
    manifest = json.loads(text)
    assert str(project.root) not in text
    assert manifest["master"]["sha256"] == sha256_of(film.path)
    assert [cut["starts_s"] for cut in manifest["cuts"]] == pytest.approx([0, 10.5, 21, 31.5], abs=1e-3)
    take = manifest["takes"]["fire/take01-fire"]
    assert (take["seed"], take["model"], take["rung"]) == (2, "ltx-2-19b-distilled", 0)
    assert len(take["graph_sha256"]) == 64
    assert take["scene_row"]["row"] == 3
    assert take["scene_row"]["cells"]["prompt"] == "@rain/window"
    assert take["scene_row"]["asks_for_it"] is False
    for place, digest in manifest["files"].items():
        assert sha256_of(pack.folder / place) == digest
    assert pack.timeline is None


def test_again_without_harm(project, made):
    """A second run gives the same words, keeps what a person added, and saves what a person changed."""
    _, shelf, _ = made
    first = publish(project, shelf, timeline=True)
    (first.folder / "my notes.txt").write_text("mine")
    (first.folder / "title.txt").write_text("My own title")
    (first.folder / "thumbnails" / "mine.jpg").write_bytes(b"x")
    (project.root / "publishing.md").write_text(
        "## Title\nOther {film}\n## Description\n{chapters}{disclosure}{credits}"
    )
    second = publish(project, shelf)
    assert (second.folder / "my notes.txt").read_text() == "mine"
    assert (second.folder / "thumbnails" / "mine.jpg").read_bytes() == b"x"
    assert (second.folder / "yours-title.txt").read_text() == "My own title"
    assert (second.folder / "title.txt").read_text() == "Other Night ‹rain›\n"
    assert [problem.where for problem in second.problems] == ["title.txt"]
    # The timeline that was asked for once is kept up to date.
    assert second.timeline is not None
    third = publish(project, shelf)
    assert (third.folder / "yours-title.txt").read_text() == "My own title"
    assert third.problems == ()
    assert third.publishable
    assert not list(shelf.masters.glob("*-pack.*"))


def test_a_run_that_was_killed_leaves_the_last_pack(project, made):
    """Whether it died before or between the renames, the next run finds the pack and finishes."""
    _, shelf, _ = made
    pack = publish(project, shelf)
    (pack.folder / "mine.txt").write_text("mine")
    pack.folder.rename(pack.folder.with_name(f"{pack.folder.name}.old"))
    half = pack.folder.with_name(f"{pack.folder.name}.part")
    half.mkdir()
    (half / "title.txt").write_text("half")
    again = publish(project, shelf)
    assert (again.folder / "mine.txt").read_text() == "mine"
    assert not list(shelf.masters.glob("*-pack.*"))


def test_words_on_the_thumbnails_that_cannot_be_written_change_nothing(project, made):
    """A refusal leaves the last pack as it was."""
    _, shelf, _ = made
    pack = publish(project, shelf, words="Night rain")
    before = {path.name: path.stat().st_mtime_ns for path in pack.folder.iterdir()}
    with pytest.raises(BadInput):
        publish(project, shelf, words="x" * 100)
    assert {path.name: path.stat().st_mtime_ns for path in pack.folder.iterdir()} == before
    assert not list(shelf.masters.glob("*-pack.*"))


def test_a_template_that_cannot_be_read_is_told(project, made):
    """The kit's own words are used instead."""
    _, shelf, _ = made
    (project.root / "publishing.md").write_bytes(b"\xff\xfe\x00\xd8 bad")
    pack = publish(project, shelf)
    assert [problem.where for problem in pack.problems] == ["publishing.md"]
    assert (project.root / "publishing.md").read_bytes().startswith(b"\xff\xfe")


def test_a_title_card_shifts_everything(project, made, tmp_path):
    """With a card at the head chapters begin later, and editors get the card as a piece of the master."""
    _, shelf, _ = made
    takes = [take for take in read_master(shelf, find_master(shelf)).takes if take]
    film = assemble(shelf, takes, FilmSettings(name="carded", crossfade_s=0.5, title="Calm"))
    pack = publish(project, shelf, name="carded", timeline=True)
    assert pack.master == film.path
    assert [str(chapter) for chapter in pack.texts.chapters] == [
        "0:00 Rain",
        "0:14 Fire",
        "0:25 Lake",
        "0:35 Sea",
    ]
    track = otio.adapters.read_from_file(str(pack.timeline)).video_tracks()[0]
    assert track.duration().to_frames() == film.frames
    clips = list(track.find_clips())
    assert (pack.folder / clips[0].media_reference.target_url).resolve() == film.path.resolve()
    assert clips[0].duration().to_frames() == 32
    assert clips[1].source_range.start_time.to_frames() == 4
    film.path.unlink()
    film.path.with_suffix(".json").unlink()


def test_takes_that_are_gone_are_told(project, made):
    """The pack is written all the same; the editor's timeline shows a place that is missing."""
    _, shelf, _ = made
    record = shelf.takes / "lake" / "take01-lake.json"
    record.rename(record.with_suffix(".gone"))
    try:
        pack = publish(project, shelf, timeline=True)
    finally:
        record.with_suffix(".gone").rename(record)
    assert [problem.where for problem in pack.problems] == ["take lake/take01-lake"]
    assert pack.manifest["takes_without_record"] == ["lake/take01-lake"]


def test_a_take_or_a_film_is_traced_to_its_row(project, made):
    """By its key, its clip's path, or the film's name; what there is not is a sentence."""
    _, shelf, film = made
    take = trace(project, shelf, "sea/take01-sea")
    assert (take["scene_row"]["row"], take["seed"]) == (5, 4)
    assert trace(project, shelf, str(shelf.takes / "sea" / "take01-sea.mp4")) == take
    assert set(trace(project, shelf, film.path.name)["takes"]) == {f"{name}/take01-{name}" for name in SCENES}
    assert trace(project, shelf, "night-rain")["cuts"][0]["scene"] == "rain"
    for what in ("no/such", "../../etc/passwd", "nothing"):
        with pytest.raises((BadInput, StoreError)):
            trace(project, shelf, what)
    project.scenes_csv.rename(project.root / "aside.csv")
    try:
        assert trace(project, shelf, "sea/take01-sea")["scene_row"] is None
    finally:
        (project.root / "aside.csv").rename(project.scenes_csv)


def test_no_film_and_damaged_records_are_sentences(tmp_path, project, made):
    """Before the first film, for a wrong name, and for a record that is damaged."""
    other = Project(tmp_path)
    with pytest.raises(BadInput, match="no finished film"):
        publish(other, other.set(rehearsal=False))
    with pytest.raises(BadInput, match="called “sunshine”"):
        publish(project, made[1], name="sunshine")
    shelf = other.set(rehearsal=True)
    shelf.masters.mkdir(parents=True)
    (shelf.masters / "REHEARSAL-x.mp4").write_bytes(b"x")
    for text in (
        "{",
        "{}",
        '{"frames": 1, "made_of": {"timeline": {"cuts": [{"scene": "..", "take": "/x"}]}}}',
    ):
        (shelf.masters / "REHEARSAL-x.json").write_text(text)
        with pytest.raises(StoreError, match="damaged"):
            publish(other, shelf, name="x")


def test_a_folder_that_cannot_be_written_is_a_sentence(project, made):
    """A file in the pack's place is not run over."""
    _, shelf, film = made
    place = film.path.with_name(f"{film.path.stem}-pack")
    place.write_text("mine")
    with pytest.raises(StoreError):
        publish(project, shelf)
    assert place.read_text() == "mine"
    place.unlink()


def test_music_and_beds_are_credited():
    """Every sound that the film's settings name gets a line, by its name alone."""
    settings = {
        "sound": {
            "music": [{"file": "songs/Sea Song.flac"}],
            "beds": [{"file": "brown noise.wav"}, {"file": "wind.flac"}, {"file": ""}],
        }
    }
    assert publishing._beds(settings) == ["Music: Sea Song", "Sound bed: brown noise", "Sound bed: wind"]


def test_a_rehearsal_film_is_not_to_be_published(tmp_path):
    """Its pack says so everywhere, and one clip shown over and over is said as well."""
    project = a_project(tmp_path / "project", ())
    shelf = project.set(rehearsal=True)
    take = put(shelf, tmp_path, "rain", 1, frames=33, fps="24")
    decide(shelf, take, "keep")
    takes, _ = choose(shelf, ["rain"], FilmSettings())
    assemble(shelf, takes * 6, FilmSettings(name="loop", crossfade_s=0.25))
    pack = publish(project, shelf)
    assert not pack.publishable
    assert pack.manifest["may_be_published"] is False
    for name in ("title.txt", "description.txt", "before-you-upload.txt"):
        assert (pack.folder / name).read_text().startswith("REHEARSAL")
    told = " ".join(map(str, pack.problems))
    assert "one clip" in told
    assert "6 times over" in told
    assert "too short for chapters" in told
    assert (pack.folder / "chapters.txt").read_text() == "\n"
