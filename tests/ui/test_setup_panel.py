"""The checklist, and the switch to rehearse."""

from __future__ import annotations

import pytest

from ltxlib.errors import BadInput
from ltxlib.studio import rehearsing
from ltxlib.studio import setup as studio_setup
from ltxlib.ui.setup import SetupPanel, setup_panel


def test_what_is_missing_is_red_with_its_cure(project):
    """Without a server the panel says so, and how to get one."""
    panel = SetupPanel(project)
    panel.settle()
    assert 'class="ltx-row ltx-red"' in panel.lines.value
    assert "switch on the rehearsal in notebook 01" in panel.lines.value
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
    assert "ltx-red" not in panel.lines.value


def test_looking_again_sees_what_has_changed(project, server):
    """A mended scenes.csv turns its line green at the press of a button."""
    good = project.scenes_csv.read_text()
    project.scenes_csv.write_text(good + "<b>bold</b>,t2v,,,9,256,128,1,yes,yes\n")
    panel = SetupPanel(project)
    panel.settle()
    assert "ltx-red" in panel.lines.value
    assert "<b>bold" not in panel.lines.value
    project.scenes_csv.write_text(good)
    panel.again.click()
    panel.settle()
    assert "ltx-red" not in panel.lines.value
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
    line = studio_setup.Line("Models", studio_setup.RED, "A file is missing.", "Fetch it.")
    monkeypatch.setattr("ltxlib.ui.setup.checklist", lambda project: [line])
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
