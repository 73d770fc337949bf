"""Findings about being fair to people: W343, W344, W346, W347 (language.md 15; mission B3, C27, D11, D28).

What the words mean here:

- A *complaint* is an event called `complaint.…`, or one after which a mute lasts until another event answers it.
- A *discount* is a gift that only comes with offers: it is worth something only to who buys.
- A *thank-you* is a sequence that begins with something a person did or became: an event, a stage, a day of theirs;
  not with a silence or with an end (`subscription.cancelled`), after which an offer asks somebody back.
"""

from collections.abc import Iterator
from decimal import Decimal

from nurture.language.lint_flow import OFFER, sends
from nurture.language.lint_gifts import carried
from nurture.language.possible import answer, possible_stages
from nurture.language.written import Project, Written
from nurture.model.book import Book
from nurture.model.expression import Condition
from nurture.model.place import Problem
from nurture.model.sequence import Sequence, Status
from nurture.model.step import AnyStep, Branch, Gift, Offer, Send, WaitEvent, inner
from nurture.model.trigger import AnyTrigger, DayTrigger, EventTrigger, StageTrigger

CARE = "care"
COMPLAINT = "complaint."
ENDS = frozenset({"cancelled", "canceled", "ended", "expired", "refunded", "returned", "failed", "lapsed", "left"})
CUSTOMERS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 50, 100, 1000)  # numbers of orders that are tried


def findings(project: Project) -> Iterator[Problem]:
    """All of them, sequence by sequence."""
    complaints = _complaints(project.book)
    best = _best_for_customers(project)
    for written in project.sequences:
        yield from _unread_apologies(written, complaints)
        yield from _gift_and_offer(written)
        yield from _better_than_customers(written, project.book, best)
        yield from _only_discounts(written)


def _complaints(book: Book) -> set[str]:
    named = {event for event in book.catalogue.events if event.startswith(COMPLAINT)}
    return named | {mute.after for mute in book.rules.mutes if mute.until}


def _unread_apologies(written: Written, complaints: set[str]) -> Iterator[Problem]:
    """W343: what makes up for it is of class care, or gives something; a receipt of the complaint is service."""
    whole = any(isinstance(one, EventTrigger) and one.event in complaints for one in written.sequence.start)
    for send in _answering(written.sequence.steps, complaints, whole):
        if not send.approve and (send.class_ == CARE or carried(send)):
            message = f"'{send.mail}' answers a complaint, and no person reads it before it goes"
            yield written.step("W343", send.id, message, "approve: a person of sequences/house/rules.yaml, people")


def _answering(steps: tuple[AnyStep, ...], complaints: set[str], inside: bool) -> Iterator[Send]:
    """The messages that follow a complaint: all of a sequence that starts from one, or what a wait for one leads to."""
    for step in steps:
        if isinstance(step, Send) and inside:
            yield step
        if isinstance(step, WaitEvent):
            came = inside or set(step.events) <= complaints
            yield from _answering(step.then, complaints, came)
            yield from _answering(step.otherwise, complaints, inside)
            continue
        for ways in inner(step):
            yield from _answering(ways, complaints, inside)


def _gift_and_offer(written: Written) -> Iterator[Problem]:
    """W344: what is given asks for nothing."""
    for send in sends(written):
        if carried(send) and (send.class_ == OFFER or isinstance(send, Offer)):
            message = f"'{send.mail}' gives and asks at once: it carries a gift and makes an offer"
            yield written.step(
                "W344", send.id, message, "two mails, some days apart; the one with the gift sells nothing"
            )


def _better_than_customers(written: Written, book: Book, best: dict[str, Decimal]) -> Iterator[Problem]:
    """W346: who bought must not find that strangers are treated better. Worths of one currency are compared."""
    if written.sequence.status is Status.draft:
        return
    for step, may in _gifts(written.sequence, book):
        present = book.house.gift(step.gift)
        if may or present is None or present.worth.amount <= best.get(present.worth.currency, Decimal(0)):
            continue
        currency = present.worth.currency
        most = f"is worth {best[currency]} {currency}" if currency in best else f"in {currency} is nothing"
        given = f"who never bought is given '{present.name}' ({present.worth.amount} {currency})"
        message = f"{given}; the most that customers get {most}"
        yield written.step("W346", step.id, message, "give customers as much, or strangers less")


def _best_for_customers(project: Project) -> dict[str, Decimal]:
    """The highest worth of a gift that some customer can get, by currency."""
    best: dict[str, Decimal] = {}
    for written in project.sequences:
        if written.sequence.status is Status.draft:
            continue
        for step, may in _gifts(written.sequence, project.book):
            present = project.book.house.gift(step.gift)
            if may and present is not None:
                worth = present.worth
                best[worth.currency] = max(worth.amount, best.get(worth.currency, Decimal(0)))
    return best


def _gifts(sequence: Sequence, book: Book) -> Iterator[tuple[Gift, bool]]:
    """The gifts of a sequence, and whether a customer can come to them."""
    if book.catalogue.orders is None:
        return
    numbers = {orders for orders in CUSTOMERS if _may_start(sequence, book, orders)}
    yield from _reached(sequence.steps, numbers)


def _may_start(sequence: Sequence, book: Book, orders: int) -> bool:
    moments = {moment.id for moment in book.moments}
    stages = set(sequence.stage)
    if stages and not stages & moments and not stages & possible_stages(book.stages, orders):
        return False
    return any(_possible(trigger.condition, orders) for trigger in sequence.start)


def _possible(condition: Condition | None, orders: int) -> bool:
    return condition is None or answer(condition.root, orders) is not False


def _reached(steps: tuple[AnyStep, ...], numbers: set[int]) -> Iterator[tuple[Gift, bool]]:
    for step in steps:
        here = {orders for orders in numbers if _possible(step.condition, orders)}
        if isinstance(step, Gift):
            yield step, bool(here)
        elif isinstance(step, Branch):
            for arm in step.arms:
                yield from _reached(arm.steps, {orders for orders in here if _possible(arm.condition, orders)})
                here = {n for n in here if arm.condition is None or answer(arm.condition.root, n) is not True}
        else:
            for inside in inner(step):
                yield from _reached(inside, here)


def _thanks(trigger: AnyTrigger) -> bool:
    match trigger:
        case EventTrigger(event=event):
            return event.rpartition(".")[2] not in ENDS
        case StageTrigger(left=left):
            return not left
        case _:
            return isinstance(trigger, DayTrigger)


def _only_discounts(written: Written) -> Iterator[Problem]:
    """W347: a thank-you whose every gift comes with an offer."""
    sequence = written.sequence
    gifts = {node.step.id for node in sequence.nodes.values() if isinstance(node.step, Gift)}
    thanks = any(map(_thanks, sequence.start))
    given = {gift for send in sends(written) if send.class_ != OFFER for gift in carried(send)}
    with_offers = {gift for send in sends(written) if send.class_ == OFFER for gift in carried(send)}
    if thanks and gifts and gifts <= with_offers and not gifts & given:
        message = "the only reward here is a discount: every gift comes with an offer, for who buys again"
        cure = "give something that asks for nothing, or a perk or a parcel (kind, in sequences/house/gifts.yaml)"
        yield written.step("W347", min(gifts, key=lambda name: written.steps[name].place.line), message, cure)
