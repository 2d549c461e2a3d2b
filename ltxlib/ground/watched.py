"""Whether a person watches, or the night runs this notebook."""

from __future__ import annotations

import functools
import os


@functools.lru_cache(maxsize=1)
def headless() -> bool:
    """Whether nobody watches, so that cells do their work at once instead of offering a button.

    The request that runs a cell says whether somebody could answer a question (`allow_stdin`): JupyterLab
    says yes; papermill, nbconvert, nbval and Voila say no (measured with JupyterLab 4.5 and 4.6, papermill
    2.7, ipykernel 6.29 and 7.4). LTX_HEADLESS=1 or 0 decides instead; outside any kernel it is True. Read
    once, at the first use.
    """
    chosen = os.environ.get("LTX_HEADLESS", "").strip()
    if chosen in ("0", "1"):
        return chosen == "1"
    try:
        from IPython import get_ipython
    except ImportError:
        return True

    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None:
        return True
    ask = getattr(kernel, "get_parent", None)
    if ask is None:
        # A kernel of another make: rather a button too many than work that nobody asked for.
        return False
    return not ask("shell").get("content", {}).get("allow_stdin", False)
