"""The benchmark of films judges as it says it does."""

from __future__ import annotations

from benchmarks.assemble import Cost, figures, short_of


def _costs(sound_s: float) -> dict[str, Cost]:
    spent = {"MoviePy": 250, "xfade": 120, "from nothing": 122, "new order": 20, "new sound": sound_s}
    return {name: Cost(seconds, seconds, 500.0, 1320) for name, seconds in spent.items()}


def test_a_film_is_judged_by_the_work_of_the_others() -> None:
    """Medians count; each figure that falls short is told, so are memory and frames."""
    rounds = [_costs(sound_s) for sound_s in (8.0, 8.1, 90.0)]
    found = figures(rounds, Cost(60.0, 60.0, 590.0, 9000))
    assert found["times_less_than_moviepy"] == {"from nothing": 2.05, "new order": 12.5, "new sound": 30.86}
    assert short_of(found, 1320) == []
    assert len(short_of(figures([_costs(12.0)], Cost(1.0, 1.0, 601.0, 1)), 1321)) == 2 + 1 + 3
