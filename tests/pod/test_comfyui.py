"""ComfyUI as a program on this machine; a small one of our own stands in its folder."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ltxlib.errors import PodError
from ltxlib.pod import comfyui
from ltxlib.pod.comfyui import FIXED_ARGUMENTS, ComfyHome, end, find_home, last_error, restart, running, start

# Listens where it is told, as ComfyUI does; with --deaf it does not end when it is asked to.
MAIN = """
import signal, socket, sys, time
if "--broken" in sys.argv:
    import os
    print(sorted(name for name in os.environ if name in ("MPLBACKEND", "JPY_PARENT_PID", "PYTHONPATH")))
    print("RuntimeError: no card was found", flush=True)
    sys.exit(1)
if "--deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
listener = socket.create_server(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])))
print("To see the GUI go to", sys.argv[1:], flush=True)
while "--silent" not in sys.argv:
    listener.accept()[0].close()
time.sleep(600)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A ComfyUI's folder with nothing but a main.py."""
    folder = tmp_path / "slim" / "ComfyUI"
    folder.mkdir(parents=True)
    (folder / "main.py").write_text(MAIN)
    return folder


@pytest.fixture
def home(root: Path) -> Iterator[ComfyHome]:
    """That ComfyUI on a free port; whatever runs of it is gone afterwards."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found = ComfyHome(root, Path(sys.executable), ("--port", str(port)))
    yield found
    for process in running(found):
        os.kill(process, signal.SIGKILL)


def answers(home: ComfyHome) -> bool:
    try:
        socket.create_connection(("127.0.0.1", int(home.arguments[1])), timeout=1).close()
    except OSError:
        return False
    return True


def test_it_is_found_with_its_python_and_arguments(root, monkeypatch):
    """The named folder first; the newer venv before the older; people's arguments after the fixed."""
    assert find_home(str(root)) == ComfyHome(root, Path("python3"), FIXED_ARGUMENTS)
    for venv in (".venv", ".venv-cu128"):
        (root / venv / "bin").mkdir(parents=True)
        (root / venv / "bin" / "python").touch()
        monkeypatch.setenv("LTX_COMFY_ROOT", str(root))
        assert find_home().python == root / venv / "bin" / "python"
    (root.parent / "comfyui_args.txt").write_text("# more memory\n--lowvram\n--preview-method 'none'\n")
    assert find_home().arguments[len(FIXED_ARGUMENTS) :] == ("--lowvram", "--preview-method", "none")
    (root.parent / "comfyui_args.txt").write_text("--broken 'quote")
    with pytest.raises(PodError, match=r"comfyui_args\.txt cannot be read"):
        find_home()


def test_no_home_is_none(tmp_path, monkeypatch):
    """A machine without ComfyUI is told by None; the usual homes are looked through."""
    assert find_home(str(tmp_path)) is None
    monkeypatch.delenv("LTX_COMFY_ROOT", raising=False)
    monkeypatch.setattr(comfyui, "HOMES", (str(tmp_path / "a"), str(tmp_path / "b")))
    assert find_home() is None
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "main.py").touch()
    assert find_home().root == tmp_path / "b"


def test_one_that_died_is_started_again(home, tmp_path):
    """Killed, it is started anew and answers; its words are in the log."""
    log = tmp_path / "logs" / "comfyui.log"
    restart(home, log, lambda: answers(home), 30)
    (first,) = running(home)
    os.kill(first, signal.SIGKILL)
    os.waitpid(first, 0)
    assert running(home) == ()
    restart(home, log, lambda: answers(home), 30)
    (second,) = running(home)
    assert second != first
    assert log.read_text().count("To see the GUI") == 2


def test_one_that_hangs_is_ended_first(home, tmp_path):
    """A process that does not listen to reason is killed; then there is one, and only one."""
    deaf = ComfyHome(home.root, home.python, (*home.arguments, "--deaf"))
    log = tmp_path / "comfyui.log"
    restart(deaf, log, lambda: answers(home), 30)
    there = running(home)
    assert end(home, patience_s=0.5) == there
    assert running(home) == ()


def test_one_that_cannot_start_says_why(home, tmp_path):
    """The log's last error is told, and nothing is waited for in vain."""
    log = tmp_path / "comfyui.log"
    broken = ComfyHome(home.root, home.python, (*home.arguments, "--broken"))
    with pytest.raises(PodError, match="RuntimeError: no card was found"):
        restart(broken, log, lambda: answers(home), 30)
    with pytest.raises(PodError, match="cannot be started"):
        start(ComfyHome(home.root, tmp_path / "no-python", ()), log)


def test_nothing_of_a_notebooks_kernel_reaches_it(home, tmp_path, monkeypatch):
    """What ipykernel sets for itself would keep node packs from importing; it stays with the kernel."""
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    monkeypatch.setenv("JPY_PARENT_PID", "1")
    monkeypatch.setenv("PYTHONPATH", "/kit")
    log = tmp_path / "comfyui.log"
    broken = ComfyHome(home.root, home.python, (*home.arguments, "--broken"))
    with pytest.raises(PodError):
        restart(broken, log, lambda: answers(home), 30)
    assert "[]" in log.read_text().splitlines()


def test_one_that_never_answers_is_told(home, tmp_path):
    """Started, but silent: after its patience the kit says so."""
    with pytest.raises(PodError, match="does not answer: its log shows no error"):
        restart(home, tmp_path / "comfyui.log", lambda: False, 0.5)


def test_no_log_no_error(tmp_path):
    """Without a log, or with a calm one, there is no last error."""
    assert last_error(tmp_path / "none.log") == ""
    (tmp_path / "calm.log").write_text("all is well\n")
    assert last_error(tmp_path / "calm.log") == ""
