"""What a film is published with: title, description, tags, within what YouTube takes. Pure.

The limits are those of YouTube's Data API, resource `videos`: `snippet.title` 100 characters,
`snippet.description` 5,000 bytes, neither with < or >; `snippet.tags` 500 characters in all, commas between
them counted, and two for the quotation marks of each tag with a blank. `status.containsSyntheticMedia` says
that what looks real was made by a machine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ltxlib.core import chapters as chaptering
from ltxlib.core import publishing_template as words
from ltxlib.core.chapters import Chapter, Shown, shortened
from ltxlib.core.problem import Problem
from ltxlib.core.publishing_template import Template

TITLE_CHARACTERS, DESCRIPTION_BYTES, TAGS_CHARACTERS = 100, 5000, 500
LONGEST_TAG = 100
# What YouTube takes of one video: 12 hours.
LONGEST_S = 12 * 3600
MOST_CREDIT_BYTES = 2000
REHEARSAL_TITLE = "REHEARSAL, not to be published: "
REHEARSAL_LINE = "REHEARSAL: stand-in pictures and sound, not made by LTX-2. Not to be published."
ALTERED_CONTENT = (
    "When you upload, answer “Yes” to “Altered content” in YouTube Studio (in the API: "
    "status.containsSyntheticMedia = true): the film shows realistic scenes that a machine made."
)
_MARKS = str.maketrans({"<": "‹", ">": "›"})
_BLANKS = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class Story:
    """All that is told of a film.

    film: its name, for people. shown: its clips in order. models: what made it, as ("LTX-2 19B, distilled",
    "LTX-2 Community License"). credits: music and sound beds that it uses, a line each.
    """

    film: str
    shown: tuple[Shown, ...]
    duration_s: Fraction
    models: tuple[tuple[str, str], ...] = ()
    credits: tuple[str, ...] = ()
    rehearsal: bool = False


@dataclass(frozen=True)
class Texts:
    """What goes into YouTube's fields, and everything that a person should know of it."""

    title: str
    description: str
    tags: tuple[str, ...]
    chapters: tuple[Chapter, ...]
    problems: tuple[Problem, ...]


def clean(text: str) -> str:
    """The text as YouTube takes it: no < and >, no control characters, nothing that is not Unicode."""
    whole = text.encode("utf-8", "replace").decode("utf-8").translate(_MARKS)
    return "".join(
        letter for letter in whole if letter in "\n\t" or (ord(letter) >= 32 and ord(letter) != 127)
    )


def length_words(seconds: float) -> str:
    """How long a film lasts as a title says it: "10 hours", "1 hour 30 minutes", "45 seconds"."""
    whole = round(seconds)
    if whole < 90:
        return _counted(max(whole, 1), "second")
    minutes = round(whole / 60)
    hours, left = divmod(minutes, 60)
    parts = [_counted(hours, "hour")] if hours else []
    return " ".join([*parts, *([_counted(left, "minute")] if left or not hours else [])])


def scene_name(scene: str, names: Mapping[str, str]) -> str:
    """What a scene is called for people: the creator's name for it, else "Rain window" for rain-window."""
    own = names.get(scene.casefold(), "").strip()
    plain = " ".join(re.split(r"[-_.\s]+", scene)).strip()
    name = " ".join(clean(own or plain[:1].upper() + plain[1:]).split())
    return shortened(name or "Scene")


def write_texts(story: Story, template: Template) -> Texts:
    """Title, description, tags and chapters of a film; always within the limits; what was changed is said."""
    found, problems = chaptering.chapters(story.shown, story.duration_s)
    title, said = _title(story, template)
    problems += said
    description, said = _description(story, template, found)
    problems += said
    tags, said = _tags(story, template)
    problems += said
    if story.duration_s > LONGEST_S:
        what = f"The film lasts {float(story.duration_s) / 3600:.1f} hours; YouTube takes 12 at most."
        problems.append(Problem("film", what, "Make a shorter one."))
    if story.rehearsal:
        what = "This is a rehearsal: stand-in pictures and sound. It is not to be published."
        problems.append(
            Problem("film", what, "Render the scenes with ComfyUI, then make the film of those.", True)
        )
    return Texts(title, description, tuple(tags), tuple(found), tuple(problems))


def check_texts(texts: Texts, duration_s: Fraction) -> list[Problem]:
    """What YouTube would refuse of these texts; an empty list when it takes them."""
    wrong = []
    if not 1 <= characters(texts.title) <= TITLE_CHARACTERS or "\n" in texts.title:
        wrong.append(("title", f"It has {characters(texts.title)} characters, or a line break."))
    size = len(texts.description.encode())
    if size > DESCRIPTION_BYTES:
        wrong.append(("description", f"It has {size} bytes."))
    if tags_length(texts.tags) > TAGS_CHARACTERS:
        wrong.append(("tags", f"They have {tags_length(texts.tags)} characters."))
    fields = {"title": texts.title, "description": texts.description, "tags": "".join(texts.tags)}
    for where, text in fields.items():
        if set("<>") & set(text):
            wrong.append((where, "It holds < or >."))
    problems = [
        Problem(where, what, "Make it shorter or leave it out; YouTube refuses it.") for where, what in wrong
    ]
    return problems + chaptering.check_chapters(texts.chapters, duration_s)


def characters(text: str) -> int:
    """How long YouTube's window counts a text to be: an emoji is two."""
    return len(text.encode("utf-16-le", "replace")) // 2


def tags_length(tags: Sequence[str]) -> int:
    """How long YouTube counts these tags to be: with commas, and quotation marks where there is a blank."""
    return sum(characters(tag) + 2 * (" " in tag) for tag in tags) + max(len(tags) - 1, 0)


def disclosure(story: Story) -> str:
    """The line that says that a machine made it, as LTX-2's licence asks."""
    models = " and ".join(dict.fromkeys(name for name, _ in story.models)) or "LTX-2"
    return f"Made with AI: the pictures and sounds of this film were generated with Lightricks' {models}."


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _title(story: Story, template: Template) -> tuple[str, list[Problem]]:
    before = REHEARSAL_TITLE if story.rehearsal else ""
    places = {words.FILM: story.film, words.LENGTH: length_words(float(story.duration_s))}
    whole = " ".join(clean(_filled(template.title, places)).split()) or " ".join(clean(story.film).split())
    title = before + (whole or "Film")
    problems = _marks_changed("Title", template.title)
    limit = TITLE_CHARACTERS
    while characters(title) > TITLE_CHARACTERS:
        title = shortened(before + whole, limit)
        limit -= 1
    if title != before + (whole or "Film"):
        what = f"The title is longer than {TITLE_CHARACTERS} characters, so it was cut."
        problems.append(Problem(f"{words.FILE}, Title", what, "Write a shorter one.", warning=True))
    return title, problems


def _description(story: Story, template: Template, found: list[Chapter]) -> tuple[str, list[Problem]]:
    """The description with as much of scenes and chapters as there is room for."""
    names = list(dict.fromkeys(one.name for one in story.shown))
    problems = _marks_changed("Description", template.description)
    tries = [
        (names, found),
        (names[:12], found),
        (names[:12], chaptering.first_showings(found, 40) if found else []),
    ]
    for number, (some, listed) in enumerate(tries):
        text = _composed(story, template, some, len(names) - len(some), listed)
        if len(text.encode()) <= DESCRIPTION_BYTES:
            if number:
                what = "The list of scenes or chapters in the description was cut: all of it has no room."
                problems.append(Problem("description", what, "chapters.txt has all of them.", warning=True))
            return text, problems
    what = f"Your description is longer than YouTube takes ({DESCRIPTION_BYTES} bytes), so its end was cut."
    problems.append(Problem(f"{words.FILE}, Description", what, "Write a shorter one.", warning=True))
    last = "\n\n" + "\n".join(piece for piece in (disclosure(story), _credits(story, template)) if piece)
    room = DESCRIPTION_BYTES - len(clean(last).encode()) - len("…")
    cut = text.encode()[:room].decode("utf-8", "ignore")
    # Whole lines only: half a time or half a name helps nobody.
    return f"{cut.rpartition(chr(10))[0] or cut}…{clean(last)}".strip(), problems


def _composed(story: Story, template: Template, names: list[str], more: int, found: Sequence[Chapter]) -> str:
    scenes = [f"- {name}" for name in names] + ([f"- and {more} more"] if more else [])
    places = {
        words.FILM: story.film,
        words.LENGTH: length_words(float(story.duration_s)),
        words.SCENES: "\n".join(scenes),
        words.CHAPTERS: "\n".join(["Chapters", *map(str, found)]) if found else "",
        words.DISCLOSURE: disclosure(story),
        words.CREDITS: _credits(story, template),
    }
    before = f"{REHEARSAL_LINE}\n\n" if story.rehearsal else ""
    return before + _BLANKS.sub("\n\n", clean(_filled(template.description, places))).strip()


def _credits(story: Story, template: Template) -> str:
    licences = dict.fromkeys(licence for _, licence in story.models if licence)
    lines = [f"Made under the {licence}." for licence in licences]
    text = "\n".join([*lines, *dict.fromkeys((*story.credits, *template.credits))])
    return text.encode()[:MOST_CREDIT_BYTES].decode("utf-8", "ignore")


def _tags(story: Story, template: Template) -> tuple[list[str], list[Problem]]:
    """The creator's tags, then the scenes, as many as there is room for."""
    kept: list[str] = []
    left_out: list[str] = []
    own = [_tag(tag) for tag in template.tags]
    for tag in dict.fromkeys([*own, *(_tag(one.name) for one in story.shown)]):
        if not tag or tag.casefold() in {other.casefold() for other in kept}:
            continue
        if characters(tag) > LONGEST_TAG or tags_length([*kept, tag]) > TAGS_CHARACTERS:
            left_out.append(tag)
        else:
            kept.append(tag)
    lost = [shortened(tag) for tag in left_out if tag in own]
    if not lost:
        return kept, []
    what = f"There is no room for all tags; left out: {', '.join(lost[:5])}{' ...' if len(lost) > 5 else ''}."
    cure = f"YouTube takes {TAGS_CHARACTERS} characters of tags in all, {LONGEST_TAG} each."
    return kept, [Problem(f"{words.FILE}, Tags", what, cure, warning=True)]


def _tag(text: str) -> str:
    plain = re.sub(r"[<>,\"‹›]", " ", clean(text))
    return " ".join(plain.split()).lower()


def _filled(text: str, places: Mapping[str, str]) -> str:
    """The text with its places filled, in one go: what is put in is never looked at again."""
    return words.PLACE.sub(lambda place: places.get(place[1].casefold(), ""), text)


def _marks_changed(part: str, text: str) -> list[Problem]:
    if not set("<>") & set(text):
        return []
    what, cure = "YouTube takes no < and >; ‹ and › were written instead.", "Write it without them."
    return [Problem(f"{words.FILE}, {part}", what, cure, warning=True)]
