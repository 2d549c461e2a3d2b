"""Everything wrong is known before anything is rendered."""

import pytest

from ltxlib.errors import BadInput, UnsafeName
from ltxlib.studio.check import check_project, read_workflow

# Twenty mistakes, each in a cell of its own; rows 2 to 18 of the file.
MISTAKES = """scene,enabled,mode,prompt,image,seconds,frames,fps,width,height,seed,takes,model,camera_lora
,yes,t2v,Rain taps on glass.,,,,,,,,,,
two words,yes,t2v,Rain taps on glass.,,,,,,,,,,
a,yes,t2v,,,,,,,,,,,
b,yes,t2v,@rain/windw,,,,,,,,,,
c,yes,video,Rain taps on glass.,,,,,,,,,,
d,yes,i2v,Rain taps on glass.,,,,,,,,,,
e,yes,i2v,Rain taps on glass.,gone.png,,,,,,,,,
f,yes,i2v,Rain taps on glass.,../still.png,,,,,,,,,
g,yes,i2v,Rain taps on glass.,notes.txt,,,,,,,,,
h,yes,t2v,Rain taps on glass.,,,64,,,,,,,
i,yes,t2v,Rain taps on glass.,,4.2,,,,,,,,
j,yes,t2v,Rain taps on glass.,,5,121,,,,,,,
k,yes,t2v,Rain taps on glass.,,,,fast,1000,,,,,
l,yes,t2v,Rain taps on glass.,,,,,,500,-3,,,
m,yes,t2v,Rain taps on glass.,,,,,,,,0,sora,
n,yes,t2v,Rain taps on glass.,,,,,,,,,,spin
N,yes,t2v,Rain taps on glass.,,,,,,,,,,
n,yes,t2v,Rain taps on glass.,,,,,,,,,,
"""


def test_twenty_mistakes_are_one_report(project):
    """Twenty mistakes in one file give twenty problems, each with its row, and nothing is planned."""
    project.scenes_csv.write_text(MISTAKES)
    (project.images / "notes.txt").write_text("not a picture")
    checked = check_project(project)
    assert len(checked.errors) == 20, "\n".join(map(str, checked.errors))
    assert all("scenes.csv row" in problem.where and problem.cure for problem in checked.errors)
    rows = [int(problem.where.split()[2].rstrip(",")) for problem in checked.errors]
    assert rows == sorted(rows)
    assert checked.plans == ()
    with pytest.raises(BadInput, match="20 problems") as caught:
        checked.or_raise()
    assert len(str(caught.value).splitlines()) == 21
    assert not project.production.exists()


def test_a_good_project_is_planned(project):
    """Without mistakes the takes are planned, with prompts looked up and images hashed."""
    checked = check_project(project).or_raise()
    assert [plan.scene.scene for plan in checked.plans] == ["rain", "still"]
    assert checked.plans[0].prompt.startswith("Rain runs down a window")
    assert [len(sha256) for sha256 in checked.plans[1].pictures.values()] == [64]
    used = {"asmr-txt2vid.json", "asmr-img2vid.json"}
    fallbacks = {"asmr-txt2vid-1stage.json", "asmr-img2vid-1stage.json"}
    assert set(checked.workflows) == used | fallbacks


def test_a_changed_picture_is_a_new_take(project):
    """The bytes of the image decide, not its name."""
    before = check_project(project).plans[1].take_id
    data = (project.images / "still.png").read_bytes()
    (project.images / "still.png").write_bytes(data + b"\0")
    assert check_project(project).plans[1].take_id != before


@pytest.mark.parametrize("damage", ["gone", "damaged"])
def test_a_missing_or_damaged_workflow_is_a_problem(project, damage):
    """A workflow that cannot be used is told like any other mistake."""
    path = project.workflows / "asmr-img2vid.json"
    if damage == "gone":
        path.unlink()
    else:
        path.write_text(path.read_text()[:1000])
    (problem,) = check_project(project).errors
    assert problem.where == "workflows/asmr-img2vid.json"


def test_an_unreadable_prompt_file_is_a_problem(project):
    """A prompt file that is no text is named."""
    (project.prompts / "night.md").write_bytes(b"\xff\xfe\xff\xff")
    assert any(problem.where == "prompts/night.md" for problem in check_project(project).errors)


def test_a_workflow_name_cannot_leave_the_folder(project):
    """Names are looked up in workflows/ only."""
    with pytest.raises(UnsafeName):
        read_workflow(project, "../scenes.csv")


def test_a_scene_that_is_left_out_stops_nothing(project):
    """Its missing picture and unknown prompt are told, and the other scenes are planned."""
    with project.scenes_csv.open("a") as file:
        file.write("later,i2v,@rain/nowhere,gone.png,9,256,128,1,yes,no\n")
    checked = check_project(project)
    told = [problem for problem in checked.problems if "row 4" in problem.where]
    assert {problem.where.split()[-1] for problem in told} == {"prompt", "image"}
    assert checked.errors == []
    assert [plan.scene.scene for plan in checked.plans] == ["rain", "still"]


def test_gated_files_are_told_once_and_stop_nothing(project):
    """Scenes of LTX-2.5 bring one warning for their model, with what to do; other models bring none."""
    head = "scene,mode,prompt,frames,width,height,model\n"
    rows = "".join(f"{name},t2v,@rain/window,9,256,128,{{}}\n" for name in ("a", "b"))
    project.scenes_csv.write_text(head + rows.format(*["ltx-2.5-22b-distilled-int8"] * 2))
    checked = check_project(project)
    (problem,) = [one for one in checked.problems if "gated" in one.what]
    assert problem.warning
    assert checked.errors == []
    assert len(checked.plans) == 2
    assert problem.where == "scenes.csv, model ltx-2.5-22b-distilled-int8"
    assert "agree at https://huggingface.co/Lightricks/LTX-2.5" in problem.cure
    project.scenes_csv.write_text(head + rows.format(*["ltx-2.3-22b-dev"] * 2))
    assert not [one for one in check_project(project).problems if "gated" in one.what]
