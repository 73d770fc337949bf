"""Shopify's webhooks: how they are signed, and what they tell (shopify.dev/docs/api/webhooks)."""

import base64
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from nurture.deliver.shop_words import (
    CANCELLED,
    DELIVERED,
    ORDER,
    REFUNDED,
    SHIPPED,
    Agreed,
    Buyer,
    Contact,
    Deal,
    Errand,
    Item,
    Told,
    amount,
    moment,
    needed,
    part,
    parts,
    text,
)

SIGNATURE, TOPIC = "X-Shopify-Hmac-Sha256", "X-Shopify-Topic"
DELIVERY = "X-Shopify-Webhook-Id"  # the same in every try of one delivery
CONFIRMED = "confirmed_opt_in"
BOUGHT = "bought or signed up in the Shopify shop, which says: subscribed to marketing mail"
Payload = Mapping[str, object]


def genuine(secret: str, body: bytes, headers: Mapping[str, str], _now: datetime) -> bool:
    """Whether the body was signed with the shop's secret: base64 of HMAC-SHA256 over its raw bytes."""
    expected = base64.b64encode(hmac.digest(secret.encode(), body, sha256)).decode()
    return hmac.compare_digest(expected.encode(), headers.get(SIGNATURE, "").encode("utf-8", "surrogateescape"))


def told(topic: str, payload: Payload) -> tuple[Told, ...]:
    """What one post tells; nothing for topics that mean nothing here. Misshapen when it is not what its topic says.

    The topic is not signed: each reader asks for what only a payload of its topic has.
    """
    reader = TOPICS.get(topic)
    return reader(payload) if reader else ()


def _order(payload: Payload) -> tuple[Told, ...]:
    """orders/create. Orders of Shopify's own trial are none."""
    if payload.get("test") is True:
        return ()
    order, buyer = needed(payload, "id"), _buyer(payload)
    needed(payload, "total_price")
    at = moment(text(payload, "processed_at") or needed(payload, "created_at"), "created_at")
    deal = Deal(
        ORDER, order, buyer, at, order, amount(text(payload, "total_price"), _currency(payload)), _items(payload)
    )
    return (*_person(payload, buyer, at), deal)


def _cancelled(payload: Payload) -> tuple[Told, ...]:
    order = needed(payload, "id")
    at = moment(needed(payload, "cancelled_at"), "cancelled_at")
    return (Deal(CANCELLED, order, _buyer(payload, order), at, order),)


def _refund(payload: Payload) -> tuple[Told, ...]:
    """refunds/create names no customer, only the order: whoever placed it. Its total is what was paid back."""
    order, at = needed(payload, "order_id"), moment(needed(payload, "created_at"), "created_at")
    back = [one for one in parts(payload, "transactions") if text(one, "kind") in ("", "refund")]
    currency = next((text(one, "currency") for one in back), "")
    sums = [Decimal(text(one, "amount")) for one in back if amount(text(one, "amount"), currency)]
    total = amount(f"{sum(sums, Decimal(0)):f}", currency) if sums else ""
    return (Deal(REFUNDED, needed(payload, "id"), Buyer(order=order), at, order, total),)


def _fulfilled(payload: Payload) -> tuple[Told, ...]:
    """orders/fulfilled: all of it left the shop; when, says its last fulfillment."""
    order = needed(payload, "id")
    needed(payload, "fulfillment_status")
    made = [text(one, "created_at") for one in parts(payload, "fulfillments") if text(one, "created_at")]
    at = moment(max(made, default="") or needed(payload, "updated_at"), "updated_at")
    return (Deal(SHIPPED, order, _buyer(payload, order), at, order, items=_items(payload)),)


def _fulfillment(payload: Payload) -> tuple[Told, ...]:
    """fulfillments/create and fulfillments/update: a parcel left, or the carrier says that it was delivered."""
    order = needed(payload, "order_id")
    buyer = Buyer(email=text(payload, "email"), order=order)
    if text(payload, "shipment_status") == "delivered":
        at = moment(needed(payload, "updated_at"), "updated_at")
        return (Deal(DELIVERED, order, buyer, at, order, items=_items(payload)),)
    if text(payload, "status") != "success":
        return ()
    at = moment(needed(payload, "created_at"), "created_at")
    return (Deal(SHIPPED, order, buyer, at, order, items=_items(payload)),)


def _customer(payload: Payload) -> tuple[Told, ...]:
    """customers/create and customers/update; since version 2025-01 without the consent, which has its own topic."""
    buyer = Buyer(needed(payload, "id"), text(payload, "email"))
    at = moment(text(payload, "updated_at") or needed(payload, "created_at"), "updated_at")
    facts = {
        "first_name": text(payload, "first_name"),
        "last_name": text(payload, "last_name"),
        "locale": text(payload, "locale"),
        "country": text(payload, "default_address", "country_code"),
    }
    contact = Contact(buyer, at, {name: value for name, value in facts.items() if value})
    return (contact, *_agreed(buyer, part(payload, "email_marketing_consent")))


def _consent(payload: Payload) -> tuple[Told, ...]:
    """customers/email_marketing_consent_update."""
    buyer = Buyer(needed(payload, "customer_id"), text(payload, "email_address"))
    return _agreed(buyer, part(payload, "email_marketing_consent"))


def _agreed(buyer: Buyer, consent: Payload) -> tuple[Told, ...]:
    """Marketing consent as the shop states it. Only `subscribed` with its time gives one, only `unsubscribed` takes."""
    state, when = text(consent, "state"), text(consent, "consent_updated_at")
    if state == "unsubscribed":
        at = moment(when, "consent_updated_at") if when else None
        return (Agreed(buyer, False, at, "unsubscribed in the Shopify shop"),)
    if state != "subscribed" or not when:
        return ()
    level = text(consent, "opt_in_level")
    at, how = moment(when, "consent_updated_at"), level.replace("_", " ")
    return (Agreed(buyer, True, at, BOUGHT, how, confirmed=level == CONFIRMED),)


def _erase(payload: Payload) -> tuple[Told, ...]:
    return (_errand(payload, "customers/redact", "Shopify asks that we forget this customer: nurture forget"),)


def _export(payload: Payload) -> tuple[Told, ...]:
    return (
        _errand(payload, "customers/data_request", "This customer asks what we know of them: nurture export-person"),
    )


def _errand(payload: Payload, topic: str, words: str) -> Errand:
    needed(payload, "shop_id")
    buyer = Buyer(needed(payload, "customer", "id"), text(payload, "customer", "email"))
    return Errand(f"{topic} {text(payload, 'data_request', 'id') or buyer.id}", buyer, words)


def _buyer(payload: Payload, order: str = "") -> Buyer:
    email = text(payload, "email") or text(payload, "contact_email") or text(payload, "customer", "email")
    return Buyer(text(payload, "customer", "id"), email, order)


def _person(payload: Payload, buyer: Buyer, at: datetime) -> tuple[Told, ...]:
    """What an order tells of who placed it, as they wrote it there."""
    facts = {
        "first_name": text(payload, "customer", "first_name") or text(payload, "billing_address", "first_name"),
        "last_name": text(payload, "customer", "last_name") or text(payload, "billing_address", "last_name"),
        "locale": text(payload, "customer_locale"),
        "country": text(payload, "shipping_address", "country_code")
        or text(payload, "billing_address", "country_code"),
    }
    contact = Contact(buyer, at, {name: value for name, value in facts.items() if value})
    return (contact, *_agreed(buyer, part(payload, "customer", "email_marketing_consent")))


def _currency(payload: Payload) -> str:
    return text(payload, "currency")


def _items(payload: Payload) -> tuple[Item, ...]:
    """Each line by its SKU, which a shop keeps when it renames a product; without one by its title."""
    currency = _currency(payload) or text(payload, "line_items", "currency")
    return tuple(
        Item(product, text(one, "quantity") or "1", amount(text(one, "price"), currency))
        for one in parts(payload, "line_items")
        if (product := text(one, "sku") or text(one, "title") or text(one, "name"))
    )


TOPICS: Mapping[str, Callable[[Payload], tuple[Told, ...]]] = {
    "orders/create": _order,
    "orders/cancelled": _cancelled,
    "refunds/create": _refund,
    "orders/fulfilled": _fulfilled,
    "fulfillments/create": _fulfillment,
    "fulfillments/update": _fulfillment,
    "customers/create": _customer,
    "customers/update": _customer,
    "customers/email_marketing_consent_update": _consent,
    "customers/redact": _erase,
    "customers/data_request": _export,
}
