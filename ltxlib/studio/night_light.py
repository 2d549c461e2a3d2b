"""The night's light switch: when all is done and nobody says no, the pod is stopped.

It waits while files are copied away or another batch runs, counts down so that a person can call it off, and
then keeps trying. Each step is told in night.json, in the log and, where it matters, to a phone.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ltxlib.errors import PodError
from ltxlib.pod.here import PodHere, this_pod
from ltxlib.pod.runpod_api import RunPodApi
from ltxlib.pod.stopping import VERIFY_S, StopReport, stop_for_good
from ltxlib.store.project import Project
from ltxlib.studio.night_told import Told
from ltxlib.studio.watching import COUNTDOWN, STOPPING, is_held

LOOK_EVERY_S = 0.5
# After the first rounds that failed, a phone hears of every so many rounds only (of five minutes each).
_NOTES_AT_FIRST, _NOTES_EACH = 3, 6
_KEPT = "The pod is left running, as somebody asked."


def pod_to_stop(*, rehearsal: bool) -> PodHere | None:
    """The pod that a night may stop: this one; of a rehearsal none, unless RunPod itself is a stand-in.

    A rehearsal costs nothing by itself, and whoever rehearses on a pod is about to work on it.
    """
    stand_in = all(
        _on_this_machine(os.environ.get(name, "")) for name in ("LTX_RUNPOD_REST", "LTX_RUNPOD_GRAPHQL")
    )
    return None if rehearsal and not stand_in else this_pod()


def _on_this_machine(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost")


@dataclass
class Light:
    """The switch of one night. countdown_s: how long a person may think again; verify_s: how long an accepted
    stop is given to show.
    """

    project: Project
    told: Told
    countdown_s: float
    verify_s: float = VERIFY_S
    rounds: int = 0
    _never: threading.Event = field(default_factory=threading.Event)

    def turn_off(self) -> bool:
        """Stop the pod; says whether it has stopped. Nothing is raised: what goes wrong is told."""
        pod = pod_to_stop(rehearsal=bool(self.told.facts.get("rehearsal")))
        if pod is None:
            return self._over("There is no pod here to stop.", stopped=False)
        if self._called_off() or not self._count_down():
            self.told.note("The pod is left running", _KEPT)
            return self._over(_KEPT, stopped=False)
        self.told.set(phase=STOPPING, countdown_until=None)
        try:
            api = RunPodApi(pod.api_key)
            report = stop_for_good(pod, wait=self._wait, tell=self._round, api=api, verify_s=self.verify_s)
        except PodError as error:
            self.told.note("THE POD IS STILL RUNNING", str(error), urgent=True)
            return self._over(f"THE POD IS STILL RUNNING and costs money. {error}", stopped=False)
        return report.stopped or self._over(f"{_KEPT} {report.text}", stopped=False)

    def _over(self, text: str, *, stopped: bool) -> bool:
        self.told.log(text)
        self.told.set(countdown_until=None, light={"stopped": stopped, "text": text})
        return stopped

    def _count_down(self) -> bool:
        """Give people time to say no, once nothing is in the way; False when somebody did."""
        while True:
            if not self._until_free():
                return False
            until = time.time() + self.countdown_s
            text = f"The pod is stopped in {self.countdown_s:g} s. ./kit night --keep-pod leaves it running."
            self.told.log(text)
            self.told.set(phase=COUNTDOWN, countdown_until=until, light={"stopped": False, "text": text})
            while time.time() < until and not self._in_the_way():
                if self._pause(min(LOOK_EVERY_S, max(until - time.time(), 0.0))):
                    return False
            if not self._in_the_way():
                return True

    def _until_free(self) -> bool:
        """Wait while something is in the way; False when somebody wants the pod to stay."""
        before = ""
        while reason := self._in_the_way():
            if reason != before:
                self.told.log(reason)
                self.told.set(phase=COUNTDOWN, countdown_until=None, light={"stopped": False, "text": reason})
                before = reason
            if self._pause(LOOK_EVERY_S):
                return False
        return True

    def _in_the_way(self) -> str:
        """Why the pod must not be stopped at this moment; empty when it may."""
        if is_held(self.project.copying.path):
            return "The pod is stopped as soon as the copying of files is done."
        shelves = (self.project.set(rehearsal=rehearsal) for rehearsal in (False, True))
        if any(is_held(shelf.lock.path) for shelf in shelves):
            return "The pod is stopped as soon as the other batch that runs here has ended."
        return ""

    def _called_off(self) -> bool:
        return self.told.night.read_orders().keep_pod

    def _pause(self, seconds: float) -> bool:
        """Wait so long; True as soon as somebody wants the pod to stay."""
        until = time.monotonic() + seconds
        while not self._called_off():
            left = until - time.monotonic()
            if left <= 0:
                return False
            self._never.wait(min(left, LOOK_EVERY_S))
        return True

    def _wait(self, seconds: float) -> bool:
        """Between two tries: the pause itself, and for as long as something is in the way again."""
        if self._pause(seconds):
            return True
        if not self._in_the_way():
            return False
        called_off = not self._until_free()
        self.told.set(phase=STOPPING)
        return called_off

    def _round(self, report: StopReport) -> None:
        """Tell what came of one round of tries."""
        self.rounds += 1
        for attempt in report.attempts:
            self.told.log(f"{'yes' if attempt.accepted else 'no '}  {attempt.way}: {attempt.said}")
        self._over(report.text, stopped=report.stopped)
        if report.stopped:
            self.told.note("The pod is stopped", report.text)
        elif self.rounds <= _NOTES_AT_FIRST or self.rounds % _NOTES_EACH == 0:
            text = f"{report.text} It is tried again and again; look on RunPod's page."
            self.told.note("THE POD IS STILL RUNNING", text, urgent=True)
