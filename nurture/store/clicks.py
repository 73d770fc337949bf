"""Clicks that nobody has judged yet, and what became known of them: only a person's reaches the core."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import bindparam, select, text, update

from nurture.model.event import MAIL_CLICKED
from nurture.model.happening import By, Happening
from nurture.model.values import dataclass
from nurture.store.codec import micros
from nurture.store.database import PAGE, Database, among, write_many
from nurture.store.happenings import count_days, of_mails
from nurture.store.installation import Mark, count_on
from nurture.store.said import Said, record
from nurture.store.tables import HAPPENING, MESSAGE

_TO_JUDGE = text("what = 'clicked' AND \"by\" = 'unknown'")
_ASKED = select(HAPPENING.c.key).where(_TO_JUDGE, HAPPENING.c.known_at <= bindparam("until")).distinct()
_JUDGED = update(HAPPENING).where(HAPPENING.c.id == bindparam("id_")).values(by=bindparam("by_"))
_PEOPLE = select(MESSAGE.c.key, MESSAGE.c.person)


@dataclass(frozen=True, slots=True)
class Clicks:
    """The doors to clicks. Instants are UTC; `remember` keeps what a commit counts as in the installation."""

    database: Database
    remember: Callable[[Mark], None]

    def to_judge(self, until: datetime, limit: int = PAGE) -> dict[str, list[Happening]]:
        """All that became of mails with a click that was learned of by then and nobody judged: by the mail's key."""
        with self.database.reading() as connection:
            keys = list(connection.execute(_ASKED.limit(limit), {"until": micros(until)}).scalars())
            return of_mails(connection, keys) if keys else {}

    def judge(self, verdicts: Mapping[str, By], told: Mapping[str, list[Happening]], now: datetime) -> int:
        """Keep who made each click, by its id; of a mail that a person clicked the core hears, once. How many hears."""
        clicks = [one for those in told.values() for one in those if one.id in verdicts and one.by is By.unknown]
        if not clicks:
            return 0
        with self.database.writing() as connection:
            write_many(connection, _JUDGED, [{"id_": one.id, "by_": verdicts[one.id].value} for one in clicks])
            human = sorted((one for one in clicks if verdicts[one.id] is By.person), key=lambda one: (one.at, one.id))
            count_days(connection, [_by_a_person(one) for one in human])
            first = {one.key: one for one in reversed(human)}
            people = dict(among(connection, _PEOPLE, MESSAGE.c.key, sorted(first))) if first else {}
            said = [_said(people[key], one) for key, one in sorted(first.items()) if key in people]
            heard = [record(connection, one, now) for one in said]
            mark = count_on(connection)
        self.remember(mark)
        return sum(map(bool, heard))


def _said(person: str, click: Happening) -> Said:
    return Said(person, MAIL_CLICKED, (click.key,), {"key": click.key}, outside_id=click.key, at=click.at)


def _by_a_person(one: Happening) -> Happening:
    return replace(one, by=By.person)
