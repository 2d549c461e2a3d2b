"""How fast takes were made on a shelf, read from their records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ltxlib.core.pace import Pace, card_of, pace_of
from ltxlib.store import takes as take_store
from ltxlib.store.project import Shelf


def pace_on(shelf: Shelf, server: Mapping[str, Any] | None = None) -> Pace:
    """The pace of a shelf's takes and drafts; a damaged record tells nothing.

    server: the facts of the server that is to make more (`Connection.facts`), so that only takes of the same
    card count; None where no server was asked, and then the card of the newest take counts.
    """
    takes, _ = take_store.load_takes(shelf)
    drafts, _ = take_store.load_drafts(shelf)
    card = None if server is None else card_of(server)
    return pace_of([*takes, *drafts], card, rehearsal=shelf.rehearsal)
