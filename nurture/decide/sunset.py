"""The rule `sunset`: whoever did nothing of their own for very long is not written to any more (email.md 4.4).

What counts is what only a person does: a click that no scanner made, a letter, a consent, and what the catalogue
watches of them, such as an order or a review (`done_by_shop` names what it does not). An open never counts.
"""

from collections.abc import Iterator
from datetime import date, datetime

from nurture.decide.clock import add_dates, local_day
from nurture.decide.draft import Draft
from nurture.model.decision import Why

SERVICE = "service"


def sunset(draft: Draft, message: object, now: datetime) -> tuple[Why, str] | None:
    """Why a mail of some classes does not go to whom the sun has set for; it does again as soon as they act."""
    rule = draft.book.rules.sunset
    if rule is None or getattr(message, "class_", "") not in rule.classes:
        return None
    words = silent(draft, now, getattr(message, "key", ""))
    return (Why.sunset, words) if words else None


def silent(draft: Draft, now: datetime, own: str = "") -> str:
    """How somebody is silent, as the rule has it; empty for whom it does not hold. `own` is a mail that counts not.

    They had at least `mails` mails but service since they last acted, and that is `after` ago on their own calendar;
    who never acted is counted from the first of those mails.
    """
    rule = draft.book.rules.sunset
    if rule is None or len(draft.messages) < rule.mails:
        return ""
    acted = max((at for at in acts(draft, now) if at <= now), default=None)
    had = [
        one.at
        for one in draft.messages
        if not one.cancelled and one.class_ != SERVICE and one.key != own and (acted is None or one.at > acted)
    ]
    if len(had) < rule.mails:
        return ""
    since = local_day(acted or min(had), draft.clock)
    if draft.today(now) < add_dates(since, rule.after):
        return ""
    return f"{len(had)} mails, and nothing of their own since {day_words(since)}"


def acts(draft: Draft, now: datetime) -> Iterator[datetime]:
    """When they last did anything of their own up to now, of each kind."""
    yield from (one.clicked_at for one in draft.messages if one.clicked_at is not None)
    yield from (at for at in (draft.wrote_at, draft.orders.last_at) if at is not None)
    yield from (one.since for one in draft.consents.values() if one.given)
    catalogue = draft.book.catalogue
    by_shop = catalogue.done_by_shop | frozenset(catalogue.orders.undone_by if catalogue.orders else ())
    for event in reversed(draft.events):
        if event.name not in by_shop and event.happened_at <= now:
            yield event.happened_at
            return


def day_words(day: date) -> str:
    """`2 March 2026`."""
    return f"{day.day} {day:%B %Y}"
