"""What if a download is killed, or meets a fault? It ends in a whole file or in a clear sentence.

    python -m benchmarks.downloads [--gib N] [--files N] [--kills N] [--seed S] [--check]

A hub on loopback gives files of true size, drawn while they are sent, so that they need no room there. A
process of its own fetches each, is killed with SIGKILL at random moments, and goes on in the next one. All
bytes that left the hub are counted, also those that a killed process never read: what is more than the file
was fetched twice, and must be at most 64 MiB a file. Its SHA-256 must be right. Then every fault of
tests/support/hub_faults.py, with the sentence it ends in. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ltxlib.core.catalog_parts import ModelFile
from ltxlib.errors import HubError
from ltxlib.hub import fetching
from ltxlib.hub.shelf import digest_of
from tests.support.hub import Drawn, Hub, hub_running
from tests.support.hub_faults import FAULTS, KEY, PATH, PIECE_BYTES, REPOSITORY, SIZE_BYTES, Fault

PROJECT = Path(__file__).resolve().parents[1]
MIB = 2**20
LIMIT_BYTES = 64 * MIB
FILE = ModelFile("model.safetensors", "checkpoints", REPOSITORY, None, PATH)
NOBODY = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Fetched:
    """How one file came: its size, at how many bytes it was killed, all bytes sent, the most that one kill
    cost, whether it is right."""

    size_bytes: int
    killed_at: tuple[int, ...]
    sent_bytes: int
    right: bool
    took_s: float

    @property
    def again_bytes(self) -> int:
        """What was fetched more than once."""
        return self.sent_bytes - self.size_bytes

    @property
    def good(self) -> bool:
        """Whether it is as it must be."""
        return self.right and self.again_bytes <= LIMIT_BYTES


def start(hub_url: str, folder: Path, *more: str) -> subprocess.Popen[str]:
    """A process that fetches the file and says on its standard output how many bytes are there."""
    words = [
        sys.executable,
        "-m",
        "benchmarks.downloads",
        "--into",
        os.fspath(folder),
        "--hub",
        hub_url,
        *more,
    ]
    return subprocess.Popen(words, cwd=PROJECT, stdout=subprocess.PIPE, text=True)


def child(folder: Path, hub_url: str, *, limit_bytes: int, token: str | None, piece_bytes: int) -> int:
    """Fetches, in the process that may be killed; a fault is said as one line."""
    if limit_bytes:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
    fetching.PIECE_BYTES = piece_bytes

    def tell(progress: fetching.Progress) -> None:
        if progress.phase == "fetching":
            # One write, as several threads tell.
            sys.stdout.write(f"{progress.done_bytes}\n")
            sys.stdout.flush()

    try:
        fetching.fetch(FILE, folder / FILE.name, folder / "parts", token=token, endpoint=hub_url, tell=tell)
    except HubError as error:
        print(f"SAID {error}".replace("\n", " "), flush=True)
        return 3
    return 0


def killed_at(process: subprocess.Popen[str], at_bytes: int, dice: random.Random) -> int:
    """Kills the process when so much has come, a moment later; gives how much had come."""
    assert process.stdout is not None
    done = 0
    for line in process.stdout:
        done = int(line)
        if done >= at_bytes:
            time.sleep(dice.random() / 20)
            break
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return done


def one_file(folder: Path, size_bytes: int, kills: int, dice: random.Random) -> Fetched:
    """Fetches a file of this size with kills at random moments, and looks at what came."""
    drawn = Drawn(size_bytes, seed=dice.randrange(2**32))
    moments = sorted(round(dice.uniform(0.02, 0.97) * size_bytes) for _ in range(kills))
    with hub_running(Hub(files={KEY: drawn})) as hub:
        wanted = drawn.sha256
        began = time.perf_counter()
        hit = []
        for moment in moments:
            hit.append(killed_at(start(hub.url, folder), moment, dice))
        last = start(hub.url, folder)
        last.communicate()
        took = time.perf_counter() - began
        there = folder / FILE.name
        right = last.returncode == 0 and digest_of(there) == wanted and not list((folder / "parts").iterdir())
        return Fetched(size_bytes, tuple(hit), hub.served[KEY], right, took)


def one_fault(folder: Path, fault: Fault) -> tuple[bool, str]:
    """Whether a fault ends as it must, and how: a whole file, or what was said."""
    drawn = Drawn(SIZE_BYTES, seed=4)
    key = f"{REPOSITORY}/{fault.renamed}" if fault.renamed else KEY
    more = [f"--limit={fault.limit_bytes}", f"--piece={PIECE_BYTES}", f"--token={fault.token or ''}"]
    with hub_running(Hub(files={key: drawn}, **fault.hub)) as hub:
        process = start(NOBODY if fault.away else hub.url, folder, *more)
        lines = process.communicate()[0].splitlines()
    there = folder / FILE.name
    if process.returncode == 0:
        whole = there.is_file() and digest_of(there) == drawn.sha256
        return whole and not fault.words, "the whole file" if whole else "ANOTHER FILE"
    said = lines[-1].removeprefix("SAID ") if lines and lines[-1].startswith("SAID ") else ""
    secret = fault.token and fault.token in said
    told = bool(said and fault.words) and all(word in said for word in fault.words) and not secret
    return told and not there.exists(), said or f"ENDED WITH {process.returncode}"


def main(words: Sequence[str] | None = None) -> int:
    """Kills, faults, tables; with --check the answer is 1 when anything ended otherwise than it must."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.downloads", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--gib", type=float, default=4.0, help="the size of a file (4)")
    parser.add_argument("--files", type=int, default=3, help="how many (3)")
    parser.add_argument("--kills", type=int, default=3, help="kills a file (3)")
    parser.add_argument("--seed", type=int, default=1, help="of moments and bytes")
    parser.add_argument("--no-faults", action="store_true", help="only kills; faults wait in earnest")
    parser.add_argument("--check", action="store_true", help="fail when anything ended otherwise")
    for name in ("--into", "--hub", "--limit", "--piece", "--token"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    wishes = parser.parse_args(words)
    if wishes.into:
        piece = int(wishes.piece or fetching.PIECE_BYTES)
        limit = int(wishes.limit or 0)
        token = wishes.token or None
        return child(Path(wishes.into), wishes.hub, limit_bytes=limit, token=token, piece_bytes=piece)
    dice = random.Random(wishes.seed)
    with tempfile.TemporaryDirectory(prefix="ltx-downloads-") as name:
        files = _kill_all(Path(name), wishes, dice)
        faults = {} if wishes.no_faults else _meet_all(Path(name))
    wrong = [f"file {number}" for number, file in enumerate(files, 1) if not file.good]
    wrong += [fault for fault, good in faults.items() if not good]
    found = {
        "files": len(files),
        "bytes": sum(file.size_bytes for file in files),
        "kills": sum(len(file.killed_at) for file in files),
        "again_mib": [round(file.again_bytes / MIB, 1) for file in files],
        "limit_mib": LIMIT_BYTES // MIB,
        "faults": len(faults),
        "seed": wishes.seed,
        "wrong": wrong,
    }
    print(json.dumps(found))
    return int(bool(wrong) and wishes.check)


def _kill_all(folder: Path, wishes: argparse.Namespace, dice: random.Random) -> list[Fetched]:
    print("file      size    killed at              fetched twice   whole   took")
    found = []
    for number in range(1, wishes.files + 1):
        box = folder / f"file{number}"
        box.mkdir()
        file = one_file(box, round(wishes.gib * 2**30), wishes.kills, dice)
        found.append(file)
        at = ", ".join(f"{done / file.size_bytes:.0%}" for done in file.killed_at) or "never"
        print(
            f"{number:4}  {file.size_bytes / MIB:7.0f} MiB  {at:20}  {file.again_bytes / MIB:9.1f} MiB"
            f"   {'yes' if file.right else 'NO':5} {file.took_s:5.0f} s",
            flush=True,
        )
        (box / FILE.name).unlink(missing_ok=True)
    return found


def _meet_all(folder: Path) -> dict[str, bool]:
    print("\nfault                        ends in")
    good = {}
    for number, fault in enumerate(FAULTS):
        box = folder / f"fault{number}"
        box.mkdir()
        good[fault.name], how = one_fault(box, fault)
        mark = "" if good[fault.name] else "  <- NOT AS IT MUST"
        print(f"{fault.name:28} {how}{mark}", flush=True)
    return good


if __name__ == "__main__":
    sys.exit(main())
