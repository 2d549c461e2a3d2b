"""The notebooks run by themselves."""

import os

import nbformat
import pytest

from ltxlib.errors import NightStopped
from ltxlib.store.project import Project
from ltxlib.studio import night


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def notebook(project, name, *cells):
    project.notebooks.mkdir(exist_ok=True)
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    made.metadata["kernelspec"] = {"name": "ltx-kit", "display_name": "LTX kit", "language": "python"}
    nbformat.write(made, project.notebooks / f"{name}.ipynb")


def run(project):
    steps = []
    listeners = night.Listeners(steps.append, lambda: None)
    done = night.run_notebooks(project, project.set(rehearsal=True), {"LTX_NIGHT_TEST": "yes"}, listeners)
    return steps, done


def test_the_four_notebooks_run_in_order_with_our_environment(project, monkeypatch):
    """Each runs in its turn, sees what it is given and nothing of a JupyterLab around us."""
    monkeypatch.setenv("JPY_SESSION_NAME", "outer")
    before = dict(os.environ)
    for name in night.NOTEBOOKS:
        notebook(
            project, name, "import os\nprint(os.environ['LTX_NIGHT_TEST'], 'JPY_SESSION_NAME' in os.environ)"
        )
    steps, done = run(project)
    assert steps == list(night.NOTEBOOKS) == [step.name for step in done]
    executed = nbformat.read(done[0].executed, 4)
    assert executed.cells[0].outputs[0].text == "yes False\n"
    assert dict(os.environ) == before


def test_a_failing_notebook_ends_the_night_with_its_words(project):
    """The sentence that the notebook ended with is the sentence that is told, and later ones do not run."""
    notebook(project, "01_setup", "raise ValueError('The disk is full.')")
    notebook(project, "02_generate", "1")
    with pytest.raises(NightStopped, match=r"01_setup stopped: The disk is full\."):
        run(project)
    folder = project.set(rehearsal=True).folder / "notebooks"
    assert [path.name for path in folder.iterdir()] == ["01_setup.ipynb"]


def test_a_missing_notebook_is_a_sentence(project):
    """A notebook that is gone is told by its name."""
    project.notebooks.mkdir()
    with pytest.raises(NightStopped, match="01_setup could not be run"):
        run(project)


def test_another_table_is_told_to_the_notebooks_that_read_one(project):
    """A table that was named replaces the notebook's own; the first notebook reads none and is not told."""
    shelf = project.set(rehearsal=True)
    for name in night.NOTEBOOKS[:2]:
        notebook(project, name, "scenes_csv = ''", "print(scenes_csv or 'its own')")
        path = project.notebooks / f"{name}.ipynb"
        made = nbformat.read(path, 4)
        made.cells[0].metadata["tags"] = ["parameters"]
        nbformat.write(made, path)
    steps = [night.run_notebook(project, shelf, name, "one.csv") for name in night.NOTEBOOKS[:2]]
    said = [nbformat.read(step.executed, 4).cells[-1].outputs[0].text for step in steps]
    assert said == ["its own\n", "one.csv\n"]
