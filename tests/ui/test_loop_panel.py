"""The loop lab: chosen, measured, looked at, put into a film."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ltxlib.store.films import film_names, load_film
from ltxlib.store.takes import clip_path, decide, load_takes
from ltxlib.ui import loop_lab as panel_module
from ltxlib.ui.loop_lab import LoopPanel, loop_panel, score_html


@pytest.fixture
def panel(filled) -> LoopPanel:
    """The panel over two takes of rain and one of still, the first of rain kept."""
    shelf = filled.set(rehearsal=True)
    kept = next(take for take in load_takes(shelf)[0] if take.scene == "rain" and take.take_no == 1)
    decide(shelf, kept, "keep")
    made = LoopPanel(filled)
    made.settle()
    return made


def hidden(part) -> bool:
    return "ltx-empty" in part._dom_classes


def measure(panel: LoopPanel) -> None:
    panel.look_button.click()
    panel.settle()


def test_kept_takes_come_first_and_nothing_is_measured_unasked(panel, filled):
    """Opening the notebook costs nothing."""
    names = [name for name, _ in panel.take.options]
    assert names[0].startswith("rain, take 1, kept")
    assert len(names) == 3
    assert "REHEARSAL" in panel.banner.value
    assert hidden(panel.ways_field)
    assert hidden(panel.below)
    assert panel.score.value == panel.player.value == ""
    assert not (filled.set(rehearsal=True).work / "loops").exists()


def test_a_take_is_measured_and_its_seam_plays_again_and_again(panel, filled, in_jupyter):
    """A score with its bar, one sentence, the seam by its address, in and out, pictures of the seam."""
    in_jupyter(filled.root)
    measure(panel)
    assert "of 100" in panel.score.value
    assert 'class="ltx-bar' in panel.score.value
    assert "boomerang" in panel.score.value
    assert " loop" in panel.player.value
    assert "autoplay" in panel.player.value
    assert "/loops/" in panel.player.value
    assert "REHEARSAL" in panel.player.value
    assert 'class="ltx-strip"' in panel.player.value
    assert "(frame 0)" in panel.points.value
    assert not panel.look_button.disabled
    assert panel.ways.value == panel._report.advice.way.kind


def test_other_ways_can_be_looked_at(panel, filled, in_jupyter):
    """Each has its own preview, and the in and out points follow."""
    in_jupyter(filled.root)
    measure(panel)
    seen = set()
    for _, kind in panel.ways.options:
        panel.ways.value = kind
        panel.settle()
        way = next(way for way in panel._report.ways if way.kind == kind)
        assert f"frame {way.out_frame}" in panel.points.value
        seen.add(panel.player.value.split('src="')[1].split("?")[0])
    assert len(seen) == len({(way.in_frame, way.out_frame) for way in panel._report.ways})


def test_what_was_measured_before_is_there_at_once(panel, filled):
    """Another panel shows it without a press, and plays nothing by itself."""
    measure(panel)
    other = LoopPanel(filled)
    other.settle()
    assert "of 100" in other.score.value
    assert "autoplay" not in other.player.value


def test_another_take_begins_anew(panel):
    """What was shown of the one before goes."""
    measure(panel)
    panel.take.value = panel.take.options[-1][1]
    panel.settle()
    assert panel.score.value == panel.player.value == panel.points.value == ""
    assert hidden(panel.below)
    panel.again.click()
    panel.settle()
    assert panel.take.value == panel.take.options[-1][1]


def test_in_and_out_go_into_the_film(panel, filled):
    """The film's file names the take, and the panel says so."""
    measure(panel)
    panel.ways.value = "trimmed"
    panel.settle()
    panel.use.click()
    panel.settle()
    (name,) = film_names(filled)
    film = load_film(filled, name)
    cut = next(cut for cut in film.cuts if cut.scene == "rain")
    assert cut.take == panel._report.take.take_id
    assert [cut.scene for cut in film.cuts] == ["rain", "still"]
    assert "rain, take 1, now goes from" in panel.told.value
    assert panel.notice.value == ""


def test_a_damaged_film_file_is_told(panel, filled):
    """Nothing is written over what a person has to mend."""
    filled.films.mkdir()
    (filled.films / "mine.toml").write_text("name = [\n")
    measure(panel)
    panel.use.click()
    panel.settle()
    assert "cannot be read" in panel.notice.value
    assert (filled.films / "mine.toml").read_text() == "name = [\n"


def test_a_take_that_cannot_be_measured_says_why(panel, filled):
    """The clip is gone: one sentence, and the button can be pressed again."""
    shelf = filled.set(rehearsal=True)
    take = panel._take()
    clip_path(shelf, take.scene, take.take_id).unlink()
    measure(panel)
    assert "is not there" in panel.notice.value
    assert panel.score.value == ""
    assert not panel.look_button.disabled


def test_without_takes_it_leads_back(project):
    """An empty shelf says where takes come from, and there is nothing to press."""
    panel = LoopPanel(project)
    panel.settle()
    assert "There is no take yet" in panel.head.value
    assert panel.look_button.disabled
    panel.look_button.click()
    panel.use.click()
    panel.settle()
    assert panel.notice.value == ""


def test_what_people_wrote_is_escaped(panel):
    """A prompt is no HTML."""
    measure(panel)
    wild = replace(panel._report, warnings=("<script>",))
    assert "<script>" not in score_html(wild)


def test_by_night_each_kept_take_has_a_line(panel, night, capsys):
    """Only kept ones are looked at, and what was seen is kept."""
    loop_panel()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("  rain, take 1: ")
    assert "of 100" in lines[0]
    loop_panel(only_scene="still")
    assert capsys.readouterr().out == "No take is kept yet, so the loop lab has nothing to look at.\n"


def test_by_night_the_work_is_bounded(panel, filled, night, capsys, monkeypatch):
    """Takes beyond the most are named and left for a person; a damaged one does not end the run."""
    shelf = filled.set(rehearsal=True)
    for take in load_takes(shelf)[0]:
        decide(shelf, take, "keep")
    monkeypatch.setattr(panel_module, "MOST_BY_NIGHT", 1)
    loop_panel()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert sum("not looked at yet" in line for line in lines) == 2
    monkeypatch.setattr(panel_module, "MOST_BY_NIGHT", 9)
    oldest = min(load_takes(shelf)[0], key=lambda take: take.made_at)
    clip = clip_path(shelf, oldest.scene, oldest.take_id)
    clip.write_bytes(b"x" * clip.stat().st_size)
    loop_panel()
    lines = capsys.readouterr().out.splitlines()
    assert sum("of 100" in line for line in lines) == 2
    assert (
        sum(f"{oldest.scene}, take {oldest.take_no}: " in line and "damaged" in line for line in lines) == 1
    )
