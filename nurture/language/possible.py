"""Whether a condition can be true for somebody with exactly one order; in doubt it can."""

import operator
from collections.abc import Callable

from nurture.model.expression import Both, Compare, Either, Expression, Literal, Name

_COUNT = ("person", "orders", "count")
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def possible_with_one_order(expression: Expression) -> bool:
    """False only when the number of orders alone rules it out."""
    match expression:
        case Both(parts=parts):
            return all(map(possible_with_one_order, parts))
        case Either(parts=parts):
            return any(map(possible_with_one_order, parts))
        case Compare(operator=sign, left=left, right=right):
            return _holds(sign, left, right)
        case Literal(value=bool() as value):
            return value
        case _:
            return True


def _holds(sign: str, left: Expression, right: Expression) -> bool:
    one, other = _number(left), _number(right)
    counted = any(isinstance(side, Name) and side.path == _COUNT for side in (left, right))
    return _OPERATORS[sign](one, other) if counted and one is not None and other is not None else True


def _number(side: Expression) -> float | None:
    if isinstance(side, Name) and side.path == _COUNT:
        return 1
    if isinstance(side, Literal) and isinstance(side.value, int | float):
        return side.value
    return None
