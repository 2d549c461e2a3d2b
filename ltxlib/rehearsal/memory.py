"""The memory of the card that a rehearsal pretends to have, and how torch says that there is none left."""

from __future__ import annotations

from typing import NoReturn

from ltxlib.rehearsal.calls import Call, NodeFailed

OUT_OF_MEMORY = (
    "CUDA out of memory. Tried to allocate 2.25 GiB. GPU 0 has a total capacity of 23.64 GiB of which "
    "1.05 GiB is free. (REHEARSAL: this fault was ordered)\nThis error means you ran out of memory on your "
    "GPU.\n\nTIPS: If the workflow worked before you might have accidentally set the batch_size to a large "
    "number."
)


def run_out() -> NoReturn:
    """Fail as a node does that asked the card for too much."""
    raise NodeFailed("torch.OutOfMemoryError", OUT_OF_MEMORY)


def need(call: Call, at: str, px_frames: int) -> None:
    """Hold so many pixels times frames at once; fails where an ordered card is too small for it."""
    if call.bench.too_large(at, px_frames):
        run_out()
