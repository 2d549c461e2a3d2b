"""The pod, the account, the light switch and those who are told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ltxlib.core.amounts import usd_text
from ltxlib.core.problem import Problem
from ltxlib.core.readiness import BAD, DOUBT, GOOD, Line
from ltxlib.errors import MediaError, PodError
from ltxlib.media.ffmpeg import find_ffmpeg
from ltxlib.pod.here import PodHere, this_pod
from ltxlib.pod.runpod_api import RunPodApi
from ltxlib.pod.stopping import prove
from ltxlib.pod.webhook import VARIABLE, addresses, looked_at

if TYPE_CHECKING:
    from ltxlib.studio.preflight import Wishes


def lines(wanted: Wishes, high_usd: float | None) -> Iterator[Line]:
    """What this machine, RunPod and the addresses say. high_usd: what the night may cost, None: not known."""
    yield from _ffmpeg(wanted)
    here = this_pod()
    if here is not None:
        yield from _pod(here, high_usd)
    if wanted.stop_pod:
        yield _light(here)
    yield from _told(wanted)


def _ffmpeg(wanted: Wishes) -> Iterator[Line]:
    try:
        find_ffmpeg()
    except MediaError as error:
        # Clips are checked without it; only a film cannot be made.
        yield Line("ffmpeg", BAD if wanted.assemble else DOUBT, error.message, error.cure)


def _pod(here: PodHere, high_usd: float | None) -> Iterator[Line]:
    if here.gpu_count == 0:
        cure = "Stop the pod and start it again, or rent another one."
        yield Line("Pod", BAD, f"The pod {here.pod_id} came back without a graphics card.", cure)
    try:
        balance = RunPodApi(here.api_key).balance_usd()
    except PodError:
        return
    if balance is None:
        return
    told = f"{usd_text(balance)} on the account"
    cure = "Add money on RunPod's page: at zero, pods are ended and what lies on them is lost."
    if balance <= 0:
        yield Line("Balance", BAD, f"{told}.", cure)
    elif high_usd is None:
        yield Line("Balance", GOOD, f"{told}.")
    elif balance < high_usd:
        yield Line("Balance", DOUBT, f"{told}, and the night may cost {usd_text(high_usd)}.", cure)
    else:
        yield Line("Balance", GOOD, f"{told}, enough for this night.")


def _light(here: PodHere | None) -> Line:
    if here is None:
        what = "The pod is to be stopped at the end, and this machine is not a RunPod pod."
        return Line("Light switch", BAD, what, "Start the night without --stop-pod, or on the pod.")
    try:
        proofs = prove(here)
    except PodError as error:
        return Line("Light switch", BAD, error.message, error.cure)
    seen = tuple(Problem(proof.what, proof.seen, "", warning=True) for proof in proofs[:-1])
    if proofs[-1].good:
        return Line("Light switch", GOOD, f"The pod can be stopped; {proofs[-1].seen}.", problems=seen)
    cure = (
        "Start the night without --stop-pod and stop the pod yourself, or give it a key: RUNPOD_API_KEY"
        " among the pod's environment variables."
    )
    return Line("Light switch", BAD, "No way of stopping this pod answers.", cure, seen)


def _told(wanted: Wishes) -> Iterator[Line]:
    found = [looked_at(address) for address in addresses()]
    if not found:
        told = f"Nobody: no address in {VARIABLE}."
        if wanted.stop_pod:
            cure = f"Put the address of a Discord, Slack or ntfy webhook into {VARIABLE}."
            yield Line("Notices", DOUBT, f"{told} A pod that does not stop would go unheard.", cure)
        else:
            yield Line("Notices", GOOD, told)
        return
    bad = tuple(Problem(one.host, one.fault, "", warning=True) for one in found if one.fault)
    hosts = ", ".join(one.host for one in found if not one.fault)
    if bad:
        told = f"{len(bad)} of {len(found)} addresses in {VARIABLE} cannot be used."
        yield Line("Notices", DOUBT, told, f"Mend {VARIABLE}.", bad)
    if hosts:
        yield Line("Notices", GOOD, f"Told are {hosts}.")
