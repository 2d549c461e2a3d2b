"""What a Jupyter that is not the kit's own is told: kernel, parts of the page, defaults."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ltxlib.ground import jupyter
from ltxlib.ground.home import Home


@pytest.fixture
def place(tmp_path) -> Home:
    """A kit whose .venv has a kernel and both parts of the page."""
    made = Home(tmp_path / "kit")
    kernel = made.venv / "share/jupyter/kernels/ltx-kit"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text(json.dumps({"argv": [str(made.python)], "display_name": "LTX kit"}))
    (kernel / "logo-svg.svg").write_text("<svg/>")
    for name in (jupyter.WIDGETS, jupyter.GALLERY):
        a_page(made.venv / "share/jupyter", name, "2.0")
    return made


def a_page(share: Path, name: str, version: str) -> Path:
    """A part of JupyterLab's page, as its packages lay it down."""
    folder = share / "labextensions" / name
    (folder / "static").mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps({"name": name, "version": version}))
    (folder / "static" / "remoteEntry.abc.js").write_text("1;")
    return folder


def left_over(data: Path) -> list[str]:
    return [path.name for path in data.rglob(".kit-*")]


def test_the_kernel_is_registered_whole_and_once(place, tmp_path):
    """With its picture; again only when it says something else."""
    data = tmp_path / "data"
    assert jupyter.register_kernel(place, data)
    assert not jupyter.register_kernel(place, data)
    spec = data / "kernels/ltx-kit/kernel.json"
    assert json.loads(spec.read_text())["argv"] == [str(place.python)]
    assert (spec.parent / "logo-svg.svg").is_file()
    spec.write_text('{"argv": ["/elsewhere/python"]}')
    assert jupyter.register_kernel(place, data)
    assert json.loads(spec.read_text())["argv"] == [str(place.python)]
    assert left_over(data) == []


def test_a_venv_without_a_kernel_of_its_own_gets_a_plain_one(tmp_path):
    """One that a person made is registered all the same."""
    place = Home(tmp_path / "kit")
    assert jupyter.register_kernel(place, tmp_path / "data")
    spec = json.loads((tmp_path / "data/kernels/ltx-kit/kernel.json").read_text())
    assert spec["argv"][0] == str(place.python)
    assert spec["display_name"] == "LTX kit"


def test_pages_go_where_they_are_lacking(place, tmp_path):
    """A server with nothing gets both; again nothing is new; a half copy is mended; an old one replaced."""
    data = tmp_path / "data"
    assert jupyter.share_pages(place, data, tmp_path / "server") == [jupyter.WIDGETS, jupyter.GALLERY]
    assert jupyter.share_pages(place, data, tmp_path / "server") == []
    mine = data / "labextensions" / jupyter.GALLERY
    (mine / "static/remoteEntry.abc.js").unlink()
    assert jupyter.share_pages(place, data, tmp_path / "server") == [jupyter.GALLERY]
    (mine / "package.json").write_text('{"version": "1.0"}')
    assert jupyter.share_pages(place, data, tmp_path / "server") == [jupyter.GALLERY]
    assert json.loads((mine / "package.json").read_text())["version"] == "2.0"
    assert left_over(data) == []


def test_what_the_server_has_is_left_to_it(place, tmp_path):
    """The widgets' part is the server's in any version; the gallery's must be of the kit's own."""
    server, data = tmp_path / "server", tmp_path / "data"
    a_page(server / "share/jupyter", jupyter.WIDGETS, "1.0")
    gallery = a_page(server / "share/jupyter", jupyter.GALLERY, "1.0")
    assert jupyter.share_pages(place, data, server) == [jupyter.GALLERY]
    (gallery / "package.json").write_text('{"version": "2.0"}')
    assert jupyter.share_pages(place, tmp_path / "other", server) == []


def test_pages_that_the_kit_does_not_have_are_nobodys(tmp_path):
    """Without the gallery's package nothing is copied and nothing fails."""
    assert jupyter.share_pages(Home(tmp_path / "kit"), tmp_path / "data", None) == []
    assert not (tmp_path / "data").exists()


def test_defaults_are_added_below_what_a_person_wrote(tmp_path):
    """Their keys stay, ours come beside them; the second time nothing is new."""
    path = tmp_path / "labconfig/default_setting_overrides.json"
    path.parent.mkdir()
    theirs = {
        "@jupyterlab/apputils-extension:themes": {"theme": "JupyterLab Dark"},
        "@jupyterlab/notebook-extension:tracker": {"windowingMode": "full"},
    }
    path.write_text(json.dumps(theirs))
    assert jupyter.write_defaults(tmp_path)
    now = json.loads(path.read_text())
    assert now["@jupyterlab/apputils-extension:themes"] == {"theme": "JupyterLab Dark"}
    assert now["@jupyterlab/notebook-extension:tracker"]["windowingMode"] == "full"
    assert now["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    assert not jupyter.write_defaults(tmp_path)
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_cannot_be_understood_is_left_as_it_is(tmp_path):
    """A person's own mistake is not written over."""
    path = tmp_path / "labconfig/default_setting_overrides.json"
    path.parent.mkdir()
    for text in ("{ not json", "[]"):
        path.write_text(text)
        with pytest.raises(ValueError):
            jupyter.write_defaults(tmp_path)
        assert path.read_text() == text


def test_folders_are_those_that_jupyter_uses():
    """Its variables first, then the home folder."""
    assert jupyter.data_folder({"JUPYTER_DATA_DIR": "/d", "HOME": "/h"}) == Path("/d")
    assert jupyter.data_folder({"XDG_DATA_HOME": "/x", "HOME": "/h"}) == Path("/x/jupyter")
    assert jupyter.data_folder({"HOME": "/h"}) == Path("/h/.local/share/jupyter")
    assert jupyter.config_folder({"JUPYTER_CONFIG_DIR": "/c", "HOME": "/h"}) == Path("/c")
    assert jupyter.config_folder({"HOME": "/h"}) == Path("/h/.jupyter")


def test_the_server_is_the_one_that_started_us(tmp_path):
    """By its command line, else by what runs; nobody known is None."""
    server = tmp_path / "7"
    server.mkdir()
    assert jupyter.server_prefix({}, tmp_path) is None
    assert jupyter.server_prefix({"JPY_PARENT_PID": "7"}, tmp_path) is None
    python = tmp_path / "env/bin/python"
    python.parent.mkdir(parents=True)
    python.touch()
    (server / "cmdline").write_bytes(f"{python}\0-m\0jupyterlab\0".encode())
    assert jupyter.server_prefix({"JPY_PARENT_PID": "7"}, tmp_path) == tmp_path / "env"
    (server / "cmdline").write_bytes(b"python3\0-m\0jupyterlab\0")
    (server / "exe").symlink_to(python)
    assert jupyter.server_prefix({"JPY_PARENT_PID": "7"}, tmp_path) == tmp_path / "env"
