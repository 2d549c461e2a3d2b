"""How JupyterLab is started for this kit: on this machine only, at the first notebook, without clutter."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ltxlib.store.project import Project

# Read by JupyterLab as defaults below a person's own settings; their home folder is never touched.
DEFAULTS = Path(__file__).with_name("jupyter")


def lab_command(project: Project, port: int = 8888) -> tuple[list[str], dict[str, str]]:
    """The command that opens JupyterLab at the first notebook, and the environment to run it in.

    It listens on 127.0.0.1 only and keeps Jupyter's own token. If the port is taken Jupyter takes the next.
    """
    argv = [sys.executable, "-m", "jupyterlab", "--ip=127.0.0.1", f"--port={port}"]
    argv += [f"--ServerApp.root_dir={project.root}"]
    argv += ["--LabApp.default_url=/doc/tree/notebooks/01_setup.ipynb"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # In a container we are root, and Jupyter would refuse; it is reachable from this machine only.
        argv.append("--allow-root")
    env = dict(os.environ)
    env["JUPYTER_CONFIG_PATH"] = os.pathsep.join(
        part for part in (str(DEFAULTS), env.get("JUPYTER_CONFIG_PATH", "")) if part
    )
    return argv, env
