"""Which pod this is, as RunPod tells the programs that run on it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class PodHere:
    """The pod this program runs on.

    api_key: what RunPod gave the pod to speak for itself, empty when it gave none; its rights differ from pod
    to pod, and it is never shown. gpu_count: None when the pod does not say.
    """

    pod_id: str
    api_key: str = field(default="", repr=False)
    gpu_count: int | None = None


def this_pod(environment: Mapping[str, str] | None = None) -> PodHere | None:
    """The pod of this environment (RUNPOD_POD_ID and its kin); None on any other machine."""
    given = os.environ if environment is None else environment
    pod_id = given.get("RUNPOD_POD_ID", "").strip()
    # The id goes into addresses and commands; what does not look like one is nobody's.
    if not _ID.fullmatch(pod_id):
        return None
    count = given.get("RUNPOD_GPU_COUNT", "").strip()
    return PodHere(pod_id, given.get("RUNPOD_API_KEY", "").strip(), int(count) if count.isdecimal() else None)
