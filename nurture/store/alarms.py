"""Alarms that are open, and when what is expected was heard last: for metrics, and so that nobody is told twice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from nurture.store.codec import instant, micros
from nurture.store.database import Database
from nurture.store.installation import declare
from nurture.store.tables import DECLARATION, WATERMARK

ALARM = "alarm "  # declared, with the kind and what it is about
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
                connection.execute(delete(DECLARATION).where(DECLARATION.c.name == one.name))
            for event, at in heard.items():
                moved = update(WATERMARK).where(WATERMARK.c.name == f"{HEARD}{event}").values(at=micros(at))
                if not connection.execute(moved).rowcount:
                    connection.execute(WATERMARK.insert(), {"name": f"{HEARD}{event}", "at": micros(at)})

    def heard(self) -> dict[str, datetime]:
        """When each event was heard last, as it was kept."""
        asked = select(WATERMARK.c.name, WATERMARK.c.at).where(WATERMARK.c.name.startswith(HEARD))
        with self.database.reading() as connection:
            return {name.removeprefix(HEARD): instant(at) for name, at in connection.execute(asked)}
