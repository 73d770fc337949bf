"""When somebody was heard last, put right once a mail that was counted does not go after all."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete

from nurture.model.decision import Intent
from nurture.store.database import insert_many
from nurture.store.load import people
from nurture.store.projections import HEARD, NOT_GIVING, rows_of
from nurture.store.tables import SILENCE


def heard_again(connection: Connection, gone: Iterable[Intent], now: datetime) -> None:
    """The day of these people's last mail, without these: they were cancelled, expired or refused just now."""
    ids = sorted({one.person for one in gone if one.class_ not in NOT_GIVING})
    if not ids:
        return
    known = [one for one in people(connection, ids, now) if one.zone]
    rows = [row for one in known for row in rows_of(one.person, one.zone)[0] if row["event"] == HEARD]
    changed = [one.person.id for one in known]
    connection.execute(delete(SILENCE).where(SILENCE.c.person.in_(changed), SILENCE.c.event == HEARD))
    insert_many(connection, SILENCE, rows)
