"""Small projects for tests: a few tiny scenes, the shipped workflows, one still image."""

from pathlib import Path

from PIL import Image

from ltxlib.core import recipes
from ltxlib.store.project import Project

HEADER = "scene,mode,prompt,image,frames,width,height,takes,audio,enabled"
TWO_SCENES = (
    "rain,t2v,@rain/window,,9,256,128,1,yes,yes",
    "still,i2v,Mist drifts over the water with a soft hush.,still.png,9,256,128,1,no,yes",
)
LIBRARY = """# Rain

## window

Rain runs down a window at night while soft rain taps against the glass, static camera.

Sound: rain on glass
Loop: crossfade
"""


def a_project(root: Path, rows: tuple[str, ...] = TWO_SCENES) -> Project:
    """A whole project of tiny scenes in a folder of its own."""
    project = Project(root)
    for folder in (project.notebooks, project.workflows, project.prompts, project.images):
        folder.mkdir(parents=True, exist_ok=True)
    project.scenes_csv.write_text("\n".join((HEADER, *rows)) + "\n")
    (project.prompts / "rain.md").write_text(LIBRARY)
    for name, text in recipes.shipped().items():
        (project.workflows / name).write_text(text)
    Image.new("RGB", (320, 180), (30, 60, 90)).save(project.images / "still.png")
    return project
