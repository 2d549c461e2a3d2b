"""The servers of the contract, and the list of what a real one made, printed at the end of a run."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from tests.support.bench import NAMES, Bench, opened
from tests.support.contract_ways import Rendered, Way

MADE = pytest.StashKey[list[str]]()
# Long enough for a test to meet a prompt that runs, short enough to wait for.
STEP_S = 0.01


@pytest.fixture(scope="module", params=NAMES)
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The rehearsal, and then the real ComfyUI that LTX_REAL_SERVER names."""
    with opened(request.param, tmp_path_factory.mktemp("bench"), seconds_per_step=STEP_S) as server:
        yield server


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The real ComfyUI alone."""
    with opened("real", tmp_path_factory.mktemp("real")) as server:
        yield server


@pytest.fixture(scope="module")
def twin(real: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A rehearsal that declares the nodes and files of the real one."""
    with opened("rehearsal", tmp_path_factory.mktemp("twin"), object_info=real.object_info) as server:
        yield server


@pytest.fixture(scope="session")
def seed() -> int:
    """New for each run, so that no server answers from what it remembers of the last one."""
    return random.randrange(2**32)


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Callable[[Bench, Way, Rendered], None]:
    """Write down what a real server made."""

    def tell(server: Bench, way: Way, made: Rendered) -> None:
        info = made.info
        picture, sound = "no picture", f"flac {made.take.clip.duration_s:.2f} s"
        if info is not None:
            picture = f"{info.width_px}x{info.height_px} {info.frames:>3} frames {float(info.fps):>6.3f} fps"
            sound = f"{info.audio_codec} {info.audio_duration_s:.2f} s" if info.has_audio else "silent"
        line = f"{way.name:<22} {picture:<30} {sound:<12} {made.take.workflow:<28}"
        line += f"{made.take.render_s:6.1f} s of {made.took_s:5.1f} s"
        line += " with the takes it starts from" if way.before else ""
        if server.real:
            request.config.stash.setdefault(MADE, []).append(line)

    return tell


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """List what the real server made, with its own time and that from check to clip."""
    lines = config.stash.get(MADE, [])
    if lines:
        terminalreporter.section("made by a real ComfyUI")
        terminalreporter.write("\n".join(lines) + "\n")
