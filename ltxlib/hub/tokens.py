"""A Hugging Face token as a person pasted it: cleaned, and kept in Hugging Face's own store if wanted."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

from ltxlib.errors import HubError, NotAllowed
from ltxlib.hub.asking import TOKENS_PAGE

_TOKEN = re.compile(r"[A-Za-z0-9_.\-]{8,200}")


def clean_token(text: str) -> str:
    """The token in what was pasted. Raises NotAllowed, without repeating it, when it cannot be one."""
    token = "".join(text.split())
    if not _TOKEN.fullmatch(token):
        raise NotAllowed(
            "What was pasted does not look like a token of Hugging Face.",
            cure=f"Copy one from {TOKENS_PAGE} whole; it begins with hf_.",
        )
    return token


def keep_token(token: str) -> Path:
    """Put a token where Hugging Face's own tools keep it, readable by this user alone; gives the file.

    Their `login` would do so too, but asks the network first. Raises HubError when it cannot be written.
    """
    from huggingface_hub import constants

    store = Path(constants.HF_TOKEN_PATH)
    aside = store.with_name(f".{store.name}.{secrets.token_hex(4)}")
    try:
        store.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(token)
            out.flush()
            os.fsync(out.fileno())
        aside.replace(store)
    except OSError as error:
        with suppress(OSError):
            aside.unlink()
        raise HubError(
            f"The token could not be kept in {store.parent} ({error.strerror}).",
            cure="Go on without the tick: it is used from memory for this download.",
        ) from error
    return store
