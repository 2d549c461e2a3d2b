"""The verbs of the machine (`doctor`, `models`, `comfyui`, `update`, `home`) and their help; light."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def models_verb(verbs: Any) -> None:
    """Adds `models`."""
    models = verbs.add_parser(
        "models",
        help="see which model files are here, how much is missing, and fetch it",
        description="Names are presets (./kit plan --presets) or models (./kit plan --models); none: the\n"
        "standard preset. Says size, time and room; fetches nothing without --fetch. A download\n"
        "that was stopped, however, goes on where it was. For gated files put your token into HF_TOKEN.",
    )
    models.add_argument("names", nargs="*", metavar="NAME", help="presets or models")
    models.add_argument(
        "--camera", action="append", metavar="MOVE", help="with the LoRA of this camera move (static)"
    )
    models.add_argument("--fetch", action="store_true", help="fetch what is missing, move what lies wrong")
    models.add_argument("--verify", action="store_true", help="read every file and compare its SHA-256")
    models.add_argument("--to", type=Path, metavar="DIR", help="another models/ folder than ComfyUI's")
    models.add_argument("--json", action="store_true", help="print one JSON object")
    models.set_defaults(run="models.models")


def doctor_verb(verbs: Any) -> None:
    """Adds `doctor`."""
    doctor = verbs.add_parser(
        "doctor",
        help="look at the whole machine: card, disk, Jupyter, ComfyUI, models, open doors",
        description="Each line is green, amber or red, with one sentence and one cure. Looking changes\n"
        "nothing. Exit code 1 when a line is red. --cure does what the kit can do about a line itself,\n"
        "as the line says; never anything that costs money, and nothing is deleted without --yes.",
    )
    doctor.add_argument("--cure", metavar="NAME", help="do what a line names instead of looking")
    doctor.add_argument("--yes", action="store_true", help="with --cure: go on where it asks first")
    doctor.add_argument("--support", action="store_true", help="print a text for somebody who helps you")
    doctor.add_argument("--json", action="store_true", help="print one JSON object")
    doctor.set_defaults(run="models.doctor")


def comfyui_verb(verbs: Any) -> None:
    """Adds `comfyui`."""
    comfyui = verbs.add_parser(
        "comfyui",
        help="on the pod: start ComfyUI, stop it, see its log, put the workflows into its list",
        description="status (or nothing): how it is, and its address. start, restart: as its template does,\n"
        "and wait until it answers. log: the last lines. free: have it drop its models from memory.\n"
        "workflows: show the project's workflows in ComfyUI's own list; what is saved there is used here.",
    )
    what = ("status", "start", "stop", "restart", "log", "free", "workflows")
    comfyui.add_argument("what", nargs="?", choices=what, default="status", help="(status)")
    comfyui.add_argument("--json", action="store_true", help="print one JSON object")
    comfyui.set_defaults(run="comfyui.comfyui")


def update_verb(verbs: Any) -> None:
    """Adds `update`."""
    update = verbs.add_parser(
        "update",
        help="bring the kit forward; your scenes, prompts, films and workflows stay as they are",
        description="Says what is new and what of yours it would touch. With --go it does it: forward only,\n"
        "and what you made or changed stays. Not while a batch or a night runs.",
    )
    update.add_argument("--go", action="store_true", help="do it")
    update.add_argument("--json", action="store_true", help="print one JSON object")
    update.set_defaults(run="updating.update")


def home_verb(verbs: Any) -> None:
    """Adds `home`."""
    home = verbs.add_parser(
        "home",
        help="take films and takes home: what is not copied off yet, a ZIP, or rclone",
        description="Says what lies only here. keepers: films and kept takes, with their records. films:\n"
        "films alone. all: undecided takes too. What was copied before is left out.",
    )
    home.add_argument(
        "what", nargs="?", choices=("keepers", "films", "all"), default="keepers", help="(keepers)"
    )
    home.add_argument("--zip", action="store_true", help="write a ZIP into production/film/to-take-home")
    home.add_argument("--to", metavar="REMOTE", help="copy with rclone, such as drive:films (LTX_RCLONE)")
    home.add_argument("--have", action="store_true", help="say that they arrived at your place")
    home.add_argument("--again", action="store_true", help="what was copied before, too")
    home.add_argument("--rehearsal", action="store_true", help="the rehearsal's")
    home.add_argument("--json", action="store_true", help="print one JSON object")
    home.set_defaults(run="home.home")
