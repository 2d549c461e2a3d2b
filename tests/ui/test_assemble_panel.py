"""The film: order, settings, Render, and the film itself."""

from __future__ import annotations

import pytest

from ltxlib.errors import BadInput
from ltxlib.store.takes import decide, load_takes
from ltxlib.studio.assemble import FilmSettings
from ltxlib.ui.assemble import AssemblePanel, assemble_panel

QUICK = FilmSettings(crossfade_s=0.1)


@pytest.fixture
def panel(filled) -> AssemblePanel:
    """The panel over one take of rain and one of still, 9 frames each."""
    made = AssemblePanel(filled, QUICK)
    made.settle()
    return made


def order(panel):
    return [choice.take.scene for choice in panel.order.choices]


def press(panel, row, name):
    buttons = panel.order.part.children[row].children[3].children
    next(button for button in buttons if f"ltx-{name}" in button._dom_classes).click()


def test_the_length_of_the_film_is_shown_before_it_is_made(panel):
    """Frames are counted as the timeline counts them, with the crossfade and the title."""
    assert "REHEARSAL" in panel.banner.value
    assert "(16 frames), 256 x 128" in panel.length.value
    panel.crossfade.value = 0.0
    assert "(18 frames)" in panel.length.value
    panel.title.value = "Rain"
    assert "(114 frames)" in panel.length.value
    assert not panel.render.disabled


def test_what_does_not_fit_is_told_at_once(panel):
    """A crossfade longer than the clips is named with what would fit, and the button is off."""
    panel.crossfade.value = 2.0
    assert "longer than half the shortest clip" in panel.length.value
    assert panel.render.disabled
    panel.crossfade.value = 0.1
    assert not panel.render.disabled


def test_scenes_move_and_stay_out(panel):
    """The arrows and Leave out change the order; Look again keeps it."""
    assert order(panel) == ["rain", "still"]
    press(panel, 0, "down")
    assert order(panel) == ["still", "rain"]
    press(panel, 1, "up")
    assert order(panel) == ["rain", "still"]
    press(panel, 0, "down")
    press(panel, 0, "toggle")
    assert panel.settings().order == ("rain",)
    panel.again.click()
    panel.settle()
    assert order(panel) == ["still", "rain"]
    assert panel.settings().order == ("rain",)
    press(panel, 1, "toggle")
    assert panel.render.disabled
    assert panel.length.value == ""


def test_the_film_is_made_shown_and_listed(panel, filled, in_jupyter):
    """One press: the film plays by address, with its facts and how to take it home; a second makes none."""
    in_jupyter(filled.root)
    panel.name_of_film.value = "My <b>Rain</b>"
    panel.render.click()
    assert panel.render.disabled
    panel.settle()
    html = panel.result.value
    assert 'src="/files/production/REHEARSAL/masters/REHEARSAL-my-b-rain-b-' in html
    for words in ("Your film is ready", "16 frames", "LUFS", "dBTP", "Download the film"):
        assert words in html
    assert "REHEARSAL-my-b-rain-b-" in panel.films.value
    assert not panel.render.disabled
    panel.render.click()
    panel.settle()
    assert "made before" in panel.result.value
    again = AssemblePanel(filled, QUICK)
    again.settle()
    assert "made before" in again.result.value


def test_a_film_can_be_cancelled(filled, panel):
    """Cancel leaves no half film behind."""
    panel.render.click()
    panel.cancel.click()
    panel.settle()
    masters = filled.production / "REHEARSAL" / "masters"
    stopped = "stop" in panel.notice.value.lower() or "cancel" in panel.notice.value.lower()
    # A film this small may be whole before the word arrives; then it is shown, and never half of one.
    assert stopped != bool(list(masters.glob("*.mp4")))
    assert not list(masters.glob("*.part"))
    assert not panel.render.disabled


def test_a_damaged_clip_is_told(filled):
    """What cannot be used is named in words."""
    takes, _ = load_takes(filled.set(rehearsal=True))
    for take in takes:
        clip = filled.production / "REHEARSAL" / "takes" / take.scene / take.clip.file
        clip.write_bytes(b"\0" * take.clip.size_bytes)
    panel = AssemblePanel(filled, QUICK)
    panel.settle()
    panel.render.click()
    panel.settle()
    assert "ltx-note ltx-bad" in panel.notice.value
    assert "Traceback" not in panel.notice.value.split("<details>")[0]


def test_trials_stay_out_unless_there_is_nothing_else(filled):
    """Takes of scenes that are no rows of the table are offered and not used."""
    filled.scenes_csv.write_text("scene,prompt,frames,width,height\nrain,@rain/window,9,256,128\n")
    panel = AssemblePanel(filled, QUICK)
    panel.settle()
    assert order(panel) == ["rain", "still"]
    assert panel.settings().order == ("rain",)
    filled.scenes_csv.write_text("scene,prompt,frames,width,height\nother,@rain/window,9,256,128\n")
    panel = AssemblePanel(filled, QUICK)
    panel.settle()
    assert set(panel.settings().order) == {"rain", "still"}


def test_rejected_takes_are_not_offered(filled):
    """A scene whose takes are all rejected is not in the film."""
    shelf = filled.set(rehearsal=True)
    for take in load_takes(shelf)[0]:
        if take.scene == "still":
            decide(shelf, take, "reject")
    panel = AssemblePanel(filled, QUICK)
    panel.settle()
    assert order(panel) == ["rain"]


def test_a_loudness_of_ones_own_is_kept(filled):
    """A value from the parameters that is not on the list is put on it."""
    panel = AssemblePanel(filled, FilmSettings(target_lufs=-20.0, crossfade_s=0.1))
    panel.settle()
    assert panel.settings().target_lufs == -20.0


def test_without_takes_there_is_nothing_to_render(project):
    """An empty shelf says where takes come from."""
    panel = AssemblePanel(project, QUICK)
    panel.settle()
    assert "There is no take yet" in panel.head.value
    assert panel.render.disabled
    assert panel.films.value == ""


def test_the_night_makes_the_film_and_tells_its_facts(filled, night, capsys):
    """By night: where the film is and what it is; the same film is not made twice."""
    assemble_panel(crossfade_s=0.1, name="night")
    said = capsys.readouterr().out
    assert "REHEARSAL: a film of 2 scenes" in said
    assert "Made in " in said
    assert "REHEARSAL-night-" in said
    assert "16 frames" in said
    assemble_panel(crossfade_s=0.1, name="night")
    assert "Made before" in capsys.readouterr().out


def test_a_night_without_takes_is_a_failure(project, night):
    """There is nothing to make a film of, and the run says so in plain words."""
    with pytest.raises(BadInput) as caught:
        assemble_panel()
    assert caught.value._render_traceback_()[-1].startswith("STOPPED: There is no take")
