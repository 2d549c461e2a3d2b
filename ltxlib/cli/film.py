"""The verbs that make a film: rehearse, batch (and what assemble says of one)."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ltxlib.cli import words
from ltxlib.core.plan import Estimate, estimate
from ltxlib.store.project import Shelf, find_project
from ltxlib.studio import assemble as assembling
from ltxlib.studio import events, night, rehearsing
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.drafts import with_picks
from ltxlib.studio.job import job_for


def batch(arguments: argparse.Namespace) -> int:
    """Render what scenes.csv asks for; 0 when every take is there, 1 when some failed."""
    project = find_project(arguments.project)
    checked = check_project(project, arguments.scenes)
    if checked.again is None:
        # Where scenes start from takes, the server says which takes count: job_for checks again with it.
        checked.or_raise()
    connection = connect(project)
    job = job_for(project, connection, with_picks(checked, connection.shelf))
    if connection.rehearsal and not arguments.json:
        print("REHEARSAL: these clips are stand-ins.", flush=True)
    failed = 0
    with cancel_on_signals() as cancel:
        for event in run_batch(job, cancel):
            line = json.dumps(words.event_facts(event)) if arguments.json else words.event_line(event)
            if line:
                print(line, flush=True)
            if isinstance(event, events.BatchEnded):
                failed = 130 if event.cancelled else event.exit_code
    return failed


@contextmanager
def cancel_on_signals() -> Iterator[threading.Event]:
    """An Event that Ctrl-C and a polite kill set, so that work ends cleanly; a second one ends it at once."""
    cancel = threading.Event()

    def ask(number: int, frame: object) -> None:
        if cancel.is_set():
            raise KeyboardInterrupt
        print("Stopping after this moment's work; press Ctrl-C again to stop at once.", file=sys.stderr)
        cancel.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield cancel
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def film_lines(film: assembling.Film) -> list[str]:
    """Where a master is and what it is, for a person."""
    facts = film.facts
    loudness = facts.get("integrated_lufs")
    sound = (
        f"{loudness:.1f} LUFS, peak {facts['true_peak_dbtp']:.1f} dBTP"
        if loudness is not None
        else "no sound"
    )
    size = f"{facts['width_px']}x{facts['height_px']}"
    return [
        f"The film: {film.path}",
        f"          {film.duration_s:.2f} s, {film.frames} frames, {size}, {sound}",
        *(f"          {note}" for note in facts.get("notes", [])),
        *([f"          what was looked at: {film.certificate.name}"] if film.certificate else []),
    ]


def rehearse(arguments: argparse.Namespace) -> int:
    """Run the four notebooks against the rehearsal and say where the film is."""
    project = find_project(arguments.project)
    began = time.monotonic()
    checked = check_project(project, shelf=project.set(rehearsal=True)).or_raise()
    say = _quiet if arguments.json else _aloud
    running = rehearsing.start(project, lasting=False)
    say(f"REHEARSAL: a stand-in for ComfyUI answers at {running.url}; no GPU, no cost.")
    shelf = project.set(rehearsal=True)
    watch = _Watch(shelf, say)
    try:
        listeners = night.Listeners(watch.step, watch.tick)
        steps = night.run_notebooks(project, shelf, {"LTX_COMFY_URL": running.url}, listeners)
    finally:
        if not running.lasting:
            rehearsing.stop(project)
    summary = {
        "seconds": round(time.monotonic() - began, 1),
        "notebooks_s": {step.name: round(step.seconds, 1) for step in steps},
        "made": watch.made,
        "failed": watch.failed,
        "rendered_s": round(watch.rendered_s, 1),
    }
    _report(assembling.masters(shelf)[0], summary, estimate(list(checked.plans)), as_json=arguments.json)
    return min(watch.failed, 1)


def _report(master: Path, summary: dict[str, Any], pod: Estimate, *, as_json: bool) -> None:
    """Where the film is, how long it lasts, where the time went, and what a pod would take."""
    facts = json.loads(master.with_suffix(".json").read_text("utf-8"))
    if as_json:
        low_s, high_s = (round(pod.low_s), round(pod.high_s)) if pod.known else (None, None)
        pod_s = {"pod_low_s": low_s, "pod_high_s": high_s}
        film = {"master": str(master), "duration_s": facts["duration_s"], "frames": facts["frames"]}
        print(json.dumps({**film, **summary, **pod_s}))
        return
    film = assembling.Film(master, facts["frames"], facts["duration_s"], facts, reused=False)
    where = ", ".join(f"{name} {words.span(seconds)}" for name, seconds in summary["notebooks_s"].items())
    rendering = words.span(summary["rendered_s"])
    print("\n".join(["", *film_lines(film)]))
    print(f"It took {words.span(summary['seconds'])}: {where}; {rendering} of it was rendering.")
    print(f"On a pod the same night would take {words.pod_time(pod)}.")


class _Watch:
    """Tells a person what the notebooks do, from what they write into the journal."""

    _TITLES = {  # noqa: RUF012 (a constant table)
        "01_setup": "looking at what is there",
        "02_generate": "rendering the scenes",
        "03_review": "looking through the takes",
        "04_assemble": "making the film",
    }

    def __init__(self, shelf: Shelf, say: Any) -> None:
        self.shelf, self.say = shelf, say
        self.seen = sum(1 for _ in shelf.journal)
        self.made = self.failed = 0
        self.rendered_s = 0.0

    def step(self, name: str) -> None:
        """A notebook begins."""
        self.say(f"{name}: {self._TITLES[name]}")

    def tick(self) -> None:
        """Say what the journal says since the last time."""
        for place, entry in enumerate(self.shelf.journal):
            if place < self.seen:
                continue
            self.seen = place + 1
            if entry["event"] == "saved":
                self.made += 1
                self.rendered_s += float(entry.get("render_s", 0))
                self.say(f"  made {entry['scene']} ({self.made})")
            elif entry["event"] == "failed":
                self.failed += 1
                self.say(f"  FAILED {entry['scene']}: {entry['reason']} {entry['cure']}")


def _aloud(line: str) -> None:
    print(line, flush=True)


def _quiet(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
