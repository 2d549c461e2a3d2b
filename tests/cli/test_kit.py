"""The way in: the script `kit`, run for real in a folder and a world of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.kit_box import KitBox, base_python, real_uv

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kit is made for Linux")


@pytest.fixture
def box(tmp_path: Path) -> KitBox:
    return KitBox(tmp_path)


def test_it_sets_itself_up_and_hands_the_words_over(box):
    """A first run makes .venv, installs, registers the kernel and passes every word and the exit code on."""
    answer = box.run("check", "a  b.csv", "", "seven")
    assert answer.code == 7
    assert answer.seen == {
        "argv": ["check", "a  b.csv", "", "seven"],
        "cwd": str(box.folder),
        "prefix": str(box.venv),
    }
    assert "Installing what the kit needs" in answer.said
    assert box.installed() == "2.0"
    kernel = (box.venv / "share/jupyter/kernels/ltx-kit/kernel.json").read_text()
    assert kernel.startswith(f"{box.venv}/bin/python install")
    assert kernel.endswith("--name ltx-kit --display-name LTX kit")


def test_a_second_run_installs_nothing_and_says_nothing(box):
    """Once set up, the kit is silent and goes straight on."""
    box.run("check")
    before = (box.venv / "kit-installed").stat().st_mtime_ns
    answer = box.run("check")
    assert (answer.code, answer.said) == (0, "")
    assert (box.venv / "kit-installed").stat().st_mtime_ns == before


def test_it_works_through_links_and_from_anywhere(box):
    """Called through a chain of links from another folder it still finds its own."""
    (box.root / "one").symlink_to("my kit/kit")
    (box.bin / "two").symlink_to(box.root / "one")
    answer = box.run("lab", by=box.bin / "two", cwd=box.root / "home")
    assert answer.seen["prefix"] == str(box.venv)
    assert answer.seen["cwd"] == str(box.folder)
    (box.folder / "prompts").mkdir()
    assert box.run("check", cwd=box.folder / "prompts").seen["cwd"] == str(box.folder / "prompts")


def test_the_package_is_importable_from_everywhere(box):
    """The venv's Python finds ltxlib from any folder, without an install of it."""
    box.run("check")
    told = subprocess.run(
        [box.venv / "bin/python", "-c", "import ltxlib; print(ltxlib.__file__)"],
        cwd=box.root / "home",
        env={"PATH": str(box.bin)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == str(box.folder / "ltxlib/__init__.py")


def test_changed_requirements_are_installed(box):
    """A new requirements.txt is noticed and installed, an unchanged one is not."""
    (box.folder / "requirements.txt").write_text("ipykernel<2\n")
    box.run("check")
    assert box.installed() == "1.0"
    (box.folder / "requirements.txt").write_text("ipykernel>=2\n")
    assert "Installing" in box.run("check").said
    assert box.installed() == "2.0"


@pytest.mark.parametrize("way", ["pip", "uv"])
def test_what_the_machine_forbids_stays_forbidden(box, way):
    """PIP_CONSTRAINT of the machine holds, with pip and with uv."""
    if way == "pip":
        box.without_uv()
    elif real_uv() is None:
        pytest.skip("there is no uv on this machine")
    constraint = box.root / "constraint.txt"
    constraint.write_text("ipykernel==1.0\ntorch==9.9\n")
    answer = box.run("check", PIP_CONSTRAINT=str(constraint), UV_SYSTEM_PYTHON="1", PIP_USER="1")
    assert answer.code == 0, answer.said
    assert f"with {way}" in answer.said
    assert box.installed() == "1.0"


def test_an_ordinary_python_gets_a_venv_with_pip(box):
    """A Python that can bring pip does, so that people can install things themselves."""
    box.without_uv()
    box.env["PYTHONPATH"] = ""
    answer = box.run("check")
    assert "with pip" in answer.said
    assert (box.venv / "bin/pip").exists()


def test_a_uv_that_fails_is_replaced_by_pip(box):
    """Where uv cannot make a venv or cannot install, the kit says so and uses pip."""
    box.script("uv", "echo uv is unwell >&2; exit 1")
    answer = box.run("check")
    assert answer.code == 0
    assert "trying without it" in answer.said
    assert "trying pip" in answer.said
    assert box.installed() == "2.0"


def test_a_killed_install_is_repaired(box):
    """After a kill in the middle of an install the next run starts afresh and leaves nothing half-made."""
    hangs = f"""case $1 in
        venv) exec "{base_python()}" -m venv --without-pip "{box.venv}" ;;
        *) mkdir -p "{box.venv}"/lib/rubbish; exec "{shutil.which("sleep")}" 120 ;;
    esac"""
    box.script("uv", hangs)
    running = box.start("check")
    until = time.monotonic() + 60
    while not (box.venv / "lib/rubbish").exists():
        assert running.poll() is None and time.monotonic() < until
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    assert not (box.venv / "kit-installed").exists()
    box.without_uv()
    answer = box.run("check")
    assert answer.code == 0
    assert "cut short" in answer.said
    assert box.installed() == "2.0"
    assert not (box.venv / "lib/rubbish").exists()


def test_a_failed_install_says_so_and_can_be_repeated(box):
    """A package that is not to be had stops the kit with a cure; mended, the next run goes on."""
    box.without_uv()
    (box.folder / "requirements.txt").write_text("ipykernel>=3\n")
    answer = box.run("check")
    assert answer.code == 2
    assert "could not be installed" in answer.said
    assert answer.out == ""
    (box.folder / "requirements.txt").write_text("ipykernel\n")
    again = box.run("check")
    assert again.code == 0
    assert "cut short" not in again.said


def test_a_full_disk_is_not_tried_again_by_pip(box):
    """Where uv fails on a full disk, pip would only take its time; with room it is tried."""
    box.script("uv", "exit 1")
    box.script("df", "echo Filesystem 1024-blocks Used Available Capacity; echo /dev/sda 100 80 20 99% /x")
    answer = box.run("check")
    assert answer.code == 2
    assert "disk is full" in answer.said and "trying pip" not in answer.said
    box.script("df", "echo Filesystem 1024-blocks Used Available Capacity; echo /dev/sda 1 1 2000000 9% /x")
    assert box.run("check").code == 0


def test_two_at_once_share_one_install(box):
    """A second kit started during the first one's install waits for it and installs nothing itself."""
    box.without_uv()
    first, second = box.start("check"), box.start("lab")
    told = [running.communicate(timeout=120) for running in (first, second)]
    assert [first.returncode, second.returncode] == [0, 0]
    assert "".join(said for _, said in told).count("Done in") == 1


def test_a_moved_folder_is_set_up_anew(box):
    """After the folder was moved, .venv and the kernel are made again where it is now."""
    box.run("check")
    moved = box.root / "elsewhere"
    box.folder.rename(moved)
    answer = box.run("check", by=moved / "kit", cwd=moved)
    assert "was moved" in answer.said
    assert answer.seen["prefix"] == str(moved / ".venv")
    assert str(moved) in (moved / ".venv/share/jupyter/kernels/ltx-kit/kernel.json").read_text()


def test_a_vanished_python_is_replaced(box):
    """A new pod without the Python that .venv was made with gets a new .venv."""
    box.run("check")
    python = box.venv / "bin/python"
    for link in (box.venv / "bin").glob("python*"):
        link.unlink()
    python.symlink_to("/nonexistent/python3")
    answer = box.run("check")
    assert answer.code == 0
    assert "its Python is gone" in answer.said


def test_no_python_is_said_with_a_cure(box):
    """Without any Python the kit names the versions it can use and how to get one."""
    box.without_uv()
    (box.bin / "python3").unlink()
    answer = box.run("rehearse")
    assert answer.code == 2
    assert "no Python 3.10, 3.11, 3.12 or 3.13" in answer.said
    assert "sudo apt install python3" in answer.said


def test_a_python_that_does_not_fit_is_passed_over(box):
    """When python3 is too old or broken, a fitting python3.12 beside it is used."""
    box.without_uv()
    old = box.script("python3", "exit 1")
    assert box.run("check").code == 2
    box.script("python3.12", f'exec "{base_python()}" "$@"')
    assert box.run("check").code == 0
    assert old.exists()


def test_a_python_without_pip_is_said_with_a_cure(box):
    """Debian's bare python3, no pip, no uv and no apt: the kit says what to install."""
    box.without_uv()
    (box.root / "crippled/pip.py").write_text("raise SystemExit(1)\n")
    answer = box.run("check")
    assert answer.code == 2
    assert "sudo apt install python3-venv" in answer.said


def test_a_wrong_ltx_python_is_said(box):
    """LTX_PYTHON must name a Python that fits; a typing error is not passed over in silence."""
    answer = box.run("check", LTX_PYTHON="/no/such/python")
    assert answer.code == 2
    assert "/no/such/python" in answer.said
    assert box.run("check", LTX_PYTHON=base_python()).code == 0


def test_a_folder_that_cannot_be_written_is_said(box):
    """When .venv cannot be made, the kit says where and stops."""
    box.venv.write_text("a file in the way")
    answer = box.run("check")
    assert answer.code == 2
    assert "cannot write" in answer.said


def test_a_first_look_installs_nothing(box):
    """`./kit` alone lists the verbs before anything is installed, when they can be listed so."""
    (box.folder / "ltxlib/__main__.py").write_text("print('the verbs')\n")
    for words in ((), ("--help",)):
        answer = box.run(*words)
        assert (answer.code, answer.out, answer.said) == (0, "the verbs\n", "")
    assert not box.venv.exists()


def test_a_first_look_that_needs_packages_gets_them(box):
    """When the verbs cannot be listed without packages, they are installed first."""
    answer = box.run()
    assert answer.seen["argv"] == []
    assert box.installed() == "2.0"


def test_on_a_pod_the_kernel_is_registered_again(box):
    """A new pod has an empty home: its Jupyter is told about the kernel once, and again only if it forgot."""
    kernel = box.root / "home/.local/share/jupyter/kernels/ltx-kit/kernel.json"
    box.run("check")
    assert not kernel.exists()
    assert "pod's JupyterLab" in box.run("check", RUNPOD_POD_ID="abc").said
    assert str(box.venv) in kernel.read_text()
    assert box.run("check", RUNPOD_POD_ID="abc").said == ""
    kernel.unlink()
    assert "pod's JupyterLab" in box.run("check", RUNPOD_POD_ID="def").said


def test_the_tests_get_their_own_packages(box):
    """`./kit test` installs the test packages once and passes its words to the test runner."""
    answer = box.run("test", "-k", "span seven", "seven")
    assert answer.code == 7
    assert answer.seen["argv"] == ["-k", "span seven", "seven"]
    assert box.installed("fortests") == "1.0"
    assert box.run("test").said == ""
    (box.folder / "requirements-dev.txt").write_text("-r requirements.txt\nfortests>=1\n")
    assert "Installing what the tests need" in box.run("test").said


@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
def test_the_script_is_plain_shell(project_root, shell):
    """Every common shell can read the script, and it may be run as it is."""
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell} on this machine")
    subprocess.run([shell, "-n", project_root / "kit"], check=True)
    assert os.access(project_root / "kit", os.X_OK)
    assert (project_root / "kit").read_text().startswith("#!/bin/sh\n")
