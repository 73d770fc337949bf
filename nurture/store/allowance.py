"""What a provider takes of all workers together: one row for each provider, paid for by batch."""

from datetime import datetime

from sqlalchemy import bindparam, select, text, update

from nurture.model.values import dataclass
from nurture.store.codec import micros
from nurture.store.database import Database, ask
from nurture.store.tables import ALLOWANCE


@dataclass(frozen=True, slots=True)
class Allowance:
    """`per_second` mails at the most, whoever hands them over. Instants are UTC, of whoever asks."""

    database: Database
    provider: str
    per_second: float

    def take(self, mails: int, now: datetime) -> float:
        """Pay for so many, and answer 0; or nothing is paid, and the answer is in how many seconds it may be tried.

        An instant further ahead than was ever paid for is of a clock that was wrong, and keeps nobody waiting.
        """
        paid = round(mails / self.per_second * 1_000_000)
        with self.database.writing(beside=True) as connection:
            connection.execute(_FIRST, {"provider": self.provider})
            row = {"called": self.provider, "at": micros(now), "until": micros(now) + paid, "paid_": paid}
            if connection.execute(_TAKE, row).rowcount:
                return 0.0
            ((free_at,),) = ask(connection, _FREE, called=self.provider)
            return max(0.0, (int(free_at) - micros(now)) / 1_000_000)

    def give_back(self, mails: int) -> None:
        """So many that were paid for do not leave."""
        if mails > 0:
            unused = round(mails / self.per_second * 1_000_000)
            with self.database.writing(beside=True) as connection:
                connection.execute(_GIVE_BACK, {"called": self.provider, "unused": unused})


_FIRST = text("INSERT INTO allowance (provider, free_at, paid) VALUES (:provider, 0, 0) ON CONFLICT DO NOTHING")
_OURS = ALLOWANCE.c.provider == bindparam("called")
_FREE = select(ALLOWANCE.c.free_at).where(_OURS)
_TAKE = (
    update(ALLOWANCE)
    .where(_OURS, (ALLOWANCE.c.free_at <= bindparam("at")) | (ALLOWANCE.c.free_at > bindparam("at") + ALLOWANCE.c.paid))
    .values(free_at=bindparam("until"), paid=bindparam("paid_"))
)
_GIVE_BACK = update(ALLOWANCE).where(_OURS).values(free_at=ALLOWANCE.c.free_at - bindparam("unused"))
