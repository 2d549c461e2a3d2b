"""What decides a drawn picture when a film is sampled more than once."""

from dataclasses import replace

from ltxlib.rehearsal.easel import seed_of
from ltxlib.rehearsal.values import Lora, Model, Pass

PLAIN = Model("ltx-2-19b-distilled.safetensors")
FIRST = Pass(7, 8, PLAIN, "rain")
REFINING = Pass(9, 3, PLAIN, "rain", noise=0.909375)
STYLED = replace(PLAIN, loras=(Lora("style.safetensors", 1.0),))


def test_a_refining_pass_keeps_the_composition():
    """A second stage below full noise leaves the first one's picture standing, whatever its seed or LoRA."""
    assert seed_of((FIRST,)) == seed_of((FIRST, REFINING)) == 7
    assert seed_of((FIRST, replace(REFINING, model=STYLED))) == 7


def test_a_pass_of_full_noise_makes_it_anew():
    """What begins as noise alone owes nothing to what was there before."""
    assert seed_of((FIRST, replace(REFINING, noise=1.0))) == 9


def test_a_style_in_the_first_pass_decides_too():
    """A LoRA that is no camera is another composition; its strength counts."""
    styled = seed_of((replace(FIRST, model=STYLED),))
    assert styled != 7
    assert seed_of((replace(FIRST, model=STYLED), REFINING)) == styled
