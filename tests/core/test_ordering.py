"""In which order takes are rendered."""

from dataclasses import replace
from itertools import permutations

import pytest

from ltxlib.core.ordering import in_order, loaded, swaps
from ltxlib.core.plan import Ingredients, RenderPlan, plan_take
from ltxlib.core.scene import Scene
from ltxlib.core.sources import of_row
from ltxlib.core.styles import StyleLora

DEV = "ltx-2-19b-dev"


class Everything(dict):
    """Any workflow's hash."""

    def __missing__(self, name):
        return name


def a_plan(name: str, take_no: int = 1, after: RenderPlan | None = None, **scene) -> RenderPlan:
    """A take of a scene; after: the take it starts from."""
    if after is not None:
        scene = {"mode": "extend", "source": after.scene.scene, **scene}
    row = Scene(name, "Words.", **scene)
    begun = {"source": of_row(after.scene, after.take_id)} if after else {}
    return plan_take(row, take_no, Ingredients({name: "Words."}, Everything(), {"": "0" * 64}), begun)


def names(plans) -> str:
    return " ".join(plan.scene.scene for plan in plans)


def test_what_is_alike_stays_in_the_order_of_the_table():
    """With one model, one camera and one workflow nothing is moved, takes of a scene included."""
    plans = [a_plan(name, number) for name in "cab" for number in (1, 2)]
    assert in_order(plans) == plans
    assert swaps(plans) == (0, 0, 0)
    assert in_order([]) == []


def test_takes_of_one_model_are_made_together_and_cameras_within_it():
    """Models first, then LoRAs, then graphs; groups and their members come in the order of the table."""
    plans = [
        a_plan("a"),
        a_plan("b", model=DEV),
        a_plan("c", camera_lora="dolly-in"),
        a_plan("d", model=DEV, audio=False),
        a_plan("e"),
        a_plan("f", camera_lora="dolly-in", audio=False),
        a_plan("g", model=DEV),
        a_plan("h", camera_lora="dolly-in"),
    ]
    assert names(in_order(plans)) == "a e c h f b g d"
    assert swaps(in_order(plans)) == (1, 1, 2)
    assert swaps(plans)[0] == 6


def test_the_order_does_not_jump_back_to_a_lora_it_had():
    """After a swap of models the LoRAs that come first in the table come first."""
    plans = [
        a_plan("a", camera_lora="none"),
        a_plan("b", model=DEV, camera_lora="dolly-in"),
        a_plan("c", camera_lora="dolly-in"),
        a_plan("d", model=DEV, camera_lora="none"),
    ]
    assert names(in_order(plans)) == "a c b d"


@pytest.mark.parametrize(
    ("one", "other", "cost"),
    [
        ({}, {"model": DEV}, (1, 0, 0)),
        ({}, {"camera_lora": "none"}, (0, 1, 0)),
        ({}, {"camera_strength": 0.5}, (0, 1, 0)),
        ({"camera_lora": "none"}, {"camera_lora": "none", "camera_strength": 0.5}, (0, 0, 0)),
        ({}, {"style_loras": (StyleLora("film.safetensors", 0.5),)}, (0, 1, 0)),
        ({}, {"stages": 1}, (0, 0, 1)),
        ({}, {"mode": "i2v"}, (0, 0, 1)),
        ({}, {"audio": False}, (0, 0, 1)),
        ({}, {"frames": 9, "width": 512, "seed": 5}, (0, 0, 0)),
    ],
)
def test_what_counts_as_a_swap(one, other, cost):
    """Files of the model, LoRAs with their strengths, and the kind of graph; never size, length or seed."""
    assert loaded(a_plan("a", **one)).swap_to(loaded(a_plan("b", **other))) == cost


def test_a_draft_is_another_kind_of_graph():
    """Drafts are cut out of the graph, so they are not mixed with takes."""
    take = a_plan("a")
    draft = replace(take, draft_factor=2.0)
    assert loaded(take).swap_to(loaded(draft)) == (0, 0, 1)


def test_a_graph_that_hides_its_model_has_models_of_its_own():
    """Of a creator's graph without a tag for the model nobody knows what it loads."""
    own = replace(a_plan("a"), values={"prompt": "Words."}, workflow="mine.json")
    other = replace(own, workflow="yours.json")
    assert loaded(own).swap_to(loaded(other)) == (1, 0, 0)


def test_a_take_comes_after_the_one_it_starts_from():
    """Also where the table has them the other way round, and in a chain of three."""
    rain = a_plan("rain")
    more = a_plan("more", after=rain)
    most = a_plan("most", after=more)
    assert names(in_order([most, more, rain])) == "rain more most"
    both = a_plan("both", after=rain)
    assert names(in_order([more, both, a_plan("other"), rain])) == "other rain more both"


def test_a_source_that_is_there_already_holds_nothing_up():
    """Only takes that are still to be made are waited for."""
    rain = a_plan("rain")
    assert names(in_order([a_plan("more", after=rain), a_plan("other")])) == "more other"


def test_the_model_that_others_wait_for_comes_first():
    """One swap instead of two: a source of the other model is made before the first of the table."""
    far = a_plan("far", model=DEV)
    near = a_plan("near")
    more = a_plan("more", after=far)
    plans = [near, far, more]
    assert names(in_order(plans)) == "far near more"
    assert swaps(in_order(plans)) == (1, 0, 1)
    assert swaps(plans)[0] == 2


def test_no_order_has_fewer_swaps_in_small_tables():
    """Against every order of some small tables with sources in them."""
    a, b = a_plan("a"), a_plan("b", model=DEV)
    c = a_plan("c", after=a, camera_lora="none")
    d = a_plan("d", after=b)
    e = a_plan("e", after=c, model=DEV)
    f = a_plan("f", camera_lora="none")
    for plans in ([a, b, c, d, e], [e, d, c, b, a], [f, e, c, a, b], [d, f, b, c, a]):
        best = min(swaps(order) for order in permutations(plans) if _right(order))
        assert _right(in_order(plans))
        assert swaps(in_order(plans)) == best


def _right(order) -> bool:
    places = {plan.key: place for place, plan in enumerate(order)}
    return all(
        places.get(source.key, -1) < places[plan.key] for plan in order for source in plan.sources.values()
    )


def test_takes_that_wait_for_each_other_do_not_hang():
    """A ring, which no checked table has, still gives every take once."""
    a, b = a_plan("a"), a_plan("b")
    ring = [
        replace(a, sources={"source": of_row(b.scene, b.take_id)}),
        replace(b, sources={"source": of_row(a.scene, a.take_id)}),
    ]
    assert names(in_order([*ring, a_plan("c")])) in ("c a b", "a b c")
    itself = replace(a, sources={"source": of_row(a.scene, a.take_id)})
    assert in_order([itself]) == [itself]


def test_a_night_of_many_kinds_is_ordered_at_once_and_whole():
    """500 takes of 40 kinds, a tenth of them chained: every take once, sources first, few swaps."""
    cameras = ("static", "none", "dolly-in", "dolly-out", "jib-up")
    plans = [
        a_plan(
            f"s{number}",
            model=(DEV, "ltx-2-19b-distilled")[number % 2],
            camera_lora=cameras[number % 5],
            audio=number % 4 < 2,
            stages=1 + number % 3 % 2,
        )
        for number in range(450)
    ]
    plans += [a_plan(f"t{number}", after=plans[number * 7], camera_lora="static") for number in range(50)]
    order = in_order(reversed(plans))
    assert sorted(plan.key for plan in order) == sorted(plan.key for plan in plans)
    assert _right(order)
    assert swaps(order)[0] <= 2
    assert in_order(reversed(plans)) == order
