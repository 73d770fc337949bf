"""Random starts by the clock, by feasts and by things, for the laws of the core and of the store."""

from collections.abc import Callable
from datetime import date, time, timedelta

from nurture.model import event as names
from nurture.model.event import MonthDay
from nurture.model.house import House, SpecialDay
from nurture.model.rules import Silence
from nurture.model.trigger import AnyTrigger, DayTrigger, EveryTrigger, HolidayTrigger, OnceTrigger, StageTrigger
from tests import worlds as w
from tests.drawing import Dice, between, one_of

LEADS = (None, w.length("3 days"), w.length("1 week"))
BREWED = w.condition("numbers.cups.brewed > 3 and person.country == 'FR'")
AT_HOME = w.condition("person.country in ['FR', 'US']")
OUR_DAYS = House(
    days=(
        SpecialDay("our_day", every=MonthDay(3, 31)),
        SpecialDay("eid_al_fitr", dates=((2027, "US", date(2027, 3, 11)),)),
        SpecialDay("our_loss", every=MonthDay(3, 3), mood="solemn"),
    )
)
SILENCE = Silence(w.length("25 days"), "s0")
OBSERVED = ((), ("eid_al_fitr",), ("easter", "eid_al_fitr"), ("hanukkah",))


def feast(dice: Dice) -> AnyTrigger:
    """One that people say they keep, one that all keep, or one of the house's own, dated by where they live or not."""
    lead = one_of(dice, *LEADS)
    country = one_of(dice, ("person", "country"), ("person", "country"), ("person", "homeland"))
    if one_of(dice, False, True):
        days = ("womens_day", "mothers_day", "our_day")
        return HolidayTrigger(place=w.HERE, days=days, lead=lead, country=country)
    days = one_of(dice, ("eid_al_fitr",), ("eid_al_fitr", "easter", "holi"))
    return HolidayTrigger(
        place=w.HERE, days=days, observed_by=("person", "observes"), lead=lead, skip_if_late=lead is None
    )


def clocked(dice: Dice) -> AnyTrigger:
    """By every week, once, a thing's date and what is left."""
    kind = one_of(dice, EveryTrigger, OnceTrigger, DayTrigger, StageTrigger)
    if kind is EveryTrigger:
        at = one_of(dice, time(8, 30), time(2, 30), time(0), time(23, 30))
        asked = one_of(dice, None, BREWED, AT_HOME)
        return EveryTrigger(place=w.HERE, weekday=between(dice, 0, 6), at=at, condition=asked)
    if kind is OnceTrigger:
        at = one_of(dice, time(10), time(2, 30), time(0))
        return OnceTrigger(place=w.HERE, day=date(2027, 2, 21) + timedelta(days=between(dice, 0, 38)), at=at)
    if kind is DayTrigger:
        lead = one_of(dice, *LEADS)
        return DayTrigger(place=w.HERE, path=("subscription", "renews_on"), per="subscription", lead=lead)
    return StageTrigger(place=w.HERE, stage=one_of(dice, "looking", "buying", "telling", "waiting"), left=True)


def told() -> dict[str, Callable[[Dice], dict[str, object]]]:
    """What may be learned of people: feasts, a country, subscriptions that renew and end, the week's numbers."""
    return {
        f"{names.PERSON_CHANGED} observes": lambda dice: {"facts": {"observes": one_of(dice, *OBSERVED)}},
        f"{names.PERSON_CHANGED} country": lambda dice: {"facts": {"country": one_of(dice, "FR", "US", "IN", None)}},
        f"{names.THING_CHANGED} one": _renewal,
        f"{names.THING_CHANGED} two": _renewal,
        names.THING_REMOVED: lambda dice: {"thing": "subscription", "key": one_of(dice, "S1", "S2")},
        names.NUMBERS_TOLD: lambda dice: {"numbers": "cups", "fields": {"brewed": between(dice, 0, 9)}},
    }


def _renewal(dice: Dice) -> dict[str, object]:
    return {"thing": "subscription", "key": one_of(dice, "S1", "S2"), "fields": {"renews_on": day_of(dice)}}


def day_of(dice: Dice) -> date:
    """A day of the three months that are lived."""
    return date(2027, 2, 20) + timedelta(days=between(dice, 0, 89))
