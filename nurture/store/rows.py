"""Rows as they come in, already read and typed: who it is about and what is said of them."""

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime

from nurture.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What every row may say. `outside_id` and `address` say who; at least one is needed.

    `line` is where the row stands in its file, `known_at` when nurture learned of it (default: the
    import's own now). `topics` are consents that came with the row, and what proves them: `basis`, the
    `wording` that was shown, `how` it was said and `by` whom it is told; `until` is the last date on which
    they hold. With `asked` they are asked for only: they hold once the reader confirms them by a link.
    Instants are aware, in UTC.
    """

    line: int = 0
    outside_id: str = ""
    address: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    basis: str = ""
    wording: str = ""
    how: str = ""
    by: str = ""
    until: date | None = None
    asked: bool = False
    known_at: datetime | None = None

    @property
    def proof(self) -> dict[str, object]:
        """The fields of a consent's event that prove it; those that nobody told are left out."""
        by = self.by if self.asked or self.by != "reader" else ""  # who writes rows does not speak for the reader
        told = {"how": self.how, "by": by, "until": self.until}
        return {"topics": tuple(sorted(self.topics)), "basis": self.basis, "wording": self.wording} | {
            name: value for name, value in told.items() if value
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRow(Row):
    """A contact and what is known of them; `at` is since when, by default when it was learned."""

    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow(Row):
    """Something that happened. `id` is the sender's own id of it; without one, equal rows are counted.

    `fresh` lets it start sequences whatever its age.
    """

    name: str
    at: datetime
    id: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)
    fresh: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRow(Row):
    """An answer to `topics`, given or refused; refusing no topics refuses everything."""

    given: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionRow(Row):
    """An address, or a person, that is never to be written to."""

    because: str = "imported"
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRow(Row):
    """A mail that was sent before nurture: it counts in limits. `day` is the reader's date."""

    mail: str
    class_: str
    at: datetime
    day: date
    topic: str = ""
    id: str = ""


LONGEST_ID = 500  # characters: an index of PostgreSQL takes no more than some 2,700 bytes


def unfit(row: Row) -> str:
    """Why no database keeps a row, in words for the file of rejects; empty when there is nothing against it."""
    key = row.fields.get("key") if isinstance(row, EventRow) else None
    if len(row.outside_id) > LONGEST_ID or (isinstance(key, str) and len(key) > LONGEST_ID):
        return f"its id has more than {LONGEST_ID} characters"
    if _hidden(row.outside_id) or (isinstance(row, EventRow) and any(map(_hidden, row.fields.values()))):
        return "it holds a character that cannot be kept (NUL, or half of one)"
    return ""


def _hidden(value: object) -> bool:
    """Whether a text has what PostgreSQL keeps in no text; by it one would be taken for another."""
    return (
        isinstance(value, str)
        and not (value.isascii() and "\0" not in value)
        and ("\0" in value or any("\ud800" <= one <= "\udfff" for one in value))
    )


AnyRow = ContactRow | EventRow | ConsentRow | SuppressionRow | SendRow
