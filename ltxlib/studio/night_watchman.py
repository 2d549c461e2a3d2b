"""The watchman: a process of its own that waits for the end of the night's and steps in when it died.

It waits at the night's lock, which the system lets go however the process ends. A night that came to its end
has said so, and then the watchman leaves in silence.
"""

from __future__ import annotations

import os
import signal
import time

from ltxlib.core.status import NOTHING_STARTED, SOME_FAILED
from ltxlib.store.night_files import NightFolder, night_folder, read_status
from ltxlib.store.project import Project
from ltxlib.studio import night_kernels
from ltxlib.studio.night_end import Ending, finish
from ltxlib.studio.night_light import Light
from ltxlib.studio.night_options import NightOptions
from ltxlib.studio.night_told import Told
from ltxlib.studio.watching import COUNTDOWN, ENDED, PHASES, STOPPING

# A kernel sees within a second or two that its night is gone, and ends.
KERNELS_END_S = 10.0


def watch_over(project: Project, night_id: str) -> int:
    """Wait for the end of a night; when it died, tell people and switch the light off in its place."""
    night = night_folder(project)
    with night.lock.awaited():
        facts = night.read()
        if facts.get("id") != night_id or facts.get("phase") == ENDED:
            return 0
        told = Told(night, facts)
        told.log(f"==== the night's process {facts.get('process')} died; its watchman {os.getpid()} goes on")
        told.set(process=os.getpid(), watchman=True)
        _end_kernels(night)
        if facts.get("phase") in (COUNTDOWN, STOPPING):
            return _only_the_light(project, told)
        return finish(project, told, _ending(project, told))


def _ending(project: Project, told: Told) -> Ending:
    facts = told.facts
    if facts.get("exit_code") is not None:
        return Ending(int(facts["exit_code"]), str(facts.get("says") or ""), urgent=True)
    status = read_status(project.set(rehearsal=bool(facts.get("rehearsal"))))
    if status and status.at < facts["began"]:
        status = None
    there = status.there + status.made if status else 0
    doing = PHASES.get(str(facts.get("phase")), str(facts.get("phase")))
    says = f"The night was cut off while {doing}."
    says += f" {there} of {status.takes} takes are there." if status else ""
    says += " Start it again: it goes on from here."
    return Ending(SOME_FAILED if there else NOTHING_STARTED, says, urgent=True)


def _only_the_light(project: Project, told: Told) -> int:
    """The night had all done and told; what is left is to stop the pod."""
    options = NightOptions.from_json(told.facts.get("options") or {})
    text = f"The pod is to be stopped all the same, in {options.countdown_s:g} s."
    told.note("The night's process died before the pod was stopped", text, urgent=True)
    Light(project, told, options.countdown_s).turn_off()
    told.set(phase=ENDED, ended_at=time.time(), countdown_until=None)
    return int(told.facts.get("exit_code") or 0)


def _end_kernels(night: NightFolder) -> None:
    """Kernels of a dead night end by themselves; one that does not is ended."""
    until = time.monotonic() + KERNELS_END_S
    while night_kernels.kernels(night) and time.monotonic() < until:
        time.sleep(0.1)
    night_kernels.tell(night, signal.SIGKILL)
