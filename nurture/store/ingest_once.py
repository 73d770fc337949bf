"""Taking in one batch as a whole: one transaction, and for every row whether it said anything new."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, select

from nurture.model.event import Origin
from nurture.store.ingest import Imported, Importing, _Batch
from nurture.store.installation import count_on
from nurture.store.open import Store
from nurture.store.rows import AnyRow
from nurture.store.tables import EVENT


@dataclass(slots=True)
class Told:
    """What became of a batch, by the `line` of its rows: those that said something new, and why others were refused."""

    new: set[int] = field(default_factory=set)
    refused: dict[int, str] = field(default_factory=dict)


class Once(Importing):
    """A bulk writer of one batch. Rows that are equal in everything are one row, however often they are told."""

    def __init__(self, store: Store, now: datetime, source: str = "shop") -> None:
        super().__init__(store.database, store.id, now, source, Origin.live)
        self._remember = store.outbox.remember
        self._line = 0
        self._said: defaultdict[str, set[int]] = defaultdict(set)
        self._news: set[int] = set()

    def whole(self, rows: Callable[[], Iterable[AnyRow]]) -> Told:
        """Take all rows in, in one transaction that is safe from a power cut; a refused row does not hold the others.

        `rows` is called when nobody else writes any more: what it reads of the store is what the rows come to.
        """
        told = Told()

        def refuse(row: AnyRow, reason: str) -> None:
            told.refused.setdefault(row.line, reason)

        with self.database.writing(durable=True) as connection:
            last = connection.execute(select(func.coalesce(func.max(EVENT.c.number), 0))).scalar_one()
            self._position = int(last)  # so that no two changes of a fact in one instant have one id
            self._take(connection, list(rows()), Imported(), refuse, {})
            came = connection.execute(select(EVENT.c.id).where(EVENT.c.number > last)).scalars()
            told.new = self._news.union(*(self._said[id_] for id_ in came))
            mark = count_on(connection)
        self._remember(mark)
        return told

    def _row(self, connection: Connection, batch: _Batch, row: AnyRow, address: str) -> None:
        self._line = row.line
        before = _names_of(batch)
        super()._row(connection, batch, row, address)
        if _names_of(batch) != before:
            self._news.add(row.line)

    def _put(
        self,
        batch: _Batch,
        person: str,
        name: str,
        fields: str,
        happened: int,
        known_at: int,
        id_: str,
        outside_id: str = "",
        fresh: bool = False,
    ) -> None:
        if id_ not in batch.events:  # else it is the row before that said it
            self._said[id_].add(self._line)
        super()._put(batch, person, name, fields, happened, known_at, id_, outside_id, fresh)

    def _nth(self, *words: str) -> str:
        self._equal.clear()
        return super()._nth(*words)


def _names_of(batch: _Batch) -> tuple[int, ...]:
    known = batch.known
    return len(known.made), len(known.new_outside), len(known.new_addresses), len(batch.barred), len(batch.sends)
