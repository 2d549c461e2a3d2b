"""What a pod keeps when it is stopped, and what that costs: said before anybody stops one.

Prices of a stopped pod's volume and of a network volume: RunPod's documentation of storage and its console,
seen in 2026. A container disk is wiped at every stop; a volume goes when its pod is terminated.
"""

from __future__ import annotations

STOPPED_USD_PER_GB_MONTH = 0.20
NETWORK_USD_PER_GB_MONTH = 0.07
VOLUME, NETWORK, CONTAINER = "volume", "network volume", "container disk"
GB = 1_000_000_000
# Larger than what pods are given: then the disk tells the size of the house, not of the room.
_LARGEST_TOLD_GB = 4000


def kept(kind: str, mount: str) -> str:
    """What is still there when the pod has been stopped. kind: of the disk the project lies on."""
    if kind == CONTAINER:
        return "NOTHING of this project: it lies on the container disk, which is wiped when the pod stops."
    return f"All that lies in {mount}: films, takes, pictures, models, the kit."


def lost(kind: str) -> str:
    """What goes, and what to do about it."""
    if kind == CONTAINER:
        return "Films, takes and pictures. Take them home first."
    return "What was installed elsewhere on the pod; notebook 01 brings back what the kit needs."


def costs(kind: str, total_bytes: int) -> str:
    """What is paid from then on."""
    if kind == CONTAINER:
        return "Nothing more is paid for the graphics card."
    rate = NETWORK_USD_PER_GB_MONTH if kind == NETWORK else STOPPED_USD_PER_GB_MONTH
    size = total_bytes / GB
    about = f", about ${rate * size:,.2f} for {size:,.0f} GB" if 1 <= size <= _LARGEST_TOLD_GB else ""
    which = "The network volume costs as before" if kind == NETWORK else "The volume goes on costing"
    return f"The graphics card costs nothing more. {which}: ${rate:.2f} a month for each GB{about}."


def ended(kind: str) -> str:
    """How those costs end."""
    if kind == NETWORK:
        return "Terminate the pod on RunPod's page: the network volume stays until you delete it there, too."
    return "Terminate the pod on RunPod's page: that deletes it with all that is on it, for good."
