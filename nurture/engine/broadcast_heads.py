"""The most that a broadcast which an apply brings can mail in the next hour (language.md 11.7)."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from nurture.decide.clock import Clock, at
from nurture.model.book import Book
from nurture.model.sequence import Sequence
from nurture.model.trigger import OnceTrigger
from nurture.model.values import dataclass
from nurture.store.open import Store

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Heads:
    """The most that a new sequence can mail in the next hour; and whose hour has passed, while others' is to come."""

    next_hour: int = 0
    past: int = 0


def heads(store: Store, book: Book, sequence: Sequence, now: datetime) -> Heads | None:
    """Whom a broadcast reaches within the hour: where its hour comes, and where it has passed if those get it too.

    None for what starts by something else. Counted by what the store can say of people: never too few.
    """
    hours = [one for one in sequence.start if isinstance(one, OnceTrigger)]
    if not hours:
        return None
    applied, people, passed, to_come = book.applied.get(sequence.name), 0, 0, False
    past_too = applied is not None and applied.past_too
    for zone, count in store.figures.fitting(book, sequence).items():
        moments = [at(one.day, one.at, Clock(ZoneInfo(zone))) for one in hours]
        if any(moment <= now + HOUR and (moment >= now or past_too) for moment in moments):
            people += count
        if max(moments) < now:
            passed += count
        else:
            to_come = True
    next_hour = min(people, sequence.at_most) if sequence.at_most is not None else people
    return Heads(next_hour, passed if to_come else 0)
