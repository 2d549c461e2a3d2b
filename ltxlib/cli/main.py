"""The command line: parse, call one service, print. Errors become a sentence and a cure here."""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from ltxlib import __version__
from ltxlib.cli import film, graphs, tools
from ltxlib.errors import BadInput, Cancelled, ComfyError, FfmpegMissing, LtxlibError, ProjectBusy

OK, FAILED, NOT_STARTED, STOPPED = 0, 1, 2, 130

EXIT_CODES = """exit codes:
  0    all is well
  1    problems were found, or some takes could not be made
  2    nothing could start (no server, no project, another run is busy)
  130  stopped by you"""

_ABOUT = "Calm films with LTX-2 and ComfyUI: from scenes.csv to a finished film."
_AFTER = f"""./kit test runs every test.  ./kit VERB --help says more.

{EXIT_CODES}"""


def parser() -> argparse.ArgumentParser:
    """The whole command line, one verb a service."""
    top = argparse.ArgumentParser(
        prog="kit", description=_ABOUT, epilog=_AFTER, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    top.add_argument("--version", action="version", version=f"ltxlib {__version__}")
    verbs = top.add_subparsers(title="verbs", metavar="VERB", dest="verb")
    for module in (film, tools, graphs):
        module.add_verbs(verbs)
    for verb in verbs.choices.values():
        verb.formatter_class = argparse.RawDescriptionHelpFormatter
        verb.epilog = EXIT_CODES
        verb.add_argument(
            "--project", type=Path, default=None, metavar="DIR", help="the kit's folder (found by itself)"
        )
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and give its exit code."""
    top = parser()
    arguments = top.parse_args(argv)
    if not arguments.verb:
        top.print_help()
        return OK
    try:
        return arguments.run(arguments)
    except LtxlibError as error:
        _say(error, as_json=getattr(arguments, "json", False))
        return _code(error)
    except KeyboardInterrupt:
        print("Stopped. What was finished is kept; run it again to go on.", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        # The reader of our output (head, less) has gone; that is its right.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def _code(error: LtxlibError) -> int:
    if isinstance(error, Cancelled):
        return STOPPED
    return NOT_STARTED if isinstance(error, (ComfyError, ProjectBusy, FfmpegMissing)) else FAILED


def _say(error: LtxlibError, *, as_json: bool) -> None:
    if os.environ.get("LTX_DEBUG"):
        traceback.print_exception(error)
    if as_json:
        problems = [str(problem) for problem in getattr(error, "problems", ())]
        print(
            json.dumps(
                {
                    "error": type(error).__name__,
                    "message": error.message,
                    "cure": error.cure,
                    "problems": problems,
                }
            )
        )
        return
    if isinstance(error, BadInput) and error.problems:
        print("\n".join(map(str, error.problems)), file=sys.stderr)
        print(f"\n{error.message} {error.cure}", file=sys.stderr)
        return
    print(str(error), file=sys.stderr)
