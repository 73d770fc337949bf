"""The tables of the journal: by what was decided, and what each decision saw and wrote. They belong to `tables`."""

from sqlalchemy import BigInteger, Index, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from nurture.store.definitions.sending import Counted, Instant


class BasisRow(SQLModel, table=True):
    """By which book, engine and language decisions were taken, so that an old explanation stays true.

    The book is that of an `apply` under the switches that held: 0 for files that were never applied.
    """

    __tablename__ = "basis"
    __table_args__ = (UniqueConstraint("book", "engine", "language", "application", "switches", name="basis_once"),)
    id: int | None = Field(default=None, primary_key=True)
    book: str
    engine: str
    language: int
    application: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    switches: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})


class DecisionRow(SQLModel, table=True):
    """One decision that changed something: what it saw, and the digest of what it wrote (`journal`).

    `at` is up to when it was decided, `since` from when, `upto` the number of the newest event it could see. `mails`
    is how many mails the person had then, `gone` which of these had never left. No digest: written by no decision.
    """

    __tablename__ = "decision"
    __table_args__ = (Index("decision_of_person", "person", "number"),)
    number: int | None = Field(default=None, primary_key=True, sa_type=Counted)
    person: str
    bucket: int
    at: int = Field(sa_type=Instant)
    since: int = Field(sa_type=Instant)
    upto: int = Field(sa_type=BigInteger)
    mails: int
    gone: str
    basis: int
    digest: bytes = Field(sa_type=LargeBinary)


class FootingRow(SQLModel, table=True):
    """Where somebody stood when the journal had come to row `upto`: what replaying begins from once older rows went.

    `until` and `seen` are how far they were decided and by which event; `standing` is the rest (`footings`).
    While `used` is false, the rows up to it are still there.
    """

    __tablename__ = "footing"
    __table_args__ = (Index("footing_by_at", "used", "at", "person"),)
    person: str = Field(primary_key=True)
    upto: int = Field(primary_key=True, sa_type=BigInteger)
    bucket: int
    at: int = Field(sa_type=Instant)
    until: int = Field(sa_type=Instant)
    seen: int = Field(sa_type=BigInteger)
    used: bool = False
    standing: bytes = Field(sa_type=LargeBinary)
