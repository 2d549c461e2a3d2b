"""ComfyUI's life in the notebook; the rehearsal plays it, as a process started the way the template does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading

import pytest

from ltxlib.comfy.client import ComfyClient
from ltxlib.pod import comfyui
from ltxlib.studio import comfy_life as life_of
from ltxlib.ui import comfy_life, comfy_log, comfy_words
from ltxlib.ui.comfy_life import ComfyPanel, comfyui_panel
from ltxlib.ui.comfy_log import LogView
from tests.support.comfy_home import argue, comfy_home
from tests.support.night_lock import held_night, say
from tests.support.rehearsal_graphs import small_graph


@pytest.fixture
def home(tmp_path):
    """A ComfyUI that does not run yet."""
    with comfy_home(tmp_path / "slim" / "ComfyUI") as found:
        yield found


@pytest.fixture
def panel(home, project) -> ComfyPanel:
    made = ComfyPanel(project)
    made.settle()
    return made


def hidden(part) -> bool:
    return "ltx-empty" in part._dom_classes


def off(panel) -> dict[str, bool]:
    names = ("start", "stop", "restart", "free")
    return {name: getattr(panel, name).disabled for name in names}


def test_it_is_started_awaited_and_stopped(panel, home, monkeypatch):
    """Off, then awaited with clock, money and log, then on, with its address; stopped it is off again."""
    monkeypatch.setenv("RUNPOD_API_KEY", "rpa_PLANTEDPLANTED")
    assert "ComfyUI 0.33.0 does not run." in panel.head.value
    assert 'class="ltx-life ltx-red"' in panel.head.value
    assert off(panel) == {"start": False, "stop": True, "restart": True, "free": True}
    assert "ltx-primary" in panel.start._dom_classes
    seen = []
    argue(home, "--late")  # or it is there before the clock is looked at
    monkeypatch.setattr(comfy_log, "READ_EVERY_S", 0.0)
    panel.working.observe(lambda change: seen.append(change["new"]), "value")
    panel.start.click()
    assert all(off(panel).values())
    assert not hidden(panel.waiting_row)
    panel.settle()
    assert any(re.search(r"\d:\d\d · \$\d+\.\d+ so far", told) for told in seen)
    assert panel.working.value == ""
    assert "ComfyUI answers, after" in panel.notice.value
    assert "That cost $" in panel.notice.value
    assert "0.33.0 runs and answers at" in panel.head.value
    assert "Nothing is being rendered there." in panel.head.value
    assert off(panel) == {"start": True, "stop": False, "restart": False, "free": False}
    assert 'target="_blank" rel="noopener"' in panel.facts.value
    assert comfy_words.PRIVATE in panel.facts.value
    assert "ComfyUI version: 0.33.0" in panel.log.text
    assert "hf_token is (secret)" in panel.log.text
    again = ComfyPanel(panel.project)
    again.settle()
    assert again.notice.value == ""
    panel.stop.click()
    panel.settle()
    assert "ComfyUI has ended" in panel.notice.value
    assert comfyui.running(home) == ()
    assert off(panel)["stop"]


def test_what_is_rendered_is_asked_for_first(panel, home):
    """Stop and Restart ask once more when something would be lost; No leaves it, Yes does it."""
    argue(home, "--calm")
    panel.start.click()
    panel.settle()
    (process,) = comfyui.running(home)
    client = ComfyClient(life_of.life(panel.project).url)
    for seed in (1, 2):
        client.submit(small_graph(seed=seed, sigmas="1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0"))
    panel.restart.click()
    panel.settle()
    assert not hidden(panel.asked)
    assert "2 renders are at work or waiting there" in panel.question.value
    assert "It is rendering, and 1 more waits." in panel.head.value
    panel._not_sure()
    assert hidden(panel.asked)
    assert comfyui.running(home) == (process,)
    panel.stop.click()
    panel.settle()
    assert panel.yes.description == "Yes, stop it"
    panel.yes.click()
    panel.settle()
    assert comfyui.running(home) == ()
    assert "does not run" in panel.head.value


def look_at(panel) -> str:
    panel.again.click()
    panel.settle()
    return panel.head.value


def test_waiting_can_be_given_up_and_begun_again(panel, home, project, monkeypatch):
    """Cancel ends the waiting, not ComfyUI; the panel then looks by itself, and offers to wait again."""
    argue(home, "--slow")
    panel.start.click()
    # A cell that is run again meanwhile shows the very same waiting.
    other = ComfyPanel(project)
    assert "Starting ComfyUI" in other.working.value
    other.cancel.click()
    panel.settle()
    other.settle()
    assert "not waited for any more" in panel.notice.value
    assert "does not answer" in other.head.value
    assert other.start.description == "Wait until it answers"
    monkeypatch.setattr(comfy_life, "LOOK_EVERY_S", 0.05)
    other.refresh()
    for process in comfyui.running(home):
        os.kill(process, 9)
    while "does not run" not in other.head.value:
        threading.Event().wait(0.02)
    assert other.start.description == "Start"


def test_a_pod_that_still_installs_is_told(home, project, tmp_path):
    """While the template installs packages, ComfyUI is not there yet; Start is not what leads on."""
    pip = tmp_path / "pip"
    pip.write_text("import sys; print(flush=True); sys.stdin.read()")
    words = [sys.executable, str(pip), "install", "-q", "-r", str(home.root / "requirements.txt")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        panel = ComfyPanel(project)
        panel.settle()
        assert "packages are being installed" in panel.head.value
        assert "ltx-amber" in panel.head.value
        assert "ltx-primary" not in panel.start._dom_classes
        process.communicate()
    assert "does not run." in look_at(panel)
    assert "ltx-primary" in panel.start._dom_classes


def test_one_that_cannot_start_says_why(panel, home):
    """The last error of its log is the message, and stands among the facts; Start is there again."""
    argue(home, "--broken")
    panel.start.click()
    panel.settle()
    assert "kornia" in panel.notice.value
    assert "Last error" in panel.facts.value
    assert 'ltx-line ltx-bad">ImportError' in "".join(block.value for block in panel.log.blocks.children)
    assert not panel.start.disabled


def test_packs_that_failed_are_told_calmly(panel, home):
    """A node pack that was not imported is named with its reason, escaped."""
    argue(home, "--pack")
    panel.start.click()
    panel.settle()
    assert "not imported" in panel.facts.value
    assert "OldPack: no &lt;pad&gt;" in panel.facts.value


def test_memory_and_workflows(panel, home, monkeypatch):
    """Free memory says what came of it; the workflows are put into ComfyUI's list, where they are found."""
    monkeypatch.setattr(life_of, "_FREE_S", 0.1)
    panel.start.click()
    panel.settle()
    panel.free.click()
    panel.settle()
    assert "nothing to free" in panel.notice.value
    assert "25.8 of 25.8 GB free" in panel.facts.value
    assert "not in ComfyUI&#x27;s own list yet" in panel.facts.value
    panel.workflows.click()
    panel.settle()
    assert "the folder ltx-kit" in panel.notice.value
    assert "the folder ltx-kit" in panel.facts.value
    assert panel.workflows.disabled


def test_on_a_pod_the_address_is_the_proxys(panel, monkeypatch):
    """The link leads through RunPod's proxy, with a word about who can open it."""
    monkeypatch.setenv("RUNPOD_POD_ID", "k7x2abc9pod")
    panel.start.click()
    panel.settle()
    assert 'href="https://k7x2abc9pod-' in panel.facts.value
    assert "asks nobody for a password" in panel.facts.value


def test_a_batch_and_a_night_are_not_disturbed(panel, project):
    """While they work the buttons are off, and it says why; afterwards they are there again."""
    with project.set(rehearsal=False).lock:
        look_at(panel)
        assert all(off(panel).values())
        assert "A batch of this project" in panel.reason.value
    look_at(panel)
    assert not panel.start.disabled
    with held_night(project):
        say(project, "02_generate", rehearsal=False)
        look_at(panel)
        assert "A night runs" in panel.reason.value
        assert panel.start.disabled
    look_at(panel)
    assert panel.reason.value == ""


def test_a_machine_without_one_is_told_calmly(project, tmp_path, monkeypatch, night, capsys):
    """One sentence, and where the rehearsal is; by night a line, whatever is wrong."""
    monkeypatch.setenv("LTX_COMFY_ROOT", str(tmp_path / "none"))
    panel = ComfyPanel(project)
    panel.settle()
    assert comfy_words.NONE_HERE in panel.head.value
    assert "rehearsal" in panel.head.value
    assert hidden(panel.start)
    assert hidden(panel.more)
    assert panel.notice.value == ""
    comfyui_panel()
    assert capsys.readouterr().out.strip() == comfy_words.NONE_HERE


def test_the_night_says_how_it_is(home, project, night, capsys):
    """A line, and nothing is started; what cannot be read is told and stops nobody."""
    comfyui_panel()
    assert "0.33.0 does not run." in capsys.readouterr().out
    assert comfyui.running(home) == ()
    argue(home, "'no end")
    comfyui_panel()
    assert "cannot be read" in capsys.readouterr().out


def test_a_file_of_arguments_that_cannot_be_read_is_shown(home, project):
    """What is wrong with it stands in the panel, and looking again is offered."""
    argue(home, "'no end")
    panel = ComfyPanel(project)
    panel.settle()
    assert "cannot be read" in panel.notice.value


def test_the_log_grows_block_by_block(tmp_path, monkeypatch):
    """Only what is new is added; many blocks become one; another log takes the place of the first."""
    monkeypatch.setattr(comfy_log, "MOST_BLOCKS", 3)
    log = tmp_path / "comfyui.log"
    view = LogView()
    view.read(None)
    assert "no log" in view.name.value
    assert hidden(view.box)
    log.write_text("<one>\n")
    view.read(log)
    (first,) = view.blocks.children
    assert "&lt;one&gt;" in first.value
    view.read(log)
    assert view.blocks.children == (first,)
    for number in range(2):
        with log.open("a") as file:
            file.write(f"line {number}\n")
        view.read(log)
    assert view.blocks.children[0] is first
    assert len(view.blocks.children) == 3
    with log.open("a") as file:
        file.write(f"{'long ' * 200}\n")
    view.read(log)
    (whole,) = view.blocks.children
    assert whole.value.count('class="ltx-line"') == 4
    assert len(whole.value) < 800
    log.write_text("new\n")
    view.read(log)
    assert view.text == "new"


def test_money_and_time_in_words():
    """A clock, whole cents once there are some, and an honest word where nobody knows the price."""
    assert comfy_words.clock(75.9) == "1:15"
    assert (comfy_words.money(0.0123), comfy_words.money(1.239)) == ("$0.012", "$1.24")
    unknown = comfy_words.waiting_html("Starting", life_of.Waiting(3.0, None))
    assert comfy_words.NO_PRICE in unknown
    assert comfy_words.answered(None) == "ComfyUI answers."
    assert comfy_words.answered(life_of.Waiting(3.0, None)) == "ComfyUI answers, after 3 s."
