"""A world that answers at once, for lives that are lived forward without a shop (language.md 10, 11.4)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from nurture.decide.assume import last_day, sample_code
from nurture.decide.simulate import live, nobody
from nurture.model import event as names
from nurture.model.book import Book
from nurture.model.decision import Decision
from nurture.model.event import Event, Money
from nurture.model.expression import Kind, Name
from nurture.model.house import House, Present
from nurture.model.person import Person
from nurture.model.step import Gift, Webhook
from nurture.model.trigger import Again
from tests import worlds as w
from tests.worlds import JOINED, event, length, newborn, reachable, send, sequence, utc, wait

BAG = Present("bag", Money(Decimal(9), "EUR"), make="BDAY-{8}", valid=length("21 days"))
CALL = Webhook(id="tell", place=w.HERE, endpoint="erp", timeout=length("1 minute"), if_fails="stop", save_as="country")
START, END = utc("2027-03-01 00:00"), utc("2027-04-01 00:00")
BEGAN = [*reachable(START), event("subscriber.joined", "2027-03-04 13:00")]


def book(*steps: object) -> Book:
    made = w.book(sequence("s", JOINED, steps, again=Again(per="person")))  # type: ignore[arg-type]
    return replace(made, house=House(gifts=(BAG,)))


def lived(world: Book, answering: object = None) -> list[Decision]:
    more = {} if answering is None else {"world": answering}
    return list(live(world, newborn(at=START), BEGAN, START, END, **more))  # type: ignore[arg-type]


def last(decisions: list[Decision]) -> Person:
    return decisions[-1].person


def mails(decisions: list[Decision]) -> list[str]:
    return [intent.mail for decision in decisions for intent in decision.intents]


def test_calls_are_answered_at_once_and_keep_nothing() -> None:
    calls = book(CALL, replace(CALL, id="twice"), send("bye", "service"))
    decisions = lived(calls)
    assert [o.outcome for o in last(decisions).enrolments[0].outcomes] == ["ok", "ok", "sent"]
    assert {o.at for o in last(decisions).enrolments[0].outcomes} == {utc("2027-03-04 13:10")}
    assert "country" not in last(decisions).facts
    assert [e.ending for e in last(lived(calls, nobody)).enrolments] == ["stopped: erp failed: no answer"]


def test_drafts_are_approved_at_once() -> None:
    drafts = book(send("sorry", "service", approve="lena"), wait("1 day"), send("bye", "service"))
    assert [o.outcome for o in last(lived(drafts)).enrolments[0].outcomes] == ["approved", "sent"]
    assert [o.outcome for o in last(lived(drafts, nobody)).enrolments[0].outcomes] == ["sent", "sent"]
    assert mails(lived(drafts)) == mails(lived(drafts, nobody)) == ["sorry", "bye"]


def test_gifts_are_given_with_a_sample_code_and_a_last_day() -> None:
    code = Name(("gifts", "present", "code"), Kind.text)
    mail = send("card", "service", variables=(("code", code),))
    steps = (Gift(id="present", place=w.HERE, gift="bag"), mail)
    gift = last(lived(book(*steps))).enrolments[0].gifts[0]
    assert (gift.state, gift.code, gift.expires_on) == ("given", "BDAY-XXXXXXXX", date(2027, 3, 25))
    assert gift.given_at == utc("2027-03-04 13:10")
    assert last(lived(book(*steps), nobody)).enrolments[0].gifts[0].state == "waiting"


@pytest.mark.parametrize(
    ("present", "code"),
    [
        (BAG, "BDAY-XXXXXXXX"),
        (replace(BAG, make="A{2}-{3}"), "AXX-XXX"),
        (replace(BAG, make="", pool="codes.csv"), "XXXXXXXX"),
        (None, "XXXXXXXX"),
    ],
)
def test_a_sample_code_has_the_form_of_a_real_one(present: Present | None, code: str) -> None:
    assert sample_code(present) == code


def test_the_last_day_counts_in_dates() -> None:
    assert last_day(date(2027, 1, 31), length("1 month")) == date(2027, 2, 28)
    assert last_day(date(2027, 1, 31), None) is None


def test_another_world_may_answer_otherwise() -> None:
    def refusing(_book: Book, decision: Decision) -> list[Event]:
        now = decision.person.asof
        return [
            Event(f"no-{call.key}", names.WEBHOOK_ANSWERED, now, now, fields={"key": call.key, "ok": False})
            for call in decision.webhooks
        ]

    decisions = lived(book(CALL, send("bye", "service")), refusing)
    assert [e.ending for e in last(decisions).enrolments] == ["stopped: erp failed: refused"]
    assert mails(decisions) == []
