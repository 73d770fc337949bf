"""Every class of bounce that SendGrid's own document knows, and what each means for its address and for us."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nurture.deliver.sendgrid_bounces import CLASSES, bounce_of, dropped_because
from nurture.model.address_health import BLOCKED, COMPLAINED, HARD, OK, SOFT, Told, address_state
from nurture.model.happening import Bounce, Happened
from nurture.model.refusing_us import against_us

DOCUMENT = Path(__file__).parents[2] / "data" / "sendgrid" / "tsg_logs_v3.json"
SCHEMAS = json.loads(DOCUMENT.read_text(encoding="utf-8"))["components"]["schemas"]
MONDAY = datetime(2027, 3, 1, 9, tzinfo=UTC)

# By class: what a bounce and a block mean, what one bounce makes of the address, and what five over eight days do.
TABLE = {
    "Invalid Address": (Bounce.hard, Bounce.soft, HARD, HARD),
    "Mailbox Unavailable": (Bounce.soft, Bounce.soft, SOFT, BLOCKED),
    "Technical": (Bounce.soft, Bounce.soft, SOFT, BLOCKED),
    "Content": (Bounce.refused_us, Bounce.refused_us, OK, OK),
    "Reputation": (Bounce.refused_us, Bounce.refused_us, OK, OK),
    "Frequency or Volume Too High": (Bounce.refused_us, Bounce.refused_us, OK, OK),
    "Unclassified": (Bounce.soft, Bounce.refused_us, SOFT, BLOCKED),
}
DROPS = {
    "Bounced Address": HARD,
    "Invalid": HARD,
    "Spam Reporting Address": COMPLAINED,
    "Unsubscribed Address": OK,  # it is a refusal, and kept as one; the address is as good as it was
    "Recipient List over Package Quota": OK,
    "Spam Content (if Spam Checker app is enabled)": OK,
    "Invalid SMTPAPI header": OK,
}


def after(what: Happened, bounce: Bounce | None, times: int = 1, days: int = 2) -> str:
    return address_state(Told(what, MONDAY + timedelta(days=days * turn), bounce) for turn in range(times))


def test_the_table_has_every_class_of_the_document_and_no_other() -> None:
    assert set(TABLE) == set(SCHEMAS["BounceClassification"]["enum"])
    assert {one.casefold() for one in TABLE} - {"unclassified"} <= set(CLASSES)
    assert set(SCHEMAS["BounceType"]["enum"]) == {"bounce", "blocked"}


@pytest.mark.parametrize("class_", TABLE)
def test_what_a_class_means_for_its_address(class_: str) -> None:
    bounce, block, once, often = TABLE[class_]
    for written in (class_, class_.upper(), f" {class_} "):
        assert bounce_of(Happened.bounced, "something was wrong", written) is bounce
        assert bounce_of(Happened.blocked, "something was wrong", written) is block
    assert (after(Happened.bounced, bounce), after(Happened.bounced, bounce, 5)) == (once, often)
    assert after(Happened.blocked, block, 50) == OK, "a block never hurts an address"


@pytest.mark.parametrize("class_", TABLE)
@pytest.mark.parametrize("code", ["5.7.1", "5.7.26", "5.7.28", "5.7.515", "4.7.0"])
def test_a_code_that_says_it_is_us_goes_before_any_class(class_: str, code: str) -> None:
    words = f"550 {code} not accepted"
    assert against_us(words) is not None
    for what in (Happened.bounced, Happened.blocked):
        assert bounce_of(what, words, class_) is Bounce.refused_us


@pytest.mark.parametrize(("times", "days", "state"), [(4, 3, SOFT), (5, 1, SOFT), (5, 2, BLOCKED), (9, 1, BLOCKED)])
def test_soft_bounces_block_an_address_when_they_are_five_over_seven_days(times: int, days: int, state: str) -> None:
    assert after(Happened.bounced, Bounce.soft, times, days) == state


@pytest.mark.parametrize("reason", DROPS)
def test_what_a_drop_means_for_its_address(reason: str) -> None:
    for words in (reason, f"550 {reason}", f"5.0.0 {reason.upper()}"):
        found = dropped_because(words)
        assert address_state([Told(Happened.dropped, MONDAY, found.bounce, found.known)]) == DROPS[reason]
        assert (found.known is Happened.unsubscribed) == (reason == "Unsubscribed Address")


def test_nothing_else_than_a_bounce_or_a_block_is_one() -> None:
    for what in set(Happened) - {Happened.bounced, Happened.blocked}:
        assert bounce_of(what, "550 5.1.1 no such user", "Invalid Address") is None
