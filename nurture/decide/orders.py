"""What a person's orders add up to, and which of them were undone (language.md 3, catalogue `orders`)."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from nurture.decide.clock import Clock, local_day
from nurture.model.book import Book
from nurture.model.catalogue import OrderRule
from nurture.model.event import Event, Money
from nurture.model.makers import new_orders
from nurture.model.person import Orders


def undone_ids(rule: OrderRule, events: Iterable[Event]) -> frozenset[object]:
    """The ids of orders that an undoing event named."""
    if not rule.undone_by or not rule.id_field:
        return frozenset()
    return frozenset(
        event.fields[rule.id_field]
        for event in events
        if event.name in rule.undone_by and event.fields.get(rule.id_field) is not None
    )


def order_behind(book: Book, event: Event) -> object | None:
    """The id of the order that brought an event about: the order itself, or what the shop did with it.

    What the reader did about it (a complaint, a review) and its undoing are no consequences of
    the order, whatever id they carry: a refund must not end the care for a complaint.
    """
    rule = book.catalogue.orders
    if rule is None or not rule.id_field or event.name in rule.undone_by:
        return None
    consequence = event.name == rule.event or event.name in book.catalogue.done_by_shop
    return event.fields.get(rule.id_field) if consequence else None


def is_undone(book: Book, event: Event, events: Iterable[Event]) -> bool:
    """Whether an event came of an order that was undone, before or after."""
    rule = book.catalogue.orders
    named = order_behind(book, event)
    return rule is not None and named is not None and named in undone_ids(rule, events)


def standing(rule: OrderRule, events: Iterable[Event]) -> list[Event]:
    """The order events that count: not undone, and each id once however often the shop told us."""
    events = tuple(events)
    gone = undone_ids(rule, events)
    seen: set[object] = set()
    found = []
    for event in events:
        if event.name != rule.event:
            continue
        named = event.fields.get(rule.id_field) if rule.id_field else None
        if named is not None and (named in gone or named in seen):
            continue
        seen.add(named)
        found.append(event)
    return found


def counted(book: Book, events: Iterable[Event], clock: Clock) -> Orders:
    """The orders projection; refunds of a part (an undoing event with a smaller total) undo the whole order."""
    rule = book.catalogue.orders
    if rule is None:
        return Orders()
    orders = standing(rule, events)
    if not orders:
        return Orders()
    moments = sorted(event.happened_at for event in orders)
    sums: dict[str, Decimal] = {}
    for event in orders:
        total = event.fields.get("total")
        if isinstance(total, Money):
            sums[total.currency] = sums.get(total.currency, Decimal(0)) + total.amount
    own = sums.pop(book.rules.currency, Decimal(0))
    days = tuple(sorted({local_day(moment, clock) for moment in moments}))
    return new_orders(days, moments[0], moments[-1], own, tuple(sorted(sums.items())))


def days_of(book: Book, events: Iterable[Event], orders: Orders, name: str, clock: Clock) -> tuple[date, ...]:
    """The reader's dates, ascending, on which an event happened; undone orders did not happen."""
    rule = book.catalogue.orders
    if rule is not None and name == rule.event:
        return orders.days
    return tuple(sorted({local_day(event.happened_at, clock) for event in events if event.name == name}))
