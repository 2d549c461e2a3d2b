"""The canary: one tiny clip through every different graph of a night, before anything else is paid for.

It goes the whole way (pictures sent, graph posted, clip fetched and decoded), so what a look at the server
cannot show does show: files that are damaged, nodes that fail, a card that is too small, a server that hangs.
Nothing of it is kept.
"""

from __future__ import annotations

import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ltxlib.comfy.state import PromptState, require_sound, require_text, require_video
from ltxlib.core import own
from ltxlib.core.modes import MODES
from ltxlib.core.ordering import in_order
from ltxlib.core.plan import RenderPlan
from ltxlib.core.problem import Problem, errors_in
from ltxlib.core.tiny import kinds, sample_of, tiny
from ltxlib.core.trouble import worth_retrying
from ltxlib.errors import Cancelled, ClipUnreadable, ComfyError, LtxlibError, RenderFailed
from ltxlib.media.listen import check_sound
from ltxlib.media.probe import probe
from ltxlib.media.quality import ExpectedClip, check_clip
from ltxlib.media.sample import write_sample
from ltxlib.store import takes as take_store
from ltxlib.store.files import inside
from ltxlib.studio import enhancing
from ltxlib.studio.chain import Chain, clip_of
from ltxlib.studio.connect import Server
from ltxlib.studio.job import BatchJob
from ltxlib.studio.lanes import AWAY

PATIENCE_S = 900.0
_FIRST_POLL_S, _LAST_POLL_S = 0.05, 1.0
_NAMED = 3
_MEMORY_CURE = (
    "Even the tiniest clip does not fit: choose a model of smaller files (fp8, int8), end what else uses the"
    " card, or rent a larger one."
)
_Answer = TypeVar("_Answer")
Tell = Callable[[str], None]


class _Stuck(RenderFailed):
    """The server has the clip and does nothing."""


@dataclass(frozen=True)
class CanaryReport:
    """What came of it.

    problems: what failed, with the scenes that it concerns. clips: how many tiny clips came out right.
    left_out: takes whose graph could not be tried, and why. cancelled: whether somebody called it off.
    """

    problems: tuple[Problem, ...] = ()
    clips: int = 0
    left_out: tuple[str, ...] = ()
    cancelled: bool = False

    @property
    def good(self) -> bool:
        """Whether the night may start."""
        return not self.problems and not self.cancelled


@dataclass(frozen=True)
class _Trial:
    """One kind of take: the one that is tried, and all that are alike."""

    plan: RenderPlan
    alike: tuple[RenderPlan, ...]


def run_canary(
    job: BatchJob,
    cancel: threading.Event | None = None,
    *,
    patience_s: float = PATIENCE_S,
    tell: Tell = lambda _: None,
) -> CanaryReport:
    """Make one tiny clip of each kind of take that is missing, on each server, and keep nothing.

    A failure that may be chance is tried once more. patience_s: how long one clip may take, loading the model
    included, before the server is taken to hang. tell: hears a sentence for each clip. Raises ProjectBusy
    when a batch runs here, StoreError when the journal cannot be written; nothing else that can be foreseen.
    """
    cancel = cancel or threading.Event()
    with job.shelf.lock:
        trials, left_out = _trials(job)
        servers = job.connection.servers
        job.shelf.journal.append("canary started", clips=len(trials) * len(servers), left_out=list(left_out))
        with tempfile.TemporaryDirectory(prefix="ltx-canary-") as folder:
            birds = [_Bird(job, one, cancel, patience_s, tell, Path(folder)) for one in servers]
            with ThreadPoolExecutor(len(birds), thread_name_prefix="ltx-canary") as pool:
                list(pool.map(lambda bird: bird.fly(trials), birds))
        problems = tuple(problem for bird in birds for problem in bird.problems)
        report = CanaryReport(problems, sum(bird.clips for bird in birds), left_out, cancel.is_set())
        job.shelf.journal.append(
            "canary ended", clips=report.clips, failed=len(problems), cancelled=report.cancelled
        )
    return report


def _trials(job: BatchJob) -> tuple[list[_Trial], tuple[str, ...]]:
    """One take of each kind that is missing and can be tried now, and what is said of the others."""
    chain = Chain(job.shelf, job.care.ladder)
    missing = [plan for plan in job.plans if not take_store.there(job.shelf, plan, job.care.ladder)]
    trials, left_out = [], []
    for alike in kinds(in_order(missing)):
        ready = (found for plan in alike if (found := _ready(job, chain, plan)))
        first = next(ready, None)
        if first is not None:
            trials.append(_Trial(first, alike))
            continue
        sources = dict.fromkeys(source.key for plan in alike for source in plan.sources.values())
        left_out.append(f"{_scenes(alike)}: not tried, since {', '.join(sources)} is still to be made.")
    # The first of the night goes last, so that its model is loaded when the night begins.
    return trials[::-1], tuple(left_out)


def _ready(job: BatchJob, chain: Chain, plan: RenderPlan) -> RenderPlan | None:
    """The plan with the takes it starts from, as they are on the shelf; None when one is not there yet."""
    try:
        plan = chain.follow(plan)
        for source in plan.sources.values():
            clip_of(job.shelf, source)
    except LtxlibError:
        return None
    return plan


def _scenes(plans: Sequence[RenderPlan]) -> str:
    """The scenes of some takes, by name as far as there are few."""
    names = list(dict.fromkeys(plan.scene.scene for plan in plans))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{'scene' if len(names) == 1 else 'scenes'} {', '.join(names[:_NAMED])}{more}"


@dataclass
class _Bird:
    """Tries everything on one server."""

    job: BatchJob
    server: Server
    cancel: threading.Event
    patience_s: float
    tell: Tell
    folder: Path
    problems: list[Problem] = field(default_factory=list)
    clips: int = 0

    def fly(self, trials: Sequence[_Trial]) -> None:
        """Try one after the other; a server that is away or hangs is given up."""
        for trial in trials:
            try:
                self._try(trial)
            except Cancelled:
                return
            except (*AWAY, _Stuck) as error:
                self._failed(trial, error)
                return
            except LtxlibError as error:
                self._failed(trial, error)

    def _try(self, trial: _Trial) -> None:
        """Make one tiny clip, a second time when the first failure may have been chance."""
        began = time.monotonic()
        try:
            self._make(trial.plan)
        except (Cancelled, _Stuck, *AWAY):
            raise
        except LtxlibError as error:
            if not worth_retrying(error):
                raise
            self._note(trial, good=False, reason=error.message, again=True)
            if isinstance(error, RenderFailed) and error.out_of_memory:
                # What another graph left in memory may be all that was in the way.
                with suppress(ComfyError):
                    self.server.client.free()
            self._make(trial.plan)
        self.clips += 1
        seconds = time.monotonic() - began
        self._note(trial, good=True, seconds=round(seconds, 1))
        self.tell(f"{_scenes(trial.alike)}: a tiny clip came out right in {seconds:.0f} s.")

    def _make(self, plan: RenderPlan) -> None:
        """Go the whole way with one clip, the writing of its prompt included."""
        small = tiny(plan, own.offered(self.job.workflows[plan.workflow]))
        names = self._send_files(plan)
        client, schema = self.server.client, self.server.schema
        if plan.enhance_key and not self.job.written_out(plan):
            text_graph, node = enhancing.trial_graph(self.job, small, names, schema)
            require_text(self._run(text_graph, str(uuid.uuid4())), node)
        prompt_id = str(uuid.uuid4())
        state = self._run(self.job.graph(small, prompt_id, names, schema), prompt_id)
        sound_alone = MODES[plan.scene.mode].sound_alone
        output = (require_sound if sound_alone else require_video)(state)
        clip = self.folder / f"{prompt_id}{Path(output.filename).suffix}"
        try:
            self._patiently(lambda: client.download(output, clip))
            _check(small, clip)
        finally:
            clip.unlink(missing_ok=True)

    def _send_files(self, plan: RenderPlan) -> dict[str, str]:
        """The names under which the server has the plan's pictures and small pieces of its sources."""
        client, images = self.server.client, self.job.project.images
        files = {key: inside(images, *plan.picture(key).split("/")) for key in plan.pictures}
        for column, source in plan.sources.items():
            clip, sha256 = clip_of(self.job.shelf, source)
            sample = sample_of(source)
            out = self.folder / f"canary-{sha256[:12]}-{uuid.uuid4().hex[:8]}.mp4"
            files[column] = write_sample(clip, out, sample.width_px, sample.height_px, sample.frames)
        return {
            key: self._patiently(lambda path=path: client.upload_image(path)) for key, path in files.items()
        }

    def _patiently(self, ask: Callable[[], _Answer]) -> _Answer:
        """Ask a server that may be away for a moment, again and again for as long as a batch would."""
        until, pause_s = time.monotonic() + self.job.care.patience_s, _FIRST_POLL_S
        while True:
            try:
                return ask()
            except AWAY:
                if time.monotonic() > until:
                    raise
            self._pause(pause_s)
            pause_s = min(pause_s * 2, _LAST_POLL_S)

    def _pause(self, seconds: float) -> None:
        if self.cancel.wait(seconds):
            raise Cancelled("The tiny clips were called off.")

    def _run(self, graph: Mapping[str, Any], prompt_id: str) -> PromptState:
        """Post a graph and wait for its end; it is taken back when that does not come."""
        client = self.server.client
        if self.cancel.is_set():
            raise Cancelled("The tiny clips were called off.")
        given = self._patiently(lambda: client.submit(graph, prompt_id=prompt_id))
        try:
            return self._wait(given)
        except (Cancelled, _Stuck):
            with suppress(ComfyError):
                client.cancel(given)
            raise

    def _wait(self, prompt_id: str) -> PromptState:
        until, pause_s, doubt_until = time.monotonic() + self.patience_s, _FIRST_POLL_S, 0.0
        while True:
            state = self._patiently(lambda: self.server.client.status(prompt_id))
            now = time.monotonic()
            if state.finished:
                return state
            # History and queue are read one after the other, so a miss may be a prompt on its way between.
            doubt_until = (doubt_until or now + self.job.care.doubt_s) if state.kind == "unknown" else 0.0
            if doubt_until and now > doubt_until:
                raise RenderFailed(
                    "The server forgot the tiny clip: it was restarted, or ended for want of memory.",
                    cure="Look at the end of ComfyUI's log, see that it runs, and start again.",
                )
            if now > until:
                raise _Stuck(
                    f"No clip came within {self.patience_s:g} s: the server hangs, or does other work.",
                    cure="Restart ComfyUI and start again; if it stays, look at the end of its log.",
                )
            self._pause(min(pause_s, max(until - now, 0.01)))
            pause_s = min(pause_s * 1.5, _LAST_POLL_S)

    def _failed(self, trial: _Trial, error: LtxlibError) -> None:
        """Write down what failed, with the scenes that cannot be made because of it."""
        where = _scenes(trial.alike)
        if len(self.job.connection.servers) > 1:
            where = f"{self.server.client.url}, {where}"
        what = " ".join([error.message, *map(str, getattr(error, "problems", ()))])
        memory = isinstance(error, RenderFailed) and error.out_of_memory
        problem = Problem(where, what, _MEMORY_CURE if memory else error.cure)
        self.problems.append(problem)
        self._note(trial, good=False, reason=problem.what, cure=problem.cure)
        self.tell(f"{where}: NO clip came. {problem.what} {problem.cure}")

    def _note(self, trial: _Trial, **facts: Any) -> None:
        scenes = list(dict.fromkeys(plan.scene.scene for plan in trial.alike))
        self.job.shelf.journal.append(
            "canary", workflow=trial.plan.workflow, scenes=scenes, server=self.server.client.url, **facts
        )


def _check(small: RenderPlan, clip: Path) -> None:
    """Raises ClipUnreadable when what came is not the clip that was asked for."""
    scene, mode = small.scene, MODES[small.scene.mode]
    if mode.sound_alone:
        problems = check_sound(clip, float(scene.duration_s))
    else:
        # What is kept of a source, or made by a graph of the creator's own, has a size of its own.
        strict = not scene.workflow and not mode.keeps_picture
        expected = ExpectedClip(*small.size_px, scene.clip_frames, scene.clip_fps, scene.audio, strict)
        problems = check_clip(clip, expected)
    if errors_in(problems):
        raise ClipUnreadable(
            "What came is not the clip that was asked for: "
            + " ".join(problem.what for problem in errors_in(problems)),
            cure="Open the workflow in ComfyUI and look at what its nodes make.",
        )
    if not mode.sound_alone and not scene.workflow and probe(clip).has_audio != scene.audio:
        raise ClipUnreadable(
            "The clip came without sound."
            if scene.audio
            else "The clip came with sound, and none was wanted.",
            cure="Look whether the workflow's sound reaches the node that saves, or change the column audio.",
        )
