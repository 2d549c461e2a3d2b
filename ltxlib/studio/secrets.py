"""What must never be written down: keys, tokens and the addresses that notes go to, as this process has them.

The night writes for hours with nobody watching, so whatever it writes goes through here first.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ltxlib.pod.webhook import VARIABLE, addresses
from ltxlib.store.files import write_whole

_SECRET_NAME = re.compile(r"(^|_)(API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD)(_|$)", re.IGNORECASE)
# Shorter values are words like "none", which stand in every text.
_SHORTEST = 8
HIDDEN = "(secret)"


def secrets(environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Every secret value of the environment, longest first."""
    given = os.environ if environment is None else environment
    found = {value.strip() for name, value in given.items() if _SECRET_NAME.search(name)}
    found |= {given.get(VARIABLE, "").strip(), *addresses(given.get(VARIABLE, ""))}
    # As they stand inside a JSON text too.
    found |= {json.dumps(value)[1:-1] for value in found}
    return tuple(sorted((value for value in found if len(value) >= _SHORTEST), key=len, reverse=True))


def hide(text: str) -> str:
    """The text without any secret of this process's environment."""
    for value in secrets():
        text = text.replace(value, HIDDEN)
    return text


def hide_in(value: Any) -> Any:
    """A plain JSON value without secrets in any of its texts."""
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, Mapping):
        return {name: hide_in(inner) for name, inner in value.items()}
    return [hide_in(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def clean_file(path: Path) -> None:
    """Take secrets out of a file that another program wrote, such as an executed notebook."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return
    clean = hide(text)
    if clean != text:
        write_whole(path, clean.encode())
