"""ComfyUI's official templates: the kit flattens them as the real web client does.

A sample; `python -m benchmarks.flatten` asks about all of them.
"""

from __future__ import annotations

import copy
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ltxlib.core.schema import NodeSchema
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from tests.support import official_templates as official
from tests.support.official_templates import Template, Verdict
from tests.support.web_client import WebClient

pytestmark = pytest.mark.browser

SAMPLE = 40
# One for each known reason to differ, so that the reasons given are held against the client too.
KNOWN_TO_DIFFER = ("api_flux2", "api_meshy7_1_image_to_model", "api_fishaudio_drama3_directed")


def _sample(schema: NodeSchema) -> list[Template]:
    """All LTX templates, those known to differ, and others until there are 40; only ones with known nodes."""
    fitting = [one for one in official.read_all() if not one.unknown_to(schema)]
    first = [one for one in fitting if one.ltx or one.name in KNOWN_TO_DIFFER]
    others = [one for one in fitting if one not in first]
    return first + others[: max(SAMPLE - len(first), 0)]


@pytest.fixture(scope="module")
def verdicts(
    browser, tmp_path_factory: pytest.TempPathFactory, project_root: Path
) -> Iterator[list[Verdict]]:
    """What came of each template of the sample, on all node classes of ComfyUI 0.33.0 or those we ship."""
    if importlib.util.find_spec("comfyui_frontend_package") is None:
        pytest.skip("ComfyUI's web client (pip install comfyui-frontend-package) is not installed")
    if official.folder() is None:
        pytest.skip(official.PACKAGE_MISSING)
    table = official.recorded_table(project_root.parent / "shared") or official.small_table()
    folder = tmp_path_factory.mktemp("templates")
    settings = RehearsalSettings(object_info=table)
    with RehearsalServer(folder / "output", folder / "input", settings=settings) as server:
        client = WebClient(browser, server.url)
        client.set_strict(False)
        schema = NodeSchema(client.object_info())
        yield [official.compare(template, schema, client) for template in _sample(schema)]
        client.close()


def test_every_ltx_template_flattens_as_the_client_does(verdicts: list[Verdict]) -> None:
    """Each official LTX template gives the client's own graph, node for node."""
    ltx = [one for one in verdicts if one.template.ltx]
    assert len(ltx) >= 20
    assert official.explanations(ltx) == []
    assert {one.kind for one in ltx} == {"equal"}


def test_every_difference_is_explained(verdicts: list[Verdict], capsys: pytest.CaptureFixture[str]) -> None:
    """Where another template gives another graph than the client's, the reason is known and printed."""
    others = [one for one in verdicts if not one.template.ltx]
    with capsys.disabled():
        print(f"\n{len(verdicts)} official templates, {sum(one.kind == 'equal' for one in verdicts)} equal.")
        for line in official.explanations(others):
            print(f"  {line}")
    assert official.explanations([one for one in others if not one.explained]) == []
    unforeseen = [one for one in others if one.template.name not in KNOWN_TO_DIFFER]
    assert official.share(unforeseen) >= 90


def _spoilt(graph: dict[str, Any], what: str) -> dict[str, Any]:
    """A graph with one thing in it changed."""
    spoilt = copy.deepcopy(graph)
    key = next(key for key, node in spoilt.items() if node["class_type"] == "CLIPTextEncode")
    if what == "node":
        del spoilt[key]
    elif what == "title":
        spoilt[key]["_meta"]["title"] += "!"
    elif what == "wire":
        spoilt[key]["inputs"]["clip"] = ["1", 1]
    else:
        spoilt[key]["inputs"]["added"] = "value"
    return spoilt


def test_a_fault_of_ours_would_be_seen(verdicts: list[Verdict], project_root: Path) -> None:
    """A value, a wire or a node that is not the client's is told as a difference that nobody explained."""
    schema = NodeSchema(official.small_table())
    template = next(one.template for one in verdicts if one.template.name == "video_ltx2_t2v")
    ours = official.ours_of(template, schema)
    assert official.judge(template, schema, ours).kind == "equal"
    for spoil in ("value", "wire", "node", "title"):
        verdict = official.judge(template, schema, _spoilt(ours, spoil))
        assert (verdict.kind, verdict.causes) == ("differing", (official.UNEXPLAINED,)), spoil
        assert official.share([verdict]) == 0
    no_class = {**ours, "999": {"inputs": {}, "_meta": {}}}
    assert official.judge(template, schema, no_class).kind == "differing"
