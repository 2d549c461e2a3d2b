"""/api/jobs: queue and history in one list. ComfyUI has it under /api only."""

from __future__ import annotations

from typing import Any

from ltxlib.rehearsal.answers import Answer
from ltxlib.rehearsal.queue import Job

STATUSES = ("pending", "in_progress", "completed", "failed", "cancelled")
_PREVIEWABLE = ("images", "video", "audio", "gifs", "3d", "text")


def waiting_job(job: Job, status: str) -> dict[str, Any]:
    """A prompt that waits or runs, as a job."""
    return {
        "id": job.prompt_id,
        "status": status,
        "priority": job.number,
        "create_time": job.extra_data.get("create_time"),
        "outputs_count": 0,
        "previewable_outputs_count": 0,
    }


def _files(outputs: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for node, lists in outputs.items():
        for media_type, items in lists.items():
            if media_type in _PREVIEWABLE:
                found += [
                    {**i, "nodeId": node, "mediaType": media_type} for i in items if isinstance(i, dict)
                ]
    return found


def finished_job(prompt_id: str, entry: dict[str, Any]) -> dict[str, Any]:
    """A history entry, as a job."""
    number, _, _, extra_data, _ = entry["prompt"]
    messages: dict[str, Any] = dict(entry["status"]["messages"])
    error = messages.get("execution_error")
    ended = error or messages.get("execution_interrupted") or messages.get("execution_success") or {}
    status = "completed" if entry["status"]["completed"] else "failed"
    if "execution_interrupted" in messages:
        status = "cancelled"
    files = _files(entry["outputs"])
    job = {
        "id": prompt_id,
        "status": status,
        "priority": number,
        "create_time": extra_data.get("create_time"),
        "execution_start_time": messages.get("execution_start", {}).get("timestamp"),
        "execution_end_time": ended.get("timestamp"),
        "execution_error": error,
        "outputs_count": len(files),
        "previewable_outputs_count": len(files),
        "preview_output": files[0] if files else None,
    }
    return {name: value for name, value in job.items() if value is not None}


class Jobs(Answer):
    """GET /api/jobs, with status, limit, offset and order."""

    def get(self) -> None:
        wanted = [part for part in self.get_query_argument("status", "").split(",") if part]
        bad = [part for part in wanted if part not in STATUSES]
        if bad:
            valid = ", ".join(STATUSES)
            self.say({"error": f"Invalid status value(s): {', '.join(bad)}. Valid values: {valid}"}, 400)
            return
        jobs = [job for job in self._all() if not wanted or job["status"] in wanted]
        newest_first = self.get_query_argument("sort_order", "desc") != "asc"
        jobs.sort(key=lambda job: job["create_time"] or 0, reverse=newest_first)
        offset = max(0, int(self.get_query_argument("offset", "0")))
        limit_said = self.get_query_argument("limit", "")
        limit = int(limit_said) if limit_said else None
        page = jobs[offset:] if limit is None else jobs[offset : offset + limit]
        more = offset + len(page) < len(jobs)
        pagination = {"offset": offset, "limit": limit, "total": len(jobs), "has_more": more}
        self.say({"jobs": page, "pagination": pagination})

    def _all(self) -> list[dict[str, Any]]:
        running, waiting = self.state.queue.jobs()
        return [
            *(finished_job(prompt_id, entry) for prompt_id, entry in self.state.queue.history().items()),
            *(waiting_job(job, "in_progress") for job in running),
            *(waiting_job(job, "pending") for job in reversed(waiting)),
        ]


class OneJob(Answer):
    """GET /api/jobs/{id}: the job with its outputs and its graph."""

    def get(self, prompt_id: str) -> None:
        entry = self.state.queue.history(prompt_id).get(prompt_id)
        running, waiting = self.state.queue.jobs()
        if entry is not None:
            _, _, graph, extra_data, _ = entry["prompt"]
            more = {"outputs": entry["outputs"], "execution_status": entry["status"]}
            found = {**finished_job(prompt_id, entry), **more}
        else:
            known = {job.prompt_id: waiting_job(job, "in_progress") for job in running}
            known |= {job.prompt_id: waiting_job(job, "pending") for job in waiting}
            if prompt_id not in known:
                self.say({"error": "Job not found"}, 404)
                return
            found = known[prompt_id]
            job = next(job for job in (*running, *waiting) if job.prompt_id == prompt_id)
            graph, extra_data = job.graph, job.extra_data
        self.say({**found, "workflow": {"prompt": graph, "extra_data": extra_data}})


class CancelJobs(Answer):
    """POST /api/jobs/{id}/cancel, or /api/jobs/cancel with a list of ids."""

    def post(self, prompt_id: str | None = None) -> None:
        if prompt_id is not None:
            wanted = [prompt_id]
        else:
            said = self.body_json()
            wanted = [str(one) for one in (said.get("job_ids") or said.get("ids") or [])]
        cancelled = self.state.queue.delete(wanted)
        if self.state.queue.running_id() in wanted:
            self.state.interrupt.set()
            cancelled = True
        self.say({"cancelled": cancelled})
