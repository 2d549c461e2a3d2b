"""How JupyterLab is started."""

from __future__ import annotations

import json
import os
import sys

from ltxlib.studio.lab import DEFAULTS, lab_command


def test_it_listens_on_this_machine_only_and_opens_the_first_notebook(project):
    """Loopback, the project as root, one document, Jupyter's own token."""
    argv, _ = lab_command(project, port=9999)
    assert argv[:3] == [sys.executable, "-m", "jupyterlab"]
    assert "--ip=127.0.0.1" in argv
    assert "--port=9999" in argv
    assert f"--ServerApp.root_dir={project.root}" in argv
    assert "--LabApp.default_url=/doc/tree/notebooks/01_setup.ipynb" in argv
    assert not any("token" in part for part in argv)


def test_only_root_is_allowed_to_be_root(project, monkeypatch):
    """The switch that Jupyter asks of root is given to root and to nobody else."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "--allow-root" in lab_command(project)[0]
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "--allow-root" not in lab_command(project)[0]


def test_defaults_come_by_environment_and_leave_others_in_place(project, monkeypatch):
    """No news pop-up; a person's own configuration folders are still read, and none is written."""
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/theirs")
    _, env = lab_command(project)
    assert env["JUPYTER_CONFIG_PATH"] == os.pathsep.join([str(DEFAULTS), "/theirs"])
    overrides = json.loads((DEFAULTS / "labconfig" / "default_setting_overrides.json").read_text())
    assert overrides["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
