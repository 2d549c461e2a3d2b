"""The floors of docs/ARCHITECTURE.md: imports go down only, and each outside library has one owner."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "ltxlib"
FLOORS = {
    # Runs before anything is installed, on whatever Python a pod has.
    "ground": -1,
    "core": 0,
    **dict.fromkeys(("store", "comfy", "media", "rehearsal", "pod", "hub"), 1),
    "studio": 2,
    **dict.fromkeys(("ui", "cli"), 3),
}
# The rehearsal draws and encodes its clips with media; no other two rooms of floor 1 know each other.
NEIGHBOURS = {("rehearsal", "media")}
# Usable from every floor, and themselves on the ground.
EVERYWHERE = {"ltxlib", "ltxlib.errors", "ltxlib.core.problem"}
OWNED = {
    ("comfy", "pod"): ("requests",),
    ("comfy",): ("websocket", "urllib3"),
    ("media",): ("opentimelineio",),
    ("media", "rehearsal"): ("av", "moviepy", "PIL", "numpy", "imageio_ffmpeg", "proglog"),
    # Of the web client only its files are used: the rehearsal serves them when they are there.
    ("rehearsal",): ("tornado", "comfyui_frontend_package"),
    ("hub",): ("huggingface_hub", "httpx", "tqdm"),
    ("store",): ("pandas", "tomlkit"),
    ("ui",): ("ipywidgets", "anywidget", "ipykernel", "jupyter_core", "traitlets"),
    # Whatever kernel runs a notebook has IPython.
    ("ui", "ground"): ("IPython",),
    ("studio",): ("papermill",),
}
OWNERS = {library: rooms for rooms, libraries in OWNED.items() for library in libraries}
HEAVY = (
    "moviepy",
    "opentimelineio",
    "pandas",
    "tomlkit",
    "av",
    "papermill",
    "IPython",
    "ipywidgets",
    "imageio_ffmpeg",
    "tornado",
    "huggingface_hub",
)
# Pure: no disk, network or clock. core may read its own package data, and for that alone knows paths.
WORLDLY = {
    "socket",
    "http",
    "urllib",
    "subprocess",
    "threading",
    "time",
    "shutil",
    "tempfile",
    "os",
    "random",
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    """The folder below ltxlib a module lives in; empty for those beside it."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def imported(path: Path, *, at_import_only: bool = False) -> Iterator[tuple[int, str]]:
    """Line and full name of everything a module imports; relative imports are spelt out."""
    tree = ast.parse(path.read_text("utf-8"))
    package = ("ltxlib", *path.relative_to(PACKAGE).parts[:-1])
    nodes = _run_at_import(tree) if at_import_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            name = ".".join(part for part in (base, node.module) if part)
            yield from ((node.lineno, f"{name}.{alias.name}") for alias in node.names)


def _run_at_import(tree: ast.AST) -> Iterator[ast.AST]:
    """Every statement that runs when the module is imported: not those in functions or for type checkers."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _run_at_import(node)


def broken_floor(path: Path, name: str) -> str:
    """Why a module may not import this name of ltxlib; empty when it may."""
    here = room_of(path)
    if name.split(".")[0] != "ltxlib" or any(
        name == ok or name.rpartition(".")[0] == ok for ok in EVERYWHERE - {"ltxlib"}
    ):
        return ""
    there = next(iter(name.split(".")[1:]), "")
    if there not in FLOORS or not here or here == there:
        return ""
    if FLOORS[there] < FLOORS[here] or (here, there) in NEIGHBOURS:
        return ""
    return f"{here} (floor {FLOORS[here]}) knows {there} (floor {FLOORS[there]})"


def test_every_room_has_a_floor():
    """A new folder below ltxlib must be given its floor here."""
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert rooms == set(FLOORS)


def test_imports_go_down_only():
    """No module imports from its own height or above, except the neighbours that are named."""
    found = [
        f"{path.relative_to(PACKAGE.parent)}:{line} {why}"
        for path in modules()
        for line, name in imported(path)
        if (why := broken_floor(path, name))
    ]
    assert not found, "\n".join(found)


def test_each_outside_library_has_one_owner():
    """Only its owner imports an outside library, so that a change of library stays in one room."""
    standard = sys.stdlib_module_names | {"ltxlib", "__future__"}
    found = []
    for path in modules():
        for line, name in imported(path):
            library = name.split(".")[0]
            if library in standard:
                continue
            owners = OWNERS.get(library)
            if owners is None or room_of(path) not in owners:
                owner = " and ".join(sorted(owners)) if owners else "nobody; name its owner in this test"
                found.append(f"{path.relative_to(PACKAGE.parent)}:{line} {library} belongs to {owner}")
    assert not found, "\n".join(found)


def test_core_is_pure():
    """The ground floor knows no disk, network or clock."""
    found = [
        f"{path.relative_to(PACKAGE.parent)}:{line} {name}"
        for path in modules()
        if room_of(path) == "core"
        for line, name in imported(path)
        if name.split(".")[0] in WORLDLY
    ]
    assert not found, "\n".join(found)


def test_the_ground_stands_on_nothing():
    """What runs before anything is installed knows the standard library, itself and, late, IPython."""
    known = sys.stdlib_module_names | {"__future__"}
    found = [
        f"{path.relative_to(PACKAGE.parent)}:{line} {name}"
        for path in modules()
        if room_of(path) == "ground"
        for at_import in (True, False)
        for line, name in imported(path, at_import_only=at_import)
        if name.split(".")[0] not in known
        and not name.startswith("ltxlib.ground.")
        and (at_import or name.split(".")[0] != "IPython")
    ]
    assert not found, "\n".join(found)
    assert loaded_by("import ltxlib.ground") <= {"ltxlib"}


def test_heavy_libraries_load_where_they_are_used():
    """Libraries that take long to load are imported inside the functions that need them."""
    late = {"ipywidgets", "IPython", "tornado"}  # their own rooms are loaded only when they are used
    found = [
        f"{path.relative_to(PACKAGE.parent)}:{line} {name}"
        for path in modules()
        for line, name in imported(path, at_import_only=True)
        if name.split(".")[0] in HEAVY
        and not (name.split(".")[0] in late and room_of(path) in OWNERS[name.split(".")[0]])
    ]
    assert not found, "\n".join(found)


def test_importing_the_package_is_light():
    """`import ltxlib` loads nothing from outside the standard library, and hardly anything of that."""
    assert loaded_by("import ltxlib, ltxlib.errors") <= {"ltxlib"}


def test_the_pure_floor_is_light():
    """All of core can be loaded with nothing but the standard library."""
    names = ", ".join(
        f"ltxlib.core.{path.stem}" for path in (PACKAGE / "core").glob("*.py") if path.stem != "__init__"
    )
    assert loaded_by(f"import {names}") <= {"ltxlib"}


def test_importing_has_no_effects(tmp_path):
    """Importing any module prints nothing, writes nothing and starts no thread."""
    names = [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for path in modules()
        if path.name not in ("__init__.py", "__main__.py")
    ]
    program = (
        f"import {', '.join(names)}, threading; assert threading.active_count() == 1, threading.enumerate()"
    )
    done = python(program, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from ltxlib.studio import batch", "store (floor 1) knows studio (floor 2)"),
        ("import ltxlib.media.probe", "store (floor 1) knows media (floor 1)"),
        ("from ..comfy.client import ComfyClient", "store (floor 1) knows comfy (floor 1)"),
        ("def late():\n    from ltxlib import cli", "store (floor 1) knows cli (floor 3)"),
        ("from ltxlib.core.scene import Scene", ""),
        ("from ltxlib.errors import StoreError", ""),
        ("from .files import write_whole", ""),
    ],
)
def test_the_watchman_sees(tmp_path, monkeypatch, source, expected):
    """The check itself finds an import that climbs, however it is written."""
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path / "ltxlib")
    module = tmp_path / "ltxlib" / "store" / "odd.py"
    module.parent.mkdir(parents=True)
    module.write_text(source)
    found = [why for _, name in imported(module) if (why := broken_floor(module, name))]
    assert found == ([expected] if expected else [])


def loaded_by(statement: str) -> set[str]:
    """The top-level modules from outside the standard library that a statement loads in a fresh Python."""
    show = "print(json.dumps(sorted({name.split('.')[0] for name in set(sys.modules) - before})))"
    program = f"import json, sys; before = set(sys.modules); {statement}; {show}"
    done = python(program)
    assert done.returncode == 0, done.stderr
    return {name for name in json.loads(done.stdout) if name not in sys.stdlib_module_names}


def python(program: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    # Coverage would otherwise come along into the process and be counted as loaded.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    env["PYTHONPATH"] = str(PACKAGE.parent)
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=cwd,
        env={**env, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
