"""Killed downloads go on, and nearly nothing is fetched twice; faults end in a sentence."""

from __future__ import annotations

import json

from benchmarks.downloads import LIMIT_BYTES, MIB, Fetched, main, one_fault
from tests.support.hub_faults import FAULTS


def test_a_killed_download_goes_on(capsys):
    """One file, killed twice with SIGKILL: whole in the end, at most 64 MiB came twice."""
    assert main(["--gib", "0.08", "--files", "1", "--kills", "2", "--no-faults", "--check"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (found["files"], found["kills"], found["wrong"]) == (1, 2, [])
    assert 0 <= found["again_mib"][0] <= 64


def test_what_falls_short_is_told(tmp_path):
    """Bytes that came twice, a file that is not right, and a fault that ends in no sentence."""
    assert not Fetched(MIB, (), MIB + LIMIT_BYTES + 1, True, 1.0).good
    assert not Fetched(MIB, (), MIB, False, 1.0).good
    full = next(one for one in FAULTS if one.limit_bytes)
    good, said = one_fault(tmp_path, full)
    assert good, said
    assert "disk" in said
