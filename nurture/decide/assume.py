"""What a world without a shop answers at once: drafts approved, gifts given with sample codes, calls answered.

`simulate`, `preview`, `backtest` and `test` live people forward by it (language.md 10, 11.4). Nothing is drawn,
handed over or called.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime

from nurture.decide.calendar import add_dates
from nurture.decide.clock import local_day, reader_clock
from nurture.decide.drafts import APPROVED
from nurture.model import event as names
from nurture.model.book import Book
from nurture.model.decision import Carried, Decision, Intent
from nurture.model.event import Event
from nurture.model.house import Present
from nurture.model.length import Length

_PLACE = re.compile(r"\{(\d+)\}")
_UNNAMED = "XXXXXXXX"


def assumed(book: Book, decision: Decision) -> tuple[Event, ...]:
    """The answers to what was decided, all at the decision's own instant: drafts first, then gifts, then calls."""
    if not (decision.intents or decision.webhooks):
        return ()
    now = decision.person.asof
    return (*_drafts(decision, now), *_gifts(book, decision, now), *_calls(decision, now))


def _drafts(decision: Decision, now: datetime) -> Iterator[Event]:
    for intent in decision.intents:
        if intent.approve:
            fields = {"key": intent.key, "outcome": APPROVED, "by": intent.approve}
            yield Event(f"assumed-draft-{intent.key}", names.DRAFT_SETTLED, now, now, fields=fields)


def _gifts(book: Book, decision: Decision, now: datetime) -> Iterator[Event]:
    for intent in decision.intents:
        for carried in intent.gifts:
            today = local_day(now, reader_clock(book.rules, decision.person.facts))
            fields = _given(book, intent, carried, today)
            yield Event(f"assumed-gift-{carried.key}", names.GIFT_GIVEN, now, now, fields=fields)


def _given(book: Book, intent: Intent, carried: Carried, today: date) -> dict[str, object]:
    present = book.house.gift(carried.gift)
    fields: dict[str, object] = {
        "key": carried.key, "gift": carried.gift, "code": sample_code(present), "mail": intent.key,
    }  # fmt: skip
    expires = last_day(today, carried.valid or (present.valid if present else None))
    return fields if expires is None else {**fields, "expires_on": expires}


def _calls(decision: Decision, now: datetime) -> Iterator[Event]:
    for call in decision.webhooks:
        fields = {"key": call.key, "ok": True, "words": "taken for answered", "value": None}
        yield Event(f"assumed-call-{call.key}", names.WEBHOOK_ANSWERED, now, now, fields=fields)


def sample_code(present: Present | None) -> str:
    """A code that is plainly none: `BDAY-XXXXXXXX` for `BDAY-{8}`; one of a pool shows no pattern."""
    if present is None or not present.make:
        return _UNNAMED
    return _PLACE.sub(lambda place: "X" * int(place.group(1)), present.make)


def last_day(today: date, valid: Length | None) -> date | None:
    """The last date on which a code given today is good; None where nothing says so."""
    return None if valid is None or valid.elapsed else add_dates(today, valid)
