"""The checklist, and the switch to rehearse."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from ltxlib.errors import BadInput, Cancelled, PodError
from ltxlib.studio import curing, doctor, rehearsing
from ltxlib.studio.curing import Cure, Told
from ltxlib.studio.setup import AMBER, GREEN, RED, Line
from ltxlib.ui.setup import SetupPanel, setup_panel


def test_what_is_missing_is_red_with_its_cure(project):
    """Without a server the panel says so, and how to get one."""
    panel = SetupPanel(project)
    panel.settle()
    assert 'class="ltx-row ltx-red"' in panel.rows.text
    assert "switch on the rehearsal in notebook 01" in panel.rows.text
    assert "needs you" in panel.head.value
    assert panel.banner.value == ""


def test_a_fixed_server_leaves_the_switch_without_a_say(project):
    """LTX_COMFY_URL decides, so the switch is off and says why."""
    panel = SetupPanel(project)
    panel.settle()
    assert panel.switch.disabled
    assert "LTX_COMFY_URL" in panel.switch_hint.value
    assert not panel.again.disabled


def test_the_rehearsal_is_announced_loudly(project, server):
    """Whoever works with the rehearsal is told on the panel itself."""
    panel = SetupPanel(project)
    panel.settle()
    assert "REHEARSAL" in panel.banner.value
    assert "stand-ins" in panel.banner.value
    assert "ltx-red" not in panel.rows.text


def test_looking_again_sees_what_has_changed(project, server):
    """A mended scenes.csv turns its line green at the press of a button."""
    good = project.scenes_csv.read_text()
    project.scenes_csv.write_text(good + "<b>bold</b>,t2v,,,9,256,128,1,yes,yes\n")
    panel = SetupPanel(project)
    panel.settle()
    assert "ltx-red" in panel.rows.text
    assert "<b>bold" not in panel.rows.text
    project.scenes_csv.write_text(good)
    panel.again.click()
    panel.settle()
    assert "ltx-red" not in panel.rows.text
    assert "Everything a film needs is here" in panel.head.value


def test_the_switch_starts_and_stops_a_rehearsal_others_find(project, project_root, monkeypatch):
    """One press: a rehearsal that outlives the page and that other notebooks find; another: gone."""
    monkeypatch.delenv("LTX_COMFY_URL")
    monkeypatch.setenv("PYTHONPATH", str(project_root))
    panel = SetupPanel(project)
    panel.settle()
    try:
        panel.switch.click()
        assert panel.switch.disabled
        panel.settle()
        assert rehearsing.running(project) is not None
        assert "REHEARSAL" in panel.banner.value
        assert panel.switch.description == "Switch the rehearsal off"
        again = SetupPanel(project)
        again.settle()
        assert "REHEARSAL" in again.banner.value
        panel.switch.click()
        panel.settle()
        assert rehearsing.running(project) is None
        assert panel.switch.description == "Rehearse here, without a GPU"
    finally:
        rehearsing.stop(project)


def test_a_rehearsal_that_does_not_start_is_told(project, monkeypatch):
    """The panel says what happened and can be used again."""
    monkeypatch.delenv("LTX_COMFY_URL")
    monkeypatch.setenv("PYTHONPATH", str(project.root))
    monkeypatch.setattr(rehearsing.sys, "executable", "/bin/false")
    panel = SetupPanel(project)
    panel.settle()
    panel.switch.click()
    panel.settle()
    assert "The rehearsal did not start" in panel.notice.value
    assert not panel.switch.disabled


def test_the_night_prints_the_checklist(project, server, night, capsys):
    """A line for everything that was looked at; nothing red, nothing raised."""
    setup_panel()
    said = capsys.readouterr().out
    assert "AMBER  Server: The rehearsal answers" in said
    assert "GREEN  Scenes" in said


def test_the_night_does_not_begin_without_a_server(project, night):
    """What nothing can be rendered without stops the run, with the cure."""
    with pytest.raises(BadInput) as caught:
        setup_panel()
    assert "The night cannot begin" in str(caught.value)
    assert caught.value._render_traceback_()[-1].startswith("STOPPED: The night cannot begin")


def test_a_missing_model_is_left_to_the_batch_to_judge(project, server, night, capsys, monkeypatch):
    """A red line that may not concern these scenes is printed and does not stop the night."""
    line = Line("Models", RED, "A file is missing.", "Fetch it.")
    monkeypatch.setattr(doctor, "examine", lambda project: [line])
    setup_panel()
    assert "RED    Models: A file is missing. -> Fetch it." in capsys.readouterr().out


def test_the_night_can_switch_the_rehearsal_on(project, project_root, night, monkeypatch, capsys):
    """With rehearse = True the night needs nobody and no GPU."""
    monkeypatch.delenv("LTX_COMFY_URL")
    monkeypatch.setenv("PYTHONPATH", str(project_root))
    try:
        setup_panel(rehearse=True)
        assert "The rehearsal answers at" in capsys.readouterr().out
    finally:
        rehearsing.stop(project)


RED_LINE = Line("ComfyUI", RED, "It does <not> run.", "A night starts it.", "mend", "ComfyUI")


@pytest.fixture
def cures(monkeypatch):
    """A doctor who finds one red line, and a cure of it that can be told what to do."""
    made = Mended()
    monkeypatch.setitem(curing.CURES, "mend", made.cure)
    monkeypatch.setattr(doctor, "examine", lambda project: [made.line, *made.more])
    return made


class Mended:
    """One cure, and what it was asked for."""

    def __init__(self):
        self.line, self.more = RED_LINE, [Line("Disk", GREEN, "90 GB free.", group="The machine")]
        self.runs, self.question, self.error = 0, None, None
        self.go = threading.Event()
        self.go.set()

    @property
    def cure(self):
        return Cure(
            "mend", "Mend it", "The button mends it.", "Mending ...", "./kit mend", self.run, self.asks
        )

    def asks(self, project):
        return self.question or "Is that right?"

    def run(self, project, doing):
        self.runs += 1
        doing.tell(Told("Half way.", 0.5))
        assert self.go.wait(30)
        if self.error:
            raise self.error
        self.line = Line("ComfyUI", GREEN, "It runs.", group="ComfyUI")
        return "It was mended."


def row_of(panel):
    (row,) = [one for one in panel.rows._rows.values() if one.line.name == "ComfyUI"]
    return row


def test_a_line_with_a_cure_has_a_button_that_asks_does_and_looks_again(project, cures):
    """It says what it does, asks, can be left, does it, and the line turns green where it stands."""
    panel = SetupPanel(project)
    panel.settle()
    row = row_of(panel)
    assert row.do.description == "Mend it"
    assert "A night starts it. The button mends it." in row.text.value
    assert "It does &lt;not&gt; run." in row.text.value
    row.do.click()
    panel.settle()
    assert "Is that right?" in row.text.value
    assert "ltx-empty" not in row.leave._dom_classes
    row.leave.click()
    assert "Is that right?" not in row.text.value
    assert cures.runs == 0
    row.do.click()
    panel.settle()
    assert row.do.description == "Yes, do it"
    places = panel.rows.root.children
    row.do.click()
    panel.settle()
    assert cures.runs == 1
    assert "It was mended." in panel.notice.value
    assert "ltx-green" in row.text.value
    assert "ltx-gone" in row.do._dom_classes
    assert panel.rows.root.children == places
    panel.again.click()
    panel.settle()
    assert panel.rows.root.children == ()
    assert "2 lines are" in panel.rows.well.value


def test_how_far_a_cure_is_stands_where_the_cure_stood(project, cures):
    """While it runs nothing else can be pressed; another cell that shows the panel shows it too."""
    cures.go.clear()
    panel = SetupPanel(project)
    panel.settle()
    row = row_of(panel)
    for _ in range(2):
        row.do.click()
        deadline = time.monotonic() + 30
        while not (row.asked or "Half way" in row.text.value) and time.monotonic() < deadline:
            time.sleep(0.01)
    deadline = time.monotonic() + 30
    while "Half way." not in row.text.value and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "Half way." in row.text.value
    assert "ltx-bar" in panel.working.value
    assert row.do.disabled and panel.again.disabled
    other = SetupPanel(project)
    assert "Half way." in other.working.value
    cures.go.set()
    panel.settle()
    other.settle()
    assert panel.working.value == other.working.value == ""
    assert cures.runs == 1
    assert not panel.again.disabled


def test_a_cure_that_fails_is_told_in_plain_words(project, cures):
    """The failure with its cure stands below; the line stays red and can be pressed again."""
    cures.error = PodError("ComfyUI ended as soon as it was started.", cure="Look at its log.")
    panel = SetupPanel(project)
    panel.settle()
    row = row_of(panel)
    row.do.click()
    panel.settle()
    row.do.click()
    panel.settle()
    assert "ComfyUI ended as soon as it was started." in panel.notice.value
    assert "Look at its log." in panel.notice.value
    assert "ltx-red" in row.text.value
    assert not row.do.disabled
    assert row.do.description == "Mend it"


def test_a_cure_with_nothing_left_to_do_says_so(project, cures, monkeypatch):
    """What was to be asked may have gone meanwhile."""
    monkeypatch.setattr(Mended, "asks", lambda self, project: "")
    monkeypatch.setitem(curing.CURES, "mend", cures.cure)
    panel = SetupPanel(project)
    panel.settle()
    row_of(panel).do.click()
    panel.settle()
    assert "nothing to do any more" in row_of(panel).text.value
    assert cures.runs == 0


def test_new_lines_come_at_the_end_and_gone_ones_are_well(project, cures):
    """Until somebody asks to look again, rows keep their places; lines of one name do not hide each other."""
    panel = SetupPanel(project)
    panel.settle()
    before = panel.rows.root.children
    cures.line = Line("Card", RED, "It is gone.", "Rent another.", group="The machine")
    cures.more += [Line("Card", RED, "This one too.", "Rent another.", group="The machine")]
    panel.refresh()
    panel.settle()
    assert panel.rows.root.children[:1] == before
    assert len(panel.rows.root.children) == 3
    assert "This is well now." in panel.rows.text
    assert "2 lines need you" in panel.head.value


def test_the_text_for_support_can_be_copied(project, cures, monkeypatch):
    """It stands in a box with a button, escaped, without secrets."""
    monkeypatch.setenv("HF_TOKEN", "hf_PLANTEDPLANTED")
    cures.more += [Line("Log", AMBER, "It said <b> hf_PLANTEDPLANTED.")]
    panel = SetupPanel(project)
    panel.settle()
    panel.support.click()
    assert "[red] ComfyUI: It does &lt;not&gt; run." in panel.support_box.value
    assert "clipboard" in panel.support_box.value
    assert "./kit mend" in panel.support_box.value
    assert "PLANTED" not in panel.support_box.value
    assert "(secret)" in panel.support_box.value


def test_model_files_are_checked_by_a_button(project, cures, monkeypatch):
    """It shows where there are model files, with a bar and a way to stop."""
    cures.more += [Line("Model files", GREEN, "All there.", group="Models")]
    told = threading.Event()

    def run(project, doing):
        doing.tell(Told("Reading a, 1 of 2", 0.25))
        told.set()
        assert doing.cancel.wait(30)
        raise Cancelled("The check was stopped.")

    check = curing.CURES[curing.CHECK]
    monkeypatch.setitem(curing.CURES, curing.CHECK, replace(check, run=run))
    panel = SetupPanel(project)
    panel.settle()
    assert "ltx-empty" not in panel.check._dom_classes
    panel.check.click()
    assert told.wait(30)
    panel.cancel.click()
    panel.settle()
    assert "The check was stopped." in panel.notice.value
    assert "ltx-empty" in panel.cancel._dom_classes
