"""A package's source, read: modules with their constants, imports and calls, and what a name may stand for.

Nothing is run; `tools.messages` puts texts together of what is found here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

GAP = "…"
GAP_NODE = ast.Constant(GAP)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass
class Module:
    """A file of the package, read."""

    name: str
    tree: ast.Module
    constants: dict[str, ast.expr] = field(default_factory=dict)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)
    functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = field(default_factory=dict)
    calls: dict[str, list[ast.Call]] = field(default_factory=dict)


def module_reader(package: Path) -> Any:
    def read_one(path: Path) -> Module:
        dotted = ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__")
        module = Module(dotted, ast.parse(path.read_text("utf-8")))
        for node in ast.walk(module.tree):
            for child in ast.iter_child_nodes(node):
                module.parents[child] = node
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    module.imported[alias.asname or alias.name] = (node.module, alias.name)
            elif isinstance(node, FUNCTIONS):
                module.functions.setdefault(node.name, node)
            elif isinstance(node, ast.Call):
                module.calls.setdefault(last_name(node.func), []).append(node)
        for node in module.tree.body:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    _bind(module.constants, target, node.value)
            elif (
                isinstance(node, ast.AnnAssign)
                and node.value is not None
                and isinstance(node.target, ast.Name)
            ):
                module.constants[node.target.id] = node.value
        return module

    return read_one


def _bind(names: dict[str, ast.expr], target: ast.expr, value: ast.expr) -> None:
    if isinstance(target, ast.Name):
        names[target.id] = value
    elif (
        isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts)
    ):
        for one, its in zip(target.elts, value.elts, strict=True):
            _bind(names, one, its)


def assigned_in(function: ast.AST, name: str) -> Iterator[tuple[ast.AST, ast.expr | None]]:
    """Every value that a function gives a name, None where it cannot be told."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                for value in _unpacked(target, node.value, name):
                    yield node, value
        elif (
            isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and last_name(node.target) == name and node.value
        ):
            yield node, node.value
        elif isinstance(node, ast.AugAssign) and last_name(node.target) == name:
            yield node, None
        elif isinstance(node, (ast.For, ast.comprehension)):
            if name in {part.id for part in ast.walk(node.target) if isinstance(part, ast.Name)}:
                yield node, None
        elif isinstance(node, ast.ExceptHandler) and node.name == name:
            yield node, None


def reaching(
    module: Module, function: ast.AST, name: str, use: ast.expr
) -> Iterator[tuple[ast.AST, ast.expr | None]]:
    """The values that a name may have where it is used: back to the last one that it has had in any case."""
    above = set()
    node: ast.AST | None = use
    while node is not None:
        above.add(node)
        node = module.parents.get(node)
    found = sorted(assigned_in(function, name), key=lambda one: -getattr(one[0], "lineno", 0))
    for statement, value in found:
        if getattr(statement, "lineno", 0) >= getattr(use, "lineno", 10**9) and not (
            statement in above and isinstance(statement, (ast.For, ast.NamedExpr))
        ):
            continue
        yield statement, value
        if module.parents.get(statement) in above and isinstance(statement, (ast.Assign, ast.AnnAssign)):
            siblings = module.parents[statement]
            if not isinstance(siblings, ast.If) or _same_branch(siblings, statement, above):
                return


def _same_branch(fork: ast.If, statement: ast.AST, above: set[ast.AST]) -> bool:
    return any(statement in body and above & set(body) for body in (fork.body, fork.orelse))


def _unpacked(target: ast.expr, value: ast.expr, name: str) -> Iterator[ast.expr | None]:
    if isinstance(target, ast.Name) and target.id == name:
        yield value
    elif isinstance(target, ast.Tuple):
        at = next(
            (i for i, one in enumerate(target.elts) if isinstance(one, ast.Name) and one.id == name), None
        )
        if at is None:
            return
        if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
            yield value.elts[at]
        elif isinstance(value, ast.IfExp):
            parts = [next(_unpacked(target, part, name), None) for part in (value.body, value.orelse)]
            body, orelse = (part or GAP_NODE for part in parts)
            yield ast.IfExp(test=value.test, body=body, orelse=orelse)
        else:
            yield None


def branches_of(module: Module, node: ast.AST) -> Iterator[tuple[str, str]]:
    """In which branch of which `if` a statement stands, inside its function."""
    child, parent = node, module.parents.get(node)
    while parent is not None and not isinstance(child, FUNCTIONS):
        if isinstance(parent, ast.If):
            if child in parent.body:
                yield ast.unparse(parent.test), "yes"
            elif child in parent.orelse:
                yield ast.unparse(parent.test), "no"
        elif isinstance(parent, ast.match_case):
            above = module.parents[parent]
            yield f"match {getattr(above, 'lineno', 0)}", str(parent.pattern.lineno)
        child, parent = parent, module.parents.get(parent)


def function_of(module: Module, node: ast.AST) -> Any:
    while node in module.parents:
        node = module.parents[node]
        if isinstance(node, FUNCTIONS):
            return node
    return None


def taken_by(function: Any) -> list[ast.arg]:
    arguments = function.args
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def defaults_of(function: Any) -> Iterator[tuple[str, ast.expr]]:
    arguments = function.args
    plain = [*arguments.posonlyargs, *arguments.args]
    for argument, value in zip(reversed(plain), reversed(arguments.defaults), strict=False):
        yield argument.arg, value
    for argument, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if value is not None:
            yield argument.arg, value


def annotation_of(function: Any) -> str:
    return ast.unparse(function.returns) if function.returns else ""


def argument_of(call: ast.Call, at: int, name: str) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    if 0 <= at < len(call.args) and not any(isinstance(one, ast.Starred) for one in call.args[: at + 1]):
        return call.args[at]
    return None


def last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
