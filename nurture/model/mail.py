"""A rendered mail, and what became of handing it over."""

from collections.abc import Iterable
from dataclasses import field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

from nurture.model.happening import Bounce
from nurture.model.place import Problem
from nurture.model.quick import quick
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

    `pattern` has one part more than `values`. Mails of equal patterns can travel in one request.
    """

    pattern: tuple[str, ...]
    values: tuple[str, ...]

    def __str__(self) -> str:
        """The whole text."""
        return "".join(put_in(self.pattern, self.values))

    @property
    def says_something(self) -> bool:
        """Whether the whole text is more than empty."""
        return any(self.pattern) or any(self.values)


new_woven = quick(Woven)


def put_in(pattern: tuple[str, ...], values: tuple[str, ...]) -> list[str]:
    """The pieces of the whole text, in their order."""
    parts = [""] * (len(pattern) + len(values))
    parts[::2], parts[1::2] = pattern, values
    return parts


@dataclass(frozen=True, slots=True)
class Email:
    """One mail, whole: what a provider needs and nothing else. Header values hold no line breaks.

    `categories` are words a provider may count by: the mail's and the sequence's name, nothing personal.
    `woven` are text and HTML as they are woven, where the renderer knows it: they say the same as `text` and `html`.
    `is_sewn`: these two are nothing but what is woven, and put together when somebody first asks for them (`sewn`).
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
    is_sewn: bool = field(default=False, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Text and HTML were given."""
        object.__setattr__(self, "is_sewn", False)

    if not TYPE_CHECKING:  # mypy would take any name for one that is there

        def __getattr__(self, name: str) -> str:
            """Text or HTML of a mail that was sewn: what a slot that nothing was put into does not have."""
            if name not in _SEWN:
                raise AttributeError(f"a mail has no {name}")
            whole = str(self.woven[_SEWN[name]])
            object.__setattr__(self, name, whole)
            return whole


_SEWN = {"text": 0, "html": 1}
_new_email: Any = quick(Email)


def sewn(woven: tuple[Woven, Woven], **said: Any) -> Email:
    """A mail whose text and HTML are what is woven; they are not put together, which takes as long as all the rest.

    Providers that send mails together put values into patterns themselves.
    """
    mail: Email = _new_email(text="", html="", woven=woven, is_sewn=True, **said)
    for name in _SEWN:
        object.__delattr__(mail, name)
    return mail


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

    def of_each(self, keys: Iterable[str]) -> list["Handover"]:
        """The same answer for each of these mails."""
        more = (self.fate, self.detail, self.problem, self.retry_at, self.halts, self.not_before)
        return [new_handover(key, *more, self.blameless, self.pace, self.bounce) for key in keys]


new_handover = quick(Handover)
