"""A condition's tree as one Python function, built once: three-valued, None is unknown (language.md 7)."""

import operator
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from nurture.decide.clock import day_start, local_day
from nurture.decide.happened import (
    as_number,
    dates_back,
    inside,
    mailed,
    occurred,
    purchases,
)
from nurture.decide.names import reader
from nurture.decide.scene import Scene
from nurture.model.event import Event
from nurture.model.expression import (
    Among,
    Arithmetic,
    Both,
    Call,
    Compare,
    Either,
    Expression,
    IsKnown,
    Kind,
    Literal,
    Name,
    Opposite,
)
from nurture.model.moving import compares_as_days

Closure = Callable[[Scene], object | None]

_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_COMPARISON: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


_BOUND = 8192
_closures: dict[int, tuple[Expression, Closure]] = {}
"""Built functions by the identity of their tree; holding the tree keeps its identity from being given again."""


def evaluate(expression: Expression, scene: Scene) -> object | None:
    """The value of an expression for this person at this instant; None is unknown."""
    built = _closures.get(id(expression))
    if built is None:
        built = _remember(expression)
    return built[1](scene)


def _remember(expression: Expression) -> tuple[Expression, Closure]:
    if len(_closures) >= _BOUND:
        _closures.clear()
    built = (expression, closure(expression))
    _closures[id(expression)] = built
    return built


def closure(expression: Expression) -> Closure:
    """The function that answers this expression for a scene."""
    match expression:
        case Literal(value=value):
            return lambda _scene: value
        case Name():
            return reader(expression)
        case Call():
            return _CALLS[expression.function](expression)
        case Compare():
            return _compare(expression)
        case Among():
            return _among(expression)
        case IsKnown():
            return _is_known(expression)
        case Both():
            return _both(tuple(closure(part) for part in expression.parts))
        case Either():
            return _either(tuple(closure(part) for part in expression.parts))
        case Opposite():
            return _opposite(closure(expression.part))
        case Arithmetic():
            return _arithmetic(expression)


def _both(parts: tuple[Closure, ...]) -> Closure:
    def both(scene: Scene) -> object | None:
        answer: bool | None = True
        for part in parts:
            found = part(scene)
            if found is False:
                return False
            if found is None:
                answer = None
        return answer

    return both


def _either(parts: tuple[Closure, ...]) -> Closure:
    def either(scene: Scene) -> object | None:
        answer: bool | None = False
        for part in parts:
            found = part(scene)
            if found is True:
                return True
            if found is None:
                answer = None
        return answer

    return either


def _opposite(part: Closure) -> Closure:
    def opposite(scene: Scene) -> object | None:
        found = part(scene)
        return None if found is None else not found

    return opposite


def _is_known(expression: IsKnown) -> Closure:
    item, negated = closure(expression.item), expression.negated
    return lambda scene: (item(scene) is None) is negated


def as_day(value: object, scene: Scene) -> date | None:
    """A day as it is compared: a moment by the reader's date; a day without its year is unknown."""
    if isinstance(value, datetime):
        return local_day(value, scene.clock)
    return value if isinstance(value, date) else None


def _side(expression: Expression, *, by_day: bool) -> Closure:
    """One side of a comparison, brought to the form in which the two compare."""
    value = closure(expression)
    if by_day:
        return lambda scene: as_day(value(scene), scene)
    return value


def _by_day(one: Expression, other: Expression) -> bool:
    return Kind.day in (one.kind, other.kind) or compares_as_days(one, other)


def _compare(expression: Compare) -> Closure:
    compared = _COMPARISON[expression.operator]
    by_day = _by_day(expression.left, expression.right)
    left = _side(expression.left, by_day=by_day)
    if isinstance(expression.right, Literal):
        return _against(left, compared, expression.right.value)
    right = _side(expression.right, by_day=by_day)

    def compare(scene: Scene) -> object | None:
        one, other = left(scene), right(scene)
        return None if one is None or other is None else compared(one, other)

    return compare


def _against(left: Closure, compared: Callable[[Any, Any], bool], value: object) -> Closure:
    def against(scene: Scene) -> object | None:
        one = left(scene)
        return None if one is None else compared(one, value)

    return against


def _among(expression: Among) -> Closure:
    negated = expression.negated
    by_day = any(_by_day(expression.item, option) for option in expression.options)
    item = _side(expression.item, by_day=by_day)
    options = tuple(_side(option, by_day=by_day) for option in expression.options)

    def among(scene: Scene) -> object | None:
        one = item(scene)
        if one is None:
            return None
        answer: bool | None = negated
        for option in options:
            other = option(scene)
            if other is None:
                answer = None
            elif one == other:
                return not negated
        return answer

    return among


def _arithmetic(expression: Arithmetic) -> Closure:
    left, right = closure(expression.left), closure(expression.right)
    worked = _ARITHMETIC[expression.operator]

    def arithmetic(scene: Scene) -> object | None:
        one, other = left(scene), right(scene)
        if not isinstance(one, int | float) or not isinstance(other, int | float):
            return None
        try:
            result = worked(one, other)
        except (ZeroDivisionError, OverflowError):  # as in SQL: what cannot be worked out is unknown
            return None
        return result if result == result else None

    return arithmetic


def _days_since(call: Call) -> Closure:
    value = _operand(call)

    def days_since(scene: Scene) -> object | None:
        day = as_day(value(scene), scene)
        return None if day is None else local_day(scene.now, scene.clock).toordinal() - day.toordinal()

    return days_since


def _days_until(call: Call) -> Closure:
    value = _operand(call)

    def days_until(scene: Scene) -> object | None:
        day = as_day(value(scene), scene)
        return None if day is None else day.toordinal() - local_day(scene.now, scene.clock).toordinal()

    return days_until


def _lower(call: Call) -> Closure:
    value = _operand(call)

    def lower(scene: Scene) -> object | None:
        text = value(scene)
        return text.lower() if isinstance(text, str) else None

    return lower


def _operand(call: Call) -> Closure:
    if call.operand is None:
        raise ValueError(f"{call.function}() came without its value")
    return closure(call.operand)


def _ago(call: Call) -> Closure:
    length = call.within
    if length is None:
        raise ValueError("ago() came without its length")
    if length.elapsed:
        back = timedelta(seconds=length.seconds)
        return lambda scene: scene.now - back
    return lambda scene: day_start(dates_back(local_day(scene.now, scene.clock), length), scene.clock)


def matching(call: Call) -> Callable[[Scene], list[datetime] | None]:
    """When that which count, got or bought asks for happened, at any time that is known; None is unknown."""
    word = call.word
    if call.function == "got":
        return lambda scene: mailed(scene, word)
    if call.function == "bought":
        return lambda scene: purchases(scene, word)
    wanted = tuple((_field(name, value), closure(value)) for name, value in call.fields)
    if not wanted:
        return lambda scene: [event.happened_at for event in occurred(scene, word)]

    def matched(scene: Scene) -> list[datetime] | None:
        values = [(read, value(scene)) for read, value in wanted]
        if any(value is None for _, value in values):
            return None
        return [
            event.happened_at
            for event in occurred(scene, word)
            if all(read(event, scene) == value for read, value in values)
        ]

    return matched


def _count(call: Call) -> Closure:
    moments, within = matching(call), call.within

    def count(scene: Scene) -> object | None:
        found = moments(scene)
        return None if found is None else len(inside(scene, found, within))

    return count


def _field(name: str, value: Expression) -> Callable[[Event, Scene], object | None]:
    """Reads an event's field in the form of the value that it is compared with."""
    if value.kind is Kind.number:
        return lambda event, scene: as_number(event.fields.get(name), scene)
    if value.kind is Kind.day:
        return lambda event, scene: as_day(event.fields.get(name), scene)
    return lambda event, _scene: event.fields.get(name)


def _has_tag(call: Call) -> Closure:
    word = call.word
    return lambda scene: word in scene.person.tags


def _has_moment(call: Call) -> Closure:
    word = call.word
    return lambda scene: word in scene.person.moments


def _ever(call: Call) -> Closure:
    """Got and bought: whether it happened at least once."""
    moments, within = matching(call), call.within

    def ever(scene: Scene) -> object | None:
        found = moments(scene)
        return found is not None and bool(inside(scene, found, within))

    return ever


_CALLS: dict[str, Callable[[Call], Closure]] = {
    "days_since": _days_since,
    "days_until": _days_until,
    "lower": _lower,
    "ago": _ago,
    "count": _count,
    "has_tag": _has_tag,
    "has_moment": _has_moment,
    "got": _ever,
    "bought": _ever,
}
