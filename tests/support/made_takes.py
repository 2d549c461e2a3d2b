"""Takes on a shelf as if a pod had made them: records with a card and a time, clips of a few bytes."""

from dataclasses import replace
from pathlib import Path

from ltxlib.core.plan import RenderPlan
from ltxlib.core.take import Take
from ltxlib.store.project import Shelf
from ltxlib.store.takes import save_take
from tests.support.takes import a_take

CARD = {"devices": ["cuda:0 NVIDIA L40S : cudaMallocAsync"]}


def record_of(plan: RenderPlan, render_s: float, server=CARD, **changes) -> Take:
    """The record of a plan that was rendered in so many seconds on a card."""
    width, height = plan.size_px
    take = a_take(
        scene=plan.scene.scene,
        take_id=plan.take_id,
        mode=plan.scene.mode,
        model=plan.scene.model,
        workflow=plan.workflow,
        settings=dict(plan.values),
        server=server,
        render_s=render_s,
        rehearsal=False,
        draft=plan.draft,
    )
    clip = replace(take.clip, width_px=width, height_px=height, frames=plan.scene.clip_frames)
    return replace(take, **{"clip": clip, **changes})


def put_take(shelf: Shelf, plan: RenderPlan, render_s: float, tmp_path: Path, **changes) -> Take:
    """Such a record on a shelf, with a clip of four bytes."""
    clip = tmp_path / "made.mp4"
    clip.write_bytes(b"film")
    take = record_of(plan, render_s, rehearsal=shelf.rehearsal, **changes)
    save_take(shelf, take, clip)
    return take
