"""The night in notebook 02: begun, watched, ended, told of in the morning."""

from __future__ import annotations

import time

import pytest
import traitlets

from ltxlib.core.limits import Limits
from ltxlib.core.plan import Estimate
from ltxlib.core.problem import Problem
from ltxlib.core.readiness import BAD, DOUBT, GOOD, Line
from ltxlib.errors import BadInput
from ltxlib.pod.stopping import Proof
from ltxlib.store.night_files import Orders, night_folder
from ltxlib.studio.preflight import Preflight
from ltxlib.studio.price import HourlyPrice
from ltxlib.studio.watching import look
from ltxlib.ui.batch import BatchPanel
from ltxlib.ui.night import NightPanel, night_panel
from ltxlib.ui.night_before import proofs_html, verdict_html
from ltxlib.ui.night_form import NightForm, usd_of
from tests.support.night_lock import held_night, say, say_batch

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def panel(project, server):
    """The panel on a rehearsal, with no night yet."""
    made = NightPanel(project)
    made.settle()
    return made


def seen(panel: NightPanel) -> NightPanel:
    """Let the panel see what is on the disk at this moment, as its watch does twice a second."""
    panel.see_night(look(panel.project))
    return panel


def hidden(part) -> bool:
    return "ltx-empty" in part._dom_classes


def test_by_day_there_is_a_form_and_nothing_runs(panel, project):
    """Opening the panel starts nothing; no night is shown, no order is offered."""
    assert panel.told.value == ""
    assert hidden(panel.by_night)
    assert not hidden(panel.by_day)
    assert "REHEARSAL" in panel.banner.value
    assert not (project.production / "night").exists()


def test_a_running_night_is_shown_whoever_began_it(panel, project):
    """Scene and step, what is done and left, time, money and what it said last; the form is gone."""
    with held_night(project):
        say(project, "02_generate", notebook="/x/02_generate.ipynb")
        say_batch(project)
        night_folder(project).write_limits(
            Limits(time.time() - 3600, time.time() + 7200, budget_usd=3.0, usd_per_hour=0.5)
        )
        html = seen(panel).told.value
        for words in (
            "Rendering the scenes, 5 of 10 takes",
            "rain, take 2: step 3 of 8",
            "3 made, 1 there before, 1 failed, 5 left, of 10",
            "about 20 min of rendering left",
            "a pod would have cost $0.50 of $3.00, at $0.50 an hour (RunPod)",
            "Ends by",
            "rain, take 1 is made.",
            "You may close this page and the laptop now",
            'style="width:40.0%"',
            'class="ltx-failed" style="width:10.0%"',
        ):
            assert words in html
        assert hidden(panel.by_day)
        assert not hidden(panel.by_night)
        assert hidden(panel.keep)


def test_a_panel_opened_later_attaches(project, server):
    """A panel of another kernel, opened while a night runs, shows it within a look."""
    with held_night(project):
        say(project, "canary")
        late = NightPanel(project)
        late.settle()
        assert "Trying one tiny clip of each kind" in seen(late).told.value


def test_the_watch_sees_a_night_begin_and_end_by_itself(panel, project, monkeypatch):
    """Nobody calls the panel: the watch's thread shows the night, and takes it away when its process ends."""
    import threading

    shown, ended = threading.Event(), threading.Event()

    def see(change):
        if "Looking at what is there" in change["new"]:
            shown.set()
        if "cut off" in change["new"]:
            ended.set()

    panel.told.observe(see, "value")
    with held_night(project) as process:
        say(project, "01_setup")
        assert shown.wait(20)
        process.kill()
        assert ended.wait(20)
    assert "Start it again" in panel.told.value
    assert not hidden(panel.by_day)


def test_looking_twice_at_the_same_changes_nothing(panel, project):
    """A look that finds nothing new sends nothing to the browser."""
    with held_night(project):
        say(project, "canary")
        view = look(project)
        panel.see_night(view)
        changes: list[dict] = []
        for part in (panel.told, panel.keep, panel.end_take, panel.end_now, panel.by_night, panel.by_day):
            part.observe(changes.append, traitlets.All)
        panel.see_night(view)
        assert changes == []


def test_ending_after_this_take_is_ordered(panel, project):
    """One press writes the order down and says so; ending now is still there."""
    with held_night(project):
        say(project, "02_generate")
        seen(panel).end_take.click()
        assert night_folder(project).read_orders() == Orders("take")
        assert "It ends after the take" in seen(panel).told.value
        assert panel.end_take.disabled
        assert not panel.end_now.disabled


def test_ending_now_asks_once_more(panel, project):
    """The first press orders nothing; No goes back; Yes orders it."""
    with held_night(project):
        say(project, "02_generate")
        seen(panel).end_now.click()
        assert not hidden(panel.asked)
        assert night_folder(project).read_orders() == Orders()
        panel.by_night.children[1].children[1].children[1].click()
        assert hidden(panel.asked)
        panel.end_now.click()
        panel.by_night.children[1].children[1].children[0].click()
        assert night_folder(project).read_orders() == Orders("now")
        assert "It is being ended now" in seen(panel).told.value
        assert panel.end_take.disabled
        assert panel.end_now.disabled


def test_the_countdown_has_one_big_button(panel, project):
    """While the pod is about to be stopped the seconds run down, and one press keeps it."""
    with held_night(project):
        chosen = {"stop_pod": True}
        say(project, "02_generate", options=chosen)
        assert "it is stopped when all is over" in seen(panel).told.value
        assert not hidden(panel.keep)
        assert "ltx-big" not in panel.keep._dom_classes
        say(project, "countdown", options=chosen, countdown_until=time.time() + 100)
        assert "The pod is stopped in 1:" in seen(panel).told.value
        assert "ltx-big" in panel.keep._dom_classes
        assert hidden(panel.end_take)
        assert hidden(panel.end_now)
        panel.keep.click()
        assert night_folder(project).read_orders().keep_pod
        seen(panel)
        assert "it is left running this time" in panel.told.value
        assert hidden(panel.keep)


def test_the_pod_may_be_kept_and_given_up_again_before(panel, project):
    """Long before the end, keeping the pod can be chosen and taken back."""
    with held_night(project):
        say(project, "02_generate", options={"stop_pod": True})
        seen(panel).keep.click()
        assert seen(panel).keep.description == "Stop the pod after all"
        panel.keep.click()
        assert not night_folder(project).read_orders().keep_pod


def test_an_order_to_a_night_that_just_ended_is_told(panel, project):
    """Between two looks the night may have ended; the press says so instead of doing nothing."""
    with held_night(project):
        say(project, "02_generate")
        seen(panel)
    panel.end_take.click()
    assert "No night is running" in panel.notice.value


def test_the_morning_after(panel, project, in_jupyter):
    """How it ended in a sentence, the exit code in words, the report and the notebooks as links."""
    in_jupyter(project.root)
    shelf = project.set(rehearsal=True)
    report = shelf.folder / "reports" / "night-1.html"
    copies = shelf.folder / "notebooks"
    for path in (report, copies / "01_setup.ipynb", copies / "02_generate.ipynb"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    now = time.time()
    say_batch(project, ended=True, there=1, made=8, failed=1, now=())
    say(
        project,
        "ended",
        ended_at=now,
        exit_code=1,
        says="9 of 10 takes are there, 1 could not be made.",
        report=str(report),
        notebook=str(copies / "02_generate.ipynb"),
    )
    html = seen(panel).told.value
    for words in (
        "9 of 10 takes are there, 1 could not be made.",
        "1: some takes could not be made",
        "ltx-note ltx-wait",
        'href="/files/production/REHEARSAL/reports/night-1.html?v=',
        'href="/lab/tree/production/REHEARSAL/notebooks/01_setup.ipynb"',
        'href="/lab/tree/production/REHEARSAL/notebooks/02_generate.ipynb"',
        "after 1 h 0 min",
    ):
        assert words in html
    assert "04_assemble" not in html
    assert not hidden(panel.by_day)


@pytest.mark.parametrize(
    ("light", "orders", "kind"),
    [
        ({"stopped": True, "text": "The pod is stopped: RunPod says EXITED."}, Orders(), "ltx-note"),
        (
            {"stopped": False, "text": "THE POD IS STILL RUNNING and costs money."},
            Orders(),
            "ltx-note ltx-bad",
        ),
        ({"stopped": False, "text": "The pod is left running."}, Orders(keep_pod=True), "ltx-note ltx-wait"),
        ({"stopped": False, "text": "There is no pod here to stop."}, Orders(), "ltx-note ltx-wait"),
    ],
)
def test_what_became_of_the_light(panel, project, light, orders, kind):
    """A pod that runs on though it was to be stopped is told in red."""
    say(project, "ended", ended_at=time.time(), exit_code=0, says="All is there.", light=light)
    night_folder(project).write_orders(orders)
    assert f'<div class="{kind}" role="status">{light["text"]}' in seen(panel).told.value


def test_a_night_that_was_killed_leaves_the_pod_in_doubt(panel, project):
    """Where the pod was to be stopped and nobody can tell, that is said in red."""
    say(project, "02_generate", options={"stop_pod": True})
    html = seen(panel).told.value
    assert "was cut off before its end" in html
    assert "Whether the pod was stopped is not known" in html


def test_words_from_files_are_no_html(panel, project):
    """Scene names, what was said, sources and paths are shown as they are written."""
    from ltxlib.core.status import Rendering

    with held_night(project):
        say(project, EVIL, price_source=EVIL)
        say_batch(project, last=EVIL, now=(Rendering(EVIL, 1, "x", step=1, steps=2),))
        assert EVIL not in seen(panel).told.value
        say(project, "02_generate", price_source=EVIL, says=EVIL)
        assert EVIL not in seen(panel).told.value
        assert "&lt;img" in panel.told.value
        say_batch(project, waiting_for=EVIL)
        assert EVIL not in seen(panel).told.value
        say(project, "countdown", light={"text": EVIL})
        assert EVIL not in seen(panel).told.value
    say(
        project,
        "ended",
        ended_at=time.time(),
        exit_code=77,
        says=EVIL,
        light={"text": EVIL},
        report=f"/{EVIL}",
        notebook=f"/{EVIL}",
    )
    assert EVIL not in seen(panel).told.value


def test_what_was_looked_at_is_a_table():
    """Good, doubtful and bad lines with their cures, problems behind a fold, time and money as a range."""
    lines = (
        Line("Server", GOOD, EVIL),
        Line("Disk", DOUBT, "12 GB are free", "Make room."),
        Line("Table", BAD, "2 rows", "Mend them.", (Problem(EVIL, EVIL, EVIL),)),
    )
    guess = Estimate(1200, 2400, "past takes")
    some = (object(),)
    bad = verdict_html(Preflight(lines, 1, some, guess, HourlyPrice(0.6, "RunPod")))
    assert EVIL not in bad
    assert "The night cannot start like this" in bad
    assert "<details open>" in bad
    doubt = verdict_html(Preflight(lines[:2], 1, some, guess, HourlyPrice(0.6, "RunPod")))
    assert "It can start" in doubt
    assert "It takes 20 min to 40 min and costs $0.20 to $0.40" in doubt
    assert "It takes" not in verdict_html(Preflight(lines[:2]))
    assert "All is ready" in verdict_html(Preflight(lines[:1]))
    assert bad.index("2 rows") < bad.index("12 GB") < bad.index("Server")


def test_looking_first_shows_the_preflight_and_starts_nothing(panel, project):
    """The table of what was looked at is there, a budget nobody can hold is red, and no night began."""
    panel.form.budget.value = "3"
    panel.look_first.click()
    panel.settle()
    assert panel.notice.value == ""
    assert "The night cannot start like this" in panel.found.value
    assert "cannot be held" in panel.found.value
    panel.start.click()
    panel.settle()
    assert "The night cannot start like this" in panel.found.value
    panel.form.price.value = "0.59"
    panel.look_first.click()
    panel.settle()
    assert "It can start" in panel.found.value
    assert not panel.start.disabled
    assert panel.working.value == ""
    assert not look(project).there


def test_another_table_is_the_one_that_is_looked_at(project, server):
    """A table that was named for the notebook is meant by its night, too."""
    (project.root / "one.csv").write_text("scene,prompt,frames,width,height\nonly,@rain/window,9,256,128\n")
    panel = NightPanel(project, "one.csv")
    panel.settle()
    panel.look_first.click()
    panel.settle()
    assert "one.csv asks for 1 scene" in panel.found.value


def test_without_a_server_starting_says_so(project):
    """A server that is away is a red line, and no night begins."""
    panel = NightPanel(project)
    panel.settle()
    panel.start.click()
    panel.settle()
    assert "Nobody answers" in panel.found.value
    assert not look(project).there


def test_the_light_switch_is_tested_without_stopping(panel, monkeypatch):
    """Off a pod it says that there is nothing to stop; the proofs are a table."""
    panel.test.click()
    panel.settle()
    assert "not a RunPod pod" in panel.notice.value
    html = proofs_html((Proof(EVIL, True, EVIL), Proof("the pod can be stopped", True, "yes")))
    assert "Nothing was stopped" in html
    assert EVIL not in html
    assert "does not answer" in proofs_html((Proof("x", False, "no way answers"),))


def test_the_form_asks_for_the_price_only_when_nobody_knows_it():
    """A known price is told with its source; an unknown one is a field."""
    form = NightForm()
    form.set_price(None)
    form.price.value = "0.59"
    assert form.options().price_usd == 0.59
    form.set_price(HourlyPrice(0.44, "RunPod"))
    assert hidden(form.price_field)
    assert "An hour costs $0.44 (RunPod)." in form.known.value
    assert form.options().price_usd is None


def test_the_light_is_off_the_form_where_there_is_no_pod():
    """Stopping the pod is never chosen beforehand, and cannot be chosen where it means nothing."""
    form = NightForm()
    assert form.stop_pod.disabled
    assert "no pod" in form.stop_hint.value
    form.set_place(pod=True, stops=True)
    assert not form.stop_pod.disabled
    assert not form.stop_pod.value
    form.stop_pod.value = True
    assert form.options().stop_pod
    form.set_place(pod=True, stops=False)
    assert not form.options().stop_pod
    assert "rehearsal" in form.stop_hint.value


def test_the_clock_is_named(monkeypatch):
    """The hint says which clock counts and what the written hour means; nonsense is told at once."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    form = NightForm()
    form.show_clock(now=1_790_000_000.0)
    assert "14:13 UTC" in form.clock.value
    form.until.value = "06:30"
    form.show_clock(now=1_790_000_000.0)
    assert "06:30 UTC on Tuesday, in 16 h 17 min" in form.clock.value
    form.until.value = "half past six"
    assert "is no time of day" in form.clock.value
    with pytest.raises(BadInput, match="is no time of day"):
        form.options()


def test_options_are_what_the_form_says():
    """Every field of the form reaches the night."""
    form = NightForm()
    asked = form.options()
    assert (asked.assemble, asked.ladder, asked.stop_pod, asked.budget_usd, asked.until) == (
        True,
        True,
        False,
        None,
        None,
    )
    form.assemble.value = form.ladder.value = False
    form.budget.value, form.until.value = "2,50 $", "23:59"
    asked = form.options()
    assert (asked.assemble, asked.ladder, asked.budget_usd) == (False, False, 2.5)
    assert asked.until > time.time()


@pytest.mark.parametrize("text", ["much", "-1", "0", "nan", "inf", "1.2.3", "1,2,3", "<b>"])
def test_a_sum_that_is_none_is_told(text):
    """What is no sum of money is refused with a sentence."""
    with pytest.raises(BadInput, match="is no sum of money"):
        usd_of(text, "Budget")


def test_a_wrong_field_starts_nothing(panel, project):
    """A mistake in the form is told below it, and no process begins."""
    panel.form.budget.value = EVIL
    panel.start.click()
    assert "is no sum of money" in panel.notice.value
    assert EVIL not in panel.notice.value
    assert not (project.production / "night").exists()


def test_while_a_night_runs_the_whole_film_rests(project, server):
    """The batch panel's button is off with a sentence, and on again when the night is over."""
    batch = BatchPanel(project)
    batch.settle()
    assert not batch.start.disabled
    with held_night(project):
        say(project, "02_generate")
        batch.see_night(look(project))
        batch.settle()
        assert batch.start.disabled
        assert "A night runs in this project" in batch.by_night.value
    batch.see_night(look(project))
    batch.settle()
    assert not batch.start.disabled
    assert batch.by_night.value == ""


def test_headless_it_is_one_line_and_starts_nothing(project, night, capsys):
    """Inside a night the cell starts no night."""
    night_panel()
    assert capsys.readouterr().out == "In a browser, a night is started and watched here.\n"
    assert not (project.production / "night").exists()
