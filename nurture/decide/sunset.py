"""The rule `sunset`: whoever did nothing of their own for very long is not written to any more (email.md 4.4).

What counts is what only a person does: a click that no scanner made, a letter, an order, a consent. An open never does.
"""

from collections.abc import Iterator
from datetime import date, datetime

from nurture.decide.clock import add_dates, local_day
from nurture.decide.draft import Draft
from nurture.model.decision import Why

SERVICE = "service"


def sunset(draft: Draft, message: object, now: datetime) -> tuple[Why, str] | None:
    """Why a mail of some classes does not go to whom the sun has set for; it does again as soon as they act.

    They had at least `mails` mails but service since they last acted, and that is `after` ago on their own calendar;
    who never acted is counted from the first of those mails.
    """
    rule = draft.book.rules.sunset
    if rule is None or getattr(message, "class_", "") not in rule.classes:
        return None
    own = getattr(message, "key", "")
    acted = max((at for at in acts(draft) if at <= now), default=None)
    had = [
        one.at
        for one in draft.messages
        if not one.cancelled and one.class_ != SERVICE and one.key != own and (acted is None or one.at > acted)
    ]
    if len(had) < rule.mails:
        return None
    since = local_day(acted or min(had), draft.clock)
    if draft.today(now) < add_dates(since, rule.after):
        return None
    return Why.sunset, f"{len(had)} mails, and nothing of their own since {day_words(since)}"


def acts(draft: Draft) -> Iterator[datetime]:
    """When they last did anything of their own, of each kind."""
    yield from (one.clicked_at for one in draft.messages if one.clicked_at is not None)
    yield from (at for at in (draft.wrote_at, draft.orders.last_at) if at is not None)
    yield from (one.since for one in draft.consents.values() if one.given)


def day_words(day: date) -> str:
    """`2 March 2026`."""
    return f"{day.day} {day:%B %Y}"
