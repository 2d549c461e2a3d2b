"""Doors that stand open: programs on the pod that ask nobody who he is, though RunPod makes them public.

RunPod's proxy adds no login. The template's FileBrowser begins with a password that everybody knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FILES_PORT, JUPYTER_PORT = 8080, 8888
# The template's, as RunPod's own page tells it (2026).
FILES_USER, FILES_PASSWORD = "admin", "adminadmin12"
# What the template bakes in; all else in custom_nodes/ somebody put there, with the rights of ComfyUI.
KNOWN_NODES = {"comfyui-manager", "comfyui-kjnodes", "civicomfy", "comfyui-ltxvideo", "__pycache__"}
_WAIT_S = 3.0


@dataclass(frozen=True)
class Door:
    """What stands open, and how to close it."""

    name: str
    says: str
    cure: str


def files_open(host: str = "127.0.0.1", port: int = FILES_PORT) -> Door | None:
    """Whether FileBrowser still takes the password that everybody knows; None: no, or it is not there."""
    import requests

    try:
        answer = requests.post(
            f"http://{host}:{port}/api/login",
            json={"username": FILES_USER, "password": FILES_PASSWORD},
            timeout=_WAIT_S,
        )
    except requests.RequestException:
        return None
    if answer.status_code != 200 or answer.text.count(".") != 2:
        return None
    return Door(
        "FileBrowser",
        f"The file browser on port {port} still has the password that everybody knows: whoever guesses the "
        "pod's address can read and delete all its files.",
        "Open it, log in as admin, change the password under Settings; or remove its port from the pod.",
    )


def jupyter_open(host: str = "127.0.0.1", port: int = JUPYTER_PORT) -> Door | None:
    """Whether JupyterLab lets in who has no token; None: it does not, or is not there."""
    import requests

    try:
        answer = requests.get(
            f"http://{host}:{port}/api/contents",
            params={"content": "0"},
            timeout=_WAIT_S,
            allow_redirects=False,
        )
    except requests.RequestException:
        return None
    if answer.status_code != 200:
        return None
    return Door(
        "JupyterLab",
        f"JupyterLab on port {port} asks for no password or token: whoever guesses the pod's address can run "
        "programs on it.",
        "Set JUPYTER_PASSWORD in the pod's template on RunPod and start the pod again.",
    )


def strange_nodes(comfy_root: Path) -> tuple[str, ...]:
    """Node packs in ComfyUI that neither its template nor this kit brought."""
    try:
        entries = sorted((comfy_root / "custom_nodes").iterdir())
    except OSError:
        return ()
    return tuple(
        entry.name
        for entry in entries
        if entry.name.lower() not in KNOWN_NODES
        and not entry.name.startswith(".")
        and not entry.name.endswith(".disabled")
        and (entry.is_dir() or (entry.suffix == ".py" and not entry.name.endswith(".example")))
        and entry.name != "websocket_image_save.py"
    )
