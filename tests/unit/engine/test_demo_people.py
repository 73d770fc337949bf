from collections import Counter
from datetime import UTC, datetime

from nurture.engine.check import readable_book
from nurture.engine.demo_people import deeds, people
from nurture.engine.starter import starter
from nurture.model.event import NUMBERS_TOLD, THING_CHANGED, THING_REMOVED

TODAY = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_the_same_seed_is_the_same_shop_and_another_is_another():
    assert people(7, TODAY) == people(7, TODAY)
    assert deeds(7, people(7, TODAY), TODAY) == deeds(7, people(7, TODAY), TODAY)
    assert people(7, TODAY) != people(8, TODAY)


def test_three_hundred_people_in_five_languages_with_gaps_in_what_is_known():
    shop = people(7, TODAY)
    assert len({person.id for person in shop}) == len({person.address for person in shop}) == 300
    assert set(Counter(person.facts["locale"] for person in shop)) == {"en", "tr", "ar", "he", "hy"}
    for fact in ("zone", "birthday", "brew_method"):
        known = sum(fact in person.facts for person in shop)
        assert 150 < known < 300


def test_a_year_of_deeds_in_their_order_none_of_them_to_come():
    shop = people(7, TODAY)
    done = deeds(7, shop, TODAY)
    assert [deed.at for deed in done] == sorted(deed.at for deed in done)
    assert done[-1].at < TODAY
    assert (TODAY - shop[0].joined).days > 300
    assert {deed.name for deed in done} == {
        "subscriber.joined", "order.placed", "order.cancelled", "order.delivered", "review.posted",
        "complaint.opened", "complaint.resolved", "feedback.given", "referral.converted", "subscription.started",
        "subscription.cancelled", THING_CHANGED, THING_REMOVED, NUMBERS_TOLD,
    }  # fmt: skip


def test_what_was_told_of_subscriptions_and_cups_is_what_the_starters_catalogue_has():
    catalogue = readable_book(starter()).catalogue
    shop = people(7, TODAY)
    told = [deed for deed in deeds(7, shop, TODAY) if deed.name in (THING_CHANGED, NUMBERS_TOLD)]
    for deed in told:
        about = deed.fields.get("thing") or deed.fields.get("numbers")
        known = {**catalogue.things, **catalogue.numbers}[about]
        assert set(deed.fields["fields"]) == set(known.fields)
    kept = {feast for person in shop for feast in person.facts.get("observes", ())}
    assert kept == set(catalogue.person["observes"].one_of)
