"""How often each reason was given in one sequence: for questions about everybody at once (language.md 11.5)."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import distinct, func, select

from nurture.model.decision import Why
from nurture.model.values import dataclass
from nurture.store.codec import micros
from nurture.store.database import PAGE, Database
from nurture.store.tables import PERSON, REASON


@dataclass(frozen=True, slots=True)
class Counted:
    """So many people had this reason, in these words."""

    why: Why
    words: str
    people: int


@dataclass(frozen=True, slots=True)
class ReasonsCounted:
    """Questions about the reasons of one sequence since an instant (UTC); nothing is written."""

    database: Database

    def of(self, sequence: str, since: datetime) -> list[Counted]:
        """Each reason with its words, and how many people had it, most first."""
        people = func.count(distinct(REASON.c.person))
        asked = (
            select(REASON.c.why, REASON.c.words, people)
            .where(REASON.c.sequence == sequence, REASON.c.at >= micros(since))
            .group_by(REASON.c.why, REASON.c.words)
            .order_by(people.desc(), REASON.c.why, REASON.c.words)
        )
        with self.database.reading() as connection:
            return [Counted(Why(why), words, int(count)) for why, words, count in connection.execute(asked)]

    def considered(self, sequence: str, since: datetime) -> int:
        """How many people had any."""
        asked = select(func.count(distinct(REASON.c.person)))
        with self.database.reading() as connection:
            found = connection.execute(asked.where(REASON.c.sequence == sequence, REASON.c.at >= micros(since)))
            return int(found.scalar_one())

    def people(self) -> int:
        """How many people there are."""
        with self.database.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(PERSON)).scalar_one())

    def never_considered(self, sequence: str, since: datetime, most: int) -> Iterator[list[str]]:
        """The ids of up to so many people for whom there was none, ascending and in pages.

        They begin somewhere in the middle of all ids, which follow from no date, so that they are a fair sample.
        """
        had = select(REASON.c.person).where(REASON.c.sequence == sequence, REASON.c.at >= micros(since))
        asked = select(PERSON.c.id).where(PERSON.c.id.not_in(had)).order_by(PERSON.c.id).limit(most)
        with self.database.reading() as connection:
            ids = list(connection.execute(asked).scalars())
        for start in range(0, len(ids), PAGE):
            yield ids[start : start + PAGE]
