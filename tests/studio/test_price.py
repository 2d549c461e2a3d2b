"""What an hour costs, and who says so."""

import pytest

from ltxlib.errors import BadInput
from ltxlib.studio.price import HourlyPrice, hourly_price
from tests.support.runpod import KEY, POD, runpod


@pytest.fixture(autouse=True)
def nobody_tells(monkeypatch):
    """A machine that is no pod, with nothing in its environment."""
    for name in ("LTX_USD_PER_HOUR", "RUNPOD_POD_ID", "RUNPOD_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def on_a_pod(monkeypatch):
    """A pod that RunPod knows at $0.59 an hour."""
    with runpod() as world:
        monkeypatch.setenv("RUNPOD_POD_ID", POD)
        monkeypatch.setenv("RUNPOD_API_KEY", KEY)
        monkeypatch.setenv("LTX_RUNPOD_GRAPHQL", f"{world.url}/graphql")
        monkeypatch.setenv("LTX_RUNPOD_REST", f"{world.url}/v1")
        yield world


def test_where_nobody_knows_there_is_no_price():
    """Then it is to be asked for."""
    assert hourly_price() is None


def test_a_person_goes_before_the_environment_and_that_before_runpod(on_a_pod, monkeypatch):
    """The nearest to the person who pays is believed, and each is named."""
    assert hourly_price() == HourlyPrice(0.59, "RunPod")
    monkeypatch.setenv("LTX_USD_PER_HOUR", " $0.40 ")
    assert hourly_price() == HourlyPrice(0.4, "LTX_USD_PER_HOUR")
    assert hourly_price(1.5) == HourlyPrice(1.5, "named by hand")
    monkeypatch.setenv("LTX_USD_PER_HOUR", "  ")
    assert hourly_price() == HourlyPrice(0.59, "RunPod")


@pytest.mark.parametrize("text", ["cheap", "-1", "nan", "inf", "0,59", "0.59 USD"])
def test_what_is_no_price_is_refused_in_one_sentence(monkeypatch, text):
    """A slip in the environment must not become a night without a budget."""
    monkeypatch.setenv("LTX_USD_PER_HOUR", text)
    with pytest.raises(BadInput) as caught:
        hourly_price()
    assert f"LTX_USD_PER_HOUR is “{text}”, which is no price" in caught.value.message
    assert "0.59" in caught.value.cure


def test_a_named_price_must_be_one_too():
    """A price below nothing is a slip; nothing at all is a card of one's own."""
    with pytest.raises(BadInput):
        hourly_price(-0.5)
    assert hourly_price(0.0) == HourlyPrice(0.0, "named by hand")


def test_a_runpod_that_does_not_tell_is_not_known(on_a_pod, monkeypatch):
    """A key without rights, or no network, is no reason not to start."""
    on_a_pod.tells.clear()
    assert hourly_price() is None
    monkeypatch.setenv("RUNPOD_API_KEY", "")
    assert hourly_price() is None
