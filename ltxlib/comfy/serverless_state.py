"""What RunPod says of a job, as the same plain values a ComfyUI's history becomes. Pure.

Facts: states and their order from RunPod's docs ("Job states", 2026). A finished job's result is kept 30
minutes; after that, or when its time to live ends, /status answers 404 ("Send API requests"). A result that
is too large is thrown away and the job is COMPLETED with no output (runpod-python issue 309; its limit is 20
MB, rp_tips.py). worker-comfyui 5.8.5 gives `output.images`, a list of {filename, type "base64" or "s3_url",
data}, of every file that a node lists under `images` and does not call temporary; SaveVideo's clips are
listed there (ComfyUI 0.33.0). The name of the node and of the subfolder are not handed on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from ltxlib.comfy.serverless_failure import cancelled, failure, timed_out
from ltxlib.comfy.state import VIDEO_SUFFIXES, OutputFile, PromptState
from ltxlib.errors import ComfyError, OutputMissing, ServerAnswerError

_WAITING = {"IN_QUEUE": "pending", "IN_PROGRESS": "running", "RUNNING": "running"}
_PLACE = "runpod"
# What the SDK's own local server says of a job it never heard of, or has answered for already.
_FORGOTTEN = "job id not found"


@dataclass(frozen=True)
class ResultFile:
    """One file in a result: its name, how it comes ("base64" or "s3_url"), and the text or address."""

    filename: str
    kind: str
    data: str


def job_state(body: object, job_id: str, graph: Mapping[str, object] | None = None) -> PromptState:
    """The answer of `/status/{id}`. graph: what was sent, which lends failures the nodes' titles.

    Raises ServerAnswerError when it is no such answer.
    """
    if not isinstance(body, Mapping) or not isinstance(body.get("status"), str):
        raise ServerAnswerError("What RunPod says of the job is not what it should be.")
    status, output = body["status"].upper(), body.get("output")
    if status in _WAITING:
        return PromptState(job_id, _WAITING[status])
    took_s = _seconds(body.get("executionTime"))
    if status == "COMPLETED":
        return _completed(output, job_id, took_s)
    if status == "CANCELLED":
        return PromptState(job_id, "interrupted", error=cancelled(), duration_s=took_s)
    if status == "TIMED_OUT":
        return PromptState(job_id, "failed", error=timed_out(), duration_s=took_s)
    if status == "FAILED":
        error = body.get("error")
        if isinstance(error, str) and error.strip().lower() == _FORGOTTEN:
            return PromptState(job_id, "unknown")
        more = output if isinstance(output, Mapping) else {}
        details = [
            more.get("error"),
            more.get("details"),
            output if isinstance(output, (str, list)) else None,
        ]
        found = failure(error, [one for one in details if one is not None], graph)
        return PromptState(job_id, "failed", error=found, duration_s=took_s)
    raise ServerAnswerError("RunPod says that the job is in a state the kit does not know.")


def results(output: object) -> tuple[ResultFile, ...]:
    """Every whole file in a result, in the worker's order."""
    listed = output.get("images") if isinstance(output, Mapping) else None
    return tuple(
        ResultFile(item["filename"], str(item.get("type")), item["data"])
        for item in (listed if isinstance(listed, list) else ())
        if isinstance(item, Mapping) and _text(item.get("filename")) and _text(item.get("data"))
    )


def output_file(job_id: str, number: int, result: ResultFile) -> OutputFile:
    """A file of a result as the rest of the kit names files; `place_of` finds it again."""
    moves = PurePosixPath(result.filename).suffix.lower() in VIDEO_SUFFIXES
    return OutputFile("", result.filename, f"{_PLACE}/{job_id}/{number}", "output", moves)


def place_of(output: OutputFile) -> tuple[str, int]:
    """The job a file belongs to and its number in the result. Raises OutputMissing for another's file."""
    place, _, rest = output.subfolder.partition("/")
    job_id, _, number = rest.rpartition("/")
    if place != _PLACE or not job_id or not number.isdecimal():
        raise OutputMissing("This file is not one that a RunPod endpoint made.")
    return job_id, int(number)


def _completed(output: Any, job_id: str, took_s: float | None) -> PromptState:
    if isinstance(output, Mapping) and isinstance(output.get("images"), list):
        files = tuple(output_file(job_id, number, file) for number, file in enumerate(results(output)))
        return PromptState(job_id, "succeeded", outputs=files, duration_s=took_s)
    if isinstance(output, Mapping) and (output.get("error") or output.get("details")):
        error = failure(output.get("error"), output.get("details"))
        return PromptState(job_id, "failed", error=error, duration_s=took_s)
    # Another try would end the same way, so neither is an OutputMissing, which is worth one.
    if isinstance(output, Mapping) and "message" in output:
        missing = ComfyError(
            "The endpoint answers as worker-comfyui did before version 5.",
            cure="Give the endpoint a newer image of worker-comfyui on RunPod's page.",
        )
    else:
        missing = ComfyError(
            "RunPod reports success, but the clip did not come with it: most often it was larger than the 20 "
            "MB that RunPod hands on.",
            cure="Let the endpoint put its clips into an S3 bucket (the README says how), or make it smaller "
            "or shorter.",
        )
    return PromptState(job_id, "failed", error=missing, duration_s=took_s)


def _seconds(milliseconds: object) -> float | None:
    fits = isinstance(milliseconds, (int, float)) and not isinstance(milliseconds, bool) and milliseconds >= 0
    return milliseconds / 1000 if fits else None


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value)
