"""Whether the light switch would work, seen without pressing it."""

from __future__ import annotations

from ltxlib.errors import PodError
from ltxlib.pod.here import this_pod
from ltxlib.pod.stopping import Proof, prove


def on_a_pod() -> bool:
    """Whether this machine is a pod, so that there is something to stop."""
    return this_pod() is not None


def try_switch() -> tuple[Proof, ...]:
    """Look at every way of stopping this pod; nothing is stopped. Raises PodError where there is no pod."""
    pod = this_pod()
    if pod is None:
        raise PodError(
            "This machine is not a RunPod pod, so there is nothing to stop.",
            cure="Open this notebook on the pod and test the switch there.",
        )
    return prove(pod)
