"""The verb night: look ahead, start the night's process, then watch it; or watch, end, or keep the pod."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from typing import Any

from ltxlib.cli import words
from ltxlib.core.status import NOTHING_STARTED
from ltxlib.errors import StoreError
from ltxlib.store.night_files import AFTER_TAKE, NOW
from ltxlib.store.project import Project, find_project
from ltxlib.studio import night_start
from ltxlib.studio.night_light import pod_to_stop
from ltxlib.studio.night_options import NightOptions, clock_words, next_clock
from ltxlib.studio.night_process import Launch, run_night, without_secrets
from ltxlib.studio.night_watchman import watch_over
from ltxlib.studio.watching import COUNTDOWN, PHASES, NightView, look, order

LOOK_EVERY_S = 0.5
SIGN_OF_LIFE_S = 60.0
WATCHMAN_S = 3.0
STOPPED_WATCHING = 130
_GOES_ON = (
    "You stopped watching; the night goes on. ./kit night --watch shows it again, --cancel ends it after the "
    "take it renders, --cancel-now ends it at once."
)


def night(arguments: argparse.Namespace) -> int:
    """Start a night and watch it to its end, or do what is asked of the one that runs."""
    project = find_project(arguments.project)
    if arguments.inside is not None or arguments.watchman is not None:
        return _inside(project, arguments)
    if arguments.cancel or arguments.cancel_now or arguments.keep_pod:
        return _order(project, arguments)
    if not arguments.watch:
        options = _options(arguments)
        ready = night_start.prepare(project, options)
        say = _quiet if arguments.json else _aloud
        say(ready.found.text())
        if not ready.good:
            night_start.call_off(project, ready.launch)
            if arguments.json:
                print(json.dumps({"started": False, "preflight": ready.found.to_json()}))
            return NOTHING_STARTED
        for line in _plan(options, ready.launch.rehearsal):
            say(line)
        night_start.begin(project, ready.launch)
        say("The night has begun. Ctrl-C stops watching, not the night.")
    return _watch(project, as_json=arguments.json)


def _inside(project: Project, arguments: argparse.Namespace) -> int:
    """Be the night's process, or its watchman's."""
    sys.excepthook = without_secrets
    if arguments.watchman is not None:
        return watch_over(project, arguments.watchman)
    return run_night(project, Launch.from_json(json.loads(arguments.inside)))


def _options(arguments: argparse.Namespace) -> NightOptions:
    return NightOptions(
        assemble=arguments.assemble,
        budget_usd=arguments.budget,
        until=next_clock(arguments.until) if arguments.until else None,
        stop_pod=arguments.stop_pod,
        price_usd=arguments.price,
        countdown_s=arguments.countdown,
        ladder=not arguments.no_ladder,
        rehearsal=arguments.rehearsal,
    )


def _plan(options: NightOptions, rehearsal: bool) -> list[str]:
    """What was chosen, as sentences."""
    lines = []
    if options.until is not None:
        left = words.span(options.until - time.time())
        lines.append(f"It ends at {clock_words(options.until)}, by this machine's clock: in {left}.")
    if options.budget_usd is not None:
        lines.append(f"It ends when it has cost ${options.budget_usd:.2f}.")
    if options.assemble:
        lines.append("At the end it makes the film.")
    if options.stop_pod and pod_to_stop(rehearsal=rehearsal) is None:
        lines.append("A rehearsal stops no pod: whoever rehearses is about to work on it.")
    elif options.stop_pod:
        lines.append(f"At the end it stops the pod, after {words.span(options.countdown_s)} to say no.")
    return lines


def _order(project: Project, arguments: argparse.Namespace) -> int:
    """Tell the running night something."""
    end = NOW if arguments.cancel_now else AFTER_TAKE if arguments.cancel else ""
    ordered = order(project, end=end, keep_pod=True if arguments.keep_pod else None)
    said = {AFTER_TAKE: "The night ends after the take that is rendered now.", NOW: "The night is ended now."}
    lines = [said[ordered.end]] if end else []
    lines += ["The pod is left running."] if arguments.keep_pod else []
    print(json.dumps(asdict(ordered)) if arguments.json else "\n".join(lines))
    return 0


def _watch(project: Project, *, as_json: bool) -> int:
    """Follow the night to its end; gives its exit code, or 130 when the person stops watching."""
    view = look(project)
    if not view.there:
        raise StoreError("There was no night yet.", cure="Start one with ./kit night.")
    lines = _Lines()
    try:
        while view.running:
            for line in lines.of(view):
                _quiet(line) if as_json else _aloud(line)
            time.sleep(LOOK_EVERY_S)
            view = _settled(project)
    except KeyboardInterrupt:
        print(f"\n{_GOES_ON}", file=sys.stderr)
        return STOPPED_WATCHING
    if as_json:
        print(json.dumps(facts(view)))
    else:
        print("\n".join(_end(view)), flush=True)
    return NOTHING_STARTED if view.exit_code is None else view.exit_code


def _settled(project: Project) -> NightView:
    """A look at the night; when its process has just died, its watchman is given a moment to step in."""
    until = time.monotonic() + WATCHMAN_S
    while (view := look(project)).died and time.monotonic() < until:
        time.sleep(0.1)
    return view


class _Lines:
    """What is new since the last look, in few lines; a sign of life every minute."""

    def __init__(self) -> None:
        self._phase = self._last = self._waiting = ""
        self._spoke_s = time.monotonic()

    def of(self, view: NightView) -> list[str]:
        """The lines worth saying of this look."""
        lines = []
        if view.phase and view.phase != self._phase:
            self._phase = view.phase
            lines.append(f"{time.strftime('%H:%M')}  {PHASES.get(view.phase, view.phase)}")
            if view.phase == COUNTDOWN:
                lines.append("       ./kit night --keep-pod leaves the pod running")
        batch = view.batch
        if batch and batch.last and batch.last != self._last:
            self._last = batch.last
            lines.append(f"       {batch.last} ({_figures(view)})")
        if batch and batch.waiting_for != self._waiting:
            self._waiting = batch.waiting_for
            lines += [f"       waiting: {batch.waiting_for}"] if batch.waiting_for else []
        if not lines and time.monotonic() - self._spoke_s >= SIGN_OF_LIFE_S:
            lines.append(f"       {_now(view)} ({_figures(view)})")
        if lines:
            self._spoke_s = time.monotonic()
        return lines


def _now(view: NightView) -> str:
    batch = view.batch
    if batch is None or not batch.now:
        return PHASES.get(view.phase, "starting")
    one = batch.now[0]
    step = f", step {one.step} of {one.steps}" if one.steps else ""
    return f"{one.scene}, take {one.take_no}{step}"


def _figures(view: NightView) -> str:
    parts = []
    if view.batch and view.batch.takes:
        parts.append(f"{view.batch.there + view.batch.made} of {view.batch.takes}")
        parts += [f"{view.batch.failed} failed"] if view.batch.failed else []
    parts += [f"about {words.span(view.left_s)} left"] if view.left_s else []
    parts += [f"${view.spent_usd:.2f} so far"] if view.spent_usd is not None else []
    return ", ".join(parts) or f"{words.span(view.elapsed_s)} so far"


def _end(view: NightView) -> list[str]:
    mark = "REHEARSAL: " if view.rehearsal else ""
    cost = f", ${view.spent_usd:.2f} at ${view.usd_per_hour:g} an hour" if view.spent_usd is not None else ""
    lines = ["", f"{mark}{view.told}", f"It took {words.span(view.elapsed_s)}{cost}."]
    lines += [f"The report: {view.report}"] if view.report else []
    lines += [str(view.light["text"])] if view.light.get("text") else []
    return lines


def facts(view: NightView) -> dict[str, Any]:
    """A look at the night as one JSON object, for machines."""
    plain = {name: value for name, value in vars(view).items() if isinstance(value, (str, int, float, bool))}
    paths = {name: str(getattr(view, name) or "") for name in ("notebook", "report", "log")}
    batch = view.batch.to_json() if view.batch else None
    return {**plain, **paths, "exit_code": view.exit_code, "batch": batch, "light": dict(view.light)}


def _aloud(line: str) -> None:
    print(line, flush=True)


def _quiet(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
