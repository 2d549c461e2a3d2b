"""From a prompt the server has finished to a take on disk: fetch, check, record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ltxlib import __version__
from ltxlib.comfy.state import OutputFile
from ltxlib.core.ladder import difference
from ltxlib.core.modes import MODES
from ltxlib.core.plan import RenderPlan
from ltxlib.core.problem import Problem, errors_in
from ltxlib.core.take import ClipFacts, Take, as_recorded
from ltxlib.errors import ClipUnreadable, MediaError
from ltxlib.media.dub import dub
from ltxlib.media.listen import check_sound, sound_seconds
from ltxlib.media.probe import probe
from ltxlib.media.quality import ExpectedClip, check_clip
from ltxlib.media.stand_in import is_stand_in
from ltxlib.store.files import inside, sha256_of
from ltxlib.store.journal import now
from ltxlib.store.project import Shelf
from ltxlib.store.takes import CLIP_SUFFIX, SOUND_SUFFIX, save_take
from ltxlib.studio.chain import clip_of, overlap_of, sha256_of_sources
from ltxlib.studio.connect import Connection


@dataclass(frozen=True)
class Finished:
    """A prompt that ended well: what was asked, what was sent, what the server wrote, how long it took."""

    plan: RenderPlan
    prompt_id: str
    graph: Mapping[str, Any]
    output: OutputFile
    render_s: float
    enhanced_prompt: str = ""


def save(shelf: Shelf, connection: Connection, finished: Finished) -> tuple[Take, Path]:
    """Fetch the clip, check it against the plan, put clip, record and journal line in place, in that order.

    Raises ComfyError when it cannot be fetched and ClipUnreadable when it is not the clip that was asked
    for, MediaError when it is a stand-in and the film's takes were asked for; then nothing is kept of it.
    """
    plan = finished.plan
    suffix = SOUND_SUFFIX if MODES[plan.scene.mode].sound_alone else CLIP_SUFFIX
    incoming = inside(shelf.work, "incoming", f"{finished.prompt_id}{suffix}")
    incoming.parent.mkdir(parents=True, exist_ok=True)
    connection.client.download(finished.output, incoming)
    try:
        _refuse_stand_in(shelf, incoming)
        problems = _checked(shelf, plan, incoming)
        if errors_in(problems):
            raise ClipUnreadable(
                "The clip is not what was asked for: "
                + " ".join(problem.what for problem in errors_in(problems)),
                cure="Run the batch again; the take is rendered anew.",
            )
        warnings = [problem.what for problem in problems]
        if plan.asked:
            warnings.insert(0, difference(plan))
        if plan.instead_of:
            warnings.append(f"Made by {plan.workflow}, since this ComfyUI lacks nodes of {plan.instead_of}.")
        take = _take(connection, finished, incoming, warnings)
        clip = save_take(shelf, take, incoming)
    finally:
        incoming.unlink(missing_ok=True)
    shelf.journal.append(
        "saved",
        scene=take.scene,
        take=take.take_id,
        prompt_id=finished.prompt_id,
        sha256=take.clip.sha256,
        render_s=round(finished.render_s, 2),
        **({"rung": plan.rung, "asked": plan.asked} if plan.asked else {}),
    )
    return take, clip


def _refuse_stand_in(shelf: Shelf, incoming: Path) -> None:
    """Whatever a server said of itself: what carries the rehearsal's mark is no part of a film."""
    if not shelf.rehearsal and is_stand_in(incoming):
        raise MediaError(
            "The clip is a stand-in of the rehearsal's, though the server did not say that it is one. It is "
            "not kept among the film's takes.",
            cure="Look what is behind the server's address: a rehearsal there has to say so.",
        )


def _checked(shelf: Shelf, plan: RenderPlan, incoming: Path) -> list[Problem]:
    """What is wrong with what came; a picture that is to stay its source's is put in its place before."""
    scene, mode = plan.scene, MODES[plan.scene.mode]
    if mode.sound_alone:
        return check_sound(incoming, float(scene.duration_s))
    if mode.keeps_picture:
        dub(clip_of(shelf, plan.sources["source"])[0], incoming)
    # A graph of the creator's own may make other sizes and lengths than the row can tell it.
    strict = not scene.workflow
    expected = ExpectedClip(*plan.size_px, scene.clip_frames, scene.clip_fps, scene.audio, strict)
    return check_clip(incoming, expected)


def _facts(plan: RenderPlan, clip: Path) -> ClipFacts:
    file = {"file": f"{plan.take_id}{clip.suffix}", "size_bytes": clip.stat().st_size}
    file["sha256"] = sha256_of(clip)
    if MODES[plan.scene.mode].sound_alone:
        none = {"width_px": 0, "height_px": 0, "frames": 0, "fps": "0"}
        return ClipFacts(**file, **none, duration_s=sound_seconds(clip), has_sound=True)
    info = probe(clip)
    return ClipFacts(
        **file,
        width_px=info.width_px,
        height_px=info.height_px,
        frames=info.frames,
        fps=str(info.fps),
        duration_s=float(info.duration_s),
        has_sound=info.has_audio,
    )


def _take(connection: Connection, finished: Finished, clip: Path, warnings: list[str]) -> Take:
    plan, scene, facts = finished.plan, finished.plan.scene, _facts(finished.plan, clip)
    begun = sha256_of_sources(connection.shelf, plan)
    overlap_frames, goes_on_from = overlap_of(connection.shelf, plan)
    return Take(
        take_id=plan.take_id,
        scene=scene.scene,
        take_no=plan.take_no,
        seed=plan.seed,
        fingerprint=plan.fingerprint,
        mode=scene.mode,
        model=scene.model,
        prompt=plan.prompt,
        negative_prompt=scene.negative_prompt,
        workflow=plan.workflow,
        workflow_sha256=plan.workflow_sha256,
        prompt_id=finished.prompt_id,
        made_at=now(),
        render_s=round(finished.render_s, 3),
        rehearsal=connection.rehearsal,
        clip=facts,
        settings=as_recorded(plan.values),
        server=connection.facts,
        graph=finished.graph,
        image=scene.pictures.get("image", ""),
        image_sha256=plan.pictures.get("image", ""),
        end_image=plan.picture("end_image") if "end_image" in plan.pictures else "",
        end_image_sha256=plan.pictures.get("end_image", ""),
        enhanced_prompt=finished.enhanced_prompt,
        draft=plan.draft,
        from_draft=plan.from_draft,
        source=plan.sources["source"].key if "source" in plan.sources else "",
        source_sha256=begun.get("source", ""),
        end_source=plan.sources["end_source"].key if "end_source" in plan.sources else "",
        end_source_sha256=begun.get("end_source", ""),
        overlap_frames=overlap_frames,
        goes_on_from=goes_on_from,
        instead_of=plan.instead_of,
        rung=plan.rung,
        asked=plan.asked,
        warnings=tuple(warnings),
        kit_version=__version__,
    )
