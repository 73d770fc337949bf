"""Gifts, ladders and special days, as the house writes them once for all sequences (language.md 3, 6.9, 6.13)."""

from datetime import date
from decimal import Decimal

from nurture.model.event import Money, MonthDay
from nurture.model.expression import Condition
from nurture.model.length import Length
from nurture.model.place import Place
from nurture.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Present:
    """One gift of gifts.yaml.

    Its codes come from a `pool` (a file of the project, one code a line) or are made after the pattern `make`, where
    `{8}` stands for so many letters and digits. `each_person` is how often one may get it in a rolling time.
    `kind` is code, perk or parcel: the last two make a task to fulfil them. `cost` is what it costs the shop.
    """

    name: str
    worth: Money
    pool: str = ""
    make: str = ""
    valid: Length | None = None
    each_person: tuple[int, Length] | None = None
    kind: str = "code"
    cost: Money | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be given away in a rolling time, to one person or to all (section 15)."""

    amount: Decimal
    currency: str
    within: Length


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of a ladder; `products` are those whose purchase is taking it."""

    id: str
    title: str
    condition: Condition | None = None
    products: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LadderRule:
    """A ladder: rungs in order, rested after an offer, left alone for a year after so many refusals in a row.

    `taken_when` is the event that takes a rung, with its product, within `taken_within` of the mail.
    """

    name: str
    rungs: tuple[Rung, ...]
    taken_when: str
    taken_within: Length
    rest: Length | None = None
    stop_after: int | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day of calendars/*.yaml: `every` year on one date, or dates by year and country ('' is every country).

    It wins over the built-in tables. `mood` is festive, neutral or solemn; empty leaves the table's.
    """

    name: str
    every: MonthDay | None = None
    dates: tuple[tuple[int, str, date], ...] = ()
    mood: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class House:
    """Gifts, ladders and special days by name, with the budgets of gifts."""

    gifts: tuple[Present, ...] = ()
    budget_each: Budget | None = None
    budget_all: Budget | None = None
    ladders: tuple[LadderRule, ...] = ()
    days: tuple[SpecialDay, ...] = ()

    def gift(self, name: str) -> Present | None:
        """The gift of that name."""
        return next((one for one in self.gifts if one.name == name), None)

    def ladder(self, name: str) -> LadderRule | None:
        """The ladder of that name."""
        return next((one for one in self.ladders if one.name == name), None)

    def day(self, name: str) -> SpecialDay | None:
        """The special day of that name, if a calendar names it."""
        return next((one for one in self.days if one.name == name), None)


NOTHING_GIVEN = House()
