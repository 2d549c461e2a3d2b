"""The habits of the house: sizes, words, notebooks, requirements. They hold for every file, new ones too."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.shipped import skip_when_made_own

PROJECT = Path(__file__).resolve().parents[1]
LONGEST_MODULE = 350
LONGEST_FUNCTION = 60
MOST_PARAMETERS = 8
LONGEST_CELL = 12
NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))
# Spelt in two halves, so that this file does not hold what it looks for.
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX|NotImplemented" + r"Error)\b")
PLACES_OF_ONE_MACHINE = re.compile(
    r"(?<![\w.])/(?:wo" + r"rk|ro" + r"ot/\.pyenv|ho" + r"me/\w+|Us" + r"ers/\w+)/"
)
REGISTRIES = re.compile(
    r"py" + r"pi\.org|registry\.np" + r"mjs|deb\.deb" + r"ian|pythonhos" + r"ted", re.IGNORECASE
)
TEXT = {".py", ".md", ".txt", ".toml", ".csv", ".ipynb", ".json", ".css", ".js", ".yml", ""}


def shipped_files() -> list[Path]:
    """Every text file that is, or is about to be, in the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("this is no git clone, so its files cannot be told from what was made here")
    paths = [PROJECT / name for name in listed.stdout.splitlines()]
    return [path for path in paths if path.suffix in TEXT and path.is_file()]


def modules() -> list[Path]:
    return sorted((PROJECT / "ltxlib").rglob("*.py"))


def name(path: Path) -> str:
    return str(path.relative_to(PROJECT))


def functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef, bool, bool]]:
    """Every function: full name, node, whether it is public, and whether its class inherits from another."""

    def walk(node: ast.AST, prefix: str, public: bool, inherits: bool) -> Iterator[tuple]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield f"{prefix}{child.name}", child, public and not child.name.startswith("_"), inherits
                yield from walk(child, f"{prefix}{child.name}.", False, False)
            elif isinstance(child, ast.ClassDef):
                seen = public and not child.name.startswith("_")
                yield from walk(child, f"{prefix}{child.name}.", seen, bool(child.bases))
            else:
                yield from walk(child, prefix, public, inherits)

    yield from walk(ast.parse(path.read_text("utf-8")), "", True, False)


def test_modules_say_one_thing():
    """No module of the kit is longer than a person reads in one go."""
    long = {
        name(path): lines
        for path in modules()
        if (lines := len(path.read_text("utf-8").splitlines())) > LONGEST_MODULE
    }
    assert not long


def test_functions_are_short():
    """No function, tests included, is longer than a screen or takes a handful too many parameters."""
    found = []
    for path in [*modules(), *sorted((PROJECT / "tests").rglob("*.py"))]:
        for full_name, node, _, _ in functions(path):
            lines = (node.end_lineno or 0) - node.lineno + 1
            taken = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            parameters = len([argument for argument in taken if argument.arg not in ("self", "cls")])
            if lines > LONGEST_FUNCTION or parameters > MOST_PARAMETERS:
                found.append(
                    f"{name(path)}:{node.lineno} {full_name}: {lines} lines, {parameters} parameters"
                )
    assert not found, "\n".join(found)


def test_public_functions_are_told_and_typed():
    """Every public function has types on all it takes and gives, and a docstring (or its base class's)."""
    found = []
    for path in modules():
        for full_name, node, public, inherits in functions(path):
            if not public:
                continue
            taken = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            taken += [argument for argument in (node.args.vararg, node.args.kwarg) if argument]
            bare = [
                argument.arg
                for argument in taken
                if not argument.annotation and argument.arg not in ("self", "cls")
            ]
            missing = [f"type of {argument}" for argument in bare]
            missing += [] if node.returns else ["type of what it gives"]
            missing += [] if ast.get_docstring(node) or inherits else ["docstring"]
            if missing:
                found.append(f"{name(path)}:{node.lineno} {full_name}: no {', no '.join(missing)}")
    assert not found, "\n".join(found)


def test_modules_and_tests_say_what_they_are_for():
    """Every module has a docstring, and every test says in a sentence what it holds."""
    found = []
    for path in modules():
        if path.read_text("utf-8").strip() and not ast.get_docstring(ast.parse(path.read_text("utf-8"))):
            found.append(name(path))
    for path in sorted((PROJECT / "tests").rglob("test_*.py")):
        found += [
            f"{name(path)}:{node.lineno} {full_name}"
            for full_name, node, public, _ in functions(path)
            if public and node.name.startswith("test_") and not ast.get_docstring(node)
        ]
    assert not found, "\n".join(found)


def test_nothing_is_swallowed():
    """No handler catches everything: a fault that nobody foresaw must be seen."""
    found = []
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ExceptHandler) and (
                node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
            ):
                reraises = any(isinstance(inner, ast.Raise) and inner.exc is None for inner in ast.walk(node))
                if not reraises:
                    found.append(f"{name(path)}:{node.lineno}")
    assert not found, "\n".join(found)


def test_nothing_is_left_for_later_or_tied_to_one_machine():
    """No file holds a note for later, a path of somebody's machine or the address of a package registry."""
    found = []
    for path in shipped_files():
        text = path.read_text("utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), start=1):
            for pattern in (UNFINISHED, PLACES_OF_ONE_MACHINE, REGISTRIES):
                match = pattern.search(line)
                if match:
                    found.append(f"{name(path)}:{number} {match.group(0)}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_prose_with_a_form(notebook):
    """A notebook has no outputs, one cell of parameters, short code cells, and defines nothing."""
    skip_when_made_own(PROJECT, name(notebook))
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert not [cell for cell in code if cell["outputs"] or cell["execution_count"]], (
        "it was saved with outputs"
    )
    tagged = [cell for cell in code if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1
    for cell in code:
        source = "".join(cell["source"])
        assert len(source.splitlines()) <= LONGEST_CELL, source
        assert not re.search(r"^\s*(?:def|class|async def)\b", source, re.MULTILINE), source
    assert cells[0]["cell_type"] == "markdown"
    assert len(code) <= len(cells) / 2, "a notebook is more prose than code"


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_has_a_range_and_a_reason(file):
    """One line, one package, its range on both sides, and why it is there."""
    lines = (PROJECT / file).read_text("utf-8").splitlines()
    for line in lines:
        if line and not line.startswith(("#", "-r ")):
            assert re.fullmatch(r"[a-z][a-z0-9-]*>=[\d.]+,<[\d.]+ +# \S.{10,}", line), line


def test_torch_is_never_brought_along():
    """Nothing the kit asks for brings torch: ComfyUI's own must not be disturbed."""
    wanted = re.findall(
        r"^([a-z][a-z0-9-]*)", (PROJECT / "requirements.txt").read_text("utf-8"), re.MULTILINE
    )
    seen: set[str] = set()
    while wanted:
        package = wanted.pop()
        if package in seen:
            continue
        seen.add(package)
        try:
            needs = importlib.metadata.requires(package) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        plain = [need for need in needs if "extra ==" not in need]
        wanted += [re.split(r"[\s;<>=!~\[(]", need)[0].lower().replace("_", "-") for need in plain]
    assert len(seen) > 20
    assert not seen & {"torch", "torchvision", "torchaudio", "tensorflow", "triton"}
