"""The prompt library: its format, its faults, and the 24 prompts that are shipped."""

from __future__ import annotations

import re

import pytest

from ltxlib.core.prompts import DEFAULT_LOOP, LOOPS, PromptEntry, check_prompt, parse_library, resolve
from tests.support.shipped import skip_when_made_own

RAIN = """# Rain

How this file works: see below.

## window

Rain runs down the glass
in silver trails.

Sound: rain on glass,
  a gutter
Loop: Living  Loop.

## porch
Rain falls from the roof.
Sound: rain
"""


def problems_of(text: str, topic: str = "rain") -> list[str]:
    return [str(problem) for problem in parse_library({topic: text})[1]]


def test_entries_are_read_as_people_write_them():
    """Wrapped lines are joined, labels may touch the paragraph, and the loop's default is a crossfade."""
    library, problems = parse_library({"rain": RAIN})
    assert problems == []
    assert library == {
        "rain/window": PromptEntry(
            "rain/window",
            "Rain runs down the glass in silver trails.",
            "rain on glass, a gutter",
            "living loop",
        ),
        "rain/porch": PromptEntry("rain/porch", "Rain falls from the roof.", "rain", DEFAULT_LOOP),
    }


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + RAIN,
        RAIN.replace("\n", "\r\n"),
        RAIN.replace("## window", "##   Window  ##").replace("## porch", "##Porch"),
        RAIN.replace("Sound:", "**Sound:**").replace("Loop:", "- loop :"),
        RAIN.replace("## window", "<!-- a note\n## hidden\n-->\n## window"),
        RAIN.replace("# Rain\n", ""),
        RAIN + "\n<!-- a note that is never closed\n## hidden",
    ],
)
def test_small_habits_change_nothing(text):
    """A byte-order mark, Windows lines, bold labels, notes and loose headings all read the same."""
    assert parse_library({"rain.md": text}) == parse_library({"rain": RAIN})


def test_files_are_named_by_topic():
    """The topic is the file's name, however the file is given, and topics keep their order."""
    entry = "## one\n\nA prompt.\n\nSound: rain\n"
    library, problems = parse_library({"prompts/rain.md": entry, "nature.md": entry, "cozy": entry})
    assert problems == []
    assert list(library) == ["rain/one", "nature/one", "cozy/one"]


def test_names_with_blanks_and_capitals_become_plain():
    """A name is lower case with dashes, in the file and in the cell that asks for it."""
    library, problems = parse_library({"rain": "## Frosted  Window\n\nText.\n\nSound: rain\n"})
    assert problems == []
    assert resolve(" @Rain/Frosted Window ", library, "row 2") == ("Text.", [])


def test_a_file_without_a_name_is_said():
    """A file with no heading holds no prompt, and the problem says how to start one."""
    for text in ("", "# Rain\n\nOnly words.\n"):
        (said,) = problems_of(text)
        assert said.startswith("prompts/rain.md: There is no prompt")
        assert "## window" in said


def test_labels_under_no_name_are_said():
    """A Sound line above the first name shows that a heading is missing, with its line."""
    said = problems_of("# Rain\n\nRain falls.\n\nSound: rain\n")
    assert said[0].startswith('prompts/rain.md, line 5: "Sound: rain" stands under no name.')


def test_a_forgotten_name_between_two_prompts_is_said():
    """Two paragraphs and two Sound lines under one name are told with the line where they begin."""
    said = problems_of("## one\n\nFirst.\n\nSound: a\n\nSecond.\n\nSound: b\n\nLoop: once\n")
    assert len(said) == 2
    assert said[0].startswith('prompts/rain.md, line 9: "one" has a second Sound line.')
    assert said[1].startswith("prompts/rain.md, line 7: rain/one has more than one paragraph.")
    assert all("##" in text for text in said)


def test_an_empty_entry_is_said_and_left_out():
    """A name with nothing under it is a problem and no entry; the others are read all the same."""
    text = "## one\n\nSound: rain\n\n## two\n\nText.\n\nSound: rain\n"
    library, problems = parse_library({"rain": text})
    assert list(library) == ["rain/two"]
    assert str(problems[0]).startswith("prompts/rain.md, line 1: rain/one is empty.")


def test_a_name_used_twice_is_said_and_the_first_stays():
    """The second entry of a name is told with the line of the first."""
    text = "## one\n\nFirst.\n\nSound: rain\n\n## One\n\nSecond.\n\nSound: rain\n"
    library, problems = parse_library({"rain": text})
    assert library["rain/one"].prompt == "First."
    said = "There is a prompt called rain/one already, in line 1. Give this one another name."
    assert str(problems[0]) == f"prompts/rain.md, line 7: {said}"


def test_one_topic_in_two_places_is_said():
    """A name that two files give is told, too."""
    entry = "## one\n\nText.\n\nSound: rain\n"
    _, problems = parse_library({"rain": entry, "more/rain.md": entry})
    assert "in another file" in problems[0].what


@pytest.mark.parametrize("title", ["", "a/b", "Fenster!", "../up", "@x"])
def test_a_name_that_cannot_be_asked_for_is_said(title):
    """A name that no scene could write is a problem with its line."""
    library, problems = parse_library({"rain": f"\n## {title}\n\nText.\n\nSound: rain\n"})
    assert library == {}
    assert str(problems[0]).startswith(f'prompts/rain.md, line 2: "{title}" cannot be')


def test_a_wrong_heading_is_said_and_still_read():
    """A heading of another depth is told, and its prompt is not lost."""
    library, problems = parse_library({"rain": RAIN + "\n### pond\n\nRings widen.\n\nSound: rain\n"})
    assert "rain/pond" in library
    assert 'line 18: "### pond" is no name' in str(problems[0])


def test_a_missing_sound_and_a_strange_loop_are_warnings():
    """What the kit can do without is only a warning, and a strange loop counts as a crossfade."""
    library, problems = parse_library({"rain": "## one\n\nText.\n\nLoop: boomerang\n"})
    assert [problem.warning for problem in problems] == [True, True]
    assert "no Sound line" in problems[0].what
    assert 'the loop "boomerang"' in problems[1].what
    assert library["rain/one"].loop == DEFAULT_LOOP


def test_plain_text_stays_as_it_is():
    """A cell that names no entry is the prompt itself, to the letter."""
    text = "  Rain, seen from @home.\n"
    assert resolve(text, {}, "row 2") == (text, [])


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("@rain/windw", "@rain/window"),
        ("@window", "@rain/window"),
        ("@nature/window", "@rain/window"),
        ("@rian/porch", "@rain/porch"),
    ],
)
def test_an_unknown_name_gets_the_nearest(asked, near):
    """A typing error, a forgotten topic or a wrong one lead to the entry that was meant."""
    library, _ = parse_library({"rain": RAIN})
    text, (problem,) = resolve(asked, library, "scenes.csv row 4, column prompt")
    assert text == asked
    assert problem.where == "scenes.csv row 4, column prompt"
    assert asked in problem.what
    assert near in problem.cure
    assert not problem.warning


def test_a_name_like_no_other_gets_the_list_of_files():
    """Where nothing is near, the problem says what there is and how a name is written."""
    library, _ = parse_library({"rain": RAIN})
    assert (
        "Its files are rain; an entry is named as in @rain/window."
        in resolve("@zzz", library, "x")[1][0].cure
    )
    assert "no prompts there yet" in resolve("@rain/window", {}, "x")[1][0].cure


GOOD = (
    "A photorealistic close-up of an old window on a rainy evening. Clear drops gather on the glass, grow "
    "heavy and run down in silver trails that catch the light of a lamp. Beyond the pane, dark trees sway "
    "slowly. Gentle rain taps against the pane, and a gutter trickles somewhere to the left. The camera is "
    "locked off."
)


def test_a_good_prompt_is_left_in_peace():
    """A prompt by LTX-2's rules gives no warning."""
    assert check_prompt(GOOD, "row 2") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Rain falls softly.", "has only 3 words"),
        ("Rain.", "has only 1 word,"),
        (" ".join([GOOD] * 4), "words; LTX-2 loses the thread"),
        (GOOD.replace(". ", ", "), "has 1 sentence."),
        (GOOD + " It rains." * 5, "has 10 sentences."),
        (GOOD.replace(" Beyond", "\n\nBeyond"), "several paragraphs"),
        (GOOD.replace("taps against", "runs along").replace("trickles", "stands"), "names no sound"),
        (GOOD + ' A voice says "hello".', "quotation marks"),
        (GOOD + " A „sign“ hangs there.", "quotation marks"),
        (GOOD + " A logo glows above it.", 'to read ("logo")'),
        (GOOD + " A poster reads welcome.", "to read"),
        (GOOD + " Shaky camera and grain.", "restless camera"),
        (GOOD + " Then it cuts to a field.", "restless camera"),
        (GOOD + " A frog jumps in.", 'quick physics ("jumps")'),
        (GOOD + " A bouncing ball rests.", 'quick physics ("bouncing")'),
        (GOOD + " A crowd waits outside.", "many figures"),
        (GOOD + " It is a sad place.", "names an emotion"),
        (GOOD + " It fills one with a feeling of home.", "names an emotion"),
        (GOOD + " It will stop soon.", "leaves the present"),
        (GOOD + " Midday sun on the moonlit sill.", "day and night at once"),
    ],
)
def test_each_rule_is_said_as_a_warning(text, said):
    """Each of LTX-2's rules, broken alone, gives one warning that names it and a cure."""
    (problem,) = check_prompt(text, "scenes.csv row 3")
    assert said in problem.what
    assert problem.warning
    assert problem.cure
    assert problem.where == "scenes.csv row 3"


def test_an_empty_prompt_stops_work():
    """Nothing can be made from nothing, so this one is no warning."""
    (problem,) = check_prompt(" \n ", "row 2")
    assert not problem.warning


@pytest.mark.parametrize(
    "phrase",
    ["human hands fold paper", "a poppy field", "a tapestry", "Dogs leaping tall", "the shoulders of hills"],
)
def test_words_inside_other_words_are_no_sounds(phrase):
    """Only whole words count: a human is no hum, and a tapestry no tap."""
    silent = GOOD.replace("Gentle rain taps against the pane, and a gutter trickles", f"We see {phrase}")
    assert any("names no sound" in problem.what for problem in check_prompt(silent, "row 2"))


@pytest.mark.parametrize(
    "sound", ["humming", "rattle", "crackles", "dripping", "in silence", "a low thud", "Thunder"]
)
def test_sounds_are_known_in_all_their_forms(sound):
    """The usual endings of a sound word are understood."""
    silent = GOOD.replace("Gentle rain taps against the pane, and a gutter trickles", f"There is {sound}")
    assert check_prompt(silent, "row 2") == []


def test_other_languages_are_not_asked_for_english_sounds():
    """A prompt in another language is not told that it names no sound."""
    text = " ".join(["Regen fällt leise auf das Dach, Tropfen laufen über die Scheibe, Licht flackert."] * 5)
    assert check_prompt(text, "row 2") == []


def test_a_prompt_for_an_image_may_be_short():
    """Starting from a picture it is enough to say what changes."""
    change = (
        "Snow drifts slowly past the window while the candle on the sill flickers and leans. The wind sighs "
        "softly around the house and the old wooden frame gives a single creak."
    )
    assert check_prompt(change, "row 2", from_image=True) == []
    assert len(check_prompt(change, "row 2")) == 1


@pytest.fixture(scope="module")
def shipped(request):
    skip_when_made_own(request.config.rootpath, "prompts")
    folder = request.config.rootpath / "prompts"
    return parse_library({path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.md"))})


def test_24_prompts_are_shipped_without_a_fault(shipped):
    """Four files of six, each entry with its sounds and its loop."""
    library, problems = shipped
    assert problems == []
    topics = [name.split("/")[0] for name in library]
    assert {topic: topics.count(topic) for topic in topics} == {"rain": 6, "nature": 6, "cozy": 6, "ocean": 6}
    assert all(entry.sound and entry.loop in LOOPS for entry in library.values())


def test_the_shipped_prompts_keep_all_rules(shipped):
    """Every shipped prompt is one paragraph of 80 to 180 words and 4 to 8 sentences that LTX-2 can follow."""
    for name, entry in shipped[0].items():
        assert check_prompt(entry.prompt, name) == []
        assert 80 <= len(entry.prompt.split()) <= 180, name
        assert 4 <= len(re.findall(r"[.!?](?=\s|$)", entry.prompt)) <= 8, name
        assert "camera" in entry.prompt.lower(), name


def test_the_shipped_prompts_begin_alike_and_are_all_different(shipped):
    """Style and shot come first, and no two prompts share a sentence."""
    sentences = [part for entry in shipped[0].values() for part in re.split(r"(?<=[.])\s", entry.prompt)]
    repeated = {part for part in sentences if sentences.count(part) > 1}
    assert repeated <= {"The camera does not move."}
    for entry in shipped[0].values():
        assert re.search(r"shot|close-up", entry.prompt.split(".")[0]), entry.name


def test_the_files_explain_themselves(request):
    """Each file says at its top, in a few lines, how it is written."""
    skip_when_made_own(request.config.rootpath, "prompts")
    for path in (request.config.rootpath / "prompts").glob("*.md"):
        head = path.read_text("utf-8").split("\n## ")[0]
        assert f"@{path.stem}/name" in head
        assert all(word in head for word in ("`## name`", "`Sound:`", *(f"`{loop}`" for loop in LOOPS)))
        assert len([line for line in head.splitlines()[1:] if line]) <= 4
