"""The stages of the shipped workflows: what is sampled, by which model, led by which pictures."""

from __future__ import annotations

from dataclasses import dataclass

from ltxlib.core import recipe_words as words
from ltxlib.core.builder import WorkflowBuilder
from ltxlib.core.recipe_kinds import DISTILLED, DOUBLER, FIRST_SIGMAS, FPS, STAGE_ONE_PX, Kind, offers


def connect_vae(builder: WorkflowBuilder, target: str) -> None:
    """Wire the picture's decoder: a file of its own, or a part of the model's."""
    builder.connect("video_vae" if builder.has("video_vae") else "checkpoint", "VAE", target, "vae")


def hold(builder: WorkflowBuilder, key: str, title: str, latent: str, joined: str) -> None:
    """Put the picture into the first frame of a latent on its way to the sampler."""
    builder.add(key, "LTXVImgToVideoInplace", {"strength": 1.0}, title=f"{title} [ltx.image_strength]")
    connect_vae(builder, key)
    builder.connect("soften", 0, key, "image")
    builder.connect(latent, 0, key, "latent")
    builder.connect(key, 0, joined, "video_latent")


@dataclass(frozen=True)
class Guided:
    """A stage that is led by a first and a last frame: the keys of the nodes it goes through."""

    stage: str
    conditioning: str
    latent: str
    guider: str
    joined: str
    film: str
    last_picture: str = "soften"


ONE = Guided("one", "conditioning", "latent", "guider", "join", "split")
TWO = Guided("two", "crop_one", "upsample", "guider_two", "rejoin", "finished")


def guide(builder: WorkflowBuilder, at: Guided) -> None:
    """Lead a stage by a first and a last frame, and take both guides away again after it.

    Each guide counts those before it by the conditioning, so they are chained; one that is not taken away
    leaves eight frames too many.
    """
    first, last, crop = f"first_{at.stage}", f"last_{at.stage}", f"crop_{at.stage}"
    steps = (
        (first, "First frame", 0, "soften", at.conditioning, at.latent),
        (last, "Last frame", -1, at.last_picture, first, first),
    )
    for key, name, frame, still, conditioning, latent in steps:
        title = f"{name}, stage {at.stage} [ltx.image_strength]"
        builder.add(key, "LTXVAddGuide", {"frame_idx": frame, "strength": 1.0}, title=title)
        builder.connect(conditioning, "positive", key, "positive")
        builder.connect(conditioning, "negative", key, "negative")
        connect_vae(builder, key)
        builder.connect(latent, "latent" if latent == first else 0, key, "latent")
        builder.connect(still, 0, key, "image")
    builder.connect(last, "latent", at.joined, "video_latent")
    builder.add(crop, "LTXVCropGuides", title=f"Take the guides away, stage {at.stage}")
    builder.connect(at.film, "video_latent", crop, "latent")
    for side in ("positive", "negative"):
        builder.connect(last, side, at.guider, side)
        builder.connect(last, side, crop, side)


@dataclass(frozen=True)
class First:
    """How the first stage works; alone: it is the only one, at the finished size. guided: `guide` leads it.

    sound: what the sound begins with; anything but the empty one is wired by whoever makes it. guider: the
    class of the node that follows the prompt, and the key of the node that gives it the model (of models
    that are not split).
    """

    alone: bool = False
    guided: bool = False
    sound: str = "sound_latent"
    guider: tuple[str, str] = ("CFGGuider", "style")


PLAIN = First()


def stage_one(builder: WorkflowBuilder, kind: Kind = DISTILLED, first: First = PLAIN) -> None:
    """Film and sound, begun with an empty film."""
    width, height = STAGE_ONE_PX
    about = words.about_one_stage(32 if kind.split else 64) if first.alone else words.ABOUT_STAGES
    title = "About the size" if first.alone else "About the two stages"
    builder.note("about_stages", about, title=title, size=(360, 150))
    builder.add(
        "latent",
        "EmptyLTXVLatentVideo",
        {"width": width, "height": height},
        title="Empty film [ltx.size]" if first.alone else "Empty film, half size [ltx.size]",
    )
    sampling(builder, kind, first)


def sampling(builder: WorkflowBuilder, kind: Kind = DISTILLED, first: First = PLAIN) -> None:
    """An empty sound, joined with what is wired to `join`, sampled in the first stage's steps and parted."""
    builder.add("sound_latent", "LTXVEmptyLatentAudio", {"frame_rate": FPS}, title="Empty sound [ltx.fps]")
    builder.add("join", "LTXVConcatAVLatent", title="Film and sound together")
    builder.add("noise", "RandomNoise", {"noise_seed": 42}, title="Seed [ltx.seed]")
    _guider(builder, kind, by=first.guider)
    sampler = "Sampler [ltx.sampler]" if first.alone else "Sampler, both stages [ltx.sampler]"
    builder.add("sampler", "KSamplerSelect", {"sampler_name": kind.sampler}, title=sampler)
    _schedule(builder, kind, "" if first.alone else "Stage one: ")
    builder.add("film", "SamplerCustomAdvanced", title="Film" if first.alone else "Film, stage one")
    builder.add("split", "LTXVSeparateAVLatent", title="Film and sound apart")
    if builder.has("latent"):
        builder.connect("frames", 0, "latent", "length")
    builder.connect("frames", 0, "sound_latent", "frames_number")
    builder.connect("audio_vae", 0, "sound_latent", "audio_vae")
    if first.sound == PLAIN.sound:
        builder.connect(first.sound, 0, "join", "audio_latent")
    if not first.guided:
        _led_by(builder, "conditioning", "guider")
    _sample(builder, "film", noise="noise", sigmas="sigmas", latent="join")
    builder.connect("film", "output", "split", "av_latent")


def _guider(
    builder: WorkflowBuilder,
    kind: Kind,
    *,
    two: bool = False,
    by: tuple[str, str] = ("CFGGuider", "style"),
) -> None:
    """How hard a stage clings to the prompt; the second one always at CFG 1, by the distilled model."""
    key, stage = ("guider_two", ", stage two") if two else ("guider", "")
    at_one = two or kind.distilled
    title = f"Follow the prompt{stage}" + (" (CFG 1)" if at_one else " [ltx.cfg]")
    picture, sound = (1.0, 1.0) if at_one else (kind.cfg, kind.audio_cfg)
    if kind.split:
        builder.add(key, "LTXVDualCFGGuider", {"video_cfg": picture, "audio_cfg": sound}, title=title)
    else:
        builder.add(key, by[0], {"cfg": picture}, title=title)
    model = "distilled" if two and builder.has("distilled") else by[1]
    builder.connect(model, "MODEL", key, "model")


def _led_by(builder: WorkflowBuilder, origin: str, guider: str) -> None:
    for side in ("positive", "negative"):
        builder.connect(origin, side, guider, side)


def _schedule(builder: WorkflowBuilder, kind: Kind, stage: str) -> None:
    """The noise levels of the first stage: fixed ones for distilled models, else one a step."""
    if kind.distilled:
        title = f"{stage}{kind.steps} steps [ltx.sigmas]"
        builder.add("sigmas", "ManualSigmas", {"sigmas": FIRST_SIGMAS}, title=title)
        return
    builder.add("sigmas", "LTXVScheduler", {"steps": kind.steps}, title=f"{stage}steps [ltx.steps]")
    builder.connect("join", 0, "sigmas", "latent")


def double_frames(builder: WorkflowBuilder) -> None:
    """Between the stages: twice as many frames a second, which the second stage must know of."""
    builder.add(
        "doubler",
        "LatentUpscaleModelLoader",
        {"model_name": DOUBLER},
        title="Doubler, twice the frames",
        models=offers(DOUBLER),
    )
    title = "Frames per second of the file, twice as many [ltx.clip_fps]"
    builder.add("clip_fps", "PrimitiveFloat", {"value": 2.0 * FPS}, title=title)
    builder.add("conditioning_two", "LTXVConditioning", title="What to film, twice as fast")
    builder.add("doubled", "LTXVLatentUpsampler", title="Double the frames: 2n-1 of n")
    builder.connect("prompt", 0, "conditioning_two", "positive")
    builder.connect("negative", 0, "conditioning_two", "negative")
    builder.connect("clip_fps", 0, "conditioning_two", "frame_rate")
    builder.connect("doubler", 0, "doubled", "upscale_model")
    connect_vae(builder, "doubled")
    builder.connect("split", "video_latent", "doubled", "samples")


def stage_two(
    builder: WorkflowBuilder,
    kind: Kind = DISTILLED,
    *,
    guided: bool = False,
    doubled: bool = False,
    guider: str = "guider",
) -> None:
    """The film made twice as large and refined in three steps; guided: `guide` leads it.

    doubled: `double_frames` comes before it. guider: the key of the node that follows the prompt where the
    stage has none of its own: that of stage one, if nothing else is said.
    """
    builder.add("upsample", "LTXVLatentUpsampler", title="Enlarge the film")
    builder.add("rejoin", "LTXVConcatAVLatent", title="Film and sound once more")
    builder.add("noise_two", "RandomNoise", {"noise_seed": 42}, title="Seed, stage two [ltx.seed]")
    title = "Stage two: 3 steps [ltx.sigmas_two]"
    builder.add("sigmas_two", "ManualSigmas", {"sigmas": kind.second_sigmas}, title=title)
    builder.add("refine", "SamplerCustomAdvanced", title="Refine, stage two")
    builder.add("finished", "LTXVSeparateAVLatent", title="Finished film and sound")
    own_guider = guided or doubled or not kind.distilled
    if own_guider:
        _guider(builder, kind, two=True)
    if own_guider and not guided:
        _led_by(builder, "conditioning_two" if doubled else "conditioning", "guider_two")
    before = ("doubled", 0) if doubled else ("crop_one", "latent") if guided else ("split", "video_latent")
    builder.connect(*before, "upsample", "samples")
    builder.connect("upscaler", 0, "upsample", "upscale_model")
    connect_vae(builder, "upsample")
    builder.connect("split", "audio_latent", "rejoin", "audio_latent")
    guider = "guider_two" if own_guider else guider
    _sample(builder, "refine", noise="noise_two", sigmas="sigmas_two", latent="rejoin", guider=guider)
    builder.connect("refine", "output", "finished", "av_latent")


def _sample(
    builder: WorkflowBuilder, key: str, *, noise: str, sigmas: str, latent: str, guider: str = "guider"
) -> None:
    builder.connect(noise, 0, key, "noise")
    builder.connect(guider, 0, key, "guider")
    builder.connect("sampler", 0, key, "sampler")
    builder.connect(sigmas, 0, key, "sigmas")
    builder.connect(latent, 0, key, "latent_image")
