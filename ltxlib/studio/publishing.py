"""The publishing pack beside a master: words, pictures, chapters, and a manifest of what made the film."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

from ltxlib import __version__
from ltxlib.core import catalog
from ltxlib.core import publishing as telling
from ltxlib.core.chapters import SHORTEST_S, Shown
from ltxlib.core.problem import Problem, errors_in
from ltxlib.core.publishing_template import DEFAULT, FILE, Template, default_template, read_template
from ltxlib.core.variety import Variety, variety
from ltxlib.media import exchange, thumbnails
from ltxlib.store.files import inside, write_json, write_whole
from ltxlib.store.journal import now
from ltxlib.store.project import Project, Shelf
from ltxlib.studio import provenance
from ltxlib.studio.pack_folder import MANIFEST, pack_folder
from ltxlib.studio.provenance import MasterFilm

TIMELINE = "timeline.otio"
# At both ends of a film its picture may still fade.
FADE_S = 0.75
MOST_TEMPLATE_BYTES = 1_000_000
# What the sounds in a film's settings are called in its credits.
LAYERS = {"music": "Music", "beds": "Sound bed"}
DARK = "Dark screen, the sound goes on"


@dataclass(frozen=True)
class Pack:
    """A publishing pack that was written.

    folder: where. publishable is False for a rehearsal and while an error stands among the problems.
    timeline: the .otio, None where none was asked for. manifest: as it stands in manifest.json.
    """

    folder: Path
    master: Path
    texts: telling.Texts
    variety: Variety
    thumbnails: tuple[Path, ...]
    timeline: Path | None
    problems: tuple[Problem, ...]
    publishable: bool
    manifest: Mapping[str, Any]


def publish(
    project: Project, shelf: Shelf, *, name: str = "", words: str = "", timeline: bool = False
) -> Pack:
    """Write the pack of a master (the newest without a name), whole; an older pack of it is replaced.

    Files that a person put there stay; those that a person changed stay as “yours-NAME”. words: on the
    thumbnails. timeline: an .otio for other editors too. Raises BadInput, MediaError or StoreError.
    """
    film = provenance.read_master(shelf, provenance.find_master(shelf, name))
    template, problems = template_of(project)
    story = story_of(film, template, rehearsal=shelf.rehearsal)
    texts = telling.write_texts(story, template)
    varied = _variety(film)
    origin = provenance.film_origin(film, provenance.table_of(project, shelf))
    problems += [*texts.problems, *varied.problems, *_gone(origin)]
    problems += telling.check_texts(texts, story.duration_s)
    place = inside(shelf.masters, f"{film.path.stem}-pack")
    with pack_folder(place) as folder:
        new = folder.new
        pictures = thumbnails.write_thumbnails(
            film.path,
            new / "thumbnails",
            float(story.duration_s),
            words=words,
            # The clips' own mark may be cut off with the edges.
            mark="REHEARSAL" if shelf.rehearsal else "",
            leave_out=_passing(story.shown, story.duration_s),
        )
        moments = _moments(story.shown, story.duration_s)
        thumbnails.write_contact_sheet(film.path, new / "contact-sheet.jpg", moments, texts.title)
        if timeline or (place / TIMELINE).is_file():
            _write_timeline(film, new / TIMELINE, place, texts)
        _write_words(new, texts, problems, rehearsal=shelf.rehearsal)
        files = folder.digests()
        problems += folder.keep_what_is_yours(files)
        fine = not shelf.rehearsal and not errors_in(problems)
        head = _manifest_head(texts, varied, problems, fine)
        shown = [{"file": one.path.name, "time_s": one.time_s, "score": one.score} for one in pictures]
        manifest = head | {"thumbnails": shown} | origin | {"files": files}
        write_json(new / MANIFEST, manifest)
    paths = tuple(place / "thumbnails" / one.path.name for one in pictures)
    written = place / TIMELINE if (place / TIMELINE).is_file() else None
    return Pack(place, film.path, texts, varied, paths, written, tuple(problems), fine, manifest)


def _passing(shown: Sequence[Shown], duration_s: Fraction) -> list[tuple[float, float]]:
    """Where one clip melts into the next, and where the film fades in and out, in seconds."""
    last = float(duration_s)
    ends = [(0.0, FADE_S), (last - FADE_S, last)]
    return [*ends, *((float(after.start_s), float(before.end_s)) for before, after in pairwise(shown))]


def _variety(film: MasterFilm) -> Variety:
    cuts = film.shown.cuts
    return variety([(cut.scene, cut.take, Fraction(cut.frames) / film.fps) for cut in cuts])


def _manifest_head(
    texts: telling.Texts, varied: Variety, problems: Sequence[Problem], fine: bool
) -> dict[str, Any]:
    return {
        "what": "everything that made this film",
        "written_at": now(),
        "kit": __version__,
        "may_be_published": fine,
        "youtube": {
            "title": texts.title,
            "tags": list(texts.tags),
            "chapters": [str(chapter) for chapter in texts.chapters],
            "containsSyntheticMedia": True,
        },
        "variety": _plain(varied),
        "problems": [str(problem) for problem in problems],
    }


def template_of(project: Project) -> tuple[Template, list[Problem]]:
    """The creator's words from publishing.md, and what is odd in them; the file is made where it lacks."""
    path = project.root / FILE
    try:
        if not path.exists():
            write_whole(path, DEFAULT.encode())
        if path.stat().st_size > MOST_TEMPLATE_BYTES:
            raise UnicodeError
        return read_template(path.read_text("utf-8-sig"))
    except (OSError, UnicodeError):
        cure = "The kit's own words are used. Save it as plain UTF-8 text, below 1 MB."
        return default_template(), [Problem(FILE, "The file cannot be read.", cure, warning=True)]


def story_of(film: MasterFilm, template: Template, *, rehearsal: bool) -> telling.Story:
    """What is told of a film: its scenes with their times, the models, the sound beds."""
    # What is hardly seen any more before the screen goes dark gets no chapter.
    lit_s = film.dark_s - SHORTEST_S if film.dark_s < film.duration_s else film.duration_s
    shown = [
        Shown(cut.scene, telling.scene_name(cut.scene, template.names), start, start + cut.frames / film.fps)
        for cut, start in zip(film.shown.cuts, film.starts_s(film.shown), strict=True)
        if start < lit_s or not start
    ]
    if film.dark_s < film.duration_s:
        shown.append(Shown("", DARK, film.dark_s, film.duration_s))
    models = dict.fromkeys(_model(take.model) for take in film.takes if take)
    return telling.Story(
        film=film.title,
        shown=tuple(shown),
        duration_s=film.duration_s,
        models=tuple(models),
        credits=tuple(_beds(film.settings)),
        rehearsal=rehearsal,
    )


def _model(name: str) -> tuple[str, str]:
    """What a model is called, and its licence."""
    known = catalog.KNOWN.get(name)
    return (known.family.name, known.family.licence) if known else (name, "LTX-2 Community License")


def _beds(settings: Mapping[str, Any]) -> list[str]:
    """A line for each piece of music or sound bed that the film's settings name."""
    sound = settings.get("sound") or {}
    named = [(called, layer.get("file")) for key, called in LAYERS.items() for layer in sound.get(key) or ()]
    return [f"{called}: {Path(str(file)).stem}" for called, file in named if file]


def _gone(origin: Mapping[str, Any]) -> list[Problem]:
    """Takes of the film of which nothing is known any more."""
    cure = "The film is as it was; only the manifest cannot tell what made them."
    return [
        Problem(f"take {key}", "Its record or its clip is no longer there.", cure, warning=True)
        for key in origin["takes_without_record"]
    ]


def _moments(shown: Sequence[Shown], duration_s: Fraction) -> list[tuple[float, str]]:
    """The middle of each clip where they are few, else moments spread evenly over the film."""
    if 6 <= len(shown) <= thumbnails.MOST_CELLS:
        return [(float(one.start_s + one.end_s) / 2, one.name) for one in shown]
    count = min(20, max(int(duration_s), 1)) if len(shown) < 6 else thumbnails.MOST_CELLS
    times = [duration_s * (2 * number + 1) / (2 * count) for number in range(count)]
    names = [[one.name for one in shown if one.start_s <= time] for time in times]
    return [(float(time), before[-1] if before else "") for time, before in zip(times, names, strict=True)]


def _write_words(folder: Path, texts: telling.Texts, problems: Sequence[Problem], *, rehearsal: bool) -> None:
    """The text files of the pack, each ready to be copied into YouTube's window."""
    files = {
        "title.txt": texts.title,
        "description.txt": texts.description,
        "tags.txt": ",".join(texts.tags),
        "chapters.txt": "\n".join(map(str, texts.chapters)),
    }
    head = [telling.REHEARSAL_LINE, ""] if rehearsal else []
    known = [f"- {problem}" for problem in problems] or ["- Nothing else."]
    steps = [*head, "Before you upload", "", f"- {telling.ALTERED_CONTENT}", *known]
    for name, text in {**files, "before-you-upload.txt": "\n".join(steps)}.items():
        write_whole(folder / name, f"{text}\n".encode())


def _write_timeline(film: MasterFilm, out: Path, folder: Path, texts: telling.Texts) -> None:
    """The .otio with the takes as its sources, by paths relative to the pack's folder."""
    timeline, takes = provenance.for_editors(film, str(film.path))
    sources = []
    for cut, take in zip(timeline.cuts, takes, strict=True):
        path = Path(cut.clip)
        there = path.is_file()
        about: dict[str, Any] = {"scene": cut.scene, "take": cut.take, "gain_db": cut.gain_db}
        about |= {"through_black_frames": cut.black_frames} if cut.black_frames else {}
        if take:
            about |= {"seed": take.seed, "model": take.model, "sha256": take.clip.sha256}
        sources.append(
            exchange.Source(
                name=f"{cut.scene} {cut.take}".strip(),
                address=exchange.address_of(Path(os.path.relpath(path, folder)).as_posix()) if there else "",
                frames=take.clip.frames if take else int(film.facts["frames"]) if there else cut.frames,
                fps=Fraction(take.clip.fps) if take else film.fps,
                has_sound=take.clip.has_sound if take else True,
                about=about,
            )
        )
    marks = [exchange.Mark(round(chapter.start_s * film.fps), chapter.name) for chapter in texts.chapters]
    about: dict[str, Any] = {"master": film.path.name, "kit": __version__}
    about["rehearsal"] = bool(film.facts.get("rehearsal"))
    if film.long:
        about["once_around_of_s"] = float(film.duration_s)
    marks = [mark for mark in marks if mark.frame < timeline.frames]
    exchange.write_otio(timeline, sources, marks, out, name=film.title, about=about)


def _plain(varied: Variety) -> dict[str, Any]:
    return {
        "clips": varied.clips,
        "unique_s": round(varied.unique_s, 3),
        "repeats": round(varied.repeats, 2),
        "largest_scene": varied.largest,
        "largest_share": round(varied.largest_share, 3),
    }
