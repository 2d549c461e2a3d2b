"""ComfyUI's real web client, asked what it makes of a workflow."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Route

STRICT = "Comfy.Validation.Workflows"
SETTINGS = {
    STRICT: True,
    "Comfy.TutorialCompleted": True,
    "Comfy.Workflow.ShowMissingNodesWarning": True,
    "Comfy.Workflow.ShowMissingModelsWarning": True,
}
_READY = """() => Boolean(window.app && window.app.vueAppReady && window.app.rootGraphInternal
    && !window.app.extensionManager.spinner)"""
_SET = "([name, value]) => window.app.extensionManager.setting.set(name, value)"
_STORES = "document.querySelector('#vue-app').__vue_app__.config.globalProperties.$pinia.state.value"
ANSWER_WAIT_S = 60
_OPEN = f"""async (workflow) => {{
    {_STORES}.toast.toasts = [];
    const opened = async () => {{
        await window.app.loadGraphData(workflow, true, false);
        return (await window.app.graphToPrompt()).output;
    }};
    const late = new Promise((_, refuse) => setTimeout(
        () => refuse(new Error("no answer within {ANSWER_WAIT_S} s")), {ANSWER_WAIT_S} * 1000));
    return Promise.race([opened(), late]);
}}"""
_MISSING = f"""() => JSON.parse(JSON.stringify({{
    nodes: {_STORES}.missingNodesError.missingNodesError ?? null,
    models: {_STORES}.missingModel.missingModelCandidates ?? null,
    media: {_STORES}.missingMedia.missingMediaCandidates ?? null,
}}))"""
_NOTICES = f"() => {_STORES}.toast.toasts.map((one) => `${{one.kind}}: ${{one.title}}`)"
_BOXES = """() => window.app.rootGraphInternal._nodes.map(
    (node) => [String(node.id), node.pos[0], node.pos[1], node.size[0], node.size[1]])"""


class WebClient:
    """One page of ComfyUI's client in Chromium. warnings: what it said on its console."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.url = url
        self.warnings: list[str] = []
        self._put("/settings", SETTINGS)
        self._context = browser.new_context(viewport={"width": 1920, "height": 1200})
        self._context.route("**/*", self._stay_at_home)
        self.page: Page = self._context.new_page()
        self.page.on("console", self._hear)
        self.page.goto(url)
        self.page.wait_for_function(_READY, timeout=120_000)

    def _put(self, path: str, value: Any) -> None:
        request = urllib.request.Request(
            self.url + path,
            data=json.dumps(value).encode(),
            headers={"Content-Type": "application/json"},
            method="POST",
        )
        urllib.request.urlopen(request, timeout=30).close()

    def _stay_at_home(self, route: Route) -> None:
        """The client would ask servers on the internet for news; a test does not."""
        if route.request.url.startswith(self.url):
            route.continue_()
        else:
            route.abort()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("warning", "error"):
            self.warnings.append(message.text)

    def object_info(self) -> dict[str, Any]:
        """What the server answers to the client at /object_info."""
        with urllib.request.urlopen(self.url + "/object_info", timeout=30) as answer:
            return json.load(answer)

    def set_strict(self, strict: bool) -> None:
        """Whether the client holds each workflow against its own rules for files."""
        self.page.evaluate(_SET, [STRICT, strict])

    def prompt_of(self, workflow: dict[str, Any]) -> dict[str, Any]:
        """Open a workflow as a person would, and give what the client would queue."""
        self.warnings.clear()
        return self.page.evaluate(_OPEN, workflow)

    def missing(self) -> dict[str, Any]:
        """What the client says is missing: nodes, models, media; None where all is there."""
        return self.page.evaluate(_MISSING)

    def notices(self) -> list[str]:
        """The notices the client shows since the last workflow was opened."""
        return self.page.evaluate(_NOTICES)

    def boxes(self) -> dict[str, tuple[float, float, float, float]]:
        """Where the client draws each node: x, y, width, height in canvas pixels."""
        return {key: tuple(box) for key, *box in self.page.evaluate(_BOXES)}

    def close(self) -> None:
        """Close the page."""
        self._context.close()
