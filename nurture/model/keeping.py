"""How long what grows is kept: per kind, from when on it may go (rules.yaml, `keep:`)."""

from dataclasses import fields
from datetime import datetime, timedelta

from nurture.model.length import Length, Unit
from nurture.model.values import dataclass

_DAYS = {Unit.day: 1, Unit.week: 7, Unit.month: 31, Unit.year: 366}  # a month and a year never too short
LONG, SHORT, AT_ONCE = Length(400, Unit.day), Length(30, Unit.day), Length(0, Unit.day)


@dataclass(frozen=True, slots=True)
class Keep:
    """For each kind a length; what is older goes at a quiet moment. What is not named here is never dropped.

    `reasons`: why something did or did not happen. `journal`: the decisions that `nurture replay` takes again.
    `posts`: raw posts of providers and shops, `letters`: letters of readers, raw and as they were read. `news`: what a
    provider told of single mails. `bodies`: what was put into one mail.
    """

    reasons: Length = LONG
    journal: Length = LONG
    posts: Length = SHORT
    letters: Length = LONG
    news: Length = LONG
    bodies: Length = AT_ONCE

    def before(self, kind: str, now: datetime) -> datetime:
        """What is older than this instant (UTC) may go; KeyError for a unit that is no part of the calendar."""
        length: Length = getattr(self, kind)
        try:
            return now - timedelta(days=length.amount * _DAYS[length.unit])
        except OverflowError:
            return datetime.min.replace(tzinfo=now.tzinfo)


AS_USUAL = Keep()
KINDS = tuple(one.name for one in fields(Keep))
"""Every kind, in the order in which they are looked at."""
LEAST = {"reasons": 30, "journal": 30, "posts": 3, "letters": 30, "news": 30, "bodies": 0}
"""The fewest days: `explain`, brakes, doubts and a provider's second try look so far back."""


def days(length: Length) -> int:
    """A length in days; a month and a year never too short."""
    return length.amount * _DAYS[length.unit]
