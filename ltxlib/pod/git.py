"""git, as far as the kit's own folder needs it: what is new, what was changed here, going forward.

Commands are lists of words and ask nobody anything; a missing or silent git is a PodError.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from ltxlib.errors import PodError

_WAIT_S = 120.0


def git(folder: Path, *words: str, timeout_s: float = _WAIT_S) -> bytes:
    """What git says to these words in this folder. Raises PodError with its last line."""
    env = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            # A volume may belong to another user than the one who works here; it is this folder all the same.
            ["git", "-c", f"safe.directory={folder.resolve()}", "-C", str(folder), *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
            env=env,
        )
    except FileNotFoundError as error:
        raise PodError("git is not on this machine.", cure="Install git (apt install git).") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PodError(
            f"git {words[0]} did not answer.", cure="Look whether this machine has internet."
        ) from error
    if done.returncode:
        told = done.stderr.decode("utf-8", "replace").strip().splitlines()
        said = told[-1] if told else "it said nothing"
        raise PodError(
            f"git {words[0]} failed: {said}.", cure="Do it again; if it stays, ask somebody who knows git."
        )
    return done.stdout


def says_yes(folder: Path, *words: str) -> bool:
    """Whether git ends well with these words."""
    try:
        git(folder, *words)
    except PodError:
        return False
    return True


def names(told: bytes) -> list[str]:
    """Paths out of an answer with -z."""
    return [os.fsdecode(name) for name in told.split(b"\0") if name]


def changed_here(folder: Path) -> dict[str, str]:
    """Paths that differ from the last commit, untracked ones too, with git's two letters for each."""
    entries = git(folder, "status", "--porcelain=v1", "-z", "--no-renames", "-uall").split(b"\0")
    return {os.fsdecode(entry[3:]): entry[:2].decode() for entry in entries if entry}
