"""New sound for a kept picture, and sound alone: the files, their records, what the film makes of them."""

import av
import numpy as np
import pytest

from ltxlib.errors import ClipUnreadable
from ltxlib.media.dub import dub
from ltxlib.media.listen import check_sound, sound_seconds
from ltxlib.store import takes as take_store
from ltxlib.studio.assemble import FilmSettings, choose, goes_on_from, lay_out
from ltxlib.studio.check import check_project
from ltxlib.studio.review import poster, review
from ltxlib.ui.video import video_html
from tests.support.clips import make_clip
from tests.support.rendered import rendered

HEADER = "scene,mode,prompt,source,frames,width,height,audio"
WORDS = "Rain runs down a window at night while soft rain taps against the glass."
WAVES = "Slow waves wash over pebbles with a deep and even hush."
ROWS = (
    f"rain,t2v,{WORDS},,33,192,128,yes",
    f"more,extend,{WORDS},rain,41,,,yes",
    f"waves,foley,{WAVES},rain,,,,",
    f"waves-on,foley,{WAVES},more,,,,",
    f"hush,sound,{WAVES},,49,,,",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A take, what goes on from it, new sound for both, and sound alone."""
    return rendered(tmp_path_factory.mktemp("sounds"), HEADER, ROWS)


def clip(made, scene):
    return take_store.clip_path(made[0], scene, made[1][scene].take_id)


def picture_packets(path):
    """The coded pictures of a file, as they are."""
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def heard(path):
    """The samples of a file, one channel."""
    with av.open(str(path)) as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


def test_the_picture_is_the_sources_own_and_the_sound_is_new(made):
    """Every coded picture is the source's, byte for byte; size, rate and length follow it."""
    rain, waves = made[1]["rain"], made[1]["waves"]
    assert picture_packets(clip(made, "waves")) == picture_packets(clip(made, "rain"))
    assert (waves.clip.width_px, waves.clip.height_px, waves.clip.frames, waves.clip.fps) == (
        192,
        128,
        33,
        "24",
    )
    one, other = heard(clip(made, "rain")), heard(clip(made, "waves"))
    length = min(len(one), len(other))
    assert length > 20000
    assert abs(np.corrcoef(one[:length], other[:length])[0, 1]) < 0.5
    assert (waves.source, waves.source_sha256) == (rain.key, rain.clip.sha256)
    assert (waves.workflow, waves.clip.has_sound, waves.warnings) == ("asmr-foley.json", True, ())
    with av.open(str(clip(made, "waves"))) as container:
        assert "LoadVideo" in container.metadata["prompt"]
        assert "REHEARSAL" in container.metadata["comment"]


def test_what_goes_on_still_does_with_new_sound(made):
    """New sound changes nothing of how two clips follow each other in the film."""
    takes = made[1]
    assert (takes["waves-on"].overlap_frames, takes["waves-on"].goes_on_from) == (25, takes["rain"].key)
    assert goes_on_from(takes["waves-on"], takes["waves"])
    assert goes_on_from(takes["more"], takes["waves"]) and goes_on_from(takes["waves-on"], takes["rain"])
    assert not goes_on_from(takes["waves"], takes["rain"])
    timeline = lay_out(made[0], [takes["waves"], takes["waves-on"]], FilmSettings())
    assert timeline.frames == 33 + 41 - 25


def test_sound_alone_is_a_take_to_listen_to(made):
    """A FLAC as long as asked, with a record; it is shown with a player for sound, without a poster."""
    shelf, takes = made
    hush = takes["hush"]
    assert hush.sound_alone and hush.clip.has_sound
    assert (hush.clip.file, hush.clip.width_px, hush.clip.frames) == (f"{hush.take_id}.flac", 0, 0)
    assert hush.clip.duration_s == pytest.approx(49 / 24, abs=0.1)
    assert sound_seconds(clip(made, "hush")) == pytest.approx(hush.clip.duration_s)
    kinds = {node["class_type"] for node in hush.graph.values()}
    assert "SaveAudio" in kinds and not kinds & {"SaveVideo", "VAEDecodeTiled"}
    (shown,) = [one for one in review(shelf, [])[0] if one.take.scene == "hush"]
    assert poster(shelf, shown) is None
    assert "hush" in str(shown.clip) and shown.clip.suffix == ".flac"


def test_sound_alone_is_no_cut_of_the_film(made):
    """The film leaves it out and says so in words."""
    chosen, problems = choose(made[0], ["rain", "hush"], FilmSettings())
    assert [take.scene for take in chosen] == ["rain"]
    assert problems[0].warning and "sound alone" in problems[0].what


def test_a_player_for_sound(tmp_path, monkeypatch):
    """A sound gets an audio player, a clip a video player."""
    from ltxlib.ui import video

    monkeypatch.setattr(video, "files_url", lambda path: f"/files/{path.name}")
    for name, player in (("a.flac", "<audio"), ("a.mp4", "<video")):
        (tmp_path / name).write_bytes(b"x")
        assert player in video_html(tmp_path / name)


@pytest.mark.parametrize(
    ("row", "column", "what"),
    [
        (f"x,foley,{WAVES},hush,,,,", "source", "hush is sound alone"),
        (f"x,extend,{WAVES},hush,,,,", "source", "hush is sound alone"),
        (f"x,foley,{WAVES},rain,,,,no", "audio", "Mode foley makes sound"),
        (f"x,foley,{WAVES},rain,41,,,", "frames", "rain has 33 frames, this row asks for 41"),
        (f"x,sound,{WAVES},,49,,,no", "audio", "Mode sound makes sound"),
    ],
)
def test_what_makes_no_sense_is_told(project, row, column, what):
    """A picture that is not there, silence, and another length than the picture has."""
    project.scenes_csv.write_text("\n".join((HEADER, ROWS[0], ROWS[4], row)) + "\n")
    (problem,) = check_project(project).errors
    assert problem.where == f"scenes.csv row 4, column {column}"
    assert what in problem.what


def test_dubbing_needs_a_sound_and_a_whole_picture(tmp_path):
    """Without a sound, or with a damaged picture, nothing is changed and nothing is left lying about."""
    picture = make_clip(tmp_path / "picture.mp4", frames=9)
    mute = make_clip(tmp_path / "mute.mp4", frames=9, sound=None)
    before = mute.read_bytes()
    with pytest.raises(ClipUnreadable, match="new sound is not there"):
        dub(picture, mute)
    assert mute.read_bytes() == before
    (tmp_path / "torn.mp4").write_bytes(picture.read_bytes()[:300])
    with pytest.raises(ClipUnreadable):
        dub(tmp_path / "torn.mp4", picture)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mute.mp4", "picture.mp4", "torn.mp4"]


def test_a_sound_is_looked_at(tmp_path):
    """Too short, silent, without a sound or no file at all: each is told."""
    tone = make_clip(tmp_path / "tone.mp4", frames=24)
    assert check_sound(tone, 1.0) == []
    assert "not 3.00 s" in check_sound(tone, 3.0)[0].what
    (problem,) = check_sound(make_clip(tmp_path / "silence.mp4", frames=24, wave="silence"), 1.0)
    assert problem.warning and "silent" in problem.what
    assert "no sound" in check_sound(make_clip(tmp_path / "mute.mp4", frames=9, sound=None), 1.0)[0].what
    assert check_sound(tmp_path / "none.flac", 1.0)[0].what
