"""`runpodctl`, the command that lies on every pod, in its old and its new spelling."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass

_STATUS = re.compile(r"\b(RUNNING|EXITED|TERMINATED)\b")
# How RunPod's and Hugging Face's keys begin.
_KEY = re.compile(r"\b(?:rpa|hf)_\w+")
_MOST_SAID = 200


@dataclass(frozen=True)
class Said:
    """What the command answered: whether it ended well, and its words on one line."""

    ok: bool
    text: str

    @property
    def status(self) -> str:
        """The pod's state in those words, empty when they do not tell."""
        found = _STATUS.findall(self.text)
        return found[-1] if found else ""


def run(*words: str, timeout_s: float = 30.0) -> Said:
    """Run `runpodctl` with these words; a missing or silent command is an answer too."""
    command = shutil.which("runpodctl")
    if command is None:
        return Said(False, "runpodctl is not on this machine")
    try:
        done = subprocess.run(
            [command, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Said(False, f"runpodctl did not answer within {timeout_s:g} s")
    except OSError as error:
        return Said(False, f"runpodctl cannot be run: {error.strerror}")
    answer, warning = (stream.decode("utf-8", "replace") for stream in (done.stdout, done.stderr))
    text = _shown(answer if answer.strip() else warning)
    return Said(done.returncode == 0, _KEY.sub("(key)", text)[:_MOST_SAID])


def status(pod_id: str) -> str:
    """The pod's state by the command, empty when neither spelling tells."""
    for words in (("get", "pod", pod_id), ("pod", "get", pod_id)):
        said = run(*words)
        if said.ok and said.status:
            return said.status
    return ""


def accepted(said: Said) -> bool:
    """Whether an answer to "stop" means yes.

    The old spelling says `stop failed` and still ends well (runpodctl, cmd/pod/stopPod.go), so the words
    count, not the exit code alone.
    """
    if not said.ok or re.search(r"fail|error|denied|unauthor", said.text, re.IGNORECASE):
        return False
    return said.status in ("EXITED", "TERMINATED") or "stopped" in said.text.lower()


def _shown(text: str) -> str:
    """What may be shown of an answer, on one line.

    The new spelling answers in JSON with all it knows of the pod, the secrets in its environment included:
    of JSON only the state and an error are kept.
    """
    start = text.find("{")
    if start < 0:
        return " ".join(text.split())
    try:
        found, _ = json.JSONDecoder().raw_decode(text, start)
    except ValueError:
        found = {}
    kept = [f"{name} {found[name]}" for name in ("desiredStatus", "error", "message") if name in found]
    return " ".join(" ".join(kept).split())
