"""How a rehearsal server behaves: speed, what it pretends to have installed, where ffmpeg is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COMFYUI_VERSION = "0.33.0"
"""The ComfyUI whose answers are imitated (recorded in August 2026)."""


@dataclass(frozen=True)
class RehearsalSettings:
    """What may be chosen about a rehearsal server; the defaults render as fast as they can.

    seconds_per_step: waited at every sampler step, 0 or more; about 1 feels like a pod.
    object_info: the node table to answer with, shaped like ComfyUI's own `/object_info`; None is the table
        the kit ships. Model lists that are empty in it are filled from `models`.
    models: file names by folder (`{"checkpoints": [...]}`); folders not named keep the standard LTX-2 files.
    missing_files: names of model files this server shall not have, to rehearse a half-installed pod.
    ffmpeg_path: the ffmpeg to draw with; None finds one.
    packs: node packs it shall have besides the core nodes; known is "ltxvideo" (ComfyUI-LTXVideo).
    web_client: serve ComfyUI's own web client at `/` when it is installed.
    record: a file that gets a line as each prompt begins and ends; see `record.Record`.
    """

    seconds_per_step: float = 0.0
    object_info: Mapping[str, Any] | None = None
    models: Mapping[str, Sequence[str]] = field(default_factory=dict)
    missing_files: frozenset[str] = frozenset()
    ffmpeg_path: Path | None = None
    web_client: bool = True
    packs: frozenset[str] = frozenset()
    record: Path | None = None
