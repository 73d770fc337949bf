"""Taking mails back before they leave: out of the queue, of what is held, and of what waits for approval."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, case, delete, select, update

from nurture.model.mail import Fate
from nurture.store.codec import micros
from nurture.store.codes import give_back
from nurture.store.effects import drafts_called_off
from nurture.store.tables import HELD, MESSAGE, PLANNED


def cancel(connection: Connection, keys: Sequence[str], now: datetime, fate: str = "cancelled") -> list[str]:
    """Mails not to go after all, unless they left queue and drafts already; a second copy leaves a doubt. Which did."""
    gone = drafts_called_off(connection, keys, now)
    for queue in (PLANNED, HELD):
        gone += connection.execute(select(queue.c.key).where(queue.c.key.in_(keys)).with_for_update()).scalars()
        connection.execute(delete(queue).where(queue.c.key.in_(gone)))
    ended = {"fate": case((MESSAGE.c.again, Fate.unknown.value), else_=fate), "settled_at": micros(now)}
    connection.execute(update(MESSAGE).where(MESSAGE.c.key.in_(gone)).values(**ended))
    give_back(connection, gone, now)
    return gone
