from __future__ import annotations

import pytest

from ltxlib.comfy.address import clean_url, is_loopback, server_url, websocket_url
from ltxlib.errors import BadInput


def test_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variable, or with an empty one, the server is ComfyUI's own default on this machine."""
    monkeypatch.delenv("LTX_COMFY_URL", raising=False)
    assert server_url() == "http://127.0.0.1:8188"
    monkeypatch.setenv("LTX_COMFY_URL", "  ")
    assert server_url() == "http://127.0.0.1:8188"


def test_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable names the server, and is blamed by name when it holds no address."""
    monkeypatch.setenv("LTX_COMFY_URL", " https://pod-8188.proxy.runpod.net/ ")
    assert server_url() == "https://pod-8188.proxy.runpod.net"
    monkeypatch.setenv("LTX_COMFY_URL", "ftp://x")
    with pytest.raises(BadInput, match="LTX_COMFY_URL"):
        server_url()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("127.0.0.1:8188", "http://127.0.0.1:8188"),
        ("localhost", "http://localhost"),
        ("http://0.0.0.0:8188/", "http://127.0.0.1:8188"),
        ("http://[::1]:8188", "http://[::1]:8188"),
        ("HTTPS://Example.COM/comfy//", "https://example.com/comfy"),
        ("http://127.0.0.1:8188/#graph", "http://127.0.0.1:8188"),
    ],
)
def test_addresses_people_write(written: str, meant: str) -> None:
    """What people copy from a terminal or a browser becomes one plain address."""
    assert clean_url(written) == meant


@pytest.mark.parametrize(
    "written",
    [
        "",
        "http://",
        "ws://127.0.0.1:8188",
        "http://a b",
        "http://x:port",
        "http://[::1",
        "http://x\n.y",
        "file:///etc",
    ],
)
def test_no_address(written: str) -> None:
    """What is no address is refused with an example of one."""
    with pytest.raises(BadInput, match=r"http://127\.0\.0\.1:8188") as caught:
        clean_url(written)
    assert len(caught.value.problems) == 1


def test_unusable_host_name() -> None:
    """A host name that no network could look up is refused before it is tried."""
    with pytest.raises(BadInput):
        clean_url("http://a..b:8188")


@pytest.mark.parametrize("written", ["http://ann:s3cret@host:8188", "ann:s3cret@host", "http://s3cret@host"])
def test_passwords_are_refused_and_never_repeated(written: str) -> None:
    """An address with a password in it is refused without saying the password again."""
    with pytest.raises(BadInput) as caught:
        clean_url(written)
    assert "s3cret" not in str(caught.value) + repr(caught.value)


def test_query_is_refused_and_never_repeated() -> None:
    """An address with a token behind a question mark is refused without saying the token again."""
    with pytest.raises(BadInput) as caught:
        clean_url("http://host:8888/?token=s3cret")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("http://127.0.0.1:8188", True),
        ("http://127.8.8.8", True),
        ("http://localhost:1", True),
        ("http://x.localhost", True),
        ("http://[::1]:8188", True),
        ("http://192.168.0.4", False),
        ("https://localhost.example.com", False),
    ],
)
def test_this_machine(url: str, own: bool) -> None:
    """Only addresses of this very machine count as such."""
    assert is_loopback(url) is own


def test_websocket_address() -> None:
    """The live progress is at /ws, with the client id made safe, and as secure as the address is."""
    assert websocket_url("http://h:1", "a b/&") == "ws://h:1/ws?clientId=a%20b%2F%26"
    assert websocket_url("https://h/comfy", "x") == "wss://h/comfy/ws?clientId=x"
