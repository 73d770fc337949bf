"""Why a sequence never started for somebody: worked out anew where no reason was ever kept (language.md 11.5)."""

from datetime import date, datetime, timedelta

from nurture.decide.clock import at, day_start, next_occurrence, reader_clock
from nurture.decide.conditions import looks
from nurture.decide.draft import Draft
from nurture.decide.explain import MONTHS, WEEKDAYS, look_lines, moment_words
from nurture.decide.scene import Scene
from nurture.decide.switches import stop_on
from nurture.decide.triggers import LAPSE_HOUR, before_live, date_of, lapse_day, lead
from nurture.model.book import Book
from nurture.model.decision import Look
from nurture.model.event import Event, MonthDay
from nurture.model.person import Armed, Person
from nurture.model.sequence import Sequence, Status
from nurture.model.trigger import (
    AnyTrigger,
    DayTrigger,
    EventTrigger,
    EveryTrigger,
    HolidayTrigger,
    LapseTrigger,
    OnceTrigger,
    StageTrigger,
)

STANDS: dict[Status, str] = {
    Status.draft: "it is a draft, and a draft starts nobody",
    Status.closed: "it is closed: it starts nobody any more",
    Status.paused: "it is paused: it starts people as before, and sends nothing meanwhile",
}


def never_entered(book: Book, person: Person, name: str, now: datetime) -> list[str]:
    """What would start the sequence, and what speaks against it, as lines; `person` as decided up to now."""
    sequence = book.sequences[name]
    clock = reader_clock(book.rules, person.facts)
    stopped = stop_on(sequence, now)
    stands = STANDS.get(sequence.status, "nothing has started it for them")
    lines = ["", f"{name}: {f'it is {stopped.words}, and starts nobody' if stopped else stands}"]
    for firing in person.firings:
        if firing.sequence == name:
            lines.append(f"       {firing.name} came; who may start is asked {moment_words(firing.settles_at, clock)}")
    for number, trigger in enumerate(sequence.start):
        lines.append(f"       starts by {trigger_words(trigger)}")
        lines += trigger_lines(book, person, sequence, number, now)
    return lines


def trigger_lines(book: Book, person: Person, sequence: Sequence, number: int, now: datetime) -> list[str]:
    """What was looked at for one trigger: whether its moment came, and its own condition."""
    trigger = sequence.start[number]
    clock = reader_clock(book.rules, person.facts)
    armed = person.alarms.armed if person.alarms else ()
    alarm = next((one for one in armed if (one.sequence, one.trigger) == (sequence.name, number)), None)
    found = [seen] if (seen := moment_seen(book, person, sequence, trigger, alarm, now)) else []
    if trigger.condition is not None:
        found += looks(trigger.condition, Scene(book, person, now, clock, last_event(person, trigger)))
    return look_lines(found)


def trigger_words(trigger: AnyTrigger) -> str:
    """What starts people, as one would say it."""
    match trigger:
        case EventTrigger():
            return f"the event {trigger.event}"
        case DayTrigger():
            return f"the day {'.'.join(trigger.path)}{f', {trigger.lead} ahead' if trigger.lead else ''}"
        case HolidayTrigger():
            return f"the day{'s' if len(trigger.days) > 1 else ''} {', '.join(trigger.days)}"
        case LapseTrigger():
            long = str(trigger.length) if trigger.length else f"{trigger.rhythm:g} times their own rhythm"
            return f"silence of {long} after {trigger.event}"
        case StageTrigger():
            return f"{'leaving' if trigger.left else 'entering'} the stage {trigger.stage}"
        case EveryTrigger():
            return f"every {WEEKDAYS[trigger.weekday]} {trigger.at:%H:%M}"
        case OnceTrigger():
            return f"once, on {trigger.day} {trigger.at:%H:%M}"
    return "hand (nurture enrol), or by another sequence or a house rule"


def last_event(person: Person, trigger: AnyTrigger) -> Event | None:
    """The newest event of the kind a trigger listens to."""
    name = getattr(trigger, "event", "")
    return next((event for event in reversed(person.events) if event.name == name), None)


def moment_seen(
    book: Book, person: Person, sequence: Sequence, trigger: AnyTrigger, alarm: Armed | None, now: datetime
) -> Look | None:
    """Whether what the trigger waits for was there: an event, a day, the end of a silence, a stage."""
    match trigger:
        case EventTrigger():
            return event_seen(book, person, sequence, trigger)
        case LapseTrigger():
            return silence_seen(book, person, sequence, trigger, alarm)
        case DayTrigger() if not trigger.per:
            return day_seen(book, person, sequence, trigger, now)
        case DayTrigger():
            return thing_seen(person, trigger)
        case HolidayTrigger():
            return observance_seen(person, trigger)
        case StageTrigger(left=False) if person.stage and person.stage.id != trigger.stage:
            return Look(f"stage {trigger.stage}", f"is in stage {person.stage.id}", "no")
        case StageTrigger(left=True) if person.stage and person.stage.id == trigger.stage:
            return Look(f"leaving stage {trigger.stage}", "is still in it", "no")
    return None


def thing_seen(person: Person, trigger: DayTrigger) -> Look | None:
    """Whether they have a thing of the kind, and one of them a date."""
    things = person.things.get(trigger.per, {})
    if not things:
        return Look(f"a {trigger.per}", "has none", "no")
    if all(fields.get(trigger.path[-1]) is None for fields in things.values()):
        return Look(".".join(trigger.path), "is not known", "no")
    return None


def observance_seen(person: Person, trigger: HolidayTrigger) -> Look | None:
    """Whether they said that they observe any of the days."""
    if not trigger.observed_by:
        return None
    observed = person.facts.get(trigger.observed_by[-1])
    kept = observed if isinstance(observed, tuple | frozenset | list) else ()
    if set(trigger.days).isdisjoint(str(day) for day in kept):
        return Look(".".join(trigger.observed_by), ", ".join(sorted(map(str, kept))) or "is not known", "no")
    return None


def event_seen(book: Book, person: Person, sequence: Sequence, trigger: EventTrigger) -> Look | None:
    """An event that never came, or came before the sequence went live."""
    event = last_event(person, trigger)
    if event is None:
        return Look(f"the event {trigger.event}", "never came", "no")
    if before_live(book, sequence, event.known_at):
        return Look(f"the event {trigger.event}", "known before this was live", "no")
    return None


def silence_seen(
    book: Book, person: Person, sequence: Sequence, trigger: LapseTrigger, alarm: Armed | None
) -> Look | None:
    """How far the present silence is, or why its end started nothing."""
    what = f"silence after {trigger.event}"
    draft = Draft(book, person)
    day = lapse_day(draft, trigger)
    if alarm is not None:
        return Look(what, f"complete on {calendar_words(alarm.day0)}", "not yet")
    if last_event(person, trigger) is None:
        return Look(f"the event {trigger.event}", "never came", "no")
    if day is None:
        return Look(what, "no rhythm of their own yet", "no")
    before = before_live(book, sequence, at(day, LAPSE_HOUR, draft.clock))
    since = ", before this was live" if before else ""
    return Look(what, f"complete on {calendar_words(day)}{since}", "no")


def day_seen(book: Book, person: Person, sequence: Sequence, trigger: DayTrigger, now: datetime) -> Look:
    """When the day comes next, that its start lies behind while the day does not, or that it is over."""
    what = ".".join(trigger.path)
    draft = Draft(book, person)
    value = date_of(draft, trigger.path)
    if value is None:
        return Look(what, "unknown", "no")
    earliest = draft.today(now)
    if trigger.yearly and isinstance(value, date):
        earliest = max(earliest, value + timedelta(days=1))
    day = next_occurrence(value, earliest, book.rules.leap_day, trigger.yearly)
    if day is None:
        return Look(what, calendar_words(value), "passed")
    began = day_start(day - lead(trigger), draft.clock)
    if began > now:
        return Look(what, f"next on {calendar_words(day)}", "not yet")
    since = ", before this was live" if before_live(book, sequence, began) else ""
    return Look(what, f"{calendar_words(day)}; started people on {calendar_words(day - lead(trigger))}{since}", "no")


def calendar_words(day: date | MonthDay) -> str:
    """`8 Mar 2027`, or `8 Mar` of every year."""
    year = f" {day.year}" if isinstance(day, date) else ""
    return f"{day.day} {MONTHS[day.month - 1]}{year}"
