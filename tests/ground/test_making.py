"""The kit's own Python, made by the real script in a world of its own, followed and understood."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import ltxlib
from ltxlib.ground import face, setting_up
from ltxlib.ground.home import Home, is_complete
from ltxlib.ground.making import Progress, clean, make, there
from ltxlib.ground.stopping import NotReady
from ltxlib.ground.watched import headless
from tests.support.kit_box import KitBox, base_python

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kit is made for Linux")
WITHOUT = (
    "JPY_PARENT_PID",
    "FORCE_COLOR",
    "LTX_PYTHON",
    "PIP_CONSTRAINT",
    "UV_CONSTRAINT",
    "PIP_CONFIG_FILE",
)


@pytest.fixture
def box(tmp_path, monkeypatch) -> KitBox:
    made = KitBox(tmp_path)
    for name in WITHOUT:
        monkeypatch.delenv(name, raising=False)
    for name, value in made.surroundings().items():
        monkeypatch.setenv(name, value)
    return made


def silent(_: Progress) -> None:
    """Nobody listens."""


def test_it_is_made_once_and_found_afterwards(box):
    """The first time installs, with sentences and the installer's lines; after that nothing is done."""
    place = Home(box.folder)
    assert not there(place)
    first = make(place, silent)
    assert first.ok, first.progress.lines
    assert first.progress.installed
    assert any("ipykernel" in line for line in first.progress.lines)
    assert box.installed() == "2.0"
    assert there(place)
    again = make(place, silent)
    assert again.ok
    assert (again.progress.installed, again.progress.lines) == (False, [])
    assert place.packages() is not None and place.stamped


def of_another_version(box: KitBox) -> Path:
    """Let .venv be of a Python that says it is another; it stays in the list of programs while it runs."""
    python = box.venv / "bin/python"
    python.unlink()
    other = "3.10" if sys.version_info[:2] != (3, 10) else "3.11"
    python.write_text(
        f'#!/bin/sh\ncase "$*" in *%d.%d*) echo {other}; exit ;; esac\n"{base_python()}" "$@"\nexit $?\n'
    )
    python.chmod(0o755)
    stamp = box.venv / "kit-installed"
    lines = stamp.read_text().splitlines()
    stamp.write_text("\n".join([*lines[:2], other, *lines[3:]]) + "\n")
    return python


def test_another_version_of_python_is_made_anew(box):
    """The notebook's kernel can use .venv only when both are of the same version."""
    make(Home(box.folder), silent)
    of_another_version(box)
    assert not there(Home(box.folder))
    assert make(Home(box.folder), silent).ok
    assert there(Home(box.folder))


def test_a_python_that_works_just_now_is_left_alone(box):
    """A night or another notebook that runs by .venv does not lose it under its feet."""
    make(Home(box.folder), silent)
    python = of_another_version(box)
    with subprocess.Popen([python, "-c", "input()"], stdin=subprocess.PIPE) as night:
        made = make(Home(box.folder), silent)
        night.communicate(b"\n")
    assert not made.ok
    assert "a night or another notebook works with it" in made.says
    assert "LTX kit" in made.cure
    assert python.read_text().startswith("#!/bin/sh")


def test_a_page_that_cannot_use_the_kits_version_is_told_the_way(box, monkeypatch, capsys):
    """Where .venv is for another version all the same, another kernel is the cure."""
    make(Home(box.folder), silent)
    lib = Home(box.folder).packages().parent
    lib.rename(lib.with_name("python3.99"))
    monkeypatch.setattr(setting_up, "home", lambda: Home(box.folder))
    monkeypatch.setenv("LTX_HEADLESS", "1")
    headless.cache_clear()
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(ltxlib, "__path__", list(ltxlib.__path__))
    before = sys.executable
    with pytest.raises(NotReady, match="Change Kernel, LTX kit"):
        setting_up.ready()
    assert sys.executable == before
    assert "AMBER  Python: Jupyter runs this page with Python" in capsys.readouterr().out
    headless.cache_clear()


def failing(box: KitBox, words: str) -> None:
    """Let uv fail with these words, and pip find nothing."""
    box.script("uv", f'[ "$1" = venv ] && exit 1; echo "{words}" >&2; exit 1')
    (box.folder / "requirements.txt").write_text("ipykernel>=3\n")


def test_a_full_disk_is_told(box):
    """Whatever the installer says about it, a full disk is told as such, with its cure."""
    failing(box, "error: failed to write: No space left on device (os error 28)")
    made = make(Home(box.folder), silent)
    assert not made.ok
    assert "disk is full" in made.says
    assert "1 GB" in made.cure


def test_packages_that_are_here_go_on_without_newer_ones(box, monkeypatch):
    """In the kit's own kernel an update of the packages that fails is told, and nothing waits for it."""
    make(Home(box.folder), silent)
    failing(box, "error: dns error")
    shown: list[str] = []
    monkeypatch.setattr(face.Face, "_put", lambda self, inner: shown.append(inner))
    monkeypatch.setattr(setting_up, "home", lambda: Home(box.folder))
    monkeypatch.setattr(setting_up, "tidy", lambda place: None)
    monkeypatch.setattr(setting_up, "is_own", lambda place: True)
    monkeypatch.setenv("LTX_HEADLESS", "0")
    headless.cache_clear()
    setting_up.ready()
    headless.cache_clear()
    assert "does not answer. The ones that are here go on." in shown[-1]
    assert "Restart" not in shown[-1]
    assert not [one for one in sys.meta_path if type(one).__module__.startswith("ltxlib")]


def test_no_network_is_told_and_logins_are_not(box, monkeypatch):
    """A package server that does not answer is told; the login in its address stands nowhere."""
    box.without_uv()
    monkeypatch.setenv("PIP_NO_INDEX", "0")
    monkeypatch.setenv("PIP_INDEX_URL", "http://ann:very-secret@127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    (box.folder / "requirements.txt").write_text("ipykernel>=3\n")
    made = make(Home(box.folder), silent)
    assert not made.ok
    assert "does not answer" in made.says, made.progress.lines
    assert "very-secret" not in "\n".join(made.progress.lines)


def test_a_package_that_is_not_there_is_told_in_the_scripts_words(box):
    """What nobody foresaw has the script's own sentence and the installer's lines."""
    failing(box, "a riddle")
    made = make(Home(box.folder), silent)
    assert not made.ok
    assert made.says.startswith("The packages could not be installed")
    assert "a riddle" in made.progress.lines


def test_a_folder_that_cannot_be_written_is_told(box):
    """The sentence names the folder."""
    box.venv.write_text("a file in the way")
    made = make(Home(box.folder), silent)
    assert (made.ok, str(box.folder) in made.says) == (False, True)
    assert made.cure


def test_no_pip_and_no_uv_is_told(box):
    """A bare Python gets the name of what is to be installed."""
    box.without_uv()
    (box.root / "crippled/pip.py").write_text("raise SystemExit(1)\n")
    made = make(Home(box.folder), silent)
    assert "no pip, and there is no uv" in made.says
    assert "python3-venv" in made.cure


def test_a_script_that_is_gone_is_told(box):
    """Whatever keeps the script from running, there is a sentence."""
    (box.folder / "kit").unlink()
    made = make(Home(box.folder), silent)
    assert "ended before it was done" in made.says
    made = make(Home(box.root / "nowhere"), silent)
    assert "could not be started" in made.says


def hanging(box: KitBox) -> Path:
    """Let uv wait for a file, so that the work is under way for as long as a test wants."""
    go = box.root / "go"
    tool = f'"{sys.executable}" -c "import os, time\nwhile not os.path.exists(\'{go}\'): time.sleep(0.02)"'
    box.script("uv", f'[ "$1" = venv ] && exit 1; : > "{box.root}/waits"; {tool}; exit 1')
    return go


def test_interrupted_it_ends_what_it_began(box):
    """The stop button of the page ends the installer too; the next run goes on."""
    hanging(box)

    def stop(progress: Progress) -> None:
        if (box.root / "waits").exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(Home(box.folder), stop)
    (box.root / "go").touch()
    assert make(Home(box.folder), silent).ok


def test_it_goes_on_when_its_kernel_dies(box, project_root):
    """A kernel that is killed meanwhile does not take the set-up with it."""
    go = hanging(box)
    program = (
        "from pathlib import Path\n"
        "from ltxlib.ground.home import Home\n"
        "from ltxlib.ground.making import make\n"
        f"make(Home(Path({str(box.folder)!r})), lambda progress: None)"
    )
    path = f"{project_root}{os.pathsep}{os.environ['PYTHONPATH']}"
    with subprocess.Popen([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": path}) as kernel:
        until = time.monotonic() + 60
        while not (box.root / "waits").exists():
            assert kernel.poll() is None and time.monotonic() < until
            time.sleep(0.02)
        kernel.send_signal(signal.SIGKILL)
    go.touch()
    # The next one waits for it and finds all there.
    made = make(Home(box.folder), silent)
    assert made.ok
    assert not made.progress.installed
    assert made.progress.lines == ["kit: Another run of the kit is installing just now; waiting for it."]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("\x1b[2mResolved \x1b[1m3\x1b[0m", "Resolved 3"),
        ("Looking in https://ann:pass@host.example/simple", "Looking in https://host.example/simple"),
        ("git+https://token@host.example/x", "git+https://host.example/x"),
        ("key=abcdefgh1234", "key=(secret)"),
        ("<b>bold</b>  ", "<b>bold</b>"),
    ],
)
def test_what_is_shown_of_a_line(line, shown):
    """No colours, no logins, no secret of the environment; all else as it is."""
    assert clean(line, {"RUNPOD_API_KEY": "abcdefgh1234", "A_KEY": "short"}) == shown


def test_a_python_is_complete_when_each_requirement_has_a_package(tmp_path):
    """Names are looked up, ranges are not; no list means not complete."""
    place = Home(tmp_path)
    assert not is_complete(place)
    (tmp_path / "requirements.txt").write_text("# a heading\npytest>=99  # whatever\n\n")
    assert is_complete(place)
    (tmp_path / "requirements.txt").write_text("pytest\nno-such-package-of-anybody\n")
    assert not is_complete(place)
