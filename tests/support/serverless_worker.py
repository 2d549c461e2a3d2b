"""What a worker of an endpoint does with a job: as worker-comfyui 5.8.5 does it, in front of any ComfyUI.

Its words for what goes wrong are worker-comfyui's, since the client reads them.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from typing import Any

import requests

PATIENCE_S = 60.0


def work(job: Mapping[str, Any], comfy_url: str) -> dict[str, Any]:
    """The handler's answer to a job; a handler in front of the rehearsal also says that it is one."""
    asked = job["input"]
    if asked.get("ltx_rehearsal"):
        system = requests.get(f"{comfy_url}/system_stats", timeout=10).json()["system"]
        return {"ltx_rehearsal": system["ltx_rehearsal"]} if "ltx_rehearsal" in system else {"ok": True}
    graph = asked.get("workflow")
    if graph is None:
        return {"error": "Missing 'workflow' parameter"}
    for image in asked.get("images") or ():
        data = base64.b64decode(image["image"].partition(",")[2] or image["image"])
        form = {"image": (image["name"], data, "image/png"), "overwrite": (None, "true")}
        requests.post(f"{comfy_url}/upload/image", files=form, timeout=30).raise_for_status()
    accepted = requests.post(f"{comfy_url}/prompt", json={"prompt": graph}, timeout=30)
    if accepted.status_code == 400:
        return {"error": _refusal(accepted.json())}
    entry = _ended(comfy_url, accepted.json()["prompt_id"])
    return _gathered(comfy_url, entry)


def _refusal(body: Mapping[str, Any]) -> str:
    lines = [
        f"• Node {node} ({field}): {value}"
        for node, report in body.get("node_errors", {}).items()
        for field, value in report.items()
    ]
    of_nodes = body["error"]["type"] == "prompt_outputs_failed_validation"
    message = "Workflow validation failed" if of_nodes else body["error"]["message"]
    return f"{message}:\n" + "\n".join(lines) if lines else f"{message}. Raw response: {json.dumps(body)}"


def _ended(comfy_url: str, prompt_id: str) -> dict[str, Any]:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        history = requests.get(f"{comfy_url}/history/{prompt_id}", timeout=10).json()
        if prompt_id in history:
            return history[prompt_id]
        time.sleep(0.05)
    raise TimeoutError(f"{prompt_id} did not end")


def _gathered(comfy_url: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    errors = [
        f"Workflow execution error: Node Type: {data.get('node_type')}, Node ID: {data.get('node_id')}, "
        f"Message: {data.get('exception_message')}"
        for kind, data in entry["status"]["messages"]
        if kind == "execution_error"
    ]
    images = []
    for output in entry["outputs"].values():
        for listed in output.get("images", ()):
            if listed["type"] == "temp":
                continue
            data = requests.get(f"{comfy_url}/view", params=listed, timeout=30).content
            text = base64.b64encode(data).decode()
            images.append({"filename": listed["filename"], "type": "base64", "data": text})
    if errors and not images:
        return {"error": "Job processing failed", "details": errors}
    if not images:
        return {"status": "success_no_images", "images": []}
    return {"images": images, **({"errors": errors} if errors else {})}
