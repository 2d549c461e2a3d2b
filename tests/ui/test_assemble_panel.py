"""The film: its order and settings, what it will be, Render, and the film itself."""

from __future__ import annotations

import pytest

from ltxlib.core.film import CutWish, FilmSettings, Transition
from ltxlib.errors import BadInput
from ltxlib.store.films import load_film, save_film
from ltxlib.store.takes import decide, load_takes
from ltxlib.ui.assemble import AssemblePanel, assemble_panel
from ltxlib.ui.film_work import Asked

QUICK = Asked(crossfade_s=0.1)


@pytest.fixture
def panel(filled) -> AssemblePanel:
    """The panel over one take of rain and one of still, 9 frames each."""
    return opened(filled)


def opened(project, asked=QUICK) -> AssemblePanel:
    made = AssemblePanel(project, asked)
    made.settle()
    return made


def order(panel):
    return [choice.wish.scene for choice in panel.order.choices]


def used(panel):
    return [choice.wish.scene for choice in panel.order.used]


def row(panel, number):
    return panel.order._rows[number]


def press(panel, number, name):
    getattr(row(panel, number), name).click()
    panel.settle()


def test_the_length_of_the_film_is_shown_before_it_is_made(panel):
    """Frames are counted as the timeline counts them, with the crossfade and the title."""
    assert "REHEARSAL" in panel.banner.value
    assert "(16 frames), 256 x 128" in panel.length.value
    panel.form.transition.seconds.value = 0.0
    panel.settle()
    assert "(18 frames)" in panel.length.value
    panel.form.title.value = "Rain"
    panel.settle()
    assert "(114 frames)" in panel.length.value
    assert not panel.render.disabled


def test_what_does_not_fit_is_told_with_its_cure(panel):
    """A crossfade longer than the clips is named with what would fit, and the button is off meanwhile."""
    panel.form.transition.seconds.value = 2.0
    panel.settle()
    assert "cannot be rendered yet" in panel.length.value
    assert "longer than half the shortest clip" in panel.length.value
    assert panel.render.disabled
    panel.form.transition.seconds.value = 0.1
    panel.settle()
    assert not panel.render.disabled


def test_scenes_move_and_stay_out(panel):
    """The arrows and Leave out change the order; Look again keeps it."""
    assert order(panel) == ["rain", "still"]
    press(panel, 0, "down")
    assert order(panel) == ["still", "rain"]
    press(panel, 1, "up")
    assert order(panel) == ["rain", "still"]
    press(panel, 0, "down")
    press(panel, 0, "off")
    assert used(panel) == ["rain"]
    panel.again.click()
    panel.settle()
    assert order(panel) == ["still", "rain"]
    assert used(panel) == ["rain"]
    press(panel, 1, "off")
    assert panel.render.disabled
    assert panel.length.value == ""


def test_looking_writes_nothing(panel, filled):
    """Run All leaves the project as it is; the first choice makes the film's file."""
    assert not filled.films.exists()
    panel.form.title.value = "Rain"
    panel.settle()
    assert load_film(filled, "film").title == "Rain"


def test_the_order_and_all_wishes_are_there_again(panel, filled):
    """What a person chose is in the film's file, and in the form of whoever opens the notebook next."""
    press(panel, 0, "down")
    press(panel, 0, "more")
    wishes = row(panel, 0)._wishes
    wishes.in_s.value, wishes.gain_db.value = 0.1, 3.0
    row(panel, 1).more.click()
    own = row(panel, 1)._wishes.transition
    own.kind.value = "black"
    own.seconds.value = 0.2
    panel.form.loudness.value = -23.0
    panel.form.length.value = 3600.0
    panel.form.long_order.value = "shuffled"
    panel.form.shape.value = 1440
    panel.form.picture.sides.value = "blur"
    panel.form.end_title.value = "The end"
    panel.form.long.screen_off_min.value = 30
    panel.settle()
    asked = panel.settings()
    assert asked.cuts == (
        CutWish("still", in_s=0.1, gain_db=3.0),
        CutWish("rain", transition=Transition("black", 0.2)),
    )
    assert load_film(filled, "film") == asked
    again = opened(filled, Asked())
    assert again.settings() == asked
    assert order(again) == ["still", "rain"]
    said = row(again, 0).words.value + row(again, 1).words.value
    for words in ("shown from 0.1 to 0.38 s", "+3 dB", "black 0.2 s"):
        assert words in said
    titles = " ".join(again.form.drawers.titles)
    assert "Picture: sides blur" in titles
    assert "screen off after 30 min" in titles


def test_what_another_page_wrote_is_shown_at_the_next_look(panel, filled):
    """The file is the truth: the last writer wins, and the form follows it."""
    press(panel, 0, "down")
    other = opened(filled)
    assert order(other) == ["still", "rain"]
    press(other, 0, "down")
    other.form.title.value = "From elsewhere"
    other.settle()
    panel.again.click()
    panel.settle()
    assert order(panel) == ["rain", "still"]
    assert panel.form.title.value == "From elsewhere"


def test_a_film_file_that_cannot_be_read_is_left_alone(panel, filled):
    """Its faults are told, nothing is rendered and nothing is written into it until it is mended."""
    press(panel, 0, "down")
    path = filled.films / "film.toml"
    path.write_text('title = "never closed\n')
    panel.again.click()
    panel.settle()
    assert "films/film.toml" in panel.length.value
    assert panel.render.disabled
    panel.form.title.value = "Rain"
    panel.settle()
    assert path.read_text() == 'title = "never closed\n'
    path.write_text('title = "closed"\ntransition = "cut"\n')
    panel.again.click()
    panel.settle()
    assert panel.form.title.value == "closed"
    assert not panel.render.disabled


def test_another_film_is_begun_and_the_first_is_still_there(panel, filled):
    """A new film begins with what stands in the form; each keeps its own choices."""
    panel.form.title.value = "First"
    panel.settle()
    panel.chooser.new.click()
    for name, said in (
        ("", "with letters or digits"),
        ("../..", "letters or digits"),
        ("film", "of this name"),
    ):
        panel.chooser.name.value = name
        panel.chooser.begin.click()
        assert said in panel.chooser.told.value
    panel.chooser.name.value = "Night <b>& Rain"
    panel.chooser.begin.click()
    panel.settle()
    assert panel.chooser.film == "night-b-rain"
    assert panel.form.title.value == "First"
    assert panel.settings().name == "Night <b>& Rain"
    panel.form.title.value = "Second"
    panel.settle()
    panel.chooser.list.value = "film"
    panel.settle()
    assert panel.form.title.value == "First"
    assert load_film(filled, "night-b-rain").title == "Second"
    assert opened(filled, Asked(film="night-b-rain")).form.title.value == "Second"


def test_a_film_file_that_is_not_there_is_told(filled):
    """The parameter `film` names a file; what there is instead is said."""
    made = opened(filled, Asked(film="nowhere"))
    assert "nowhere" in made.notice.value
    assert made.render.disabled


def test_a_scene_that_came_later_waits_at_the_end(filled):
    """A film that was ordered does not change by itself: the night and the form make the same one."""
    save_film(filled, FilmSettings(cuts=(CutWish("still"),)), "film")
    made = opened(filled, Asked())
    assert order(made) == ["still", "rain"]
    assert used(made) == ["still"]
    assert "new" in row(made, 1).words.value
    press(made, 1, "off")
    assert used(made) == ["still", "rain"]


def test_a_scene_of_the_film_without_a_take_keeps_its_place(filled):
    """It is shown, it is said, and the film goes on without it."""
    save_film(filled, FilmSettings(crossfade_s=0.1, cuts=(CutWish("fog"), CutWish("rain"))), "film")
    made = opened(filled, Asked())
    assert order(made)[:2] == ["fog", "rain"]
    assert "no take yet" in row(made, 0).words.value
    assert used(made) == ["rain"]
    assert "fog" in made.length.value
    assert not made.render.disabled


def test_a_length_of_ones_own(panel):
    """Any length is read as people write it; what is none is told and the film is not made."""
    panel.form.length.value = -1.0
    panel.settle()
    assert "No length is written" in panel.length.value
    assert panel.render.disabled
    panel.form.own_length.value = "soon"
    panel.settle()
    assert "is no length of time" in panel.length.value
    panel.form.own_length.value = "45 min"
    panel.settle()
    assert panel.settings().long.length_s == 2700
    assert "The film will last 45:00 (64800 frames)" in panel.length.value
    assert not panel.render.disabled


def test_a_short_is_at_most_three_minutes(panel):
    """YouTube's rule stands in the table of problems."""
    panel.form.shape.value = "short"
    panel.form.length.value = 3600.0
    panel.settle()
    assert "no short of this length" in panel.length.value
    assert panel.render.disabled


def test_what_the_form_does_not_show_is_kept(filled):
    """Frames, heights and loudness that are not on the lists stay as the file has them."""
    wish = FilmSettings(
        transition=Transition("crossfade", 0.0, 2),
        target_lufs=-20.0,
        cuts=(CutWish("rain", transition=Transition("black", 0.0, 3)), CutWish("still")),
    )
    save_film(filled, wish, "film")
    made = opened(filled, Asked())
    assert "asks for 2 frames" in made.form.transition.told.value
    made.form.title.value = "Rain"
    made.settle()
    kept = load_film(filled, "film")
    assert kept.transition == wish.transition
    assert kept.target_lufs == -20.0
    assert kept.cuts == wish.cuts
    made.form.transition.kind.value = "cut"
    made.settle()
    assert str(load_film(filled, "film").joined_by) == "cut"


def test_the_film_is_made_shown_and_listed(panel, filled, in_jupyter):
    """One press: the film plays by address, with its facts and how to take it home; a second makes none."""
    in_jupyter(filled.root)
    panel.render.click()
    assert panel.render.disabled
    panel.settle()
    html = panel.result.value
    assert 'src="/files/production/REHEARSAL/masters/REHEARSAL-film-' in html
    for words in ("Your film is ready", "16 frames", "LUFS", "dBTP", "Download the film", "right-click"):
        assert words in html
    assert "not to be published" in html
    assert 'href="/lab/tree/production/REHEARSAL/masters"' in html
    assert "REHEARSAL-film-" in panel.films.value
    assert not panel.render.disabled
    panel.render.click()
    panel.settle()
    assert "made before" in panel.result.value
    assert "made before" in opened(filled).result.value


def test_a_film_can_be_cancelled(filled, panel):
    """Cancel leaves no half film behind, and says that what is done is kept."""
    panel.render.click()
    panel.cancel.click()
    panel.settle()
    masters = filled.production / "REHEARSAL" / "masters"
    stopped = "What is rendered is kept" in panel.notice.value
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
    panel = opened(filled)
    panel.render.click()
    panel.settle()
    assert "ltx-note ltx-bad" in panel.notice.value
    assert "Traceback" not in panel.notice.value.split("<details>")[0]


def test_trials_stay_out_unless_there_is_nothing_else(filled):
    """Takes of scenes that are no rows of the table are offered and not used."""
    filled.scenes_csv.write_text("scene,prompt,frames,width,height\nrain,@rain/window,9,256,128\n")
    panel = opened(filled)
    assert order(panel) == ["rain", "still"]
    assert used(panel) == ["rain"]
    filled.scenes_csv.write_text("scene,prompt,frames,width,height\nother,@rain/window,9,256,128\n")
    assert set(used(opened(filled))) == {"rain", "still"}


def test_rejected_takes_are_not_offered(filled):
    """A scene whose takes are all rejected is not in the film."""
    shelf = filled.set(rehearsal=True)
    for take in load_takes(shelf)[0]:
        if take.scene == "still":
            decide(shelf, take, "reject")
    assert order(opened(filled)) == ["rain"]


def test_a_loudness_of_ones_own_is_kept(filled):
    """A value from the parameters that is not on the list is put on it."""
    assert opened(filled, Asked(loudness_lufs=-20.0)).settings().target_lufs == -20.0


def test_without_takes_there_is_nothing_to_render(project):
    """An empty shelf says where takes come from."""
    panel = opened(project)
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


def test_the_night_makes_the_film_of_a_file(filled, night, capsys):
    """`film` names a film file: its order and its wishes are those of the night."""
    save_film(filled, FilmSettings(name="Rain", crossfade_s=0.0, cuts=(CutWish("rain"),)), "rain")
    assemble_panel(film="rain")
    said = capsys.readouterr().out
    assert "a film of 1 scene." in said
    assert "REHEARSAL-rain-" in said
    assert "9 frames" in said


def test_a_night_without_takes_is_a_failure(project, night):
    """There is nothing to make a film of, and the run says so in plain words."""
    with pytest.raises(BadInput) as caught:
        assemble_panel()
    assert caught.value._render_traceback_()[-1].startswith("STOPPED: There is no take")
