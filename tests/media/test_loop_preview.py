"""The short clip of a seam, looked at picture by picture."""

import numpy as np
import pytest
from PIL import Image

from ltxlib.core.looping import AS_IS, CROSSFADE, TRIMMED, LoopWay
from ltxlib.errors import BadInput, ClipUnreadable
from ltxlib.media.loop_preview import AROUND_S, LINE_PX, write_preview, write_strip
from ltxlib.media.probe import probe
from tests.support.clips import cut_short, make_clip
from tests.support.films import lumas, pictures, samples

FRAMES = 24
# A grey level for each frame, so that a test sees which one it sees.
LEVELS = tuple(60 + 5 * number for number in range(FRAMES))


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A second of greys, with a tone."""
    return make_clip(tmp_path_factory.mktemp("loop") / "greys.mp4", frames=FRAMES, levels=LEVELS)


def way(kind, in_frame, out_frame, melt=0):
    return LoopWay(kind, in_frame, out_frame, melt, 50, 50, 50)


def shown(path):
    """The level of each picture of a preview, without the line below it, as the clip's own levels."""
    return [float(planes[0][:-LINE_PX].mean() - 16) / 219 * 255 for planes in pictures(path)]


def test_a_short_loop_goes_round_twice_from_its_middle(clip, tmp_path):
    """Every frame is there twice in order, and the file's own end lies in the middle of the loop."""
    out = write_preview(clip, way(TRIMMED, 4, 20), tmp_path / "seam.mp4")
    wanted = [LEVELS[number] for number in [*range(12, 20), *range(4, 12)] * 2]
    assert np.abs(np.array(shown(out)) - wanted).max() < 2
    info = probe(out)
    assert (info.frames, info.fps) == (32, 24)
    assert info.audio_duration_s == pytest.approx(32 / 24, abs=0.05)
    assert [path.name for path in tmp_path.iterdir()] == ["seam.mp4"]


def test_a_crossfade_is_shown_as_it_will_be(clip, tmp_path):
    """The end goes while the beginning comes, in even steps."""
    out = write_preview(clip, way(CROSSFADE, 0, 24, 8), tmp_path / "seam.mp4")
    found = shown(out)
    assert len(found) == 32
    for step in range(8):
        share = (step + 1) / 9
        wanted = share * LEVELS[step] + (1 - share) * LEVELS[16 + step]
        assert found[8 + step] == pytest.approx(wanted, abs=2)
    assert found[16] == pytest.approx(LEVELS[8], abs=2)


def test_the_line_below_tells_where_the_seam_is(clip, tmp_path):
    """A mark goes along it once a round and meets the tick in the middle at the seam."""
    out = write_preview(clip, way(AS_IS, 0, 24), tmp_path / "seam.mp4")
    lines = [planes[0][-LINE_PX + 2 : -2].mean(0) for planes in pictures(out)]
    middle = len(lines[0]) // 2

    def mark(line):
        plain = np.where(np.abs(np.arange(len(line)) - middle) <= 3, 0, line)
        return float(np.average(np.arange(len(line)), weights=np.maximum(plain - 80, 0)))

    assert mark(lines[1]) < middle / 3
    assert abs(mark(lines[12]) - middle) < 8
    assert mark(lines[22]) > middle * 1.6


def test_of_a_long_loop_the_seconds_around_the_seam_are_shown(tmp_path):
    """Twice, each with as much before it as behind it."""
    clip = make_clip(tmp_path / "long.mp4", frames=100, fps=10, levels=tuple(range(60, 160)), sound=None)
    out = write_preview(clip, way(AS_IS, 0, 100), tmp_path / "seam.mp4")
    info = probe(out)
    around = round(AROUND_S * 10)
    assert (info.frames, info.has_audio) == (4 * around, False)
    found = shown(out)
    assert found[around - 1] == pytest.approx(159, abs=2)
    assert found[around] == pytest.approx(60, abs=2)


def test_sound_goes_on_across_the_seam_without_a_click(tmp_path):
    """A tone that fits the loop is even throughout, and a seam in noise is no louder than the rest."""
    clip = make_clip(tmp_path / "tone.mp4", frames=24, tone_hz=440, sound_rate_hz=48_000)
    out = write_preview(clip, way(TRIMMED, 2, 20), tmp_path / "seam.mp4")
    sound = samples(out)[:, 0]
    jumps = np.abs(np.diff(sound))
    assert jumps[2_000:-2_000].max() < 3 * np.quantile(jumps[2_000:-2_000], 0.9)
    level = np.array([part.std() for part in np.array_split(sound[2_000:-2_000], 30)])
    assert level.min() > 0.6 * level.max()


def test_sound_that_is_missing_at_the_end_is_silent_there(tmp_path):
    """The preview lets the hole be heard as it will be."""
    clip = make_clip(tmp_path / "hole.mp4", frames=24, sound_s=0.6, wave="noise")
    out = write_preview(clip, way(AS_IS, 0, 24), tmp_path / "seam.mp4")
    level = [part.std() for part in np.array_split(samples(out)[:, 0], 20)]
    assert min(level) < 0.02 * max(level)


def test_the_strip_shows_six_pictures(clip, tmp_path):
    """The last three before a cut and the first three behind it; of a crossfade its steps."""
    out = write_strip(clip, way(TRIMMED, 4, 20), tmp_path / "seam.jpg")
    sheet = np.asarray(Image.open(out).convert("L"), float)
    middles = [100 + 206 * place + (12 if place >= 3 else 0) for place in range(6)]
    found = [sheet[:, middle - 20 : middle + 20].mean() for middle in middles]
    assert np.abs(np.array(found) - [LEVELS[number] for number in (17, 18, 19, 4, 5, 6)]).max() < 3
    melting = write_strip(clip, way(CROSSFADE, 0, 24, 10), tmp_path / "melt.jpg")
    sheet = np.asarray(Image.open(melting).convert("L"), float)
    steps = [sheet[:, middle - 20 : middle + 20].mean() for middle in middles]
    assert steps[0] == pytest.approx(LEVELS[13], abs=3)
    assert steps[1] > steps[5]


def test_the_same_seam_is_the_same_file(clip, tmp_path):
    """A preview made twice has the same pictures."""
    first = write_preview(clip, way(CROSSFADE, 0, 24, 6), tmp_path / "one.mp4")
    second = write_preview(clip, way(CROSSFADE, 0, 24, 6), tmp_path / "two.mp4")
    assert lumas(first) == lumas(second)


@pytest.mark.parametrize(
    ("in_frame", "out_frame", "melt"), [(0, 25, 0), (-1, 20, 0), (10, 14, 0), (0, 24, 13)]
)
def test_a_way_that_does_not_fit_is_refused(clip, tmp_path, in_frame, out_frame, melt):
    """Beyond the clip, too short, or melting for longer than it lasts; nothing is left behind."""
    wrong = way(CROSSFADE, in_frame, out_frame, melt)
    for write in (write_preview, write_strip):
        with pytest.raises(BadInput, match="cannot be looped"):
            write(clip, wrong, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_broken_clip_is_told(tmp_path):
    """In a sentence, and nothing is left."""
    broken = cut_short(make_clip(tmp_path / "broken.mp4", frames=30))
    with pytest.raises(ClipUnreadable):
        write_preview(broken, way(AS_IS, 0, 30), tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()
