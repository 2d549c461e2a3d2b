"""Which pod this is."""

from __future__ import annotations

import pytest

from ltxlib.pod.here import this_pod


def test_a_pod_is_known_by_its_environment():
    """Id, key and number of cards are read; the key is in no picture of it."""
    here = this_pod({"RUNPOD_POD_ID": " k7x2 ", "RUNPOD_API_KEY": "rpa_SECRET", "RUNPOD_GPU_COUNT": "0"})
    assert here is not None
    assert (here.pod_id, here.api_key, here.gpu_count) == ("k7x2", "rpa_SECRET", 0)
    assert "SECRET" not in repr(here)


@pytest.mark.parametrize("pod_id", ["", "../../stop", 'x"}) { evil', "a b", "-x"])
def test_any_other_machine_is_no_pod(pod_id):
    """No id, or one that could not be put into an address, is nobody's."""
    assert this_pod({"RUNPOD_POD_ID": pod_id}) is None
