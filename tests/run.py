"""What `./kit test` does with the packages there: ruff, bandit, pip-audit, notebooks, every test, coverage.

Words after `./kit test` go to pytest as they are (`./kit test tests/core -k span`); then nothing else runs.
Browser tests need Chromium: the system's, else Debian's by apt when we are root. Where there is none they are
left out and the last line says so; under CI=true that is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
if str(PROJECT) not in sys.path:
    sys.path.insert(0, str(PROJECT))

from tests.support import audit  # noqa: E402  (this file is run as a script)

COVERAGE_FLOOR = 90
TOGETHER = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NO_BROWSER = (
    "NO BROWSER TEST RAN: this machine has no Chromium that starts, and none could be installed. "
    "Install one (on Debian: sudo apt install chromium) and run ./kit test again."
)
# Just long enough for the crossfade that the last notebook begins with.
SMALL_FILM = """scene,mode,prompt,image,frames,width,height
words,t2v,@rain/window,,33,384,256
picture,i2v,Drops slide down the panes and rain patters on the roof.,cabin-window.jpg,33,384,256
"""


def say(text: str) -> None:
    """One plain line, in order with what the tools below print."""
    print(f"kit: {text}", flush=True)


def working_browser() -> str | None:
    """The first Chromium on PATH that really starts; Ubuntu's is a stub where there is no snap."""
    for name in BROWSERS:
        found = shutil.which(name)
        if found and _succeeds([found, "--version"], timeout_s=60):
            return found
    return None


def install_browser() -> None:
    """Ask apt for Chromium, when we may; a refusal is told by the missing browser later."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    say("Installing Chromium for the browser tests.")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-liberation"]
    for command in (["apt-get", "update", "-qq"], install):
        subprocess.run(command, env=quiet, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)


def without_browser(arguments: Sequence[str]) -> list[str]:
    """The same pytest arguments, with the browser tests left out of whatever `-m` already chose."""
    kept: list[str] = []
    chosen = ""
    words = iter(arguments)
    for word in words:
        if word == "-m":
            chosen = next(words, "")
        elif word.startswith("-m") and not word.startswith("--"):
            chosen = word[2:].removeprefix("=")
        else:
            kept.append(word)
    return [*kept, "-m", f"({chosen}) and not browser" if chosen else "not browser"]


def scratch_project(folder: Path) -> Path:
    """A copy of what the notebooks need, with a small film to run on; the creator's own is left alone."""
    leave_out = shutil.ignore_patterns(".ipynb_checkpoints")
    for name in ("notebooks", "prompts", "workflows", "images"):
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, folder / name, ignore=leave_out)
    (folder / "scenes.csv").write_text(SMALL_FILM, encoding="utf-8")
    return folder


def run_notebooks() -> bool:
    """Every notebook, cell by cell, in a scratch copy and against the rehearsal; True when all ran.

    With nobody watching a notebook works at once, so it must not stand before a ComfyUI that costs money.
    """
    if not any((PROJECT / "notebooks").glob("*.ipynb")):
        return True
    say("The notebooks, cell by cell.")
    from ltxlib.errors import LtxlibError
    from ltxlib.store.project import Project
    from ltxlib.studio import rehearsing

    with tempfile.TemporaryDirectory(prefix="kit-notebooks-", ignore_cleanup_errors=True) as folder:
        project = Project(scratch_project(Path(folder).resolve()))
        try:
            running = rehearsing.start(project)
            command = [*_pytest(), "--nbval-lax", "-p", "no:cacheprovider"]
            command += ["--rootdir", str(project.root), "-c", os.devnull, str(project.notebooks)]
            return _run(command, env={**os.environ, "LTX_COMFY_URL": running.url})
        except LtxlibError as error:
            say(str(error))
            return False
        finally:
            rehearsing.stop(project)


def audit_packages() -> bool:
    """Whether no package here has a known vulnerability that a newer version mends, or nobody could tell."""
    found = audit.audit(os.environ.get("LTX_AUDIT_OSV"))
    for line in found.told:
        say(line)
    return not found.must_be_mended


def run_all(browser: str | None) -> list[str]:
    """Everything, in the order of what fails fastest; gives the names of what failed."""
    ruff = [sys.executable, "-m", "ruff"]
    floor = [f"--cov-fail-under={COVERAGE_FLOOR}", "--cov-report=term"]
    steps = {
        "ruff check": lambda: _run([*ruff, "check"]),
        "ruff format": lambda: _run([*ruff, "format", "--check"]),
        "bandit": lambda: _run([sys.executable, "-m", "bandit", "-q", "-ll", "-r", "ltxlib"]),
        "pip-audit": audit_packages,
        "notebooks": run_notebooks,
        # A file's tests stay together: they share what is slow to make.
        "tests": lambda: _run(
            [*_pytest(), "--cov=ltxlib", *([] if browser else floor), "-m", "not browser", *TOGETHER]
        ),
    }
    if browser:
        # One by one: a page that waits for its turn looks like one that hangs.
        steps["browser tests"] = lambda: _run(
            [*_pytest(), "--cov=ltxlib", "--cov-append", *floor, "-m", "browser"]
        )
    return [name for name, step in steps.items() if not step()]


def main(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> int:
    """Exit code 0 when all is well, 1 when not; pytest's own code when it alone was asked for."""
    os.chdir(PROJECT)
    began = time.monotonic()
    browser = working_browser()
    if browser is None:
        install_browser()
        browser = working_browser()
    if arguments:
        chosen = list(arguments) if browser else without_browser(arguments)
        code = subprocess.run([*_pytest(), *chosen], check=False).returncode
    else:
        failed = run_all(browser)
        code = 1 if failed else 0
        took_s = time.monotonic() - began
        say(f"{'FAILED: ' + ', '.join(failed) if failed else 'All well'}, after {took_s:.0f} s.")
    if browser is None:
        say(NO_BROWSER)
        if environ.get("CI", "").lower() == "true":
            return code or 1
    return code


def _pytest() -> list[str]:
    return [sys.executable, "-m", "pytest"]


def _run(command: Sequence[str], env: Mapping[str, str] | None = None) -> bool:
    return subprocess.run(command, env=env, check=False).returncode == 0


def _succeeds(command: Sequence[str], timeout_s: float) -> bool:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=timeout_s,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
