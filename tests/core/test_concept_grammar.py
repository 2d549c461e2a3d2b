"""The grammar that writes scenes where no language model can."""

import itertools

import pytest

from ltxlib.core import concept_grammar
from ltxlib.core.dice import Dice
from ltxlib.core.prompt_rules import check_prompt
from ltxlib.core.prompts import PromptEntry, parse_library

SETTINGS = concept_grammar.shipped().settings
LINES = (
    "a cabin in a snowstorm",
    "rain",
    "Rainy night in Tokyo",
    "the sea at dawn",
    "a campfire under the stars",
    "an old library",
    "my cat sleeping",
    "a spaceship drifting past Saturn",
    "пляж",
)


@pytest.mark.parametrize("setting", (*SETTINGS, concept_grammar.shipped().open), ids=lambda one: one.name)
def test_every_setting_says_only_what_keeps_the_rules(setting):
    """A hundred throws of the dice give a hundred different prompts, and not one warning."""
    grammar = concept_grammar.shipped()
    made = set()
    for seed, time in itertools.product(range(25), (None, "dawn", "dusk", "night")):
        prompt = concept_grammar._one(Dice(f"{seed}{time}"), grammar, setting, time, [])
        assert check_prompt(prompt, "x") == [], prompt
        made.add(prompt)
    assert len(made) >= 98


@pytest.mark.parametrize("line", LINES)
def test_at_least_thirty_prompts_for_any_theme(line):
    """They are all different, all good, and the same again for the same words."""
    made = concept_grammar.write(line, 40)
    assert len(set(made)) == 40
    assert all(check_prompt(prompt, "x") == [] for prompt in made)
    assert concept_grammar.write(line, 40) == made
    assert concept_grammar.write(line, 40, seed=1) != made
    assert concept_grammar.write(line, 3) == made[:3]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda one: one.name)
def test_every_setting_is_reached_by_its_words(setting):
    """Each of its words leads to it, and its own name gives thirty prompts."""
    for word in setting.words:
        near = concept_grammar._fitting(concept_grammar.shipped(), word, concept_grammar._tokens(word))
        assert setting.name in [one.name for one in near]
    assert len(set(concept_grammar.write(setting.name, 30))) == 30


def test_what_fits_best_comes_first_and_settings_take_turns():
    """A cabin in snow begins outside in the snow and goes indoors next."""
    first, second = concept_grammar.write("a cabin in a snowstorm", 2)
    assert any(place in first for place in SETTINGS[0].places)
    assert any(place in second for place in SETTINGS[1].places)


def test_a_time_of_day_is_kept_where_the_setting_has_it():
    """Evening on a coast is lit as an evening, every time."""
    lights = concept_grammar.shipped().lights["outside"]["dusk"]
    for prompt in concept_grammar.write("a lighthouse at dusk", 12):
        assert any(light in prompt for light in lights)


def test_a_theme_that_no_setting_fits_is_taken_at_its_word():
    """Its own words are the place, unless they would break a rule themselves."""
    assert not concept_grammar.fits("a spaceship drifting past Saturn")
    assert concept_grammar.fits("a cabin")
    for prompt in concept_grammar.write("A spaceship drifting past Saturn.", 5):
        assert "a spaceship drifting past Saturn," in prompt
    for bad in ("a happy crowd", "he was there", "two. sentences", "“quoted” words", "long " * 30):
        for prompt in concept_grammar.write(bad, 5):
            assert bad.strip() not in prompt
            assert check_prompt(prompt, "x") == []


def test_what_is_there_is_not_said_again():
    """Prompts to avoid are passed over."""
    made = concept_grammar.write("ocean", 5)
    again = concept_grammar.write("ocean", 5, avoid=made[:2])
    assert again[:3] == made[2:]
    assert not set(again) & set(made[:2])


def test_the_library_lends_its_sounds_where_they_fit():
    """An entry of the same things is heard in some prompts; one of other things in none."""
    library = {
        "a/one": PromptEntry("a/one", "A cabin in deep snow.", "a far sleigh bell, x, wind", "crossfade"),
        "a/two": PromptEntry("a/two", "A beach.", "a barking seal far off", "crossfade"),
        "a/three": PromptEntry("a/three", "A cabin in the snow.", "", "crossfade"),
    }
    told = " ".join(concept_grammar.write("a cabin in a snowstorm", 20, library=library))
    assert "a far sleigh bell can be heard" in told
    assert "seal" not in told


def test_the_shipped_library_breaks_nothing(project_root):
    """With the 24 prompts of the kit, all is as good as without them."""
    texts = {path.name: path.read_text("utf-8") for path in (project_root / "prompts").glob("*.md")}
    library, _ = parse_library(texts)
    for line in LINES:
        made = concept_grammar.write(line, 30, library=library)
        assert len(set(made)) == 30
        assert all(check_prompt(prompt, "x") == [] for prompt in made)
