"""The lines of the checklist as rows: what is not well with its button, what is well behind one fold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ltxlib.studio.curing import START, Cure, cure_of
from ltxlib.studio.setup import AMBER, GREEN, RED, REHEARSAL_OFF, Line
from ltxlib.ui import look
from ltxlib.ui.parts import button, buttons, column, set_html, show, text_block

_WORDS = {GREEN: "well", AMBER: "worth knowing", RED: "needs you"}
_URGENCY = (RED, AMBER, GREEN)
# So few well lines are not worth a fold.
_FEW = 4


class Row:
    """One line that is not well, or was not when the list was made: its sentence, its cure, its button."""

    def __init__(self, line: Line, press: Callable[[Row], None], leave: Callable[[Row], None]) -> None:
        self.line = line
        self.text = text_block()
        cure = self.cure
        self.key = cure.key if cure else ""
        self.do = button("", lambda: press(self), "ltx-small", f"ltx-do-{self.key or 'nothing'}")
        self.leave = button("Leave it", lambda: leave(self), "ltx-small", "ltx-leave")
        self.asked, self._below = False, ""
        self.root = column([self.text, buttons([self.do, self.leave], "ltx-row-buttons")], "ltx-line")
        self.see(line)

    @property
    def cure(self) -> Cure | None:
        """What the kit can do about it now; the rehearsal has a switch of its own."""
        return cure_of(self.line) if self.line.key != REHEARSAL_OFF else None

    def see(self, line: Line) -> None:
        """Show how the line is now; a question or a progress is taken away."""
        self.line, self.asked = line, False
        cure = self.cure
        if cure:
            self.do.description, self.do.tooltip = cure.words, cure.does
            # Without a server nothing else is of use.
            first = cure.key == START and line.state == RED
            (self.do.add_class if first else self.do.remove_class)("ltx-primary")
            self.key = cure.key
        show(self.leave, False)
        if line.state == GREEN:
            # What stood below it keeps its room, or the next row's button would come under the mouse.
            self.do.add_class("ltx-gone")
            self._write(self._below, "ltx-gone")
            return
        self.do.remove_class("ltx-gone")
        show(self.do, cure is not None)
        self._below = " ".join(words for words in (line.cure, cure.does if cure else "") if words)
        self._write(self._below, "ltx-quiet" if cure else "")

    def ask(self, question: str) -> None:
        """Say what would be done, and wait for a yes."""
        self.asked = True
        self.do.description = "Yes, do it"
        show(self.leave, True)
        self._write(question, "ltx-question")

    def tell(self, text: str) -> None:
        """Show how far its cure is, where the cure stood."""
        show(self.leave, False)
        self._write(text, "ltx-now")

    def enable(self, enabled: bool) -> None:
        """Whether its buttons can be pressed."""
        self.do.disabled = self.leave.disabled = not enabled

    def _write(self, below: str, mark: str = "") -> None:
        set_html(self.text, row_html(self.line, below, mark))


class Rows:
    """All rows. They keep their places until `fill` is asked to begin afresh, so that nothing moves."""

    def __init__(self, press: Callable[[Row], None]) -> None:
        self._press = press
        self._rows: dict[str, Row] = {}
        self.root = column([], "ltx-list", "ltx-checklist")
        self.well = text_block("", "ltx-well")
        show(self.root, False)

    def fill(self, lines: Sequence[Line], *, afresh: bool) -> None:
        """Show these lines; not afresh: rows stay where they are, whatever has become of them."""
        named = _named(lines)
        if afresh or not self._rows:
            self._rows = {}
        for name, row in self._rows.items():
            line = named.get(name)
            row.see(line or Line(row.line.name, GREEN, "This is well now.", group=row.line.group))
        fresh = [name for name, line in named.items() if name not in self._rows and line.state != GREEN]
        fresh.sort(key=lambda name: _URGENCY.index(named[name].state))
        for name in fresh:
            self._rows[name] = Row(named[name], self._press, self._leave)
        children = tuple(row.root for row in self._rows.values())
        if self.root.children != children:
            self.root.children = children
        show(self.root, bool(children))
        well = [line for name, line in named.items() if name not in self._rows]
        set_html(self.well, well_html(well))

    def of(self, key: str) -> Row | None:
        """The row whose cure this is."""
        return next((row for row in self._rows.values() if row.key == key), None)

    def enable(self, enabled: bool) -> None:
        """Whether anything can be pressed."""
        for row in self._rows.values():
            row.enable(enabled)

    @property
    def text(self) -> str:
        """All rows as they are shown."""
        return "".join(row.text.value for row in self._rows.values()) + self.well.value

    @staticmethod
    def _leave(row: Row) -> None:
        row.see(row.line)


def row_html(line: Line, below: str = "", mark: str = "") -> str:
    """A line: its dot, its name, what is said, and below it the cure or how far it is."""
    told = f'<span class="ltx-cure {mark}">{look.escape(below)}</span>' if below else ""
    return (
        f'<div class="ltx-row ltx-{look.escape(line.state)}">'
        f'<span class="ltx-dot" role="img" aria-label="{_WORDS.get(line.state, "")}"></span>'
        f'<span class="ltx-name">{look.escape(line.name)}</span>'
        f"<span>{look.escape(line.says)}{told}</span></div>"
    )


def well_html(lines: Sequence[Line]) -> str:
    """What is well, group by group; behind a fold where it is much."""
    if not lines:
        return ""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.group, []).append(line)
    shown = "".join(
        f'<div class="ltx-label">{look.escape(group)}</div>'
        f'<div class="ltx-list">{"".join(row_html(line) for line in inside)}</div>'
        for group, inside in groups.items()
    )
    names = ", ".join(line.name for line in lines)
    opened = " open" if len(lines) <= _FEW else ""
    count = look.plural(len(lines), "line is", "lines are")
    return (
        f'<details class="ltx-green"{opened}><summary><span class="ltx-dot" aria-hidden="true"></span>'
        f'<span><b>{count} well.</b> <span class="ltx-quiet">{look.escape(names)}</span></span></summary>'
        f"{shown}</details>"
    )


def _named(lines: Iterable[Line]) -> dict[str, Line]:
    """Each line by a name that no other has."""
    found: dict[str, Line] = {}
    for line in lines:
        name, number = line.name, 2
        while name in found:
            name, number = f"{line.name} {number}", number + 1
        found[name] = line
    return found
