"""Lengths of time typed at the command line, in the language's own spelling (language.md 4.5)."""

from datetime import timedelta

from nurture.language.shapes import Span
from nurture.language.values import length
from nurture.model.length import Length, Unit

CALENDAR_AND_CLOCK = Span((Unit.minute, Unit.hour, Unit.day, Unit.week), least=0)


def read_length(text: str) -> Length | None:
    """`3 days`, `72 hours`, `0 days`; None for anything else."""
    return length(text.strip(), CALENDAR_AND_CLOCK)


def length_span(length: Length) -> timedelta:
    """As so much elapsed time; days and weeks as days of 24 hours. ValueError for months and years."""
    if length.elapsed:
        return timedelta(seconds=length.seconds)
    if length.days is None:
        raise ValueError(f"{length} is no elapsed time")
    return timedelta(days=length.days)
