"""Prompts that the text encoder writes out, as the panels show them."""

from __future__ import annotations

import shutil

import pytest

from ltxlib.rehearsal import nodes, nodes_text
from ltxlib.store.scene_sheet import read_sheet
from ltxlib.store.takes import load_takes
from ltxlib.ui.batch import BatchPanel, batch_panel
from ltxlib.ui.job import latest
from ltxlib.ui.one_take import OneTakePanel
from ltxlib.ui.review import ReviewPanel

HEADER = "scene,prompt,frames,width,height,enhance,notes"
MARK = nodes_text.MARK


@pytest.fixture
def project(project, project_root):
    """One scene whose prompt is to be written out."""
    shutil.copytree(project_root / "prompts" / "enhance", project.prompts / "enhance")
    project.scenes_csv.write_text(f"{HEADER}\nsnow,Snow falls on <b>a cabin</b>.,9,192,128,yes,\n")
    return project


def test_batch_and_review_show_what_was_written(project, server):
    """The text is behind a fold in the batch and beside the clip in the review, as text."""
    batch = BatchPanel(project)
    batch.settle()
    batch.start.click()
    batch.settle()
    assert "1 prompt written out by the text encoder" in batch.progress.value
    assert MARK in batch.progress.value
    assert "&lt;b&gt;a cabin" in batch.progress.value
    review = ReviewPanel(project)
    review.settle()
    review.play(review._found.shown[0])
    assert "The prompt, written out by the text encoder" in review.player.value
    assert MARK in review.player.value
    assert "<b>a cabin" not in review.player.value


def test_by_night_it_is_a_line(project, server, night, capsys):
    """The log names the scene whose prompt was written out."""
    batch_panel()
    assert "words   snow: written out by the text encoder" in capsys.readouterr().out


def test_a_prompt_that_stays_is_told(project, server, monkeypatch):
    """When nothing good comes, the panel says that the prompt stays, and why."""
    monkeypatch.setitem(nodes.PERFORMERS, "TextGenerate", lambda _: ("",))
    batch = BatchPanel(project)
    batch.settle()
    batch.start.click()
    batch.settle()
    assert "The prompt stays as it is." in batch.progress.value
    assert "gave no text" in batch.progress.value
    review = ReviewPanel(project)
    review.settle()
    review.play(review._found.shown[0])
    assert "written out" not in review.player.value


def test_one_take_can_have_its_prompt_written_out(project, server):
    """The tick in the form is the row's yes, comes back from it, and is made so."""
    panel = OneTakePanel(project)
    panel.settle()
    panel.form.row.value = "snow"
    assert panel.form.enhance.value
    panel.form.row.value = ""
    assert not panel.form.enhance.value
    panel.form.row.value = "snow"
    panel.form.name.value = "mine"
    panel.save.click()
    assert [scene.enhance for scene in read_sheet(project.scenes_csv).scenes] == [True, True]
    panel.render.click()
    latest(panel.job_name).wait(60)
    panel.settle()
    (take,) = load_takes(project.set(rehearsal=True))[0]
    assert take.enhanced_prompt.startswith(MARK)
