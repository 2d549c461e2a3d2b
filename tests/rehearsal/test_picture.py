"""What the rehearsal draws: from words and seed, calm, marked, and true to a start image."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ltxlib.errors import BadInput
from ltxlib.rehearsal import picture, scenery, story
from ltxlib.rehearsal.camera import Camera
from ltxlib.rehearsal.spec import ClipSpec

# One prompt for each place the rehearsal knows, and some that bring weather into it.
PROMPTS = {
    "glass": "Rain runs down a window at night, blurred city lights outside",
    "hearth": "Flames curl around logs in a fireplace, snow falls outside the window of the cabin",
    "campfire": "A campfire crackles under the stars",
    "candle": "Candles burn on a wooden table",
    "tent": "Inside a tent at night, an oil lamp, rain on the canvas",
    "porch": "A covered porch at dusk, steady rain over a garden",
    "leaf": "Extreme close-up of broad leaves in slow rain",
    "table": "Steam rises from a cup of tea beside a lamp and books",
    "sea": "Ocean waves roll onto a sandy beach at sunset",
    "underwater": "Underwater, kelp sways in the light",
    "waterfall": "A waterfall between mossy cliffs",
    "stream": "A brook runs between stones in the forest",
    "lake": "A still lake at dawn, a line of pines",
    "meadow": "Wind crosses a meadow of tall grass in the golden hour, fireflies and crickets",
    "forest": "Birches in autumn, falling leaves, morning light",
    "snowland": "Snow falls on a pine wood at dusk around a small cabin",
    "heavens": "Northern lights over mountains",
    "street": "A city street in the rain at night",
    "hills": "Thunderstorm over misty hills with drifting clouds, birds",
    "calm": "",
}
MORE = {
    "storm sea": "A heavy grey sea in a thunderstorm, rain",
    "rocky sea": "The ocean by moonlight, waves around black rocks",
    "sea grass": "Wind over sea grass above the ocean on an overcast day",
    "harbour": "A rowing boat in a foggy harbour",
    "night train": "Seen from a train at night, hills glide by behind a rainy window",
    "window on snow": "Snow falls outside a cabin window at dusk, a candle on the sill",
    "window on sea": "Rain on a window, the sea beyond",
    "window on a meadow": "Rain on a window, a meadow beyond, an overcast afternoon",
    "window on hills": "Rain on a window, mountains beyond",
    "single candle": "A single beeswax candle",
    "rainy attic": "Rain on the window of an attic at night, a lamp",
    "bare window": "Rain on the window of the room, trees outside",
    "rainy evening": "Rain on the window of a dim room in the evening, a lamp, garden trees",
    "pond": "A pond in light rain, lily pads and a lotus bud",
    "bamboo": "A bamboo grove in the morning, wind",
    "dark kelp": "Underwater at night, a reef",
    "winter hills": "Blizzard over alpine mountains, strong wind",
}


def spec(prompt: str = PROMPTS["sea"], seed: int = 1, **other) -> ClipSpec:
    """A small clip."""
    numbers = {"width_px": 192, "height_px": 128, "frames": 4, "fps": Fraction(24), **other}
    return ClipSpec(prompt=prompt, seed=seed, **numbers)


def luma(frame: bytes, of: ClipSpec) -> np.ndarray:
    """The brightness plane of a raw frame as numbers."""
    size = of.width_px * of.height_px
    return np.frombuffer(frame[:size], np.uint8).reshape(of.height_px, of.width_px).astype(np.int16)


def all_planes(frame: bytes) -> np.ndarray:
    """All bytes of a raw frame as numbers."""
    return np.frombuffer(frame, np.uint8).astype(np.int16)


def without_mark(plane: np.ndarray) -> np.ndarray:
    """A plane without its lowest part, where the mark stands."""
    return plane[: int(plane.shape[0] * 0.8)]


@pytest.mark.parametrize(("place", "prompt"), PROMPTS.items())
def test_each_place_is_found_in_its_prompt(place: str, prompt: str) -> None:
    """The words of a prompt decide which place is drawn."""
    assert story.read_story(prompt).place == place


def test_every_place_can_be_drawn() -> None:
    """No place that a prompt can name is without scenery."""
    assert set(scenery.PLACES) == {*story.PLACES, story.CALM} == set(PROMPTS)


@pytest.mark.parametrize("prompt", [*PROMPTS.values(), *MORE.values()], ids=[*PROMPTS, *MORE])
def test_same_clip_same_bytes_and_another_seed_another_take(prompt: str) -> None:
    """A prompt and a seed always give the same bytes; another seed gives a visibly different picture."""
    first, again, other = (b"".join(picture.frames(spec(prompt, seed, frames=2))) for seed in (5, 5, 6))
    assert first == again
    assert np.abs(all_planes(first) - all_planes(other)).mean() > 0.8


@pytest.mark.parametrize("prompt", [*PROMPTS.values(), *MORE.values()], ids=[*PROMPTS, *MORE])
def test_the_picture_is_calm(prompt: str) -> None:
    """Each frame follows from the one before: something moves, little changes at once, and nothing jumps."""
    small = spec(prompt, 3, frames=20, width_px=160, height_px=96)
    planes = [luma(frame, small) for frame in picture.frames(small)]
    steps = np.array([np.abs(b - a).mean() for a, b in pairwise(planes)])
    assert steps.min() > 0
    assert steps.max() < 5.5
    assert steps.max() < 4 * np.median(steps) + 0.4
    means = np.array([plane.mean() for plane in planes])
    assert np.abs(np.diff(means)).max() < 2.5


def test_elements_look_different() -> None:
    """Places differ in brightness, colour and texture, so that no two look alike."""
    looks = {}
    for place, prompt in PROMPTS.items():
        one = spec(prompt, frames=1)
        frame = next(picture.frames(one))
        bright = luma(frame, one)
        blue, red = np.split(all_planes(frame)[bright.size :].astype(float), 2)
        fine = np.abs(np.diff(bright, axis=1)).mean() * 4
        looks[place] = np.array([bright.mean(), bright.std(), blue.mean() * 2, red.mean() * 2, fine])
    names = list(looks)
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            assert np.abs(looks[a] - looks[b]).max() > 4, (a, b)


def test_fire_is_warm_and_moonlight_is_cool() -> None:
    """A fire reddens the picture, a moonlit sea turns it blue."""

    def redness(prompt: str) -> float:
        frame = all_planes(next(picture.frames(spec(prompt, frames=1))))
        blue, red = np.split(frame[192 * 128 :], 2)
        return float(red.mean() - blue.mean())

    assert redness(PROMPTS["hearth"]) > 10
    assert redness(MORE["rocky sea"]) < -10


def test_night_is_darker_than_day() -> None:
    """The time of day in the prompt sets the brightness."""
    night, day = (
        luma(next(picture.frames(one)), one).mean()
        for one in (spec("A meadow at night", frames=1), spec("A meadow at noon, sunny", frames=1))
    )
    assert day > night + 40


@pytest.mark.parametrize("size", [(1536, 1024), (256, 128), (64, 64)])
def test_the_mark_is_burnt_into_the_corner(size: tuple[int, int]) -> None:
    """REHEARSAL stands in the lower right corner, with contrast, at every size, and nothing elsewhere."""
    width, height = size
    plane = np.full((height, width), 120, np.float32)
    picture.Mark(width, height).stamp(plane)
    changed = np.argwhere(np.abs(plane - 120) > 3)
    assert plane.max() > 150
    assert plane.min() < 110
    assert changed[:, 0].min() > height * 0.75
    assert changed[:, 1].min() > min(width * 0.7, width - 66)
    assert len(changed) < 0.03 * width * height or width < 200


def test_the_mark_is_in_every_frame() -> None:
    """The corner of a frame differs from the same scene drawn without the mark."""
    one = spec(PROMPTS["calm"], frames=2, width_px=256)
    stamped = [luma(frame, one) for frame in picture.frames(one)]
    plain = picture.Mark.stamp
    try:
        picture.Mark.stamp = lambda self, plane: None
        bare = [luma(frame, one) for frame in picture.frames(one)]
    finally:
        picture.Mark.stamp = plain
    for with_mark, without in zip(stamped, bare, strict=True):
        assert np.abs(with_mark - without)[-24:, -80:].max() > 25
        assert (with_mark[:96] == without[:96]).all()


@pytest.mark.parametrize("size", [(64, 64), (16, 16), (512, 64), (64, 512), (18, 34)])
@pytest.mark.parametrize(
    "prompt", ["", MORE["window on snow"], PROMPTS["sea"], PROMPTS["hearth"], "雨の夜 🌧 d’été"]
)
def test_tiny_and_odd_shapes_are_drawn(size: tuple[int, int], prompt: str) -> None:
    """Any even size of at least 16 pixels works, whatever the proportions and the script of the prompt."""
    one = spec(prompt, width_px=size[0], height_px=size[1], frames=9)
    made = list(picture.frames(one))
    assert [len(frame) for frame in made] == [size[0] * size[1] * 3 // 2] * 9


def test_a_large_clip_is_drawn_small_and_enlarged() -> None:
    """The canvas stays small however large the clip, and the frame has the clip's size all the same."""
    large = spec(width_px=2560, height_px=1472, frames=1)
    stage = picture.stage_for(large)
    assert stage.width * stage.height <= picture.MOST_CANVAS_PX
    assert len(next(picture.frames(large))) == 2560 * 1472 * 3 // 2


@pytest.mark.parametrize(
    ("width", "height", "frames", "fps"), [(15, 64, 9, 24), (64, 65, 9, 24), (64, 64, 0, 24), (64, 64, 9, 0)]
)
def test_a_clip_that_cannot_be_drawn_is_refused(width: int, height: int, frames: int, fps: int) -> None:
    """Odd or tiny sides, no frames and no rate are refused in words."""
    with pytest.raises(BadInput, match="cannot be drawn"):
        spec(width_px=width, height_px=height, frames=frames, fps=Fraction(fps))


def test_few_steps_make_a_softer_picture() -> None:
    """A graph that samples few steps gives less fine detail; from 8 steps on nothing changes."""

    def detail(steps: int) -> float:
        one = spec(PROMPTS["forest"], frames=1, steps=steps)
        return float(np.abs(np.diff(luma(next(picture.frames(one)), one), axis=1)).mean())

    assert detail(2) < 0.9 * detail(8)
    assert detail(8) == detail(20)


def test_a_plain_word_with_no_is_left_out() -> None:
    """What a prompt says there is none of is not drawn."""
    told = story.read_story("A meadow without rain or thunder, no city and never any snow")
    assert told.place == "meadow"
    assert not told.has("rain", "thunder", "city", "snow")


def test_camera_moves_and_static_stands_still() -> None:
    """A camera LoRA moves the view by its strength; static, none and strength 0 do not."""
    still = list(picture.frames(spec(PROMPTS["calm"])))
    for name, strength in (
        ("", 1.0),
        ("ltx-2-19b-lora-camera-control-static.safetensors", 1.0),
        ("dolly-in", 0.0),
    ):
        assert list(picture.frames(spec(PROMPTS["calm"], camera=name, camera_strength=strength))) == still
    moved = list(
        picture.frames(spec(PROMPTS["calm"], camera="ltx-2-19b-lora-camera-control-dolly-in.safetensors"))
    )
    assert moved[-1] != still[-1]


@pytest.mark.parametrize(
    ("name", "left", "top", "wide"),
    [
        ("camera-dolly-in", 1, 1, -1),
        ("camera_dolly_out", -1, -1, 1),
        ("Dolly-Left", -1, 0, 0),
        ("dolly-right", 1, 0, 0),
        ("jib-up", 0, -1, 0),
        ("jib-down", 0, 1, 0),
    ],
)
def test_each_camera_move_goes_its_way(name: str, left: int, top: int, wide: int) -> None:
    """The part that is seen narrows, widens or slides as the name says, and never leaves the canvas."""
    camera = Camera.named(name, 1.0, 192, 128)
    boxes = np.array([camera.box(t, 5.0) for t in np.linspace(0, 5, 21)])
    assert (boxes[:, :2] >= -1e-9).all()
    assert (boxes[:, 2] <= 192 + 1e-9).all()
    assert (boxes[:, 3] <= 128 + 1e-9).all()
    change = boxes[-1] - boxes[0]
    assert np.sign(np.round(change[0], 6)) == left
    assert np.sign(np.round(change[1], 6)) == top
    assert np.sign(np.round(change[2] - change[0], 6)) == wide
    assert np.abs(np.diff(boxes, axis=0)).max() < 2


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    """A picture with soft shapes, a bright warm spot and a cool part, not in the clip's proportions."""
    y, x = np.mgrid[0:300, 0:300] / 300
    warm = np.exp(-((x - 0.3) ** 2 + (y - 0.7) ** 2) * 40)
    colours = np.stack(
        [0.2 + 0.7 * warm, 0.25 + 0.4 * warm + 0.1 * np.sin(9 * x), 0.5 - 0.3 * warm + 0.2 * y], -1
    )
    path = tmp_path / "start.png"
    Image.fromarray((np.clip(colours, 0, 1) * 255).astype(np.uint8)).save(path)
    return path


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "Snow drifts down outside the cabin window",
        "The sea glints, waves",
        "Rain on the window",
        "Embers rise from the campfire",
        "Mist and falling leaves in the garden",
    ],
)
def test_a_clip_from_an_image_starts_as_the_image(photograph: Path, prompt: str) -> None:
    """At full strength the first frame is the picture, fitted to cover; then it comes alive, no jump."""
    one = spec(prompt, image=photograph, frames=40)
    planes = [luma(frame, one) for frame in picture.frames(one)]
    with Image.open(photograph) as image:
        fitted = np.asarray(image.resize((192, 192), Image.Resampling.LANCZOS).crop((0, 32, 192, 160)), float)
    wanted = 16 + 219 * (fitted @ [0.2126, 0.7152, 0.0722]) / 255
    error = without_mark(planes[0] - wanted)
    assert 10 * np.log10(255**2 / np.mean(error**2)) > 42
    assert np.abs(without_mark(planes[-1] - planes[0])).mean() > 0.25
    steps = [np.abs(b - a).mean() for a, b in pairwise(planes)]
    assert max(steps) < 3


def test_less_image_strength_leaves_the_image_sooner(photograph: Path) -> None:
    """At less strength the first frame has already moved on; at 0 the picture is not used at all."""

    def first(strength: float) -> np.ndarray:
        one = spec("Snow falls in the garden", image=photograph, image_strength=strength, frames=1)
        return without_mark(luma(next(picture.frames(one)), one))

    away = [np.abs(first(s) - first(1.0)).mean() for s in (0.7, 0.3)]
    assert 0.1 < away[0] < away[1]
    drawn = spec("Snow falls in the garden", frames=1)
    assert (first(0.0) == without_mark(luma(next(picture.frames(drawn)), drawn))).all()


@pytest.mark.parametrize("camera", ["", "dolly-in", "jib-up"])
@pytest.mark.parametrize("frames", [1, 2, 9, 60])
def test_a_clip_ends_with_its_end_image(photograph: Path, camera: str, frames: int) -> None:
    """The last frame is the end image; where both are the same picture the clip loops, camera and all."""
    other = photograph.with_name("end.png")
    with Image.open(photograph) as image:
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(other)
    plain = spec("Rain on the window", image=photograph, camera=camera, frames=frames)
    starts = {
        path: without_mark(luma(next(picture.frames(replace(plain, image=path))), plain))
        for path in (photograph, other)
    }
    for end in (photograph, other):
        one = replace(plain, end_image=end)
        planes = [without_mark(luma(frame, one)) for frame in picture.frames(one)]
        assert len(planes) == frames
        assert np.abs(planes[0] - starts[photograph]).max() <= 1
        if frames > 1:
            assert np.abs(planes[-1] - starts[end]).max() <= 1
        if frames == 60:
            assert np.abs(planes[30] - planes[0]).mean() > 0.25
            assert max(np.abs(b - a).mean() for a, b in pairwise(planes)) < 5


def test_a_bad_end_image_is_told_at_once(photograph: Path) -> None:
    """An end image that is not there is refused before the first frame."""
    one = spec("", image=photograph, end_image=photograph.with_name("gone.png"))
    with pytest.raises(BadInput, match=r"gone\.png"):
        picture.frames(one)


def test_an_image_clip_with_a_moving_camera_starts_whole(photograph: Path) -> None:
    """A camera move over a picture begins with all of it in view."""
    frames = {}
    for name in ("", "dolly-in", "dolly-left", "jib-up", "dolly-out"):
        one = spec("", image=photograph, camera=name, frames=30)
        made = [without_mark(luma(frame, one)) for frame in picture.frames(one)]
        frames[name] = made[0], made[-1]
    for name, (start, end) in frames.items():
        assert (start == frames[""][0]).all()
        assert ((end == frames[""][1]).all()) == (name in {"", "dolly-out"})


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n0000"])
def test_a_bad_start_image_is_told_at_once(tmp_path: Path, content: bytes) -> None:
    """A start image that is missing or damaged is named before anything is drawn."""
    path = tmp_path / "broken.png"
    with pytest.raises(BadInput, match=r"broken\.png"):
        picture.frames(spec(image=path))
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"broken\.png"):
        picture.frames(spec(image=path))


def test_a_start_image_is_turned_upright_and_may_have_any_mode(tmp_path: Path) -> None:
    """Pictures from phones (turned by a tag), with transparency or a palette are taken as they look."""
    half = np.zeros((60, 90, 3), np.uint8)
    half[:, :45] = 230
    turned = tmp_path / "phone.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(half).save(turned, exif=exif, quality=95)
    one = spec(image=turned, frames=1, width_px=64, height_px=96)
    plane = luma(next(picture.frames(one)), one)
    assert plane[:20].mean() > plane[60:75].mean() + 100
    for mode in ("RGBA", "P", "L", "I;16"):
        path = tmp_path / "other.png"
        Image.fromarray(half).convert("L" if mode == "I;16" else mode).convert(mode).save(path)
        assert next(picture.frames(spec(image=path, frames=1)))


def test_shipped_start_images_are_small_and_the_right_size(project_root: Path) -> None:
    """The two pictures the kit ships fill 1536x1024 and stay below 350 KB."""
    for name in ("cabin-window.jpg", "moonlit-sea.jpg"):
        path = project_root / "images" / name
        assert path.stat().st_size < 350_000
        with Image.open(path) as image:
            assert image.size == (1536, 1024)


def test_the_shipped_prompts_find_their_places(project_root: Path) -> None:
    """Every prompt of the library names a place that can be drawn; none falls back to the calm one."""
    texts = "\n".join(
        path.read_text(encoding="utf-8") for path in sorted((project_root / "prompts").glob("*.md"))
    )
    paragraphs = [part for part in texts.split("\n\n") if len(part) > 350 and not part.startswith("#")]
    places = [story.read_story(" ".join(text.split())).place for text in paragraphs]
    assert len(places) >= 24
    assert "calm" not in places
    assert len(set(places)) >= 12
