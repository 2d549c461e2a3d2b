"""The verb `packs` and its help; light."""

from __future__ import annotations

from typing import Any


def packs_verb(verbs: Any) -> None:
    """Adds `packs`."""
    packs = verbs.add_parser(
        "packs",
        help="on the pod: node packs that your scenes need; ComfyUI stays whole",
        description="Says which node packs the enabled scenes need and whether ComfyUI imported them. The\n"
        "kit installs only packs it was tried with, at one commit, never a torch; what is there stays\n"
        "as it is. ComfyUI is started again, and if it does not import the pack, all is put back.",
    )
    packs.add_argument("name", nargs="?", metavar="NAME", help="a pack (ComfyUI-LTXVideo)")
    packs.add_argument("--install", action="store_true", help="install it; not while a batch renders")
    packs.add_argument("--remove", action="store_true", help="take out what the kit installed")
    packs.add_argument(
        "--anyway",
        action="store_true",
        help="with a ComfyUI it is not proven with, too; what fails is undone",
    )
    packs.add_argument("--commit", metavar="SHA", default="", help="another commit than the proven one")
    packs.add_argument("--json", action="store_true", help="print one JSON object")
    packs.set_defaults(run="packs.packs")
