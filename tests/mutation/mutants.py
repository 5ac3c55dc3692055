"""Mutants of the project: all that are possible, and a selection by a seed."""

from __future__ import annotations

import ast
import hashlib
from typing import TYPE_CHECKING, Any, Final

import attrs
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from .operators import operators

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    _Span = tuple[tuple[int, int], tuple[int, int]]

PACKAGES: Final = ("middleware", "deliveries", "receiver", "sealed_tokens")
"""Packages whose modules are mutated; the tests of each are in the folder of the same name."""

MORE_TESTS: Final = {
    "deliveries": tuple(f"tests/journal/test_{name}.py" for name in ("recorded_runs", "recovery", "run_details"))
}
"""Files with more tests of a package, for code that no test in its own folder executes."""

_NO_EFFECT: Final = {"final", "overload", "override"}


@attrs.frozen(kw_only=True)
class Mutant:
    """Change of one module.

    Attributes:
        path: The module, relative to the project.
        operator: The operator that made the change.
        line: The line of the change.
        before: The changed lines as they were, without indentation.
        after: The changed lines as they are in the mutant.
        source: The whole source of the mutant.
    """

    path: str
    operator: str
    line: int
    before: str
    after: str
    source: str = attrs.field(repr=False)

    @property
    def package(self) -> str:
        return self.path.split("/")[1]

    @property
    def key(self) -> str:
        """The text that identifies the mutant in `survivors.md`; it does not change when lines move."""
        return f"{self.path}: `{self.before}` → `{self.after}`"


def draw(root: Path, count: int, seed: int) -> list[Mutant]:
    """Return *count* mutants of the project at *root*, evenly over its modules, in random order.

    Each position of a module is mutated at most once, and of mutants with the same text only one is drawn. A module
    with few positions gives all of them. A change of the project changes the selection only for the lines that were
    changed, so that a survivor remains in it until it is killed.
    """
    modules = [
        path
        for package in PACKAGES
        for path in sorted((root / "tripwire_async" / package).rglob("*.py"))
        if path.name != "__init__.py"
    ]
    pools = []
    for path in modules:
        at_position: dict[_Span, list[tuple[str, str, int]]] = {}
        name, source = str(path.relative_to(root)), path.read_text(encoding="utf-8")
        lines = source.splitlines()
        for operator, occurrence, position in _possible(source):
            rank = _rank(seed, name, operator, lines, position)
            at_position.setdefault(position, []).append((rank, operator, occurrence))
        pools.append((name, source, sorted((min(each) for each in at_position.values()), reverse=True)))
    drawn: dict[str, tuple[str, Mutant]] = {}
    while len(drawn) < count and any(choices for _, _, choices in pools):
        for name, source, choices in pools:
            if choices and len(drawn) < count:
                rank, operator, occurrence = choices.pop()
                for mutant in _made(name, source, operator, occurrence):
                    drawn.setdefault(mutant.key, (rank, mutant))
    return [mutant for _, mutant in sorted(drawn.values(), key=lambda one: one[0])]


def _rank(seed: int, path: str, operator: str, lines: Sequence[str], position: _Span) -> str:
    """Return a pseudorandom text that depends on the changed line alone, not on its number."""
    (first, column), (last, _) = position
    changed = "\n".join(line.strip() for line in lines[first - 1 : last])
    indentation = len(lines[first - 1]) - len(lines[first - 1].lstrip())
    return hashlib.sha256(f"{seed} {path} {operator} {column - indentation} {changed}".encode()).hexdigest()


def _possible(source: str) -> Iterator[tuple[str, int, _Span]]:
    """Return operator, occurrence and position of all changes of *source* that can have an effect."""
    excluded = list(_without_effect(ast.parse(source)))
    tree = get_ast(source)
    for name, operator in operators().items():
        positions = [(node, position) for node in ast_nodes(tree) for position in operator.mutation_positions(node)]
        for occurrence, (node, (start, end)) in enumerate(positions):
            # The slash of a signature is not an operator.
            is_operator = node.parent is None or node.parent.type not in {"param", "parameters"}
            if is_operator and not any(first <= start and end <= last for first, last in excluded):
                yield name, occurrence, (start, end)


def _without_effect(tree: ast.Module) -> Iterator[_Span]:
    """Return the spans of annotations, protocols, imports for type checkers and decorators for them."""
    for node in ast.walk(tree):
        parts: list[Any] = []
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).startswith("Protocol") for base in node.bases):
            parts.append(node)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            parts.append(node)
        if isinstance(node, ast.AnnAssign | ast.arg):
            parts.append(node.annotation)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            parts.append(node.returns)
        for decorator in getattr(node, "decorator_list", []):
            if isinstance(decorator, ast.Name) and decorator.id in _NO_EFFECT:
                yield (decorator.lineno, decorator.col_offset - 1), (decorator.lineno + 1, 0)
        for part in parts:
            if part is not None:
                yield (part.lineno, part.col_offset), (part.end_lineno, part.end_col_offset)


def _made(path: str, source: str, name: str, occurrence: int) -> Iterator[Mutant]:
    try:
        mutated = mutate_code(source, operators()[name], occurrence)
        if ast.dump(ast.parse(mutated)) == ast.dump(ast.parse(source)):
            return
    except (AttributeError, SyntaxError):
        # cosmic-ray cannot replace a dotted name of an exception, and takes the asterisk of an argument for a product.
        return
    old, new = source.splitlines(), mutated.splitlines()
    first = next((at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), None)
    if first is None:
        return
    left = 0
    while left < min(len(old), len(new)) - first and old[-1 - left] == new[-1 - left]:
        left += 1
    before, after = (" ".join(line.strip() for line in lines[first : len(lines) - left]) for lines in (old, new))
    yield Mutant(path=path, operator=name, line=first + 1, before=before, after=after, source=mutated)
