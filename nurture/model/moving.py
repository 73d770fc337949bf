"""Which parts of a condition move with the clock, and whether the next move can be worked out (language.md 7)."""

from collections.abc import Iterator

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
    Name,
    Opposite,
)

TODAY = ("today",)
CLOCKED = frozenset({"days_since", "days_until", "ago"})
"""Functions whose value changes with every date (or, for hours, at every instant)."""
FADING = frozenset({"count", "got", "bought"})
"""Functions whose value changes only when something leaves their window, or a known future event comes."""


def children(expression: Expression) -> tuple[Expression, ...]:
    """The parts that an expression is directly made of, in the author's order."""
    match expression:
        case Compare(left=left, right=right) | Arithmetic(left=left, right=right):
            return (left, right)
        case Both(parts=parts) | Either(parts=parts):
            return parts
        case Opposite(part=part) | IsKnown(item=part):
            return (part,)
        case Among(item=item, options=options):
            return (item, *options)
        case Call(operand=operand, fields=fields):
            return ((operand,) if operand is not None else ()) + tuple(value for _, value in fields)
        case _:
            return ()


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything inside it."""
    yield expression
    for part in children(expression):
        yield from walk(part)


def is_clocked(expression: Expression) -> bool:
    """Whether it is itself a value that runs with the clock: `today`, `ago(..)`, `days_since(..)`, `days_until(..)`."""
    if isinstance(expression, Call):
        return expression.function in CLOCKED
    return isinstance(expression, Name) and expression.path == TODAY


def is_still(expression: Expression) -> bool:
    """Whether time alone never changes its value."""
    return not any(
        is_clocked(part) or (isinstance(part, Call) and part.function in FADING) for part in walk(expression)
    )


def is_plainly_clocked(expression: Expression) -> bool:
    """A clocked value over something still: its every threshold can be turned into an instant."""
    return is_clocked(expression) and all(is_still(part) for part in children(expression))


def sides(expression: Expression) -> tuple[Expression, tuple[Expression, ...]] | None:
    """The one plainly clocked side of a comparison and the still values it meets; None for any other shape."""
    match expression:
        case Compare(left=left, right=right) if is_plainly_clocked(left) and is_still(right):
            return left, (right,)
        case Compare(left=left, right=right) if is_plainly_clocked(right) and is_still(left):
            return right, (left,)
        case Among(item=item, options=options) if is_plainly_clocked(item) and all(map(is_still, options)):
            return item, options
        case _:
            return None


def computable_change(expression: Expression) -> bool:
    """Whether `next_change` knows the instants at which the answer may change, and need not ask at every midnight."""
    if sides(expression) is not None:
        return True
    if isinstance(expression, IsKnown) and is_plainly_clocked(expression.item):
        return True  # how long ago it is changes, whether it is known does not
    if is_clocked(expression):
        return False
    return all(computable_change(part) for part in children(expression))


def numbers_needed(expression: Expression) -> frozenset[str]:
    """The numbers without which a condition is never true: a comparison with what is unknown is unknown."""
    parts = expression.parts if isinstance(expression, Both) else (expression,)
    strict = (part for part in parts if isinstance(part, Compare | Among) and not _may_hold_unknown(part))
    names = (one for part in strict for one in walk(part) if isinstance(one, Name))
    return frozenset(name.path[1] for name in names if name.path[0] == "numbers")


def _may_hold_unknown(part: Expression) -> bool:
    """Whether it may be true though something in it is unknown."""
    return any(isinstance(one, Both | Call | Either | IsKnown | Opposite) for one in walk(part))


def compares_as_days(one: Expression, other: Expression) -> bool:
    """A day beside a moment is compared by the reader's dates."""
    return one.kind is not other.kind and {one.kind, other.kind} == {Kind.day, Kind.moment}
