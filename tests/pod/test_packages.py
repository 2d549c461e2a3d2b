"""Another program's packages by uv, where it has no pip; by pip: tests/studio/test_node_packs.py."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from ltxlib.errors import Cancelled, PodError
from ltxlib.pod.commands import run
from ltxlib.pod.packages import Environment
from tests.support.kit_box import real_uv
from tests.support.node_packs import wheel


@pytest.fixture
def env(tmp_path, monkeypatch) -> Environment:
    """An environment without pip that has a torch and a gutter; the index is a folder."""
    uv = real_uv()
    if uv is None:
        pytest.skip("uv is not on this machine")
    wheels = tmp_path / "wheels"
    for version in ("1.0", "2.0"):
        wheel(wheels, "gutter", version)
        wheel(wheels, "torch", version)
    wheel(wheels, "barrel", "1.0", ["gutter"])
    wheel(wheels, "heavy", "1.0", ["torch>=2"])
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "uv").symlink_to(uv)
    (tmp_path / "empty").mkdir()
    settings = {"UV_DEFAULT_INDEX": (tmp_path / "empty").as_uri(), "UV_FIND_LINKS": str(wheels)}
    settings |= {"UV_CACHE_DIR": str(tmp_path / "cache"), "UV_NO_CONFIG": "1"}
    for name, value in {**settings, "PATH": f"{bin_folder}:{os.environ['PATH']}"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PIP_CONSTRAINT", raising=False)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, tmp_path / "venv"], check=True)
    subprocess.run([uv, "pip", "install", "-q", "--python", python, "torch==1.0", "gutter==2.0"], check=True)
    return Environment(python)


def test_uv_does_what_pip_does(env):
    """What would come is told, comes alone, and goes again; what is there is held."""
    before = env.versions()
    assert before == {"torch": "1.0", "gutter": "2.0"}
    coming = env.would_install(["barrel", "gutter<2"], ["gutter<2"])
    assert coming == {"barrel": "1.0", "gutter": "1.0"}
    assert env.versions() == before
    env.install(coming)
    assert env.versions() == {"torch": "1.0", **coming}
    assert env.needed_by_others(["gutter"]) == {"gutter"}
    assert env.put_back({"barrel": None, "gutter": "2.0", "torch": "1.0"}) == ["barrel", "gutter"]
    assert env.versions() == before
    with pytest.raises(PodError, match="do not go together"):
        env.would_install(["heavy"], [])


def test_a_python_that_is_none_is_a_sentence(tmp_path):
    """Where there is no Python, or a broken one, that is said."""
    with pytest.raises(PodError, match="cannot be run"):
        Environment(tmp_path / "python").versions()
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho it is broken >&2\n")
    broken.chmod(0o755)
    with pytest.raises(PodError, match="does not run: it is broken"):
        Environment(broken).versions()


def test_without_pip_and_uv_the_cure_is_named(env, monkeypatch):
    """Nothing can be installed then; how to get pip is said."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PodError, match="has no pip") as told:
        env.would_install(["barrel"], [])
    assert "ensurepip" in told.value.cure


def test_a_command_that_takes_long_ends_when_it_is_asked_to():
    """A person may stop it, and it does not go on for ever by itself; what it started ends with it."""
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        run(["sleep", "600"], cancel=cancel)
    with pytest.raises(PodError, match="did not end within"):
        run(["sleep", "600"], timeout_s=0.2)
