"""Notebook 02, the night: begun with one button, watched from anywhere, ended when a person wants it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import ipywidgets as widgets

from ltxlib.pod.stopping import Proof
from ltxlib.store.night_files import AFTER_TAKE, NOW
from ltxlib.store.project import Project
from ltxlib.studio.light_switch import on_a_pod, try_switch
from ltxlib.studio.night_light import pod_to_stop
from ltxlib.studio.night_options import NightOptions
from ltxlib.studio.night_start import Ready, begin, prepare
from ltxlib.studio.price import HourlyPrice, hourly_price
from ltxlib.studio.watching import COUNTDOWN, STOPPING, NightView, order
from ltxlib.studio.watching import look as look_at_night
from ltxlib.ui import look, place
from ltxlib.ui.job import Outcome
from ltxlib.ui.night_before import proofs_html, verdict_html
from ltxlib.ui.night_form import NightForm
from ltxlib.ui.night_watch import watch
from ltxlib.ui.night_words import ended_html, executed_copies, running_html
from ltxlib.ui.panel import Panel, face
from ltxlib.ui.parts import buttons, column, set_html, show, text_block

_HEAD = "All that is missing, rendered while you sleep. Whatever happens, what is finished is kept."
_LOOKING = "Looking at what the night needs ..."
_SURE = "End it now? The take that is being rendered is lost; finished ones are kept."


def night_panel(scenes_csv: str = "") -> None:
    """The form that starts a night, and the night that runs; by night it has nothing to do.

    scenes_csv: another table than the project's, by its path from the project's folder.
    """
    face(
        lambda _: print("In a browser, a night is started and watched here."),
        lambda project: NightPanel(project, scenes_csv),
    )


@dataclass(frozen=True)
class _Found:
    place: place.Place
    pod: bool
    stops: bool
    price: HourlyPrice | None
    outcome: Outcome


class NightPanel(Panel):
    """By day the form; by night where it is and the buttons that end it; in the morning what came of it."""

    name = "night"

    def __init__(self, project: Project, scenes_csv: str = "") -> None:
        self.scenes_csv = scenes_csv
        self._view = NightView()
        self._place: place.Place | None = None
        super().__init__(project)
        watch(project).add(self.see_night)

    def build(self) -> list[widgets.Widget]:
        self.told = text_block("", "ltx-night-told")
        self.form = NightForm()
        self.working = text_block("", "ltx-working")
        self.found = text_block("", "ltx-found")
        self.look_first = self.button("Look first", self._look_first, "ltx-look-first")
        self.start = self.button("Start the night", self._start, "ltx-primary", "ltx-start-night")
        self.test = self.button(
            "Test the light switch", self._test, "ltx-test-switch", tooltip="Nothing is stopped."
        )
        self.by_day = column(
            [self.form.part, buttons([self.start, self.look_first, self.test])], "ltx-by-day"
        )
        return [
            text_block(look.heading("The night", _HEAD)),
            self.told,
            self._orders(),
            self.by_day,
            self.working,
            self.notice,
            self.found,
        ]

    def _orders(self) -> widgets.Widget:
        """The buttons for a night that runs."""
        self.keep = self.button("", self._keep, "ltx-keep-pod")
        self.end_take = self.button("End after this take", self._end_take, "ltx-end-take")
        self.end_now = self.button("End now", self._end_now, "ltx-end-now")
        yes = self.button("Yes, end it now", self._sure, "ltx-primary", "ltx-sure")
        no = self.button("No, go on", self._not_sure, "ltx-not-sure")
        self.asked = column([text_block(look.note(_SURE, kind="wait")), buttons([yes, no])], "ltx-asked")
        self.by_night = column(
            [buttons([self.keep, self.end_take, self.end_now]), self.asked], "ltx-by-night"
        )
        show(self.asked, False)
        show(self.by_night, False)
        return self.by_night

    def refresh(self) -> None:
        """Look anew at where a night would work and what an hour costs."""
        self.look_at(self._gather, self._fill)

    def _gather(self) -> _Found:
        outcome, price = Outcome(), None
        with outcome:
            price = hourly_price()
        here = place.look(self.project)
        stops = pod_to_stop(rehearsal=here.rehearsal) is not None
        return _Found(here, on_a_pod(), stops, price, outcome)

    def _fill(self, found: _Found) -> None:
        with self._lock:
            self._place = found.place
            self.form.set_price(found.price)
            self.form.set_place(pod=found.pod, stops=found.stops)
            self.fail(found.outcome)
            self._show()

    def see_night(self, view: NightView) -> None:
        """Show one look at the night; called by the watch, about twice a second while it runs."""
        with self._lock:
            before, self._view = self._view, view
            outcome = Outcome()
            with outcome:
                if view.running and not before.running:
                    # What was told of the form means nothing to a night that runs.
                    self.say("")
                self._show()
            self.fail(outcome)
        if before.running and not view.running:
            self.tell_others()

    def _show(self) -> None:
        view, running = self._view, self._view.running
        if running:
            set_html(self.told, running_html(view))
        else:
            set_html(self.told, ended_html(view, executed_copies(view)) if view.there else "")
            self.form.show_clock()
            show(self.asked, False)
        rehearsal = view.rehearsal if running and view.there else bool(self._place and self._place.rehearsal)
        set_html(self.banner, look.rehearsal_banner() if rehearsal else "")
        show(self.by_day, not running)
        show(self.by_night, running)
        if running:
            set_html(self.found, "")
            self._offer(view)

    def _offer(self, view: NightView) -> None:
        """Offer the orders that make sense at this moment."""
        over = view.phase in (COUNTDOWN, STOPPING)
        show(self.end_take, not over)
        show(self.end_now, not over)
        self.end_take.disabled = bool(view.orders.end)
        self.end_now.disabled = view.orders.end == NOW
        if over or view.orders.end == NOW:
            show(self.asked, False)
        kept = view.orders.keep_pod
        show(self.keep, bool(view.options.get("stop_pod")) and not (over and kept))
        self.keep.description = "Stop the pod after all" if kept else "Keep the pod running"
        for name in ("ltx-big", "ltx-primary"):
            (self.keep.add_class if over else self.keep.remove_class)(name)

    def _order(self, *, end: str = "", keep_pod: bool | None = None) -> None:
        self.say("")
        order(self.project, end=end, keep_pod=keep_pod)
        watch(self.project).look_soon()

    def _end_take(self) -> None:
        self.end_take.disabled = True
        self._order(end=AFTER_TAKE)

    def _end_now(self) -> None:
        show(self.asked, True)

    def _sure(self) -> None:
        show(self.asked, False)
        self.end_take.disabled = self.end_now.disabled = True
        self._order(end=NOW)

    def _not_sure(self) -> None:
        show(self.asked, False)

    def _keep(self) -> None:
        self._order(keep_pod=not self._view.orders.keep_pod)

    def _options(self) -> NightOptions:
        return replace(self.form.options(), scenes_csv=self.scenes_csv)

    def _look_first(self) -> None:
        options = self._options()
        self._work(_LOOKING, lambda: prepare(self.project, options), self._show_found)

    def _show_found(self, ready: Ready) -> None:
        set_html(self.found, verdict_html(ready.found))

    def _start(self) -> None:
        options = self._options()
        self._work(_LOOKING, lambda: self._begin(options), self._begun)

    def _begin(self, options: NightOptions) -> Ready:
        ready = prepare(self.project, options)
        if ready.good:
            self._set_busy("Everything is there. The night begins ...")
            begin(self.project, ready.launch)
        return ready

    def _begun(self, ready: Ready) -> None:
        if ready.good:
            self.see_night(look_at_night(self.project))
            watch(self.project).look_soon()
        else:
            self._show_found(ready)

    def _test(self) -> None:
        def show_proofs(proofs: tuple[Proof, ...]) -> None:
            set_html(self.found, proofs_html(proofs))

        self._work("Asking whether the pod could be stopped; nothing is stopped ...", try_switch, show_proofs)

    def _work(self, words: str, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Do something that takes a while, saying so, with the buttons off until it is done."""
        self.say("")
        set_html(self.found, "")
        self._set_busy(words)

        def run() -> Any:
            try:
                return work()
            finally:
                self._set_busy("")

        self.in_background(run, then)

    def _set_busy(self, words: str) -> None:
        self.start.disabled = self.look_first.disabled = self.test.disabled = bool(words)
        said = f'<div class="ltx-said"><span class="ltx-now">{look.escape(words)}</span></div>'
        set_html(self.working, said if words else "")
