"""Stripe's webhooks: how they are signed, and what they tell (docs.stripe.com/webhooks, /api/events/types)."""

import hmac
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256

from nurture.deliver.shop_words import (
    ENDED,
    ORDER,
    REFUNDED,
    STARTED,
    Agreed,
    Buyer,
    Contact,
    Deal,
    Item,
    Plan,
    Told,
    minor,
    needed,
    part,
    parts,
    seconds,
    text,
)

SIGNATURE = "Stripe-Signature"
TOLERANCE = timedelta(minutes=5)
LONGEST = 4_096  # characters of a signature header that are looked at
AGREED = "ticked the box for news at Stripe Checkout"
PAID = frozenset({"paid", "no_payment_required"})
Payload = Mapping[str, object]


def genuine(secret: str, body: bytes, headers: Mapping[str, str], now: datetime) -> bool:
    """Whether the body and its time were signed with the endpoint's secret, not more than five minutes ago.

    That loses no event: every try of Stripe's is signed anew with its own time, it tries for three days whatever is
    not answered with 2xx, and what is told twice is known by its id. While a secret is rolled there are several.
    """
    pairs = [one.strip().partition("=")[::2] for one in headers.get(SIGNATURE, "")[:LONGEST].split(",")]
    said = next((value for name, value in pairs if name == "t"), "")
    if not (said.isascii() and said.isdigit()) or len(said) > 12:
        return False
    expected = hmac.new(secret.encode(), said.encode() + b"." + body, sha256).hexdigest().encode()
    given = [value.encode("utf-8", "surrogateescape") for name, value in pairs if name == "v1"]
    fits = [hmac.compare_digest(expected, one) for one in given]
    return any(fits) and abs(now - seconds(said, "t")) <= TOLERANCE


def told(_topic: str, payload: Payload) -> tuple[Told, ...]:
    """What one event tells; nothing for types that mean nothing here. Misshapen when it is not what its type says.

    Stripe's test mode tells nothing: an endpoint of a platform is told of trials beside what is real.
    """
    reader = TYPES.get(needed(payload, "type")) if payload.get("livemode") is not False else None
    return reader(payload, part(payload, "data", "object")) if reader else ()


def _checkout(event: Payload, session: Payload) -> tuple[Told, ...]:
    """checkout.session.completed, once it is paid: else .async_payment_succeeded says so later.

    The order is named by its invoice or its payment: then the invoice's own event tells of the same order, and the
    refund of the payment undoes it.
    """
    needed(session, "id")
    at, buyer = _at(event), _of_session(session)
    facts = {
        "first_name": text(session, "customer_details", "name").partition(" ")[0],
        "country": text(session, "customer_details", "address", "country"),
        "locale": text(session, "locale").replace("auto", ""),
    }
    found: list[Told] = [Contact(buyer, at, {name: value for name, value in facts.items() if value})]
    if text(session, "consent", "promotions") == "opt_in":
        found.append(Agreed(buyer, True, at, AGREED, "the box of Stripe Checkout"))
    if text(session, "payment_status") in PAID and text(session, "mode") != "setup":
        order = _id(session, "invoice") or _id(session, "payment_intent") or text(session, "id")
        total = minor(text(session, "amount_total"), text(session, "currency"))
        found.append(Deal(ORDER, order, buyer, at, order, total, _items(session, "line_items", "data")))
    return tuple(found)


def _of_session(session: Payload) -> Buyer:
    email = text(session, "customer_details", "email") or text(session, "customer_email")
    return Buyer(_id(session, "customer"), email)


def _invoice(event: Payload, invoice: Payload) -> tuple[Told, ...]:
    """invoice.paid: every payment of a subscription is an order. What costs nothing, such as a trial, is none."""
    order, total = needed(invoice, "id"), text(invoice, "amount_paid")
    if total in ("", "0"):
        return ()
    buyer = Buyer(_id(invoice, "customer"), text(invoice, "customer_email"))
    paid = text(invoice, "status_transitions", "paid_at")
    at = seconds(paid, "paid_at") if paid else _at(event)
    money = minor(total, text(invoice, "currency"))
    return (Deal(ORDER, order, buyer, at, order, money, _items(invoice, "lines", "data")),)


def _refund(event: Payload, charge: Payload) -> tuple[Told, ...]:
    """charge.refunded: what was paid back of an order until now; each event of a charge is one refund of it."""
    needed(charge, "amount_refunded")
    order = _id(charge, "invoice") or _id(charge, "payment_intent") or needed(charge, "id")
    buyer = Buyer(_id(charge, "customer"), text(charge, "billing_details", "email"), order)
    total = minor(text(charge, "amount_refunded"), text(charge, "currency"))
    return (Deal(REFUNDED, needed(event, "id"), buyer, _at(event), order, total),)


def _subscription(event: Payload, subscription: Payload) -> tuple[Told, ...]:
    """customer.subscription.created, .updated and .deleted, each with the whole subscription as it is then."""
    key, at, kind = needed(subscription, "id"), _at(event), needed(event, "type")
    buyer = Buyer(_id(subscription, "customer"))
    gone = kind == "customer.subscription.deleted"
    item = next(iter(parts(subscription, "items", "data")), {})
    price = part(item, "price") or part(item, "plan")
    ends = text(item, "current_period_end") or text(subscription, "current_period_end")  # where it is since 2025-03-31
    fields = {
        "renews_on": seconds(ends, "current_period_end").date().isoformat() if ends else "",
        "plan": text(price, "nickname") or text(price, "lookup_key") or text(price, "id"),
        "price": minor(text(price, "unit_amount") or text(price, "amount"), text(price, "currency")),
        "status": text(subscription, "status"),
    }
    told_ = {name: value for name, value in fields.items() if value}
    plan = Plan(needed(event, "id"), buyer, key, at, gone, {} if gone else told_)
    if gone:
        return (plan, Deal(ENDED, key, buyer, at, key))
    return (plan, Deal(STARTED, key, buyer, at, key)) if kind.endswith(".created") else (plan,)


def _customer(event: Payload, customer: Payload) -> tuple[Told, ...]:
    buyer = Buyer(needed(customer, "id"), text(customer, "email"))
    facts = {
        "first_name": text(customer, "name").partition(" ")[0],
        "country": text(customer, "address", "country"),
        "locale": next((one for one in _words(customer, "preferred_locales")), ""),
    }
    return (Contact(buyer, _at(event), {name: value for name, value in facts.items() if value}),)


def _words(payload: Payload, name: str) -> list[str]:
    found = payload.get(name)
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _at(event: Payload) -> datetime:
    return seconds(needed(event, "created"), "created")


def _id(payload: Payload, name: str) -> str:
    """The id of something that is told by its id, or whole."""
    return text(payload, name) or text(payload, name, "id")


def _items(payload: Payload, *path: str) -> tuple[Item, ...]:
    """Each line by its price's lookup key, which the shop chose, else by its description."""
    found = []
    for one in parts(payload, *path):
        currency = text(one, "currency")
        each = minor(text(one, "price", "unit_amount"), currency)
        if product := text(one, "price", "lookup_key") or text(one, "description"):
            found.append(Item(product, text(one, "quantity") or "1", each))
    return tuple(found)


TYPES: Mapping[str, Callable[[Payload, Payload], tuple[Told, ...]]] = {
    "checkout.session.completed": _checkout,
    "checkout.session.async_payment_succeeded": _checkout,
    "invoice.paid": _invoice,
    "charge.refunded": _refund,
    "customer.subscription.created": _subscription,
    "customer.subscription.updated": _subscription,
    "customer.subscription.deleted": _subscription,
    "customer.created": _customer,
    "customer.updated": _customer,
}
