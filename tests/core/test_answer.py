"""A language model's answers, made into plain prompts."""

import json

import pytest

from ltxlib.core.answer import listed, paragraph

RAIN = (
    "A photorealistic close-up of a window at dusk. Drops run slowly down the glass and join. Rain taps"
    " softly on the pane. The camera stays still."
)
SNOW = (
    "A wide shot of a cabin among spruces on a winter night. Snow falls thickly past the lit panes. Wind hums"
    " around the eaves, and a shutter creaks. The static camera looks on from the clearing."
)
FIRE = (
    "A medium shot of a stone hearth in a dark room. Flames curl around two birch logs. The fire crackles"
    " with dry pops: one log settles and sighs. The camera never moves."
)
THREE = [RAIN, SNOW, FIRE]


@pytest.mark.parametrize(
    "answer",
    [
        RAIN,
        f'"{RAIN}"',
        f"“{RAIN}”\n",
        f"**{RAIN}**",
        f"```\n{RAIN}\n```",
        f"```text\n{RAIN}\n```",
        f"Here is the enhanced prompt:\n\n{RAIN}",
        f"Sure! Here's your improved prompt: {RAIN}",
        f"**Enhanced Prompt:** {RAIN}",
        f"Prompt: {RAIN}",
        f"Output:\n{RAIN}\n\n(Word count: 31)",
        f"{RAIN}\n\nNote: I kept the rain.",
        f"<think>They want rain.</think>\n{RAIN}",
        f"They want rain, so\n</think>{RAIN}",
        f"{RAIN}<end_of_turn>",
        f"\x1b\x00{RAIN}\ufffd\r\n",
        json.dumps({"prompt": RAIN}),
        "```json\n" + json.dumps({"title": "Rain", "prompt": RAIN}, indent=2) + "\n```",
        RAIN.replace("glass and", "glass\nand"),
        f"{RAIN} Behind the glass, dark trees sway and",
        f"1. {RAIN}",
        f"## Rain on glass: {RAIN}",
        f"Of course. Here is the prompt:\n{RAIN}",
    ],
)
def test_one_prompt_is_found_in_its_dress(answer):
    """Quotes, fences, prefaces, notes, thoughts and half a last sentence go; the prompt stays whole."""
    assert paragraph(answer) == RAIN


def test_two_paragraphs_become_one():
    """A prompt in several paragraphs is one prompt still."""
    assert paragraph(f"{RAIN}\n\n{SNOW}") == f"{RAIN} {SNOW}"


@pytest.mark.parametrize("answer", ["", "   \n", "<think>hm", "```\n```"])
def test_nothing_stays_nothing(answer):
    """An empty answer gives an empty text."""
    assert paragraph(answer) == ""
    assert listed(answer) == []


def numbered(form):
    return "\n".join(form.format(number, text) for number, text in enumerate(THREE, 1))


@pytest.mark.parametrize(
    "answer",
    [
        numbered("{}. {}"),
        numbered("{}) {}"),
        numbered("{}. {}\n"),
        numbered("**{}.** {}"),
        numbered("**Scene {}:** {}\n"),
        numbered("### Scene {}: Quiet hours\n{}\n"),
        numbered("## Prompt {}\n\n{}\n"),
        numbered('{}. "{}"'),
        numbered("{}. **Quiet hours:** {}"),
        numbered("{}. **Quiet hours** - {}"),
        numbered("{}. **Quiet hours**\n   {}\n"),
        numbered("{}. Quiet hours: {}"),
        numbered("Scene {}\n{}\n"),
        numbered("#{}: {}"),
        "Here are three prompts:\n\n" + numbered("{}. {}") + "\n\nLet me know if you would like more!",
        "\n".join(f"- {text}" for text in THREE),
        "\n".join(f"* **Quiet hours:** {text}" for text in THREE),
        "\n\n".join(THREE),
        "Sure, here you go:\n\n" + "\n\n".join(f'"{text}"' for text in THREE),
        json.dumps(THREE),
        json.dumps({"prompts": THREE}),
        json.dumps([{"id": n, "title": "Quiet", "prompt": text} for n, text in enumerate(THREE)], indent=1),
        json.dumps({"scenes": [{"description": text, "sound": "rain on glass"} for text in THREE]}),
        json.dumps({f"scene {n}": text for n, text in enumerate(THREE)}),
        "Here they are:\n```json\n" + json.dumps(THREE, indent=2) + "\n```\nEnjoy.",
        json.dumps([*THREE, "A wide shot of a lake at dawn. Mist drifts over the dark water and thins "])[
            :-2
        ],
        json.dumps(THREE)[:-1],
        numbered("{}. {}") + "\n4. A wide shot of a lake at dawn, where mist drifts over the water and the",
        "<think>three of them</think>" + numbered("{}. {}<end_of_turn>"),
        numbered("{}. {}").replace(". ", ".\t", 1),
    ],
)
def test_a_list_is_found_in_its_dress(answer):
    """Numbers, bullets, titles, headings and JSON all give the same prompts; the half one at the end goes."""
    assert listed(answer) == THREE


def test_a_number_in_a_prompt_begins_no_new_one():
    """Only a number with a mark behind it, at the start of a line, begins an item."""
    text = RAIN.replace("a window", "a window of 12 panes")
    assert listed(f"1. {text}\n2. {SNOW}") == [text, SNOW]


def test_what_is_given_twice_counts_once():
    """A model that repeats itself gives one prompt."""
    assert listed(f"1. {RAIN}\n2. {RAIN}") == [RAIN]


def test_lines_of_one_item_belong_together():
    """A prompt that is broken over lines is one prompt, its lines with bullets too."""
    broken = RAIN.replace(". ", ".\n   - ")
    assert listed(f"1. Window\n   - {broken}\n2. {SNOW}") == [RAIN, SNOW]


def test_a_prompt_that_begins_like_a_preface_stays_whole():
    """Only a short lead-in that ends in a colon is one."""
    text = "Below the eaves, icicles drip slowly into a barrel, and the drops ring: soft, round and even."
    assert paragraph(text) == text
