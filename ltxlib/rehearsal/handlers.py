"""The routes that ComfyUI clients drive: prompts, queue, history, node table, models."""

from __future__ import annotations

import logging
import platform
import re
import sys
import time
import uuid
from typing import Any

from ltxlib import __version__
from ltxlib.rehearsal.answers import Answer
from ltxlib.rehearsal.models import FOLDERS
from ltxlib.rehearsal.queue import Job
from ltxlib.rehearsal.saving import saved_as
from ltxlib.rehearsal.settings import COMFYUI_VERSION
from ltxlib.rehearsal.sockets import FEATURES
from ltxlib.rehearsal.validation import Verdict, all_failed, no_prompt, refusal, validate
from ltxlib.rehearsal.webclient import PACKAGE, client_version, extensions

log = logging.getLogger(__name__)

CANONICAL_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PRETENDED_VRAM_BYTES = 24 * 1024**3
PRETENDED_MODELS_BYTES = 19 * 1024**3
PRETENDED_RAM_BYTES = 64 * 1024**3


class Prompt(Answer):
    """GET tells how many remain; POST takes a graph."""

    def get(self) -> None:
        self.say(self.state.exec_info())

    def post(self) -> None:
        said = self.body_json()
        number = self._number(said)
        if not isinstance(said, dict) or "prompt" not in said:
            self.say(no_prompt(), 400)
            return
        prompt_id = said.get("prompt_id")
        if prompt_id is None:
            prompt_id = str(uuid.uuid4())
        elif not isinstance(prompt_id, str) or not CANONICAL_UUID.fullmatch(prompt_id):
            self.say(_bad_prompt_id(), 400)
            return
        targets = said.get("partial_execution_targets")
        verdict = validate(said["prompt"], self.state.catalogue, self.state.folders, targets)
        if verdict.error is not None:
            self.say(refusal(verdict), 400)
            return
        verdict = self._struck(verdict, said["prompt"])
        if verdict.error is not None:
            self.say(refusal(verdict), 400)
            return
        extra_data = dict(said.get("extra_data") or {})
        if "client_id" in said:
            extra_data["client_id"] = said["client_id"]
        extra_data["create_time"] = int(time.time() * 1000)
        self.state.queue.put(Job(number, prompt_id, said["prompt"], extra_data, verdict.outputs))
        self.say({"prompt_id": prompt_id, "number": number, "node_errors": verdict.node_errors})

    def _number(self, said: Any) -> float:
        if isinstance(said, dict) and "number" in said:
            return float(said["number"])
        number = self.state.next_number()
        return -number if isinstance(said, dict) and said.get("front") else number

    def _struck(self, verdict: Verdict, graph: dict[str, Any]) -> Verdict:
        """An ordered fault makes the first output a broken one; the rest still runs, or nothing does."""
        fault = self.state.faults.for_post(saved_as(graph))
        if fault is None:
            return verdict
        broken, *rest = verdict.outputs
        wanted = "video" if "video" in graph[broken]["inputs"] else "images"
        error = {
            "type": "required_input_missing",
            "message": "Required input is missing",
            "details": wanted,
            "extra_info": {"input_name": wanted},
        }
        errors = {
            "errors": [error], "dependent_outputs": [broken], "class_type": graph[broken]["class_type"]
        }  # fmt: skip
        why = all_failed() if fault.kind == "refused" else None
        return Verdict(why, rest, {**verdict.node_errors, broken: errors})


def _bad_prompt_id() -> dict[str, Any]:
    error = {
        "type": "invalid_prompt_id",
        "message": "prompt_id must be a valid UUID",
        "details": "prompt_id must be a UUID string in canonical lowercase hyphenated form; "
        "omit it to let the server generate one",
        "extra_info": {},
    }
    return {"error": error, "node_errors": {}}


class Queue(Answer):
    """What runs and waits; POST {"clear": true} or {"delete": [ids]}."""

    def get(self) -> None:
        running, waiting = self.state.queue.jobs()
        self.say(
            {
                "queue_running": [job.as_list() for job in running],
                "queue_pending": [job.as_list() for job in waiting],
            }
        )

    def post(self) -> None:
        said = self.body_json()
        if said.get("clear"):
            self.state.queue.clear()
        if "delete" in said:
            self.state.queue.delete(said["delete"])
        self.empty()


class History(Answer):
    """What is finished; POST {"clear": true} or {"delete": [ids]}."""

    def get(self, prompt_id: str | None = None) -> None:
        if prompt_id is not None:
            self.say(self.state.queue.history(prompt_id))
            return
        most = self.get_query_argument("max_items", "")
        offset = self.get_query_argument("offset", "")
        self.say(self.state.queue.history(None, int(most) if most else None, int(offset) if offset else -1))

    def post(self) -> None:
        said = self.body_json()
        if said.get("clear"):
            self.state.queue.clear_history()
        if "delete" in said:
            self.state.queue.delete_history(said["delete"])
        self.empty()


class Interrupt(Answer):
    """Stop what runs; with {"prompt_id": id} only if it is that one. Always an empty 200."""

    def post(self) -> None:
        try:
            said = self.body_json()
        except ValueError:
            said = {}
        wanted = said.get("prompt_id") if isinstance(said, dict) else None
        running = self.state.queue.running_id()
        if not wanted or running == wanted:
            self.state.interrupt.set()
        self.empty()


class Free(Answer):
    """Forget what is cached."""

    def post(self) -> None:
        said = self.body_json()
        if said.get("free_memory"):
            self.state.forget_cache.set()
        if said.get("free_memory") or said.get("unload_models"):
            self.state.faults.memory_freed()
        if said.get("unload_models"):
            self.state.loaded.clear()
        self.empty()


class SystemStats(Answer):
    """The machine this pretends to be; `ltx_rehearsal` says that it is none."""

    def get(self) -> None:
        web = client_version()
        held = PRETENDED_MODELS_BYTES if self.state.loaded.is_set() else 0
        system = {
            "os": sys.platform,
            "ram_total": PRETENDED_RAM_BYTES,
            "ram_free": PRETENDED_RAM_BYTES // 2,
            "comfyui_version": COMFYUI_VERSION,
            "required_frontend_version": web,
            "installed_templates_version": "",
            "required_templates_version": "",
            "comfy_package_versions": [{"name": PACKAGE, "installed": web, "required": web}],
            "python_version": f"{platform.python_version()} (REHEARSAL)",
            "pytorch_version": "REHEARSAL: none",
            "embedded_python": False,
            "deploy_environment": "rehearsal",
            "argv": ["rehearsal"],
            "ltx_rehearsal": __version__,
        }
        device = {
            "name": "REHEARSAL: no GPU, clips are drawn",
            "type": "cpu",
            "index": None,
            "vram_total": PRETENDED_VRAM_BYTES,
            "vram_free": PRETENDED_VRAM_BYTES - held,
            "torch_vram_total": PRETENDED_VRAM_BYTES,
            "torch_vram_free": PRETENDED_VRAM_BYTES,
        }
        self.say({"system": system, "devices": [device]})


class ObjectInfo(Answer):
    """The node table, whole or one class; an unknown class is an empty answer."""

    def get(self, class_type: str | None = None) -> None:
        catalogue = self.state.catalogue
        if class_type is None:
            self.say(catalogue.all())
        else:
            self.say({class_type: catalogue.schema(class_type)} if class_type in catalogue else {})


class Models(Answer):
    """The folders of model files, or the files of one."""

    def get(self, folder: str | None = None) -> None:
        if folder is None:
            self.say(list(FOLDERS))
        elif folder in self.state.catalogue.models:
            self.say(self.state.catalogue.models[folder])
        else:
            self.empty(404)


class ModelFiles(Answer):
    """GET /experiment/models and /experiment/models/{folder}: what the web client's model library shows."""

    def get(self, folder: str | None = None) -> None:
        models = self.state.catalogue.models
        if folder is None:
            self.say([{"name": name, "folders": [], "extensions": [".safetensors"]} for name in models])
        elif folder in models:
            self.say([{"name": name, "pathIndex": 0} for name in models[folder]])
        else:
            self.empty(404)


class Features(Answer):
    """What this server can do."""

    def get(self) -> None:
        self.say(FEATURES)


class Extensions(Answer):
    """The scripts the web client loads."""

    def get(self) -> None:
        self.say(extensions(self.state.client_folder))


class Fixed(Answer):
    """An answer that never changes."""

    def initialize(self, answer: Any, status: int = 200, **kwargs: Any) -> None:  # type: ignore[override]
        super().initialize(**kwargs)
        self.answer, self.status = answer, status

    def get(self) -> None:
        self.say(self.answer, self.status)


class About(Answer):
    """GET /rehearsal: what this server is."""

    subject_to_faults = False

    def get(self) -> None:
        running, waiting = self.state.queue.jobs()
        self.say(
            {
                "rehearsal": __version__,
                "imitates": f"ComfyUI {COMFYUI_VERSION}",
                "says": "REHEARSAL: every clip is drawn, no model is behind it.",
                "web_client": client_version() if self.state.client_folder else None,
                "seconds_per_step": self.state.settings.seconds_per_step,
                "running": len(running),
                "waiting": len(waiting),
                "sockets": self.state.hub.count(),
                "faults": self.state.faults.pending(),
            }
        )


class Faults(Answer):
    """POST /rehearsal/faults: order one fault or a list of them; DELETE orders nothing any more."""

    subject_to_faults = False

    def get(self) -> None:
        self.say(self.state.faults.pending())

    def post(self) -> None:
        try:
            said = self.body_json()
            for fault in said if isinstance(said, list) else [said]:
                self.state.faults.add(**fault)
        except (ValueError, TypeError) as error:
            self.say({"error": f"This is no fault to order: {error}"}, 400)
            return
        self.say(self.state.faults.pending())

    def delete(self) -> None:
        self.state.faults.clear()
        self.say([])
