"""The verb loop and its help; as light as `verbs`, which lists it."""

from __future__ import annotations

from typing import Any


def loop_verb(verbs: Any) -> None:
    """Adds `loop`."""
    loop = verbs.add_parser(
        "loop",
        help="tell how well a take loops, where its best seam is, and what to do",
        description="Looks at picture and sound of a take and gives a score of 0 to 100, the best in and\n"
        "out points, and whether to loop it as it is, by a crossfade, or to make a living loop instead.\n"
        "Changes nothing. Exit code 1: it should not be looped.",
    )
    loop.add_argument("scene", metavar="SCENE", help="the scene's name")
    loop.add_argument(
        "take", nargs="?", metavar="TAKE", help="its number or id (the kept one, else the newest)"
    )
    loop.add_argument("--preview", action="store_true", help="write a short clip of the seam")
    loop.add_argument("--rehearsal", action="store_true", help="of the rehearsal's takes")
    loop.add_argument("--json", action="store_true", help="print one JSON object")
    loop.set_defaults(run="loops.loop")
