"""The reasons of some people, counted: for questions that a sample answers (language.md 9.4, `check --state`)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, select

from nurture.model.decision import Why
from nurture.store.codec import micros
from nurture.store.database import Database
from nurture.store.tables import REASON

Judged = tuple[str, str, Why]
"""A sequence, a step of it, and what became of its message."""


def judged(database: Database, people: Sequence[str], since: datetime, whys: Iterable[Why]) -> Counter[Judged]:
    """How often each of these reasons was given since an instant (UTC); read from the index by person."""
    asked = (
        select(REASON.c.sequence, REASON.c.step, REASON.c.why, func.count())
        .where(REASON.c.person.in_(people), REASON.c.at >= micros(since), REASON.c.why.in_([why.value for why in whys]))
        .group_by(REASON.c.sequence, REASON.c.step, REASON.c.why)
    )
    with database.reading() as connection:
        rows = connection.execute(asked)
        return Counter({(sequence, step, Why(why)): int(number) for sequence, step, why, number in rows})
