"""Which addresses name an endpoint, and what is said of those that cannot."""

from __future__ import annotations

import pytest

from ltxlib.comfy.address import is_serverless, server_urls
from ltxlib.comfy.serverless_address import endpoint
from ltxlib.errors import BadInput
from tests.support.serverless import KEY


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    """No address and no key in the environment."""
    monkeypatch.delenv("RUNPOD_ENDPOINT_BASE_URL", raising=False)
    monkeypatch.delenv("RUNPOD_API_KEY", raising=False)


def test_an_endpoint_is_told_by_its_scheme():
    """Only runpod:// names an endpoint, in any letters."""
    assert is_serverless(" RunPod://abc ")
    assert not is_serverless("http://127.0.0.1:8188")
    assert not is_serverless("runpod.example:8188")


def test_endpoints_stand_in_the_list_as_often_as_they_are_named(monkeypatch):
    """A ComfyUI is one machine however often it is named; an endpoint gets work as often as it is named."""
    named = "runpod://abc/, RUNPOD://abc http://a:1,http://a:1/"
    monkeypatch.setenv("LTX_COMFY_URL", named)
    assert server_urls() == ("runpod://abc", "runpod://abc", "http://a:1")


def test_the_address_is_runpods_own_and_the_key_is_not_shown(monkeypatch):
    """The routes begin with RunPod's address and the id; the key stays out of what is printed."""
    monkeypatch.setenv("RUNPOD_API_KEY", f" {KEY}\n")
    found = endpoint("runpod://abc123/")
    assert (found.base_url, found.url) == ("https://api.runpod.ai/v2/abc123", "runpod://abc123")
    assert found.headers == {"Authorization": f"Bearer {KEY}"}
    assert KEY not in f"{found!r} {found}"
    assert not found.near


def test_another_base_is_taken_over_https_or_on_this_machine(monkeypatch):
    """RUNPOD_ENDPOINT_BASE_URL replaces RunPod's address, without a key only on this machine."""
    monkeypatch.setenv("RUNPOD_ENDPOINT_BASE_URL", "http://127.0.0.1:9000/v2/")
    found = endpoint("runpod://abc")
    assert (found.base_url, found.headers, found.near) == ("http://127.0.0.1:9000/v2/abc", {}, True)
    monkeypatch.setenv("RUNPOD_ENDPOINT_BASE_URL", "https://proxy.example/v2")
    with pytest.raises(BadInput, match="without a key"):
        endpoint("runpod://abc")


def test_the_sdks_local_server_has_no_id_in_its_paths(monkeypatch):
    """runpod://local is port 8000 here, or what the variable names, and never another machine."""
    assert endpoint("runpod://local").base_url == "http://127.0.0.1:8000"
    monkeypatch.setenv("RUNPOD_ENDPOINT_BASE_URL", "http://localhost:9123")
    assert endpoint("runpod://local").base_url == "http://localhost:9123"
    monkeypatch.setenv("RUNPOD_ENDPOINT_BASE_URL", "https://elsewhere.example")
    with pytest.raises(BadInput, match="on this machine"):
        endpoint("runpod://local")


def test_a_key_never_travels_in_the_open(monkeypatch):
    """Plain http to another machine is refused."""
    monkeypatch.setenv("RUNPOD_API_KEY", KEY)
    monkeypatch.setenv("RUNPOD_ENDPOINT_BASE_URL", "http://192.0.2.1/v2")
    with pytest.raises(BadInput, match="https://") as refused:
        endpoint("runpod://abc")
    assert KEY not in str(refused.value)


@pytest.mark.parametrize("key", ["", "two\nlines", "ключ"])
def test_a_key_that_cannot_be_one_is_told(monkeypatch, key):
    """Without a key, or with one that no request could carry, nothing is asked."""
    monkeypatch.setenv("RUNPOD_API_KEY", key)
    with pytest.raises(BadInput, match="RUNPOD_API_KEY") as refused:
        endpoint("runpod://abc")
    assert not key or key not in str(refused.value)


@pytest.mark.parametrize("address", ["runpod://", "runpod://a/b", "runpod://a b", "runpod://../x", "abc"])
def test_what_is_no_endpoint_is_told(monkeypatch, address):
    """An id that could lead elsewhere is refused in a sentence."""
    monkeypatch.setenv("RUNPOD_API_KEY", KEY)
    with pytest.raises(BadInput, match="runpod://ENDPOINT_ID"):
        endpoint(address)
