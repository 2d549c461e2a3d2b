"""What of a text encoder's answers is filmed, and under which name it is kept."""

from dataclasses import replace

import pytest

from ltxlib.core import enhance
from ltxlib.core.plan import plan_take
from ltxlib.core.scene import Scene, cells_for, read_scene
from ltxlib.core.text_request import MOST_SEED
from tests.core.test_plan import RAIN, SEA, ingredients

GOOD = (
    "A photorealistic close-up of an old window on a rainy evening, seen from a dim room. Clear drops gather"
    " on the glass, grow heavy and run down in crooked trails. Dark trees sway slowly behind the pane. Gentle"
    " rain taps against the glass, and a gutter trickles to the left. The camera never moves."
)
SHORT = "Rain falls softly on the roof of the house while the wind sighs."
TOLD = {"t2v.md": "Be calm.", "i2v.md": "Say what changes."}


def plan(scene, **changes):
    return plan_take(scene, 1, ingredients(instructions=TOLD | changes))


def test_instructions_are_the_file_without_its_comments():
    """Comments are for people, and a mark of Excel's or Notepad's is none of the text."""
    assert enhance.read_instructions("\ufeff<!-- for\nyou -->\nBe calm.\n<!-- x") == "Be calm."


def test_the_best_answer_is_taken():
    """Of several, that which breaks the fewest rules; one that is empty or a few words counts for nothing."""
    best = enhance.best_of(SHORT, ["", SHORT, f"Here it is:\n{GOOD}"], from_image=False)
    assert best == enhance.Enhanced(GOOD)
    assert enhance.good_enough(SHORT, [GOOD], from_image=False)
    assert not enhance.good_enough(SHORT, [SHORT], from_image=False)


def test_an_answer_that_is_worse_than_the_prompt_is_not_filmed():
    """A prompt that keeps the rules stays, and the reason is told."""
    best = enhance.best_of(GOOD, [SHORT], from_image=False)
    assert best.text == ""
    assert "breaks the rules" in best.why
    assert best.problems
    assert enhance.best_of(SHORT, [SHORT], from_image=False).text == SHORT
    nothing = enhance.best_of(GOOD, ["", "```\n```", "Snow on a roof."], from_image=False)
    assert (nothing.text, nothing.problems) == ("", ())
    assert "gave no text to film" in nothing.why


def test_a_request_is_the_same_each_time_and_another_at_each_attempt():
    """The seed comes from what is asked, so nothing depends on chance."""
    first, again, second = (enhance.request_for("Rain\n falls.", "Be calm.", "k", n) for n in (1, 1, 2))
    assert first == again
    assert first.seed != second.seed
    assert 0 <= first.seed <= MOST_SEED
    assert (first.instructions, first.request) == ("Be calm.", "Draft: Rain falls.")


def test_enhance_is_read_and_written():
    """The column is a yes or no, and no is what an empty cell means."""
    scene, problems = read_scene({"scene": "a", "prompt": "b", "enhance": "Yes"}, 2)
    assert problems == []
    assert scene.enhance
    assert cells_for(scene)["enhance"] == "yes"
    assert cells_for(Scene("a", "b"))["enhance"] == ""
    assert read_scene({"scene": "a", "prompt": "b", "enhance": "perhaps"}, 2)[0] is None


def test_planning_needs_no_server_and_names_what_decides():
    """Takes of one scene share the text; words, instructions and picture make another, a seed does not."""
    on, sea = replace(RAIN, enhance=True), replace(SEA, enhance=True)
    first = plan(on)
    assert first.take_id != plan(RAIN).take_id
    assert plan(RAIN).enhance_key == ""
    assert plan_take(on, 2, ingredients(instructions=TOLD)).enhance_key == first.enhance_key
    assert plan(replace(on, seed=5, width=768)).enhance_key == first.enhance_key
    changed = plan(on, **{"t2v.md": "Be brief."})
    assert (changed.enhance_key != first.enhance_key, changed.take_id != first.take_id) == (True, True)
    assert plan(on, **{"i2v.md": "Other."}).take_id == first.take_id
    assert (plan(sea).instructions, first.instructions) == ("i2v.md", "t2v.md")
    other = plan_take(sea, 1, ingredients(instructions=TOLD, images={"sea.png": "b" * 64}))
    assert other.enhance_key != plan(sea).enhance_key


@pytest.mark.parametrize("name", ["t2v.md", "i2v.md"])
def test_the_shipped_instructions_ask_for_what_the_rules_want(project_root, name):
    """They are there, say what they are in a comment, and name sound, camera and the form of the answer."""
    text = (project_root / "prompts" / enhance.FOLDER / name).read_text("utf-8")
    told = enhance.read_instructions(text)
    assert "<!--" in text
    assert "<!--" not in told
    for word in ("sound", "camera", "present tense", "paragraph", "No music", "draft"):
        assert word in told
    assert 150 < len(told.split()) < 500
