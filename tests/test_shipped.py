"""What a newcomer finds: the film in scenes.csv, and pages that tell the truth about the kit."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from ltxlib.cli.verbs import EXIT_CODES, parser
from ltxlib.core import catalog
from ltxlib.core.columns import COLUMNS, NAMES
from ltxlib.store.project import Project
from ltxlib.studio.check import check_project
from tests.support.shipped import skip_when_made_own

PAGES = (
    "README.md",
    "CHANGELOG.md",
    "docs/PICTURES.md",
    "docs/POD.md",
    "docs/MACHINES.md",
    "docs/TROUBLE.md",
    "docs/ARCHITECTURE.md",
    "docs/PARTS.md",
)


@pytest.fixture(scope="module")
def readme(request) -> str:
    return (request.config.rootpath / "README.md").read_text("utf-8")


@pytest.fixture(scope="module")
def pod(request) -> str:
    return (request.config.rootpath / "docs/POD.md").read_text("utf-8")


def test_the_film_is_without_fault(project_root):
    """The shipped scenes.csv and the prompts, pictures and workflows it names give no problem, no warning."""
    skip_when_made_own(project_root, "scenes.csv", "prompts", "images", "workflows")
    checked = check_project(Project(project_root))
    assert checked.problems == ()
    enabled = [scene for scene in checked.scenes if scene.enabled]
    assert sorted(scene.mode for scene in enabled) == ["i2v"] * 2 + ["t2v"] * 6
    assert {plan.scene.duration_s for plan in checked.plans} == {65 / scene.fps for scene in enabled[:1]}
    assert len(checked.plans) == len(enabled)


def test_the_film_shows_every_file_of_prompts(project_root):
    """The first film draws on all four files, and one row shows how a scene is left out."""
    skip_when_made_own(project_root, "scenes.csv")
    with (project_root / "scenes.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
        assert tuple(reader.fieldnames or ()) == NAMES
    used = {
        row["prompt"].split("/")[0]
        for row in rows
        if row["prompt"].startswith("@") and row["enabled"] == "yes"
    }
    assert used == {"@rain", "@nature", "@cozy", "@ocean"}
    assert [row["enabled"] for row in rows].count("no") == 1


def test_the_readme_tells_every_column(readme):
    """Each column of scenes.csv stands in the README's table, with the default that the kit uses."""
    table = readme.partition("| column |")[2].partition("\n\n")[0].splitlines()[2:]
    for column in COLUMNS:
        (row,) = [line for line in table if f"`{column.name}`" in line.split("|")[1]]
        if column.default:
            assert f"`{column.default}`" in row.split("|")[3], column.name


def test_the_readme_tells_every_choice(readme):
    """Models and camera moves are listed as the kit knows them."""
    for choice in (*catalog.MODELS, *catalog.CAMERAS, catalog.NO_CAMERA):
        assert f"`{choice}`" in readme


def test_the_readme_tells_every_verb_and_exit_code(readme):
    """Every verb of the command line has its line, and every exit code its meaning."""
    verbs = next(action for action in parser()._actions if action.dest == "verb").choices
    for verb in (*verbs, "test"):
        assert f"| `./kit {verb}` |" in readme
    codes = re.findall(r"^ +(\d+) ", EXIT_CODES, re.MULTILINE)
    said = readme[readme.index("They end with") : readme.index("`--json`")]
    assert sorted(re.findall(r"\b\d+\b", said)) == sorted(codes)


def test_the_pod_page_names_every_file(pod):
    """The files to bring, their folders, their repositories and sizes are those of the catalog."""
    files = {file for model in catalog.MODELS for file in catalog.files_for(model, "static")}
    for file in files:
        assert file.name in pod
        assert f"| {file.hf_repo} |" in pod
        assert f"`{file.folder}`" in pod
    for name, model in catalog.MODELS.items():
        total_gb = sum(file.size_bytes for file in catalog.files_for(name, "static")) / catalog.GB
        assert f"{total_gb:.0f} GB" in pod
        assert f"{model.ram_gb} GB or more" in pod or model.ram_gb is None


def _headings(page: Path) -> set[str]:
    """The names by which a page's headings are linked to."""
    found = re.findall(r"^#+ +(.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(project_root, page):
    """Every link inside the project leads to something that is there, down to the heading it names."""
    path = project_root / page
    links = re.findall(r"\]\((?!https?://)([^)#]*)(?:#([^)]*))?\)", path.read_text("utf-8"))
    targets = [(path.parent / link if link else path, heading) for link, heading in links]
    missing = [target for target, _ in targets if not target.exists()]
    assert not missing
    nowhere = [name for target, name in targets if name and name not in _headings(target)]
    assert not nowhere


def test_the_version_is_told_once(project_root):
    """The newest heading of the changelog is the package's version."""
    from ltxlib import __version__

    assert f"## [{__version__}]" in Path(project_root / "CHANGELOG.md").read_text("utf-8")
