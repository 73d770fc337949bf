"""gifts.yaml, ladders.yaml and the calendars as values (language.md 3, 6.9, 6.13 and 15)."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from posixpath import normpath

from nurture.language.asking import Asking
from nurture.language.giving_grammar import CALENDAR_FILE, GIFTS, LADDERS
from nurture.language.reader import Fields, Reader
from nurture.language.tree import Node
from nurture.language.values import rolling
from nurture.model.event import Money, MonthDay
from nurture.model.house import Budget, LadderRule, Present, Rung, SpecialDay
from nurture.model.length import Length, Unit

TAKEN_WITHIN = Length(21, Unit.day)
LEAP_YEAR = 2024


def read_gifts(root: Node, reader: Reader) -> tuple[tuple[Present, ...], Budget | None, Budget | None]:
    """gifts.yaml as values: the gifts, the budget of each person, and that of all together."""
    fields = reader.fields(root, GIFTS, "gifts")
    if fields is None:
        return (), None, None
    gifts = tuple(_gift(name, part, reader) for name, part in fields.named("gifts", Fields).items())
    budget = fields.get("budget", Fields)
    each, all_ = _budget(budget, "each_person"), _budget(budget, "all")
    for part in fields.named("gifts", Fields).values():
        for limit in (each, all_):
            _check_currency(part, limit, reader)
    _check_pools(gifts, reader)
    return gifts, each, all_


def _check_pools(gifts: Iterable[Present], reader: Reader) -> None:
    """E210 for a gift whose file of codes is another gift's: a code is given once."""
    whose: dict[str, str] = {}
    for one in gifts:
        other = whose.setdefault(normpath(one.pool), one.name) if one.pool else one.name
        if other != one.name and one.place is not None:
            reader.say("E210", one.place, f"the codes of {one.pool} are of '{other}' already; a code is given once")


def _check_currency(part: Fields, budget: Budget | None, reader: Reader) -> None:
    """E114 for a gift that a budget cannot count, since it is in another currency."""
    key = "cost" if part.text("cost") else "worth"
    text = part.text(key)
    if budget is not None and text and _money(text).currency != budget.currency:
        message = f"'{key}: {text}' is not understood; the budget is in {budget.currency} and could not count it"
        reader.say("E114", part.place_of(key), message, f"cost: what it costs you, in {budget.currency}")


def _gift(name: str, part: Fields, reader: Reader) -> Present:
    codes, kind = part.get("codes", Fields), part.text("kind", "code")
    if kind == "code" and not part.written("codes"):
        reader.say("E115", part.place, "a gift of kind 'code' needs 'codes'", "codes: {make: 'BDAY-{8}'}")
    worth, cost, limit = part.text("worth"), part.text("cost"), part.text("each_person")
    return Present(
        name=name,
        worth=_money(worth) if worth else Money(Decimal(0), ""),
        pool=codes.text("pool") if codes else "",
        make=codes.text("make") if codes else "",
        valid=part.get("valid", Length),
        each_person=rolling(limit) if limit else None,
        kind=kind,
        cost=_money(cost) if cost else None,
        place=part.place,
    )


def _money(text: str) -> Money:
    amount, currency = text.split(" ")
    return Money(Decimal(amount), currency)


def _budget(part: Fields | None, key: str) -> Budget | None:
    text = part.text(key) if part else ""
    if not text:
        return None
    money, period = text.split(" per ")
    amount, currency = money.split(" ")
    return Budget(Decimal(amount), currency, rolling(f"1 per {period}")[1])


def read_ladders(root: Node, asking: Asking) -> tuple[LadderRule, ...]:
    """ladders.yaml as values."""
    fields = asking.reader.fields(root, LADDERS, "ladders")
    return (
        tuple(_ladder(name, part, asking) for name, part in fields.named("ladders", Fields).items()) if fields else ()
    )


def _ladder(name: str, part: Fields, asking: Asking) -> LadderRule:
    return LadderRule(
        name=name,
        rungs=tuple(_rungs(part.many("rungs", Fields), asking)),
        taken_when=part.text("taken_when"),
        taken_within=part.get("taken_within", Length) or TAKEN_WITHIN,
        rest=part.get("rest", Length),
        stop_after=part.get("stop_after", int),
        place=part.place,
    )


def _rungs(parts: Iterable[Fields], asking: Asking) -> Iterator[Rung]:
    taken: set[str] = set()
    for part in parts:
        name = part.text("id")
        if name in taken:
            asking.reader.say("E210", part.place_of("id"), f"two rungs are called '{name}'")
        taken.add(name)
        products = part.many("products", str) or (name,)
        yield Rung(name, part.text("title"), asking.condition(part, "if"), products)


def read_calendar(root: Node, reader: Reader) -> tuple[SpecialDay, ...]:
    """One file of calendars/ as values; a day that is in two of them is E210, said by the reader of the project."""
    fields = reader.fields(root, CALENDAR_FILE, "calendar")
    return tuple(_day(name, part, reader) for name, part in fields.named("days", Fields).items()) if fields else ()


def _day(name: str, part: Fields, reader: Reader) -> SpecialDay:
    every = _month_day(part, reader) if part.text("every") else None
    dates = tuple(_dates(part, reader))
    if not part.written("every") and "years" not in part.values and not part.written("mood"):
        reader.say("E115", part.place, "a special day needs 'every', a year with its date, or a 'mood'")
    return SpecialDay(name, every, dates, part.text("mood"), part.place)


def _month_day(part: Fields, reader: Reader) -> MonthDay | None:
    month, day = map(int, part.text("every").split("-"))
    try:
        date(LEAP_YEAR, month, day)
    except ValueError:
        reader.say("E114", part.place_of("every"), f"'every: {part.text('every')}' is not understood", "no such day")
        return None
    return MonthDay(month, day)


def _dates(part: Fields, reader: Reader) -> Iterator[tuple[int, str, date]]:
    for year, value in part.named("years", object).items():
        by_country = value if isinstance(value, dict) else {"": value}
        for country, day in by_country.items():
            if not isinstance(day, date):
                continue
            if abs(day.year - int(year)) > 1:
                reader.say("E114", part.place_of(year), f"{day} is not a day of {year}", "the year it belongs to")
            yield int(year), country, day
