"""How fast takes are made here, told by those that were."""

from dataclasses import replace

import pytest

from ltxlib.core import catalog, pace
from ltxlib.core.modes import MODES
from ltxlib.core.pace import card_of, estimate_by, pace_of
from ltxlib.core.plan import estimate, take_s
from tests.core.test_ordering import DEV, a_plan
from tests.support.made_takes import record_of as made

DISTILLED = "ltx-2-19b-distilled"


@pytest.mark.parametrize(
    ("devices", "card"),
    [
        (["cuda:0 NVIDIA L40S : cudaMallocAsync"], "NVIDIA L40S"),
        (["cuda:1 NVIDIA GeForce RTX 4090 : native", "cpu"], "NVIDIA GeForce RTX 4090"),
        (["cpu"], "cpu"),
        (["REHEARSAL: no GPU, clips are drawn"], "REHEARSAL: no GPU, clips are drawn"),
        ([], ""),
        ([7], ""),
        ("cpu", ""),
        (None, ""),
    ],
)
def test_a_card_is_called_as_people_call_it(devices, card):
    """Without what PyTorch writes around its name; nothing odd in a record is a card."""
    assert card_of({"devices": devices}) == card


def test_takes_like_it_tell_how_long_a_take_lasts():
    """Twice the frames are twice the time; the range is that of the takes, from quick to slow."""
    plan = a_plan("a")
    known = pace_of([made(plan, 50.0 + number) for number in range(11)], "NVIDIA L40S")
    assert known.take_s(plan) == pytest.approx((51, 59))
    longer = a_plan("b", frames=129)
    assert known.take_s(longer) == pytest.approx((51 * 129 / 65, 59 * 129 / 65))
    smaller = a_plan("c", width=768)
    assert known.take_s(smaller) == pytest.approx((25.5, 29.5))
    one, several = estimate_by([plan], known), estimate_by([plan, longer], known)
    assert one.low_s == pytest.approx(51)
    assert one.high_s == pytest.approx(59 + catalog.FIRST_LOAD_S[1])
    assert one.source == several.source == "from 11 takes made here on NVIDIA L40S"
    assert (one.known, one.left_out) == (True, 0)
    assert several.low_s == pytest.approx(51 + 51 * 129 / 65)


def test_a_single_take_gives_a_wider_range():
    """One take says little about others."""
    plan = a_plan("a")
    known = pace_of([made(plan, 100.0)])
    assert known.take_s(plan) == pytest.approx((80, 125))
    assert estimate_by([plan], known).source == "from 1 take made here on NVIDIA L40S"


@pytest.mark.parametrize(
    "scene",
    [
        {"stages": 1},
        {"model": DEV},
        {"model": DEV, "steps": 40, "cfg": 3.0},
        {"mode": "i2v", "smooth": True},
        {"special": "stg"},
        {"mode": "sound", "stages": 1},
        {"mode": "foley", "stages": 1},
        {"workflow": "mine.json"},
        {"audio": False, "width": 512, "height": 512, "frames": 9},
    ],
)
def test_whatever_made_a_take_its_like_lasts_as_long(scene):
    """The work of a record is that of its plan, in every way of making clips, drafts included."""
    plan = a_plan("a", **scene)
    drafts = (
        [replace(plan, draft_factor=2.0)] if plan.scene.stages == 2 and plan.values.get("width_px") else []
    )
    for like in (plan, *drafts):
        known = pace_of([made(like, 70.0)] * 5)
        assert known.take_s(like) == pytest.approx((70, 70))


def test_stages_and_drafts_of_one_model_stand_in_for_each_other():
    """With takes in two stages, one stage is reckoned by its steps; the catalog is not needed."""
    two, one = a_plan("a"), a_plan("b", stages=1)
    known = pace_of([made(two, 60.0)] * 5)
    share = take_s(one)[0] / take_s(two)[0]
    assert known.take_s(one) == pytest.approx((60 * share, 60 * share))
    assert estimate_by([two, one], known).source == "from 5 takes made here on NVIDIA L40S"
    both = pace_of([made(two, 60.0)] * 5 + [made(one, 500.0)] * 2)
    assert both.take_s(two) == pytest.approx((60, 60))
    assert both.take_s(one) == pytest.approx((400, 625))
    assert estimate_by([two, one], both).source == "from 7 takes made here on NVIDIA L40S"


def test_other_models_are_reckoned_by_the_catalog_and_that_is_said():
    """What was never made here is not guessed from another model; a model of no time is left out."""
    two, other = a_plan("a"), a_plan("b", model=f"{DISTILLED}-fp8")
    known = pace_of([made(two, 60.0)] * 5)
    assert known.take_s(other) == take_s(other)
    rest = estimate([other])
    whole = estimate_by([two, other], known)
    assert whole.low_s == pytest.approx(60 + rest.low_s)
    assert whole.high_s == pytest.approx(60 + rest.high_s)
    assert (
        whole.source
        == f"from 5 takes made here on NVIDIA L40S; for the others the catalog's figures, {rest.source}"
    )
    unknown = estimate_by([two, a_plan("c", model=DEV)], known)
    assert (unknown.left_out, unknown.known) == (1, True)
    assert f"no time is known for {DEV}" in unknown.source


def test_without_takes_the_estimate_is_the_catalogs():
    """A new pod knows nothing of itself."""
    plans = [a_plan("a"), a_plan("b", stages=1)]
    catalogs = estimate(plans)
    named = f"the catalog's figures, {catalogs.source}"
    assert estimate_by(plans, pace_of([])) == replace(catalogs, source=named)
    assert estimate_by([], pace_of([])) == estimate([])
    assert estimate_by([], pace_of([made(plans[0], 60.0)])).source == "nothing to render"


def test_takes_of_another_card_do_not_count():
    """A film begun on one card and continued on another is reckoned by the other."""
    plan = a_plan("a")
    slow = {"devices": ["cuda:0 NVIDIA A40 : native"]}
    old = made(plan, 300.0, slow, made_at="2026-01-01T00:00:00.000+00:00")
    new = made(plan, 60.0, made_at="2026-02-01T00:00:00.000+00:00")
    assert pace_of([new, old], "NVIDIA L40S").take_s(plan) == pytest.approx((48, 75))
    assert pace_of([new, old], "NVIDIA H100").take_s(plan) == take_s(plan)
    assert pace_of([old, new]).card == "NVIDIA L40S"


def test_stand_ins_never_count_for_a_film():
    """Nor the film's takes for a rehearsal, of which the catalog says nothing either."""
    plan, other = a_plan("a"), a_plan("b", model=DEV)
    drawn = [made(plan, 2.0, rehearsal=True)] * 5
    assert pace_of(drawn).take_s(plan) == take_s(plan)
    stand_in = pace_of([*drawn, made(plan, 60.0)], rehearsal=True)
    assert stand_in.take_s(plan) == pytest.approx((2, 2))
    assert stand_in.take_s(other) is None
    some = estimate_by([plan, other], stand_in)
    assert (some.left_out, some.known) == (1, True)
    assert "no take like these here yet" in some.source
    none = estimate_by([plan], pace_of([], rehearsal=True))
    assert (none.left_out, none.known) == (1, False)


def test_several_servers_share_the_time():
    """Three servers need a third of it, but no more servers work than there are takes."""
    plan = a_plan("a")
    known = pace_of([made(plan, 60.0)] * 5)
    whole, third = estimate_by([plan] * 6, known), estimate_by([plan] * 6, known, lanes=3)
    assert third.low_s == pytest.approx(whole.low_s / 3)
    assert estimate_by([plan] * 2, known, lanes=3).low_s == pytest.approx(60)


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "gone"},
        {"mode": "gone"},
        {"render_s": 0.0},
        {"rung": 3},
        {"settings": {"frames": "many"}},
        {"settings": {"width_px": None, "frames": 9}},
        {"settings": {"width_px": 0, "frames": 9}},
        {"settings": {"frames": 0}},
        {"settings": {}, "draft": True},
    ],
)
def test_records_that_do_not_tell_are_passed_over(changes):
    """A record of an older kit, or a damaged one, tells nothing rather than something wrong."""
    plan = a_plan("a")
    assert not pace_of([replace(made(plan, 60.0), **changes)]).kinds


def test_only_the_newest_takes_count():
    """A pod that got faster is reckoned as it is now."""
    plan = a_plan("a")
    old = [made(plan, 300.0, made_at="2026-01-01T00:00:00.000+00:00")] * 50
    new = [made(plan, 60.0, made_at="2026-02-01T00:00:00.000+00:00")] * 200
    assert pace_of([*old, *new]).take_s(plan) == pytest.approx((60, 60))
    assert MODES["sound"].seen == 0
    assert pace.Pace().card == ""
