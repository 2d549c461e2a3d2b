"""A text in a box that one press takes along."""

from __future__ import annotations

from ltxlib.ui import look

# In the page itself: only there is a clipboard. Where the page is not allowed to reach it (no https), the
# text is marked and copied in the old way; either way the button says what happened.
_COPY = (
    "const box = this.closest('.ltx-to-copy').querySelector('pre');"
    "const told = (word) => { this.textContent = word; };"
    "const old = () => { const range = document.createRange(); range.selectNodeContents(box);"
    " const chosen = window.getSelection(); chosen.removeAllRanges(); chosen.addRange(range);"
    " told(document.execCommand('copy') ? 'Copied' : 'Marked: press Ctrl+C'); };"
    "if (navigator.clipboard) navigator.clipboard.writeText(box.textContent).then(() => told('Copied'), old);"
    " else old();"
)


def copy_box(title: str, hint: str, text: str) -> str:
    """A title, a quiet line, a button that copies, and the text."""
    return (
        f'<div class="ltx-to-copy"><div class="ltx-said"><span class="ltx-label">{look.escape(title)}</span>'
        f'<button type="button" class="jupyter-button ltx-small ltx-copy-now" onclick="{look.escape(_COPY)}">'
        f'Copy</button></div><div class="ltx-hint">{look.escape(hint)}</div>'
        f'<pre class="ltx-copy">{look.escape(text)}</pre></div>'
    )
