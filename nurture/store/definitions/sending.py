"""The tables of the way out: messages, the queue, batches, and what a person or a daemon says of sending.

They belong to `tables`, which is where the store takes them from.
"""

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, Text, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

Instant = BigInteger
Counted = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts by itself only in an INTEGER
CLUSTERED = {"sqlite_with_rowid": False}
_AN_EXCEPTION = text("fate IS NOT NULL")


class MessageRow(SQLModel, table=True):
    """A mail that was decided on, or had before nurture; written once. `fate` is set only for exceptions.

    `again` is set when it is not sent again by itself any more, should it be in doubt (language.md 6.11): it was put
    back once already, or a person had accepted a copied or restored store.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("message_of_person", "person", "decided_at"),
        Index("message_by_fate", "fate", "settled_at", sqlite_where=_AN_EXCEPTION, postgresql_where=_AN_EXCEPTION),
        {"sqlite_autoincrement": True},
    )
    number: int | None = Field(default=None, primary_key=True, sa_type=Counted)
    key: str = Field(unique=True)
    person: str
    bucket: int
    sequence: str = ""
    version: int = 0
    subject: str = ""
    step: str = ""
    mail: str
    class_: str
    topic: str = ""
    theme: str = ""
    due_at: int = Field(sa_type=Instant)
    decided_at: int = Field(sa_type=Instant)
    valid_until: int = Field(sa_type=Instant)
    day: int
    zone: str = ""
    rung: str = ""
    address: str = ""
    variables: str = Field(default="{}", sa_type=Text)
    before: bool = False
    fate: str | None = None
    detail: str = Field(default="", sa_type=Text)
    settled_at: int | None = Field(default=None, sa_type=Instant)
    variant: str = Field(default="", sa_column_kwargs={"server_default": ""})
    again: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    offered: str = Field(default="", sa_column_kwargs={"server_default": ""})
    carries: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    clicked_at: int | None = Field(default=None, sa_type=Instant)


class PlannedRow(SQLModel, table=True):
    """A mail that waits to be claimed; lane 0 is service, the others follow the classes' order.

    `released` is set when a person let it go: the brake holds it no more. `because` says what of our own pace put it
    off until `due_at`; empty when nothing did. Mails that are `alike` have most of their text in common: mail, variant
    and language, as far as they were known when it was decided on.
    """

    __tablename__ = "planned"
    __table_args__ = (UniqueConstraint("key", name="planned_once"), CLUSTERED)
    lane: int = Field(primary_key=True)
    due_at: int = Field(primary_key=True, sa_type=Instant)
    key: str = Field(primary_key=True)
    bucket: int
    released: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    because: str = Field(default="", sa_column_kwargs={"server_default": ""})
    alike: str = Field(default="", sa_column_kwargs={"server_default": ""})


class HeldRow(SQLModel, table=True):
    """A mail that was taken out of the queue until a person releases it, and because of what."""

    __tablename__ = "held"
    __table_args__ = (Index("held_by_lane", "lane", "due_at", "key"), CLUSTERED)
    key: str = Field(primary_key=True)
    lane: int
    due_at: int = Field(sa_type=Instant)
    bucket: int
    because: str
    since: int = Field(sa_type=Instant)
    alike: str = Field(default="", sa_column_kwargs={"server_default": ""})


class DraftRow(SQLModel, table=True):
    """A mail that waits until a person approves it: for whom, and what they made of it. `valid_for` counts from then.

    `subject` and `body` are what they wrote instead of the template's, while `state` is edited.
    """

    __tablename__ = "draft"
    __table_args__ = (Index("draft_by_state", "state", "since"),)
    key: str = Field(primary_key=True)
    person: str
    bucket: int
    approver: str
    since: int = Field(sa_type=Instant)
    valid_for: str = ""
    lane: int = 0
    due_at: int = Field(sa_type=Instant)
    state: str = "waiting"
    subject: str = ""
    body: str = Field(default="", sa_type=Text)
    settled_by: str = ""
    settled_at: int | None = Field(default=None, sa_type=Instant)


class CodeRow(SQLModel, table=True):
    """A code of a gift: free while no reservation has it, drawn for one mail, then given; used when a shop says so.

    One that was given is never free again. A gift without codes is kept under its reservation.
    """

    __tablename__ = "code"
    __table_args__ = (
        Index("code_free", "gift", "reservation", "number"),
        Index("code_of_mail", "mail"),
        Index("code_drawn", "drawn_at"),
        UniqueConstraint("gift", "code", name="code_unique"),
        UniqueConstraint("reservation", name="code_once"),
        {"sqlite_autoincrement": True},
    )
    number: int | None = Field(default=None, primary_key=True, sa_type=Counted)
    gift: str
    code: str
    made: bool = False
    reservation: str | None = None
    mail: str = ""
    person: str = ""
    bucket: int = 0
    drawn_at: int | None = Field(default=None, sa_type=Instant)
    given_at: int | None = Field(default=None, sa_type=Instant)
    expires_on: int | None = None
    used_at: int | None = Field(default=None, sa_type=Instant)
    worth: str = ""


class SwitchRow(SQLModel, table=True):
    """What a person said at the command line and what holds until it is taken back: halt, pause, stop."""

    __tablename__ = "switch"
    word: str = Field(primary_key=True)
    sequence: str = Field(default="", primary_key=True)
    since: int = Field(sa_type=Instant)
    who: str = ""
    because: str = Field(default="", sa_type=Text)
    keep_service: bool = False


class SecretRow(SQLModel, table=True):
    """What links are signed with; the newest signs, all are believed. It stays with the store, as mails stay."""

    __tablename__ = "secret"
    id: int | None = Field(default=None, primary_key=True)
    name: str
    value: bytes = Field(sa_type=LargeBinary)
    since: int = Field(sa_type=Instant)


class DeclarationRow(SQLModel, table=True):
    """What a person or an import has stated once: `suppressions` were imported, or there are none."""

    __tablename__ = "declaration"
    name: str = Field(primary_key=True)
    at: int = Field(sa_type=Instant)
    words: str = Field(default="", sa_type=Text)


class RunnerRow(SQLModel, table=True):
    """A daemon, or one of many workers, at work on this store: for `status`, and for noticing that it went silent."""

    __tablename__ = "runner"
    name: str = Field(primary_key=True)
    process: int
    version: str = ""
    started_at: int = Field(sa_type=Instant)
    seen_at: int = Field(sa_type=Instant)
    next_at: int | None = Field(default=None, sa_type=Instant)
    state: str = ""
    kind: str = Field(default="daemon", sa_column_kwargs={"server_default": "daemon"})


class BatchRow(SQLModel, table=True):
    """What one hand-over covers: its status is the status of its mails.

    `braked` is how many of its mails the brake counts: all but service and those that a person released.
    """

    __tablename__ = "batch"
    __table_args__ = (
        Index("batch_by_status", "status", "lease_until"),
        Index("batch_by_claim", "claimed_at", "braked"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=Counted)
    status: str
    owner: str = ""
    lease_until: int = Field(sa_type=Instant)
    claimed_at: int = Field(sa_type=Instant)
    handed_at: int | None = Field(default=None, sa_type=Instant)
    settled_at: int | None = Field(default=None, sa_type=Instant)
    braked: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


class BatchMemberRow(SQLModel, table=True):
    """Which batch a mail is in; it is in one at a time. `released` as it was in the queue, should it go back there."""

    __tablename__ = "batch_member"
    __table_args__ = (Index("member_of_batch", "batch"),)
    key: str = Field(primary_key=True)
    bucket: int
    batch: int = Field(sa_type=BigInteger)
    released: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
