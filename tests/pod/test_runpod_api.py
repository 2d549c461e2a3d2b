"""RunPod's web interfaces: what they tell, and how their faults are told."""

from __future__ import annotations

import pytest

from ltxlib.errors import PodError
from ltxlib.pod.runpod_api import RunPodApi
from tests.support.runpod import KEY, POD, RunPod, runpod


def api(world: RunPod, key: str = KEY) -> RunPodApi:
    return RunPodApi(key, graphql_url=f"{world.url}/graphql", rest_url=f"{world.url}/v1/", timeout_s=5)


@pytest.mark.parametrize("tells", [{"rest"}, {"graphql"}])
def test_the_state_and_the_price_come_from_either(tells):
    """REST is asked first, GraphQL when REST does not tell; the price is a number, however it is written."""
    with runpod(tells=tells) as world:
        state = api(world).state(POD)
    assert (state.desired_status, state.usd_per_hour, state.stopped) == ("RUNNING", 0.59, False)


def test_a_pod_nobody_knows_is_one_clear_error():
    """Neither interface knows the pod: both reasons are told, the key is not."""
    with runpod(tells=set()) as world, pytest.raises(PodError) as caught:
        api(world).state(POD)
    assert "RunPod answered 404" in caught.value.message
    assert "does not say how the pod is" in caught.value.message
    assert "SECRET" not in str(caught.value)


def test_a_wrong_key_and_a_silent_address():
    """A key that is refused and an address where nobody listens are told apart."""
    with runpod() as world:
        with pytest.raises(PodError, match=r"does not let this pod's key do that \(401\)"):
            api(world, KEY + "x").stop_by_rest(POD)
        assert api(world).balance_usd() == 12.5
        assert api(world, KEY + "x").balance_usd() is None
    with pytest.raises(PodError, match="cannot be reached"):
        api(world).stop_by_graphql(POD)


def test_the_key_travels_to_safe_addresses_only(monkeypatch):
    """An address without https is refused before anything is sent, unless it is this machine."""
    with pytest.raises(PodError, match=r"http://example\.com is no address"):
        RunPodApi(KEY, rest_url="http://example.com/v1")
    monkeypatch.setenv("LTX_RUNPOD_GRAPHQL", "http://10.0.0.1/graphql")
    with pytest.raises(PodError, match="no address to send a key to"):
        RunPodApi(KEY)
