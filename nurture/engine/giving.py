"""Gifts at hand-over: which codes a batch asks for, and mails with the codes they were given (language.md 6.11)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from nurture.decide.assume import last_day, sample_code
from nurture.decide.calendar import add_dates
from nurture.decide.clock import day_start, local_day, reader_clock
from nurture.decide.draft import Draft
from nurture.decide.gifts import carried_now, counted
from nurture.decide.shop import shop_clock
from nurture.model.book import Book
from nurture.model.decision import Carried, Intent
from nurture.model.length import Length
from nurture.model.person import Person
from nurture.store.codes import Asked, Drawn, Gone, Purse

WORDS = {"out_of_codes": "no code of {gift} is left", "over_budget": "the budget for gifts is spent: {gift}"}


def gifts_now(book: Book, intent: Intent, person: Person) -> tuple[Carried, ...]:
    """What a mail that is about to leave carries, by the book of today."""
    return carried_now(Draft(book, person), intent) if intent.gifts else ()


def asked_for(book: Book, intent: Intent, person: Person, now: datetime) -> list[Asked]:
    """What a mail that is about to leave wants drawn; the last day of each code counts from the reader's today."""
    if not intent.gifts:
        return []
    today = local_day(now, reader_clock(book.rules, person.facts))
    return [_asked(book, intent, carried, today) for carried in intent.gifts]


def _asked(book: Book, intent: Intent, carried: Carried, today: date) -> Asked:
    present, budget = book.house.gift(carried.gift), book.house.budget_all
    return Asked(
        carried.key, carried.gift, intent.key, intent.person,
        pool=bool(present and present.pool), make=present.make if present else "",
        worth=counted(present, budget) if present else Decimal(0), expires_on=last_day(today, carried.valid),
        unknown=present is None,
    )  # fmt: skip


def purse(book: Book, now: datetime) -> Purse | None:
    """What may be given away by all together; its rolling time is counted on the shop's calendar."""
    budget = book.house.budget_all
    if budget is None:
        return None
    clock = shop_clock(book.rules)
    back = Length(-budget.within.amount, budget.within.unit)
    return Purse(budget.amount, day_start(add_dates(local_day(now, clock), back), clock))


def filled(intent: Intent, drawn: Mapping[str, Drawn]) -> tuple[Intent, str]:
    """The mail with its codes in their variables, and without the gifts it goes without; else why it does not go."""
    if not intent.gifts:
        return intent, ""
    given, shown = [], dict(intent.variables)
    for carried in intent.gifts:
        found = drawn[carried.key]
        if found.refused and not carried.without:
            return intent, found.refused
        if not found.refused:
            given.append(carried)
            shown |= _shown(carried, found.code, found.expires_on)
    return replace(intent, variables=shown, gifts=tuple(given)), ""


def _shown(carried: Carried, code: str, expires_on: object) -> dict[str, object]:
    named = {carried.code: code or None, carried.expires_on: expires_on}
    return {name: value for name, value in named.items() if name}


def gone(leaving: Iterable[Intent], batch: Iterable[Intent], drawn: Mapping[str, Mapping[str, Drawn]]) -> Gone:
    """What is told of gifts with the hand-over: those that leave, and those that there was nothing for.

    A mail that goes without its gift is not named, since nothing became of it.
    """
    left = {intent.key: intent for intent in leaving}
    refused = []
    for intent in batch:
        for carried in intent.gifts:
            found = drawn.get(intent.key, {}).get(carried.key)
            if found is not None and found.refused:
                mail = "" if intent.key in left else intent.key
                refused.append((mail, intent.person, carried.key, carried.gift, found.refused))
    return Gone([(one.key, carried.key) for one in left.values() for carried in one.gifts], refused)


def with_samples(book: Book, intent: Intent, now: datetime) -> Intent:
    """The mail as a dry run or a preview shows it: real codes are drawn at sending alone."""
    shown = dict(intent.variables)
    today = local_day(now, reader_clock(book.rules, {"zone": intent.zone}))
    for carried in intent.gifts:
        shown |= _shown(carried, sample_code(book.house.gift(carried.gift)), last_day(today, carried.valid))
    return replace(intent, variables=shown)
