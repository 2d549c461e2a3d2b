"""The panel that turns one line into scenes, by day and by night."""

from __future__ import annotations

import shutil

import pytest

from ltxlib.rehearsal import nodes
from ltxlib.store.scene_sheet import read_sheet
from ltxlib.ui.batch import BatchPanel
from ltxlib.ui.concept import ConceptPanel, concept_panel
from ltxlib.ui.job import latest

LINE = "a cabin in a snowstorm, one hour"


@pytest.fixture
def project(project, project_root):
    """The project of the other panels, with what the text encoder is told and all columns that ideas need."""
    shutil.copytree(project_root / "prompts" / "enhance", project.prompts / "enhance")
    head, *rows = project.scenes_csv.read_text().splitlines()
    project.scenes_csv.write_text("\n".join([f"{head},notes", *rows]) + "\n")
    return project


@pytest.fixture
def panel(project, server):
    """The panel, before anything is asked."""
    made = ConceptPanel(project)
    made.settle()
    return made


def written(panel, line=LINE, count=3):
    """The panel after a press on Write scenes."""
    panel.line.value, panel.count.value = line, count
    panel.write.click()
    latest(panel.job_name).wait(60)
    panel.settle()
    return panel


def hidden(part):
    return "ltx-empty" in part._dom_classes


def names_in(project):
    return [scene.scene for scene in read_sheet(project.scenes_csv).scenes]


def test_by_night_it_does_nothing(project, night, capsys):
    """A line is printed, and nothing is asked, written or shown."""
    before = project.scenes_csv.read_text()
    concept_panel()
    assert "By night it rests" in capsys.readouterr().out
    assert project.scenes_csv.read_text() == before


def test_opening_it_asks_nobody(panel, project):
    """There is a line to fill in, and nothing to add yet."""
    assert latest(panel.job_name) is None
    assert panel.rows == []
    assert hidden(panel.adding)
    assert "REHEARSAL" in panel.banner.value
    assert panel.write.description == "Write scenes"


def test_a_line_becomes_scenes_to_look_through(panel):
    """Each has a tick, a name, a prompt and who wrote it; the wish for an hour is answered."""
    written(panel)
    assert len(panel.rows) == 3
    assert all(row.wanted.value and row.name.value and len(row.prompt.value) > 200 for row in panel.rows)
    assert "stand-ins, made by a grammar" in panel.told.value
    assert "You wish for 1 h" in panel.told.value
    assert panel.add.description == "Add 3 scenes to scenes.csv"
    assert panel.write.description == "Write others"
    assert not hidden(panel.adding)
    assert hidden(panel.cancel)
    assert panel.progress.value == ""


def test_a_second_press_writes_others_and_a_new_line_begins_afresh(panel):
    """The same line gives other scenes; a changed one starts from its first."""
    first = [row.prompt.value for row in written(panel).rows]
    second = [row.prompt.value for row in written(panel).rows]
    assert not set(first) & set(second)
    panel.line.value = "rain"
    assert panel.write.description == "Write scenes"
    written(panel)
    assert [row.prompt.value for row in panel.rows] == first


def test_ticked_and_changed_ideas_go_into_the_table(panel, project):
    """Unticked ones stay out, changed words and names count, the notes say so, and other panels see it."""
    batch = BatchPanel(project)
    batch.settle()
    written(panel)
    panel.rows[0].wanted.value = False
    panel.rows[1].name.value = "my-cabin"
    panel.rows[1].prompt.value = panel.rows[1].prompt.value.replace("camera", "camera,")
    assert panel.add.description == "Add 2 scenes to scenes.csv"
    kept = panel.rows[2].name.value
    panel.add.click()
    panel.settle()
    batch.settle()
    assert names_in(project) == ["rain", "still", "my-cabin", kept]
    mine, other = read_sheet(project.scenes_csv).scenes[2:]
    assert "then changed by hand." in mine.notes
    by_whom = f"From “{LINE}”; rehearsal stand-in, not written by a language model."
    assert other.notes == f"{by_whom} For 1 h the film is played 60 times, 20 s a scene."
    assert f"my-cabin, {kept} are now the last rows of scenes.csv" in panel.notice.value
    assert panel.rows == []
    assert hidden(panel.adding)
    assert "my-cabin" in batch.scenes.value
    assert "@rain/window" not in mine.prompt


def test_what_the_rules_have_against_a_changed_prompt_is_told_at_once(panel):
    """An idea comes without a word of warning; a spoilt one gets one, and loses it again."""
    row = written(panel).rows[0]
    good = row.prompt.value
    assert row.says.value == ""
    row.prompt.value = "Snow."
    assert "only 1 word" in row.says.value
    row.prompt.value = good
    assert row.says.value == ""


def test_nothing_is_added_while_something_is_wrong(panel, project):
    """An empty prompt is told by its scene's name; the ideas stay to be mended."""
    written(panel)
    before = project.scenes_csv.read_text()
    panel.rows[0].prompt.value = " "
    panel.add.click()
    assert "The prompt is empty" in panel.notice.value
    assert project.scenes_csv.read_text() == before
    assert len(panel.rows) == 3
    for row in panel.rows:
        row.wanted.value = False
    assert panel.add.disabled
    assert panel.add.description == "None is ticked"


def test_a_line_that_says_nothing_is_told(panel):
    """A sentence with a cure, and the button works again."""
    written(panel, line="one hour")
    assert "does not say what the film shows" in panel.notice.value
    assert not panel.write.disabled
    written(panel)
    assert panel.notice.value == ""


def test_without_a_server_it_still_has_ideas(project):
    """The grammar writes, and the panel says so in words."""
    panel = written(ConceptPanel(project))
    assert len(panel.rows) == 3
    assert "no language model wrote them" in panel.told.value
    assert panel.banner.value == ""


def test_running_the_cell_again_shows_the_ideas_and_after_adding_none(panel, project):
    """Ideas that were not added yet are still there in a new panel; added ones are not offered again."""
    written(panel)
    again = ConceptPanel(project)
    again.settle()
    assert [row.name.value for row in again.rows] == [row.name.value for row in panel.rows]
    assert again.line.value == LINE
    again.add.click()
    last = ConceptPanel(project)
    last.settle()
    assert last.rows == []


def test_cancel_ends_the_writing(panel, monkeypatch):
    """While the encoder writes, Cancel is there; pressed, it ends with a sentence and no ideas."""
    from threading import Event

    writing, leave = Event(), Event()

    def slowly(call):
        writing.set()
        while not leave.wait(0.02):
            call.bench.check()
        return ("",)

    monkeypatch.setitem(nodes.PERFORMERS, "TextGenerate", slowly)
    panel.line.value = LINE
    panel.write.click()
    assert writing.wait(20)
    assert panel.write.disabled
    assert not hidden(panel.cancel)
    panel.cancel.click()
    panel.settle()
    leave.set()
    assert "Stopped while the text encoder was writing" in panel.notice.value
    assert panel.rows == []
    assert not panel.write.disabled


def test_texts_are_shown_as_texts(panel, project):
    """A line with marks of HTML in it harms nothing."""
    written(panel, line="a <b>cabin</b> & <script>alert(1)</script>")
    assert "<script>" not in panel.told.value + panel.notice.value
    assert "<b>" not in "".join(row.prompt.value for row in panel.rows)
