"""What a condition answers of somebody of whom only the number of orders is known: true, false, or nobody can tell."""

import operator
from collections.abc import Callable, Iterable

from nurture.model.expression import Among, Both, Compare, Either, Expression, Literal, Name, Opposite
from nurture.model.rules import Stage

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
    return answer(expression, 1) is not False


def possible_stages(stages: Iterable[Stage], orders: int) -> set[str]:
    """The stages in which somebody with so many orders can be: the first whose rule holds is theirs."""
    found = set()
    for stage in stages:
        held = answer(stage.enter.root, orders)
        if held is not False:
            found.add(stage.id)
        if held:
            break
    return found


def answer(expression: Expression, orders: int) -> bool | None:
    """Three-valued, with everything but the number of orders unknown."""
    match expression:
        case Both(parts=parts):
            answers = [answer(part, orders) for part in parts]
            return False if False in answers else None if None in answers else True
        case Either(parts=parts):
            answers = [answer(part, orders) for part in parts]
            return True if True in answers else None if None in answers else False
        case Opposite(part=part):
            found = answer(part, orders)
            return None if found is None else not found
        case Compare(operator=sign, left=left, right=right):
            return _holds(sign, left, right, orders)
        case Among(item=item, options=options, negated=negated):
            return _among(item, options, orders, negated)
        case Literal(value=bool() as value):
            return value
        case _:
            return None


def _holds(sign: str, left: Expression, right: Expression, orders: int) -> bool | None:
    one, other = _number(left, orders), _number(right, orders)
    counted = _is_count(left) or _is_count(right)
    return _OPERATORS[sign](one, other) if counted and one is not None and other is not None else None


def _among(item: Expression, options: tuple[Expression, ...], orders: int, negated: bool) -> bool | None:
    numbers = [_number(option, orders) for option in options]
    if not _is_count(item) or None in numbers:
        return None
    return (orders in numbers) is not negated


def _is_count(side: Expression) -> bool:
    return isinstance(side, Name) and side.path == _COUNT


def _number(side: Expression, orders: int) -> float | None:
    if _is_count(side):
        return orders
    if isinstance(side, Literal) and isinstance(side.value, int | float):
        return side.value
    return None
