"""How many orders everybody has behind them, without reading anybody whole."""

from collections.abc import Iterator

from sqlalchemy import bindparam, select

from nurture.store.database import Database, ask
from nurture.store.tables import PERSON

_SOME = 10_000
_NEXT = (
    select(PERSON.c.id, PERSON.c.orders_count)
    .where(PERSON.c.id > bindparam("after"))
    .order_by(PERSON.c.id)
    .limit(bindparam("some"))
)


def orders_of_everybody(database: Database) -> Iterator[tuple[str, int]]:
    """The id and the number of order days of everybody, by id; some thousand in a transaction."""
    after, more = "", True
    while more:
        with database.reading() as connection:
            page = ask(connection, _NEXT, after=after, some=_SOME)
        yield from page
        more = len(page) == _SOME
        after = page[-1][0] if page else after
