"""One row of scenes.csv, read and checked."""

from fractions import Fraction

import pytest

from ltxlib.core.columns import COLUMNS, NAMES
from ltxlib.core.scene import Scene, cells_for, check_scenes, read_scene


def good(**cells):
    return {"scene": "rain", "prompt": "Rain runs down a window.", **cells}


def problems_of(**cells):
    scene, problems = read_scene(good(**cells), 7)
    assert scene is None
    return problems


def test_empty_cells_mean_the_defaults():
    """A row of nothing but a name and a prompt is a whole scene."""
    scene, problems = read_scene(good(), 2)
    assert problems == []
    assert scene == Scene("rain", "Rain runs down a window.", row=2)
    assert (scene.frames, scene.fps, scene.width, scene.height, scene.takes) == (65, 24, 1536, 1024, 1)


def test_every_cell_is_read():
    """Each column reaches the scene; spaces, backslashes and decimal commas are understood."""
    scene, problems = read_scene(
        good(
            enabled=" No ",
            mode="I2V",
            negative_prompt="music",
            image=" sub\\sea.png ",
            seconds="4,8",
            fps="25",
            width="768.0",
            height="512",
            seed="7",
            takes="3",
            model="ltx-2-19b-distilled-fp8",
            camera_lora="dolly-in",
            camera_strength="0,8",
            audio="off",
            image_strength="0.9",
            notes="try again",
        ),
        3,
    )
    assert problems == []
    assert scene == Scene(
        "rain", "Rain runs down a window.", False, "i2v", "music", "sub/sea.png", 121, Fraction(25), 768, 512,
        7, 3, "ltx-2-19b-distilled-fp8", "dolly-in", 0.8, False, 0.9, "try again", 3,
    )  # fmt: skip
    assert scene.duration_s == Fraction(121, 25)


def test_a_seed_is_exact_however_long():
    """The largest seed is read without passing through a rounded number."""
    scene, _ = read_scene(good(seed="9007199254740991"), 2)
    assert scene.seed == 9007199254740991


@pytest.mark.parametrize(
    ("cells", "column", "said"),
    [
        ({"frames": "64"}, "frames", "57 frames (2.38 s) and 65 frames (2.71 s)"),
        ({"frames": "500"}, "frames", "from 9 to 481"),
        ({"frames": "481", "fps": "12"}, "frames", "is 241 frames (20.08 s)"),
        ({"frames": "65.5"}, "frames", "Write 65 or 66"),
        ({"frames": "many"}, "frames", "“many” is not a number"),
        ({"seconds": "4.2"}, "seconds", "4.04 s (97 frames) and 4.38 s (105 frames)"),
        ({"seconds": "5", "frames": "121"}, "seconds", "Both seconds and frames"),
        ({"seconds": "0"}, "seconds", "outside what is possible"),
        ({"seconds": "nan"}, "seconds", "outside what is possible"),
        ({"fps": "fast"}, "fps", "not a frame rate"),
        ({"fps": "240"}, "fps", "from 1 to 60"),
        ({"width": "1000"}, "width", "960 and 1024"),
        ({"height": "64"}, "height", "from 128 to 3840 pixels"),
        ({"enabled": "perhaps"}, "enabled", "Write yes or no"),
        ({"audio": "2"}, "audio", "Write yes or no"),
        ({"mode": "t2w"}, "mode", "Did you mean t2v?"),
        ({"mode": "i2v"}, "image", "Mode i2v needs an image"),
        ({"mode": "loop"}, "image", "Mode loop needs an image"),
        ({"mode": "flf", "image": "a.png"}, "end_image", "Mode flf needs an end_image"),
        ({"mode": "flf", "end_image": "a.png"}, "image", "Mode flf needs an image"),
        ({"mode": "flf", "image": "a.png", "end_image": "../b.png"}, "end_image", "not inside the images"),
        ({"mode": "loop", "image": "a.png", "stages": "1"}, "stages", "made in two stages"),
        ({"mode": "flf", "image": "a.png", "end_image": "b.png", "stages": "1"}, "stages", "Write 2"),
        ({"stages": "3"}, "stages", "from 1 to 2"),
        ({"stages": "1.5"}, "stages", "not a whole number"),
        ({"mode": "i2v", "image": "../secret.png"}, "image", "not inside the images folder"),
        ({"mode": "i2v", "image": "/etc/passwd"}, "image", "not inside the images folder"),
        ({"mode": "i2v", "image": "C:\\rain.png"}, "image", "not inside the images folder"),
        ({"seed": "-1"}, "seed", "from 0 to 9007199254740991"),
        ({"seed": "1e30"}, "seed", "outside what is possible"),
        ({"takes": "0"}, "takes", "from 1 to 99 takes"),
        ({"model": "ltx-2-19b-destilled"}, "model", "Did you mean ltx-2-19b-distilled?"),
        ({"model": "ltx-9-dev"}, "model", "Write one of: ltx-2-19b-distilled, ltx-2-19b-d"),
        ({"camera_lora": "spin"}, "camera_lora", "static"),
        ({"camera_strength": "3"}, "camera_strength", "from 0 to 2"),
        ({"image_strength": "-0.1"}, "image_strength", "from 0 to 1"),
        ({"scene": ""}, "scene", "has no name"),
        ({"scene": "../up"}, "scene", "cannot name a folder"),
        ({"scene": "NUL"}, "scene", "cannot name a folder"),
        ({"scene": "x" * 65}, "scene", "cannot name a folder"),
        ({"prompt": "  "}, "prompt", "The prompt is empty"),
    ],
)
def test_a_mistake_names_row_column_and_cure(cells, column, said):
    """Each mistake is one problem that says where it is and what would be right."""
    (problem,) = problems_of(**cells)
    assert problem.where == f"scenes.csv row 7, column {column}"
    assert said in str(problem)
    assert problem.cure


def test_all_mistakes_of_a_row_come_together():
    """A row with five mistakes gives five problems, not the first one."""
    found = problems_of(frames="64", width="1000", takes="0", mode="x", audio="maybe")
    assert {problem.where.split()[-1] for problem in found} == {"frames", "width", "takes", "mode", "audio"}


def test_an_image_in_a_text_scene_is_a_warning():
    """What is merely odd does not stop the scene."""
    scene, problems = read_scene(good(image="sea.png"), 2)
    assert scene is not None
    assert [problem.warning for problem in problems] == [True]


def test_a_scene_written_and_read_again_is_the_same():
    """Cells made from a scene give that scene back, whatever is set."""
    scene = Scene(
        "a-b_1", "x, “y”\nz", False, "i2v", "no", "p/q.png", 121, Fraction(24000, 1001), 768, 512, 0, 4,
        "ltx-2-19b-distilled-fp8", "none", 0.5, False, 0.25, "hm", 9,
    )  # fmt: skip
    again, problems = read_scene(cells_for(scene), 9)
    assert problems == []
    assert again == scene


def test_defaults_are_written_as_empty_cells():
    """A plain scene fills only the cells that say something."""
    cells = cells_for(Scene("rain", "Rain."))
    assert {name for name, text in cells.items() if text} == {"scene", "prompt", "mode", "enabled"}


def test_names_used_twice_are_told():
    """Two scenes of one name, also in other letters' case, are one problem."""
    scenes = [Scene("rain", "x", row=2), Scene("Rain", "y", row=5), Scene("sea", "z", row=6)]
    (problem,) = check_scenes(scenes)
    assert problem.where == "scenes.csv row 5, column scene"
    assert "row 2" in problem.what


def test_every_column_is_explained():
    """Each column has a meaning, and no two share a name."""
    assert len(set(NAMES)) == len(COLUMNS)
    assert all(column.meaning.endswith((".", ")")) for column in COLUMNS)


def test_ways_of_making_a_clip_are_read():
    """Loop, first-and-last and one stage reach the scene, which knows the pictures it uses."""
    loop, problems = read_scene(good(mode="loop", image="sea.png"), 2)
    assert problems == []
    assert loop.pictures == {"image": "sea.png"}
    flf, problems = read_scene(good(mode="FLF", image="sea.png", end_image="sub\\night.png"), 2)
    assert problems == []
    assert flf.pictures == {"image": "sea.png", "end_image": "sub/night.png"}
    once, problems = read_scene(good(stages="1"), 2)
    assert problems == []
    assert (once.stages, once.pictures, once.from_image) == (1, {}, False)
    for scene in (loop, flf, once):
        assert read_scene(cells_for(scene), 2) == (scene, [])


def test_a_last_picture_without_use_is_a_warning():
    """An end image that the mode passes over is told, and the scene stands."""
    scene, (problem,) = read_scene(good(mode="loop", image="sea.png", end_image="night.png"), 2)
    assert scene is not None
    assert problem.warning
    assert "does not use the end_image night.png" in problem.what
    assert "flf" in problem.cure


def test_a_row_that_is_left_out_stops_nothing():
    """What is wrong with it is still told, as worth a look; only a wrong `enabled` itself is an error."""
    wrong = {"scene": "rain", "prompt": "Rain.", "width": "1000", "mode": "i2v"}
    scene, problems = read_scene({**wrong, "enabled": "no"}, 2)
    assert scene is None
    assert len(problems) == 2
    assert all(problem.warning for problem in problems)
    assert not any(problem.warning for problem in read_scene(wrong, 2)[1])
    assert not any(problem.warning for problem in read_scene({**wrong, "enabled": "perhaps"}, 2)[1])
