"""What the ground shows, and what it says when Jupyter cannot be told."""

from __future__ import annotations

import importlib
import sys

import pytest

from ltxlib.ground import face, setting_up, stopping
from ltxlib.ground.home import Home
from ltxlib.ground.watched import headless


@pytest.fixture(autouse=True)
def _a_person(monkeypatch):
    """Somebody watches; the Jupyter around is nobody's that the kit knows."""
    monkeypatch.setenv("LTX_HEADLESS", "0")
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)
    headless.cache_clear()
    yield
    headless.cache_clear()


@pytest.fixture
def shown(monkeypatch) -> list[str]:
    """The HTML that would be shown, the newest last."""
    put: list[str] = []
    monkeypatch.setattr(face.Face, "_put", lambda self, inner: put.append(inner))
    return put


@pytest.fixture
def place(tmp_path, monkeypatch) -> Home:
    """A kit with a .venv of somebody else's, and folders for Jupyter that are not there yet."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    (tmp_path / "kit/.venv").mkdir(parents=True)
    return Home(tmp_path / "kit")


def test_nothing_that_is_said_becomes_html(shown):
    """Texts of installers and paths are shown as they are."""
    told = face.Face()
    told.add(face.Step("<a>", face.BAD, "<b>", "<i>"))
    told.show("<u>", "<s>", face.bar(3, "<img src=x>") + face.fold("<p>", ["<script>"]))
    assert not [tag for tag in ("a", "b", "i", "u", "s", "img", "p", "script") if f"<{tag}>" in shown[0]]
    assert "&lt;script&gt;" in shown[0] and "&lt;img" in shown[0]
    assert "<script>" not in face.quietly("<script>")


def test_a_bar_grows_and_is_never_full():
    """Nobody knows how long an installer takes; it nears the end more and more slowly."""
    told = [
        float(face.bar(seconds, "").split('aria-valuenow="')[1].split('"')[0]) for seconds in (0, 5, 60, 900)
    ]
    assert told == sorted(told)
    assert told[0] == 0 and told[-1] < 100


def test_what_is_new_is_named_once(place, shown):
    """The first look tells what Jupyter learnt and why to reload; the second has nothing to tell."""
    told = face.Face()
    fresh = setting_up._tell_jupyter(place, told)
    assert fresh == ["the kernel “LTX kit”", "the kit's settings"]
    setting_up._all_there(told, fresh, restart=False)
    assert "Reload this page once (F5)" in shown[-1]
    assert setting_up._tell_jupyter(place, face.Face()) == []


def test_a_jupyter_that_cannot_be_told_is_no_reason_to_stop(place, shown, tmp_path):
    """Where its folders cannot be written, the line says so with the folders; the pages work all the same."""
    for name in ("data", "config"):
        (tmp_path / name).write_text("a file in the way")
    told = face.Face()
    assert setting_up._tell_jupyter(place, told) == []
    (step,) = told.steps
    assert step.state == face.WAIT
    assert str(tmp_path / "data") in step.cure


def test_new_packages_in_a_running_kernel_ask_for_a_new_one(shown):
    """An update of the packages is not in this page before its kernel is started again."""
    setting_up._all_there(face.Face(), [], restart=True)
    assert "Restart Kernel and Run All Cells" in shown[-1]


def test_cells_that_wait_say_so_and_go_on_afterwards(monkeypatch):
    """While the packages are not there, what a cell imports and calls says so; then it is the real one."""
    name = "ltxlib.core.amounts"
    monkeypatch.delitem(sys.modules, name, raising=False)
    said: list[str] = []
    try:
        stopping.wait("nothing here", lambda: said.append("it waits"))
        module = importlib.import_module(name)
        module.anything(1, two=3)
        importlib.import_module("ltxlib.ground.home")
        assert not hasattr(module, "__wrapped__")
    finally:
        stopping.go_on()
    assert said == ["it waits"]
    assert importlib.import_module(name).__file__
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("ltxlib.no_such_module")
