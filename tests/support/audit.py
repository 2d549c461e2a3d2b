"""pip-audit over the packages of this environment, and what its answer is worth."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

NOT_AUDITED = (
    "NO PACKAGE WAS AUDITED: pip-audit could ask nobody about known vulnerabilities from this machine. "
    "Run ./kit test where the internet is, or name an OSV service in LTX_AUDIT_OSV."
)
_PATIENCE_S = 600


@dataclass(frozen=True)
class Audit:
    """What was found. must_be_mended: one line for each vulnerability that a newer version mends."""

    audited: int
    must_be_mended: tuple[str, ...] = ()
    without_cure: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """What a person reads of it."""
        if not self.audited:
            return (NOT_AUDITED,)
        head = f"pip-audit knows {self.audited} of the packages here"
        if not self.must_be_mended and not self.without_cure:
            return (f"{head}, none with a known vulnerability.",)
        return (f"{head}.", *self.must_be_mended, *self.without_cure)


def audit(osv: str | None = None) -> Audit:
    """Asks about every package of this environment. osv: an OSV service to ask instead of the usual one."""
    command = [sys.executable, "-m", "pip_audit", "--local", "--progress-spinner", "off", "--format", "json"]
    command += ["--vulnerability-service", "osv", "--osv-url", osv] if osv else []
    try:
        ran = subprocess.run(
            command,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=_PATIENCE_S,
            check=False,
        )
        found = json.loads(ran.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, json.JSONDecodeError, KeyError):
        return Audit(0)
    return read(found)


def read(dependencies: list[dict]) -> Audit:
    """Reads pip-audit's list. A package that nobody knew counts as not audited, not as safe."""
    known = [one for one in dependencies if "skip_reason" not in one]
    mended, open_ = [], []
    for one in known:
        for fault in one["vulns"]:
            newer = ", ".join(fault["fix_versions"])
            told = f"{one['name']} {one['version']} has the known vulnerability {fault['id']}"
            if newer:
                mended.append(f"{told}; mended in {newer}.")
            else:
                open_.append(f"{told}; no version mends it yet.")
    return Audit(len(known), tuple(mended), tuple(open_))
