"""The tables of people, of what happened to them, and of the applied files."""

from sqlalchemy import BigInteger, Index, LargeBinary, Text, false, text
from sqlmodel import Field, SQLModel

from nurture.store.definitions.sending import CLUSTERED, Counted, Instant

_ASKED = text("name = 'address.asked'")
_NOW_VALID = text("valid_to IS NULL")


def _one_valid(name: str, *columns: str) -> Index:
    """At most one row at a time is valid; those of the past may repeat."""
    return Index(name, *columns, unique=True, sqlite_where=_NOW_VALID, postgresql_where=_NOW_VALID)


class InstallationRow(SQLModel, table=True):
    """Which store this is, and how far it has come (restores and copies do not mail, architecture.md 2.3)."""

    __tablename__ = "installation"
    store: str = Field(primary_key=True)
    counter: int = Field(sa_type=BigInteger)


class WatermarkRow(SQLModel, table=True):
    """Up to when everything that falls due by itself has been looked at."""

    __tablename__ = "watermark"
    name: str = Field(primary_key=True)
    at: int = Field(sa_type=Instant)


class PersonRow(SQLModel, table=True):
    """One contact as last decided. `state` holds what is in flight; the other columns can be asked for.

    `placed_by` says by which stage rules the stage was worked out: by others it says nothing of today's. Those of a
    zone and country are read in the order of their ids, those whose turn it is by their buckets.
    """

    __tablename__ = "person"
    __table_args__ = (
        Index("person_by_zone", "zone", "country", "id", "bucket", "stage", "placed_by"),
        Index("person_by_bucket", "zone", "bucket", "id"),
    )
    id: str = Field(primary_key=True)
    bucket: int
    created_at: int = Field(sa_type=Instant)
    decided_until: int = Field(sa_type=Instant)
    decided_number: int = Field(sa_type=BigInteger)
    zone: str = ""
    facts: str = Field(default="{}", sa_type=Text)
    tags: str = Field(default="[]", sa_type=Text)
    stage: str = ""
    orders_count: int = 0
    orders_first_at: int | None = Field(default=None, sa_type=Instant)
    orders_last_at: int | None = Field(default=None, sa_type=Instant)
    orders_total: float = 0.0
    state: str = Field(default="{}", sa_type=Text)
    country: str = Field(default="", sa_column_kwargs={"server_default": ""})
    placed_by: str = Field(default="", sa_column_kwargs={"server_default": ""})


class OutsideIdRow(SQLModel, table=True):
    """What a shop or another system calls a person, while it does."""

    __tablename__ = "outside_id"
    __table_args__ = (_one_valid("outside_id_valid", "source", "value"),)
    source: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    valid_from: int = Field(primary_key=True, sa_type=Instant)
    valid_to: int | None = Field(default=None, sa_type=Instant)
    person: str = Field(index=True)
    bucket: int


class AddressRow(SQLModel, table=True):
    """An e-mail address, whose it is and whether it can be reached. `key` is its normal form."""

    __tablename__ = "address"
    __table_args__ = (_one_valid("address_valid", "key"),)
    key: str = Field(primary_key=True)
    valid_from: int = Field(primary_key=True, sa_type=Instant)
    valid_to: int | None = Field(default=None, sa_type=Instant)
    address: str
    person: str = Field(index=True)
    bucket: int
    state: str = "ok"
    state_since: int = Field(sa_type=Instant)


class ConsentRow(SQLModel, table=True):
    """A person's answer for one topic at an address; the topic '*' is a refusal of everything.

    `how` and `who` say by what it came and from whom; `until` is when a consent that expires does.
    """

    __tablename__ = "consent"
    person: str = Field(primary_key=True)
    address: str = Field(default="", primary_key=True)
    topic: str = Field(primary_key=True)
    bucket: int
    given: bool
    basis: str = Field(default="", sa_type=Text)
    wording: str = Field(default="", sa_type=Text)
    since: int = Field(sa_type=Instant)
    how: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    who: str = Field(default="", sa_column_kwargs={"server_default": ""})
    until: int | None = Field(default=None, sa_type=Instant)


class SuppressionRow(SQLModel, table=True):
    """An address that is never written to, whoever it belongs to."""

    __tablename__ = "suppression"
    key: str = Field(primary_key=True)
    because: str = Field(default="", sa_type=Text)
    since: int = Field(sa_type=Instant)


class EventRow(SQLModel, table=True):
    """Something that happened to a person; append-only. `id` follows from name and outside id."""

    __tablename__ = "event"
    __table_args__ = (
        Index("event_of_person", "person", "number"),
        Index("event_address_asked", "known_at", sqlite_where=_ASKED, postgresql_where=_ASKED),
        {"sqlite_autoincrement": True},
    )
    number: int | None = Field(default=None, primary_key=True, sa_type=Counted)
    id: str = Field(unique=True)
    person: str
    bucket: int
    name: str
    happened_at: int = Field(sa_type=Instant)
    known_at: int = Field(sa_type=Instant)
    fields: str = Field(default="{}", sa_type=Text)
    origin: str
    outside_id: str = ""
    fresh: bool = False


class SilenceRow(SQLModel, table=True):
    """The last local day on which an event happened to a person: where lapses are found."""

    __tablename__ = "silence"
    __table_args__ = (Index("silence_by_day", "event", "zone", "last_day", "person"), CLUSTERED)
    person: str = Field(primary_key=True)
    event: str = Field(primary_key=True)
    bucket: int
    zone: str
    last_day: int


class DayOfRow(SQLModel, table=True):
    """A date known of a person, as month * 100 + day and its year (0: unknown): where special days are found.

    `thing` is the key of the thing it is a date of. A tag of a fact has a row too, `observes:christmas` on no day.
    """

    __tablename__ = "day_of"
    __table_args__ = (Index("day_of_by_day", "path", "month_day", "zone", "year", "person"), CLUSTERED)
    person: str = Field(primary_key=True)
    path: str = Field(primary_key=True)
    thing: str = Field(default="", primary_key=True, sa_column_kwargs={"server_default": ""})
    bucket: int
    zone: str
    month_day: int
    year: int


class ZoneGroupRow(SQLModel, table=True):
    """A time zone in which at least one person lives or lived."""

    __tablename__ = "zone_group"
    zone: str = Field(primary_key=True)


class AgendaRow(SQLModel, table=True):
    """A person to look at from an instant on.

    `wake` by their own state, `arrival` for events up to `number`, `switch` since a person said pause, stop or resume.
    """

    __tablename__ = "agenda"
    __table_args__ = (Index("agenda_by_due", "due_at", "person"), CLUSTERED)
    person: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    due_at: int = Field(primary_key=True, sa_type=Instant)
    bucket: int
    number: int = Field(default=0, sa_type=BigInteger)


class EnrolmentRow(SQLModel, table=True):
    """One person in one sequence about one subject, ever (language.md 6.11)."""

    __tablename__ = "enrolment"
    __table_args__ = (
        Index("enrolment_by_sequence", "sequence", "version", "ended_at"),
        Index("enrolment_by_start", "sequence", "started_at", "person"),
    )
    person: str = Field(primary_key=True)
    sequence: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    bucket: int
    ordinal: int
    version: int
    started_at: int = Field(sa_type=Instant)
    step: str | None = None
    due_at: int | None = Field(default=None, sa_type=Instant)
    ended_at: int | None = Field(default=None, sa_type=Instant)
    ending: str = ""
    goal_at: int | None = Field(default=None, sa_type=Instant)


class ReasonRow(SQLModel, table=True):
    """Why something did or did not happen to one person."""

    __tablename__ = "reason"
    __table_args__ = (Index("reason_of_person", "person", "at"), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, primary_key=True, sa_type=Counted)
    person: str
    bucket: int
    at: int = Field(sa_type=Instant)
    due_at: int | None = Field(default=None, sa_type=Instant)
    why: str
    sequence: str = ""
    version: int = 0
    subject: str = ""
    step: str = ""
    mail: str = ""
    words: str = Field(default="", sa_type=Text)
    until: int | None = Field(default=None, sa_type=Instant)
    looks: str = Field(default="[]", sa_type=Text)
    place: str = ""
    basis: int


class ContentRow(SQLModel, table=True):
    """The bytes of a file, once, by their SHA-256."""

    __tablename__ = "content"
    hash: str = Field(primary_key=True)
    data: bytes = Field(sa_type=LargeBinary)


class ApplicationRow(SQLModel, table=True):
    """One `apply`: who, when, from which commit; `known` is what was known beside its files (`files.known_text`)."""

    __tablename__ = "application"
    id: int | None = Field(default=None, primary_key=True)
    at: int = Field(sa_type=Instant)
    who: str = ""
    commit: str = ""
    known: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})


class AppliedFileRow(SQLModel, table=True):
    """A file as it stood in an `apply`."""

    __tablename__ = "applied_file"
    application: int = Field(primary_key=True)
    path: str = Field(primary_key=True)
    hash: str


class VersionRow(SQLModel, table=True):
    """A version of a sequence: numbered per sequence, live since when (nothing while it is not).

    `starts_since` is when its `start` went live, where that is later; `past_too` says of a broadcast that somebody
    chose to send it also to those whose hour had passed.
    """

    __tablename__ = "version"
    sequence: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    path: str
    hash: str
    application: int
    live_since: int | None = Field(default=None, sa_type=Instant)
    lineages: str = Field(default="{}", sa_type=Text, sa_column_kwargs={"server_default": "{}"})
    starts_since: int | None = Field(default=None, sa_type=Instant)
    past_too: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class RenamedRow(SQLModel, table=True):
    """A name that was given up for another: history, consents and refusals follow it for ever (language.md 8)."""

    __tablename__ = "renamed"
    kind: str = Field(primary_key=True)
    old: str = Field(primary_key=True)
    new: str
    application: int


class MoveRow(SQLModel, table=True):
    """How those inside a sequence came to a version: what was chosen for who was due at once by it."""

    __tablename__ = "move"
    sequence: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    at: int = Field(sa_type=Instant)
    due_now: str = "send"
    spread: str = ""
    application: int


class TaskRow(SQLModel, table=True):
    """Something for a person of the shop to do; `due_on` is a date in the shop's zone."""

    __tablename__ = "task"
    __table_args__ = (Index("task_by_due", "done_at", "due_on"), Index("task_of_person", "person"))
    key: str = Field(primary_key=True)
    person: str
    bucket: int
    sequence: str
    version: int
    subject: str
    step: str
    text: str = Field(sa_type=Text)
    owner: str
    made_at: int = Field(sa_type=Instant)
    due_on: int
    held_until: int | None = Field(default=None, sa_type=Instant)
    taken_by: str = ""
    taken_at: int | None = Field(default=None, sa_type=Instant)
    done_by: str = ""
    done_at: int | None = Field(default=None, sa_type=Instant)
    words: str = Field(default="", sa_type=Text)


class WebhookRow(SQLModel, table=True):
    """A call of somebody's endpoint: planned, answered or failed; `next_at` is the next try."""

    __tablename__ = "webhook"
    __table_args__ = (Index("webhook_by_next", "state", "next_at"),)
    key: str = Field(primary_key=True)
    person: str
    bucket: int
    sequence: str
    version: int
    subject: str
    step: str
    endpoint: str
    body: str = Field(default="{}", sa_type=Text)
    retry: int
    timeout: int
    made_at: int = Field(sa_type=Instant)
    state: str = "planned"
    tries: int = 0
    next_at: int | None = Field(default=None, sa_type=Instant)
    detail: str = Field(default="", sa_type=Text)
    settled_at: int | None = Field(default=None, sa_type=Instant)
