"""Node packs come by https alone, at one commit, into folders of our own."""

from __future__ import annotations

import pytest

from ltxlib.errors import PodError
from ltxlib.pod import pack_folder
from ltxlib.pod.pack_folder import PackFolder
from ltxlib.pod.packages import without_torch
from tests.support.node_packs import commit

SOME_COMMIT = "0" * 40


@pytest.fixture
def folder(tmp_path) -> PackFolder:
    (tmp_path / "comfy" / "custom_nodes").mkdir(parents=True)
    return PackFolder(tmp_path / "comfy", "Rain-Nodes")


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9/rain",
        "file:///tmp/rain",
        "/tmp/rain",
        "ssh://git@example.org/rain",
        "git@example.org:rain",
        "ext::sh -c true",
        "--upload-pack=true",
        "https://me:word@example.org/rain",
    ],
)
def test_only_https_is_asked(folder, address):
    """Any other address is refused before git is started."""
    with pytest.raises(PodError, match="by https only"):
        folder.fetch(address, SOME_COMMIT)
    assert not folder.part.exists()


def test_git_itself_is_held_to_https(folder, tmp_path, monkeypatch):
    """Where git's own settings, or a server, send it on to a folder or to http, git refuses."""
    name = commit(tmp_path / "source", {"__init__.py": ""})
    settings = tmp_path / "gitconfig"
    settings.write_text(f'[url "{(tmp_path / "source").as_uri()}"]\n insteadOf = https://example.org/rain\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    with pytest.raises(PodError, match="transport 'file' not allowed"):
        folder.fetch("https://example.org/rain", name)
    monkeypatch.setattr(pack_folder, "SCHEMES", ("https", "file"))
    folder.fetch("https://example.org/rain", name)
    assert (folder.part / "__init__.py").exists()


def test_the_commit_is_the_one_that_was_asked_for(folder, tmp_path, monkeypatch):
    """An older commit is had, a name or one that is not there is refused, and only one is fetched."""
    monkeypatch.setattr(pack_folder, "SCHEMES", ("file",))
    source = tmp_path / "source"
    first = commit(source, {"requirements.txt": "barrel\n"})
    commit(source, {"requirements.txt": "gutter\n"})
    folder.fetch(source.as_uri(), first)
    assert folder.requirements() == ["barrel"]
    assert (folder.part / ".git" / "shallow").exists()
    with pytest.raises(PodError, match="40 digits"):
        folder.fetch(source.as_uri(), "main")
    with pytest.raises(PodError, match="git checkout failed"):
        folder.fetch(source.as_uri(), SOME_COMMIT)


@pytest.mark.parametrize("name", ["", "..", "../up", ".hidden", "a/b", "x.disabled", "-rf", "two words"])
def test_names_stay_in_custom_nodes(tmp_path, name):
    """What is no plain name is no pack."""
    with pytest.raises(PodError, match="not the name"):
        PackFolder(tmp_path, name)


def test_one_at_a_time(folder):
    """While one run has the packs in hand another one is told to wait."""
    with folder.held(), pytest.raises(PodError, match="just now"), folder.held():
        pass
    with folder.held():
        pass


def test_a_link_is_nobodys_pack(folder, tmp_path):
    """A link in custom_nodes is somebody's own doing."""
    (tmp_path / "mine").mkdir()
    folder.place.symlink_to(tmp_path / "mine")
    with pytest.raises(PodError, match="did not put there"):
        folder.expect_ours()


def test_ours_changed_by_hand_is_left_alone(folder, tmp_path, monkeypatch):
    """What the kit put there is known again; worked upon by somebody, it stays as it is."""
    monkeypatch.setattr(pack_folder, "SCHEMES", ("file",))
    name = commit(tmp_path / "source", {"__init__.py": "# theirs\n"})
    folder.fetch((tmp_path / "source").as_uri(), name)
    folder.put_in_place({"run": "one", "commit": name})
    folder.expect_ours()
    assert folder.mark()["commit"] == name
    folder.take_away("another run")
    assert folder.place.exists()
    (folder.place / "new.py").touch()
    folder.expect_ours()
    (folder.place / "__init__.py").write_text("# mine\n")
    with pytest.raises(PodError, match="changed by hand"):
        folder.expect_ours()
    folder.take_away("one")
    assert not folder.place.exists()
    folder.done()
    assert list(folder.aside.iterdir()) == []


def test_a_disk_that_refuses_is_a_sentence(tmp_path):
    """Where custom_nodes cannot be made, that is said."""
    (tmp_path / "custom_nodes").write_text("")
    with pytest.raises(PodError, match="cannot be written"), PackFolder(tmp_path, "Rain").held():
        pass


def test_torch_is_never_asked_for():
    """Lines that name torch's family go, remarks too; addresses and options are refused."""
    lines = [
        "# rain",
        "",
        "torch>=3  # newest",
        "Torch_Vision",
        "numpy",
        "nvidia-cublas-cu12",
        "torchvision==1",
    ]
    assert without_torch([*lines, "barrel ~= 1.0", "transformers[timm]>=4.50.0 # yes"]) == [
        "barrel ~= 1.0",
        "transformers[timm]>=4.50.0",
    ]
    for line in (
        "-r more.txt",
        "rain @ https://example.org/r.whl",
        "git+https://example.org/r",
        "./local",
        "--pre",
    ):
        with pytest.raises(PodError, match="not a plain package"):
            without_torch([line])
