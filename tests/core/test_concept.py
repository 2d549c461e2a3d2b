"""One line read, a model asked, its answer taken, its scenes named."""

import pytest

from ltxlib.core import concept
from ltxlib.core.cell import _ID
from ltxlib.core.concept import Concept, read_concept, scene_name
from ltxlib.errors import BadInput
from tests.core.test_enhance import GOOD, SHORT

OTHER = (
    "A cinematic wide shot of a log cabin among tall spruces on a winter night. Thick snow drifts past the"
    " lit panes. Smoke rises from the chimney and bends in the wind. Wind hums around the eaves and a shutter"
    " creaks once. The camera stands still at the edge of the clearing."
)


@pytest.mark.parametrize(
    ("line", "theme", "seconds"),
    [
        ("a cabin in a snowstorm, one hour", "a cabin in a snowstorm", 3600),
        ("a cabin in a snowstorm", "a cabin in a snowstorm", None),
        ("  Rain   on a tent,\n 90 minutes. ", "Rain on a tent", 5400),
        ("one hour of rain", "rain", 3600),
        ("an hour and a half by the sea", "by the sea", 5400),
        ("two hours and a half of waves", "waves", 9000),
        ("half an hour of embers", "embers", 1800),
        ("1h30 campfire", "campfire", 5400),
        ("campfire - 1 h 15 min", "campfire", 4500),
        ("8-hour fireplace", "fireplace", 28800),
        ("ocean (2.5 hours)", "ocean", 9000),
        ("ocean, 2,5 hours", "ocean", 9000),
        ("forest for about ten minutes long", "forest", 600),
        ("a train at night, 45s", "a train at night", 45),
        ("a train at 5 in the morning", "a train at 5 in the morning", None),
        ("a house in the mountains", "a house in the mountains", None),
        ("the blue hour in Rome", "the blue hour in Rome", None),
        ("12 swans on a lake", "12 swans on a lake", None),
        ("zero 0 minutes of rain", "zero 0 minutes of rain", None),
        ("ein Häuschen im Schnee, 1 h", "ein Häuschen im Schnee", 3600),
    ],
)
def test_a_line_is_a_theme_and_perhaps_a_length(line, theme, seconds):
    """Lengths are found in the ways people write them; what is none stays in the theme."""
    assert read_concept(line) == Concept(" ".join(line.split()), theme, seconds)


@pytest.mark.parametrize("line", ["", "   ", "!?", "one hour", "90 min", "a", "x" * 401])
def test_a_line_that_says_nothing_is_refused(line):
    """A length alone, marks alone and a whole novel are told, with what to write instead."""
    with pytest.raises(BadInput) as caught:
        read_concept(line)
    assert caught.value.cure


def test_the_request_names_theme_number_and_what_is_there():
    """The model hears what to write, how many, and which scenes there are, by their first sentences."""
    asked = concept.request_for(read_concept("rain, 1 h"), 3, "Be calm.", avoid=[GOOD], seed=7)
    assert asked.instructions == "Be calm."
    assert asked.request.splitlines()[0] == "Theme: rain"
    assert asked.request.splitlines()[-1] == "Number of prompts: 3"
    assert GOOD.split(". ")[0] in asked.request
    assert "Gentle rain taps" not in asked.request
    assert asked.tokens > 900
    assert asked.seed == 7
    assert not asked.with_picture


def test_only_prompts_that_keep_the_rules_and_are_new_are_used():
    """A short one, one that is there and one said twice in other words are left out, and counted."""
    nearly = GOOD.replace("Clear drops", "Bright drops")
    answer = "\n".join(f"{n}. {text}" for n, text in enumerate([GOOD, SHORT, nearly, OTHER], 1))
    assert concept.usable(answer, 4, []) == ([GOOD, OTHER], 2)
    assert concept.usable(answer, 4, [OTHER]) == ([GOOD], 3)
    assert concept.usable(answer, 1, []) == ([GOOD], 3)
    assert concept.usable("I cannot do that.", 4, []) == ([], 0)


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        (GOOD, "window-rainy-evening"),
        (OTHER, "log-cabin-tall"),
        ("A soft, quiet scene. Waves roll in.", "waves-roll"),
        ("Зимняя ночь в лесу.", "scene"),
        ("An extraordinarilylongwordthatneverends of glass.", "extraordinarilyl-glass"),
    ],
)
def test_a_scene_is_named_by_what_its_prompt_shows(prompt, name):
    """The first telling words make the name, which is a legal one."""
    assert scene_name(prompt, ()) == name
    assert _ID.fullmatch(name)


def test_a_name_that_is_taken_gets_a_number():
    """Upper and lower case count as the same."""
    taken = {"Log-Cabin-Tall", "log-cabin-tall-2"}
    assert scene_name(OTHER, taken) == "log-cabin-tall-3"


def test_the_shipped_instructions_are_there(project_root):
    """What the model is told for a concept says sound, camera, the list, and what to keep out."""
    text = (project_root / "prompts" / "enhance" / concept.INSTRUCTIONS).read_text("utf-8")
    for word in ("<!--", "sounds", "camera", "numbered list", "No music", "present tense"):
        assert word in text
