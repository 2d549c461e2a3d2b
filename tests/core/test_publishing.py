"""What a film is published with, within YouTube's limits."""

from fractions import Fraction

import pytest

from ltxlib.core.chapters import Chapter, Shown
from ltxlib.core.publishing import (
    DESCRIPTION_BYTES,
    TAGS_CHARACTERS,
    TITLE_CHARACTERS,
    Story,
    Texts,
    characters,
    check_texts,
    clean,
    length_words,
    scene_name,
    tags_length,
    write_texts,
)
from ltxlib.core.publishing_template import DEFAULT, default_template, read_template

MODELS = (("LTX-2 19B, distilled", "LTX-2 Community License"),)


def story(count=4, seconds=20, **changes) -> Story:
    """A film of so many scenes."""
    shown = tuple(
        Shown(f"scene-{n}", f"Scene {n}", Fraction(n * seconds), Fraction((n + 1) * seconds))
        for n in range(count)
    )
    values = {"film": "Night rain", "shown": shown, "duration_s": Fraction(count * seconds), "models": MODELS}
    return Story(**{**values, **changes})


def texts_of(told: Story, template=None) -> Texts:
    texts = write_texts(told, template or default_template())
    assert check_texts(texts, told.duration_s) == []
    return texts


def test_the_kits_own_words_make_a_whole_pack():
    """Without a word of the creator's there are title, description, chapters and tags, nothing to mend."""
    texts = texts_of(story())
    assert texts.title == "Night rain | 80 seconds of calm sounds for sleep, study and rest"
    assert "0:00 Scene 0\n0:20 Scene 1\n0:40 Scene 2" in texts.description
    assert "- Scene 3" in texts.description
    assert "Made with AI" in texts.description
    assert "generated with Lightricks' LTX-2 19B, distilled" in texts.description
    assert "Made under the LTX-2 Community License." in texts.description
    assert "{" not in texts.title + texts.description
    assert texts.tags[0] == "asmr"
    assert texts.tags[-1] == "scene 3"
    assert texts.problems == ()


def test_the_shipped_template_has_no_fault():
    """The text that is written when the file is missing reads without a problem."""
    assert read_template(DEFAULT)[1] == []


def test_credits_stand_in_the_description_once():
    """Music of the film and of the template are named, each once."""
    template, problems = read_template(DEFAULT.replace("## Credits", "## Credits\nMusic: “Sea” by A. Person"))
    assert problems == []
    texts = texts_of(story(credits=("Bed: brown noise", "Music: “Sea” by A. Person")), template)
    assert texts.description.count("Music: “Sea”") == 1
    assert "Bed: brown noise" in texts.description


def test_a_rehearsal_says_that_it_is_not_to_be_published():
    """Title, description and problems say so."""
    texts = texts_of(story(rehearsal=True, film="x" * 200))
    assert texts.title.startswith("REHEARSAL, not to be published: x")
    assert texts.description.startswith("REHEARSAL: stand-in")
    assert any("rehearsal" in problem.what for problem in texts.problems)


@pytest.mark.parametrize(
    "film",
    [
        "word " * 60,
        "x" * 300,
        "😴" * 80,
        "<script>&\x00\x1b[31m",
        "a\nb\tc",
        "\udcff night",
        "",
        "   ",
        "雨" * 90,
    ],
)
def test_any_title_fits(film):
    """Whatever the film is called, YouTube takes the title, and a cut is said."""
    for template in ("{film}", "{film} {length} {chapters} {unknown}", DEFAULT):
        text = template if template is DEFAULT else f"## Title\n{template}\n## Description\nx"
        texts = texts_of(story(film=film), read_template(text)[0])
        assert 1 <= characters(texts.title) <= TITLE_CHARACTERS
        texts.description.encode()
        if characters(film) > 150:
            assert any("title" in problem.what for problem in texts.problems)


def test_a_long_film_of_many_scenes_fits():
    """A description with three hundred long names is cut in its lists, not in disclosure and credits."""
    names = [f"{'雨' * 60} {number}" for number in range(300)]
    shown = tuple(
        Shown(str(n), name, Fraction(n * 60), Fraction((n + 1) * 60)) for n, name in enumerate(names)
    )
    texts = texts_of(story(shown=shown, duration_s=Fraction(300 * 60)))
    assert len(texts.description.encode()) <= DESCRIPTION_BYTES
    assert "Made with AI" in texts.description
    assert "LTX-2 Community License" in texts.description
    assert any("cut" in problem.what for problem in texts.problems)


def test_a_list_of_scenes_is_cut_before_the_chapters():
    """Where only the list is too long, all chapters stay."""
    shown = tuple(
        Shown(f"s{n}", f"A scene with quite a name {n}", Fraction(n * 30), Fraction((n + 1) * 30))
        for n in range(80)
    )
    texts = texts_of(story(shown=shown, duration_s=Fraction(80 * 30)))
    assert "- and 68 more" in texts.description
    assert texts.description.count("A scene with quite a name") == 12 + 80


def test_a_creators_novel_is_cut_at_its_end():
    """Too long a description keeps disclosure and licence, and it is said."""
    template, _ = read_template("## Title\nx\n## Description\n" + "Grüße aus dem Wald.\n" * 900)
    texts = texts_of(story(), template)
    assert len(texts.description.encode()) > 4500
    assert "Made with AI" in texts.description
    assert texts.description.rstrip().endswith("License.")
    assert any("its end was cut" in problem.what for problem in texts.problems)


def test_marks_that_youtube_refuses_are_replaced_and_said():
    """< and > become other marks, in what the creator wrote and in names."""
    template, _ = read_template("## Title\n<b>{film}</b>\n## Description\nrain > noise\n")
    texts = texts_of(story(), template)
    assert texts.title == "‹b›Night rain‹/b›"
    assert "rain › noise" in texts.description
    assert [problem.where for problem in texts.problems] == [
        "publishing.md, Title",
        "publishing.md, Description",
    ]


def test_what_is_put_in_is_not_filled_again():
    """A film called {chapters} is called that."""
    assert texts_of(story(film="{chapters} {disclosure}")).title.startswith("{chapters} {disclosure} |")


def test_tags_keep_within_the_limit():
    """Own tags come first, each once, blanks counted with their quotation marks; what is lost is said."""
    own = ", ".join(f"calm sound {number}" for number in range(60))
    template, _ = read_template(
        f"## Title\nx\n## Description\ny\n## Tags\nASMR, asmr, <b>, {'z' * 150}, {own}"
    )
    texts = texts_of(story(), template)
    assert texts.tags[:3] == ("asmr", "b", "calm sound 0")
    assert TAGS_CHARACTERS - 20 < tags_length(texts.tags) <= TAGS_CHARACTERS
    assert "left out" in next(problem.what for problem in texts.problems if "Tags" in problem.where)
    assert tags_length(["a b", "c"]) == 7


def test_a_film_longer_than_youtube_takes_is_an_error():
    """Beyond twelve hours it is no warning any more."""
    texts = write_texts(story(4, 4 * 3600), default_template())
    assert [problem.where for problem in texts.problems if not problem.warning] == ["film"]


def test_what_is_odd_in_the_template_is_told():
    """Unknown parts and places, missing parts, lines that name no scene: each is a warning with its cure."""
    text = (
        "## Titel\nx\n## Description\n{film} {lenght}\n## Scenes\nrain window\nfire: \nRain: At the window\n"
    )
    template, problems = read_template(text)
    told = " ".join(map(str, problems))
    assert all(problem.warning for problem in problems)
    for word in (
        "“Titel”",
        "no title",
        "{lenght}",
        "{chapters}",
        "{disclosure}",
        "{credits}",
        "“rain window”",
        "“fire:”",
    ):
        assert word in told
    assert template.title == default_template().title
    assert scene_name("rain", template.names) == "At the window"
    assert texts_of(story(), template).description.startswith("Night rain")


def test_scenes_have_names_for_people():
    """A scene without a name of its own is called after its row."""
    assert [scene_name(name, {}) for name in ("rain-window", "a_b.c", "-", "Ä<b>")] == [
        "Rain window",
        "A b c",
        "Scene",
        "Ä‹b›",
    ]


def test_lengths_are_said_as_a_title_says_them():
    """Seconds, minutes or hours."""
    assert [length_words(s) for s in (0.2, 55, 100, 3600, 5400, 36000)] == [
        "1 second",
        "55 seconds",
        "2 minutes",
        "1 hour",
        "1 hour 30 minutes",
        "10 hours",
    ]


def test_the_check_sees_what_youtube_refuses():
    """Each field that is too long or holds a forbidden mark is named."""
    bad = Texts("x" * 101, "<" + "x" * 5000, ("y" * 501,), (Chapter(5, "a"),), ())
    places = [problem.where for problem in check_texts(bad, Fraction(60))]
    assert sorted(set(places)) == ["chapters", "description", "tags", "title"]
    assert clean("a\x07b<\x7f>") == "ab‹›"
