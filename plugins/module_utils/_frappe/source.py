# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python source code, parsed. Pure: the code is never imported or run.

``inspect`` is not used: under Python 3.14, ``inspect.signature`` raises for functions whose annotations name a type
that is imported for type checkers only.
"""

from __future__ import annotations

import ast
import typing as t

UNKNOWN = "unknown"
DEPTH = 4  # how many levels of calls are followed from a function
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Function = t.Union[ast.FunctionDef, ast.AsyncFunctionDef]


class Source:
    """The functions, methods and constants of one module; empty if it cannot be parsed."""

    def __init__(self, source: str):
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):
            tree = ast.Module(body=[], type_ignores=[])
        self.readable = bool(tree.body)
        self.functions: dict[str, Function] = {}
        self.constants: dict[str, ast.AST] = {}
        for node in ast.walk(tree):
            if isinstance(node, FUNCTIONS):
                self.functions.setdefault(node.name, node)
                if isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant):
                    node.body = node.body[1:] or [ast.Pass()]  # a docstring is no evidence of behavior
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                self.constants[node.targets[0].id] = node.value

    def reach(self, *names: str) -> list[ast.AST]:
        """All nodes of these functions, and of the functions and constants of the module that they use."""
        found: list[ast.AST] = []
        left: list[tuple[ast.AST | None, int]] = [(self.functions.get(name), 0) for name in names]
        met: set[ast.AST] = set()
        while left:
            node, depth = left.pop()
            if node is None or node in met:
                continue
            met.add(node)
            nodes = list(nodes_of(node))
            found += nodes
            if depth < DEPTH:
                calls = [called(part) for part in nodes if isinstance(part, ast.Call)]
                left += [(self.functions.get(name), depth + 1) for name in calls if name]
                left += [(self.constants.get(part.id), depth + 1) for part in nodes if isinstance(part, ast.Name)]
        return found


def nodes_of(node: ast.AST) -> t.Iterator[ast.AST]:
    """The nodes of a function's body without annotations and decorators, or of any other node."""
    for part in node.body if isinstance(node, FUNCTIONS) else [node]:
        yield from ast.walk(part)


def called(call: ast.Call) -> str | None:
    """The name of the module's function or method that a call may refer to."""
    if isinstance(call.func, ast.Name):
        return call.func.id
    if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
        return call.func.attr if call.func.value.id == "self" else None
    return None


def words(nodes: t.Iterable[ast.AST]) -> set[str]:
    """Every name, attribute, keyword and string in the nodes."""
    found = set()
    for node in nodes:
        for field in ("id", "attr", "arg"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                found.add(value)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def refuses(body: list[ast.stmt]) -> bool:
    """Whether a branch ends with an exception or returns False."""
    last = body[-1] if body else None
    if isinstance(last, ast.Return):
        return isinstance(last.value, ast.Constant) and last.value.value is False
    return isinstance(last, ast.Raise)


def yes_no(yes: bool, no: bool) -> str:
    return UNKNOWN if yes == no else "yes" if yes else "no"


def name_of(node: ast.AST) -> str | None:
    """The last part of a name or an attribute; None for any other node."""
    return getattr(node, "attr", getattr(node, "id", None))
