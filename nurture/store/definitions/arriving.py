"""The tables of what comes back: raw posts, happenings, replies, counts of a day, keys, erasures, merges.

They belong to `tables`, which is where the store takes them from.
"""

from sqlalchemy import BigInteger, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from nurture.store.definitions.sending import CLUSTERED, Counted, Instant

_NOT_DONE = text("done_at IS NULL")
_TO_GIVE_UP = text("done_at IS NOT NULL AND headers <> ''")
_HURTS = text("what IN ('bounced', 'dropped', 'complained')")
_TO_JUDGE = text("what = 'clicked' AND \"by\" = 'unknown'")


class ReceivedRow(SQLModel, table=True):
    """A post of the outside world, raw, kept before it is answered; the same body of one source is kept once.

    `body` is compressed (zlib). `headers` holds, as JSON, those that reading it needs. `problem` says why it could not
    be taken in: then a person can look, and it is tried again. Without headers only its digest is left.
    """

    __tablename__ = "received"
    __table_args__ = (
        UniqueConstraint("source", "digest", name="received_once"),
        Index("received_to_do", "problem", "number", sqlite_where=_NOT_DONE, postgresql_where=_NOT_DONE),
        Index("received_old", "source", "done_at", sqlite_where=_TO_GIVE_UP, postgresql_where=_TO_GIVE_UP),
        {"sqlite_autoincrement": True},
    )
    number: int | None = Field(default=None, primary_key=True, sa_type=Counted)
    source: str
    digest: str
    at: int = Field(sa_type=Instant)
    headers: str = Field(default="{}", sa_type=Text)
    body: bytes = Field(sa_type=LargeBinary)
    done_at: int | None = Field(default=None, sa_type=Instant)
    problem: str = Field(default="", sa_type=Text)


class HappeningRow(SQLModel, table=True):
    """What became of a mail as a provider tells it: once each by the provider's id, in the order of arrival."""

    __tablename__ = "happening"
    __table_args__ = (
        Index("happening_of_mail", "key", "what"),
        Index("happening_of_person", "person", "at"),
        Index("happening_that_hurts", "person", sqlite_where=_HURTS, postgresql_where=_HURTS),
        Index("happening_to_judge", "known_at", sqlite_where=_TO_JUDGE, postgresql_where=_TO_JUDGE),
        {"sqlite_autoincrement": True},
    )
    number: int | None = Field(default=None, primary_key=True, sa_type=Counted)
    id: str = Field(unique=True)
    key: str = ""
    person: str = ""
    bucket: int = 0
    what: str
    at: int = Field(sa_type=Instant)
    known_at: int = Field(sa_type=Instant)
    provider: str = ""
    address: str = ""
    message: str = ""
    bounce: str = ""
    detail: str = Field(default="", sa_type=Text)
    link: str = Field(default="", sa_type=Text)
    by: str = "unknown"
    known: str = ""


class MailDayRow(SQLModel, table=True):
    """How many mails, and what became of them, on one day (UTC) by provider and mailbox family: what brakes read."""

    __tablename__ = "mail_day"
    __table_args__ = (CLUSTERED,)
    day: int = Field(primary_key=True)
    provider: str = Field(primary_key=True)
    family: str = Field(primary_key=True)
    what: str = Field(primary_key=True)
    count: int = Field(default=0, sa_type=BigInteger)


class ReplyRow(SQLModel, table=True):
    """What somebody wrote to us. `kind`: stop, complaint, question, praise, automatic or other.

    `key` is the mail it answers, where that can be told, `task` what a person of the shop was given to do.
    The raw mail lies in `received`.
    """

    __tablename__ = "reply"
    __table_args__ = (Index("reply_of_person", "person", "at"), {"sqlite_autoincrement": True})
    number: int | None = Field(default=None, primary_key=True, sa_type=Counted)
    received: int = Field(unique=True, sa_type=BigInteger)
    at: int = Field(sa_type=Instant)
    person: str = ""
    bucket: int = 0
    address: str = ""
    key: str = ""
    kind: str
    subject: str = Field(default="", sa_type=Text)
    words: str = Field(default="", sa_type=Text)
    task: str = ""


class ApiKeyRow(SQLModel, table=True):
    """A key for the API: only its hash is kept. `scopes` are words, with spaces between."""

    __tablename__ = "api_key"
    name: str = Field(primary_key=True)
    hash: str = Field(unique=True)
    scopes: str
    since: int = Field(sa_type=Instant)
    who: str = ""
    revoked_at: int | None = Field(default=None, sa_type=Instant)
    used_at: int | None = Field(default=None, sa_type=Instant)


class ErasureRow(SQLModel, table=True):
    """Somebody who was forgotten: only keyed hashes of what they were called remain, so that it can be done again.

    `told_at` is when the provider was told, `addresses` the hashes by which nobody writes to them again. Until it was
    told, `to_tell` holds the addresses themselves, one a line: without them it could not be.
    """

    __tablename__ = "erasure"
    person: str = Field(primary_key=True)
    at: int = Field(sa_type=Instant)
    who: str = ""
    addresses: str = Field(default="[]", sa_type=Text)
    outside: str = Field(default="[]", sa_type=Text)
    told_at: int | None = Field(default=None, sa_type=Instant)
    to_tell: str = Field(default="", sa_type=Text)


class MergedRow(SQLModel, table=True):
    """Two contacts that were one: history, send keys and refusals of `old` are those of `person` from then on."""

    __tablename__ = "merged"
    old: str = Field(primary_key=True)
    person: str = Field(index=True)
    at: int = Field(sa_type=Instant)
    who: str = ""
