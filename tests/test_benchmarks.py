"""The benchmarks judge as they say they do."""

from __future__ import annotations

import pytest

from benchmarks.assemble import Cost, short_of
from benchmarks.assemble import figures as film_figures
from benchmarks.flatten import Sweep, figures, main
from tests.support.official_templates import Template, Verdict


def _sweep(ltx: list[str], others: list[str]) -> Sweep:
    verdicts = [Verdict(Template(f"l{place}", True, {}), kind) for place, kind in enumerate(ltx)]
    verdicts += [Verdict(Template(f"o{place}", False, {}), kind) for place, kind in enumerate(others)]
    return Sweep(tuple(verdicts), "a table", True, 0, 1.0)


@pytest.mark.parametrize(
    ("ltx", "others", "good"),
    [
        (["equal"], ["equal"] * 19 + ["differing"], True),
        (["equal"], ["equal"] * 18 + ["differing", "refused"], False),
        (["equal"], ["equal", "unknown nodes", "no answer"], True),
        (["equal"] * 99 + ["differing"], ["equal"], False),
        (["equal", "unknown nodes"], ["equal"], True),
        (["no answer"], ["equal"], False),
        (["equal"], ["unknown nodes"], False),
    ],
)
def test_only_what_the_client_can_flatten_counts(ltx: list[str], others: list[str], good: bool) -> None:
    """All of LTX's and 95 of 100 others must be equal; what the client cannot flatten counts for neither."""
    pytest.importorskip("comfyui_workflow_templates_json")
    pytest.importorskip("comfyui_frontend_package")
    found = _sweep(ltx, others)
    assert found.good is good
    assert figures(found)["good"] is good
    assert figures(found)["ltx"]["asked"] == len(ltx)


def test_words_it_does_not_know_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt option ends at once, before any browser is started."""
    with pytest.raises(SystemExit) as ended:
        main(["--chek"])
    assert ended.value.code == 2
    assert "--chek" in capsys.readouterr().err


def _film_costs(sound_s: float) -> dict[str, Cost]:
    spent = {"MoviePy": 250, "xfade": 120, "from nothing": 122, "new order": 20, "new sound": sound_s}
    return {name: Cost(seconds, seconds, 500.0, 1320) for name, seconds in spent.items()}


def test_a_film_is_judged_by_the_work_of_the_others() -> None:
    """Medians count; each figure that falls short is told, so are memory and frames."""
    rounds = [_film_costs(sound_s) for sound_s in (8.0, 8.1, 90.0)]
    found = film_figures(rounds, Cost(60.0, 60.0, 590.0, 9000))
    assert found["times_less_than_moviepy"] == {"from nothing": 2.05, "new order": 12.5, "new sound": 30.86}
    assert short_of(found, 1320) == []
    assert len(short_of(film_figures([_film_costs(12.0)], Cost(1.0, 1.0, 601.0, 1)), 1321)) == 2 + 1 + 3
