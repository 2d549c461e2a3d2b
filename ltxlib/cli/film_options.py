"""The options of the verb assemble, and the film settings that they ask for."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ltxlib.core.film import FilmSettings, Transition
from ltxlib.core.film_file import joined
from ltxlib.core.film_words import HEIGHT, LENGTH, LOUDNESS, TRANSITION, Kind
from ltxlib.core.soundtrack import Layer
from ltxlib.core.timeline import MOST_GRAIN, SIDES


def assemble_verb(verbs: Any) -> None:
    """Add the verb to the command line."""
    verb = verbs.add_parser(
        "assemble",
        usage="kit assemble [--film NAME] [OPTIONS]",
        help="make the film from the takes that were kept",
        description="Takes the newest good take of each scene, in the order of scenes.csv, or what a film\n"
        "file says (films/NAME.toml). Options win over the file. Times: 10h, 1:30:00, 45min, 2.5s.",
    )
    verb.add_argument("--film", default="", metavar="NAME", help="the film file to go by")
    verb.add_argument("--save", default="", metavar="NAME", help="write it all into films/NAME.toml too")
    verb.add_argument("--estimate", action="store_true", help="tell time and size; render nothing")
    verb.add_argument("--name", help="the master's file name (film)")
    verb.add_argument("--title", help="words on a card at the head (none)")
    verb.add_argument("--end-title", metavar="TITLE", help="words on a card at the end (none)")
    verb.add_argument("--crossfade", type=float, metavar="SECONDS", help="how long scenes melt (0.5)")
    _add(verb, "--transition", TRANSITION, 'such as "black 24 frames", "crossfade 2 s", cut')
    _add(verb, "--loudness", LOUDNESS, "youtube, gentle, sleep, or LUFS (gentle: -18)")
    _add(verb, "--length", LENGTH, "how long the film is; its scenes go round and round")
    verb.add_argument("--shuffled", action="store_true", help="another order each time around")
    verb.add_argument("--seed", type=int, metavar="N", help="another number, another order (1)")
    _add(verb, "--screen-off", LENGTH, "after so long the picture goes dark (never)")
    verb.add_argument("--compact", action="store_true", help="an experiment: ten hours in a small file")
    verb.add_argument("--short", action="store_true", help="upright, for phones; at most three minutes")
    _add(verb, "--height", HEIGHT, "1080p, 1440p, 2160p, or lines (as made)")
    shapes = "takes of another shape: fit, fill, blur"
    verb.add_argument("--sides", choices=list(SIDES), metavar="HOW", help=shapes)
    grains = range(MOST_GRAIN + 1)
    verb.add_argument("--grain", type=int, choices=grains, help="film grain against banding (0)")
    for name, says in (("bed", "played on and on under the film"), ("music", "one piece after the other")):
        verb.add_argument(
            f"--{name}", action="append", type=_layer, metavar="FILE[@DB]", help=f"from sounds/: {says}"
        )
    verb.add_argument("--rehearsal", action="store_true", help="from the rehearsal's takes")
    verb.add_argument("--json", action="store_true", help="print one JSON object at the end")
    verb.set_defaults(run="assemble.assemble")


def settings_of(arguments: argparse.Namespace, settings: FilmSettings) -> FilmSettings:
    """The settings with everything that the command line asks for in their place."""
    asked = vars(arguments).items()
    given = {name: value for name, value in asked if value is not None and value is not False}

    def those(**names: str) -> dict[str, Any]:
        return {own: given[option] for own, option in names.items() if option in given}

    settings = replace(
        settings,
        **those(name="name", title="title", end_title="end_title", target_lufs="loudness"),
        look=replace(settings.look, **those(height_px="height", sides="sides", grain="grain", short="short")),
        long=replace(
            settings.long,
            **those(length_s="length", seed="seed", screen_off_s="screen_off", compact="compact"),
            **({"order": "shuffled"} if "shuffled" in given else {}),
        ),
        sound=replace(
            settings.sound,
            **{own: tuple(layers) for own, layers in those(beds="bed", music="music").items()},
        ),
    )
    if "crossfade" in given:
        settings = joined(settings, Transition("crossfade", given["crossfade"]))
    return joined(settings, given.get("transition"))


def _add(verb: argparse.ArgumentParser, name: str, kind: Kind, says: str) -> None:
    metavar = {LENGTH: "TIME", TRANSITION: "HOW"}.get(kind, name.strip("-").upper())
    verb.add_argument(name, type=_by(kind), metavar=metavar, help=says)


def _by(kind: Kind) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return kind.read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{error} Write {kind.wanted}.") from None

    return read


def _layer(text: str) -> Layer:
    """A sound with how loud it is: FILE or FILE@DB."""
    name, _, gain = text.rpartition("@")
    try:
        return Layer(name, gain_db=float(gain)) if name else Layer(text)
    except ValueError:
        return Layer(text)
