"""What is made over a whole take: more detail, a film on its outlines, one take melting into another."""

import av
import numpy as np
import pytest
from PIL import Image

from ltxlib.errors import BadInput
from ltxlib.rehearsal.server import RehearsalServer
from ltxlib.rehearsal.settings import RehearsalSettings
from ltxlib.store.takes import load_takes
from ltxlib.studio import events
from ltxlib.studio.batch import run_batch
from ltxlib.studio.check import check_project
from ltxlib.studio.connect import connect
from ltxlib.studio.job import job_for
from tests.support.studio import a_project

HEADER = "scene,mode,prompt,image,frames,width,height,audio,special,source,end_source,control"
WORDS = "Mist drifts over the water with a soft hush."
ROWS = (
    f"dark,i2v,{WORDS},dark.png,33,192,128,yes,,,",
    f"light,i2v,{WORDS},light.png,25,192,128,yes,,,",
    f"finer,detail,{WORDS},,,,,yes,,dark,",
    f"finer-long,detail,{WORDS},,,,,yes,long,dark,",
    f"finer-silent,detail,{WORDS},,,,,no,,dark,",
    f"outlines,control,{WORDS},,17,256,128,yes,,dark,",
    f"depth,control,{WORDS},,17,256,128,yes,,dark,,depth",
    f"pose,control,{WORDS},,17,256,128,no,,dark,,pose",
    f"melting,transition,{WORDS},,25,,,yes,,dark,light",
)
MADE_BY = {
    "finer": "asmr-detail.json",
    "finer-long": "ltxvideo-detail.json",
    "finer-silent": "asmr-detail.json",
    "outlines": "asmr-control.json",
    "depth": "asmr-control-depth.json",
    "pose": "asmr-control-pose.json",
    "melting": "ltxvideo-transition.json",
}


def project_of(root, rows):
    """A project of these rows with a dark and a light picture."""
    project = a_project(root / "project")
    project.scenes_csv.write_text("\n".join((HEADER, *rows)) + "\n")
    for name, tone in (("dark", 40), ("light", 210)):
        Image.new("RGB", (240, 160), (tone,) * 3).save(project.images / f"{name}.png")
    return project


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """All of them in one batch, on a server with the pack."""
    root = tmp_path_factory.mktemp("clips")
    project = project_of(root, ROWS)
    settings = RehearsalSettings(packs=frozenset({"ltxvideo"}))
    with (
        pytest.MonkeyPatch.context() as patch,
        RehearsalServer(root / "out", root / "in", settings=settings) as server,
    ):
        patch.setenv("LTX_COMFY_URL", server.url)
        happened = list(run_batch(job_for(project, connect(project), check_project(project))))
    assert happened[-1] == events.BatchEnded(made=9, there=0, failed=0, cancelled=False)
    takes, _ = load_takes(project.set(rehearsal=True))
    return project.set(rehearsal=True), {take.scene: take for take in takes}


def frames_of(film, scene):
    """Every frame of a scene's clip as grey levels."""
    shelf, takes = film
    with av.open(str(shelf.takes / scene / takes[scene].clip.file)) as container:
        return [frame.to_ndarray(format="gray").astype(float) for frame in container.decode(video=0)]


@pytest.mark.parametrize(
    ("scene", "frames", "size", "sound"),
    [
        ("finer", 33, (128, 192), True),
        ("finer-long", 33, (128, 192), True),
        ("finer-silent", 33, (128, 192), False),
        ("outlines", 17, (128, 256), True),
        ("depth", 17, (128, 256), True),
        ("pose", 17, (128, 256), False),
        ("melting", 25, (128, 192), True),
    ],
)
def test_the_clip_is_what_was_asked_for(film, scene, frames, size, sound):
    """Length, size and sound are those of the row or of its take, made by the mode's own file."""
    clip, take = frames_of(film, scene), film[1][scene]
    assert (len(clip), clip[0].shape, take.clip.has_sound) == (frames, size, sound)
    assert take.workflow == MADE_BY[scene]
    assert take.source == film[1]["dark"].key


def test_a_finer_take_keeps_its_motion(film):
    """Frame by frame it shows what its source shows."""
    before, after = frames_of(film, "dark"), frames_of(film, "finer")
    assert max(np.abs(one - other).mean() for one, other in zip(before, after, strict=True)) < 12


@pytest.mark.parametrize(
    ("scene", "kind"),
    [("outlines", "Canny"), ("depth", "LotusConditioning"), ("pose", "SDPoseKeypointExtractor")],
)
def test_a_film_on_what_a_take_shows_is_not_the_take_itself(film, scene, kind):
    """Only edges, depth or a pose lead it: the graph finds them, and the picture is another one."""
    kinds = [node["class_type"] for node in film[1][scene].graph.values()]
    assert kind in kinds
    assert np.abs(frames_of(film, scene)[0][:, :192] - frames_of(film, "dark")[0]).mean() > 5


def test_a_melting_begins_as_the_one_and_ends_as_the_other(film):
    """It goes from dark to light without a jump; the graph is told how many steps that takes."""
    clip = frames_of(film, "melting")
    assert clip[0].mean() < 90 < 150 < clip[-1].mean()
    (melt,) = [
        node["inputs"]
        for node in film[1]["melting"].graph.values()
        if node["class_type"] == "LTXVLinearOverlapLatentTransition"
    ]
    assert (melt["overlap"], melt["axis"]) == (4, 2)
    assert film[1]["melting"].end_source == film[1]["light"].key


def test_without_the_pack_a_melting_is_refused_and_detail_is_made_in_one_piece(tmp_path, server):
    """What only the pack does is refused by row; what core nodes do as well is made so, and said."""
    project = project_of(tmp_path, ROWS)
    with pytest.raises(BadInput) as refused:
        job_for(project, connect(project), check_project(project))
    (problem,) = refused.value.problems
    assert problem.where == "scenes.csv row 10, column mode"
    assert "lacks LTXVLinearOverlapLatentTransition" in problem.what
    assert "of ComfyUI-LTXVideo" in problem.what
    assert "Install Custom Nodes" in problem.cure
    project = project_of(tmp_path, (ROWS[0], ROWS[3]))
    happened = list(run_batch(job_for(project, connect(project), check_project(project))))
    assert happened[-1].made == 2
    takes, _ = load_takes(project.set(rehearsal=True))
    made = {take.scene: (take.workflow, take.instead_of) for take in takes}
    assert made["finer-long"] == ("asmr-detail.json", "ltxvideo-detail.json")


@pytest.mark.parametrize(
    ("rows", "column", "said"),
    [
        (
            (ROWS[0], ROWS[1], f"m,transition,{WORDS},,33,,,yes,,dark,light"),
            "end_source",
            "light has 25 frames",
        ),
        ((ROWS[0], f"c,control,{WORDS},,41,192,128,yes,,dark,"), "source", "dark has 33 frames"),
        ((ROWS[0].replace("yes", "no"), f"d,detail,{WORDS},,,,,yes,,dark,"), "audio", "it has none"),
        ((ROWS[0], f"d,detail,{WORDS},,17,,,yes,,dark,"), "frames", "keeps the frames of its source"),
        ((ROWS[0], f"m,transition,{WORDS},,9,,,yes,,dark,"), "end_source", "none is named"),
    ],
)
def test_takes_that_do_not_fit_are_told(tmp_path, rows, column, said):
    """Too short a take, a silent one whose sound is to stay, another length, no second take."""
    checked = check_project(project_of(tmp_path, rows))
    assert [problem.where.rsplit(" ", 1)[1] for problem in checked.errors] == [column]
    assert said in checked.errors[0].what
