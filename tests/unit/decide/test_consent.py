"""Who may be written to at all (language.md 6.10)."""

from datetime import date

from nurture.model import event as names
from nurture.model.trigger import Again
from tests import worlds as w
from tests.worlds import DELIVERED, JOINED, WELCOME, endings, event, live, newborn, reachable, send, sequence, whys


def test_nobody_is_written_to_without_consent_and_the_reason_is_kept() -> None:
    only_address = reachable()[:1]
    life = live(
        w.book(WELCOME), newborn(), [*only_address, event("subscriber.joined", "2027-03-04 13:00")], "2027-04-01"
    )
    assert life.mails == []
    assert life.why("hello") == ["no_consent: no consent to tips"]
    assert endings(life) == ["finished"]


def test_without_an_address_the_mail_does_not_go() -> None:
    life = live(w.book(WELCOME), newborn(), [event("subscriber.joined", "2027-03-04 13:00")], "2027-04-01")
    assert life.why("hello") == ["no_address: no address is known"]


def test_soft_opt_in_of_customers_needs_an_order_and_can_be_refused() -> None:
    care = sequence("care", DELIVERED, [send("how", "care")], again=Again(per="event.order_id"))
    address = reachable()[:1]
    bought = [
        event("order.placed", "2027-03-01 10:00", order_id="A"),
        event("order.delivered", "2027-03-03 10:00", order_id="A"),
    ]
    assert len(live(w.book(care), newborn(), [*address, *bought], "2027-04-01").mails) == 1
    refused = event(names.CONSENT_REFUSED, "2027-03-02 10:00", topics=("care",))
    assert live(w.book(care), newborn(), [*address, *bought, refused], "2027-04-01").mails == []
    regiven = event(names.CONSENT_GIVEN, "2027-03-02 11:00", topics=("care",))
    assert live(w.book(care), newborn(), [*address, *bought, refused, regiven], "2027-04-01").mails == []


def test_a_theme_is_spared_and_a_suppressed_person_hears_nothing() -> None:
    gentle = sequence("mothers", JOINED, [send("flowers", theme="mothers_day")])
    joined = event("subscriber.joined", "2027-03-04 13:00")
    spared = event(names.THEME_SPARED, "2027-03-01 10:00", theme="mothers_day")
    assert live(w.book(gentle), newborn(), [*reachable(), spared, joined], "2027-04-01").why("flowers") == [
        "spared: mothers_day"
    ]
    stop = event(names.SUPPRESSED, "2027-03-01 10:00", because="asked by phone")
    assert "refused" in whys(live(w.book(gentle), newborn(), [*reachable(), stop, joined], "2027-04-01"))


def test_a_consent_that_expired_is_none_from_the_day_after() -> None:
    given = event(names.CONSENT_GIVEN, "2027-03-01 10:00", topics=("tips",), until=date(2027, 3, 4))
    address = reachable()[:1]
    for joined, said in (("2027-03-04 13:00", []), ("2027-03-05 13:00", ["consent to tips expired on 2027-03-04"])):
        life = live(w.book(WELCOME), newborn(), [*address, given, event("subscriber.joined", joined)], "2027-04-01")
        assert [words.removeprefix("no_consent: ") for words in life.why("hello") if "no_consent" in words] == said
    again = event(names.CONSENT_GIVEN, "2027-03-05 10:00", topics=("tips",))
    joined = event("subscriber.joined", "2027-03-05 13:00")
    assert live(w.book(WELCOME), newborn(), [*address, given, again, joined], "2027-04-01").mails


def test_an_expired_consent_of_a_customer_leaves_the_soft_opt_in() -> None:
    care = sequence("care", DELIVERED, [send("how", "care")], again=Again(per="event.order_id"))
    bought = [
        event("order.placed", "2027-03-01 10:00", order_id="A"),
        event("order.delivered", "2027-03-03 10:00", order_id="A"),
    ]
    given = event(names.CONSENT_GIVEN, "2027-03-01 11:00", topics=("care",), until=date(2027, 3, 2))
    assert len(live(w.book(care), newborn(), [*reachable()[:1], *bought, given], "2027-04-01").mails) == 1


def test_whether_opens_are_told_apart_is_the_readers_word_alone() -> None:
    by_shop = event(names.TRACKING_GIVEN, "2027-03-01 10:00")
    by_reader = event(names.TRACKING_GIVEN, "2027-03-02 10:00", by="reader")
    refused = event(names.TRACKING_REFUSED, "2027-03-03 10:00")
    for said, tracked in (([by_shop], False), ([by_shop, by_reader], True), ([by_reader, refused], False)):
        assert live(w.book(WELCOME), newborn(), said, "2027-03-10").person.tracked is tracked
