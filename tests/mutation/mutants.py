"""Mutants of a module: one condition of it, the wrong way round."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass

#: A place in a tree: the node, the name of its field, and the index where the field is a list.
Place = tuple[ast.AST, str, int | None]


@dataclass(frozen=True)
class Mutant:
    """``source`` is the whole module in which ``condition``, of ``line``, is negated."""

    line: int
    condition: str
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """One mutant for each condition of a module."""
    for number, (parent, name, index) in enumerate(_conditions(ast.parse(source))):
        found = _at(parent, name, index)
        tree = ast.parse(source)
        twin, _, _ = list(_conditions(tree))[number]
        negated = ast.UnaryOp(ast.Not(), copy.deepcopy(found))
        if index is None:
            setattr(twin, name, negated)
        else:
            getattr(twin, name)[index] = negated
        yield Mutant(found.lineno, ast.unparse(found), ast.unparse(ast.fix_missing_locations(tree)))


def _conditions(tree: ast.AST) -> Iterator[Place]:
    """Tests of ``if``, ``while`` and ``… if … else …``, filters, and operands of and and or."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If | ast.While | ast.IfExp):
            yield node, "test", None
        elif isinstance(node, ast.comprehension):
            yield from ((node, "ifs", index) for index in range(len(node.ifs)))
        elif isinstance(node, ast.BoolOp):
            yield from ((node, "values", index) for index in range(len(node.values)))


def _at(parent: ast.AST, name: str, index: int | None) -> ast.expr:
    found = getattr(parent, name)
    expression: ast.expr = found if index is None else found[index]
    return expression
