"""Alarms that are open, and when what is expected was heard last: for metrics, and so that nobody is told twice."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import delete, select, update

from nurture.model.values import dataclass
from nurture.store.codec import instant, micros
from nurture.store.database import Database
from nurture.store.installation import declare
from nurture.store.tables import DECLARATION, WATERMARK

ALARM = "alarm "  # declared, with the kind and what it is about
TOLD = "told of "  # declared, with the name of an alarm
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
        """Open these, each with its words, close those, and keep when events were heard last."""
        if not (new or over or heard):
            return
        with self.database.writing() as connection:
            for one, words in new.items():
                declare(connection, one.name, words, micros(one.since))
            for one in over:
                names = (one.name, f"{TOLD}{one.name}")
                connection.execute(delete(DECLARATION).where(DECLARATION.c.name.in_(names)))
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

    def untold(self, since: datetime) -> tuple[Told, ...]:
        """Those that are open, and of which nobody was told from an instant (UTC) on."""
        asked = select(DECLARATION.c.name, DECLARATION.c.words, DECLARATION.c.at)
        with self.database.reading() as connection:
            rows = connection.execute(asked.where(DECLARATION.c.name.startswith(ALARM))).all()
            told = connection.execute(asked.where(DECLARATION.c.name.startswith(TOLD))).all()
        lately = {name.removeprefix(TOLD) for name, _, at in told if at >= micros(since)}
        return tuple(Told(name, words, instant(at)) for name, words, at in sorted(rows) if name not in lately)

    def tell(self, told: Iterable[Told], now: datetime) -> None:
        """Somebody is told of these."""
        with self.database.writing(durable=True) as connection:
            for one in told:
                declare(connection, f"{TOLD}{one.name}", "", micros(now))

    def heard(self) -> dict[str, datetime]:
        """When each event was heard last, as it was kept."""
        asked = select(WATERMARK.c.name, WATERMARK.c.at).where(WATERMARK.c.name.startswith(HEARD))
        with self.database.reading() as connection:
            return {name.removeprefix(HEARD): instant(at) for name, at in connection.execute(asked)}
