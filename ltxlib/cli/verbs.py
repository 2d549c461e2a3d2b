"""Every verb of the command line and its help; light, so that the list of verbs needs nothing installed.

`run` names the function of this package that does the work; it is loaded only when its verb is used.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ltxlib import __version__
from ltxlib.cli.film_options import assemble_verb
from ltxlib.cli.verbs_loop import loop_verb
from ltxlib.cli.verbs_models import comfyui_verb, doctor_verb, home_verb, models_verb, update_verb
from ltxlib.cli.verbs_packs import packs_verb

EXIT_CODES = """exit codes:
  0    all is well
  1    problems were found, or some takes could not be made
  2    nothing could start (no server, no project, another run is busy)
  3    a night was ended early (by its budget, the clock, the disk, a person)
  130  stopped by you"""

_ABOUT = "Calm films with LTX-2 and ComfyUI: from scenes.csv to a finished film."
_AFTER = f"""./kit test runs every test of the kit.  ./kit VERB --help says more about a verb.

{EXIT_CODES}"""


def _screen(prog: str) -> argparse.HelpFormatter:
    return argparse.RawDescriptionHelpFormatter(prog, width=96, max_help_position=24)


def parser() -> argparse.ArgumentParser:
    """The whole command line, one verb a service."""
    top = argparse.ArgumentParser(
        prog="kit",
        usage="./kit VERB ...",
        description=_ABOUT,
        epilog=_AFTER,
        formatter_class=_screen,
        add_help=False,
    )
    # Not listed: the screen is for the verbs.
    top.add_argument("-h", "--help", action="help", help=argparse.SUPPRESS)
    top.add_argument("--version", action="version", version=f"ltxlib {__version__}", help=argparse.SUPPRESS)
    # As wide as the longest verb, so that each stands on one line with what it does.
    verbs = top.add_subparsers(title="verbs", metavar="VERB       ", dest="verb")
    _film_verbs(verbs)
    _night_verb(verbs)
    _tool_verbs(verbs)
    _workflow_verbs(verbs)
    _pod_verbs(verbs)
    models_verb(verbs)
    doctor_verb(verbs)
    comfyui_verb(verbs)
    packs_verb(verbs)
    update_verb(verbs)
    home_verb(verbs)
    for verb in verbs.choices.values():
        verb.formatter_class = _screen
        verb.epilog = EXIT_CODES
        verb.add_argument(
            "--project", type=Path, default=None, metavar="DIR", help="the kit's folder (found by itself)"
        )
    return top


def _film_verbs(verbs: Any) -> None:
    rehearse = verbs.add_parser(
        "rehearse",
        help="make the whole film with stand-in clips; needs no GPU, costs nothing",
        description="Runs the four notebooks from setup to the finished film against the rehearsal\n"
        "server. Everything it makes is marked REHEARSAL and lies in production/REHEARSAL.",
    )
    rehearse.add_argument("--json", action="store_true", help="print one JSON object at the end")
    rehearse.set_defaults(run="film.rehearse")
    batch = verbs.add_parser(
        "batch",
        help="render the takes that scenes.csv asks for and that are not there yet",
        description="Renders with ComfyUI (LTX_COMFY_URL, else the rehearsal if it is switched on, else\n"
        "127.0.0.1:8188). Running it again goes on where it ended.",
    )
    batch.add_argument("scenes", nargs="?", type=Path, help="another table than scenes.csv")
    batch.add_argument("--json", action="store_true", help="print one JSON object a line, one an event")
    batch.set_defaults(run="film.batch")
    concept = verbs.add_parser(
        "concept",
        help="write scenes for one line, such as: a cabin in a snowstorm, one hour",
        description="Has the text encoder of ComfyUI write prompts, each by the rules for a good one;\n"
        "without such a server the kit's own grammar writes them, which is said.",
    )
    concept.add_argument("line", help="what the film shows, in one line; a length may stand in it")
    concept.add_argument("--scenes", type=int, default=6, metavar="N", help="how many (6)")
    concept.add_argument("--seed", type=int, default=0, metavar="N", help="another one, other scenes (0)")
    concept.add_argument("--add", action="store_true", help="put them into scenes.csv")
    concept.add_argument("--json", action="store_true", help="print one JSON object")
    concept.set_defaults(run="ideas.concept")
    _draft_verbs(verbs)
    assemble_verb(verbs)
    loop_verb(verbs)
    _publish_verb(verbs)


def _publish_verb(verbs: Any) -> None:
    publish = verbs.add_parser(
        "publish",
        help="write what a film is published with: title, description, chapters, thumbnails",
        description="Writes a folder beside the master, with your words from publishing.md, and a manifest\n"
        "of everything that made the film. Publishes nothing itself; running it again is safe.",
    )
    publish.add_argument("--name", default="", metavar="MASTER", help="which film (the newest)")
    publish.add_argument("--words", default="", metavar="TEXT", help="words on the thumbnails (none)")
    publish.add_argument("--timeline", action="store_true", help="write a .otio for other editors too")
    publish.add_argument(
        "--trace", default="", metavar="WHAT", help="only tell what made a film, or a take (SCENE/TAKE)"
    )
    publish.add_argument("--rehearsal", action="store_true", help="of the rehearsal's film")
    publish.add_argument("--json", action="store_true", help="print one JSON object")
    publish.set_defaults(run="publishing.publish")


def _night_verb(verbs: Any) -> None:
    night = verbs.add_parser(
        "night",
        help="render everything by night, unwatched; make the film, stop the pod, tell you",
        description="Looks at everything first, tries one tiny clip of each kind, then runs the\n"
        "notebooks in a process of its own and watches it. Closing terminal or browser changes nothing.\n"
        "Exit code 3: it was ended early, by its budget, the clock, the disk or a person.",
    )
    night.add_argument("--assemble", action="store_true", help="make the film at the end")
    night.add_argument("--budget", type=_usd, metavar="USD", help="end when it has cost so much")
    night.add_argument("--until", metavar="06:30", help="end when this machine's clock shows that time")
    night.add_argument("--stop-pod", action="store_true", help="stop the pod when all is done")
    night.add_argument(
        "--countdown", type=_seconds, default=180.0, metavar="SECONDS", help="time to say no to that (180)"
    )
    night.add_argument("--price", type=_usd, metavar="USD", help="what an hour costs (what RunPod says)")
    night.add_argument(
        "--no-ladder", action="store_true", help="make no take smaller when memory does not suffice"
    )
    night.add_argument("--rehearsal", action="store_true", help="with stand-in clips; no GPU, no cost")
    what = night.add_mutually_exclusive_group()
    what.add_argument("--watch", action="store_true", help="watch the night that runs")
    what.add_argument("--cancel", action="store_true", help="end it after the take that is rendered")
    what.add_argument("--cancel-now", action="store_true", help="end it now; takes that are made are kept")
    night.add_argument("--keep-pod", action="store_true", help="let the pod run on after all")
    night.add_argument("--json", action="store_true", help="print one JSON object at the end")
    for name in ("--inside", "--watchman"):
        night.add_argument(name, help=argparse.SUPPRESS)
    night.set_defaults(run="night.night")


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 86400:
        raise argparse.ArgumentTypeError(f"{text} is not a time in seconds")
    return value


def _draft_verbs(verbs: Any) -> None:
    draft = verbs.add_parser(
        "draft",
        help="make small, quick drafts of scenes to choose from",
        description="A draft is the first of a take's two stages alone: half the width and height, a part\n"
        "of the time. Draft number n has the seed of take number n. Drafts lie in production/ beside\n"
        "the takes and never get into a film. Running it again makes only what is missing.",
    )
    draft.add_argument("scenes", nargs="*", metavar="SCENE", help="scenes by name (all that are enabled)")
    draft.add_argument("--count", type=_how_many, default=4, metavar="N", help="drafts of each scene (4)")
    draft.add_argument("--json", action="store_true", help="print one JSON object a line, one an event")
    draft.set_defaults(run="drafts.draft")
    pick = verbs.add_parser(
        "pick",
        help="choose the drafts that are to be finished",
        description="With a scene and the number (or id) of a draft, picks it. Without them, lists the\n"
        "drafts that fit the table as it is now. Starts nothing.",
    )
    pick.add_argument("scene", nargs="?", metavar="SCENE", help="the scene's name")
    pick.add_argument("draft", nargs="?", metavar="DRAFT", help="the draft's number, such as 3, or its id")
    pick.add_argument("--drop", action="store_true", help="take the pick back")
    pick.add_argument("--rehearsal", action="store_true", help="among the rehearsal's drafts")
    pick.add_argument("--json", action="store_true", help="print one JSON object")
    pick.set_defaults(run="drafts.pick")
    finish = verbs.add_parser(
        "finish",
        help="make the picked drafts whole",
        description="Renders both stages of each picked draft, with its seed, so that the picture stays and\n"
        "gains size and detail. The take's record names the draft. (./kit batch does so too, and\n"
        "then makes no other takes of these scenes.) Running it again goes on where it ended.",
    )
    finish.add_argument("--json", action="store_true", help="print one JSON object a line, one an event")
    finish.set_defaults(run="drafts.finish")
    for verb in (draft, pick, finish):
        verb.add_argument("--table", type=Path, metavar="CSV", help="another table than scenes.csv")


def _how_many(text: str) -> int:
    value = int(text) if text.isdecimal() else 0
    if not 1 <= value <= 24:
        raise argparse.ArgumentTypeError(f"{text} is not a number of drafts; write 1 to 24")
    return value


def _tool_verbs(verbs: Any) -> None:
    check = verbs.add_parser(
        "check",
        help="look for mistakes in scenes.csv and all it names; renders nothing",
        description="Prints one problem a line and ends with 1 when something must be mended.",
    )
    check.add_argument("scenes", nargs="?", type=Path, help="another table than scenes.csv")
    check.add_argument("--json", action="store_true", help="print one JSON object")
    check.set_defaults(run="tools.check")
    _plan_verb(verbs)
    lab = verbs.add_parser(
        "lab",
        help="open JupyterLab at the first notebook",
        description="Opens JupyterLab on 127.0.0.1:8888 (the next free port when that is taken).",
    )
    lab.add_argument("--port", type=int, default=8888, help="(8888)")
    lab.set_defaults(run="tools.lab")
    server = verbs.add_parser(
        "server",
        help="run the rehearsal: a stand-in for ComfyUI that needs no GPU",
        description="Answers like ComfyUI on 127.0.0.1 until it is stopped; all it makes is marked\n"
        "REHEARSAL. Also opens ComfyUI's own window when comfyui-frontend-package is installed.",
    )
    server.add_argument("--port", type=int, default=8188, help="(8188; 0 takes a free one)")
    server.add_argument(
        "--seconds-per-step",
        type=float,
        default=0.0,
        metavar="S",
        help="how slowly it renders (0: as fast as it can)",
    )
    server.add_argument(
        "--pack",
        action="append",
        default=[],
        choices=["ltxvideo"],
        help="play a server that has this node pack",
    )
    server.add_argument(
        "--record", type=Path, metavar="FILE", help="write a line as each prompt begins and ends"
    )
    server.add_argument("--for-one-run", action="store_true", help="let the next rehearse end it")
    server.set_defaults(run="tools.server")


def _plan_verb(verbs: Any) -> None:
    plan = verbs.add_parser(
        "plan",
        help="tell what would run, what it needs and what it would cost; asks no server",
        description="Prints the takes of scenes.csv with their time and money, and the night's totals.\n"
        "--explain adds workflow, files, stages and memory; --presets and --models\nhelp to choose.",
    )
    plan.add_argument("scenes", nargs="?", type=Path, help="another table than scenes.csv")
    plan.add_argument("--explain", action="store_true", help="tell all there is to each way of making a clip")
    lists = plan.add_mutually_exclusive_group()
    lists.add_argument("--presets", action="store_true", help="list draft, standard, quality, low memory")
    lists.add_argument("--models", action="store_true", help="list all models the kit knows")
    plan.add_argument("--price", type=_usd, metavar="USD", help="what an hour costs (0.59: an RTX 4090)")
    plan.add_argument("--json", action="store_true", help="print one JSON object")
    plan.set_defaults(run="planning.plan")


def _usd(text: str) -> float:
    try:
        value = float(text.replace(",", ".", 1))
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"{text} is not a price; write dollars an hour, such as 0.59")
    return value


def _workflow_verbs(verbs: Any) -> None:
    top = verbs.add_parser(
        "workflows",
        help="write, check or adopt ComfyUI graphs",
        description="build: write the shipped workflows again.\n"
        "flatten FILE: print the graph as it is sent to ComfyUI.\n"
        "check FILE: say what a server would refuse and which inputs the kit can drive.\n"
        "bind FILE: find what the kit can drive in a graph of your own; --write tags it.",
    )
    what = top.add_subparsers(metavar="build|flatten|check|bind", dest="what", required=True)
    build = what.add_parser("build", help="write the shipped workflows again")
    build.add_argument("--json", action="store_true", help="print one JSON object")
    build.set_defaults(run="graphs.build")
    for name, run, says in (
        ("flatten", "graphs.flatten_file", "print the API graph of a workflow file"),
        ("check", "graphs.check_file", "say what a server would refuse"),
        ("bind", "binding.bind", "find prompt, seed, size ... in a graph of your own"),
    ):
        verb = what.add_parser(name, help=says)
        verb.add_argument("file", type=Path, help="a workflow, saved or exported (API) by ComfyUI")
        verb.add_argument(
            "--object-info",
            type=Path,
            metavar="JSON",
            help="a saved /object_info answer (.json or .json.gz) to go by",
        )
        verb.add_argument("--json", action="store_true", help="print one JSON object")
        verb.set_defaults(run=run)
    for name in ("check", "bind"):
        asks = what.choices[name]
        asks.add_argument("--server", action="store_true", help="ask the server that is running")
    what.choices["bind"].add_argument("--write", action="store_true", help="write the tags into the titles")


def _pod_verbs(verbs: Any) -> None:
    report = verbs.add_parser(
        "report",
        help="write the morning report: what the last run made, what failed, what it cost",
        description="Writes one page with a small picture of each take, small enough to mail, into\n"
        "production/film/reports. It can be written after a run that died half way.",
    )
    report.add_argument("--price", type=_usd, metavar="USD", help="what an hour costs (what RunPod says)")
    report.add_argument("--rehearsal", action="store_true", help="of the rehearsal's last run")
    report.add_argument("--send", action="store_true", help="tell the addresses in LTX_NOTIFY as well")
    report.add_argument("--json", action="store_true", help="print one JSON object")
    report.set_defaults(run="pods.report")
    pod = verbs.add_parser(
        "pod",
        help="on RunPod: see whether the pod can be stopped from here, or stop it",
        description="look (or nothing): what RunPod says of this pod, and whether a way to stop it answers;\n"
        "stops nothing. stop: stops it by whichever way works, and keeps trying until RunPod\n"
        "itself says that it has stopped. A stopped pod keeps /workspace and costs storage only.",
    )
    pod.add_argument("what", nargs="?", choices=("look", "stop"), default="look", help="(look)")
    pod.add_argument("--after", type=float, default=30.0, metavar="SECONDS", help="time to think again (30)")
    pod.add_argument("--json", action="store_true", help="print one JSON object a line")
    pod.set_defaults(run="pods.pod")
