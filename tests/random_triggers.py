"""Random starts by the clock, by feasts and by things, for the laws of the core and of the store."""

from datetime import date, time

from hypothesis import strategies as st

from nurture.model import event as names
from nurture.model.event import MonthDay
from nurture.model.house import House, SpecialDay
from nurture.model.rules import Silence
from nurture.model.trigger import AnyTrigger, DayTrigger, EveryTrigger, HolidayTrigger, OnceTrigger, StageTrigger
from tests import worlds as w

LEADS = st.sampled_from([None, w.length("3 days"), w.length("1 week")])
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
OBSERVED = st.sampled_from([(), ("eid_al_fitr",), ("easter", "eid_al_fitr"), ("hanukkah",)])


def feasts() -> st.SearchStrategy[AnyTrigger]:
    """Some that people say they keep, some that all keep, and one of the house's own."""
    kept = st.builds(
        lambda lead, days: HolidayTrigger(
            place=w.HERE, days=days, observed_by=("person", "observes"), lead=lead, skip_if_late=lead is None
        ),
        LEADS,
        st.sampled_from([("eid_al_fitr",), ("eid_al_fitr", "easter", "holi")]),
    )
    common = st.builds(
        lambda lead: HolidayTrigger(place=w.HERE, days=("womens_day", "mothers_day", "our_day"), lead=lead), LEADS
    )
    return kept | common


def clocked() -> st.SearchStrategy[AnyTrigger]:
    """By every week, once, a thing's date and what is left."""
    return st.one_of(
        st.builds(
            lambda day, at, asked: EveryTrigger(place=w.HERE, weekday=day, at=at, condition=asked),
            st.integers(0, 6),
            st.sampled_from([time(8, 30), time(2, 30), time(0), time(23, 30)]),
            st.sampled_from([None, BREWED, AT_HOME]),
        ),
        st.builds(
            lambda day, at: OnceTrigger(place=w.HERE, day=day, at=at),
            st.dates(date(2027, 2, 21), date(2027, 3, 31)),
            st.sampled_from([time(10), time(2, 30), time(0)]),
        ),
        LEADS.map(
            lambda lead: DayTrigger(place=w.HERE, path=("subscription", "renews_on"), per="subscription", lead=lead)
        ),
        st.sampled_from(["looking", "buying", "telling", "waiting"]).map(
            lambda stage: StageTrigger(place=w.HERE, stage=stage, left=True)
        ),
    )


def told() -> dict[str, st.SearchStrategy[dict[str, object]]]:
    """What may be learned of people: feasts, a country, subscriptions that renew and end, the week's numbers."""
    renewals = st.dates(date(2027, 2, 20), date(2027, 5, 20)).map(lambda day: {"renews_on": day})
    keys = st.sampled_from(["S1", "S2"])
    things = st.builds(lambda key, fields: {"thing": "subscription", "key": key, "fields": fields}, keys, renewals)
    return {
        f"{names.PERSON_CHANGED} observes": OBSERVED.map(lambda kept: {"facts": {"observes": kept}}),
        f"{names.PERSON_CHANGED} country": st.sampled_from(["FR", "US", "IN", None]).map(
            lambda country: {"facts": {"country": country}}
        ),
        f"{names.THING_CHANGED} one": things,
        f"{names.THING_CHANGED} two": things,
        names.THING_REMOVED: keys.map(lambda key: {"thing": "subscription", "key": key}),
        names.NUMBERS_TOLD: st.integers(0, 9).map(lambda brewed: {"numbers": "cups", "fields": {"brewed": brewed}}),
    }
