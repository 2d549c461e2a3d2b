"""What this machine has: graphics cards, memory that may really be used, what kind of disk a folder is on.

A container is told the host's memory by most programs; what counts is the limit of its cgroup. On RunPod the
container disk is wiped at every stop, /workspace stays (RunPod's documentation of storage, 2026).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

# Where this machine tells of itself; another folder for whoever plays another machine.
ROOT = Path(os.environ.get("LTX_MACHINE_ROOT") or "/")
MIB = 2**20
# Kinds of file system that lie on other machines.
_NETWORK = ("nfs", "nfs4", "fuse", "ceph", "lustre", "cifs", "9p", "virtiofs", "fuse.mfs", "fuse.juicefs")
_WAIT_S = 20


@dataclass(frozen=True)
class Card:
    """A graphics card: its name, memory in bytes, driver."""

    name: str
    vram_bytes: int
    driver: str


@dataclass(frozen=True)
class Volume:
    """The disk that a folder is on. kind: "network volume", "volume" (of the pod), or "container disk"."""

    mount: Path
    kind: str
    free_bytes: int
    total_bytes: int
    writable: bool


def cards() -> tuple[Card, ...] | None:
    """The graphics cards as NVIDIA's own tool names them; None where that tool is missing or fails."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    words = ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(
            [tool, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_WAIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = []
    for line in done.stdout.splitlines() if done.returncode == 0 else ():
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) == 3 and cells[1].isdecimal():
            found.append(Card(cells[0], int(cells[1]) * MIB, cells[2]))
    return tuple(found)


def memory_bytes(root: Path = ROOT) -> int | None:
    """How much memory programs here may use: the cgroup's limit, else what the machine has; None: unknown."""
    host = _host_memory(root)
    for place in ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            text = (root / place).read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            continue
        # "max", and in the older form a number near 2^63, mean that there is no limit.
        if text.isdecimal() and (host is None or int(text) < host):
            return int(text)
    return host


def _host_memory(root: Path) -> int | None:
    try:
        for line in (root / "proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemTotal:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None


def volume_of(folder: Path, root: Path = ROOT) -> Volume | None:
    """The disk a folder is on; None when the folder is not there."""
    folder = folder.resolve()
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return None
    mount, kind, options = Path("/"), "overlay", ""
    for point, system, how in _mounts(root):
        if folder.is_relative_to(point) and len(point.parts) >= len(mount.parts):
            mount, kind, options = point, system, how
    # Whoever is root may write anywhere but where the disk itself refuses.
    writable = os.access(folder, os.W_OK) and "ro" not in options.split(",")
    return Volume(mount, _kind(mount, kind), usage.free, usage.total, writable)


def _kind(mount: Path, system: str) -> str:
    if system.startswith(_NETWORK):
        return "network volume"
    return "container disk" if mount == Path("/") else "volume"


def _mounts(root: Path) -> list[tuple[Path, str, str]]:
    """Where something is mounted, as what and how; spaces in a path are written \\040."""
    try:
        lines = (root / "proc/self/mounts").read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        cells = line.split()
        if len(cells) >= 3:
            options = cells[3] if len(cells) > 3 else ""
            found.append((Path(cells[1].replace("\\040", " ")), cells[2], options))
    return found
