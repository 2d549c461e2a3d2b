"""What the kit can say: every error, problem and red line of ltxlib with its cure, read from the source.

Nothing is run. Texts are put together as Python would: constants are looked up, branches followed, what a
helper is called with put in its place. What only the moment decides becomes "…".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, product
from pathlib import Path
from typing import Any

from tools.source import (
    FUNCTIONS,
    GAP,
    GAP_NODE,
    Module,
    annotation_of,
    argument_of,
    branches_of,
    defaults_of,
    function_of,
    last_name,
    module_reader,
    reaching,
    taken_by,
)

MOST_WAYS = 24
DEEPEST = 4
ROOT = "LtxlibError"
# These give back the text that they are given, or nearly.
PASSING = {"sentence", "one_line", "str", "hide", "strip", "rstrip", "lstrip", "capitalize"}
WELL = {"GREEN", "GOOD", "face.GOOD", "'green'", "'good'"}
# Lines of lists that a person looks at: of the checklist, of the look ahead, of the ground's steps.
LINES = ("Line", "Step")
GROUND = "ltxlib.ground"


@dataclass(frozen=True)
class Message:
    """One thing the kit can say: in which module it is said, by what kind of error, and its cure."""

    module: str
    kind: str
    text: str
    cure: str


@dataclass(frozen=True)
class Way:
    """One text an expression can have, None for None, and under which conditions."""

    text: str | None
    when: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Scope:
    """Where an expression stands: its module, its function, and what that function was called with."""

    module: Module
    function: ast.FunctionDef | ast.AsyncFunctionDef | None
    given: Mapping[str, tuple[ast.expr, Scope]]
    depth: int = 0


def read(package: Path) -> list[Message]:
    """Everything that the package can say, in the order of its modules; each text once a module."""
    return list(dict.fromkeys(_reader(package).messages()))


def error_names(package: Path) -> set[str]:
    """The names of all errors that the kit raises on purpose."""
    return set(_reader(package).defaults)


@lru_cache(maxsize=4)
def _reader(package: Path) -> _Reader:
    """Reading all of the package takes seconds, so it is done once."""
    return _Reader(package)


class _Reader:
    def __init__(self, package: Path) -> None:
        self.modules = {one.name: one for one in map(module_reader(package), sorted(package.rglob("*.py")))}
        self.bases: dict[str, tuple[Module, ast.ClassDef]] = {}
        for module in self.modules.values():
            for node in ast.walk(module.tree):
                if isinstance(node, ast.ClassDef):
                    self.bases.setdefault(node.name, (module, node))
        self.defaults = {name: self._default(name) for name in self.bases if self._is_error(name)}

    def messages(self) -> Iterator[Message]:
        for module in self.modules.values():
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Call):
                    yield from self._said(module, node)
                elif isinstance(node, FUNCTIONS) and annotation_of(node) == "tuple[str, str]":
                    yield from self._pairs(module, node)

    def _pairs(self, module: Module, function: Any) -> Iterator[Message]:
        """What a function of the ground gives back: what is wrong and what to do, a sentence each."""
        if not module.name.startswith(GROUND):
            return
        scope = Scope(module, function, {})
        for node in ast.walk(function):
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
                parts = dict(zip(("text", "cure"), node.value.elts, strict=False))
                yield from self._put_together(scope, node, "Line", parts, "")

    def _said(self, module: Module, call: ast.Call) -> Iterator[Message]:
        name = last_name(call.func)
        if name in self.defaults:
            parts = {"text": argument_of(call, 0, "message"), "cure": argument_of(call, -1, "cure")}
            default = self.defaults[name]
        elif name == "Problem":
            parts = {"text": argument_of(call, 1, "what"), "cure": argument_of(call, 2, "cure")}
            default = ""
        elif name in LINES and (fields := self._fields(module, name)):
            parts = {key: argument_of(call, at, at_name) for key, (at, at_name) in fields.items()}
            if parts["state"] is None or ast.unparse(parts["state"]) in WELL:
                return
            default, name = "", "Line"
        else:
            return
        for scope in self._scopes(module, call, parts.values()):
            yield from self._put_together(scope, call, name, parts, default)

    def _put_together(
        self, scope: Scope, call: ast.AST, kind: str, parts: dict[str, ast.expr | None], default: str
    ) -> Iterator[Message]:
        here = frozenset(branches_of(scope.module, call))
        found = [
            [Way(None)] if part is None else self.ways(part, scope)
            for part in (parts["text"], parts.get("cure"), parts.get("name"))
        ]
        for text, cure, name in islice(product(*found), MOST_WAYS):
            if text.text is None or _clash(text.when | cure.when | name.when | here):
                continue
            told = _tidy(text.text)
            if re.search(r"\w", told):
                label = f"{_tidy(name.text)}: " if name.text and re.search(r"\w", name.text) else ""
                yield Message(
                    scope.module.name, kind, label + told, _tidy(default if cure.text is None else cure.text)
                )

    def _scopes(self, module: Module, call: ast.Call, parts: Any) -> list[Scope]:
        """Where the call stands; once for each way its function is called when the text depends on that."""
        function = function_of(module, call)
        plain = Scope(module, function, {})
        if function is None:
            return [plain]
        taken = {argument.arg for argument in taken_by(function)}
        names = {
            node.id
            for part in parts
            if part is not None
            for node in ast.walk(part)
            if isinstance(node, ast.Name)
        }
        for assigned in ast.walk(function):
            if isinstance(assigned, ast.Assign) and any(
                isinstance(t, ast.Name) and t.id in names for t in assigned.targets
            ):
                names |= {node.id for node in ast.walk(assigned.value) if isinstance(node, ast.Name)}
        if not taken & names:
            return [plain]
        return [self._called(module, function, one) for one in module.calls.get(function.name, ())] or [plain]

    def _called(self, module: Module, function: Any, call: ast.Call, depth: int = 0) -> Scope:
        caller = Scope(module, function_of(module, call), {}, depth + 1)
        taken = [argument.arg for argument in taken_by(function) if argument.arg not in ("self", "cls")]
        given = {name: (value, caller) for name, value in zip(taken, call.args, strict=False)}
        given |= {keyword.arg: (keyword.value, caller) for keyword in call.keywords if keyword.arg}
        for argument, value in defaults_of(function):
            given.setdefault(argument, (value, caller))
        return Scope(module, function, given, depth)

    def ways(self, node: ast.expr, scope: Scope) -> list[Way]:
        """Every text that an expression can have, at most some dozens."""
        if scope.depth > DEEPEST:
            return [Way(GAP)]
        found = self._ways(node, scope)
        kept = list(dict.fromkeys(way for way in found if not _clash(way.when)))
        return kept[:MOST_WAYS] or [Way(GAP)]

    def _ways(self, node: ast.expr, scope: Scope) -> list[Way]:
        match node:
            case ast.Constant(value=None):
                return [Way(None)]
            case ast.Constant(value=value):
                return [Way(f"{value:g}" if isinstance(value, float) else str(value))]
            case ast.JoinedStr(values=values):
                return self._joined(values, "", scope)
            case ast.FormattedValue(value=value, format_spec=None):
                ways = [way for way in self.ways(value, scope) if way.text] or [Way("")]
                # How a helper words a part of a sentence has too many ways to tell them all.
                plain = not isinstance(value, ast.Call) and GAP not in [way.text for way in ways]
                return ways if len(ways) == 1 or plain else [Way(GAP)]
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._joined([left, right], "", scope)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                key = ast.unparse(test)
                both = ((body, "yes"), (orelse, "no"))
                return [_under(way, key, answer) for part, answer in both for way in self.ways(part, scope)]
            case ast.BoolOp(op=ast.Or(), values=values):
                return [
                    way for value in values for way in self.ways(value, scope) if way.text not in (None, "")
                ]
            case ast.Subscript(value=ast.Name(id=name)) if isinstance(
                table := self._constant(name, scope), ast.Dict
            ):
                return [way for value in table.values for way in self.ways(value, scope)]
            case ast.Name(id=name):
                return self._named(node, name, scope)
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                module = self._module_named(name, scope)
                if module is not None and attribute in module.constants:
                    return self.ways(module.constants[attribute], Scope(module, None, {}, scope.depth + 1))
            case ast.Call():
                return self._answered(node, scope)
        return [Way(GAP)]

    def _joined(self, nodes: list[ast.expr], between: str, scope: Scope) -> list[Way]:
        whole = []
        for parts in islice(product(*(self.ways(node, scope) for node in nodes)), MOST_WAYS):
            when = frozenset().union(*(part.when for part in parts))
            whole.append(Way(between.join(part.text or "" for part in parts), when))
        return whole

    def _named(self, use: ast.expr, name: str, scope: Scope) -> list[Way]:
        if name in scope.given:
            value, caller = scope.given[name]
            return self.ways(value, caller)
        if scope.function is not None:
            if name in {argument.arg for argument in taken_by(scope.function)}:
                return [Way(GAP)]
            local = list(reaching(scope.module, scope.function, name, use))
            if local:
                found: list[Way] = []
                for statement, value in local:
                    here = frozenset(branches_of(scope.module, statement))
                    ways = [Way(GAP)] if value is None else self.ways(value, _deeper(scope))
                    found += [Way(way.text, way.when | here) for way in ways]
                return found
        value = self._constant(name, scope)
        if value is None:
            return [Way(GAP)]
        return self.ways(value, Scope(self._home(name, scope), None, {}, scope.depth + 1))

    def _home(self, name: str, scope: Scope) -> Module:
        if name in scope.module.constants:
            return scope.module
        return self.modules.get(scope.module.imported.get(name, ("", ""))[0], scope.module)

    def _constant(self, name: str, scope: Scope) -> ast.expr | None:
        home = self._home(name, scope)
        return home.constants.get(name if home is scope.module else scope.module.imported[name][1])

    def _module_named(self, name: str, scope: Scope) -> Module | None:
        package, leaf = scope.module.imported.get(name, ("", ""))
        return self.modules.get(f"{package}.{leaf}")

    def _answered(self, call: ast.Call, scope: Scope) -> list[Way]:
        name = last_name(call.func)
        if isinstance(call.func, ast.Attribute) and name == "join" and call.args:
            listed = call.args[0]
            if isinstance(call.func.value, ast.Constant) and isinstance(listed, (ast.List, ast.Tuple)):
                parts = [GAP_NODE if isinstance(part, ast.Starred) else part for part in listed.elts]
                return self._joined(parts, str(call.func.value.value), scope)
            return [Way(GAP)]
        if isinstance(call.func, ast.Attribute) and name in PASSING:
            return self.ways(call.func.value, scope)
        if name in PASSING and call.args:
            return self.ways(call.args[0], scope)
        home = scope.module
        function = home.functions.get(name)
        if function is None and name in home.imported:
            home = self.modules.get(home.imported[name][0], home)
            function = home.functions.get(name)
        if (
            function is None
            or not isinstance(call.func, ast.Name)
            or annotation_of(function) not in ("str", "str | None")
        ):
            return [Way(GAP)]
        given = self._called(scope.module, function, call).given
        given = {name: (value, _deeper(scope)) for name, (value, _) in given.items()}
        inside = Scope(home, function, given, scope.depth + 1)
        found = []
        for node in ast.walk(function):
            if isinstance(node, ast.Return) and node.value is not None:
                ways = self.ways(node.value, inside)
                found += [way.text for way in ways if way.text or annotation_of(function) != "str"]
        return [
            Way(text, frozenset({(ast.unparse(call), str(at))}))
            for at, text in enumerate(dict.fromkeys(found))
        ]

    def _is_error(self, name: str) -> bool:
        if name == ROOT:
            return True
        if name not in self.bases:
            return False
        return any(self._is_error(last_name(base)) for base in self.bases[name][1].bases)

    def _default(self, name: str) -> str:
        module, node = self.bases[name]
        for statement in node.body:
            if isinstance(statement, ast.Assign) and last_name(statement.targets[0]) == "default_cure":
                return self.ways(statement.value, Scope(module, None, {}))[0].text or ""
        return next(
            (self._default(last_name(base)) for base in node.bases if self._is_error(last_name(base))), ""
        )

    def _fields(self, module: Module, name: str) -> dict[str, tuple[int, str]]:
        """Where a line of this module has its state, its sentence, its cure and its name."""
        home, _ = self.bases.get(name, (None, None))
        if name in {node.name for node in module.tree.body if isinstance(node, ast.ClassDef)}:
            home = module
        elif name in module.imported:
            home = self.modules.get(module.imported[name][0])
        if home is None:
            return {}
        for node in ast.walk(home.tree):
            if isinstance(node, ast.ClassDef) and node.name == name:
                names = [one.target.id for one in node.body if isinstance(one, ast.AnnAssign)]
                if len(names) >= 4 and names[1] == "state":
                    found = {"state": (1, names[1]), "text": (2, names[2]), "cure": (3, names[3])}
                    return found if names[0] == "key" else found | {"name": (0, names[0])}
        return {}


def _clash(when: frozenset[tuple[str, str]]) -> bool:
    """Whether conditions contradict each other."""
    return len({key for key, _ in when}) < len(when)


def _under(way: Way, key: str, answer: str) -> Way:
    return Way(way.text, way.when | {(key, answer)})


def _deeper(scope: Scope) -> Scope:
    return Scope(scope.module, scope.function, scope.given, scope.depth + 1)


def _tidy(text: str) -> str:
    """One line; gaps that follow each other become one."""
    text = " ".join(text.split()).replace(' inside the subgraph ""', "")
    text = re.sub(rf"{GAP}\s*\.\.\.+", GAP, text)
    return re.sub(rf"{GAP}(?:[ .,;]*{GAP})+", GAP, text).replace(f"'{GAP}'", GAP)
