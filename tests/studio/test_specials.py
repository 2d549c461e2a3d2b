"""What ComfyUI-LTXVideo is used for: rendered where the server has it, made plainly or refused where not."""

import json

import av
import pytest

from ltxlib.core import specials
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

HEADER = "scene,mode,prompt,image,frames,width,height,audio,special"
WORDS = "Mist drifts over the water with a soft hush."
ROWS = tuple(
    f"{special}-{mode}{'-silent' * (audio == 'no')},{mode},{WORDS},{image},17,192,128,{audio},{special}"
    for special in specials.SPECIALS
    for mode, image in (("t2v", ""), ("i2v", "still.png"))
    for audio in ("yes", "no")
)
PLAIN = {"t2v": "asmr-txt2vid.json", "i2v": "asmr-img2vid.json"}
SAMPLERS = {
    "tiled": "LTXVTiledSampler",
    "stg": "STGGuider",
    "long": "LTXVLoopingSampler",
    "lowmem": "LowVRAMCheckpointLoader",
}


def made(root, rows, *, packs=()):
    """The events of a batch over these rows, its notes, its takes by scene, and the shelf."""
    project = a_project(root / "project")
    project.scenes_csv.write_text("\n".join((HEADER, *rows)) + "\n")
    settings = RehearsalSettings(packs=frozenset(packs))
    with (
        pytest.MonkeyPatch.context() as patch,
        RehearsalServer(root / "out", root / "in", settings=settings) as server,
    ):
        patch.setenv("LTX_COMFY_URL", server.url)
        job = job_for(project, connect(project), check_project(project))
        happened = list(run_batch(job))
        again = list(run_batch(job_for(project, connect(project), check_project(project))))
    assert again[-1] == events.BatchEnded(made=0, there=len(rows), failed=0, cancelled=False)
    takes, problems = load_takes(project.set(rehearsal=True))
    assert problems == []
    return happened, job.notes, {take.scene: take for take in takes}, project.set(rehearsal=True)


@pytest.fixture(scope="module")
def with_pack(tmp_path_factory):
    """Every special, from words and from a picture, with sound and silent, on a server that has the pack."""
    happened, notes, takes, shelf = made(tmp_path_factory.mktemp("with"), ROWS, packs=["ltxvideo"])
    assert happened[-1] == events.BatchEnded(made=16, there=0, failed=0, cancelled=False)
    assert notes == ()
    return takes, shelf


@pytest.fixture(scope="module")
def without_pack(tmp_path_factory):
    """The same rows with sound, on a server that lacks the pack."""
    rows = [row for row in ROWS if "-silent" not in row]
    happened, notes, takes, shelf = made(tmp_path_factory.mktemp("without"), rows)
    assert happened[-1] == events.BatchEnded(made=8, there=0, failed=0, cancelled=False)
    assert [event.problem for event in happened if isinstance(event, events.Noted)] == list(notes)
    return takes, shelf, notes


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split(",", 1)[0])
def test_a_special_gives_the_clip_that_was_asked_for(with_pack, row):
    """Size, length and sound are those of the row, made by the pack's own node and file."""
    takes, shelf = with_pack
    scene, mode, *_, audio, special = row.split(",")
    take = takes[scene]
    with av.open(str(shelf.takes / scene / take.clip.file)) as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
        sounds = len(container.streams.audio)
    assert (len(frames), frames[0].shape) == (17, (128, 192))
    assert (sounds, take.clip.has_sound) == ((1, True) if audio == "yes" else (0, False))
    assert take.workflow == specials.SPECIALS[special].workflows[mode]
    assert take.instead_of == ""
    kinds = {node["class_type"] for node in take.graph.values()}
    assert SAMPLERS[special] in kinds
    sound = {"LTXVEmptyLatentAudio", "LTXVConcatAVLatent", "LTXVAudioVAEDecode"}
    assert kinds & sound == (sound if audio == "yes" else set())


def test_without_the_pack_the_plain_recipe_is_made_and_it_is_said(without_pack):
    """Each scene is told once, with the nodes that lack and both files; its record says what was wanted."""
    takes, _, notes = without_pack
    assert len(notes) == 8
    for note in notes:
        assert note.warning
        assert "ComfyUI-LTXVideo" in note.what
        assert "Manager" in note.cure
    assert notes[0].where == "scenes.csv row 2, column special"
    assert "LTXVTiledSampler" in notes[0].what
    assert "asmr-txt2vid.json instead of ltxvideo-tiled.json" in notes[0].what
    for scene, take in takes.items():
        special, mode = scene.split("-")
        assert take.workflow == PLAIN[mode]
        assert take.instead_of == specials.SPECIALS[special].workflows[mode]
        assert any(take.instead_of in warning for warning in take.warnings)
        assert SAMPLERS[special] not in {node["class_type"] for node in take.graph.values()}


def test_a_take_made_plainly_has_the_plain_takes_name(without_pack, with_pack, tmp_path):
    """It is the take that the row without special asks for, so emptying the cell renders nothing anew."""
    takes, _, _ = without_pack
    project = a_project(tmp_path / "p")
    plain = [row.rsplit(",", 1)[0] + "," for row in ROWS if "-silent" not in row]
    project.scenes_csv.write_text("\n".join((HEADER, *plain)) + "\n")
    plans = {plan.scene.scene: plan.take_id for plan in check_project(project).plans}
    assert plans == {scene: take.take_id for scene, take in takes.items()}
    assert all(with_pack[0][scene].take_id != take_id for scene, take_id in plans.items())


def test_the_record_on_disk_tells_it(without_pack):
    """The JSON beside the clip holds what was asked for and what was made."""
    takes, shelf, _ = without_pack
    take = takes["stg-t2v"]
    record = json.loads((shelf.takes / take.scene / f"{take.take_id}.json").read_bytes())
    assert record["instead_of"] == "ltxvideo-stg.json"
    assert record["workflow"] == "asmr-txt2vid.json"


def test_what_core_nodes_cannot_make_is_refused_before_anything_is_rendered(tmp_path, server):
    """Half a minute in stretches cannot be made plainly: the pack is named, and how to get it."""
    project = a_project(tmp_path / "p")
    rows = (f"half,t2v,{WORDS},,721,192,128,no,long", f"short,t2v,{WORDS},,9,192,128,no,tiled")
    project.scenes_csv.write_text("\n".join((HEADER, *rows)) + "\n")
    checked = check_project(project)
    assert checked.errors == []
    with pytest.raises(BadInput) as refused:
        job_for(project, connect(project), checked)
    (problem,) = refused.value.problems
    assert problem.where == "scenes.csv row 2, column special"
    assert "LTXVLoopingSampler" in problem.what
    assert "Install Custom Nodes" in problem.cure


def test_a_minute_is_filmed_in_stretches(tmp_path):
    """A take longer than the model's 20 seconds is rendered where the pack is there."""
    row = f"half,t2v,{WORDS},,721,128,128,no,long"
    _, _, takes, _ = made(tmp_path, [row], packs=["ltxvideo"])
    assert takes["half"].clip.frames == 721


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        (f"a,t2v,{WORDS},,721,192,128,yes,long", "audio", "Sound is made for 20 seconds at most"),
        (f"a,t2v,{WORDS},,721,192,128,no,", "frames", "from 9 to 481"),
        (f"a,t2v,{WORDS},,1449,192,128,no,long", "frames", "from 9 to 1441"),
        (f"a,loop,{WORDS},still.png,49,192,128,no,tiled", "special", "tiled is made for t2v and i2v"),
        (f"a,t2v,{WORDS},,9,192,128,no,tild", "special", "Did you mean tiled?"),
    ],
)
def test_a_special_that_cannot_be_is_told(tmp_path, row, column, said):
    """Sound beyond 20 seconds, lengths beyond a minute, other modes and slips of the pen are errors."""
    project = a_project(tmp_path / "p")
    project.scenes_csv.write_text(f"{HEADER}\n{row}\n")
    (problem,) = check_project(project).errors
    assert problem.where == f"scenes.csv row 2, column {column}"
    assert said in f"{problem.what} {problem.cure}"


def test_the_checker_says_that_the_pack_is_needed(tmp_path):
    """Without a server it is a word to the wise, not an error."""
    project = a_project(tmp_path / "p")
    project.scenes_csv.write_text(f"{HEADER}\n{ROWS[0]}\n")
    checked = check_project(project)
    assert len(checked.plans) == 1
    (said,) = [problem for problem in checked.problems if problem.where.endswith("column special")]
    assert said.warning
    assert "needs the node pack ComfyUI-LTXVideo" in said.what


@pytest.mark.parametrize(
    ("special", "warned"), [("", True), ("stg", True), ("tiled", False), ("long", False)]
)
def test_what_is_made_piece_by_piece_is_not_warned_of_its_size(tmp_path, special, warned):
    """Far beyond what was reported whole is what pieces are for."""
    project = a_project(tmp_path / "p")
    project.scenes_csv.write_text(f"{HEADER}\na,t2v,{WORDS},,241,3840,2176,yes,{special}\n")
    said = [problem.what for problem in check_project(project).problems]
    assert any("the largest clip of which" in what for what in said) == warned
