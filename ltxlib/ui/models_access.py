"""Where a Hugging Face token is pasted: it goes into the kernel's memory and out of the field at once.

A field's value is part of a widget's state, which JupyterLab can be told to save in the notebook, and which
kernels send back to every page. So it is taken when it is whole (not with each key), never echoed, and
cleared before anything else is done with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import ipywidgets as widgets
import traitlets

from ltxlib.core.catalog_parts import ModelFile
from ltxlib.hub.asking import TOKENS_PAGE, kept_token, page_of
from ltxlib.hub.tokens import clean_token, keep_token
from ltxlib.ui import look, parts
from ltxlib.ui.film_fields import tick

_HELD = "A token is held in this notebook's memory, for this download only."
_KEPT = "A token is kept on this pod, in Hugging Face's own store; it is used."
_NONE = "No token is here."

# By project: a cell that is run again still has it; gone with the kernel, or when all is fetched.
_IN_MEMORY: dict[Path, str] = {}


class TokenField(widgets.Password):
    """A password field whose value the kernel does not send back to the pages."""

    value = traitlets.Unicode("").tag(sync=True, echo_update=False)


def token_of(project: Path) -> str | None:
    """The token to use: the one that was pasted, else the one that is kept on this machine."""
    return _IN_MEMORY.get(project) or kept_token()


def let_go(project: Path) -> None:
    """Forget the token that was pasted."""
    _IN_MEMORY.pop(project, None)


class AccessForm:
    """What to do to be given gated files, with the links to press; `part` is hidden until it is needed."""

    def __init__(
        self, project: Path, guard: Callable[[Callable[[], None]], None], check: Callable[[], None]
    ) -> None:
        self._project, self._guard, self._check = project, guard, check
        self._asked = False
        self.steps = parts.text_block("", "ltx-steps")
        self.field = TokenField(placeholder="hf_...", continuous_update=False)
        self.field.add_class("ltx-token")
        self.keep = tick("Keep it on this pod", on=False)
        self.keep.add_class("ltx-keep-token")
        self.check = parts.button("Check", lambda: guard(check), "ltx-check-access")
        self.said = parts.text_block("", "ltx-token-said")
        self.part = parts.column(
            [
                self.steps,
                parts.buttons([self.field, self.keep, self.check], "ltx-token-row"),
                self.said,
            ],
            "ltx-access",
        )
        self.field.observe(lambda change: self._pasted(change["new"]), "value")
        self.keep.observe(lambda _: guard(self._keep), "value")
        parts.show(self.part, False)

    def need(self, gated: Sequence[ModelFile], *, refused: bool = False) -> None:
        """Show it when files are gated or one was refused; it then stays until all are here."""
        self._asked = self._asked or refused
        parts.show(self.part, bool(gated) or self._asked)
        if gated or refused:
            parts.set_html(self.steps, _steps(list(dict.fromkeys(map(page_of, gated)))))
        self.tell()

    def done(self) -> None:
        """All files are here: nothing is asked any more, and the token is forgotten."""
        let_go(self._project)
        self._asked = False
        parts.show(self.part, False)

    def tell(self, more: str = "") -> None:
        """Say which token would be used, and what came of a check (HTML that is ready)."""
        held, kept = self._project in _IN_MEMORY, kept_token()
        words = _HELD if held and _IN_MEMORY[self._project] != kept else _KEPT if kept else _NONE
        parts.set_html(self.said, f'<div class="ltx-hint">{words}</div>{more}')

    def _pasted(self, text: str) -> None:
        if not text:
            return
        self.field.value = ""
        self._guard(lambda: self._take(text))

    def _take(self, text: str) -> None:
        _IN_MEMORY[self._project] = clean_token(text)
        self._keep()
        self.tell()
        self._check()

    def _keep(self) -> None:
        held = _IN_MEMORY.get(self._project)
        if self.keep.value and held:
            keep_token(held)
            self.tell()


def _steps(pages: Sequence[str]) -> str:
    agree = " and ".join(look.link(page, page.removeprefix("https://")) for page in pages)
    # Where the token itself was refused there is nothing to agree to.
    where = [f"Log in, open {agree} and press Agree."] if pages else []
    tokens = look.link(TOKENS_PAGE, TOKENS_PAGE.removeprefix("https://"))
    rows = (*where, f"Make a token of type Read at {tokens}.", "Paste it here and press Enter.")
    return (
        '<div class="ltx-label">Hugging Face wants to know who you are</div>'
        f'<ol class="ltx-ol">{"".join(f"<li>{row}</li>" for row in rows)}</ol>'
    )
