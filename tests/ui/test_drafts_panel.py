"""Drafts: which and how many, what they cost, the cards, the picks, the finishing; by day and by night."""

from __future__ import annotations

import re

import pytest

from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from ltxlib.store.picks import picks
from ltxlib.store.takes import load_drafts, load_takes
from ltxlib.ui import draft_cards
from ltxlib.ui.batch import BatchPanel
from ltxlib.ui.drafts import DraftsPanel, drafts_panel
from ltxlib.ui.job import latest
from ltxlib.ui.review import ReviewPanel, review_panel


@pytest.fixture
def panel(project, server) -> DraftsPanel:
    """The panel over two scenes without drafts."""
    made = DraftsPanel(project)
    made.settle()
    return made


@pytest.fixture
def drafted(panel) -> DraftsPanel:
    """The panel with two drafts of rain and two of still."""
    panel.scenes.value = ("rain", "still")
    panel.count.value = 2
    panel.make.click()
    panel.settle()
    return panel


def shelf(project):
    return project.set(rehearsal=True)


def card(panel, scene, number):
    return next(
        card
        for card in panel.cards._cards.values()
        if (card.one.take.scene, card.one.take.take_no) == (scene, number)
    )


def hidden(part):
    return "ltx-empty" in part._dom_classes


def test_opening_it_makes_nothing_and_tells_the_cost(panel, project):
    """One scene and four drafts are proposed; time for drafts and for takes stand side by side."""
    assert panel.scenes.options == ("rain", "still")
    assert panel.scenes.value == ("rain",)
    assert panel.make.description == "Make 4 drafts" and not panel.make.disabled
    assert "these 4 drafts would need about" in panel.estimate.value
    assert "for finished takes" in panel.estimate.value
    assert hidden(panel.finish) and hidden(panel.cards.part)
    assert latest(panel.job_name) is None
    assert load_drafts(shelf(project)) == ([], [])


def test_the_cost_follows_the_choice(panel):
    """More scenes and more drafts are more on the button; none chosen is nothing to press."""
    panel.scenes.value = ("rain", "still")
    assert panel.make.description == "Make 8 drafts"
    panel.count.value = 1
    assert panel.make.description == "Make 2 drafts"
    panel.scenes.value = ()
    assert panel.make.disabled
    panel.scenes.value = ("still",)
    assert "this draft would need" in panel.estimate.value


def test_drafts_are_less_than_takes(panel, project):
    """Of a scene in full size, the drafts need two fifths of what the takes need."""
    project.scenes_csv.write_text(project.scenes_csv.read_text().replace("9,256,128,2", "65,1536,1024,2"))
    panel.again.click()
    panel.settle()
    found = re.search(r"about (\d+) s to .*, in place of (\d+) min to", panel.estimate.value)
    assert [int(number) for number in found.groups()] == [72, 3]


def test_made_drafts_are_cards_by_scene(drafted, project):
    """Each draft has a player, its seed and Pick; what is there is not made again."""
    assert "Done: 4 drafts made" in drafted.progress.value
    assert ">made<" not in drafted.progress.value, "the cards show them"
    headings = [group.children[0].value for group in drafted.cards.list.children]
    assert ["rain" in headings[0], "still" in headings[1]] == [True, True]
    one = card(drafted, "rain", 2)
    assert f"seed {one.one.take.seed}" in one.words.value
    assert one.film.value.count(one.one.clip.name) >= 1
    assert drafted.make.description == "They are all there" and drafted.make.disabled
    assert drafted.finish.description == "Nothing is picked" and drafted.finish.disabled
    drafted.count.value = 3
    assert drafted.make.description == "Make 2 drafts"
    assert "4 drafts are there already." in drafted.estimate.value
    assert load_takes(shelf(project)) == ([], [])


def test_players_come_by_address_with_a_poster(drafted, project, in_jupyter):
    """In Jupyter a card plays by address and shows its poster before."""
    in_jupyter(project.root)
    again = DraftsPanel(project)
    again.settle()
    film = card(again, "rain", 1).film.value
    assert 'src="/files/production/REHEARSAL/drafts/rain/draft01-' in film
    assert 'poster="/files/production/REHEARSAL/posters/rain/draft01-' in film
    assert "autoplay" not in film


def test_pick_finish_and_see_where_it_came_from(drafted, project):
    """A picked draft is made whole; the card says finished, review says from which draft."""
    card(drafted, "rain", 2).pick.value = True
    drafted.settle()
    assert drafted.finish.description == "Finish 1 picked draft" and not drafted.finish.disabled
    assert "On a pod about" in drafted.finish_hint.value
    assert "ltx-chosen" in card(drafted, "rain", 2).part._dom_classes
    assert card(drafted, "rain", 2).pick.description == "Picked"
    drafted.finish.click()
    drafted.settle()
    assert "Done: 1 take made" in drafted.progress.value
    assert "finished" in card(drafted, "rain", 2).words.value
    assert drafted.finish.description == "What is picked is finished" and drafted.finish.disabled
    ((take,), _) = load_takes(shelf(project))
    assert take.from_draft == card(drafted, "rain", 2).one.take.take_id
    review = ReviewPanel(project)
    review.settle()
    (reviewed,) = review._cards.values()
    assert "from draft 2" in reviewed.words.value
    reviewed.play.click()
    assert "from draft 2" in review.player.value


def test_a_pick_is_taken_back_by_a_second_press(drafted, project):
    """Pressed again, nothing is picked; the file holds both words, the last one counts."""
    one = card(drafted, "still", 1)
    one.pick.value = True
    drafted.settle()
    one.pick.value = False
    drafted.settle()
    assert one.pick.description == "Pick"
    assert drafted.finish.description == "Nothing is picked"
    assert picks(shelf(project)) == []
    assert len(list(shelf(project).picks)) == 2


def test_other_panels_agree(drafted, project):
    """A pick made here shows in a second panel and in the table of the whole film, and is written once."""
    other, film = DraftsPanel(project), BatchPanel(project)
    other.settle()
    film.settle()
    assert film.start.description == "Render 3 missing takes"
    card(drafted, "rain", 1).pick.value = True
    drafted.settle()
    film.settle()
    other.again.click()
    other.settle()
    assert card(other, "rain", 1).pick.value is True
    assert len(list(shelf(project).picks)) == 1
    assert film.start.description == "Render 2 missing takes"
    assert "picked" in film.scenes.value


def test_the_film_below_finishes_what_is_picked(drafted, project):
    """The batch's button makes the picked take and says so in its record."""
    card(drafted, "rain", 2).pick.value = True
    drafted.settle()
    film = BatchPanel(project)
    film.settle()
    film.start.click()
    film.settle()
    takes, _ = load_takes(shelf(project))
    assert [(take.scene, take.take_no, bool(take.from_draft)) for take in takes] == [
        ("rain", 2, True),
        ("still", 1, False),
    ]


@pytest.fixture
def slowly(tmp_path, monkeypatch):
    """A rehearsal that takes its time."""
    settings = RehearsalSettings(seconds_per_step=0.3)
    with RehearsalServer(tmp_path / "output", tmp_path / "input", settings=settings) as running:
        monkeypatch.setenv("LTX_COMFY_URL", running.url)
        yield running


def test_running_the_cell_again_shows_the_running_job(project, slowly):
    """A second panel follows the first one's drafts, starts none, and can cancel them."""
    first = DraftsPanel(project)
    first.settle()
    first.make.click()
    job = latest(first.job_name)
    second = DraftsPanel(project)
    assert latest(second.job_name) is job
    assert second.make.disabled and not hidden(second.cancel)
    second.cancel.click()
    assert second.cancel.disabled
    first.settle()
    second.settle()
    assert "Stopped." in first.progress.value and "Stopped." in second.progress.value
    assert not first.make.disabled and hidden(first.cancel)


def test_drafts_wait_while_the_film_renders(project, slowly):
    """While the batch holds the project, drafts are refused in a sentence and nothing is lost."""
    film, panel = BatchPanel(project), DraftsPanel(project)
    film.settle()
    panel.settle()
    film.start.click()
    job = latest(film.job_name)
    while not job.state.takes and job.running:
        job.wait(0.05)
    panel.make.click()
    latest(panel.job_name).wait(30)
    film.cancel.click()
    film.settle()
    panel.settle()
    assert "ltx-bad" in panel.notice.value
    assert load_drafts(shelf(project)) == ([], [])


def test_a_failed_draft_has_a_reason(panel, server):
    """One draft fails, the rest are made, and the list says why."""
    server.faults.add("node_errors")
    panel.make.click()
    panel.settle()
    assert "3 drafts made, 1 failed" in panel.progress.value
    assert "rain, draft" in panel.progress.value and "only a part of the graph" in panel.progress.value
    assert panel.make.description == "Make 1 draft"


def test_a_row_that_changed_hides_its_drafts(drafted, project):
    """Drafts of the earlier wording are counted and not offered; the cost is that of new ones."""
    text = project.scenes_csv.read_text()
    project.scenes_csv.write_text(text.replace("@rain/window,,9", "@rain/window,,17"))
    drafted.again.click()
    drafted.settle()
    assert "2 drafts of rows as they were" in drafted.estimate.value
    assert {one.one.take.scene for one in drafted.cards._cards.values()} == {"still"}
    assert drafted.make.description == "Make 2 drafts"


def test_mistakes_in_the_table_stop_it_in_words(panel, project):
    """With a faulty row nothing can be made; without a table that is said."""
    text = project.scenes_csv.read_text()
    project.scenes_csv.write_text(text + "bad,t2v,<i>no</i>,,10,256,128,1,yes,yes\n")
    panel.again.click()
    panel.settle()
    assert "Mend these first" in panel.estimate.value and panel.make.disabled
    assert "<i>" not in panel.estimate.value
    project.scenes_csv.unlink()
    panel.again.click()
    panel.settle()
    assert "could not be read" in panel.estimate.value and panel.make.disabled


def test_names_and_prompts_are_only_words(project, server):
    """A prompt that looks like HTML is shown as it is."""
    header, *_ = project.scenes_csv.read_text().splitlines()
    prompt = "<b onclick=x>Rain</b> falls & falls on the roof with a soft hush"
    project.scenes_csv.write_text(f"{header}\nrain,t2v,{prompt},,9,128,128,1,yes,yes\n")
    panel = DraftsPanel(project)
    panel.settle()
    panel.count.value = 1
    panel.make.click()
    panel.settle()
    (group,) = panel.cards.list.children
    assert "&lt;b onclick=x&gt;Rain&lt;/b&gt; falls &amp; falls" in group.children[0].value
    assert "<b onclick" not in group.children[0].value


def test_one_stage_scenes_are_named_and_not_offered(project, server):
    """A scene without drafts is not among the choices, and the reason is there."""
    header, rain, still = project.scenes_csv.read_text().splitlines()
    project.scenes_csv.write_text(f"{header},stages\n{rain},1\n{still},2\n")
    panel = DraftsPanel(project)
    panel.settle()
    assert panel.scenes.options == ("still",)
    assert "Made in one stage, so without drafts: rain." in panel.estimate.value


def test_without_a_server_it_says_so(project):
    """The panel opens, tells that nobody answers, and shows what is there."""
    panel = DraftsPanel(project)
    panel.settle()
    assert "ltx-wait" in panel.estimate.value
    assert panel.scenes.options == ("rain", "still")


def test_many_drafts_come_in_pages(drafted, monkeypatch):
    """More than a page of drafts is turned over; picks on other pages count."""
    monkeypatch.setattr(draft_cards, "PAGE", 3)
    card(drafted, "rain", 1).pick.value = True
    drafted.settle()
    assert not hidden(drafted.cards.pager)
    assert len(drafted.cards._cards) == 3
    drafted.cards.later.click()
    drafted.settle()
    assert [one.one.take.take_no for one in drafted.cards._cards.values()] == [2]
    assert drafted.finish.description == "Finish 1 picked draft"
    drafted.cards.earlier.click()
    drafted.settle()
    assert card(drafted, "rain", 1).pick.value is True


def test_by_night_it_says_one_line(project, night, capsys):
    """Nobody watches: no form, no work."""
    drafts_panel()
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 1 and "film below" in out
    assert not project.production.exists()


def test_by_night_the_list_of_takes_names_the_draft(drafted, project, monkeypatch, capsys):
    """The night's review tells where a finished take came from."""
    card(drafted, "rain", 2).pick.value = True
    drafted.settle()
    drafted.finish.click()
    drafted.settle()
    monkeypatch.setattr("ltxlib.ui.panel.headless", lambda: True)
    review_panel()
    assert "rain, take 2: 0.38 s, from draft 2, in the film" in capsys.readouterr().out


def test_a_draft_is_shown_as_soon_as_it_is_there(project, slowly):
    """While the rest is being made, the first ones can be looked at already."""
    panel = DraftsPanel(project)
    panel.settle()
    panel.make.click()
    job = latest(panel.job_name)
    while not panel.cards._cards and job.running:
        job.wait(0.05)
    assert job.running and panel.cards._cards
    job.cancel.set()
    panel.settle()


def test_what_is_worth_knowing_stands_on_the_card(panel, server):
    """A draft whose sound is missing says so on its card."""
    server.faults.add("silent")
    panel.count.value = 1
    panel.make.click()
    panel.settle()
    one = card(panel, "rain", 1)
    assert one.one.take.warnings
    assert all(words.split()[0] in one.words.value for words in one.one.take.warnings)
