"""What Shopify, WooCommerce and Stripe told becomes rows of the store, as the book's catalogue declares them.

A post may come twice, late, and in any order: what happened is known by the shop's own id of it, and news that is
older than what is known of somebody changes nothing. What names somebody who is not known yet waits until they are.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple
from zoneinfo import ZoneInfo

from nurture import observe
from nurture.deliver import shopify, stripe, woocommerce
from nurture.deliver.shop_words import (
    CANCELLED,
    DELIVERED,
    ENDED,
    ORDER,
    REFUNDED,
    SHIPPED,
    STARTED,
    Agreed,
    Contact,
    Deal,
    Errand,
    Misshapen,
    Plan,
    Told,
)
from nurture.engine import cells
from nurture.engine.applying import LiveBook
from nurture.engine.cells import CellError
from nurture.engine.faults import UnreadableError
from nurture.engine.letters import answers_letters
from nurture.engine.shop_day import today
from nurture.engine.workshop import Workshop
from nurture.engine.world_names import Unheard
from nurture.model.book import Book
from nurture.model.catalogue import Field, Thing
from nurture.model.event import THING_CHANGED, THING_REMOVED
from nurture.store.ingest_once import Once
from nurture.store.received import Received
from nurture.store.rows import AnyRow, ConsentRow, ContactRow, EventRow
from nurture.store.shop_people import Ages, Chore, ages, buyer_of, called, known_as, set_chore

Teller = Callable[[str, Mapping[str, object]], Sequence[Told]]
TELL: Mapping[str, Teller] = {"shopify": shopify.told, "woocommerce": woocommerce.told, "stripe": stripe.told}
KNOWN: Mapping[str, Collection[str]] = {
    "shopify": shopify.TOPICS, "woocommerce": woocommerce.TOPICS, "stripe": stripe.TYPES,
}  # fmt: skip
TOPIC = "topic"  # the header under which the web part keeps what a post is about
WAITS = "waits for"
NAMES_BY_ID_ALONE = frozenset({"stripe"})  # whose subscriptions name a customer whose address another event tells
TOTALS = frozenset({"total", "amount", "sum", "value"})
ANSWER_WITHIN = timedelta(days=7)  # for what a customer asks of the shop; the law gives it a month
MOST_WAITING = 1_000


def read_post(shop: Workshop, live: LiveBook, raw: Received, now: datetime) -> None:
    """Take one post in; read twice it changes nothing. UnreadableError when it is none, or names nobody known yet."""
    try:
        payload = json.loads(raw.body)
    except (ValueError, RecursionError):
        raise UnreadableError("it is not JSON") from None
    if not isinstance(payload, dict):
        raise UnreadableError("it is not a JSON object")
    try:
        told = TELL[raw.source](raw.headers.get(TOPIC, ""), payload)
    except Misshapen as fault:
        raise UnreadableError(str(fault)) from None
    reading = Reading(shop, live.book, raw)
    new = reading.take(told, now)
    counts = {"taken": len(new), "known": reading.rows_count - len(new), "left": sum(reading.left.values())}
    observe.note(observe.SHOP_TAKEN, source=raw.source, topic=_topic(raw, payload), **counts)
    again(shop, raw.source, told)


def _topic(raw: Received, payload: Mapping[str, object]) -> str:
    """What a post is about, where we read such: the log repeats no other word of it."""
    said = raw.headers.get(TOPIC, "") or payload.get("type")
    return said if isinstance(said, str) and said in KNOWN[raw.source] else "unknown"


def again(shop: Workshop, source: str, told: Iterable[Told]) -> None:
    """Have posts read once more that waited for the customers and orders which are known now."""
    if not shop.store.received.how_many()[1]:
        return
    known = {waits(one.buyer.id, "") for one in told if one.buyer.id}
    known |= {waits("", one.order) for one in told if isinstance(one, Deal) and one.kind == ORDER}
    waiting = shop.store.received.problems(MOST_WAITING)
    numbers = [one.number for one in waiting if one.source == source and one.problem in known]
    if numbers:
        shop.store.received.again(numbers)


def waits(customer: str, order: str) -> str:
    """What a post waits for, in words that name nobody."""
    return f"{WAITS} the order {order} to be told of" if order else f"{WAITS} the customer {customer} to be told of"


class Name(NamedTuple):
    """By what rows name somebody: the shop's id and the address, either of which may be empty."""

    id: str
    address: str


@dataclass(slots=True)
class Reading:
    """The reading of one post; `left` counts what is not taken in, and why."""

    shop: Workshop
    book: Book
    raw: Received
    left: Counter[str] = field(default_factory=Counter)
    rows_count: int = 0

    def take(self, told: Sequence[Told], now: datetime) -> set[int]:
        """Take in what was told, in one transaction; the lines of the rows that said something new."""
        rows = [
            replace(row, line=line)
            for line, row in enumerate(row for one in told for row in self.rows(one, self.name(one)))
        ]
        self.rows_count = len(rows)
        new = self._write(rows, now) if rows else set()
        for one in told:
            if isinstance(one, Errand):
                self.errand(one, now)
        return new

    def _write(self, rows: Sequence[AnyRow], now: datetime) -> set[int]:
        """Those whose address is somebody else's, or none, are taken in under the shop's id alone, if they have one."""
        first = Once(self.shop.store, now).whole(lambda: rows)
        without = [replace(row, address="") for row in rows if row.line in first.refused and row.outside_id]
        self.left["nobody"] += len(first.refused) - len(without)
        if not without:
            return first.new
        self.left["address"] += len(without)
        return first.new | Once(self.shop.store, now).whole(lambda: without).new

    def name(self, one: Told) -> Name | None:
        """Whom it is about; None for nobody. UnreadableError when somebody must be known first."""
        buyer, store = one.buyer, self.shop.store
        if buyer.order and self.book.catalogue.orders is not None:
            person = buyer_of(store, self.book.catalogue.orders.event, buyer.order)
            if person is not None:
                return Name(*called(store, person))
        if buyer.nobody or isinstance(one, Errand):
            return None
        if buyer.email or isinstance(one, Contact) or known_as(store, buyer.id, "") is not None:
            return Name(buyer.id, buyer.email)
        if buyer.id and not buyer.order and self.raw.source not in NAMES_BY_ID_ALONE:
            return Name(buyer.id, "")
        raise UnreadableError(waits(buyer.id, buyer.order))

    def rows(self, one: Told, name: Name | None) -> Sequence[AnyRow]:
        """The rows of the store that it comes to; none for what the catalogue does not declare."""
        if isinstance(one, Errand):
            return ()
        if name is None:
            self.left["nobody"] += 1
            return ()
        match one:
            case Deal():
                return self._deal(one, name)
            case Contact():
                return self._contact(one, name)
            case Agreed():
                return self._agreed(one, name)
            case Plan():
                return self._plan(one, name)

    def _deal(self, deal: Deal, name: Name) -> Sequence[AnyRow]:
        event = event_for(deal.kind, self.book)
        if not event:
            self.left[deal.kind] += 1
            return ()
        fields = self._read(self.book.catalogue.events[event], said_of(deal, event, self.book))
        at = min(deal.at, self.raw.at)
        return (EventRow(outside_id=name.id, address=name.address, name=event, at=at, id=deal.id, fields=fields),)

    def _contact(self, contact: Contact, name: Name) -> Sequence[AnyRow]:
        known = self._ages(name)
        declared = {one: at for one, at in self.book.catalogue.person.items() if not at.source}
        told = {one: value for one, value in contact.facts.items() if known.facts.get(one, contact.at) <= contact.at}
        facts = self._read(declared, told)
        return (ContactRow(outside_id=name.id, address=name.address, at=min(contact.at, self.raw.at), facts=facts),)

    def _agreed(self, agreed: Agreed, name: Name) -> Sequence[AnyRow]:
        """Consent is given to what needs one (`basis: opt_in`); a refusal of marketing mail refuses all of it.

        A topic that is confirmed by a mail is only asked for, unless the shop had it confirmed itself.
        """
        said = ConsentRow(
            outside_id=name.id, address=name.address, given=agreed.given, at=min(agreed.at or self.raw.at, self.raw.at),
            basis=agreed.basis, how=agreed.how, by=self.raw.source,
        )  # fmt: skip
        if not agreed.given:
            return (said,)
        needed = [one for one in self.book.topics.values() if one.basis == "opt_in"]
        asked = tuple(one.id for one in needed if one.confirm and not agreed.confirmed)
        given = tuple(one.id for one in needed if one.id not in asked)
        self.left["consent"] += not needed
        rows = (replace(said, topics=given), replace(said, topics=asked, asked=True))
        return tuple(one for one in rows if one.topics)

    def _plan(self, plan: Plan, name: Name) -> Sequence[AnyRow]:
        thing = subscription(self.book)
        if thing is None:
            self.left["subscription"] += 1
            return ()
        if self._ages(name).things.get((thing.name, plan.key), plan.at) > plan.at:
            return ()  # it is known how it was later
        fields: dict[str, object] = {"thing": thing.name, "key": plan.key}
        if not plan.gone:
            fields["fields"] = self._read(thing.fields, plan.fields)
        kind, at = THING_REMOVED if plan.gone else THING_CHANGED, min(plan.at, self.raw.at)
        return (EventRow(outside_id=name.id, address=name.address, name=kind, at=at, id=plan.id, fields=fields),)

    def _ages(self, name: Name) -> Ages:
        person = known_as(self.shop.store, *name)
        return Ages({}, {}) if person is None else ages(self.shop.store, person)

    def _read(self, declared: Mapping[str, Field], told: Mapping[str, str]) -> dict[str, object]:
        """What is declared, read as any import reads it; what does not fit, or nobody declared, is left."""
        found: dict[str, object] = {}
        zone, heard = ZoneInfo(self.book.rules.zone), Unheard()
        for name, value in told.items():
            if name not in declared:
                self.left[name] += 1
                continue
            one = declared[name]
            text = value.partition(" ")[0] if one.type == "number" else value
            try:
                read = heard.watched(name, cells.reader(one, self.book.rules.currency, zone))(text)
            except CellError:
                read = None
            if read is None:
                self.left[name] += 1
            else:
                found[name] = read
        return found

    def errand(self, errand: Errand, now: datetime) -> None:
        """A task for the shop's people, once; none about somebody who is not known here."""
        person = known_as(self.shop.store, errand.buyer.id, errand.buyer.email)
        if person is None:
            self.left["errand"] += 1
            return
        key = blake2b("\x1f".join(("errand", self.raw.source, errand.id)).encode(), digest_size=12).hexdigest()
        due = today(self.book.rules, now) + ANSWER_WITHIN
        set_chore(self.shop.store, Chore(key, person, errand.text, answers_letters(self.book), due), now)


def event_for(kind: str, book: Book) -> str:
    """The event of the catalogue that a deal is; empty when it declares none.

    Where no `order.shipped` is declared, what left the shop counts as delivered: no shop hears more for certain.
    """
    orders, events = book.catalogue.orders, book.catalogue.events
    undone = [name for name in (orders.undone_by if orders else ()) if name in events]
    candidates = {
        ORDER: [orders.event] if orders else [],
        CANCELLED: [name for name in undone if "cancel" in name],
        REFUNDED: [name for name in undone if "refund" in name],
        SHIPPED: ["order.shipped", "order.delivered"],
        DELIVERED: ["order.delivered"],
        STARTED: ["subscription.started"],
        ENDED: ["subscription.ended", "subscription.cancelled"],
    }
    return next((name for name in candidates[kind] if name in events), "")


def subscription(book: Book) -> Thing | None:
    """The thing of the catalogue that a subscription is."""
    things = book.catalogue.things
    return things.get("subscription") or next((one for one in things.values() if one.key == "subscription_id"), None)


def said_of(deal: Deal, event: str, book: Book) -> dict[str, str]:
    """The fields of an event by the names that the catalogue gives them, as cells of an import."""
    fields, orders, thing = book.catalogue.events[event], book.catalogue.orders, subscription(book)
    key = thing.key if thing and deal.kind in (STARTED, ENDED) else orders.id_field if orders else ""
    amounts = [name for name, one in fields.items() if one.type == "money"]
    total = next((name for name in amounts if name in TOTALS), amounts[0] if len(amounts) == 1 else "")
    lines = next((name for name, one in fields.items() if one.type == "lines"), "")
    product = "product" if fields.get("product") and fields["product"].type == "text" else ""
    words = [{name: value for name, value in asdict(item).items() if value} for item in deal.items]
    found = {key: deal.order, total: deal.total}
    if deal.items:
        found |= {lines: json.dumps(words, ensure_ascii=False), product: deal.items[0].product}
    return {name: value for name, value in found.items() if name in fields and value}
