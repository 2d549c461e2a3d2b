"""ComfyUI's log as it grows."""

from __future__ import annotations

import pytest

from ltxlib.errors import PodError
from ltxlib.pod.comfyui import STARTED, last_error, plain_lines
from ltxlib.studio import comfy_log
from ltxlib.studio.comfy_log import BAD, BEGAN, WAIT, LogTail, News, Trouble, tell, trouble


def texts(news: News) -> list[str]:
    return [line.text for line in news.lines]


def test_colours_go_and_bars_keep_their_last_state():
    """What stands on a screen at the end of a line is what is read."""
    told = "\x1b[32m[INFO]\x1b[0m got prompt\r\n  0%|  | 0/8\r 50%|# | 4/8\r100%|##| 8/8\n"
    assert plain_lines(told) == ["[INFO] got prompt", "100%|##| 8/8", ""]


def test_only_what_is_new_is_read(tmp_path):
    """At first the last lines; then what came since, whole lines only."""
    log = tmp_path / "comfyui.log"
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    tail = LogTail(3)
    first = tail.read(log)
    assert first.anew
    assert texts(first) == ["line 97", "line 98", "line 99"]
    assert tail.read(log) == News()
    with log.open("ab") as file:
        file.write("grün\nhalf".encode())
        file.flush()
        assert texts(tail.read(log)) == ["grün"]
        file.write(b" done\n\xff\n")
    assert texts(tail.read(log)) == ["half done", "\ufffd"]


def test_another_file_is_shown_anew(tmp_path):
    """A log that was begun again, cut short or replaced by another is read from its beginning."""
    log, other = tmp_path / "comfyui.log", tmp_path / "other.log"
    tail = LogTail()
    log.write_text("one\ntwo\n")
    tail.read(log)
    log.write_text("new\n")
    assert tail.read(log) == News((tell("new"),), anew=True)
    other.write_text("theirs\n")
    assert texts(tail.read(other)) == ["theirs"]
    assert tail.read(None) == News(anew=True)
    assert tail.read(None) == News()


def test_of_a_long_log_only_the_end_is_read(tmp_path, monkeypatch):
    """A log of days costs no more than one of minutes."""
    monkeypatch.setattr(comfy_log, "TAIL_BYTES", 20)
    log = tmp_path / "comfyui.log"
    log.write_text("a long line that is cut\nshort\nlast\n")
    assert comfy_log.tail(log) == ["short", "last"]
    assert texts(LogTail(2).read(log)) == ["short", "last"]


def test_no_secret_comes_through(tmp_path, monkeypatch):
    """Keys of this machine are hidden, also in what is appended."""
    monkeypatch.setenv("HF_TOKEN", "hf_PLANTEDPLANTED")
    log = tmp_path / "comfyui.log"
    log.write_text("token hf_PLANTEDPLANTED\n")
    assert texts(LogTail().read(log)) == ["token (secret)"]
    assert comfy_log.tail(log) == ["token (secret)"]


def test_lines_have_their_kind():
    """Errors, warnings and starts are told from the rest."""
    kinds = {
        f"{STARTED} 2026-11-22 ===": BEGAN,
        "[INFO]    0.0 seconds (IMPORT FAILED): /nodes/Pack": BAD,
        "[WARNING] Traceback (most recent call last):": BAD,
        "ModuleNotFoundError: No module named 'kornia'": BAD,
        "[ERROR] !!! Exception during processing !!!": BAD,
        "[WARNING] You need pytorch with cu130": WAIT,
        "[INFO] Starting server": "",
    }
    assert {text: tell(text).kind for text in kinds} == kinds


def test_troubles_are_those_since_the_last_start(tmp_path):
    """Packs with their reason, the last error that is not a pack's; none of an earlier life."""
    lines = [
        "ModuleNotFoundError: No module named 'a'",
        "[WARNING] Cannot import /nodes/One module for custom nodes: No module named 'a'",
        "[INFO]    0.0 seconds (IMPORT FAILED): /nodes/One",
        "[INFO]    0.1 seconds (IMPORT FAILED): /nodes/Two",
        "RuntimeError: first",
        "RuntimeError: second",
    ]
    expected = Trouble((("One", "No module named 'a'"), ("Two", "")), "RuntimeError: second")
    assert trouble(lines) == expected
    assert trouble([*lines, f"{STARTED} now ==="]) == Trouble()
    log = tmp_path / "comfyui.log"
    log.write_text("\n".join([*lines, f"{STARTED} now ===", "calm"]))
    assert last_error(log) == ""


def test_a_log_that_cannot_be_read_is_a_sentence(tmp_path):
    """A folder in its place, or nothing, is a PodError."""
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(PodError, match="cannot be read"):
            LogTail().read(path)
    with pytest.raises(PodError, match="cannot be read"):
        comfy_log.tail(tmp_path)
