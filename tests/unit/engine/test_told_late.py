"""After a restore: which mails the lost store may have sent, by what is told only afterwards."""

from datetime import date, timedelta

import pytest

from nurture.engine.told_late import kept_for
from nurture.model.decision import Intent
from nurture.model.event import Event
from nurture.model.mail import Fate
from nurture.model.person import Enrolment, Person
from tests import worlds as w

ACCEPTED = w.utc("2027-06-01 12:00")
HOUR = timedelta(hours=1)


def event(happened: int, known: int) -> Event:
    """One that happened, and was known, so many hours after the store was accepted."""
    return Event("e", "order.placed", ACCEPTED + happened * HOUR, ACCEPTED + known * HOUR)


def is_held(due: int, event: Event | None = None, answer: Event | None = None, subject: str = "o1") -> bool:
    """Whether a mail is held that fell due so many hours after the store was accepted."""
    begun = Enrolment("first_order", "o1", 1, 1, ACCEPTED, date(2027, 6, 1), event=event, answer=answer)
    at, day = ACCEPTED + due * HOUR, date(2027, 6, 1)
    mail = Intent("k", "p", "first_order", 1, subject, "hello", "hello", "tips", "", "", at, at, at, day, "UTC", "", "")
    kept = kept_for(mail, Person("p", ACCEPTED, enrolments=(begun,)), ACCEPTED)
    assert kept is None or kept.handover.fate is Fate.held
    return kept is not None


@pytest.mark.parametrize(
    ("held", "due", "happened", "known"),
    [
        (True, 5, -2, 5),  # at once on what happened before: the lost store did so two hours before its end
        (True, 6, -2, 5),  # an hour later: one hour before its end
        (False, 8, -2, 5),  # three hours later, which the lost store did not live to see
        (False, 5, 2, 5),  # what happened since
        (False, 5, -9, -8),  # known to this store when it was accepted: what was due then is in doubt already
    ],
)
def test_a_mail_is_held_that_fell_due_before_in_the_store_that_was_lost(
    held: bool, due: int, happened: int, known: int
) -> None:
    assert is_held(due, event(happened, known)) == held
    assert is_held(due, event(-99, -98), answer=event(happened, known)) == held


def test_what_is_about_nothing_that_was_told_late_goes() -> None:
    assert not is_held(1)
    assert not is_held(1, event(-2, 1), subject="another order")
