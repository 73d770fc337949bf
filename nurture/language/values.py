"""Single values as an author writes them: lengths, clocks, days, zones, names (language.md 4.5)."""

import math
import re
from collections.abc import Callable
from datetime import date, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from nurture.language.shapes import (
    Anything,
    Choice,
    Day,
    Factor,
    Flag,
    Formula,
    Pattern,
    Question,
    Shape,
    Span,
    WallClock,
    Whole,
    Words,
    Zone,
)
from nurture.language.tree import ScalarNode
from nurture.model.length import Length, Unit

CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_DIGITS = {Unit.month: 3, Unit.year: 2}  # more would leave the calendar


def span_pattern(span: Span) -> str:
    """The written forms of a length, as a regular expression for the whole text."""
    zero = "0|" if span.least == 0 else ""
    forms = (f"({zero}[1-9][0-9]{{0,{_DIGITS.get(unit, 4)}}}) {unit.value}s?" for unit in span.units)
    return "|".join(f"({form})" for form in forms)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text has the form."""
    return _compiled(pattern).fullmatch(text) is not None


def length(text: str, span: Span) -> Length | None:
    """`3 days`, `72 hours`, `1 month`; None for anything else and for other units."""
    if not matches(span_pattern(span), text):
        return None
    amount, unit = text.split(" ", 1)
    return Length(int(amount), Unit(unit.removesuffix("s")))


def rolling(text: str) -> tuple[int, Length]:
    """`4 per year` or `2 per 30 days`, already known to have that form."""
    most, period = text.split(" per ")
    amount, _, unit = period.rpartition(" ")
    return int(most), Length(int(amount or 1), Unit(unit.removesuffix("s")))


def clock(text: str) -> time | None:
    """A 24-hour clock time `09:30`; None for anything else."""
    return time.fromisoformat(text) if matches(CLOCK, text) else None


def day(text: str) -> date | None:
    """A date `2027-03-02` that exists; None for anything else."""
    if not matches(DAY, text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def zone(text: str) -> str | None:
    """The name of an IANA zone, if there is such a zone."""
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        return None
    return text


def _words(node: ScalarNode, _: Words) -> str | None:
    told = isinstance(node.value, str | int | float) and not isinstance(node.value, bool)
    return node.text if told and node.text.strip() else None


def _pattern(node: ScalarNode, shape: Pattern) -> str | None:
    return node.value if isinstance(node.value, str) and matches(shape.regex, node.value) else None


def _choice(node: ScalarNode, shape: Choice) -> str | None:
    return node.value if isinstance(node.value, str) and node.value in shape.options else None


def _whole(node: ScalarNode, shape: Whole) -> int | None:
    value = node.value
    fits = isinstance(value, int) and not isinstance(value, bool) and shape.least <= value <= shape.most
    return value if fits and isinstance(value, int) else None


def _factor(node: ScalarNode, _: Factor) -> float | None:
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and value > 0 else None


def _flag(node: ScalarNode, shape: Flag) -> bool | None:
    if not isinstance(node.value, bool):
        return None
    return node.value if shape.only in (None, node.value) else None


def _question(node: ScalarNode, _: Question) -> ScalarNode | None:
    return node if isinstance(node.value, str | bool) and node.text.strip() else None


def _formula(node: ScalarNode, _: Formula) -> ScalarNode | None:
    return node if node.value is not None and node.text.strip() else None


def _of_text(parse: Callable[[str], object]) -> Callable[[ScalarNode, Shape], object]:
    return lambda node, _: parse(node.value) if isinstance(node.value, str) else None


def _span(node: ScalarNode, shape: Span) -> Length | None:
    return length(node.value, shape) if isinstance(node.value, str) else None


PLAIN: dict[type, Callable[..., object]] = {
    Words: _words,
    Pattern: _pattern,
    Choice: _choice,
    Whole: _whole,
    Factor: _factor,
    Flag: _flag,
    Span: _span,
    WallClock: _of_text(clock),
    Day: _of_text(day),
    Zone: _of_text(zone),
    Question: _question,
    Formula: _formula,
    Anything: lambda node, _: node.value,
}
"""For each plain shape the function from a node to its value; None when it is not understood."""
