"""A film file's tables, read and written."""

from dataclasses import replace

import pytest

from ltxlib.core.film import LOUDNESS_LUFS, CutWish, FilmLook, FilmSettings, LongForm, Transition
from ltxlib.core.film_file import LISTS, TABLES, film_values, joined, read_film
from ltxlib.core.soundtrack import Layer, Soundtrack

FULL = FilmSettings(
    name="Night rain",
    title="Rain",
    end_title="Sleep well",
    target_lufs=-23.0,
    transition=Transition("black", 0.0, 24),
    cuts=(
        CutWish("rain", "take01-abc", True, 1.5, 4.0, Transition("cut", 0.0), -3.5),
        CutWish("still", used=False),
    ),
    look=FilmLook(1440, False, "blur", 2),
    sound=Soundtrack(
        (Layer("a.flac", -9.0, 1.0, 2.0, 3.0),), (Layer("m.mp3"),), -1.0, False, 6.0, 5.0, False, False
    ),
    long=LongForm(36000.0, "shuffled", 7, 3600.0, True),
    fade_in_s=2.0,
    fade_out_s=3.0,
)


def written(settings):
    """The tables as the file holds them."""
    values = film_values(settings)
    plain = {}
    for name, table in values.items():
        known = LISTS.get(name) or TABLES[name]

        def told(one, known=known):
            return {key: known[key].kind.write(one[key]) for key in one if one[key] is not None}

        plain[name] = [told(one) for one in table] if name in LISTS else told(table)
    return plain.pop("") | plain


@pytest.mark.parametrize("settings", [FULL, FilmSettings(), FilmSettings(crossfade_s=0.0)])
def test_settings_survive_the_file(settings):
    """What is written is read again as it was, every wish of it."""
    assert read_film(written(settings), "films/x.toml", {}) == (settings, [])


def test_an_order_of_scenes_becomes_cuts():
    """Scenes by name are the same film as cuts without wishes."""
    settings, _ = read_film(written(FilmSettings(order=("b", "a"))), "x", {})
    assert settings.cuts == (CutWish("b"), CutWish("a"))


def test_people_may_write_words_or_numbers():
    """Loudness, height and lengths are understood in the ways people say them."""
    for said, lufs in [
        *LOUDNESS_LUFS.items(),
        ("YouTube", -14),
        ("sleep", -23),
        ("-16 LUFS", -16),
        (-20, -20),
    ]:
        assert read_film({"sound": {"loudness": said}}, "x", {})[0].target_lufs == lufs
    for said, height in [("4K", 2160), ("1440p", 1440), ("1080", 1080), (720, 720), ("as made", 0)]:
        assert read_film({"look": {"height": said}}, "x", {})[0].look.height_px == height
    data = {"length": {"length": "1:30:00"}, "cut": [{"scene": "a", "out_s": "0:04.5"}]}
    settings, problems = read_film(data, "x", {})
    assert (settings.long.length_s, settings.cuts[0].out_s, problems) == (5400, 4.5, [])


def test_equal_transitions_are_equal_settings():
    """However a transition was said, the film is the same."""
    said = [Transition.parse(text) for text in ("crossfade 0.5 s", "crossfade", "cut", "crossfade 12 frames")]
    plain, usual, cut, counted = (joined(FilmSettings(), one) for one in said)
    assert plain == usual == FilmSettings()
    assert (cut.crossfade_s, cut.joined_by.kind) == (0.0, "cut")
    assert counted.transition == Transition("crossfade", 0.0, 12)


def test_every_fault_is_told_at_once_with_its_line():
    """Wrong kinds, words and ranges are named by file, line and key, in its order; the rest is read."""
    data = {
        "name": 3,
        "sound": {"even": "yes", "clips_db": 99, "loudness": "huge", "slow_start": "soon"},
        "look": {"grain": 2.5, "height": "tall", "sides": "round"},
        "length": 7,
        "cut": [{"scene": "a", "in_s": 3, "out_s": 2, "transition": "wipe 1 s"}, {"take": "t"}],
        "bed": {"file": "x"},
    }
    lines = {
        "name": 2,
        "sound": 4,
        "look": 9,
        "look, grain": 10,
        "cut 1": 20,
        "cut 1, out_s": 22,
        "cut 2": 24,
    }
    settings, problems = read_film(data, "films/x.toml", lines)
    assert not any(problem.warning for problem in problems)
    said = {problem.where: problem for problem in problems}
    assert set(said) == {
        "films/x.toml line 2, name",
        "films/x.toml line 4, sound, even",
        "films/x.toml line 4, sound, clips_db",
        "films/x.toml line 4, sound, loudness",
        "films/x.toml line 4, sound, slow_start",
        "films/x.toml line 10, look, grain",
        "films/x.toml line 9, look, height",
        "films/x.toml line 9, look, sides",
        "films/x.toml, length",
        "films/x.toml line 20, cut 1, transition",
        "films/x.toml line 22, cut 1, out_s",
        "films/x.toml line 24, cut 2, scene",
        "films/x.toml, bed",
    }
    assert all(problem.cure for problem in problems)
    assert "true or false" in said["films/x.toml line 4, sound, even"].cure
    assert "[length]" in said["films/x.toml, length"].cure
    assert settings.cuts[0].scene == "a"


def test_unknown_names_are_warned_of():
    """A slip of the pen is told with what was probably meant; a name of nobody's with what is known."""
    data = {"titel": "x", "look": {"colour": 1}, "cut": [{"scene": "a", "gain": 2}]}
    _, problems = read_film(data, "films/x.toml", {"titel": 1})
    assert all(problem.warning for problem in problems)
    assert {problem.where.split(", ", 1)[-1]: problem.cure for problem in problems} == {
        "titel": "Did you mean title?",
        "look, colour": "Known here: height, short, sides, grain, fade_in, fade_out.",
        "cut 1, gain": "Did you mean gain_db?",
    }


def test_wishes_that_cannot_be_are_named_as_the_file_calls_them():
    """The same places are told where settings come from a form."""
    settings = replace(
        FULL,
        title="x" * 201,
        look=FilmLook(short=True),
        fade_out_s=900.0,
        sound=Soundtrack(music=(Layer("m", begins_s=-1),)),
    )
    assert {problem.where for problem in settings.problems()} == {
        "title",
        "length, length",
        "look, fade_out",
        "music 1, begins",
    }
