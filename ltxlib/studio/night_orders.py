"""Orders, heard while a notebook runs: the batch obeys by itself, any other notebook is interrupted here."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from ltxlib.store.night_files import NOW, NightFolder
from ltxlib.studio import night_kernels
from ltxlib.studio.watching import add_order

TICK_S = 0.5
# How long a batch may take to obey "now" by itself, how often a kernel is asked to end, and for how long.
OBEY_S = 45.0
ASK_EVERY_S = 3.0
END_S = 20.0


@contextmanager
def heard(night: NightFolder, on_tick: Callable[[], None], obeys_s: float = 0.0) -> Iterator[None]:
    """While the block runs, "now" ends the notebook, kindly first; on_tick is called about twice a second.

    obeys_s: how long the notebook is given to obey by itself.
    """
    ended = threading.Event()
    thread = threading.Thread(
        target=_listen, args=(night, on_tick, obeys_s, ended), name="night-orders", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _listen(night: NightFolder, on_tick: Callable[[], None], obeys_s: float, ended: threading.Event) -> None:
    ordered_at: float | None = None
    asked_at = 0.0
    while not ended.wait(TICK_S):
        on_tick()
        if night.read_orders().end != NOW:
            continue
        now = time.monotonic()
        ordered_at = now if ordered_at is None else ordered_at
        over_s = now - ordered_at - obeys_s
        if over_s < 0 or now - asked_at < ASK_EVERY_S:
            continue
        harsh = signal.SIGTERM if over_s < 2 * END_S else signal.SIGKILL
        # A kernel that is just coming up does not hear the first time.
        asked_at = now if night_kernels.tell(night, signal.SIGINT if over_s < END_S else harsh) else 0.0


@contextmanager
def by_signal(night: NightFolder) -> Iterator[None]:
    """While the block runs, a polite kill or Ctrl-C of this process is the order to end now."""

    def order(number: int, frame: FrameType | None) -> None:
        add_order(night, end=NOW)

    before = {number: signal.signal(number, order) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
