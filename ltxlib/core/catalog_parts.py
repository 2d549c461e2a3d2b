"""What the model catalog is made of: files, families, graphs, models, stages, times, presets, prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# What one cell of LTX-2's latent film covers (ComfyUI, `EmptyLTXVLatentVideo`); smaller rests are cut off.
CELL_PX = 32


@dataclass(frozen=True)
class ModelFile:
    """One file on the pod: name, folder under ComfyUI's models/, where it comes from, size.

    path: inside the repository. size_bytes and sha256 are None where they are not known. gated: Hugging
    Face gives it only to those who are logged in and have agreed to its terms. source: of the size.
    """

    name: str
    folder: str
    hf_repo: str
    size_bytes: int | None
    path: str = ""
    sha256: str | None = None
    licence: str = ""
    gated: bool = False
    source: str = ""


@dataclass(frozen=True)
class Family:
    """Models that share a licence, sizes, lengths and camera LoRAs.

    Sides are multiples of side_multiple (pixels); lengths are frame_group times n, plus 1, up to longest_s.
    sizes: those that the maker offers (width and height in pixels), none where there is no such list.
    """

    name: str
    licence: str
    licence_source: str
    side_multiple: int
    side_source: str
    frame_group: int
    longest_s: int
    frames_source: str
    cameras: Mapping[str, ModelFile]
    sizes: tuple[tuple[int, int], ...] = ()

    def side_step_px(self, stages: int) -> int:
        """What a finished side is a multiple of: in two stages its half must be made of whole cells too."""
        return self.side_multiple if stages == 1 else max(self.side_multiple, 2 * CELL_PX)


@dataclass(frozen=True)
class Graph:
    """A kind of workflow that drives models of one make.

    suffix: of the names of its files. written_for: the model whose files and settings they hold. modes: those
    it has files for; None for all.
    """

    name: str
    suffix: str
    written_for: str
    modes: tuple[str, ...] | None


@dataclass(frozen=True)
class Stage:
    """One pass of sampling at a share (scale) of the finished size.

    steps and cfg are the lowest and highest that make sense, None where not known; own_steps and own_cfg what
    the model is run with when nobody says anything. sigmas is empty when the graph's scheduler makes them.
    lora: laid over the model in this stage alone or in all that name it.
    """

    name: str
    scale: float
    steps: tuple[float, float] | None
    cfg: tuple[float, float] | None
    sampler: str
    sigmas: tuple[float, ...]
    lora: ModelFile | None
    lora_strength: float | None
    source: str
    own_steps: float | None = None
    own_cfg: float | None = None

    @property
    def work(self) -> float:
        """What it costs beside others: steps times pixels, twice where CFG asks the model twice."""
        twice = 2 if (self.own_cfg or 1) > 1 else 1
        return (self.own_steps or 0) * self.scale**2 * twice


@dataclass(frozen=True)
class ReportedTime:
    """What one clip took, in seconds from best to worst, on the card that is named, and who says so."""

    frames: int
    width_px: int
    height_px: int
    low_s: float
    high_s: float
    gpu: str
    source: str

    @property
    def work(self) -> int:
        """Pixels times frames: what the time is taken to grow with."""
        return self.width_px * self.height_px * self.frames


@dataclass(frozen=True)
class Model:
    """A model, with the files it needs and how it is sampled.

    drivable: the kit has a workflow for it, so that a scene can name it; graph: which kind. ram_gb (of the
    pod's system) and vram_gb (of the card) are None where they are not known.
    """

    name: str
    family: Family
    checkpoint: ModelFile
    needs: tuple[ModelFile, ...]
    drivable: bool
    distilled: bool
    ram_gb: float | None
    ram_source: str
    vram_gb: float | None
    vram_source: str
    stages: tuple[Stage, ...]
    times: tuple[ReportedTime, ...]
    graph: Graph | None = None

    @property
    def gated(self) -> tuple[ModelFile, ...]:
        """The files that come only to those who are logged in and have agreed to their terms."""
        return tuple(file for file in self.files if file.gated)

    def need(self, folder: str) -> ModelFile | None:
        """The first file it needs from a folder of ComfyUI's models/; None when it needs none."""
        return next((file for file in self.needs if file.folder == folder), None)

    @property
    def files(self) -> tuple[ModelFile, ...]:
        """Every file it needs, the model itself first."""
        return (self.checkpoint, *self.needs)

    def nearest_time(self, width_px: int, height_px: int, frames: int) -> ReportedTime | None:
        """The report whose clip was most like this one in pixels times frames; None when there is none."""
        work = width_px * height_px * frames
        return min(self.times, key=lambda time: max(time.work / work, work / time.work), default=None)

    def render_s(self, width_px: int, height_px: int, frames: int) -> tuple[float, float] | None:
        """How long such a clip takes, in seconds from best to worst; None when no time is known.

        The nearest report, by pixels times frames; the model's loading is not in it.
        """
        time = self.nearest_time(width_px, height_px, frames)
        if time is None:
            return None
        share = width_px * height_px * frames / time.work
        return time.low_s * share, time.high_s * share


@dataclass(frozen=True)
class Preset:
    """A choice that a creator understands: what it is for, and the model, size and length that make it."""

    name: str
    meaning: str
    model: Model
    width_px: int
    height_px: int
    frames: int
    ram_gb: float | None
    ram_source: str
    time_source: str


@dataclass(frozen=True)
class Alternative:
    """What to take instead of a file, folder or model (`name`) that is gated or gone: a file or a model.

    because: what is the matter with it; how: what the other is like, and what to do. Both go on a sentence.
    """

    name: str
    because: str
    file: ModelFile | None
    model: Model | None
    how: str
    source: str

    @property
    def takes(self) -> str:
        """The name of what is taken instead."""
        part = self.file or self.model
        return part.name if part else ""

    @property
    def says(self) -> str:
        """All of it in words: what is the matter, what there is instead, what it is like."""
        return f"{self.name} {self.because}. There is {self.takes} instead: {self.how}."


@dataclass(frozen=True)
class Price:
    """What an hour of a card costs in US dollars, and where that was seen."""

    card: str
    usd_per_hour: float
    source: str


@dataclass(frozen=True)
class Catalog:
    """The whole catalog, read and checked. first_load_s: what the first clip of a session takes longer."""

    families: Mapping[str, Family]
    files: Mapping[str, ModelFile]
    models: Mapping[str, Model]
    first_load_s: tuple[float, float]
    first_load_source: str
    prices: tuple[Price, ...]
    presets: tuple[Preset, ...]
    graphs: Mapping[str, Graph]
    alternatives: Mapping[str, Alternative]

    def instead_of(self, name: str) -> Alternative | None:
        """What to take instead of a file, folder or model by its name, or by a path with it; None: nothing
        known."""
        parts = name.replace("\\", "/").split("/")
        return next((self.alternatives[part] for part in reversed(parts) if part in self.alternatives), None)
