"""What may go wrong on the way to a model file; it must end in a whole file or in a clear sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.hub import TOKEN

REPOSITORY, PATH = "Maker/Model", "folder/model.safetensors"
KEY = f"{REPOSITORY}/{PATH}"
SIZE_BYTES = 300_000
# Of the whole file, so that it is many pieces.
PIECE_BYTES = 50_000
_PAGE = f"huggingface.co/{REPOSITORY}"
_TOKENS = "huggingface.co/settings/tokens"


@dataclass(frozen=True)
class Fault:
    """hub: how the hub behaves (fields of `Hub`). token: what is sent. words: of the sentence, none where the
    file must be whole. renamed: its name there now; limit_bytes: the disk takes no larger file; away: nobody
    answers."""

    name: str
    hub: Mapping[str, Any] = field(default_factory=dict)
    token: str | None = None
    words: tuple[str, ...] = ()
    renamed: str = ""
    limit_bytes: int = 0
    away: bool = False


FAULTS = (
    Fault("connections are cut", {"cuts": 3, "cut_after": 20_000}),
    Fault("an address runs out", {"expires": 1}),
    Fault("shorter than announced", {"told_size": SIZE_BYTES + 1000}, words=("model.safetensors",)),
    Fault("longer than announced", {"told_size": SIZE_BYTES - 1000}, words=("model.safetensors",)),
    Fault("other bytes than announced", {"told_sha": "0" * 64}, words=("came damaged", "once more")),
    Fault("no parts are given", {"whole_only": True}, words=("does not give parts", "HF_ENDPOINT")),
    Fault("401: no token", {"gated": {REPOSITORY}}, words=("agreed to its terms", _PAGE, _TOKENS)),
    Fault("401: a wrong token", {}, "hf_wrongwrong", ("does not know this token", _TOKENS)),
    Fault(
        "403: terms not agreed to",
        {"gated": {REPOSITORY}, "agreed": False},
        TOKEN,
        ("has not", _PAGE, "Agree"),
    ),
    Fault("403: refused", {"status": 403}, words=("refuses", _PAGE)),
    Fault("404: no repository", {"gone": {REPOSITORY}}, words=("no repository", "Update the kit")),
    Fault("404: renamed", words=("renamed", "model-1.1"), renamed="folder/model-1.1.safetensors"),
    Fault("429: too many", {"status": 429}, words=("asks us to wait", "Go on")),
    Fault("503: busy", {"status": 503}, words=("answered 503", "Go on")),
    Fault("nobody answers", words=("does not answer", "internet"), away=True),
    Fault("the disk is full", words=("could not be written", "disk"), limit_bytes=100_000),
)
