"""Leaving a pod: what would be lost, what is in the way, and the stop itself with every answer told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from ltxlib.errors import PodError
from ltxlib.pod.here import PodHere, this_pod
from ltxlib.pod.machine import Volume, volume_of
from ltxlib.pod.runpod_api import RunPodApi
from ltxlib.pod.stopping import VERIFY_S, Attempt, StopReport, stop_for_good
from ltxlib.pod.webhook import Note, addresses, send
from ltxlib.store.project import Project
from ltxlib.studio.taking_home import Left, left
from ltxlib.studio.watching import is_held
from ltxlib.studio.watching import look as look_at_night

PAGE = "https://console.runpod.io/pods"


@dataclass(frozen=True)
class Leave:
    """What stands before a stop. pod: None on any other machine. left: of the real film, not of rehearsals.

    busy: why the pod is not to be stopped at this moment, empty when it may be.
    """

    pod: PodHere | None
    left: Left
    volume: Volume | None
    busy: str


def look(project: Project) -> Leave:
    """Look at all of it; changes nothing and asks nobody."""
    return Leave(this_pod(), left(project.set(rehearsal=False)), volume_of(project.root), busy(project))


def busy(project: Project) -> str:
    """What is at work that a stop would cut off, in a sentence; empty when nothing is."""
    if is_held(project.copying.path):
        return "Files are being copied off this pod. Wait until that is done."
    if look_at_night(project).running:
        return "The night is running. End it in notebook 02, or let it stop the pod by itself."
    shelves = (project.set(rehearsal=rehearsal) for rehearsal in (False, True))
    if any(is_held(shelf.lock.path) for shelf in shelves):
        return "Takes are being rendered. Wait until that is done, or cancel it in notebook 02."
    return ""


def stop(
    project: Project,
    tell: Callable[[Attempt | StopReport], None],
    cancel: threading.Event,
    verify_s: float = VERIFY_S,
) -> StopReport:
    """Stop this pod, and keep trying until RunPod says that it has stopped or somebody calls it off.

    tell: hears of each answer as it comes and of each round; a phone, where one is set up, hears of rounds
    in vain. Raises PodError where there is no pod, and while something is at work.
    """
    pod = this_pod()
    if pod is None:
        raise PodError(
            "This machine is not a RunPod pod, so there is nothing to stop.", cure="Close the page."
        )
    reason = busy(project)
    if reason:
        raise PodError(f"The pod was not stopped. {reason}", cure="Then press it again.")

    def after_each_round(report: StopReport) -> None:
        tell(report)
        if not report.stopped:
            # Whoever pressed it may have closed the page by now.
            send(Note("The pod is still running", report.text, urgent=True), addresses())

    return stop_for_good(
        pod,
        wait=cancel.wait,
        tell=after_each_round,
        api=RunPodApi(pod.api_key),
        verify_s=verify_s,
        tell_each=tell,
    )
