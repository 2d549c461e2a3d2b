"""LTX-2's rules for a good prompt, as questions asked of a text. Pure.

Each rule is Lightricks' prompting advice for LTX-2 or a fault seen in its clips, as gathered for this kit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ltxlib.core.problem import Problem

# LTX-2's own advice: one paragraph, 4 to 8 sentences, no more than about 200 words. The lower bound is ours:
# below it the model fills the gaps with whatever it likes, music and voices among them.
FEWEST_WORDS = 50
FEWEST_WORDS_FROM_IMAGE = 25
MOST_WORDS = 200
FEWEST_SENTENCES = 4
MOST_SENTENCES = 8


def check_prompt(text: str, where: str, *, from_image: bool = False) -> list[Problem]:
    """What LTX-2's prompting rules have against a prompt; all but an empty one are warnings.

    where: row and column, as a person would look for it. from_image: the clip starts from a picture, so a
    short description of what changes is enough.
    """
    if not text.strip():
        cure = "Write what is seen and heard, or name an entry such as @rain/window."
        return [Problem(where, "The prompt is empty.", cure)]
    found = [
        *_shape(text, from_image=from_image),
        *_light_and_sound(text),
        *_words_to_avoid(text),
    ]
    return [Problem(where, what, cure, warning=True) for what, cure in found]


def _shape(text: str, *, from_image: bool) -> Iterator[tuple[str, str]]:
    words = len(text.split())
    sentences = len(re.findall(r"[.!?…]+(?=\s|$)", text.strip())) or 1
    if re.search(r"\n\s*\n", text.strip()):
        yield (
            "The prompt has several paragraphs.",
            "Make it one flowing paragraph; LTX-2 follows that best.",
        )
    if words < (FEWEST_WORDS_FROM_IMAGE if from_image else FEWEST_WORDS):
        yield (
            f"The prompt has only {words} word{'s' * (words > 1)}, and LTX-2 makes up the rest.",
            "Say more of what moves, how it sounds and what the camera does, in four to eight sentences.",
        )
    elif words > MOST_WORDS:
        yield (
            f"The prompt has {words} words; LTX-2 loses the thread after about {MOST_WORDS}.",
            "Keep what is seen and heard in this one shot, and leave out the rest.",
        )
    elif sentences > MOST_SENTENCES or (sentences < FEWEST_SENTENCES and not from_image):
        yield (
            f"The prompt has {sentences} sentence{'s' * (sentences > 1)}.",
            f"LTX-2 follows {FEWEST_SENTENCES} to {MOST_SENTENCES} of them best.",
        )


def _light_and_sound(text: str) -> Iterator[tuple[str, str]]:
    # The list of sounds is English, so other languages are not asked.
    if _ENGLISH.search(text) and not _SOUND.search(text):
        yield (
            "The prompt names no sound, and LTX-2 then makes one up, often music or a voice.",
            "Name what is heard, as in: gentle rain taps against the glass.",
        )
    sun, night = _SUN.search(text), _NIGHT.search(text)
    if sun and night:
        yield (
            f'The prompt asks for day and night at once ("{sun[0]}", "{night[0]}").',
            "Keep one light; two make the picture flicker.",
        )


def _words_to_avoid(text: str) -> Iterator[tuple[str, str]]:
    for pattern, what, cure in _RULES:
        match = pattern.search(text)
        if match:
            yield what.format(match[0].strip()), cure


def _any_of(*choices: str, ending: str = "") -> re.Pattern[str]:
    """A pattern for any of these as whole words, upper or lower case, each with the ending allowed."""
    return re.compile(rf"\b(?:{'|'.join(choices)}){ending}\b", re.IGNORECASE)


_ENGLISH = _any_of("the", "and", "of", "with")
_SOUND = _any_of(
    *("sound", "nois", "hear", "silent", "silenc", "quiet", "hush", "audio", "muffl", "echo", "tone"),
    *(
        "murmur",
        "whisper",
        "sigh",
        "breath",
        "snor",
        "purr",
        "hum",
        "buzz",
        "drone",
        "sing",
        "song",
        "birdsong",
    ),
    *("patter", "tap", "drip", "trickl", "gurgl", "burbl", "babbl", "splash", "plop", "lap", "wash", "slosh"),
    *(
        "hiss",
        "crackl",
        "pop",
        "snap",
        "sizzl",
        "fizz",
        "crunch",
        "rustl",
        "swish",
        "whoosh",
        "whistl",
        "howl",
    ),
    *("creak", "groan", "moan", "knock", "clink", "clack", "clatter", "rattl", "scratch", "scrap", "thud"),
    *("tick", "tock", "toll", "chim", "ring", "bell", "gong", "foghorn", "drum", "rumbl", "thunder", "roar"),
    *("chirp", "chirr", "hoot", "croak", "call", "cricket", "cicada"),
    ending="(?:e|es|s|ed|ing|ling|ping|ning|ming|ly)?",
)
_SUN = _any_of("sunlight", "sunlit", "midday", "noon", "broad daylight", "afternoon sun")
_NIGHT = _any_of("moonlight", "moonlit", "midnight", "starlight", "starry", "full moon")
_RULES: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        re.compile(r"[\"“”„«»]"),
        "The prompt holds quotation marks ({}); LTX-2 speaks what stands in them.",
        "Leave them out unless somebody is to talk.",
    ),
    (
        _any_of(
            *("logos?", "captions?", "subtitles?", "watermarks?", "lettering", "typography", "text overlay"),
            *("billboards?", "neon signs?", "signboards?", "on-screen text", "readable text"),
            "(?:sign|label|poster|text) (?:that )?(?:reads?|says?|saying|reading)",
        ),
        'The prompt asks for something to read ("{}"), and LTX-2 draws letters that are none.',
        "Leave it out; a title is put on in the assembly.",
    ),
    (
        _any_of(
            *(
                "hand-?held",
                "shak(?:y|es?|ing) (?:camera|footage|shot)",
                "camera shakes?",
                "montage",
                "cuts? to",
            ),
            *("whip[- ]pans?", "crash[- ]zooms?", "jump[- ]cuts?"),
            "(?:fast|quick|rapid|sudden) (?:zooms?|pans?|cuts?|camera)",
            "camera (?:rushes|races|spins|swings|whirls)",
        ),
        'The prompt asks for a restless camera or a cut ("{}"), which tears calm pictures apart.',
        "Keep the camera still or very slow, and one shot to a clip.",
    ),
    (
        _any_of("juggl", "jump", "leap", "bounc", "somersault", "collid", "explod", "shatter", ending=r"\w*"),
        'The prompt asks for quick physics ("{}"), which LTX-2 bends out of shape.',
        "Choose a slow, even movement: falling, drifting, swaying, flickering.",
    ),
    (
        _any_of(
            *("crowds?", "crowded", "bustling", "busy street", "audience"),
            "(?:dozens|hundreds|thousands|groups?) of people",
        ),
        'The prompt asks for many figures ("{}"), and their faces and limbs melt.',
        "Show one thing, or leave people out.",
    ),
    (
        _any_of(
            *("sad", "happy", "joyful", "lonely", "angry", "anxious", "melancholy", "melancholic", "excited"),
            *("nostalgia", "nostalgic", "depressed", "depressing", "feelings? of", "sense of"),
        ),
        'The prompt names an emotion ("{}"), which nothing in a picture can show by itself.',
        "Describe what can be seen: the light, the pace, the posture.",
    ),
    (
        _any_of("will", "was", "were", "has been", "had"),
        'The prompt leaves the present ("{}").',
        "Describe it as if it happened now: the rain falls, the flame bends.",
    ),
)
