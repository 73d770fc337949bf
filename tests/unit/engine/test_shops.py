"""What shops tell, as the catalogue declares it: orders, their ends, people, consents, subscriptions, errands."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from nurture.engine.check import check
from nurture.engine.project import read_files
from nurture.engine.starter import make_project
from nurture.model.book import Book
from nurture.model.event import Event, Line, Money
from nurture.store.desk import desk
from tests.shop_posts import EVERY, TOPICS, ShopWorld, payload, shop_world

SALMA, BEN, ANI = "115310627314723954", "26", "cus_Q1w2E3"


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    root = tmp_path_factory.mktemp("shops")
    make_project(root)
    found = check(read_files(root)).book
    assert found is not None
    topics = {name: replace(one, confirm="") for name, one in found.topics.items()}  # but where a test says otherwise
    return replace(found, topics=topics)


@pytest.fixture
def world(tmp_path: Path, book: Book) -> Iterator[ShopWorld]:
    made = shop_world(tmp_path, book)
    yield made
    made.shop.store.close()


def of(world: ShopWorld, label: str, name: str) -> list[Event]:
    person = world.shop.store.find(label)
    assert person, label
    return [one for one in world.shop.store.histories([person])[person] if one.name == name]


def test_an_order_of_shopify_is_the_order_of_the_catalogue(world: ShopWorld) -> None:
    world.tell("shopify_orders_create")
    (order,) = of(world, SALMA, "order.placed")
    assert order.origin.value == "live"
    assert order.outside_id == "820982911946154508"
    assert str(order.happened_at) == "2027-03-08 09:00:03+00:00"
    eur = lambda text: Money(Decimal(text), "EUR")  # noqa: E731
    assert order.fields == {
        "order_id": "820982911946154508",
        "total": eur("50.50"),
        "lines": (Line("sampler", 2.0, eur("18.00")), Line("Mug, blue", 1.0, eur("14.50"))),
    }
    assert world.state()[SALMA]["facts"] == {"first_name": "Salma", "country": "FR", "locale": "fr-FR"}
    assert world.shop.store.find("salma@shop.example") == world.shop.store.find(SALMA)


def test_consent_is_taken_where_shopify_states_it_with_its_time_and_nowhere_else(world: ShopWorld, book: Book) -> None:
    world.tell("shopify_orders_create")
    (given,) = of(world, SALMA, "consent.given")
    assert set(given.fields["topics"]) == {one.id for one in book.topics.values() if one.basis == "opt_in"}  # type: ignore[call-overload]
    assert "subscribed to marketing mail" in str(given.fields["basis"])
    assert (given.fields["how"], given.fields["by"]) == ("single opt in", "shopify")
    assert str(given.happened_at) == "2027-03-01 08:12:00+00:00"


@pytest.mark.parametrize("state", ["not_subscribed", "pending", "redacted", "invalid", "", None, 3])
def test_whatever_is_not_subscribed_gives_nothing(world: ShopWorld, state: object) -> None:
    consent = {"state": state, "opt_in_level": "single_opt_in", "consent_updated_at": "2027-03-01T09:12:00+01:00"}
    world.tell("shopify_customers_update", email_marketing_consent=consent, accepts_marketing=True)
    world.tell(
        "shopify_orders_create", customer=payload("shopify_customers_update") | {"email_marketing_consent": consent}
    )
    world.tell("woocommerce_order_created")
    for label in (SALMA, BEN):
        assert world.state()[label]["consents"] == []


@pytest.mark.parametrize(("level", "given", "asked"), [
    ("single_opt_in", 1, 1), ("unknown", 1, 1), (None, 1, 1), ("confirmed_opt_in", 1, 0),
])  # fmt: skip
def test_what_this_shop_has_confirmed_by_a_mail_no_single_click_elsewhere_gives(
    tmp_path: Path, book: Book, level: str | None, given: int, asked: int
) -> None:
    first, *others = [one for one in book.topics.values() if one.basis == "opt_in"]
    topics = {**book.topics, first.id: replace(first, confirm="please_confirm")} | {
        one.id: replace(one, confirm="") for one in others
    }
    careful = shop_world(tmp_path, replace(book, topics=topics))
    consent = {"state": "subscribed", "opt_in_level": level, "consent_updated_at": "2027-03-09T08:00:00Z"}
    careful.tell("shopify_customers_update", email_marketing_consent=consent)
    told, wished = of(careful, SALMA, "consent.given"), of(careful, SALMA, "consent.asked")
    assert (len(told), len(wished)) == (given, asked)
    assert all(one.fields["topics"] == (first.id,) for one in wished)
    assert ((first.id in told[0].fields["topics"]) == (asked == 0)) if others else True  # type: ignore[operator]
    careful.shop.store.close()


def test_a_subscription_to_marketing_without_its_time_gives_nothing(world: ShopWorld) -> None:
    world.tell("shopify_customers_update", email_marketing_consent={"state": "subscribed", "consent_updated_at": None})
    assert world.state()[SALMA]["consents"] == []


def test_who_unsubscribed_in_the_shop_refuses_everything_and_no_later_sync_lifts_it(world: ShopWorld) -> None:
    world.tell("shopify_customers_email_marketing_consent_update")
    later = {"state": "subscribed", "opt_in_level": "confirmed_opt_in", "consent_updated_at": "2027-03-08T09:00:00Z"}
    world.tell("shopify_customers_update", email_marketing_consent=later)
    (refused,) = of(world, SALMA, "consent.refused")
    assert refused.fields["topics"] == ()
    (given,) = of(world, SALMA, "consent.given")
    assert given.fields["by"] == "shopify"  # not the reader: the core lets their refusal stand


def test_the_ends_of_an_order(world: ShopWorld) -> None:
    for name in ("orders_create", "orders_cancelled", "refunds_create", "orders_fulfilled"):
        world.tell(f"shopify_{name}")
    assert world.names(SALMA) == ["order.cancelled", "order.delivered", "order.placed", "order.refunded"]
    (refund,) = of(world, SALMA, "order.refunded")
    assert refund.fields == {"order_id": "820982911946154508", "total": Money(Decimal("14.50"), "EUR")}
    (delivered,) = of(world, SALMA, "order.delivered")
    assert delivered.fields == {"order_id": "820982911946154508", "product": "sampler"}


def test_where_shipping_is_declared_an_order_is_delivered_when_the_carrier_says_so(tmp_path: Path, book: Book) -> None:
    events = {**book.catalogue.events, "order.shipped": book.catalogue.events["order.delivered"]}
    wiser = shop_world(tmp_path, replace(book, catalogue=replace(book.catalogue, events=events)))
    for name in ("orders_create", "fulfillments_create"):
        wiser.tell(f"shopify_{name}")
    assert wiser.names(SALMA) == ["order.placed", "order.shipped"]
    wiser.tell("shopify_fulfillments_update")
    assert wiser.names(SALMA) == ["order.delivered", "order.placed", "order.shipped"]
    wiser.shop.store.close()


def test_a_refund_that_comes_before_its_order_waits_for_it_and_is_then_taken_by_itself(world: ShopWorld) -> None:
    world.tell("shopify_refunds_create")
    assert world.problems() == ["waits for the order 820982911946154508 to be told of"]
    world.tell("shopify_orders_create")
    assert world.problems() == []
    assert world.names(SALMA) == ["order.placed", "order.refunded"]


def test_an_order_of_woocommerce_lives_through_its_statuses(world: ShopWorld) -> None:
    world.tell("woocommerce_order_created", status="pending")
    assert world.shop.store.find(BEN) is None
    world.tell("woocommerce_order_created")
    world.tell("woocommerce_order_completed")
    world.tell("woocommerce_order_refunded")
    assert world.names(BEN) == ["order.delivered", "order.placed", "order.refunded"]
    (order,) = of(world, BEN, "order.placed")
    assert order.fields["total"] == Money(Decimal("41.00"), "EUR")
    assert str(order.happened_at) == "2027-03-08 11:00:00+00:00"  # its time in UTC, not the shop's wall clock


def test_a_guest_is_known_by_the_address(world: ShopWorld) -> None:
    world.tell("woocommerce_order_created", customer_id=0)
    assert world.names("ben@shop.example") == ["order.placed"]


def test_a_paid_checkout_of_stripe_is_an_order_in_its_currency_and_its_refund_undoes_it(world: ShopWorld) -> None:
    world.tell("stripe_checkout_session_completed")
    world.tell("stripe_charge_refunded")
    (order,), (refund,) = of(world, ANI, "order.placed"), of(world, ANI, "order.refunded")
    assert order.fields == {"order_id": "pi_3P1x2y", "total": Money(Decimal("41.00"), "EUR")}
    assert refund.fields == order.fields
    (given,) = of(world, ANI, "consent.given")
    assert given.fields["basis"] == "ticked the box for news at Stripe Checkout"


def session(**changed: object) -> dict[str, object]:
    event = payload("stripe_checkout_session_completed")
    event["data"]["object"] |= changed
    return event


@pytest.mark.parametrize(("currency", "told", "meant"), [
    ("jpy", 4100, "4100"), ("kwd", 4100, "4.100"), ("usd", 4105, "41.05"), ("isk", 4100, "41.00"),
])  # fmt: skip
def test_amounts_are_told_in_the_smallest_unit(world: ShopWorld, currency: str, told: int, meant: str) -> None:
    world.post("stripe", "", session(currency=currency, amount_total=told))
    (order,) = of(world, ANI, "order.placed")
    assert order.fields["total"] == Money(Decimal(meant), currency.upper())


def test_what_is_not_paid_is_no_order_until_it_is(world: ShopWorld) -> None:
    world.post("stripe", "", session(payment_status="unpaid"))
    assert world.names(ANI) == []
    world.post("stripe", "", session() | {"type": "checkout.session.async_payment_succeeded", "id": "evt_later"})
    assert world.names(ANI) == ["order.placed"]


def test_a_subscription_bought_at_checkout_is_one_order_and_one_thing(world: ShopWorld) -> None:
    for name in ("customer_created", "customer_subscription_created", "invoice_paid"):
        world.tell(f"stripe_{name}")
    world.post("stripe", "", session(mode="subscription", invoice="in_1MowQW", payment_intent=None, amount_total=1150))
    assert world.names(ANI) == ["order.placed", "subscription.started"]
    assert world.state()[ANI]["things"] == {
        ("subscription", "sub_1MowQV"): {
            "renews_on": date(2027, 4, 8),
            "plan": "Filter, 250 g",
            "price": 11.5,
        }
    }
    world.tell("stripe_customer_subscription_deleted")
    assert world.state()[ANI]["things"] == {}
    assert "subscription.cancelled" in world.names(ANI)


def test_a_subscription_of_somebody_unknown_waits_for_them(world: ShopWorld) -> None:
    world.tell("stripe_customer_subscription_created")
    assert world.problems() == ["waits for the customer cus_Q1w2E3 to be told of"]
    world.tell("stripe_customer_created")
    assert world.problems() == []
    assert list(world.state()) == [ANI]


def test_older_news_of_a_subscription_or_a_customer_changes_nothing(world: ShopWorld) -> None:
    for name in ("customer_created", "customer_subscription_updated", "customer_subscription_created"):
        world.tell(f"stripe_{name}")
    for name in ("orders_create", "customers_update"):
        world.tell(f"shopify_{name}")
    things: Any = world.state()[ANI]["things"]
    assert things["subscription", "sub_1MowQV"]["plan"] == "Espresso, 1 kg"
    facts: Any = world.state()[SALMA]["facts"]
    assert facts["first_name"] == "Salma"  # the order is younger than the customer's change to Selma
    world.tell("stripe_customer_subscription_deleted")
    world.post("stripe", "", payload("stripe_customer_subscription_updated") | {"id": "evt_late"})
    assert world.state()[ANI]["things"] == {}


def test_an_address_of_somebody_else_does_not_lose_the_order(world: ShopWorld) -> None:
    world.tell("woocommerce_customer_created")
    world.tell("shopify_customers_create")
    world.tell("shopify_orders_create", email="ben@shop.example")
    assert world.names(SALMA) == ["order.placed"]
    assert world.names(BEN) == []


def test_what_the_catalogue_does_not_declare_is_left(
    tmp_path: Path, book: Book, caplog: pytest.LogCaptureFixture
) -> None:
    catalogue = replace(book.catalogue, things={}, events={"order.placed": book.catalogue.events["order.placed"]})
    bare = shop_world(tmp_path, replace(book, catalogue=replace(catalogue, person={})))
    with caplog.at_level("INFO", logger="nurture"):
        for name in (
            "customer_created",
            "customer_subscription_created",
            "checkout_session_completed",
            "charge_refunded",
        ):
            bare.tell(f"stripe_{name}")
    said = [one.__dict__["fields"] for one in caplog.records if one.__dict__.get("event") == "shop.taken"]
    assert [one["left"] for one in said] == [3, 2, 3, 1]
    assert bare.names(ANI) == ["order.placed"]
    assert bare.problems() == []
    assert "shop.example" not in caplog.text
    bare.shop.store.close()


def test_a_request_to_forget_or_to_tell_is_a_task_for_a_person_once(world: ShopWorld) -> None:
    world.tell("shopify_customers_redact")
    assert desk(world.shop.store).tasks.open(9) == []  # nobody of that name: there is nothing to forget
    world.tell("shopify_customers_create")
    for _ in range(2):
        world.tell("shopify_customers_redact", orders_to_redact=[])
        world.tell("shopify_customers_data_request")
        world.again()
    tasks = desk(world.shop.store).tasks.open(9)
    assert sorted(one.text.partition(":")[0] for one in tasks) == [
        "Shopify asks that we forget this customer", "This customer asks what we know of them",
    ]  # fmt: skip
    assert {one.person for one in tasks} == {world.shop.store.find(SALMA)}


@pytest.mark.parametrize("name", EVERY)
def test_every_post_of_a_wrong_shape_keeps_a_problem_or_says_nothing(world: ShopWorld, name: str) -> None:
    source, topic = name.partition("_")[0], TOPICS.get(name, "")
    for body in ([], {}, {"id": None}, {"id": {"a": 1}, "type": "charge.refunded", "created": "x"}, {"type": 7}, 3):
        world.post(source, topic, body)
    assert world.state() == {}


def test_a_trial_order_and_an_order_of_nobody_are_none(world: ShopWorld) -> None:
    world.tell("shopify_orders_create", test=True)
    world.tell("shopify_orders_create", customer=None, email="", contact_email=None)
    assert world.state() == {}
    assert world.problems() == []


@pytest.mark.parametrize("name", ["\ud800 Ben", "Ben\0", "B\udfffen"])
def test_a_name_that_no_database_keeps_loses_no_order(world: ShopWorld, name: str) -> None:
    """Somebody may call themselves by half a character: JSON can say it."""
    told = payload("woocommerce_order_created")
    told["billing"] |= {"first_name": name}
    world.post("woocommerce", "order.created", told)
    world.post("stripe", "", {"id": name, "type": "customer.created", "created": 1, "data": {"object": {"id": name}}})
    assert world.problems() == []
    assert world.names(BEN) == ["order.placed"]
    (person,) = (facts for label, facts in world.state().items() if label == BEN)
    assert "\N{REPLACEMENT CHARACTER}" in str(person["facts"])


def test_what_stripe_tells_of_its_test_mode_is_nothing(world: ShopWorld) -> None:
    for name in ("customer_created", "customer_subscription_created", "checkout_session_completed", "charge_refunded"):
        world.tell(f"stripe_{name}", livemode=False)
    assert (world.state(), world.problems()) == ({}, [])


def test_the_log_repeats_no_topic_that_we_do_not_read(world: ShopWorld, caplog: pytest.LogCaptureFixture) -> None:
    """Shopify's topic stands in a header that nobody signs."""
    with caplog.at_level("INFO", logger="nurture"):
        world.post("shopify", "salma@shop.example\nfake.event", {"id": 1})
        world.post("stripe", "", {"id": "evt_1", "type": "salma@shop.example"})
        world.post("stripe", "", {"id": "evt_2", "type": "charge.dispute.created"})
        world.tell("shopify_customers_update")
    topics = [one.__dict__["fields"]["topic"] for one in caplog.records if one.__dict__.get("event") == "shop.taken"]
    assert topics == ["unknown", "unknown", "unknown", "customers/update"]
    assert "salma@" not in caplog.text
