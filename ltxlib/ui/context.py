"""Who runs this notebook: a person in a browser, or the night."""

from __future__ import annotations

import functools
import os

from ltxlib.store.project import Project, find_project


@functools.lru_cache(maxsize=1)
def headless() -> bool:
    """Whether nobody watches, so that cells do their work at once instead of offering a button.

    The request that runs a cell says whether somebody could answer a question (`allow_stdin`): JupyterLab
    says yes; papermill, nbconvert, nbval and Voila say no (measured with JupyterLab 4.5 and 4.6, papermill
    2.7, ipykernel 7.4). LTX_HEADLESS=1 or 0 decides instead; outside any kernel it is True. Read once, at
    the first use.
    """
    chosen = os.environ.get("LTX_HEADLESS", "").strip()
    if chosen in ("0", "1"):
        return chosen == "1"
    from IPython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return True
    ask = getattr(kernel, "get_parent", None)
    if ask is None:
        # A kernel of another make: rather a button too many than work that nobody asked for.
        return False
    return not ask("shell").get("content", {}).get("allow_stdin", False)


def project() -> Project:
    """The project this notebook belongs to. Raises StoreError outside any."""
    return find_project()
