"""A rendered mail, and what became of handing it over."""

from dataclasses import field
from datetime import datetime
from enum import Enum

from nurture.model.happening import Bounce
from nurture.model.place import Problem
from nurture.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that travels inside a mail; the HTML names it as `cid:` and its content id."""

    name: str
    content_id: str
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Woven:
    """A text as what many mails share and what is this mail's own: pattern, value, pattern, value, …, pattern.

    `pattern` has one part more than `values`. Mails of equal patterns can travel in one request. `whole` is the text
    put together, where somebody has done so.
    """

    pattern: tuple[str, ...]
    values: tuple[str, ...]
    whole: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        """The whole text."""
        if self.whole:
            return self.whole
        parts = [""] * (len(self.pattern) + len(self.values))
        parts[::2], parts[1::2] = self.pattern, self.values
        return "".join(parts)

    def joined(self) -> "Woven":
        """The same with the text put together."""
        return Woven(self.pattern, self.values, str(self))


@dataclass(frozen=True, slots=True)
class Email:
    """One mail, whole: what a provider needs and nothing else. Header values hold no line breaks.

    `categories` are words a provider may count by: the mail's and the sequence's name, nothing personal.
    `woven` are text and HTML as they are woven, where the renderer knows it: they say the same as `text` and `html`.
    `tracked` says that this reader agreed that opens and clicks are told apart by person (email.md 4.3).
    """

    key: str
    from_name: str
    from_address: str
    to_name: str
    to_address: str
    subject: str
    text: str
    html: str
    locale: str
    direction: str
    date: datetime
    reply_to: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    categories: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    woven: tuple[Woven, Woven] | None = field(default=None, repr=False)
    tracked: bool = False


class Fate(Enum):
    """The states of a mail on its way (architecture.md 2.3); `unknown` is what a doubt ends as (language.md 6.11)."""

    planned = "planned"
    held = "held"
    claimed = "claimed"
    handed = "handed"
    accepted = "accepted"
    in_doubt = "in_doubt"
    refused = "refused"
    bounced = "bounced"
    delivered = "delivered"
    cancelled = "cancelled"
    expired = "expired"
    unknown = "fate unknown"


@dataclass(frozen=True, slots=True)
class Handover:
    """A provider's answer for one mail, in our words.

    `planned` says that it has certainly not gone: it goes back into the queue, and nothing is tried before
    `retry_at` (UTC; None: after the usual back-off). `halts` says that the provider refuses us and not this
    mail (a wrong key, an account without credit): nothing more is handed over until a person has looked.
    With `not_before` (UTC) it is we who put it back into the queue, until its reader may have it.
    `pace` says, with `not_before`, that it is not the reader but our own pace that it waits for, and why; a mail that
    is `held` waits for a person, and `detail` says because of what.
    `blameless`, with `planned`, says that only another mail of its request was refused: it goes at once, in another.
    `bounce`, with `refused`, says what the refusal means for the address, where the provider's words tell.
    """

    key: str
    fate: Fate
    detail: str = ""
    problem: Problem | None = None
    retry_at: datetime | None = None
    halts: bool = False
    not_before: datetime | None = None
    blameless: bool = False
    pace: str = ""
    bounce: Bounce | None = None
