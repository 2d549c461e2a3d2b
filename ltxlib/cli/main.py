"""The command line: parse, call one service, print. Errors become a sentence and a cure here."""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from collections.abc import Sequence

from ltxlib.cli.verbs import parser
from ltxlib.errors import (
    BadInput,
    Cancelled,
    ComfyError,
    FfmpegMissing,
    LtxlibError,
    PodError,
    ProjectBusy,
)

OK, FAILED, NOT_STARTED, STOPPED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and give its exit code."""
    top = parser()
    arguments = top.parse_args(argv)
    if not arguments.verb:
        top.print_help()
        return OK
    module, function = arguments.run.split(".")
    try:
        return getattr(importlib.import_module(f"ltxlib.cli.{module}"), function)(arguments)
    except LtxlibError as error:
        _say(error, as_json=getattr(arguments, "json", False))
        # A night that could not start is 2 whatever the reason, as papermill and cron are told.
        return NOT_STARTED if arguments.verb == "night" else _code(error)
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
    return NOT_STARTED if isinstance(error, ComfyError | ProjectBusy | FfmpegMissing | PodError) else FAILED


def _say(error: LtxlibError, *, as_json: bool) -> None:
    if os.environ.get("LTX_DEBUG"):
        traceback.print_exception(error)
    problems = [str(problem) for problem in getattr(error, "problems", ())]
    if as_json:
        said = {"error": type(error).__name__, "message": error.message, "cure": error.cure}
        print(json.dumps({**said, "problems": problems}))
    elif isinstance(error, BadInput) and problems:
        print("\n".join(problems), file=sys.stderr)
        print(f"\n{error.message} {error.cure}", file=sys.stderr)
    else:
        print(str(error), file=sys.stderr)
