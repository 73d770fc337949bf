"""How people leave a sequence before its end: goal, stop_when, undone orders, moved dates (language.md 6.5)."""

from datetime import date, datetime, timedelta

from nurture.decide.clock import after, next_occurrence
from nurture.decide.conditions import looks, truth
from nurture.decide.draft import Draft
from nurture.decide.feasts import falls_on, observed, started
from nurture.decide.index import stops_on
from nurture.decide.inside import Inside
from nurture.decide.orders import order_behind, standing
from nurture.decide.triggers import date_of
from nurture.model.decision import Reason, Why
from nurture.model.event import Event, MonthDay
from nurture.model.makers import new_reason
from nurture.model.person import Firing
from nurture.model.rules import FRESH
from nurture.model.sequence import Goal, StopRule
from nurture.model.trigger import DayTrigger, HolidayTrigger


def leave(draft: Draft, events: tuple[Event, ...], now: datetime) -> None:
    """Everything that ends running enrolments at this instant, in the order of 6.1: goal first, then stop_when."""
    if draft.erased:
        _erase(draft, now)
    if events:
        _undo(draft, events, now)
        events = _that_count(draft, events)
    for inside in draft.inside:
        if inside.running:
            _by_goal(draft, inside, events, now)
        if inside.running:
            _by_rule(draft, inside, events, now)
        if inside.running and draft.changed:
            _by_date(draft, inside, now)
    draft.close()


def _erase(draft: Draft, now: datetime) -> None:
    """Whoever is erased leaves everything at once, and nothing that settles or queues starts any more."""
    for firing in draft.firings:
        draft.reasons.append(_dropped(draft, Why.refused, firing, "erased", now))
    draft.firings = []
    for inside in draft.inside:
        if inside.running:
            draft.end(inside, Why.erased, now)


def stop(draft: Draft, now: datetime) -> None:
    """`nurture stop`: all inside end at once, and nothing that settles or queues starts any more."""
    for name, switch in draft.index.stops.items():
        if switch.since > now:
            continue
        for firing in [firing for firing in draft.firings if firing.sequence == name]:
            draft.firings.remove(firing)
            draft.reasons.append(_dropped(draft, Why.closed, firing, switch.words, now))
        for inside in draft.inside:
            if inside.running and inside.sequence == name:
                draft.end(inside, Why.stopped, now, switch.words)
                inside.ending = f"stopped by {switch.who}"
    draft.close()


def _that_count(draft: Draft, events: tuple[Event, ...]) -> tuple[Event, ...]:
    """Without orders that do not stand: undone before they were known, or told twice."""
    rule = draft.book.catalogue.orders
    if rule is None or not draft.inside or not any(event.name == rule.event for event in events):
        return events
    stand = {id(event) for event in standing(rule, draft.events)}
    return tuple(event for event in events if event.name != rule.event or id(event) in stand)


def _by_goal(draft: Draft, inside: Inside, events: tuple[Event, ...], now: datetime) -> None:
    goal = inside.book_sequence.goal
    if goal is None or inside.goal_at is not None:
        return
    for event in events:
        if event.name == goal.event and _reaches(draft, inside, goal, event, now):
            inside.goal_at = event.happened_at
            if goal.stop:
                draft.end(inside, Why.goal, now, goal.event)
            return


def _reaches(draft: Draft, inside: Inside, goal: Goal, event: Event, now: datetime) -> bool:
    """Whether an event is the goal: after what started the sequence, in time, and fitting."""
    began = inside.event.happened_at if inside.event else inside.started_at
    if event.happened_at <= began or event is inside.event:
        return False
    if goal.within is not None and event.happened_at > after(inside.started_at, goal.within, draft.clock, None, ""):
        return False
    return goal.condition is None or bool(truth(goal.condition, draft.scene(now, inside, event)))


def _by_rule(draft: Draft, inside: Inside, events: tuple[Event, ...], now: datetime) -> None:
    for rule in inside.book_sequence.stop_when:
        if rule.event:
            for event in events:
                if event.name == rule.event and _stops(draft, inside, rule, event, now):
                    draft.end(inside, Why.stopped, now, rule.event, place=rule.place)
                    return
        elif rule.condition and draft.changed & stops_on(inside.book_sequence, draft.book.catalogue):
            scene = draft.scene(now, inside)
            if truth(rule.condition, scene):
                draft.end(inside, Why.stopped, now, rule.condition.text, looks(rule.condition, scene), rule.place)
                return


def _stops(draft: Draft, inside: Inside, rule: StopRule, event: Event, now: datetime) -> bool:
    """A stopping event acts on arrival, but last year's history, imported, stops nothing."""
    if event is inside.event or (inside.event is not None and event.id == inside.event.id):
        return False
    if event.happened_at < inside.started_at and event.known_at - event.happened_at > _FRESH:
        return False
    return rule.condition is None or bool(truth(rule.condition, draft.scene(now, inside, event)))


_FRESH = timedelta(days=FRESH.days or 0)


def _undo(draft: Draft, events: tuple[Event, ...], now: datetime) -> None:
    """An undone order undoes what it caused to come: what settles and what runs because of it."""
    rule = draft.book.catalogue.orders
    if rule is None or not rule.id_field:
        return
    for event in events:
        named = event.fields.get(rule.id_field)
        if event.name not in rule.undone_by or named is None:
            continue

        def caused(by: Event | None, named: object = named) -> bool:
            return by is not None and order_behind(draft.book, by) == named

        for firing in [firing for firing in draft.firings if caused(firing.event)]:
            draft.firings.remove(firing)
            draft.reasons.append(_dropped(draft, Why.undone, firing, event.name, now))
        for inside in draft.inside:
            if inside.running and caused(inside.event):
                draft.end(inside, Why.stopped, now, f"undone by {event.name}")


def _dropped(draft: Draft, why: Why, firing: Firing, words: str, now: datetime) -> Reason:
    return new_reason(why, now, firing.fired_at, firing.sequence, draft.book.version(firing.sequence), words=words)


def _by_date(draft: Draft, inside: Inside, now: datetime) -> None:
    """An enrolment whose day-0 field moved ends; the new date is a new subject (6.4)."""
    start = inside.book_sequence.start
    trigger = start[inside.trigger] if inside.trigger < len(start) else None
    if isinstance(trigger, HolidayTrigger):
        _by_feast(draft, inside, trigger, now)
    if not isinstance(trigger, DayTrigger) or inside.name != ".".join(trigger.path):
        return
    if inside.name not in draft.changed:
        return
    value = date_of(draft, trigger.path, inside.thing)
    if value is None or not _falls_on(draft, trigger, value, inside):
        draft.end(inside, Why.date_moved, now, ".".join(trigger.path))


def _by_feast(draft: Draft, inside: Inside, trigger: HolidayTrigger, now: datetime) -> None:
    """A feast that the reader keeps no more, or that their new country keeps on another date."""
    if inside.name not in trigger.days or inside.event is not None:
        return
    if ".".join(trigger.observed_by) in draft.changed and inside.name not in observed(draft, trigger):
        draft.end(inside, Why.no_longer_fits, now, ".".join(trigger.observed_by))
    elif ".".join(trigger.country) in draft.changed and not falls_on(draft, trigger, inside.name, inside.day0):
        draft.end(inside, Why.date_moved, now, ".".join(trigger.country))


def _falls_on(draft: Draft, trigger: DayTrigger, value: object, inside: Inside) -> bool:
    if not isinstance(value, date | MonthDay):
        return False
    return next_occurrence(value, inside.day0, draft.book.rules.leap_day, trigger.yearly) == inside.day0


def redated(draft: Draft, now: datetime) -> list[Firing]:
    """Feasts whose date a calendar of the house moved since somebody entered for it: the new date is a new subject.

    What starts at once comes back: who stands in the lead of the new date already. For others its own hour comes.
    """
    found = []
    for inside in draft.inside:
        start = inside.book_sequence.start
        trigger = start[inside.trigger] if inside.trigger < len(start) else None
        if not isinstance(trigger, HolidayTrigger) or inside.event is not None or inside.name not in trigger.days:
            continue
        if not falls_on(draft, trigger, inside.name, inside.day0):
            draft.end(inside, Why.date_moved, now, inside.name)
            again = started(draft, inside.sequence, inside.trigger, inside.name, now)
            found += [again] if again is not None else []
    draft.close()
    return found
