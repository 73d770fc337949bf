"""Conditions as SQL that may return too many people, never too few (language.md 7); the core has the last word."""

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import date, datetime, timedelta
from math import ceil, floor

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
from nurture.model.length import Length
from nurture.model.moving import TODAY, compares_as_days
from nurture.model.values import dataclass
from nurture.store.codec import micros

_DAY = timedelta(days=1)
_SIGNS = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


@dataclass(frozen=True, slots=True)
class LocalDay:
    """One zone's present: its date, the first instant of any of its dates, and what `ago(length)` is there."""

    now: datetime
    today: date
    start: Callable[[date], datetime]
    ago: Callable[[Length], datetime]


def prefilter(expression: Expression, columns: Mapping[str, str], day: LocalDay) -> tuple[str, dict[str, object]]:
    """A WHERE clause and its named parameters (`:c0`, ...) for the people of one zone.

    `columns` says in SQL where a dotted name stands: instants as microseconds in UTC, days as
    ordinals, absent values as NULL (also a day whose year is not known). A part that SQL cannot say is TRUE.
    """
    saying = _Saying(columns, day)
    return saying.widened(expression), saying.parameters


def exactly(expression: Expression, columns: Mapping[str, str], day: LocalDay) -> tuple[str, dict[str, object]] | None:
    """The same with nothing left out, three-valued as the core answers; None when SQL cannot say all of it."""
    saying = _Saying(columns, day)
    said = saying.said(expression)
    return None if said is None else (said, saying.parameters)


@dataclass(slots=True)
class _Saying:
    """One translation: `said` is exact or None, `widened` says TRUE in place of what cannot be said."""

    columns: Mapping[str, str]
    day: LocalDay
    parameters: dict[str, object] = field(default_factory=dict)

    def widened(self, expression: Expression) -> str:
        if isinstance(expression, Both | Either):
            parts = [self.widened(part) for part in expression.parts]
            return _joined(parts, "AND" if isinstance(expression, Both) else "OR")
        before = len(self.parameters)
        said = self.said(expression)
        if said is not None:
            return said
        for name in list(self.parameters)[before:]:
            del self.parameters[name]
        return "TRUE"

    def said(self, expression: Expression) -> str | None:
        match expression:
            case Literal(value=value):
                return ("TRUE" if value else "FALSE") if isinstance(value, bool) else self._bound(value)
            case Name():
                return self._name(expression)
            case Call():
                return self._call(expression)
            case Arithmetic():
                return self._arithmetic(expression)
            case Compare(operator=operator, left=left, right=right):
                return self._compare(operator, left, right)
            case Among():
                return self._among(expression)
            case IsKnown():
                return self._known(expression)
            case Both(parts=parts):
                return _all_said([self.said(part) for part in parts], "AND")
            case Either(parts=parts):
                return _all_said([self.said(part) for part in parts], "OR")
            case Opposite(part=part):
                inner = self.said(part)
                return None if inner is None else f"(NOT {inner})"

    def _bound(self, value: object) -> str:
        name = f"c{len(self.parameters)}"
        self.parameters[name] = value
        return f":{name}"

    def _name(self, name: Name) -> str | None:
        if name.path == TODAY:
            return self._bound(self.day.today.toordinal())
        return self.columns.get(str(name))

    def _call(self, call: Call) -> str | None:
        if call.function == "ago" and call.within is not None:
            return self._bound(micros(self.day.ago(call.within)))
        if call.function not in ("days_since", "days_until") or call.operand is None:
            return None
        if call.operand.kind is not Kind.day:
            return None  # of a moment only a comparison with a number can be said: an instant against an instant
        value = self.said(call.operand)
        today = self._bound(self.day.today.toordinal())
        if value is None:
            return None
        return f"({today} - {value})" if call.function == "days_since" else f"({value} - {today})"

    def _arithmetic(self, expression: Arithmetic) -> str | None:
        left, right = self.said(expression.left), self.said(expression.right)
        if left is None or right is None:
            return None
        if expression.operator == "/":
            # SQLite would divide integers; PostgreSQL's REAL has seven digits, DOUBLE PRECISION is a double in both.
            return f"(CAST({left} AS DOUBLE PRECISION) / NULLIF({right}, 0))"
        return f"({left} {expression.operator} {right})"

    def _compare(self, operator: str, left: Expression, right: Expression) -> str | None:
        for one, other, sign in ((left, right, operator), (right, left, _TURNED[operator])):
            passed = _days_passed(one)
            if passed is not None:
                return self._days_against(passed, sign, other)
            if isinstance(other, Name) and other.path == TODAY and one.kind is Kind.moment:
                return self._dated(one, sign, self.day.today)
        if compares_as_days(left, right):
            return None
        said, beside = self.said(left), self.said(right)
        return None if said is None or beside is None else f"({said} {_SIGNS[operator]} {beside})"

    def _days_against(self, passed: tuple[Expression, int], operator: str, number: Expression) -> str | None:
        """`days_since(moment) operator number`: the date of the moment against a fixed date, turned round."""
        moment, direction = passed
        if not isinstance(number, Literal) or not isinstance(number.value, int | float):
            return None
        operator, days = _whole(operator, number.value)
        if days is None:
            return self._never_equal(moment, operator)
        ordinal = self.day.today.toordinal() - direction * days
        if not 366 < ordinal < date.max.toordinal() - 366:
            return None
        return self._dated(moment, _TURNED[operator] if direction > 0 else operator, date.fromordinal(ordinal))

    def _never_equal(self, moment: Expression, operator: str) -> str | None:
        """No number of days is 2.5: the answer is fixed, but an unknown moment stays unknown."""
        value = self.said(moment)
        if value is None:
            return None
        return f"({value} IS NOT NULL OR NULL)" if operator == "!=" else f"({value} IS NULL AND NULL)"

    def _dated(self, moment: Expression, operator: str, day: date) -> str | None:
        """The local date of a moment against a date, the column bare so that its index serves."""
        value = self.said(moment)
        if value is None:
            return None
        start = self._bound(micros(self.day.start(day)))
        end = self._bound(micros(self.day.start(day + _DAY)))
        return {
            "<": f"({value} < {start})",
            "<=": f"({value} < {end})",
            ">": f"({value} >= {end})",
            ">=": f"({value} >= {start})",
            "==": f"({value} >= {start} AND {value} < {end})",
            "!=": f"({value} < {start} OR {value} >= {end})",
        }[operator]

    def _among(self, expression: Among) -> str | None:
        compared = [self._compare("==", expression.item, option) for option in expression.options]
        said = _all_said(compared, "OR")
        return f"(NOT {said})" if said is not None and expression.negated else said

    def _known(self, expression: IsKnown) -> str | None:
        if expression.item.kind is Kind.day:
            return None  # a birthday without its year is known, and NULL in a column of days
        item = self.said(expression.item)
        if item is None:
            return None
        return f"({item} IS NULL)" if expression.negated else f"({item} IS NOT NULL)"


def _days_passed(expression: Expression) -> tuple[Expression, int] | None:
    """The moment inside days_since (1) or days_until (-1); None for anything else."""
    if not isinstance(expression, Call) or expression.operand is None or expression.operand.kind is not Kind.moment:
        return None
    direction = {"days_since": 1, "days_until": -1}.get(expression.function)
    return None if direction is None else (expression.operand, direction)


def _whole(operator: str, number: float) -> tuple[str, int | None]:
    """The same question about whole days; None when no whole number can equal it."""
    if number == floor(number):
        return operator, int(number)
    if operator in ("==", "!="):
        return operator, None
    return (operator, floor(number)) if operator in ("<=", ">") else (operator, ceil(number))


def _all_said(parts: list[str | None], how: str) -> str | None:
    known = [part for part in parts if part is not None]
    return _joined(known, how) if len(known) == len(parts) else None


def _joined(parts: list[str], how: str) -> str:
    return f"({f' {how} '.join(parts)})"
