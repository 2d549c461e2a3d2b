"""The verbs of the rented machine and of the morning after: pod, report."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from ltxlib.cli.film import cancel_on_signals
from ltxlib.core.figures import last_run
from ltxlib.core.report_page import headline
from ltxlib.errors import PodError, StoreError
from ltxlib.pod.here import PodHere, this_pod
from ltxlib.pod.runpod_api import RunPodApi
from ltxlib.pod.stopping import StopReport, prove, stop_for_good
from ltxlib.pod.webhook import Note, addresses, send
from ltxlib.store.project import find_project
from ltxlib.studio.price import hourly_price
from ltxlib.studio.report import write_report
from ltxlib.studio.taking_home import left


def pod(arguments: argparse.Namespace) -> int:
    """Say what is known of this pod, or stop it; 0 when a way to stop it answers, or when it has stopped."""
    here = this_pod()
    if here is None:
        raise PodError(
            "This machine is not a RunPod pod, so there is nothing to stop.",
            cure="Run this in a terminal on the pod.",
        )
    return _stop(here, arguments) if arguments.what == "stop" else _look(here, arguments)


def _look(here: PodHere, arguments: argparse.Namespace) -> int:
    balance = RunPodApi(here.api_key).balance_usd()
    proofs = prove(here)
    if arguments.json:
        lines = [asdict(line) for line in proofs]
        print(
            json.dumps({"pod": here.pod_id, "gpus": here.gpu_count, "balance_usd": balance, "proofs": lines})
        )
        return 0 if proofs[-1].good else 1
    cards = "" if here.gpu_count is None else f", graphics cards: {here.gpu_count}"
    print(f"Pod {here.pod_id}{cards}" + ("" if balance is None else f", on the account: ${balance:.2f}"))
    if here.gpu_count == 0:
        print("It came back WITHOUT a graphics card: nothing can be rendered. Stop it and start it again.")
    for line in proofs:
        print(f"  {'ok ' if line.good else 'NO '} {line.what}: {line.seen}")
    _say_what_is_left(arguments)
    return 0 if proofs[-1].good else 1


def _stop(here: PodHere, arguments: argparse.Namespace) -> int:
    def tell(report: StopReport) -> None:
        if arguments.json:
            print(json.dumps(asdict(report)), flush=True)
            return
        for attempt in report.attempts:
            print(f"  {'yes' if attempt.accepted else 'no '}  {attempt.way}: {attempt.said}")
        print(report.text, flush=True)
        if not report.stopped:
            send(Note("The pod is still running", report.text, urgent=True), addresses())

    with cancel_on_signals() as cancel:
        if not arguments.json:
            _say_what_is_left(arguments)
        if arguments.after and not arguments.json:
            print(f"The pod {here.pod_id} is stopped in {arguments.after:g} s; Ctrl-C leaves it running.")
        if cancel.wait(arguments.after):
            print("Left running.")
            return 130
        report = stop_for_good(here, wait=cancel.wait, tell=tell)
    return 0 if report.stopped else 1


def _say_what_is_left(arguments: argparse.Namespace) -> None:
    """How much lies only on this pod; a stopped pod keeps it, a terminated one does not."""
    try:
        found = left(find_project(arguments.project).set(rehearsal=False))
    except StoreError:
        return
    if found.goods:
        print(f"{found.says} A stopped pod keeps them, a terminated one does not: ./kit home")


def report(arguments: argparse.Namespace) -> int:
    """Write the morning report of the last run and say where it lies."""
    shelf = find_project(arguments.project).set(rehearsal=arguments.rehearsal)
    path = write_report(shelf, hourly_price(arguments.price))
    figures = last_run(shelf.journal)
    if path is None or figures is None:
        other = "" if arguments.rehearsal else " (--rehearsal reports on the rehearsal)"
        raise StoreError(f"Nothing has been rendered yet{other}.", cure="Run ./kit batch first.")
    said = headline(figures)
    told = send(Note(said, f"The report: {path}"), addresses()) if arguments.send else ()
    if arguments.json:
        facts = {"report": str(path), "made": len(figures.made), "failed": len(figures.failed)}
        print(json.dumps({**facts, "told": [asdict(one) for one in told]}))
        return 0
    print(f"{said}\nThe report: {path}")
    for one in told:
        print(f"Told {one.host}." if not one.fault else f"NOT told {one.host}: {one.fault}")
    return 0
