"""Fetching a model file: whole or not at all, never the same bytes twice, and a sentence for each fault."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ltxlib.core.catalog_parts import ModelFile
from ltxlib.errors import Cancelled, HubError
from ltxlib.hub import fetching, spans
from ltxlib.hub.asking import ask
from ltxlib.hub.fetching import Progress, fetch, have_bytes
from tests.support.hub import TOKEN, Hub, hub_running
from tests.support.hub_faults import FAULTS

PROJECT = Path(__file__).resolve().parents[2]
DATA = random.Random(4).randbytes(300_000)
FILE = ModelFile("model.safetensors", "checkpoints", "Maker/Model", len(DATA), "folder/model.safetensors")
KEY = "Maker/Model/folder/model.safetensors"


@pytest.fixture
def hub():
    with hub_running(Hub(files={KEY: DATA})) as running:
        yield running


@pytest.fixture
def small_pieces(monkeypatch):
    """Pieces of 50 KB, so that a small file is many."""
    monkeypatch.setattr(fetching, "PIECE_BYTES", 50_000)


@pytest.fixture
def places(tmp_path):
    return tmp_path / "models" / "checkpoints" / FILE.name, tmp_path / "models" / ".fetching"


def left_in(staging: Path) -> list[str]:
    return sorted(path.name for path in staging.iterdir()) if staging.is_dir() else []


def test_a_file_comes_whole_in_parallel_pieces(hub, places, small_pieces):
    """All bytes are there, each fetched once, the progress ends at all of them, nothing else is left."""
    to, staging = places
    told: list[Progress] = []
    digest = fetch(FILE, to, staging, endpoint=hub.url, tell=told.append)
    assert to.read_bytes() == DATA
    assert digest == hashlib.sha256(DATA).hexdigest()
    assert hub.served[KEY] == len(DATA)
    assert left_in(staging) == []
    assert max(one.done_bytes for one in told if one.phase == "fetching") == len(DATA)
    assert told[-1].phase == "checking"
    assert told[-1].done_bytes == len(DATA)


def test_cut_connections_lose_nothing(hub, places, small_pieces):
    """Answers that end early are gone on with where they ended."""
    hub.cuts, hub.cut_after = 3, 20_000
    to, staging = places
    fetch(FILE, to, staging, endpoint=hub.url)
    assert to.read_bytes() == DATA
    assert hub.served[KEY] <= len(DATA) + 3 * hub.cut_after


def test_an_address_that_ran_out_is_asked_for_anew(hub, places, small_pieces):
    """The store refuses old addresses; a fresh one is asked for and what came is kept."""
    hub.expires = 1
    to, staging = places
    fetch(FILE, to, staging, endpoint=hub.url)
    assert to.read_bytes() == DATA
    assert sum(line.startswith("HEAD") for line in hub.asked) == 2


def test_pausing_keeps_what_came(hub, places, small_pieces):
    """Cancel stops soon; the next call fetches only the rest."""
    to, staging = places
    cancel = threading.Event()

    def pause(progress: Progress) -> None:
        if progress.done_bytes >= 100_000:
            cancel.set()

    with pytest.raises(Cancelled):
        fetch(FILE, to, staging, endpoint=hub.url, tell=pause, cancel=cancel)
    kept = have_bytes(FILE, staging)
    assert 100_000 <= kept < len(DATA)
    assert not to.exists()
    before = hub.served[KEY]
    fetch(FILE, to, staging, endpoint=hub.url)
    assert to.read_bytes() == DATA
    assert hub.served[KEY] - before == len(DATA) - kept


def test_a_killed_download_goes_on(hub, places):
    """After kill -9 the rest is fetched and no byte that was written down twice."""
    to, staging = places
    hub.hold = threading.Event()
    words = f"""
import sys
from pathlib import Path
from ltxlib.core.catalog_parts import ModelFile
from ltxlib.hub import fetching, spans
fetching.PIECE_BYTES = 50_000
fetching.fetch({FILE!r}, Path({str(to)!r}), Path({str(staging)!r}), endpoint={hub.url!r},
    tell=lambda one: print(one.done_bytes, flush=True))
"""
    process = subprocess.Popen([sys.executable, "-c", words], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= 50_000:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = have_bytes(FILE, staging)
    assert kept >= 50_000
    with hub_running(Hub(files={KEY: DATA})) as fresh:
        fetch(FILE, to, staging, endpoint=fresh.url)
        assert fresh.served[KEY] == len(DATA) - kept
    assert to.read_bytes() == DATA
    assert left_in(staging) == []


def test_damage_is_found_and_thrown_away(hub, places):
    """Bytes that are not what the hub names by its SHA-256 never get the file's name."""
    hub.told_sha = "0" * 64
    to, staging = places
    with pytest.raises(HubError, match="came damaged"):
        fetch(FILE, to, staging, endpoint=hub.url)
    assert not to.exists()
    assert left_in(staging) == []


@pytest.mark.parametrize("wrong", [-1000, 1000])
def test_a_wrong_size_is_a_sentence(hub, places, wrong):
    """A file that is shorter or longer than announced is refused."""
    hub.told_size = len(DATA) + wrong
    with pytest.raises(HubError):
        fetch(FILE, *places, endpoint=hub.url)
    assert not places[0].exists()


def test_a_server_without_ranges_is_refused(hub, places, small_pieces):
    """Where parts cannot be had, the file is not put together wrongly."""
    hub.whole_only = True
    with pytest.raises(HubError, match="does not give parts"):
        fetch(FILE, *places, endpoint=hub.url)


def test_a_changed_file_begins_anew(hub, places, small_pieces):
    """What came of an older content is thrown away, not mixed with the new."""
    to, staging = places
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        fetch(FILE, to, staging, endpoint=hub.url, tell=lambda _: cancel.set(), cancel=cancel)
    hub.files[KEY] = random.Random(5).randbytes(200_000)
    fetch(FILE, to, staging, endpoint=hub.url)
    assert to.read_bytes() == hub.files[KEY]
    assert left_in(staging) == []


def test_another_content_than_the_kit_knows_is_refused(hub, places):
    """A file whose known SHA-256 is not the hub's is not fetched at all."""
    known = ModelFile(FILE.name, FILE.folder, FILE.hf_repo, None, FILE.path, sha256="f" * 64)
    with pytest.raises(HubError, match="was changed"):
        fetch(known, *places, endpoint=hub.url)
    assert hub.served[KEY] == 0


def test_a_full_disk_is_a_sentence(hub, places):
    """When the disk takes no more, what came is kept and the cure is named."""
    to, staging = places
    words = f"""
import resource, signal
from pathlib import Path
from ltxlib.core.catalog_parts import ModelFile
from ltxlib.errors import HubError
from ltxlib.hub.fetching import fetch
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    fetch({FILE!r}, Path({str(to)!r}), Path({str(staging)!r}), endpoint={hub.url!r})
except HubError as error:
    print(error)
"""
    said = subprocess.run(
        [sys.executable, "-c", words], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout
    assert "could not be written" in said
    assert "disk" in said
    assert not to.exists()


@pytest.mark.parametrize("fault", [one for one in FAULTS if not one.limit_bytes], ids=lambda one: one.name)
def test_each_fault_ends_in_the_whole_file_or_a_sentence(hub, places, small_pieces, monkeypatch, fault):
    """What goes wrong is told with what to do, such as the page to open; the token is in no message."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    for name, value in fault.hub.items():
        setattr(hub, name, value)
    if fault.renamed:
        hub.files[f"Maker/Model/{fault.renamed}"] = hub.files.pop(KEY)
    endpoint = "http://127.0.0.1:9" if fault.away else hub.url
    if not fault.words:
        fetch(FILE, *places, token=fault.token, endpoint=endpoint)
        assert places[0].read_bytes() == DATA
        return
    with pytest.raises(HubError) as caught:
        fetch(FILE, *places, token=fault.token, endpoint=endpoint)
    said = str(caught.value)
    assert all(word in said for word in fault.words), said
    assert not fault.token or fault.token not in said
    assert not places[0].exists()


def test_a_renamed_file_names_what_is_there_now(hub):
    """404 for a file that moved tells the nearest name in its repository."""
    hub.files["Maker/Model/folder/model-1.1.safetensors"] = hub.files.pop(KEY)
    with pytest.raises(HubError) as caught:
        ask(FILE, endpoint=hub.url)
    assert "folder/model-1.1.safetensors" in str(caught.value)


@pytest.mark.parametrize("own_store", [False, True])
def test_the_token_goes_to_hugging_face_alone(hub, places, own_store):
    """The store that files come from is not told the token, unless it is Hugging Face itself."""
    hub.gated, hub.own_store = {"Maker/Model"}, own_store
    fetch(FILE, *places, token=TOKEN, endpoint=hub.url)
    assert bool(hub.tokens_at_store) is own_store
    for path in places[0].parents[1].rglob("*"):
        assert path.is_dir() or TOKEN.encode() not in path.read_bytes()
    assert TOKEN not in os.environ.values()


@pytest.mark.parametrize("most", ["212992", "4194304", "no number", None])
def test_little_waits_unread_on_any_system(hub, places, small_pieces, monkeypatch, tmp_path, most):
    """Where the limit is low another way is taken; where neither is there, files come all the same."""
    limit = tmp_path / "rmem_max"
    if most:
        limit.write_text(most)
    monkeypatch.setattr(spans, "_MOST_WINDOW", limit)
    fetch(FILE, *places, endpoint=hub.url)
    assert places[0].read_bytes() == DATA
