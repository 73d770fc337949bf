"""No-upsell windows and days of mourning: until when a class is silent for one person (language.md 6.10, 15)."""

from datetime import date, timedelta

from nurture.decide.clock import PERSON, add_dates, day_start, local_day
from nurture.decide.draft import Draft
from nurture.decide.orders import standing
from nurture.decide.shop import shop_country
from nurture.decide.special_days import solemn_on
from nurture.model.catalogue import Mute
from nurture.model.decision import Why
from nurture.model.event import Event
from nurture.model.length import Length
from nurture.model.values import dataclass

SOLEMN_CLASSES = frozenset({"celebration", "offer"})  # what a day of mourning keeps silent (15)


@dataclass(frozen=True, slots=True)
class Muted:
    """One mute in force: `free_on` is the first date without it; None while its end is not known.

    A day of mourning is a mute of one day, begun by itself: `why` is `solemn day` then.
    """

    mute: Mute
    event: Event
    free_on: date | None
    why: Why = Why.muted

    @property
    def words(self) -> str:
        """`muted by open_complaint`, `solemn day yom_hazikaron`."""
        return f"{self.why.value} {self.mute.name}" if self.why is Why.solemn_day else f"muted by {self.mute.name}"


def mute_on(draft: Draft, class_: str, day: date) -> Muted | None:
    """The mute that keeps a class silent on a date, the one that lasts longest if there are several."""
    worst = _solemn(draft, day) if class_ in SOLEMN_CLASSES else None
    for mute in draft.book.rules.mutes:
        if class_ in mute.classes:
            for event in _causes(draft, mute, day):
                found = _in_force(draft, mute, event, day)
                if found is not None and (worst is None or _lasts(found) > _lasts(worst)):
                    worst = found
    return worst


def _solemn(draft: Draft, day: date) -> Muted | None:
    name = solemn_on(draft.book, _country(draft), day)
    if not name:
        return None
    began = day_start(day, draft.clock)
    itself = Event(name, name, began, began)
    return Muted(Mute(name, SOLEMN_CLASSES, name), itself, day + timedelta(days=1), Why.solemn_day)


def _country(draft: Draft) -> str:
    """Where the reader mourns: their country; while that is not known, the one their own zone lies in."""
    country = str(draft.facts.get("country") or "").upper()
    if country or draft.clock.rung != PERSON:
        return country
    return shop_country(draft.clock.zone.key)


def _lasts(muted: Muted) -> date:
    return muted.free_on or date.max


def _causes(draft: Draft, mute: Mute, day: date) -> list[Event]:
    """What may have begun a mute; of windows of one length the last that began by that date lasts longest."""
    rule = draft.book.catalogue.orders
    if rule is not None and mute.after == rule.event:
        found = standing(rule, draft.events)
    else:
        found = [event for event in draft.events if event.name == mute.after]
    if mute.length is None:
        return found
    return [event for event in reversed(found) if local_day(event.happened_at, draft.clock) <= day][:1]


def _in_force(draft: Draft, mute: Mute, event: Event, day: date) -> Muted | None:
    began = local_day(event.happened_at, draft.clock)
    if day < began:
        return None
    free_on, known = _end(draft, mute, event, began)
    if free_on is not None and day >= free_on:
        return None
    return Muted(mute, event, free_on if known else None)


def _end(draft: Draft, mute: Mute, event: Event, began: date) -> tuple[date | None, bool]:
    """The first free date, and whether it is certain: day 0 to day N are muted, day N + 1 is free."""
    if mute.length is not None:
        return _day_after(began, mute.length), True
    limit = _day_after(began, mute.at_most) if mute.at_most else None
    closing = _closing(draft, mute, event)
    if closing is None:
        return limit, False
    ended = local_day(closing.happened_at, draft.clock)
    free = _day_after(ended, mute.then_for) if mute.then_for else ended
    return (min(free, limit) if limit else free), True


def _day_after(day: date, length: Length) -> date:
    if length.elapsed:
        return day + timedelta(days=-(-length.seconds // 86_400) + 1)
    return add_dates(day, length) + timedelta(days=1)


def _closing(draft: Draft, mute: Mute, opened: Event) -> Event | None:
    """The event that closes this one: later, and equal in every field that both kinds have (a ticket)."""
    fields = draft.book.catalogue.events
    shared = set(fields.get(mute.after, {})) & set(fields.get(mute.until, {}))
    for event in draft.events:
        if event.name != mute.until or event.happened_at < opened.happened_at:
            continue
        if all(event.fields.get(name) == opened.fields.get(name) for name in shared):
            return event
    return None
