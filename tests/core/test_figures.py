"""What a night came to, from its journal."""

from __future__ import annotations

import pytest

from ltxlib.core.figures import Failed, Made, last_run


def line(minute: int, event: str, **facts: object) -> dict[str, object]:
    return {"at": f"2026-11-22T23:{minute:02d}:00.000+00:00", "event": event, **facts}


OLD = [line(0, "batch started", takes=9), line(1, "saved", scene="old", take="take01", render_s=60)]
NIGHT = [
    line(10, "batch started", takes=3, rehearsal=False),
    line(11, "submitted", scene="rain", take="take01"),
    line(14, "saved", scene="rain", take="take01", render_s=180.0),
    line(15, "failed", scene="fire", take="take01", reason="Memory ran out.", cure="Smaller."),
    line(16, "failed", scene="sea", take="take01", reason="?", cure="!"),
    line(17, "server lost", reason="gone"),
    line(18, "lost", scene="fire", take="take01"),
    line(19, "saved", scene="fire", take="take01", render_s=120.0),
]


def test_the_last_run_is_told_whole():
    """Made, failed, time, money and idle share; a take made after a failure counts as made."""
    found = last_run([*OLD, *NIGHT, line(20, "batch ended", made=2, cancelled=False)])
    assert found is not None
    assert found.made == (Made("rain", "take01", 180.0), Made("fire", "take01", 120.0))
    assert found.failed == (Failed("sea", "take01", "?", "!"),)
    assert (found.ended, found.cancelled, found.wanted, found.lost, found.away) == (True, False, 3, 1, 1)
    assert (found.elapsed_s, found.render_s) == (600.0, 300.0)
    assert found.idle_share == 0.5
    assert found.usd(0.6) == pytest.approx(0.1)
    assert found.usd_per_take(0.6) == pytest.approx(0.05)


def test_a_night_that_was_cut_off_has_figures_too():
    """Without its last line, it counts up to what was written last."""
    found = last_run([*OLD, *NIGHT])
    assert found is not None
    assert (found.ended, found.elapsed_s) == (False, 540.0)


def test_nothing_and_next_to_nothing():
    """No run, no figures; a run that ended at once costs nothing and divides by nothing."""
    assert last_run([]) is None
    assert last_run([line(3, "saved", scene="a", take="b")]) is None
    found = last_run([line(3, "batch started"), line(3, "batch ended", cancelled=True)])
    assert found is not None
    assert (found.elapsed_s, found.idle_share, found.usd_per_take(1.0), found.cancelled) == (
        0.0,
        0.0,
        None,
        True,
    )


def test_takes_made_with_less_memory_are_counted_as_what_was_asked():
    """A take that was made a rung down is made; what failed on a rung is told under the id that was asked."""
    night = [
        line(10, "batch started", takes=3),
        line(11, "failed", scene="rain", take="take01-ab", reason="?", cure="!"),
        line(12, "saved", scene="rain", take="take01-ab-r3", render_s=60.0, rung=3, asked="take01-ab"),
        line(13, "saved", scene="sea", take="take01-cd", render_s=60.0),
        line(14, "failed", scene="fire", take="take01-ef-r6", reason="?", cure="!"),
        line(15, "batch ended"),
    ]
    found = last_run(night)
    assert found is not None
    assert found.made == (Made("rain", "take01-ab-r3", 60.0, 3), Made("sea", "take01-cd", 60.0))
    assert found.failed == (Failed("fire", "take01-ef", "?", "!"),)
    assert found.lowered == 1
