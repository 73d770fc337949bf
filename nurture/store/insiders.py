"""People inside, read with as little of them as a question about an edit of the book needs, a page at a time."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from nurture.model.person import Person
from nurture.model.values import dataclass
from nurture.store.codec import instant, micros, values_of
from nurture.store.database import Database, among
from nurture.store.load import Unreadable, loaded, rows_of, watermark
from nurture.store.state_codec import running_of
from nurture.store.tables import PERSON

_INSIDERS = select(PERSON.c.id, PERSON.c.decided_until, PERSON.c.facts, PERSON.c.state).order_by(PERSON.c.id)


@dataclass(frozen=True, slots=True)
class Insiders:
    """The rows of some people as the database gives them: quickly handed to another process and made people there.

    With `whole` they have their history and mails; without, only their facts and what runs for them, which says
    nothing of the event it is about.
    """

    rows: Sequence[Any]
    whole: bool
    looked_until: int

    def people(self, now: datetime, unreadable: Unreadable) -> Iterator[Person]:
        """The people as last decided; one whose row is damaged is told to `unreadable` and left out."""
        for row in self.rows:
            try:
                person = self._whole(row, now) if self.whole else self._barely(row)
            except Exception as fault:  # noqa: BLE001  (one damaged row must not hold up everybody else)
                unreadable.tell(row[0][0] if self.whole else row[0], fault)
            else:
                yield person

    def _whole(self, row: Any, now: datetime) -> Person:
        of_person, events, messages = row
        return loaded(of_person, events, messages, micros(now), self.looked_until, 0).person

    def _barely(self, row: Any) -> Person:
        id_, decided_until, facts, state = row
        asof = instant(max(decided_until, self.looked_until))
        return Person(id_, asof, values_of(facts), enrolments=running_of(state))


def insiders(database: Database, ids: Sequence[str], whole: bool) -> Insiders:
    """The people of these ids; unknown ids are left out."""
    with database.reading() as connection:
        looked = watermark(connection)
        rows = rows_of(connection, ids) if whole else among(connection, _INSIDERS, PERSON.c.id, ids)
    return Insiders(rows, whole, 0 if looked is None else micros(looked))
