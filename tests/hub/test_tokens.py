"""A token: cleaned, refused without being repeated, kept for one user alone."""

from __future__ import annotations

import stat

import pytest
from huggingface_hub import constants, get_token

from ltxlib.errors import HubError, NotAllowed
from ltxlib.hub.tokens import clean_token, keep_token
from tests.support.hub import TOKEN


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Hugging Face's own store, in a folder that is not there yet."""
    path = tmp_path / "cache" / "huggingface" / "token"
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(path))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    return path


def test_blanks_around_a_token_do_not_matter():
    """People copy line ends along."""
    assert clean_token(f"  {TOKEN}\r\n") == TOKEN


@pytest.mark.parametrize("text", ["", "short", "hf_" + "x" * 300, "hf_with<b>tags</b>", "hf_überüberüber"])
def test_what_is_no_token_is_refused_without_being_repeated(text):
    """Nothing that was pasted stands in the message."""
    with pytest.raises(NotAllowed) as caught:
        clean_token(text)
    assert not text or text not in str(caught.value)
    assert "settings/tokens" in str(caught.value)


def test_a_kept_token_is_found_by_their_library_and_readable_by_one_user(store):
    """Also where an older one lies that everybody could read."""
    for token in ("hf_olderolder", TOKEN):
        assert keep_token(token) == store
        assert get_token() == token
        assert stat.S_IMODE(store.stat().st_mode) == 0o600
        store.chmod(0o644)
    assert [path.name for path in store.parent.iterdir()] == ["token"]


def test_a_store_that_cannot_be_written_is_a_sentence(store):
    """The download goes on from memory; nothing is left beside it."""
    store.parent.parent.mkdir()
    store.parent.write_text("a file where the folder should be")
    with pytest.raises(HubError, match="could not be kept") as caught:
        keep_token(TOKEN)
    assert TOKEN not in str(caught.value)
    assert [path.name for path in store.parent.parent.iterdir()] == ["huggingface"]
