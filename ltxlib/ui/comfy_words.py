"""ComfyUI's life in words: how it is, what it is at, how long it has been awaited; and its log as lines."""

from __future__ import annotations

from collections.abc import Iterable

from ltxlib.pod.workflow_list import FOLDER
from ltxlib.studio.comfy_life import Life, Waiting
from ltxlib.studio.comfy_log import LogLine, Trouble
from ltxlib.ui import look

NONE_HERE = "There is no ComfyUI on this machine."
NONE_CURE = (
    "It is not needed to try everything: switch on the rehearsal, on the checklist above. "
    "On a pod it comes with RunPod's template ComfyUI; one in a place of its own is named in LTX_COMFY_ROOT."
)
PUBLIC = (
    "This address is open to the internet: whoever knows it can use this ComfyUI, which asks nobody for a "
    "password. Keep it to yourself."
)
PRIVATE = "This address works in a browser on this machine only."
WHERE = (
    f"In ComfyUI: Workflows (at the left edge), there the folder {FOLDER}. What you save there is "
    "what the kit uses from then on."
)
NO_PRICE = "what an hour costs is not known here"
# A log's line may be a whole page long; what a person looks for stands at its beginning.
_LONGEST = 400


def head_html(life: Life) -> str:
    """Its name and version, and below them how it is, with a dot for the eye."""
    state, word = ("amber", "wait") if life.processes or life.installing else ("red", "off")
    if life.answers:
        state, word = "green", "well"
    return _head(life.version, f"{life.says} {life.work}".strip(), state, word)


def coming_html(version: str) -> str:
    """The same while it is awaited."""
    said = "ComfyUI is coming up. Models are loaded later, with the first clip."
    return _head(version, said, "amber", "wait")


def _head(version: str, said: str, state: str, word: str) -> str:
    return (
        f'{look.heading(f"ComfyUI {version}".strip())}<div class="ltx-life ltx-{state}">'
        f'<span class="ltx-dot" role="img" aria-label="{word}"></span>'
        f'<span class="ltx-says">{look.escape(said)}</span></div>'
    )


def facts_html(life: Life, trouble: Trouble) -> str:
    """Where it is opened, its memory, its list of workflows, and what its log complains of."""
    rows = [("In the browser", _link(life))]
    if life.memory:
        rows.append(("Memory", look.escape(life.memory.says)))
    shown = WHERE if life.workflows_shown else "The kit's are not in ComfyUI's own list yet."
    rows.append(("Workflows", look.escape(shown)))
    for pack, why in trouble.packs:
        said = f"{look.tag('not imported', 'wait')} {look.escape(pack)}"
        rows.append(("Node pack", said + (f": {look.escape(why[:_LONGEST])}" if why else "")))
    if trouble.error:
        said = look.escape(trouble.error[:_LONGEST])
        rows.append(("Last error", f'<span class="ltx-said-bad">{said}</span>'))
    return look.facts(rows)


def _link(life: Life) -> str:
    if not life.answers:
        return f"{look.escape(life.address)} (when it runs)"
    address = look.escape(life.address)
    hint = f'<div class="ltx-hint">{look.escape(PUBLIC if life.public else PRIVATE)}</div>'
    return f'<a class="ltx-open" href="{address}" target="_blank" rel="noopener">{address}</a>{hint}'


def waiting_html(says: str, waited: Waiting | None) -> str:
    """What is done, the clock, and the money so far."""
    parts = []
    if waited:
        parts.append(clock(waited.waited_s))
        parts.append(NO_PRICE if waited.spent_usd is None else f"{money(waited.spent_usd)} so far")
    told = " · ".join(parts)
    return (
        f'<div class="ltx-said"><b>{look.escape(says)}</b>'
        f'<span class="ltx-now ltx-clock">{look.escape(told)}</span></div>'
    )


def answered(waited: Waiting | None) -> str:
    """How long it took until it answered, and what that cost."""
    if waited is None:
        return "ComfyUI answers."
    cost = "" if waited.spent_usd is None else f" That cost {money(waited.spent_usd)}."
    return f"ComfyUI answers, after {look.span_text(waited.waited_s)}.{cost}"


def clock(seconds: float) -> str:
    """Minutes and seconds that have passed."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def money(usd: float) -> str:
    """A small sum, in whole cents once there are some."""
    return f"${usd:.2f}" if usd >= 0.1 else f"${usd:.3f}"


def log_html(lines: Iterable[LogLine]) -> str:
    """Lines of a log in one block, errors and warnings marked."""
    told = []
    for line in lines:
        text = line.text if len(line.text) <= _LONGEST else f"{line.text[:_LONGEST]} ..."
        mark = f" ltx-{line.kind}" if line.kind else ""
        told.append(f'<div class="ltx-line{mark}">{look.escape(text)}</div>')
    return "".join(told)
