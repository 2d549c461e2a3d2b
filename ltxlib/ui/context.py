"""Who runs this notebook: a person in a browser, or the night."""

from __future__ import annotations

from ltxlib.ground.watched import headless
from ltxlib.store.project import Project, find_project

__all__ = ["headless", "project"]


def project() -> Project:
    """The project this notebook belongs to. Raises StoreError outside any."""
    return find_project()
