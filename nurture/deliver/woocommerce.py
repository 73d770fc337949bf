"""WooCommerce's webhooks: how they are signed, and what they tell (woocommerce.github.io/woocommerce-rest-api-docs).

An order's payload is the whole order as it is: created and updated tell the same, and its status says what happened.
"""

import base64
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256

from nurture.deliver.shop_words import (
    CANCELLED,
    DELIVERED,
    ORDER,
    REFUNDED,
    Buyer,
    Contact,
    Deal,
    Item,
    Told,
    amount,
    moment,
    needed,
    parts,
    text,
)

SIGNATURE, TOPIC = "X-WC-Webhook-Signature", "X-WC-Webhook-Topic"
DELIVERY = "X-WC-Webhook-Delivery-ID"
BOUGHT = frozenset({"processing", "on-hold", "completed", "refunded"})  # pending and failed orders are none yet
Payload = Mapping[str, object]


def genuine(secret: str, body: bytes, headers: Mapping[str, str], _now: datetime) -> bool:
    """Whether the body was signed with the webhook's secret: base64 of HMAC-SHA256 over its raw bytes."""
    expected = base64.b64encode(hmac.digest(secret.encode(), body, sha256)).decode()
    return hmac.compare_digest(expected.encode(), headers.get(SIGNATURE, "").encode("utf-8", "surrogateescape"))


def ping(body: bytes) -> bool:
    """Whether it is the word that WooCommerce sends, unsigned, when a webhook is saved: it must be answered well."""
    return re.fullmatch(rb"webhook_id=[0-9]{1,18}", body) is not None


def told(topic: str, payload: Payload) -> tuple[Told, ...]:
    """What one post tells; nothing for topics that mean nothing here. Misshapen when it is not what its topic says."""
    reader = TOPICS.get(topic)
    return reader(payload) if reader else ()


def _order(payload: Payload) -> tuple[Told, ...]:
    """order.created and order.updated: the order itself once it is bought, and then what became of it."""
    order, status, buyer = needed(payload, "id"), needed(payload, "status"), _buyer(payload)
    changed = _instant(payload, "date_modified") or _instant(payload, "date_created")
    if changed is None:
        needed(payload, "date_modified_gmt")
    told_: list[Told] = []
    bought = _instant(payload, "date_created")
    if status in BOUGHT and bought is not None:
        items = _items(payload)
        total = amount(text(payload, "total"), text(payload, "currency"))
        told_ = [*_person(payload, buyer, changed or bought), Deal(ORDER, order, buyer, bought, order, total, items)]
        done = _instant(payload, "date_completed")
        if status == "completed" and done is not None:
            told_.append(Deal(DELIVERED, order, buyer, done, order, items=items))
    if status == "cancelled" and changed is not None:
        told_.append(Deal(CANCELLED, order, buyer, changed, order))
    return (*told_, *_refunds(payload, order, buyer, changed))


def _refunds(payload: Payload, order: str, buyer: Buyer, changed: datetime | None) -> tuple[Deal, ...]:
    """What was paid back: an order lists its refunds, without their time; it changed when the last one came."""
    if changed is None:
        return ()
    currency = text(payload, "currency")
    return tuple(
        Deal(REFUNDED, f"{order}-{text(one, 'id')}", buyer, changed, order, _paid_back(text(one, "total"), currency))
        for one in parts(payload, "refunds")
        if text(one, "id")
    )


def _paid_back(total: str, currency: str) -> str:
    return amount(total.removeprefix("-"), currency)


def _customer(payload: Payload) -> tuple[Told, ...]:
    """customer.created and customer.updated. WooCommerce itself knows of no consent."""
    buyer = Buyer(needed(payload, "id"), text(payload, "email"))
    at = _instant(payload, "date_modified") or _instant(payload, "date_created")
    if at is None:
        needed(payload, "date_modified_gmt")
        return ()
    return _person(payload, buyer, at)


def _person(payload: Payload, buyer: Buyer, at: datetime) -> tuple[Told, ...]:
    facts = {
        "first_name": text(payload, "first_name") or text(payload, "billing", "first_name"),
        "last_name": text(payload, "last_name") or text(payload, "billing", "last_name"),
        "country": text(payload, "shipping", "country") or text(payload, "billing", "country"),
    }
    return (Contact(buyer, at, {name: value for name, value in facts.items() if value}),)


def _buyer(payload: Payload) -> Buyer:
    """Guests have customer 0."""
    number = text(payload, "customer_id")
    return Buyer("" if number in ("", "0") else number, text(payload, "billing", "email"))


def _instant(payload: Payload, name: str) -> datetime | None:
    """A moment by its name in UTC; the one beside it, in the shop's own zone, says no zone and is not read."""
    words = text(payload, f"{name}_gmt")
    return moment(words, f"{name}_gmt") if words else None


def _items(payload: Payload) -> tuple[Item, ...]:
    currency = text(payload, "currency")
    return tuple(
        Item(product, text(one, "quantity") or "1", amount(text(one, "price"), currency))
        for one in parts(payload, "line_items")
        if (product := text(one, "sku") or text(one, "name"))
    )


TOPICS: Mapping[str, Callable[[Payload], tuple[Told, ...]]] = {
    "order.created": _order,
    "order.updated": _order,
    "customer.created": _customer,
    "customer.updated": _customer,
}
