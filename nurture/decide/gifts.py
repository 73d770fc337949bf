"""Gifts: a step reserves one, a mail that carries it gives it, the shop tells of its use (language.md 6.11).

Nothing is drawn here: the code comes with the event that the store writes when the mail is handed over.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from nurture.decide.calendar import add_dates
from nurture.decide.draft import Draft
from nurture.decide.fulfilling import fulfil
from nurture.decide.inside import Inside
from nurture.decide.keys import key_of
from nurture.decide.lineages import node_today
from nurture.decide.outcomes import book_sequence_of, everyone, found, note_of, turn
from nurture.model import event as names
from nurture.model.book import Book
from nurture.model.decision import Carried, Intent, Look, Why
from nurture.model.event import Event
from nurture.model.expression import Name
from nurture.model.house import Budget, Present
from nurture.model.length import Length
from nurture.model.moving import walk
from nurture.model.person import Enrolment, Reserved
from nurture.model.step import Gift, Node, Send
from nurture.model.values import dataclass

WAITING, GIVEN, NOT_SENT = "waiting", "given", "not_sent"
SHOWS = ("code", "expires_on")  # what of a gift makes the mail that shows it carry it
_WORDS = {
    Why.had_enough: "had enough of {gift}",
    Why.over_budget: "over budget for {gift}",
    Why.out_of_codes: "out of codes of {gift}",
}
_NONE = {why.value: why for why in _WORDS}


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a mail cannot have the gift that it should carry, and whether that ends the enrolment."""

    why: Why
    words: str
    stops: bool


def reserve(draft: Draft, inside: Inside, node: Node, step: Gift, now: datetime) -> None:
    """Reserve the gift of a step, or say why this person has none; the outcome of the step is that word."""
    present = draft.book.house.gift(step.gift)
    state, looked = _may_have(draft, present, now) if present is not None else (WAITING, ())
    key = key_of(draft.book, draft.id, inside)
    worth = counted(present, draft.book.house.budget_each) if present is not None else Decimal(0)
    inside.gifts = (*inside.gifts, Reserved(key, step.id, step.gift, state, now, worth=worth))
    draft.note(Why.gift, now, inside, words=f"{step.gift} {state}", step=step.id, looks=looked, place=step.place)
    inside.goes_on(state, inside.done_at, node.next)
    if state != WAITING and step.if_none == "stop":
        draft.end(inside, Why.stopped, now, f"{step.gift} {state}")


def counted(present: Present, budget: Budget | None) -> Decimal:
    """What a gift takes of a budget: its cost, else its worth; nothing in another currency, which `check` refuses."""
    money = present.cost or present.worth
    return money.amount if budget is None or money.currency == budget.currency else Decimal(0)


def _may_have(draft: Draft, present: Present, now: datetime) -> tuple[str, tuple[Look, ...]]:
    """Whether the limits of this one person allow the gift now, over all their enrolments."""
    had = list(_standing(draft))
    if present.each_person is not None:
        most, within = present.each_person
        number = sum(one.gift == present.name and _counts(draft, within, one, now) for one in had)
        if number >= most:
            limit = f"{most} per {within}".replace("per 1 ", "per ")
            return Why.had_enough.value, (Look(f"{present.name}: {limit}", f"had {number}", "no"),)
    budget = draft.book.house.budget_each
    if budget is not None:
        spent = sum((one.worth for one in had if _counts(draft, budget.within, one, now)), Decimal(0))
        worth = counted(present, budget)
        if spent + worth > budget.amount:
            limit = f"{budget.amount} {budget.currency} per {budget.within}".replace("per 1 ", "per ")
            return Why.over_budget.value, (Look(f"budget of {limit}", f"had {spent}, and this is {worth}", "no"),)
    return WAITING, ()


def _standing(draft: Draft) -> Iterator[Reserved]:
    """What counts as had: what was given, and what may still be given, by a mail to come or on its way."""
    for one in everyone(draft):
        for gift in one.gifts:
            on_its_way = isinstance(one, Inside) or _on_its_way(draft, one, gift)
            if gift.state == GIVEN or (gift.state == WAITING and on_its_way):
                yield gift


def _on_its_way(draft: Draft, one: Enrolment, gift: Reserved) -> bool:
    """Whether a mail of an enrolment that has ended carries the gift and was not cancelled."""
    sequence = book_sequence_of(draft, one)
    for message in draft.messages:
        if (message.sequence, message.subject) != (one.sequence, one.subject) or message.cancelled:
            continue
        node = sequence.nodes.get(message.step) if sequence is not None else None
        if node is None or (isinstance(node.step, Send) and gift.step in carries(node.step)):
            return True
    return False


def _counts(draft: Draft, length: Length, gift: Reserved, now: datetime) -> bool:
    """Whether it was given less than a length back, in the reader's dates; what is yet to be given counts for ever."""
    since = gift.given_at
    if since is None:
        return True
    if length.elapsed:
        return now - since < timedelta(seconds=length.seconds)
    return draft.today(now) < add_dates(draft.today(since), length)


# What a mail carries


def carries(send: Send) -> dict[str, dict[str, str]]:
    """The gift steps whose code or last day a mail shows, each with the variables that show them plainly."""
    shown: dict[str, dict[str, str]] = {}
    for variable, value in send.variables:
        for part in walk(value):
            if isinstance(part, Name) and part.path[0] == "gifts" and part.path[-1] in SHOWS:
                own = shown.setdefault(part.path[1], {})
                if part is value:
                    own[part.path[-1]] = variable
    return shown


def missing(inside: Inside, send: Send) -> Missing | None:
    """Why a mail that carries a gift cannot go, since this person has none; None when it can."""
    for step in carries(send):
        reserved, gift = _reserved(inside, step), _gift_step(inside, step)
        if_none = gift.if_none if gift is not None else "skip"
        if (reserved is not None and reserved.state in (WAITING, GIVEN)) or if_none == "go_on":
            continue
        if reserved is None:
            return Missing(Why.not_asked, f"the gift '{step}' was not reserved", if_none == "stop")
        why = _NONE.get(reserved.state, Why.out_of_codes)
        return Missing(why, _WORDS[why].format(gift=reserved.gift), if_none == "stop")
    return None


def carried(draft: Draft, inside: Inside, send: Send) -> tuple[Carried, ...]:
    """The gifts that are to be drawn when the mail is handed over; one that was given before is known already."""
    found = []
    for step, variables in carries(send).items():
        reserved, gift = _reserved(inside, step), _gift_step(inside, step)
        if reserved is None or gift is None or reserved.state != WAITING:
            continue
        found.append(_carried(draft.book, reserved, gift, variables))
    return tuple(found)


def _carried(book: Book, reserved: Reserved, gift: Gift, variables: Mapping[str, str]) -> Carried:
    """What a mail carries; a gift that an edit took away is the one that its step names now."""
    name = reserved.gift if book.house.gift(reserved.gift) is not None else gift.gift
    present = book.house.gift(name)
    valid = gift.valid or (present.valid if present is not None else None)
    shown = (variables.get("code", ""), variables.get("expires_on", ""))
    return Carried(reserved.key, name, *shown, valid, gift.if_none == "go_on")


def carried_now(draft: Draft, intent: Intent) -> tuple[Carried, ...]:
    """What a mail that was decided carries by the book of today: its text is of today too (language.md 8).

    A gift that the step no longer shows is not drawn. Where the step is gone, it is as it was decided.
    """
    node = node_today(draft.book, intent.sequence, intent.version, intent.step)
    if node is None or not isinstance(node.step, Send):
        return intent.gifts
    shown, there = carries(node.step), {one.key: one for one in intent.gifts}
    found = []
    for one in everyone(draft):
        for reserved in one.gifts:
            gift = node_today(draft.book, one.sequence, one.version, reserved.step)
            if reserved.key in there and gift is not None and isinstance(gift.step, Gift) and gift.step.id in shown:
                found.append(_carried(draft.book, reserved, gift.step, shown[gift.step.id]))
    return tuple(found)


def still_to_have(draft: Draft, send: Send, steps: Sequence[Gift], now: datetime) -> bool:
    """Whether a mail to come would get the gifts that these steps are yet to reserve for it."""
    shown = carries(send)
    for step in steps:
        present = draft.book.house.gift(step.gift)
        needed = present if step.id in shown and step.if_none != "go_on" else None
        if needed is not None and _may_have(draft, needed, now)[0] != WAITING:
            return False
    return True


def _reserved(inside: Inside, step: str) -> Reserved | None:
    """The last reservation of a gift step in this enrolment."""
    return next((one for one in reversed(inside.gifts) if one.step == step), None)


def _gift_step(inside: Inside, step: str) -> Gift | None:
    node = inside.book_sequence.nodes.get(step)
    return node.step if node is not None and isinstance(node.step, Gift) else None


# What becomes of a reservation


def fold(draft: Draft, event: Event) -> None:
    """A gift was given, refused or used: the reservation says so from now on."""
    for one in everyone(draft):
        told = tuple(_told(gift, event) for gift in one.gifts)
        if told == tuple(one.gifts):
            continue
        draft.changed.add("gifts")
        if isinstance(one, Inside):
            one.gifts = told
        else:
            draft.past = [replace(one, gifts=told) if old is one else old for old in draft.past]
    if event.name == names.GIFT_GIVEN:
        _turn(draft, event, GIVEN)
        fulfil(draft, event)
    elif event.name == names.GIFT_REFUSED:
        because = str(event.fields.get("because"))
        _turn(draft, event, WAITING if because == NOT_SENT else because)
        _not_gone(draft, event, because)


def _told(gift: Reserved, event: Event) -> Reserved:
    if event.name == names.GIFT_USED:
        used = gift.code and gift.code == event.fields.get("code")
        return replace(gift, used_at=event.happened_at) if used and gift.used_at is None else gift
    if gift.key != event.fields.get("key"):
        return gift
    if event.name == names.GIFT_REFUSED:
        because = str(event.fields.get("because"))
        state = WAITING if because == NOT_SENT else because
        return replace(gift, state=state, code="", expires_on=None, given_at=None)
    expires = event.fields.get("expires_on")
    return replace(
        gift, gift=str(event.fields.get("gift") or gift.gift), state=GIVEN, code=str(event.fields.get("code") or ""),
        given_at=event.happened_at, expires_on=expires if isinstance(expires, date) else None,
    )  # fmt: skip


def _turn(draft: Draft, event: Event, word: str) -> None:
    """The outcome of the gift's own step, which is told too: never the code."""
    among = frozenset({WAITING, GIVEN, *_NONE})
    for one, outcome, step in list(found(draft, str(event.fields.get("key")), among)):
        if isinstance(step, Gift) and outcome.outcome != word:
            turn(draft, one, outcome, word, outcome.at)
            note_of(draft, one, Why.gift, event.known_at, step, f"{step.gift} {word}", None)


def _not_gone(draft: Draft, event: Event, because: str) -> None:
    """The mail that should have carried it did not go: its place in the limits is free.

    Where there was no code its step says so, and may stop the sequence; a mail that came back says it of itself.
    """
    key = str(event.fields.get("mail"))
    draft.messages = tuple(
        replace(one, cancelled=True) if one.key == key and not one.cancelled else one for one in draft.messages
    )
    draft.changed.add("messages")
    if because == NOT_SENT:
        return
    for one, outcome, _ in list(found(draft, key, frozenset({Why.sent.value}))):
        turn(draft, one, outcome, because, outcome.at)
        if isinstance(one, Inside) and one.running and _stops(one, str(event.fields.get("key"))):
            draft.end(one, Why.stopped, max(event.known_at, one.done_at), f"{event.fields.get('gift')} {because}")


def _stops(inside: Inside, key: str) -> bool:
    reserved = next((one for one in inside.gifts if one.key == key), None)
    gift = _gift_step(inside, reserved.step) if reserved is not None else None
    return gift is not None and gift.if_none == "stop"
