"""The light switch: stop this pod by whichever way works, and believe it only when RunPod says so.

No single way is safe: the command has two spellings, keys have different rights, and an accepted stop is not
always a stop. So every way is tried in turn, each answer is read, and after each one the state is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ltxlib.errors import PodError
from ltxlib.pod import tool
from ltxlib.pod.here import PodHere
from ltxlib.pod.runpod_api import STOPPED, PodState, RunPodApi

LOOK_EVERY_S = 5.0
VERIFY_S = 60.0
# Between rounds, in seconds; the last one is repeated for as long as it takes.
PAUSES_S = (15.0, 60.0, 300.0)


@dataclass(frozen=True)
class Attempt:
    """One way that was tried: its name, whether the answer was yes, and the answer in short."""

    way: str
    accepted: bool
    said: str


@dataclass(frozen=True)
class StopReport:
    """What came of one round: the last state RunPod told (empty when nobody tells), and every attempt."""

    status: str
    attempts: tuple[Attempt, ...]

    @property
    def stopped(self) -> bool:
        """Whether RunPod itself says that the pod has stopped."""
        return self.status in STOPPED

    @property
    def text(self) -> str:
        """One sentence for a person who is paying."""
        if self.stopped:
            return f"The pod is stopped: RunPod says {self.status}."
        yes = [attempt.way for attempt in self.attempts if attempt.accepted]
        if self.status:
            heard = f" although {yes[0]} was accepted" if yes else ""
            return f"THE POD IS STILL RUNNING and costs money{heard}: RunPod says {self.status}."
        if yes:
            return (
                f"{yes[0]} was accepted, but nobody here can tell whether the pod has stopped. "
                "Look on RunPod's page."
            )
        return "THE POD IS STILL RUNNING and costs money: no way of stopping it was accepted."


def stop_once(
    pod: PodHere,
    *,
    wait: Callable[[float], bool],
    tell: Callable[[Attempt], None] = lambda _: None,
    api: RunPodApi | None = None,
    verify_s: float = VERIFY_S,
) -> StopReport:
    """Try every way until RunPod says that the pod has stopped.

    wait: waits so many seconds and says whether somebody called it off (`threading.Event().wait`). tell:
    hears of each attempt as it is made. verify_s: how long an accepted stop is given to show.
    """
    api = api or RunPodApi(pod.api_key)
    ways: tuple[Callable[[], Attempt], ...] = (
        lambda: _by_tool("runpodctl stop pod", "stop", "pod", pod.pod_id),
        lambda: _by_tool("runpodctl pod stop", "pod", "stop", pod.pod_id),
        lambda: _by_api("RunPod's GraphQL", lambda: api.stop_by_graphql(pod.pod_id)),
        lambda: _by_api("RunPod's REST", lambda: api.stop_by_rest(pod.pod_id)),
    )
    attempts: list[Attempt] = []
    state = ""
    for attempt in ways:
        made = attempt()
        attempts.append(made)
        tell(made)
        state = _watch(pod, api, wait, verify_s if made.accepted else 0.0) or state
        if state in STOPPED or wait(0):
            break
    return StopReport(state, tuple(attempts))


def stop_for_good(
    pod: PodHere,
    *,
    wait: Callable[[float], bool],
    tell: Callable[[StopReport], None],
    api: RunPodApi | None = None,
    verify_s: float = VERIFY_S,
    tell_each: Callable[[Attempt], None] = lambda _: None,
) -> StopReport:
    """Keep trying until the pod has stopped or somebody calls it off; every round is told.

    tell_each: hears of every attempt as it is made, too.
    """
    round_no = 0
    while True:
        report = stop_once(pod, wait=wait, tell=tell_each, api=api, verify_s=verify_s)
        tell(report)
        if report.stopped or wait(PAUSES_S[min(round_no, len(PAUSES_S) - 1)]):
            return report
        round_no += 1


@dataclass(frozen=True)
class Proof:
    """One line of "test it now": what was looked at, whether it would do, and what was seen."""

    what: str
    good: bool
    seen: str


def prove(pod: PodHere, api: RunPodApi | None = None) -> tuple[Proof, ...]:
    """Look at every way without stopping anything.

    A key that may read may still not be allowed to stop: only a real stop proves that, and this says so.
    """
    api = api or RunPodApi(pod.api_key)
    by_tool = tool.status(pod.pod_id)
    told = f"it says {by_tool}" if by_tool else tool.run("get", "pod", pod.pod_id).text or "it says nothing"
    lines = [Proof("runpodctl knows this pod", bool(by_tool), told)]
    try:
        state = api.state(pod.pod_id)
    except PodError as error:
        lines.append(Proof("RunPod's web interface knows this pod", False, error.message))
    else:
        price = f", ${state.usd_per_hour:.2f} an hour" if state.usd_per_hour else ""
        lines.append(
            Proof("RunPod's web interface knows this pod", True, f"it says {state.desired_status}{price}")
        )
    ready = any(line.good for line in lines)
    seen = "whether the key may also stop it, only the first real stop can show"
    lines.append(Proof("the pod can be stopped and watched", ready, seen if ready else "no way answers"))
    return tuple(lines)


def _by_tool(way: str, *words: str) -> Attempt:
    said = tool.run(*words)
    return Attempt(way, tool.accepted(said), said.text or "nothing")


def _by_api(way: str, stop: Callable[[], PodState]) -> Attempt:
    try:
        state = stop()
    except PodError as error:
        return Attempt(way, False, error.message)
    return Attempt(way, state.stopped, f"RunPod says {state.desired_status}")


def _look(pod: PodHere, api: RunPodApi) -> str:
    """The pod's state by whoever tells; empty when nobody does."""
    try:
        return api.state(pod.pod_id).desired_status
    except PodError:
        return tool.status(pod.pod_id)


def _watch(pod: PodHere, api: RunPodApi, wait: Callable[[float], bool], patience_s: float) -> str:
    """The pod's state, asked again for so long as it may still be stopping."""
    left_s = patience_s
    while True:
        state = _look(pod, api)
        if state in STOPPED or left_s <= 0 or wait(min(LOOK_EVERY_S, left_s)):
            return state
        left_s -= LOOK_EVERY_S
