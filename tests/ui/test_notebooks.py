"""The notebooks as they are shipped: prose, one form, one result."""

from __future__ import annotations

import ast
import re

import nbformat
import pytest

NAMES = ("01_setup", "02_generate", "03_review", "04_assemble")
NEXT = {
    "01_setup": "02_generate",
    "02_generate": "03_review",
    "03_review": "04_assemble",
    "04_assemble": "02_generate",
}
LONGEST_LINES = 12


@pytest.fixture(params=NAMES)
def named(request, project_root):
    """A notebook's name and content."""
    path = project_root / "notebooks" / f"{request.param}.ipynb"
    return request.param, nbformat.read(path, as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def test_it_is_whole_and_without_outputs(named):
    """What is shipped is valid and shows nothing of the machine it was written on."""
    _, notebook = named
    nbformat.validate(notebook)
    for cell in code(notebook):
        assert cell.outputs == []
        assert cell.execution_count is None


def test_code_is_short_collapsed_and_titled(named):
    """A code cell is a title comment and a call, folded away."""
    for cell in code(named[1]):
        lines = cell.source.splitlines()
        assert lines[0].startswith("# ")
        assert len(lines) <= LONGEST_LINES
        assert cell.metadata.jupyter.source_hidden is True
        defined = (ast.FunctionDef, ast.ClassDef, ast.Lambda)
        assert not any(isinstance(node, defined) for node in ast.walk(ast.parse(cell.source)))


def test_one_cell_holds_the_parameters(named):
    """Papermill finds one cell of plain values."""
    tagged = [cell for cell in code(named[1]) if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    assert all(isinstance(line, ast.Assign) for line in ast.parse(tagged[0].source).body)


def test_the_first_cell_says_what_this_is(named):
    """What you get, what you need, how long it takes, and how to begin."""
    first = prose(named[1])[0]
    for words in ("You get", "You need", "It takes", "Run All Cells"):
        assert words in first


def test_the_last_cell_leads_on(named, project_root):
    """Every link leads to a notebook that is there, the last one onwards."""
    name, notebook = named
    links = re.findall(r"\]\(([^)]+)\)", "\n".join(prose(notebook)))
    assert all((project_root / "notebooks" / link).is_file() for link in links)
    assert f"({NEXT[name]}.ipynb)" in prose(notebook)[-1]


def test_there_is_more_prose_than_code(named):
    """A notebook is read, not programmed."""
    _, notebook = named
    assert len(" ".join(prose(notebook))) > 2 * len(" ".join(cell.source for cell in code(notebook)))


def test_the_kernel_is_one_that_is_there(named):
    """The first runs on what every Jupyter has, as it makes the kit's own kernel; the others run on that."""
    name, notebook = named
    wanted = "python3" if name == "01_setup" else "ltx-kit"
    assert notebook.metadata.kernelspec.name == wanted


def test_the_first_code_goes_to_the_kits_own_place(named):
    """Before anything of the kit's is imported, its Python is made (01) or entered (the others)."""
    name, notebook = named
    verb = "ready" if name == "01_setup" else "enter"
    first = code(notebook)[0]
    assert first.source.endswith(f"from ltxlib.ground import {verb}\n\n{verb}()")
    assert first.id == "place"
