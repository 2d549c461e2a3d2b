"""Does the kit flatten ComfyUI's official templates as ComfyUI's own web client does?

    python -m benchmarks.flatten [--check] [--most N]

Every LTX template and the others (at most N of them) are opened in the real client in Chromium and flattened
by the kit. Needs what requirements-dev.txt names, Chromium, and a few minutes. The last line is one JSON
object.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltxlib.core.schema import NodeSchema
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from tests.run import NO_BROWSER, working_browser
from tests.support import official_templates as official
from tests.support.official_templates import Template, Verdict
from tests.support.web_client import WebClient

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PROJECT = Path(__file__).resolve().parents[1]
WANTED_LTX_PERCENT, WANTED_OTHERS_PERCENT = 100.0, 95.0
# The client keeps every workflow open in a tab and slows down with them.
TEMPLATES_A_PAGE = 80
KINDS = ("equal", "differing", "refused", "unknown nodes", "no answer")


@dataclass(frozen=True)
class Sweep:
    """What a run found.

    table: which node table was asked. left_out: templates not asked about, because that table is only the
    kit's own and does not have their nodes.
    """

    verdicts: tuple[Verdict, ...]
    table: str
    complete: bool
    left_out: int
    took_s: float

    def of(self, ltx: bool) -> list[Verdict]:
        """The verdicts on LTX's own templates, or on the others."""
        return [one for one in self.verdicts if one.template.ltx is ltx]

    @property
    def good(self) -> bool:
        """Whether as many are equal as are wanted, and anything was compared at all."""
        enough = any(one.counts for one in self.of(True)) and any(one.counts for one in self.of(False))
        ltx, others = official.share(self.of(True)), official.share(self.of(False))
        return enough and ltx >= WANTED_LTX_PERCENT and others >= WANTED_OTHERS_PERCENT


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Chromium refuses to run as root with its sandbox, and containers have a tiny /dev/shm.
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=arguments)
        yield browser
        browser.close()


def ask(templates: Sequence[Template], table: dict[str, Any], browser: Browser) -> Iterator[Verdict]:
    """The verdict on each template, one after the other, from a server that has this node table."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="flatten-")))
        settings = RehearsalSettings(object_info=table)
        server = stack.enter_context(RehearsalServer(folder / "output", folder / "input", settings=settings))
        for start in range(0, len(templates), TEMPLATES_A_PAGE):
            client = WebClient(browser, server.url)
            client.set_strict(False)
            schema = NodeSchema(client.object_info())
            for template in templates[start : start + TEMPLATES_A_PAGE]:
                yield official.compare(template, schema, client)
            client.close()


def sweep(templates: Sequence[Template], most: int | None, browser_path: str) -> Sweep:
    """Compare LTX's and at most so many others, telling on stderr how far it is."""
    recorded = official.recorded_table(PROJECT.parent / "shared")
    table = recorded if recorded is not None else official.small_table()
    name = "recorded from ComfyUI 0.33.0" if recorded is not None else "the kit's own"
    schema, asked = NodeSchema(table), len(templates)
    if recorded is None:
        templates = [one for one in templates if one.ltx or not one.unknown_to(schema)]
    left_out = asked - len(templates)
    others = [one for one in templates if not one.ltx]
    templates = [one for one in templates if one.ltx] + others[:most]
    began = time.monotonic()
    verdicts: list[Verdict] = []
    with chromium(browser_path) as browser:
        for verdict in ask(templates, table, browser):
            verdicts.append(verdict)
            if len(verdicts) % 50 == 0:
                print(f"{len(verdicts)} of {len(templates)}", file=sys.stderr, flush=True)
    title = f"{name}, {len(table)} classes"
    took_s = time.monotonic() - began
    return Sweep(tuple(verdicts), title, recorded is not None, left_out, took_s)


def report(found: Sweep) -> None:
    """Print the table, then every template that is not equal, with the reason."""
    print(f"Node table: {found.table}.")
    if not found.complete:
        print(
            "The /object_info recorded beside the project is not there, so "
            f"{found.left_out} templates whose nodes are unknown here are left out."
        )
    print(f"\n{'':8}" + "".join(f"{kind:>15}" for kind in KINDS) + f"{'equal of those':>24}")
    print(" " * (8 + 15 * len(KINDS)) + f"{'the client flattens':>24}")
    for name, group in (("LTX", found.of(True)), ("others", found.of(False))):
        counts = Counter(one.kind for one in group)
        row = "".join(f"{counts[kind]:>15}" for kind in KINDS)
        of = f"{counts['equal']}/{sum(one.counts for one in group)} = {official.share(group):.1f} %"
        print(f"{name:8}{row}{of:>24}")
    _print_causes(found)
    _print_unknown(found)


def _print_causes(found: Sweep) -> None:
    groups: dict[str, list[Verdict]] = {}
    for one in found.verdicts:
        if one.kind not in ("equal", "unknown nodes"):
            groups.setdefault(one.causes[0], []).append(one)
    for cause, group in sorted(groups.items(), key=lambda item: -len(item[1])):
        print(f"\n{len(group)} x {cause}:")
        for one in group:
            where = f": {one.differences[0].place}" if one.differences else ""
            print(f"  {one.template.name}{where}")


def _print_unknown(found: Sweep) -> None:
    unknown = [one for one in found.verdicts if one.kind == "unknown nodes"]
    if unknown:
        print(f"\n{len(unknown)} x nodes unknown to the table; the client sends no class, we refuse:")
    for one in unknown:
        print(f"  {one.template.name}: {one.why}")


def figures(found: Sweep) -> dict[str, Any]:
    """The numbers of a run, for a machine."""
    result: dict[str, Any] = {
        "benchmark": "flatten",
        "client": importlib.metadata.version("comfyui-frontend-package"),
        "templates": importlib.metadata.version("comfyui-workflow-templates-json"),
        "node_table": found.table,
        "node_table_complete": found.complete,
        "left_out": found.left_out,
    }
    for name, group in (("ltx", found.of(True)), ("others", found.of(False))):
        counts = Counter(one.kind for one in group)
        result[name] = {
            "asked": len(group),
            **{kind.replace(" ", "_"): counts[kind] for kind in KINDS},
            "equal_percent": round(official.share(group), 2),
        }
    different = [one for one in found.verdicts if one.kind == "differing"]
    result["causes"] = Counter(one.causes[0] for one in different)
    result["unexplained"] = sum(not one.explained for one in different)
    return {**result, "took_s": round(found.took_s, 1), "good": found.good}


def main(arguments: Sequence[str]) -> int:
    """Exit code 0; with --check 1 when fewer are equal than wanted; 2 when something needed is missing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flatten", description=__doc__.split("\n")[0])
    parser.add_argument(
        "--check", action="store_true", help="exit 1 below 100 %% of LTX's or 95 %% of others"
    )
    parser.add_argument("--most", type=int, metavar="N", help="at most N templates that are not LTX's")
    chosen = parser.parse_args(arguments)
    templates = official.read_all()
    browser = working_browser()
    if not templates or browser is None:
        print(f"{official.PACKAGE_MISSING}." if not templates else NO_BROWSER, file=sys.stderr)
        return 2
    found = sweep(templates, chosen.most, browser)
    report(found)
    print()
    print(json.dumps(figures(found)))
    return int(chosen.check and not found.good)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
