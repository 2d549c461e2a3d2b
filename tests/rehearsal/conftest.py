"""A rehearsal server for the tests of this folder."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from tests.support.rehearsal import CLIP, Client, ffmpeg_path


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Start a server with the settings given; stopped after the test."""
    with ExitStack() as stack:

        def start(**settings: Any) -> Client:
            settings.setdefault("ffmpeg_path", ffmpeg_path())
            server = RehearsalServer(
                tmp_path / "output", tmp_path / "input", settings=RehearsalSettings(**settings)
            )
            stack.enter_context(server)
            return Client(server)

        yield start


@pytest.fixture
def client(serve: Callable[..., Client]) -> Client:
    """A server that renders as fast as it can."""
    return serve()


@pytest.fixture
def stocked(client: Client) -> Client:
    """A server with a picture, a video with sound, a sound and a broken file to load."""
    folder = client.server.input_dir
    Image.new("RGB", (200, 100), "green").save(folder / "a.png")
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (60, 40), "green").save(folder / "turned.jpg", exif=turned)
    (folder / "broken.mp4").write_bytes(b"no video")
    sources = ["-f", "lavfi", "-i", "testsrc=size=96x64:rate=12:duration=1"]
    sources += ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=1"]
    for name, choice in (("v.mp4", []), ("mute.mp4", ["-an"]), ("tone.wav", ["-vn"])):
        words = [str(ffmpeg_path()), "-loglevel", "error", *sources, *choice, str(folder / name)]
        subprocess.run(words, check=True)
    return client


@pytest.fixture
def furnished(client: Client) -> Client:
    """A server with the files in its folders that the recorded one had."""
    clips = client.server.output_dir / "lab"
    clips.mkdir(parents=True)
    (clips / "core_00001_.mp4").write_bytes(CLIP)
    Image.new("RGBA", (640, 360), (10, 20, 30, 128)).save(client.server.input_dir / "lab_640x360.png")
    return client
