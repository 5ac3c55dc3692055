"""Changes that are made to the code: a selection of cosmic-ray's operators, and two more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import parso
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator

if TYPE_CHECKING:
    from collections.abc import Iterator

    Position = tuple[tuple[int, int], tuple[int, int]]

# cosmic-ray replaces each operator by every other one. Most of these end in a TypeError, which proves nothing.
_COMPARISONS: Final = {
    "Lt": "LtE GtE",
    "LtE": "Lt Gt",
    "Gt": "GtE LtE",
    "GtE": "Gt Lt",
    "Eq": "NotEq",
    "NotEq": "Eq",
    "Is": "IsNot",
    "IsNot": "Is",
}
_ARITHMETIC: Final = {
    "Add": "Sub",
    "Sub": "Add",
    "Mul": "Div",
    "Div": "Mul",
    "FloorDiv": "Mul",
    "Mod": "Mul",
    "Pow": "Mul",
    "BitOr": "BitAnd",
    "BitAnd": "BitOr",
    "LShift": "RShift",
    "RShift": "LShift",
}
_OTHERS: Final = (
    "ReplaceUnaryOperator_USub_UAdd",
    "ReplaceUnaryOperator_Delete_Not",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "ExceptionReplacer",
    "NumberReplacer",
    "RemoveDecorator",
    "ZeroIterationForLoop",
)


class RemoveCall(Operator):  # type: ignore[misc] - cosmic-ray has no types
    """Replaces a statement that is only a call, awaited or not, by ``pass``."""

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        if node.type not in {"atom_expr", "await_expr"} or node.parent.type not in {"simple_stmt", "suite", "block"}:
            return
        last = node.children[-1]
        if last.type == "trailer" and last.children[0].value == "(":
            yield (node.start_pos, node.end_pos)

    def mutate(self, node: Any, index: int) -> Any:
        return _parsed("pass", node)

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


class ReturnNone(Operator):  # type: ignore[misc] - cosmic-ray has no types
    """Replaces the value of a ``return`` by None, unless it is False, which callers treat alike."""

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        if node.type == "return_stmt" and node.children[1].get_code().strip() not in {"None", "False"}:
            yield (node.start_pos, node.end_pos)

    def mutate(self, node: Any, index: int) -> Any:
        return _parsed("return None", node)

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


def _parsed(code: str, replaced: Any) -> Any:
    node = parso.parse(code).children[0]
    node.get_first_leaf().prefix = replaced.get_first_leaf().prefix
    return node


def operators() -> dict[str, Operator]:
    """Return all operators by name."""
    names = [
        f"{family}_{old}_{new}"
        for family, replacements in (
            ("ReplaceComparisonOperator", _COMPARISONS),
            ("ReplaceBinaryOperator", _ARITHMETIC),
        )
        for old, alternatives in replacements.items()
        for new in alternatives.split()
    ]
    found = {name: get_operator(f"core/{name}")() for name in (*names, *_OTHERS)}
    return {**found, "RemoveCall": RemoveCall(), "ReturnNone": ReturnNone()}
