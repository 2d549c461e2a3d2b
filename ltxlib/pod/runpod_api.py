"""RunPod's two web interfaces, GraphQL and REST: the state of a pod, what it costs, and stopping it.

Addresses, fields and the stop mutation are those of RunPod's own clients (runpod-python, runpodctl) and of
its REST reference. The key travels in a header only, never in an address, and is taken out of every message.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from ltxlib import __version__
from ltxlib.errors import PodError

GRAPHQL_URL = "https://api.runpod.io/graphql"
REST_URL = "https://rest.runpod.io/v1"
STOPPED = frozenset({"EXITED", "TERMINATED"})

# The ids written into these were checked by `here`: letters, digits, dashes, underscores.
_STATE = 'query { pod(input: {podId: "%s"}) { id desiredStatus costPerHr } }'
_STOP = 'mutation { podStop(input: {podId: "%s"}) { id desiredStatus } }'
_BALANCE = "query { myself { clientBalance } }"
_MOST_SAID = 200


@dataclass(frozen=True)
class PodState:
    """What RunPod says of a pod: RUNNING, EXITED or TERMINATED; its price, None where it is not told."""

    desired_status: str
    usd_per_hour: float | None = None

    @property
    def stopped(self) -> bool:
        """Whether the graphics card is no longer paid for."""
        return self.desired_status in STOPPED


class RunPodApi:
    """Both interfaces with one key. Every method raises PodError, in plain words and without the key."""

    def __init__(
        self, api_key: str, *, graphql_url: str = "", rest_url: str = "", timeout_s: float = 20.0
    ) -> None:
        """The addresses are RunPod's own, or those of LTX_RUNPOD_GRAPHQL and LTX_RUNPOD_REST."""
        self._key = api_key
        self._graphql_url = _safe(graphql_url or os.environ.get("LTX_RUNPOD_GRAPHQL", "") or GRAPHQL_URL)
        self._rest_url = _safe(rest_url or os.environ.get("LTX_RUNPOD_REST", "") or REST_URL).rstrip("/")
        self._timeout_s = timeout_s

    def state(self, pod_id: str) -> PodState:
        """How the pod is, asked by REST, and by GraphQL when that does not tell."""
        try:
            return _state(self._rest("GET", f"/pods/{pod_id}"))
        except PodError as error:
            first = error.message
        try:
            return _state(self._graphql(_STATE % pod_id).get("pod"))
        except PodError as error:
            said = first if first == error.message else f"{first} {error.message}"
            raise PodError(f"RunPod does not tell how the pod is. {said}") from None

    def balance_usd(self) -> float | None:
        """What is left on the account, in US dollars; None when the key may not know."""
        try:
            balance = (self._graphql(_BALANCE).get("myself") or {}).get("clientBalance")
        except PodError:
            return None
        return float(balance) if isinstance(balance, (int, float)) else None

    def stop_by_graphql(self, pod_id: str) -> PodState:
        """Ask GraphQL to stop the pod; gives the state it answers with."""
        return _state(self._graphql(_STOP % pod_id).get("podStop"))

    def stop_by_rest(self, pod_id: str) -> PodState:
        """Ask REST to stop the pod; gives the state it answers with."""
        return _state(self._rest("POST", f"/pods/{pod_id}/stop"))

    def _graphql(self, query: str) -> dict[str, Any]:
        answer = self._ask("POST", self._graphql_url, {"query": query})
        errors = answer.get("errors")
        if errors:
            first = errors[0] if isinstance(errors, list) else errors
            said = first.get("message", first) if isinstance(first, dict) else first
            raise PodError(f"RunPod refused: {self._plain(said)}")
        data = answer.get("data")
        return data if isinstance(data, dict) else {}

    def _rest(self, method: str, path: str) -> dict[str, Any]:
        return self._ask(method, self._rest_url + path, None)

    def _ask(self, method: str, url: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        if not self._key:
            raise PodError(
                "This pod has no RunPod key of its own.",
                cure="Stop it on RunPod's page, or put RUNPOD_API_KEY among the pod's environment variables.",
            )
        headers = {"Authorization": f"Bearer {self._key}", "User-Agent": f"ltx-kit/{__version__}"}
        try:
            answer = requests.request(
                method, url, json=body, headers=headers, timeout=self._timeout_s, allow_redirects=False
            )
            found = answer.json() if answer.content else {}
        except requests.JSONDecodeError:
            found = None
        except requests.RequestException as error:
            raise PodError(
                f"RunPod cannot be reached ({type(error).__name__}).",
                cure="Look whether this machine is online; until then only RunPod's page stops the pod.",
            ) from None
        if answer.status_code in (401, 403):
            raise PodError(f"RunPod does not let this pod's key do that ({answer.status_code}).")
        if not answer.ok:
            raise PodError(f"RunPod answered {answer.status_code}: {self._plain(answer.text)}")
        if not isinstance(found, dict):
            raise PodError("RunPod's answer makes no sense.")
        return found

    def _plain(self, said: object) -> str:
        """What RunPod said, on one line, short, and without the key."""
        text = " ".join(str(said).split())
        return (text.replace(self._key, "(key)") if self._key else text)[:_MOST_SAID] or "nothing"


def _safe(url: str) -> str:
    """The address; a key may travel to RunPod's kind of address only: https, or this very machine."""
    parts = urlsplit(url)
    here = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.scheme != "https" and not here:
        raise PodError(
            f"{parts.scheme}://{parts.hostname} is no address to send a key to.", cure="Use https."
        )
    return url


def _state(pod: object) -> PodState:
    if not isinstance(pod, dict) or not isinstance(pod.get("desiredStatus"), str):
        raise PodError("RunPod's answer does not say how the pod is.")
    for name in ("adjustedCostPerHr", "costPerHr"):
        try:
            price = float(pod.get(name) or 0)
        except (TypeError, ValueError):
            continue
        if price > 0:
            return PodState(pod["desiredStatus"].upper(), price)
    return PodState(pod["desiredStatus"].upper())
