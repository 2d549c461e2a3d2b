"""One look after the other at a project's night, for all panels of this kernel that show it.

Whoever began the night, from wherever: what is shown comes from the disk, so a panel that is opened late, in
another kernel or after a restart, shows the same.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable

from ltxlib.store.project import Project
from ltxlib.studio.watching import NightView, look
from ltxlib.ui.job import Outcome

EVERY_S = 0.5
# By day there is nothing to see but whether a night has begun.
AT_REST_S = 2.0

See = Callable[[NightView], None]


class Watch:
    """A thread that looks for as long as somebody wants to see; those that are gone are forgotten."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._lock = threading.Lock()
        self._soon = threading.Event()
        self._seers: list[weakref.WeakMethod[See]] = []
        self._thread: threading.Thread | None = None

    def add(self, see: See) -> None:
        """Call this bound method with each look, on the watch's thread. It is held weakly."""
        with self._lock:
            self._seers.append(weakref.WeakMethod(see))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="ltx-night-watch", daemon=True)
                self._thread.start()
        self.look_soon()

    def look_soon(self) -> None:
        """Do not wait for the next look: something has been ordered or begun."""
        self._soon.set()

    def _run(self) -> None:
        while (running := self._tell()) is not None:
            self._soon.wait(EVERY_S if running else AT_REST_S)
            self._soon.clear()

    def _tell(self) -> bool | None:
        """Look once and tell everybody; says whether a night runs, None when nobody is left to be told."""
        with self._lock:
            self._seers = [one for one in self._seers if one() is not None]
            seers = list(self._seers)
            if not seers:
                self._thread = None
                return None
        view = look(self._project)
        for one in seers:
            see = one()
            # One panel that stumbles must not blind the others.
            with Outcome():
                if see is not None:
                    see(view)
        return view.running


_WATCHES: dict[Project, Watch] = {}
_WATCHES_LOCK = threading.Lock()


def watch(project: Project) -> Watch:
    """This kernel's watch over the project's night."""
    with _WATCHES_LOCK:
        return _WATCHES.setdefault(project, Watch(project))
