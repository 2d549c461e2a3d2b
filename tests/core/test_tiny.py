"""A take made tiny: what is alike, and what a tiny take keeps."""

from dataclasses import replace
from fractions import Fraction

import pytest

from ltxlib.core.sources import Source
from ltxlib.core.styles import StyleLora
from ltxlib.core.tiny import kind_of, kinds, sample_of, tiny
from tests.core.test_ordering import DEV, a_plan

CLIP = Source("rain", "take01-0123456789", 1536, 1024, 121, Fraction(24), True)
STYLE = StyleLora("film.safetensors", 0.5)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ({}, {"frames": 9, "width": 512, "seed": 5, "takes": 3}, True),
        ({"camera_strength": 0.5}, {}, True),
        ({"negative_prompt": "x"}, {"negative_prompt": "y"}, True),
        ({"style_loras": (STYLE,)}, {"style_loras": (replace(STYLE, strength=1.0),)}, True),
        ({"model": DEV, "steps": 10}, {"model": DEV, "steps": 20}, True),
        ({}, {"audio": False}, False),
        ({}, {"camera_lora": "none"}, False),
        ({}, {"style_loras": (STYLE,)}, False),
        ({}, {"stages": 1}, False),
        ({}, {"mode": "i2v"}, False),
        ({}, {"smooth": True}, False),
        ({}, {"special": "stg"}, False),
        ({}, {"model": DEV}, False),
        ({}, {"model": "ltx-2-19b-distilled-fp8"}, False),
        ({}, {"negative_prompt": "x"}, False),
    ],
)
def test_files_wiring_and_modes_decide_what_is_alike(one, other, alike):
    """Words and numbers do not; a text that is there or not does, since it is wired."""
    assert (kind_of(a_plan("a", **one)) == kind_of(a_plan("b", **other))) is alike


def test_drafts_and_written_prompts_are_kinds_of_their_own():
    """A draft is another graph; a prompt that is written out first needs the text encoder to write."""
    take = a_plan("a")
    assert kind_of(take) != kind_of(replace(take, draft_factor=2.0))
    assert kind_of(take) != kind_of(replace(take, enhance_key="abc"))


def test_takes_are_grouped_in_the_order_of_the_first_of_each():
    """Each kind once, with all its takes."""
    plans = [a_plan("a"), a_plan("b", audio=False), a_plan("c"), a_plan("d", audio=False)]
    groups = [[plan.scene.scene for plan in group] for group in kinds(plans)]
    assert groups == [["a", "c"], ["b", "d"]]


def test_a_tiny_take_keeps_all_but_size_and_length():
    """Same workflow, files, camera and sound; 256 pixels, 9 frames, a name that no take has."""
    plan = a_plan("a", width=1536, height=704, frames=481)
    small = tiny(plan)
    assert (small.size_px, small.scene.clip_frames, small.take_id) == ((256, 256), 9, "canary")
    assert (small.values["width_px"], small.values["height_px"], small.values["frames"]) == (256, 256, 9)
    measures = ("width_px", "height_px", "frames")
    assert {k: v for k, v in small.values.items() if k not in measures} == {
        k: v for k, v in plan.values.items() if k not in measures
    }
    assert kind_of(small) == kind_of(plan)


def test_what_is_smaller_stays_so():
    """A scene below those sides is not made larger."""
    assert tiny(a_plan("a", width=128, height=192)).size_px == (128, 192)


def test_drafts_and_doubled_frames_stay_what_they_are():
    """The draft of a tiny take is half as large, the doubled one has 17 frames."""
    assert tiny(replace(a_plan("a"), draft_factor=2.0)).size_px == (128, 128)
    assert tiny(a_plan("a", smooth=True)).scene.clip_frames == 17


def test_few_steps_are_made_where_the_graph_has_a_place_for_them():
    """Two steps are enough to see that it runs."""
    assert tiny(a_plan("a", model=DEV), {"steps", "prompt"}).values["steps"] == 2
    assert "steps" not in tiny(a_plan("a")).values


def test_what_starts_from_a_take_starts_from_a_piece_of_it():
    """Seventeen frames, of which nine lead where it goes on; as large as the piece where it must be."""
    assert sample_of(CLIP) == replace(CLIP, width_px=256, height_px=256, frames=17)
    assert sample_of(replace(CLIP, width_px=128, frames=9)).frames == 9
    begun = replace(a_plan("b", mode="extend", source="rain", frames=49), sources={"source": CLIP})
    values = {**begun.values, "overlap_first": -25, "overlap_frames": 25, "overlap_from_s": 4.0}
    small = tiny(
        replace(begun, values={**values, "overlap_start_s": 0.02, "overlap_s": 1.0, "carry_sound": True})
    )
    assert (small.scene.frames, small.overlap_frames, small.values["overlap_first"]) == (17, 9, -9)
    assert small.values["overlap_from_s"] == pytest.approx((17 - 9 - 0.5) / 24, abs=1e-3)
    assert small.sources["source"].frames == 17
    assert small.size_px == (256, 256)
    short = tiny(replace(begun, values=values, sources={"source": replace(CLIP, frames=9)}))
    assert (short.scene.frames, short.overlap_frames, short.sources["source"].frames) == (17, 9, 9)


def test_a_graph_of_ones_own_is_told_only_what_it_has_tags_for():
    """Without a tag for size or length it makes its own."""
    own = replace(a_plan("a", workflow="mine.json"), values={"prompt": "x", "frames": 65})
    small = tiny(own)
    assert small.values == {"prompt": "x", "frames": 9}
    assert (small.scene.width, small.scene.frames) == (1536, 9)
    assert tiny(replace(own, values={"prompt": "x"})).scene.frames == 65
