"""Where things lie."""

import pytest

from ltxlib.errors import StoreError
from ltxlib.store.project import Project, find_project


def test_rehearsal_and_film_never_share_a_folder(tmp_path):
    """Stand-ins and real takes have shelves of their own, and the rehearsal's says so in its name."""
    project = Project(tmp_path)
    rehearsal, film = project.set(rehearsal=True), project.set(rehearsal=False)
    assert "REHEARSAL" in rehearsal.folder.parts
    assert not rehearsal.folder.is_relative_to(film.folder)
    assert not film.folder.is_relative_to(rehearsal.folder)
    assert not project.production.exists()


def test_a_project_is_found_from_below(tmp_path):
    """Any folder of the project leads to it."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "workflows").mkdir()
    assert find_project(tmp_path / "notebooks").root == tmp_path.resolve()


def test_no_project_is_a_sentence(tmp_path):
    """Outside of any project the error says where to go."""
    with pytest.raises(StoreError, match="kit's folder"):
        find_project(tmp_path)
