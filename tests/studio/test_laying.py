"""From takes and wishes to a timeline."""

from dataclasses import replace
from fractions import Fraction

import pytest

from ltxlib.core.film import CutWish, FilmLook, FilmSettings, LongForm, Transition
from ltxlib.core.take import ClipFacts
from ltxlib.errors import BadInput
from ltxlib.store.project import Project
from ltxlib.store.takes import clip_path, decide, save_take
from ltxlib.studio.assemble import asked_film, choose, film_frames_of, lay_out, wishes_of
from ltxlib.studio.cards import with_cards
from ltxlib.studio.laying import film_size, lay
from tests.support.takes import a_take


@pytest.fixture
def shelf(tmp_path):
    return Project(tmp_path).set(rehearsal=True)


def take_of(scene, take_id="take01-a", *, frames=49, fps="24", size=(128, 64), **changes):
    """A take's record, with a clip that is nowhere."""
    facts = ClipFacts("a.mp4", 4, "0" * 64, *size, frames, fps, frames / float(Fraction(fps)), True)
    return a_take(scene=scene, take_id=take_id, clip=facts, **changes)


def on_shelf(shelf, tmp_path, *takes):
    """Such takes on the shelf, with clips of four bytes."""
    for take in takes:
        clip = tmp_path / "made.mp4"
        clip.write_bytes(b"film")
        save_take(shelf, take, clip)
    return takes


ABC = [take_of("a"), take_of("b"), take_of("c")]


def test_each_place_has_its_points_transition_and_gain(shelf):
    """In and out are the nearest frames, and each transition is the film's unless the place has its own."""
    wishes = (
        CutWish("a", in_s=0.5, out_s=1.5),
        CutWish("b", transition=Transition.parse("black 11 frames"), gain_db=-3),
        CutWish("a", transition=Transition.parse("crossfade 0.25 s")),
        CutWish("c", transition=Transition.parse("cut"), in_s=1.02),
    )
    takes = [ABC[0], ABC[1], ABC[0], ABC[2]]
    timeline = lay_out(shelf, takes, FilmSettings(crossfade_s=0.5, cuts=wishes))
    one, two, three, four = timeline.cuts
    assert (one.skip_frames, one.frames) == (12, 24)
    assert (two.black_frames, two.gain_db, two.frames) == (11, -3, 49)
    assert (three.crossfade_frames, three.take) == (6, "take01-a")
    assert (four.crossfade_frames, four.skip_frames, four.frames) == (0, 24, 25)
    assert timeline.joints_frames == (0, 0, 6, 0)
    assert timeline.frames == 24 + 49 + 49 + 25 - 6


@pytest.mark.parametrize("fps", ["24", "25", "24000/1001", "30000/1001"])
def test_points_are_exact_at_any_rate(shelf, fps):
    """A moment is its nearest frame, counted in fractions."""
    take = take_of("a", frames=97, fps=fps)
    settings = FilmSettings(cuts=(CutWish("a", in_s=1.0, out_s=2.002),))
    (cut,) = lay_out(shelf, [take], settings).cuts
    rate = Fraction(fps)
    assert cut.skip_frames == int(rate + Fraction(1, 2))
    assert cut.skip_frames + cut.frames == int(Fraction("2.002") * rate + Fraction(1, 2))


def test_the_film_may_go_through_black_everywhere(shelf):
    """One transition for all places, counted in frames."""
    timeline = lay_out(shelf, ABC, FilmSettings(transition=Transition("black", 0.0, 24)))
    assert [cut.black_frames for cut in timeline.cuts] == [24, 24, 24]
    assert (timeline.frames, timeline.crossfade_frames) == (3 * 49, 0)


def test_points_that_leave_nothing_are_told(shelf):
    """All places that begin after their take's end are named at once; an end beyond the take is its end."""
    wishes = (CutWish("a", in_s=3), CutWish("b", out_s=99), CutWish("c", in_s=2.04))
    with pytest.raises(BadInput) as caught:
        lay_out(shelf, ABC, FilmSettings(cuts=wishes))
    assert [problem.where for problem in caught.value.problems] == ["cut 1 (a), in_s", "cut 3 (c), in_s"]
    timeline = lay_out(shelf, [ABC[1]], FilmSettings(cuts=wishes[1:2]))
    assert timeline.frames == 49
    with pytest.raises(BadInput, match="wished"):
        lay_out(shelf, ABC, FilmSettings(cuts=(CutWish("a", in_s=-1),)))


def test_takes_are_chosen_by_name_or_by_what_was_decided(shelf, tmp_path):
    """A place may name its take, also a rejected one; others get the kept one; a scene may come twice."""
    first, second = take_of("a", "take01-a"), take_of("a", "take02-b", take_no=2)
    on_shelf(shelf, tmp_path, first, second, take_of("b"))
    decide(shelf, second, "reject")
    cuts = (
        CutWish("a"),
        CutWish("gone"),
        CutWish("a", "take02-b", gain_db=-6),
        CutWish("b", used=False),
        CutWish("a", "take09-x"),
        CutWish("b", in_s=0.5),
    )
    settings = FilmSettings(cuts=cuts)
    takes, problems = choose(shelf, ["never", "asked"], settings)
    assert [take.key for take in takes] == ["a/take01-a", "a/take02-b", "b/take01-a"]
    assert wishes_of(takes, settings) == [cuts[0], cuts[2], cuts[5]]
    assert all(problem.warning for problem in problems)
    said = {(problem.where, problem.what.split(",")[0]) for problem in problems}
    assert said == {
        ("scene gone", "It has no take that may go into the film."),
        ("scene a", "It shows take02-b"),
        ("scene a", "The film asks for its take take09-x"),
    }


def test_a_place_without_any_take_does_not_take_the_wishes_of_another(shelf, tmp_path):
    """Where all takes of a scene are rejected, only the place that names one is shown, as it wished."""
    (take,) = on_shelf(shelf, tmp_path, take_of("a"))
    decide(shelf, take, "reject")
    settings = FilmSettings(cuts=(CutWish("a", gain_db=5), CutWish("a", "take01-a", gain_db=-6)))
    takes, _ = choose(shelf, [], settings)
    assert [wish.gain_db for wish in wishes_of(takes, settings)] == [-6]
    assert wishes_of([take_of("z")], settings) == [CutWish("z", "take01-a")]


@pytest.mark.parametrize(
    ("look", "size"),
    [
        (FilmLook(), (1536, 1024)),
        (FilmLook(1440), (2160, 1440)),
        (FilmLook(1080), (1620, 1080)),
        (FilmLook(719), (1080, 720)),
        (FilmLook(short=True), (1080, 1920)),
    ],
)
def test_the_size_follows_from_the_takes_shape(look, size):
    """Any height keeps the shape, in even pixels; a short is upright."""
    assert film_size(look, (1536, 1024)) == size


def test_a_short_holds_as_many_clips_as_fit(shelf):
    """What is too long for a short is left out from the end, and that is said."""
    takes = [take_of(name, frames=24 * 20 + 1) for name in "abcdefghijk"]
    short = FilmSettings(look=FilmLook(short=True))
    laid = lay(shelf, takes, short)
    assert (laid.timeline.width_px, laid.timeline.height_px) == (1080, 1920)
    assert len(laid.timeline.cuts) == 9
    assert laid.timeline.duration_s <= 180
    assert "last 2 of 11" in laid.notes[0]
    minute = lay(shelf, takes, replace(short, long=LongForm(45.0)))
    assert len(minute.timeline.cuts) == 2
    alone = lay(shelf, [take_of("a", frames=24 * 200)], short)
    assert alone.timeline.frames == 180 * 24
    assert "cut off" in alone.notes[0]
    assert lay(shelf, takes[:2], short).notes == ()


def test_a_short_fills_the_phone(shelf):
    """No black bars above and below, unless a person asked for the blurred picture there."""
    for asked, laid in (("fit", "fill"), ("fill", "fill"), ("blur", "blur")):
        wish = FilmSettings(look=FilmLook(short=True, sides=asked))
        assert lay(shelf, [take_of("a")], wish).timeline.sides == laid
    assert lay(shelf, [take_of("a")], FilmSettings()).timeline.sides == "fit"


def test_what_goes_on_from_the_clip_before_stays_joined(shelf):
    """Its overlap lies over the end before it, unless a person set the points or the transition there."""
    rain = take_of("rain", frames=41)
    more = take_of("more", frames=49, overlap_frames=25, goes_on_from="rain/take01-a", mode="extend")
    pair = [rain, more]

    def joint(one=None, other=None, **settings):
        cuts = (one or CutWish("rain"), other or CutWish("more"))
        cut = lay_out(shelf, pair, FilmSettings(cuts=cuts, **settings)).cuts[1]
        return cut.skip_frames, cut.shared_frames, cut.black_frames

    assert joint(crossfade_s=0.5) == (13, 12, 0)
    assert joint(transition=Transition("black", 0.0, 24)) == (19, 6, 0)
    assert joint(other=CutWish("more", transition=Transition.parse("cut"))) == (25, 0, 0)
    assert joint(other=CutWish("more", transition=Transition.parse("crossfade 4 frames"))) == (21, 4, 0)
    assert joint(other=CutWish("more", transition=Transition.parse("black 8 frames"))) == (25, None, 8)
    assert joint(one=CutWish("rain", out_s=1.0)) == (0, None, 0)
    assert joint(other=CutWish("more", in_s=0.5)) == (12, None, 0)


def test_a_transition_beside_points_of_a_persons_trims_nothing(shelf):
    """Where somebody set in or out, what a transition shows is not left out of its neighbours."""
    one, other = take_of("dawn", frames=41), take_of("dusk", frames=41)
    melt = take_of("melt", frames=17, mode="transition", source=one.key, end_source=other.key)
    plain = (CutWish("dawn"), CutWish("melt"), CutWish("dusk"))
    film = FilmSettings(crossfade_s=0.25, cuts=plain)
    assert lay_out(shelf, [one, melt, other], film).frames == 41 + 41 - 17
    by_hand = (replace(plain[0], out_s=1.0), plain[1], plain[2])
    cuts = lay_out(shelf, [one, melt, other], replace(film, cuts=by_hand)).cuts
    assert (cuts[0].frames, cuts[1].shared_frames, cuts[2].shared_frames) == (24, None, 6)
    cut_short = (plain[0], replace(plain[1], in_s=0.125), plain[2])
    cuts = lay_out(shelf, [one, melt, other], replace(film, cuts=cut_short)).cuts
    assert [cut.shared_frames for cut in cuts] == [None, None, None]


def test_cards_at_both_ends(shelf, tmp_path):
    """A card melts as the film does, is long enough for it, and a film of a set length has none."""
    settings = FilmSettings(title="Rain", end_title="Sleep well", crossfade_s=0.5)
    timeline = lay_out(shelf, ABC, settings)
    carded = with_cards(timeline, settings, tmp_path)
    assert [cut.scene for cut in carded.cuts] == ["title", "a", "b", "c", "end"]
    assert carded.frames == film_frames_of(timeline, settings) == timeline.frames + 2 * 96 - 2 * 12
    black = replace(settings, transition=Transition.parse("black 1 s"))
    carded = with_cards(lay_out(shelf, ABC, black), black, tmp_path)
    assert [cut.black_frames for cut in carded.cuts] == [0, 24, 24, 24, 24]
    alone = lay_out(shelf, ABC[:1], settings)
    assert with_cards(alone, settings, tmp_path).joints_frames == (0, 12, 12)
    slow = replace(settings, crossfade_s=3.0)
    assert with_cards(replace(alone, crossfade_frames=72), slow, tmp_path).cuts[0].frames == 7 * 24
    long = replace(settings, long=LongForm(3600.0))
    assert with_cards(timeline, long, tmp_path) == timeline
    assert film_frames_of(timeline, long) == 3600 * 24


def test_a_night_begins_with_a_film_file_and_what_it_is_told(tmp_path):
    """What is not usual wins over the file; without a file it is all there is."""
    project = Project(tmp_path)
    project.films.mkdir()
    (project.films / "x.toml").write_text('title = "Rain"\ntransition = "black 1 s"\nhue = 3\n')
    settings, problems = asked_film(project, "x", loudness_lufs=-23.0)
    assert (settings.name, settings.title, settings.target_lufs) == ("x", "Rain", -23.0)
    assert settings.joined_by.kind == "black"
    assert [problem.warning for problem in problems] == [True]
    assert asked_film(project, "x", crossfade_s=0.0, title="Fog", name="y")[0] == FilmSettings(
        "y", 0.0, title="Fog"
    )
    assert asked_film(project) == (FilmSettings(), [])


def test_a_clips_path_is_where_its_take_lies(shelf):
    """The timeline points at the take itself."""
    assert lay_out(shelf, ABC[:1], FilmSettings()).cuts[0].clip == str(clip_path(shelf, "a", "take01-a"))
