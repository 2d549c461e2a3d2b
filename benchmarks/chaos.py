"""Is a night that is killed, cut off and lied to still made whole, and nothing of it twice?

    python -m benchmarks.chaos [--rounds N] [--seed S] [--round R] [--whole] [--check]

Each round makes a few tiny scenes while the batch, the rehearsal or both are killed (-9) at a random moment,
sockets drop, history is forgotten, answers are 500, a clip is cut short, the disk (a small one in memory,
where root can mount it) is full. What died is started again, until a last run that nothing disturbs.

Then every scene must have one good take, nothing may have been rendered twice that had ended well, every
record must have the sha256 of its clip, no half file and no process may be left. A round that fails says why
and keeps its files. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.chaos_round import Night, Outcome, can_mount, play
from benchmarks.chaos_script import drawn
from benchmarks.chaos_whole import WholeNight

NO_DISK = "No small disk can be mounted here (only root can), so no round fills the disk."


def rounds(seed: int, places: Sequence[int], folder: Path, kept: Path, *, whole: bool) -> Iterator[Outcome]:
    """Play these rounds one after the other, each from its own seed. whole: with all of `./kit night`."""
    make = WholeNight if whole else Night
    disk = can_mount(folder / "probe")
    if not disk:
        print(NO_DISK, flush=True)
    for place in places:
        script = drawn(seed * 100_000 + place, place, disk=disk)
        yield play(script, folder / f"round{place}", disk=disk, keep=kept / f"round{place}", make=make)


def tell(place: int, seed: int, outcome: Outcome, more: str) -> None:
    """Print a line for a round, and all there is to know of a bad one."""
    kinds = ", ".join(strike.kind for strike in outcome.script.strikes)
    verdict = "good" if outcome.good else "BAD"
    print(f"round {place:3}  {verdict:4}  {outcome.took_s:5.1f} s  {outcome.runs} runs  {kinds}", flush=True)
    if outcome.good:
        return
    for line in outcome.wrong:
        print(f"           {line}")
    for strike in outcome.script.strikes:
        print(f"           struck: {strike}")
    print(f"           its files: {outcome.kept}")
    print(f"           again:     python -m benchmarks.chaos --seed {seed} --round {place}{more}", flush=True)


def figures(seed: int, outcomes: Sequence[Outcome], took_s: float) -> dict[str, Any]:
    """The numbers of a run, for a machine."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    strikes = Counter(strike.kind for outcome in outcomes for strike in outcome.script.strikes)
    return {
        "benchmark": "chaos",
        "seed": seed,
        "rounds": len(outcomes),
        "good_rounds": sum(outcome.good for outcome in outcomes),
        "strikes": dict(strikes),
        "scenes": sum(outcome.script.scenes for outcome in outcomes),
        "renders": sum(len(outcome.ran) for outcome in outcomes),
        "cut_off_in_mid_render": sum(outcome.cut_off for outcome in outcomes),
        "runs": sum(outcome.runs for outcome in outcomes),
        "round_median_s": round(statistics.median(outcome.took_s for outcome in outcomes), 2),
        "took_s": round(took_s, 1),
        "cpu_round_s": round((used.ru_utime + used.ru_stime) / len(outcomes), 2),
        "good": all(outcome.good for outcome in outcomes),
    }


def main(arguments: Sequence[str]) -> int:
    """Exit code 0; with --check 1 when a round failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=100, metavar="N", help="how many (100)")
    parser.add_argument("--seed", type=int, metavar="S", help="repeat what was drawn before (a new one)")
    parser.add_argument("--round", type=int, metavar="R", help="only this round of that seed")
    parser.add_argument("--whole", action="store_true", help="with all of ./kit night, about 40 s a round")
    parser.add_argument("--check", action="store_true", help="exit 1 when a round failed")
    chosen = parser.parse_args(arguments)
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(10_000)
    places = range(chosen.rounds) if chosen.round is None else [chosen.round]
    kept = Path(tempfile.mkdtemp(prefix="chaos-kept-"))
    began, outcomes = time.monotonic(), []
    # A polite kill must not leave a disk mounted and servers running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        for place, outcome in zip(
            places, rounds(seed, places, Path(folder), kept, whole=chosen.whole), strict=True
        ):
            outcomes.append(outcome)
            tell(place, seed, outcome, " --whole" if chosen.whole else "")
    if all(outcome.good for outcome in outcomes):
        kept.rmdir()
    result = figures(seed, outcomes, time.monotonic() - began)
    print(
        f"\n{result['good_rounds']} of {result['rounds']} rounds are good. The median round took "
        f"{result['round_median_s']} s; processors worked {result['cpu_round_s']} s on each.\n"
    )
    print(json.dumps(result))
    return int(chosen.check and not result["good"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
