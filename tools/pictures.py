"""The picture book: the screenshots of README and docs/PICTURES.md, made in a real JupyterLab on a stage.

    python -m tools.pictures            makes all of them anew, some minutes
    python -m tools.pictures --look     only says which show something else than the notebooks have now

What a picture shows is noted in docs/pictures/pictures.json: when it was made, by which version, and a digest
of the notebook's cells. A test holds those against the notebooks, so a changed cell asks for new pictures; a
change in a panel's words is told by --look alone.
"""

from __future__ import annotations

import ast
import datetime
import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ltxlib import __version__

KIT = Path(__file__).resolve().parents[1]
FOLDER = KIT / "docs" / "pictures"
LIST = FOLDER / "pictures.json"
COMMAND = "python -m tools.pictures"
AGAIN = f"make the pictures again: .venv/bin/{COMMAND}"
LARGEST_BYTES, ALL_BYTES = 150_000, 2_500_000


@dataclass(frozen=True)
class Picture:
    """One picture: its file's name, and what it shows: cells of a notebook, or files of the kit."""

    name: str
    notebook: str = ""
    cells: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """Where it lies."""
        return FOLDER / f"{self.name}.jpg"


def _section(name: str, notebook: str, *cells: str) -> Picture:
    """A picture of sections, each a heading and the panel below it."""
    return Picture(name, notebook, tuple(part for cell in cells for part in (f"{cell}-about", cell)))


PICTURES: tuple[Picture, ...] = (
    Picture("film", files=("scenes.csv",)),
    Picture("pod-kit"),
    Picture("pod-opened", "01_setup", ("about", "place-about")),
    _section("pod-place", "01_setup", "place"),
    _section("pod-checklist", "01_setup", "checklist"),
    _section("pod-comfyui", "01_setup", "comfyui"),
    _section("pod-models", "01_setup", "models"),
    _section("pod-current", "01_setup", "current"),
    _section("stills", "02_generate", "stills"),
    _section("take", "02_generate", "take"),
    Picture("take-clip", "02_generate", ("take",)),
    _section("scenes", "02_generate", "batch"),
    _section("night", "02_generate", "night"),
    _section("review", "03_review", "takes"),
    _section("assemble", "04_assemble", "film"),
    Picture("film-made", "04_assemble", ("film",)),
    _section("publishing", "04_assemble", "publishing"),
    _section("leave", "04_assemble", "home"),
)


def cells_of(notebook: str) -> dict[str, str]:
    """The sources of a notebook's cells, by their ids."""
    cells = json.loads((KIT / "notebooks" / f"{notebook}.ipynb").read_text("utf-8"))["cells"]
    return {cell["id"]: "".join(cell["source"]) for cell in cells}


def digest(picture: Picture) -> str:
    """What the picture shows, in a few signs: the sources of its cells, or the bytes of its files."""
    whole = hashlib.sha256(picture.name.encode())
    cells = cells_of(picture.notebook) if picture.notebook else {}
    for cell in picture.cells:
        whole.update(b"\0" + cells.get(cell, "no such cell").encode())
    for file in picture.files:
        whole.update(b"\0" + (KIT / file).read_bytes())
    return whole.hexdigest()[:16]


def words(picture: Picture) -> str:
    """The words in the modules of the panels that the picture shows, in a few signs."""
    cells = cells_of(picture.notebook) if picture.notebook else {}
    wanted = {module for cell in picture.cells for module in _modules(cells.get(cell, ""))}
    seen: set[str] = set()
    whole = hashlib.sha256()
    while wanted - seen:
        module = min(wanted - seen)
        seen.add(module)
        path = KIT.joinpath(*module.split(".")).with_suffix(".py")
        if not path.is_file() or not module.startswith(("ltxlib.ui", "ltxlib.ground")):
            continue
        text = path.read_text("utf-8")
        tree = ast.parse(text)
        wanted |= _modules(text)
        prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
                whole.update(b"\0" + node.value.encode())
    return whole.hexdigest()[:16]


def _modules(text: str) -> set[str]:
    try:
        tree = ast.parse(text)
    except SyntaxError:  # prose
        return set()
    found = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    names = {
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return found | names


def noted() -> dict[str, dict[str, Any]]:
    """What the list says of each picture; empty where there is none."""
    if not LIST.is_file():
        return {}
    return json.loads(LIST.read_text("utf-8"))["pictures"]


def note(picture: Picture) -> dict[str, Any]:
    """What the list says of a picture that was made just now."""
    return {
        "made": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "version": __version__,
        "shows": f"{picture.notebook}: {', '.join(picture.cells)}"
        if picture.cells
        else ", ".join(picture.files),
        "digest": digest(picture),
        "words": words(picture),
        "sha256": hashlib.sha256(picture.path.read_bytes()).hexdigest(),
    }


def write_list(made: Mapping[str, dict[str, Any]]) -> None:
    """Write the list: what was made just now, and what it said of the others."""
    known = {picture.name for picture in PICTURES}
    listed = {name: said for name, said in {**noted(), **made}.items() if name in known}
    text = json.dumps({"made by": COMMAND, "pictures": dict(sorted(listed.items()))}, indent=1)
    LIST.write_text(text + "\n", "utf-8")


def faults(today: datetime.date) -> list[str]:
    """What is wrong with the pictures as they are, a sentence each."""
    found, listed = [], noted()
    for picture in PICTURES:
        said = listed.get(picture.name)
        if said is None or not picture.path.is_file():
            found.append(f"{picture.path.name} is not there: {AGAIN}")
            continue
        if said["digest"] != digest(picture):
            found.append(f"{picture.path.name} shows {said['shows']} as it was on {said['made']}: {AGAIN}")
        # A day more, for whoever lives east of where it was made.
        if (
            not datetime.date(2026, 1, 1)
            <= datetime.date.fromisoformat(said["made"])
            <= today + datetime.timedelta(1)
        ):
            found.append(f"{picture.path.name} was made on {said['made']}, which cannot be: {AGAIN}")
        if hashlib.sha256(picture.path.read_bytes()).hexdigest() != said["sha256"]:
            found.append(f"{picture.path.name} is another file than the list says: {AGAIN}")
        if picture.path.stat().st_size > LARGEST_BYTES:
            found.append(f"{picture.path.name} is larger than {LARGEST_BYTES} bytes: {AGAIN}")
    return found


def main(arguments: list[str]) -> int:
    """Make the pictures, or say which are due."""
    if "--look" in arguments:
        told = faults(datetime.datetime.now(datetime.timezone.utc).date())
        listed = noted()
        other = [one.path.name for one in PICTURES if words(one) != listed.get(one.name, {}).get("words")]
        told += [f"{name}: the words of its panel have changed since." for name in other]
        print("\n".join(told) or "All pictures are as the notebooks are now.")
        return bool(told)
    from tools.picture_walk import walk

    only = {word for word in arguments if not word.startswith("-")}
    wanted = {picture.name for picture in PICTURES if not only or picture.name in only}
    made = walk(wanted, FOLDER)
    by_name = {picture.name: picture for picture in PICTURES}
    write_list({name: note(by_name[name]) for name in made})
    for name in sorted(made):
        print(f"{name}.jpg: {by_name[name].path.stat().st_size // 1000} kB")
    for name in sorted(wanted - made):
        print(f"{name}.jpg could not be made.")
    return 0 if made == wanted else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
