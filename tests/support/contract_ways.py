"""Every way of making a clip as one small scene each; a new way joins by a line of WAYS."""

from __future__ import annotations

import csv
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image

from ltxlib.core import catalog, controls
from ltxlib.core.columns import BY_NAME
from ltxlib.core.modes import MODES, Mode
from ltxlib.core.take import Take
from ltxlib.media.probe import ClipInfo, probe
from ltxlib.store.project import Project
from ltxlib.studio import events
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.job import job_for
from tests.support.bench import Bench
from tests.support.studio import a_project
from tests.support.ways import shipped_ways

SMALL = {
    "prompt": "Mist drifts over still water at dawn with a soft hush, static camera.",
    "width": "256",
    "height": "128",
    "frames": "9",
    "fps": "24",
    "audio": "yes",
}
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Way:
    """A scene that is made in some way.

    row: its cells of scenes.csv, beyond or instead of SMALL. needs: classes of node that no ComfyUI has by
    itself. gives: what the clip is like where the row does not say it (width, height, frames, fps, audio).
    rehearsal_only: why a real server is not asked. files: those it needs besides its model's. before: rows of
    the same table, made first, each with a name under scene that the row's source or end_source names; they
    too go beyond SMALL.
    """

    name: str
    row: Mapping[str, str]
    needs: tuple[str, ...] = ()
    gives: Mapping[str, str] = field(default_factory=dict)
    rehearsal_only: str = ""
    files: tuple[str, ...] = ()
    before: tuple[Mapping[str, str], ...] = ()

    @property
    def cells(self) -> dict[str, str]:
        """The whole row."""
        return {"scene": self.name, **SMALL, **self.row}

    @property
    def rows(self) -> list[dict[str, str]]:
        """The whole table: what it starts from, and the row itself."""
        return [*({**SMALL, **row} for row in self.before), self.cells]

    @property
    def mode(self) -> Mode:
        """The mode of the row."""
        return MODES[self.row["mode"]]

    @property
    def model(self) -> str:
        """The model that makes it."""
        return self.row.get("model", BY_NAME["model"].default)

    @property
    def clip(self) -> dict[str, str]:
        """What the clip is like."""
        return {**self.cells, **self.gives}

    def missing(self, bench: Bench) -> str:
        """What the server lacks for it, in words; empty when nothing."""
        if bench.real and self.rehearsal_only:
            return self.rehearsal_only
        files = [file.name for file in catalog.KNOWN[self.model].files] if bench.real else []
        files += self.files if bench.real else []
        lacks = [name for name in self.needs if name not in bench.object_info]
        lacks += [name for name in files if f'"{name}"' not in bench.declared]
        return f"the server has no {', '.join(lacks)}" if lacks else ""


def both(name: str, gives: Mapping[str, str] = NOTHING, **row: str) -> tuple[Way, Way]:
    """One way with its sound and silent."""
    return Way(name, row, gives=gives), Way(f"{name}-silent", {**row, "audio": "no"}, gives=gives)


def _more_files(row: Mapping[str, str]) -> tuple[str, ...]:
    """What a way needs besides its model's files."""
    if row["mode"] == controls.MODE:
        return controls.CONTROLS[row.get("control", controls.EDGES)].needs
    return ("ltx-2-19b-ic-lora-detailer.safetensors",) if row["mode"] == "detail" else ()


def from_take(name: str, *takes: Mapping[str, str], **row: str) -> Way:
    """A way that starts from takes, given as the rows that make them, in the order of its mode's columns.

    What its row leaves open of size, rate and length is, in the table and in the clip, that of the first.
    """
    named = dict(zip(MODES[row["mode"]].sources, (take["scene"] for take in takes), strict=True))
    left_open = [column for column in MODES[row["mode"]].same if column not in row]
    first = {**SMALL, **takes[0]}
    cells = {**dict.fromkeys(left_open, ""), **named, **row}
    gives = {column: first[column] for column in left_open}
    return Way(name, cells, gives=gives, files=_more_files(row), before=takes)


def of_other_models() -> tuple[Way, ...]:
    """Each shipped workflow that is written for another model than the usual one."""
    usual = catalog.KNOWN[BY_NAME["model"].default]
    return tuple(
        Way(
            f"{way.mode}-{way.stages}-{way.model.name}".replace(".", "_"),
            {
                "mode": way.mode,
                "stages": str(way.stages),
                "model": way.model.name,
                **dict(zip(MODES[way.mode].images, ("still.png", "end.png"), strict=False)),
            },
        )
        for way in shipped_ways()
        if way.model.name != usual.name
    )


# Takes that others start from; not of the usual size, length and rate, so that these are seen to be kept.
TAKE = {"scene": "take", "mode": "t2v", "frames": "25", "width": "192", "fps": "25"}
MUTE = {**TAKE, "scene": "mute", "audio": "no"}
# Between any two frames another one.
SMOOTH = {"frames": "17", "fps": "48"}
SLOW = "the pose finder looks at every frame in 768x1024, which takes a CPU minutes each"
JIB = "ltx-2-19b-lora-camera-control-jib-up.safetensors"
WAYS: tuple[Way, ...] = (
    *both("words", mode="t2v"),
    *both("picture", mode="i2v", image="still.png"),
    *both("loop", mode="loop", image="still.png"),
    *both("between", mode="flf", image="still.png", end_image="end.png"),
    *both("words-once", mode="t2v", stages="1"),
    *both("picture-once", mode="i2v", stages="1", image="still.png"),
    Way("words-no-camera", {"mode": "t2v", "camera_lora": "none"}),
    Way("words-dolly", {"mode": "t2v", "camera_lora": "dolly-in", "camera_strength": "0.6"}),
    Way("words-fp8", {"mode": "t2v", "model": "ltx-2-19b-distilled-fp8"}),
    Way("words-upright", {"mode": "t2v", "width": "128", "height": "192", "frames": "17", "fps": "30"}),
    Way("words-once-narrow", {"mode": "t2v", "stages": "1", "width": "192", "fps": "25"}),
    Way("picture-loose", {"mode": "i2v", "image": "still.png", "image_strength": "0.5"}),
    Way("words-film-rate", {"mode": "t2v", "fps": "23.976"}),
    Way(
        "words-enhanced",
        {"mode": "t2v", "enhance": "yes"},
        rehearsal_only="random weights write 512 words of noise, which the prompt rules rightly refuse",
    ),
    Way("words-styled", {"mode": "t2v", "style_loras": f"{JIB}:0.5"}),
    Way("dev-silent", {"mode": "i2v", "image": "still.png", "model": "ltx-2-19b-dev", "audio": "no"}),
    *of_other_models(),
    Way("loop-long", {"mode": "loop", "image": "still.png", "frames": "49"}),
    *both("words-smooth", SMOOTH, mode="t2v", smooth="yes"),
    *both("picture-smooth", SMOOTH, mode="i2v", image="still.png", smooth="yes"),
    from_take("extend", TAKE, mode="extend", frames="33"),
    from_take("extend-silent", TAKE, mode="extend", frames="33", audio="no"),
    from_take("extend-from-silence", MUTE, mode="extend", frames="33"),
    from_take("foley", TAKE, mode="foley"),
    from_take("foley-for-a-silent-one", MUTE, mode="foley"),
    from_take("detail", TAKE, mode="detail"),
    from_take("detail-silent", TAKE, mode="detail", audio="no"),
    from_take("control", TAKE, mode="control", frames="17"),
    from_take("control-silent", TAKE, mode="control", frames="17", audio="no"),
    from_take("control-depth", TAKE, mode="control", control="depth", frames="17"),
    from_take("control-depth-silent", TAKE, mode="control", control="depth", frames="17", audio="no"),
    replace(from_take("control-pose", TAKE, mode="control", control="pose", frames="9"), rehearsal_only=SLOW),
    replace(
        from_take("control-pose-silent", TAKE, mode="control", control="pose", frames="9", audio="no"),
        rehearsal_only=SLOW,
    ),
    Way("sound", {"mode": "sound", "frames": "49", "width": "", "height": ""}),
)


@dataclass(frozen=True)
class Rendered:
    """A take that came back: its project, its record, its clip and what is in it, and how long all took.

    info: None of sound alone. took_s: from check to clip, the takes it starts from included.
    """

    project: Project
    take: Take
    clip: Path
    info: ClipInfo | None
    took_s: float


def project_for(way: Way, root: Path, seed: int) -> Project:
    """A project with this one scene. seed: new for each run, or a server may answer from its memory."""
    project = a_project(root)
    Image.new("RGB", (200, 320), (120, 90, 40)).save(project.images / "end.png")
    shipped = Path(__file__).resolve().parents[2] / "prompts" / "enhance"
    shutil.copytree(shipped, project.prompts / "enhance")
    write_scenes(project, *({"seed": str(seed), **row} for row in way.rows))
    return project


def write_scenes(project: Project, *rows: Mapping[str, str]) -> None:
    """Make these the only scenes of a project."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with project.scenes_csv.open("w", newline="", encoding="utf-8") as file:
        sheet = csv.DictWriter(file, columns, restval="")
        sheet.writeheader()
        sheet.writerows(rows)


def render(way: Way, bench: Bench, root: Path, seed: int) -> Rendered:
    """Make the scene as a creator would: check, connect, batch; every row must end with its one take."""
    project = project_for(way, root, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LTX_COMFY_URL", bench.url)
        began_s = time.monotonic()
        happened = list(run_batch(job_for(project, connect(project), check_project(project))))
        took_s = time.monotonic() - began_s
    failed = [event for event in happened if isinstance(event, events.TakeFailed)]
    assert failed == []
    assert happened[-1] == events.BatchEnded(made=len(way.rows), there=0, failed=0, cancelled=False)
    all_saved = [event for event in happened if isinstance(event, events.TakeSaved)]
    (saved,) = (event for event in all_saved if event.take.scene == way.name)
    info = None if way.mode.sound_alone else probe(saved.clip)
    return Rendered(project, saved.take, saved.clip, info, took_s)


def rate(text: str) -> Fraction:
    """A rate as it is written in scenes.csv."""
    from ltxlib.core.span import exact_rate

    return exact_rate(text)
