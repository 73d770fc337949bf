"""Letting go what is older than the house wants to keep (rules.yaml, `keep:`), a thousand rows a transaction at most.

Nothing that a decision needs ever goes: events, mails and their send keys, enrolments, consents, refusals and
suppressions stay. Each kind is read from its oldest row on; where rows have to stay between others that go, how far it
was looked is kept as a watermark.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, func, or_, select, update

from nurture.model.happening import By, Happened
from nurture.model.mail import Fate
from nurture.model.values import dataclass
from nurture.store.codec import instant, micros
from nurture.store.database import BULK, Database, among, pages
from nurture.store.drafts import WAITING
from nurture.store.footings import take, to_use, use
from nurture.store.outbox_rows import SETTLED
from nurture.store.tables import (
    BATCH,
    BATCH_MEMBER,
    DECISION,
    DRAFT,
    FOOTING,
    HAPPENING,
    HELD,
    MESSAGE,
    PLANNED,
    REASON,
    REPLY,
    TASK,
    WATERMARK,
)

SETTLES = timedelta(days=7)  # a doubt is closed after three days, and a mail may go once more until then
STUCK = timedelta(days=60)  # so long a mail that still waits keeps those behind it; then they go before it
_PLAIN = (Happened.processed, Happened.delivered, Happened.deferred, Happened.opened)
_HURTS = (Happened.bounced.value, Happened.dropped.value, Happened.complained.value)


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows went or were blanked in one transaction, and whether there may be more."""

    went: int
    more: bool


NOTHING = Pruned(0, more=False)


def kept_since(connection: Connection, kind: str) -> datetime | None:
    """From when on everything of a kind is there; None while nothing of it ever went."""
    at = _mark(connection, f"kept {kind}")
    return instant(at) if at else None


@dataclass(frozen=True, slots=True)
class Pruning:
    """The door to it. Instants are UTC."""

    database: Database

    def step(self, kind: str, before: datetime, now: datetime) -> Pruned:
        """One transaction's worth of a kind: what is older than `before` goes. KeyError for a kind that has no rows."""
        page = _PAGES[kind]
        with self.database.reading() as connection:
            if not page(connection, before):
                return NOTHING
        with self.database.writing() as connection:
            return _STEPS[kind](connection, page(connection, before), before, now)

    def count(self, kind: str, before: datetime) -> int:
        """How many rows would go, or be blanked, were all of a kind pruned now."""
        with self.database.reading() as connection:
            return _COUNTS[kind](connection, before)

    def kept_since(self, kind: str) -> datetime | None:
        """See `kept_since`."""
        with self.database.reading() as connection:
            return kept_since(connection, kind)


Rows = list[Any]


def _mark(connection: Connection, name: str) -> int:
    return int(connection.execute(select(WATERMARK.c.at).where(WATERMARK.c.name == name)).scalar() or 0)


def _move(connection: Connection, name: str, at: int) -> None:
    moved = update(WATERMARK).where(WATERMARK.c.name == name).values(at=at)
    if not connection.execute(moved).rowcount:
        connection.execute(WATERMARK.insert(), {"name": name, "at": at})


def _gone(connection: Connection, kind: str, before: datetime) -> None:
    """Keep from when on all of a kind is there; it never comes back."""
    _move(connection, f"kept {kind}", max(micros(before), _mark(connection, f"kept {kind}")))


def _looked(name: str) -> str:
    return f"pruned {name}"


# Reasons


def _old_reasons(connection: Connection, before: datetime) -> Rows:
    """The oldest, as far as they are old: numbers follow the time at which a reason was kept."""
    page = connection.execute(select(REASON.c.id, REASON.c.at).order_by(REASON.c.id).limit(BULK)).all()
    return [number for number, at in page if at < micros(before)]


def _prune_reasons(connection: Connection, numbers: Rows, before: datetime, _now: datetime) -> Pruned:
    _delete(connection, REASON, "id", numbers)
    if numbers:
        _gone(connection, "reasons", before)
    return Pruned(len(numbers), len(numbers) == BULK)


def _delete(connection: Connection, table: Table, column: str, values: Rows) -> None:
    for page in pages(values):
        connection.execute(delete(table).where(table.c[column].in_(page)))


def _count_reasons(connection: Connection, before: datetime) -> int:
    return int(connection.execute(select(func.count()).where(REASON.c.at < micros(before))).scalar_one())


# The journal: a footing is taken of whoever has an old row, and used when it is as old itself


def _old_entries(connection: Connection, before: datetime) -> Rows:
    """Footings to use; when there is none, rows of the journal that need one."""
    if found := to_use(connection, micros(before), _PEOPLE):
        return [("use", *one) for one in found]
    asked = select(DECISION.c.number, DECISION.c.person, DECISION.c.at)
    looked = _mark(connection, _looked("journal"))
    page = connection.execute(asked.where(DECISION.c.number > looked).order_by(DECISION.c.number).limit(BULK)).all()
    return [("take", person, number) for number, person, at in page if at < micros(before)]


_PEOPLE = 50  # whose footings are used, or taken, in one transaction: each has some twenty rows


def _prune_journal(connection: Connection, found: Rows, before: datetime, now: datetime) -> Pruned:
    if not found:
        return NOTHING
    if found[0][0] == "use":
        went = sum(use(connection, person, upto) for _, person, upto in found)
        _gone(connection, "journal", before)
        return Pruned(went, more=True)
    people: dict[str, int] = {}
    for _, person, number in found:
        if person not in people and len(people) == _PEOPLE:
            break
        people[person] = number
    take(connection, list(people), now)
    _move(connection, _looked("journal"), max(people.values()))
    return Pruned(0, more=True)


def _count_journal(connection: Connection, before: datetime) -> int:
    covered = select(FOOTING.c.person, FOOTING.c.upto).where(FOOTING.c.used.is_(False), FOOTING.c.at <= micros(before))
    mine = covered.subquery()
    asked = select(func.count()).select_from(DECISION.join(mine, mine.c.person == DECISION.c.person))
    return int(connection.execute(asked.where(DECISION.c.number <= mine.c.upto)).scalar_one())


# News of single mails


def _old_news(connection: Connection, before: datetime) -> Rows:
    names = ("number", "person", "what", "by", "known_at")
    asked = select(*(HAPPENING.c[name] for name in names)).where(
        HAPPENING.c.number > _mark(connection, _looked("news"))
    )
    page = connection.execute(asked.order_by(HAPPENING.c.number).limit(BULK)).all()
    return [row for row in page if row[4] < micros(before)]


_HURT = select(HAPPENING.c.person).where(HAPPENING.c.what.in_(_HURTS)).distinct()


def _prune_news(connection: Connection, rows: Rows, before: datetime, _now: datetime) -> Pruned:
    """What says nothing more than that a mail came, of people whose address nothing ever hurt."""
    if not rows:
        return NOTHING
    people = sorted({row[1] for row in rows if row[1]})
    hurt = {row[0] for row in among(connection, _HURT, HAPPENING.c.person, people)} if people else set()
    numbers = [row[0] for row in rows if row[1] not in hurt and _may_go(row[2], row[3])]
    _delete(connection, HAPPENING, "number", numbers)
    _move(connection, _looked("news"), rows[-1][0])
    _gone(connection, "news", before)
    return Pruned(len(numbers), len(rows) == BULK)


def _may_go(what: str, by: str) -> bool:
    judged = what == Happened.clicked.value and by != By.unknown.value
    return judged or what in {one.value for one in _PLAIN}


def _count_news(connection: Connection, before: datetime) -> int:
    plain = HAPPENING.c.what.in_([one.value for one in _PLAIN])
    judged = and_(HAPPENING.c.what == Happened.clicked.value, HAPPENING.c.by != By.unknown.value)
    old = (HAPPENING.c.known_at < micros(before), HAPPENING.c.number > _mark(connection, _looked("news")))
    asked = select(func.count()).where(*old, or_(plain, judged))
    return int(connection.execute(asked.where(HAPPENING.c.person.not_in(_HURT))).scalar_one())


# Letters as they were read


def _old_letters(connection: Connection, before: datetime) -> Rows:
    asked = select(REPLY.c.number, REPLY.c.task, REPLY.c.at).where(
        REPLY.c.number > _mark(connection, _looked("letters"))
    )
    page = connection.execute(asked.order_by(REPLY.c.number).limit(BULK)).all()
    return [row for row in page if row[2] < micros(before)]


def _prune_letters(connection: Connection, rows: Rows, before: datetime, _now: datetime) -> Pruned:
    """Whom, when, of which kind and about which mail stays; the words and the address go, unless they wait still."""
    if not rows:
        return NOTHING
    unanswered = select(TASK.c.key).where(TASK.c.key.in_([row[1] for row in rows if row[1]]), TASK.c.done_at.is_(None))
    waits = set(connection.execute(unanswered).scalars())
    numbers = [row[0] for row in rows if row[1] not in waits]
    for page in pages(numbers):
        blank = update(REPLY).where(REPLY.c.number.in_(page))
        connection.execute(blank.values(subject="", words="", address=""))
    _move(connection, _looked("letters"), rows[-1][0])
    _gone(connection, "letters", before)
    return Pruned(len(numbers), len(rows) == BULK)


def _count_letters(connection: Connection, before: datetime) -> int:
    old = (REPLY.c.at < micros(before), REPLY.c.number > _mark(connection, _looked("letters")))
    return int(connection.execute(select(func.count()).where(*old)).scalar_one())


# What was put into mails


def _old_bodies(connection: Connection, before: datetime) -> Rows:
    """The oldest mails whose text nobody has blanked yet, up to the first that still waits for something."""
    old, stuck = micros(before - SETTLES), micros(before - STUCK)
    asked = select(MESSAGE.c.number, MESSAGE.c.key, MESSAGE.c.decided_at)
    asked = asked.where(MESSAGE.c.number > _mark(connection, _looked("bodies")), MESSAGE.c.decided_at < old)
    page = connection.execute(asked.order_by(MESSAGE.c.number).limit(BULK)).all()
    waits = _waiting(connection, [key for _, key, _ in page])
    found = []
    for number, key, decided in page:
        if key in waits and decided >= stuck:
            break
        found.append((number, key, key in waits))
    return found


def _waiting(connection: Connection, keys: Rows) -> set[str]:
    """Those of these mails that may still be made ready: they wait, are held or on their way, or a person may do it."""
    open_ = [one.value for one in (Fate.in_doubt, Fate.unknown, Fate.refused, Fate.handed, Fate.planned)]
    under_way = BATCH_MEMBER.join(BATCH, BATCH.c.id == BATCH_MEMBER.c.batch)
    found: set[str] = set()
    for page in pages(keys):
        for asked in (
            select(PLANNED.c.key).where(PLANNED.c.key.in_(page)),
            select(HELD.c.key).where(HELD.c.key.in_(page)),
            select(DRAFT.c.key).where(DRAFT.c.key.in_(page), DRAFT.c.state == WAITING),
            select(MESSAGE.c.key).where(MESSAGE.c.key.in_(page), MESSAGE.c.fate.in_(open_)),
            select(BATCH_MEMBER.c.key)
            .select_from(under_way)
            .where(BATCH_MEMBER.c.key.in_(page), BATCH.c.status != SETTLED),
        ):
            found.update(connection.execute(asked).scalars())
    return found


def _prune_bodies(connection: Connection, rows: Rows, _before: datetime, _now: datetime) -> Pruned:
    if not rows:
        return NOTHING
    went = 0
    for page in pages([key for _, key, waits in rows if not waits]):
        said = and_(MESSAGE.c.key.in_(page), MESSAGE.c.variables != "{}")
        went += connection.execute(update(MESSAGE).where(said).values(variables="{}")).rowcount
        written = and_(DRAFT.c.key.in_(page), or_(DRAFT.c.subject != "", DRAFT.c.body != ""))
        went += connection.execute(update(DRAFT).where(written).values(subject="", body="")).rowcount
    _move(connection, _looked("bodies"), rows[-1][0])
    return Pruned(went, len(rows) == BULK)


def _count_bodies(connection: Connection, before: datetime) -> int:
    old = (MESSAGE.c.decided_at < micros(before - SETTLES), MESSAGE.c.number > _mark(connection, _looked("bodies")))
    return int(connection.execute(select(func.count()).where(*old, MESSAGE.c.variables != "{}")).scalar_one())


_PAGES: dict[str, Callable[[Connection, datetime], Rows]] = {
    "reasons": _old_reasons, "journal": _old_entries, "news": _old_news, "letters": _old_letters,
    "bodies": _old_bodies,
}  # fmt: skip
_STEPS: dict[str, Callable[[Connection, Rows, datetime, datetime], Pruned]] = {
    "reasons": _prune_reasons, "journal": _prune_journal, "news": _prune_news, "letters": _prune_letters,
    "bodies": _prune_bodies,
}  # fmt: skip
_COUNTS: dict[str, Callable[[Connection, datetime], int]] = {
    "reasons": _count_reasons, "journal": _count_journal, "news": _count_news, "letters": _count_letters,
    "bodies": _count_bodies,
}  # fmt: skip
