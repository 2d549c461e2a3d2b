"""Clips by address: the right one, or plain words."""

from __future__ import annotations

import os

import pytest

from ltxlib.ui.video import files_url, picture_url, video_html


@pytest.fixture
def clip(tmp_path):
    """A file with a name that needs quoting."""
    path = tmp_path / "root" / "rain & wind" / "take#1.mp4"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"clip")
    return path


def test_the_address_is_the_servers(clip, tmp_path, in_jupyter):
    """Base address, files/, the quoted way below the root folder, and the file's time."""
    in_jupyter(tmp_path / "root", "/user/ann/")
    stamp = clip.stat().st_mtime_ns
    assert files_url(clip) == f"/user/ann/files/rain%20%26%20wind/take%231.mp4?v={stamp}"


def test_a_server_at_the_root_of_the_disk_serves_everything(clip, in_jupyter):
    """RunPod's Jupyter starts at /, and clips still have an address."""
    in_jupyter("/")
    assert files_url(clip).startswith("/files/")
    assert "/take%231.mp4?v=" in files_url(clip)


def test_a_changed_clip_has_a_new_address(clip, tmp_path, in_jupyter):
    """A browser that keeps files long never shows an old take."""
    in_jupyter(tmp_path / "root")
    before = files_url(clip)
    os.utime(clip, ns=(1, 1))
    assert files_url(clip) != before


def test_there_is_no_address_where_jupyter_gives_none(clip, tmp_path, in_jupyter, monkeypatch):
    """Outside the root, hidden, missing, or with an unknown server: None, never a dead link."""
    assert files_url(clip) is None
    in_jupyter(tmp_path / "root")
    hidden = tmp_path / "root" / ".secret" / "clip.mp4"
    hidden.parent.mkdir()
    hidden.write_bytes(b"x")
    outside = tmp_path / "clip.mp4"
    outside.write_bytes(b"x")
    assert [files_url(path) for path in (hidden, outside, tmp_path / "root" / "none.mp4")] == [None] * 3
    monkeypatch.setenv("JPY_PARENT_PID", "1234567")
    assert files_url(clip) is None


def test_a_player_names_the_clip_and_embeds_nothing(clip, tmp_path, in_jupyter):
    """The player holds an address; the words below it are only words."""
    in_jupyter(tmp_path / "root")
    html = video_html(clip, note="<b>loud</b>", still=clip, autoplay=True)
    assert "<video" in html
    assert "files/rain" in html
    assert " autoplay poster=" in html
    assert "base64" not in html
    assert "&lt;b&gt;" in html


def test_without_an_address_the_place_is_said(clip):
    """Where it cannot be played, the page says where the clip lies."""
    html = video_html(clip)
    assert "<video" not in html
    assert "cannot be played inside this page" in html
    assert "rain &amp; wind" in html


def test_a_clip_that_is_gone_is_said_to_be_gone(tmp_path):
    """A deleted clip is no broken player."""
    assert "is not there any more" in video_html(tmp_path / "gone.mp4")


def test_a_small_picture_comes_by_address_or_whole(clip, tmp_path, in_jupyter):
    """Posters are small enough to be put into the page where there is no address."""
    assert picture_url(clip) == "data:image/jpeg;base64,Y2xpcA=="
    assert picture_url(tmp_path / "none.jpg") is None
    in_jupyter(tmp_path / "root")
    assert picture_url(clip).startswith("/files/")
