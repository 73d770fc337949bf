"""The tables of many workers: rounds of deciding in parts, and what each provider takes. They belong to `tables`."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from nurture.store.definitions.sending import Counted, Instant


class RoundRow(SQLModel, table=True):
    """A stretch of time for which so many are looked at that many workers share it: all that fell due in it.

    It is there while it is open: the watermark moves to `until` when the last part is done.
    """

    __tablename__ = "round"
    __table_args__ = {"sqlite_autoincrement": True}
    id: int | None = Field(default=None, primary_key=True, sa_type=Counted)
    since: int = Field(sa_type=Instant)
    until: int = Field(sa_type=Instant)


class RoundPartRow(SQLModel, table=True):
    """The people of some buckets, both ends among them, whom a worker decides on; gone when the round is."""

    __tablename__ = "round_part"
    round: int = Field(primary_key=True, sa_type=BigInteger)
    first: int = Field(primary_key=True)
    last: int
    done_at: int | None = Field(default=None, sa_type=Instant)


class AllowanceRow(SQLModel, table=True):
    """What a provider takes of all together: the next mails may leave at `free_at`, and are paid for by batch.

    `paid` is how long the last batch of mails keeps the others waiting, in microseconds.
    """

    __tablename__ = "allowance"
    provider: str = Field(primary_key=True)
    free_at: int = Field(sa_type=Instant)
    paid: int = Field(sa_type=Instant)
