"""Arithmetic of figures: a formula is text, so that what is shown is what is computed.

A value is a number, an `Amounts`, or None for "no value". Everything is computed exactly, in fractions; a denominator
of 0 and a part without a value make "no value", never 0 and never an error. Two currencies are never added.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any

from kumiko import Rate

ZERO, CURRENCIES, MISSING = "zero", "currencies", "missing"
MOST = 500  # characters of a formula


@dataclass(frozen=True)
class Amounts:
    """Amounts in minor units by currency; with `is_money` False numbers by currency: of orders in that currency.

    `rates`: those that amounts were converted by; `missing`: currencies that had none. Neither makes amounts differ.
    """

    by: Mapping[str, Fraction]
    is_money: bool = True
    rates: tuple[Rate, ...] = field(default=(), compare=False)
    missing: tuple[str, ...] = field(default=(), compare=False)

    def minor(self) -> dict[str, int]:
        """Whole minor units by currency, in order, each rounded once, half away from zero."""
        return {code: rounded(value) for code, value in sorted(self.by.items())}


Value = Fraction | Amounts | None


class NoValue(Exception):
    """There is no value. `reason`: ZERO to divide by, amounts in several CURRENCIES, a part is MISSING."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BadFormula(ValueError):
    """The text is no formula."""


def rounded(value: Fraction) -> int:
    """Half away from zero."""
    return -rounded(-value) if value < 0 else int(value + Fraction(1, 2))


def evaluate(formula: str, values: Mapping[str, Any]) -> tuple[Value, str]:
    """(value, reason why there is none or ""). Numbers may be given as int, float or Fraction."""
    try:
        return _compute(_parsed(formula), values), ""
    except NoValue as none:
        return None, none.reason


def names_in(formula: str) -> list[str]:
    """Names of parts in the order in which they stand; BadFormula when the text is none."""
    calls = {id(one.func) for one in ast.walk(_parsed(formula)) if isinstance(one, ast.Call)}
    found = [one for one in ast.walk(_parsed(formula)) if isinstance(one, ast.Name) and id(one) not in calls]
    return list(dict.fromkeys(one.id for one in sorted(found, key=lambda one: one.col_offset)))


@lru_cache(maxsize=500)
def _parsed(formula: str) -> ast.expr:
    if len(formula) > MOST:
        raise BadFormula(f"a formula has at most {MOST} characters")
    try:
        tree = ast.parse(formula, mode="eval").body
    except SyntaxError:
        raise BadFormula(f"{formula!r} is no formula") from None
    for node in ast.walk(tree):
        if not isinstance(node, _KNOWN):
            raise BadFormula(f"{formula!r} is no formula: {type(node).__name__} is not known in it")
        if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS):
            raise BadFormula(f"{formula!r} calls something else than {', '.join(_FUNCTIONS)}")
    return tree


_KNOWN = (
    ast.BinOp,
    ast.UnaryOp,
    ast.USub,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.Div,
    ast.Name,
    ast.Load,
    ast.Constant,
    ast.Call,
)


def _compute(node: ast.expr, values: Mapping[str, Any]) -> Value:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return _exact(node.value)
    if isinstance(node, ast.Name):
        found = values.get(node.id)
        if found is None:
            raise NoValue(MISSING)
        return found if isinstance(found, Amounts) else _exact(found)
    if isinstance(node, ast.UnaryOp):
        return _times(Fraction(-1), _compute(node.operand, values))
    if isinstance(node, ast.BinOp):
        left, right = _compute(node.left, values), _compute(node.right, values)
        return _OPERATIONS[type(node.op)](left, right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _FUNCTIONS[node.func.id](node.args, values)
    raise BadFormula("this is no formula")


def _exact(value: Any) -> Fraction:
    return value if isinstance(value, Fraction) else Fraction(str(value))


def _plus(left: Value, right: Value) -> Value:
    if isinstance(left, Amounts) and isinstance(right, Amounts) and left.is_money == right.is_money:
        codes = {**left.by, **right.by}
        by = {code: left.by.get(code, Fraction(0)) + right.by.get(code, Fraction(0)) for code in codes}
        return _with(by, left, right, is_money=left.is_money)
    if isinstance(left, Amounts) and isinstance(right, Fraction) and right == 0:
        return left
    if isinstance(right, Amounts) and isinstance(left, Fraction) and left == 0:
        return right
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return left + right
    raise NoValue(CURRENCIES)


def _with(by: Mapping[str, Fraction], *parts: Amounts, is_money: bool = True) -> Amounts:
    """Amounts that say which rates their parts were converted by."""
    rates = tuple(dict.fromkeys(rate for part in parts for rate in part.rates))
    return Amounts(by, is_money, rates, tuple(dict.fromkeys(code for part in parts for code in part.missing)))


def _minus(left: Value, right: Value) -> Value:
    return _plus(left, _times(Fraction(-1), right))


def _times(left: Value, right: Value) -> Value:
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return left * right
    if isinstance(left, Amounts) and isinstance(right, Fraction):
        return _with({code: value * right for code, value in left.by.items()}, left, is_money=left.is_money)
    if isinstance(right, Amounts) and isinstance(left, Fraction):
        return _times(right, left)
    raise NoValue(CURRENCIES)


def _over(left: Value, right: Value) -> Value:
    if isinstance(right, Fraction):
        if right == 0:
            raise NoValue(ZERO)
        return _times(left, Fraction(1) / right)
    if not isinstance(right, Amounts):
        raise NoValue(MISSING)
    if not any(right.by.values()):
        raise NoValue(ZERO)
    if isinstance(left, Fraction):
        if left == 0:
            return Fraction(0)
        raise NoValue(CURRENCIES)
    if isinstance(left, Amounts) and left.is_money and not right.is_money:
        return _with({code: value / right.by[code] for code, value in left.by.items() if right.by.get(code)}, left)
    if isinstance(left, Amounts) and left.is_money == right.is_money:
        codes = {code for one in (left, right) for code, value in one.by.items() if value}
        if len(codes) > 1 and left.is_money:
            raise NoValue(CURRENCIES)
        return sum(left.by.values(), Fraction(0)) / sum(right.by.values(), Fraction(0))
    raise NoValue(CURRENCIES)


_OPERATIONS: Mapping[type, Callable[[Value, Value], Value]] = {
    ast.Add: _plus, ast.Sub: _minus, ast.Mult: _times, ast.Div: _over,
}  # fmt: skip


def _least(arguments: Sequence[ast.expr], values: Mapping[str, Any]) -> Value:
    found = [_compute(one, values) for one in arguments]
    if not all(isinstance(one, Fraction) for one in found):
        raise NoValue(CURRENCIES)
    return min(one for one in found if isinstance(one, Fraction))


def _most(arguments: Sequence[ast.expr], values: Mapping[str, Any]) -> Value:
    found = _least([ast.UnaryOp(ast.USub(), one) for one in arguments], values)
    return _times(Fraction(-1), found)


def _weighted(arguments: Sequence[ast.expr], values: Mapping[str, Any]) -> Value:
    """weighted(w1, a, w2, b...): parts without a value are left out and the weights of the others share the whole."""
    total, whole = Fraction(0), Fraction(0)
    for at in range(0, len(arguments) - 1, 2):
        weight = _compute(arguments[at], values)
        try:
            part = _compute(arguments[at + 1], values)
        except NoValue:
            continue
        if isinstance(weight, Fraction) and isinstance(part, Fraction):
            total, whole = total + weight * part, whole + weight
    if whole == 0:
        raise NoValue(MISSING)
    return total / whole


_FUNCTIONS: Mapping[str, Callable[[Sequence[ast.expr], Mapping[str, Any]], Value]] = {
    "min": _least, "max": _most, "weighted": _weighted,
}  # fmt: skip
