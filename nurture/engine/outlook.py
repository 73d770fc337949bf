"""What `simulate` asks of everybody, made from what was typed: span, outage, imagined events (language.md 11.4)."""

from datetime import datetime, timedelta

from nurture.engine.faults import MisuseError
from nurture.engine.forecast import Question
from nurture.engine.imagined import imagined
from nurture.engine.lengths import length_span
from nurture.engine.simulation import begin_at
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.length import Length


def asked_of(
    shop: Workshop, book: Book, now: datetime, start: datetime | None, days: int, *, events: bool, down: Length | None
) -> Question:
    """The question for all processes. MisuseError for a start in the past or an outage longer than the stretch."""
    begin = begin_at(start, book, now, "--from")
    end = begin + timedelta(days=days)
    back = None if down is None else now + length_span(down)
    if back is not None and back >= end:
        raise MisuseError(f"an outage of {down} lasts as long as what is simulated: ask for more --days.")
    return Question(book, now, begin, end, imagined(shop.store, book, now) if events else None, back)
