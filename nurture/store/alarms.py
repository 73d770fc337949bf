"""Alarms that are open, and when what is expected was heard last: for metrics, and so that nobody is told twice."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from nurture.model.values import dataclass
from nurture.store.codec import instant, micros
from nurture.store.database import Database
from nurture.store.installation import declare
from nurture.store.tables import DECLARATION, WATERMARK

ALARM = "alarm "  # declared, with the kind and what it is about
TOLD = "told of "  # declared, with the name of an alarm: somebody knows that it is open
OVER = "told over "  # the same: somebody knows that it is over
HEARD = "heard "  # a watermark, with an event's name


@dataclass(frozen=True, slots=True)
class Open:
    """An alarm that is open: of which kind, about what, and since when (UTC)."""

    kind: str
    about: str
    since: datetime

    @property
    def name(self) -> str:
        """As it is declared."""
        return f"{ALARM}{self.kind} {self.about}".rstrip()


@dataclass(frozen=True, slots=True)
class Told:
    """An open alarm as it is told: the name of its declaration, its words, and since when (UTC)."""

    name: str
    words: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Untold:
    """What nobody knows yet: alarms that are open, and those of which somebody was told (`since`) and that are over."""

    begun: tuple[Told, ...] = ()
    over: tuple[Told, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.begun or self.over)


@dataclass(frozen=True, slots=True)
class Alarms:
    """The door to them."""

    database: Database

    def open(self) -> tuple[Open, ...]:
        """All that are open, by kind and what they are about."""
        asked = select(DECLARATION.c.name, DECLARATION.c.at).where(DECLARATION.c.name.startswith(ALARM))
        with self.database.reading() as connection:
            rows = connection.execute(asked.order_by(DECLARATION.c.name)).all()
        split = ((name.removeprefix(ALARM).partition(" "), at) for name, at in rows)
        return tuple(Open(kind, about, instant(at)) for (kind, _, about), at in split)

    def keep(self, new: Mapping[Open, str], over: tuple[Open, ...], heard: Mapping[str, datetime]) -> None:
        """Open these, each with its words, close those, and keep when events were heard last.

        One that is open already has new words by it, and stays open since when it is.
        """
        if not (new or over or heard):
            return
        with self.database.writing() as connection:
            for one, words in new.items():
                declare(connection, one.name, words, micros(one.since))
            for one in over:
                _gone(connection, one.name)
            for event, at in heard.items():
                moved = update(WATERMARK).where(WATERMARK.c.name == f"{HEARD}{event}").values(at=micros(at))
                if not connection.execute(moved).rowcount:
                    connection.execute(WATERMARK.insert(), {"name": f"{HEARD}{event}", "at": micros(at)})

    def all(self) -> tuple[Told, ...]:
        """Those that are open, in words."""
        asked = select(DECLARATION.c.name, DECLARATION.c.words, DECLARATION.c.at)
        with self.database.reading() as connection:
            rows = connection.execute(asked.where(DECLARATION.c.name.startswith(ALARM)).order_by(DECLARATION.c.name))
            return tuple(Told(name, words, instant(at)) for name, words, at in rows)

    def untold(self, told_before: datetime, over_before: datetime, tried_before: datetime) -> Untold:
        """What somebody is to be told now, by instants (UTC).

        Of one that is open nobody was told, or before the first; where it was told as over, before the second: what
        comes and goes must not be a storm of mails. That one is over is told where it was told before the third.
        """
        asked = select(DECLARATION.c.name, DECLARATION.c.words, DECLARATION.c.at)
        with self.database.reading() as connection:
            open_, told, over = (
                {name.removeprefix(prefix): (words, at) for name, words, at in connection.execute(rows)}
                for prefix, rows in (
                    (one, asked.where(DECLARATION.c.name.startswith(one)).order_by(DECLARATION.c.name))
                    for one in (ALARM, TOLD + ALARM, OVER + ALARM)
                )
            )
        begun = [
            Told(f"{ALARM}{name}", words, instant(at))
            for name, (words, at) in open_.items()
            if (
                told[name][1] < micros(told_before)
                if name in told
                else over.get(name, ("", 0))[1] < micros(over_before)
            )
        ]
        ended = [
            Told(f"{ALARM}{name}", words, instant(at))
            for name, (words, at) in told.items()
            if name not in open_ and at < micros(tried_before)
        ]
        return Untold(tuple(begun), tuple(ended))

    def tell(self, untold: Untold, now: datetime) -> None:
        """Somebody is told of these."""
        with self.database.writing(durable=True) as connection:
            for one in untold.begun:
                declare(connection, f"{TOLD}{one.name}", one.words, micros(now))
                _gone(connection, f"{OVER}{one.name}")
            for one in untold.over:
                declare(connection, f"{OVER}{one.name}", "", micros(now))
                _gone(connection, f"{TOLD}{one.name}")

    def not_told(self, untold: Untold, tried_at: datetime, over_at: datetime) -> None:
        """The mail has certainly not gone: as if nobody was told, and of those open, as over at `over_at` (UTC)."""
        with self.database.writing(durable=True) as connection:
            for one in untold.begun:
                declare(connection, f"{OVER}{one.name}", "", micros(over_at))
                _gone(connection, f"{TOLD}{one.name}")
            for one in untold.over:
                declare(connection, f"{TOLD}{one.name}", one.words, micros(tried_at))
                _gone(connection, f"{OVER}{one.name}")

    def heard(self) -> dict[str, datetime]:
        """When each event was heard last, as it was kept."""
        asked = select(WATERMARK.c.name, WATERMARK.c.at).where(WATERMARK.c.name.startswith(HEARD))
        with self.database.reading() as connection:
            return {name.removeprefix(HEARD): instant(at) for name, at in connection.execute(asked)}


def _gone(connection: Connection, name: str) -> None:
    connection.execute(delete(DECLARATION).where(DECLARATION.c.name == name))
