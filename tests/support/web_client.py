"""ComfyUI's real web client, asked what it makes of a workflow."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SETTINGS = {
    "Comfy.TutorialCompleted": True,
    "Comfy.Validation.Workflows": True,
    "Comfy.Workflow.ShowMissingNodesWarning": True,
    "Comfy.Workflow.ShowMissingModelsWarning": True,
}
READY = """() => Boolean(window.app && window.app.vueAppReady && window.app.rootGraphInternal
    && !window.app.extensionManager.spinner)"""
OPEN = """async (workflow) => {
    await window.app.loadGraphData(workflow, true, false);
    return (await window.app.graphToPrompt()).output;
}"""
STORES = """() => {
    const stores = document.querySelector('#vue-app').__vue_app__.config.globalProperties.$pinia.state.value;
    const plain = (name) => stores[name] === undefined ? null : JSON.parse(JSON.stringify(stores[name]));
    return Object.fromEntries(
        ['missingNodesError', 'missingModel', 'missingMedia'].map((name) => [name, plain(name)]));
}"""

NOTICES = """() => {
    const stores = document.querySelector('#vue-app').__vue_app__.config.globalProperties.$pinia.state.value;
    return (stores.toast?.toasts ?? []).map((one) => `${one.kind}: ${one.title} ${one.description ?? ''}`);
}"""


def client_folder() -> Path | None:
    """Where pip put the web client's files; None when the package is not installed."""
    spec = importlib.util.find_spec("comfyui_frontend_package")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / "static"


@contextmanager
def plain_server(object_info: dict[str, Any], settings: dict[str, Any] | None = None) -> Iterator[str]:
    """Serve the client and the few answers it boots on; gives the address."""
    from tornado.httpserver import HTTPServer
    from tornado.netutil import bind_sockets
    from tornado.web import Application, RequestHandler, StaticFileHandler

    answers = {
        "users": {"storage": "server", "migrated": True},
        "settings": {**SETTINGS, **(settings or {})},
        "extensions": [],
        "object_info": object_info,
        "system_stats": {"system": {"comfyui_version": "0.33.0", "argv": []}, "devices": []},
        "i18n": {},
    }

    class Answer(RequestHandler):
        def get(self, name: str) -> None:
            self.set_header("Content-Type", "application/json")
            if name not in answers:
                self.set_status(404)
                return
            self.write(json.dumps(answers[name]))

        def post(self, name: str) -> None:
            self.write("{}")

    application = Application(
        [
            (r"/(?:api/)?(users|settings|extensions|object_info|system_stats|i18n)", Answer),
            (r"/api/(.*)", Answer),
            (r"/(.*)", StaticFileHandler, {"path": str(client_folder()), "default_filename": "index.html"}),
        ],
        log_function=lambda handler: None,
    )
    started = threading.Event()
    state: dict[str, Any] = {}

    async def serve() -> None:
        sockets = bind_sockets(0, "127.0.0.1")
        server = HTTPServer(application)
        server.add_sockets(sockets)
        state.update(port=sockets[0].getsockname()[1], stop=asyncio.Event(), loop=asyncio.get_running_loop())
        started.set()
        await state["stop"].wait()
        server.stop()
        await server.close_all_connections()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    started.wait(timeout=20)
    try:
        yield f"http://127.0.0.1:{state['port']}"
    finally:
        state["loop"].call_soon_threadsafe(state["stop"].set)
        thread.join(timeout=20)


class WebClient:
    """One page of ComfyUI's client in Chromium; `complaints` gathers what it says on its console."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.complaints: list[str] = []
        self._context = browser.new_context(viewport={"width": 1920, "height": 1200})
        self.page: Page = self._context.new_page()
        self.page.on("console", self._hear)
        self.page.goto(url)
        self.page.wait_for_function(READY, timeout=120_000)

    def _hear(self, message: Any) -> None:
        if message.type in ("warning", "error"):
            self.complaints.append(message.text)

    def prompt_of(self, workflow: dict[str, Any]) -> dict[str, Any]:
        """Open a workflow as a person would, and give what the client would queue."""
        self.complaints.clear()
        return self.page.evaluate(OPEN, workflow)

    def missing(self) -> dict[str, Any]:
        """What the client says is missing: nodes, models, media."""
        return self.page.evaluate(STORES)

    def notices(self) -> list[str]:
        """The notices the client shows at this moment; validation speaks through them."""
        return self.page.evaluate(NOTICES)

    def close(self) -> None:
        self._context.close()
