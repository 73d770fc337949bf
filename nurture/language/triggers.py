"""`start:` and `again:` as values (language.md 4.2 and 4.4)."""

from datetime import date, time

from nurture.language.asking import Asking
from nurture.language.names import did_you_mean
from nurture.language.reader import Fields
from nurture.language.start_grammar import WEEKDAYS
from nurture.language.tree import ScalarNode
from nurture.language.values import rolling
from nurture.model.expression import Condition, Kind, Name
from nurture.model.length import Length
from nurture.model.rules import FRESH, SETTLE
from nurture.model.special_days import RELIGIOUS, SPECIAL_DAYS
from nurture.model.trigger import (
    Again,
    AnyTrigger,
    DayTrigger,
    EventTrigger,
    EveryTrigger,
    HolidayTrigger,
    LapseTrigger,
    ManualTrigger,
    OnceTrigger,
    StageTrigger,
)

TEN = time(10, 0)

DEFAULT_PER = {
    "event": "event",
    "day": "occurrence",
    "holiday": "occurrence",
    "every": "occurrence",
    "lapse": "person",
    "stage": "person",
    "stage_left": "person",
    "once": "person",
    "manual": "person",
}
DATED = frozenset({"day", "holiday", "every"})
"""Starts that have occurrences."""


def fields_of(start: Fields | None) -> tuple[Fields, ...]:
    """The triggers of a start, one or several."""
    if start is None:
        return ()
    return start.many("any", Fields) if start.table.verb == "any" else (start,)


def start_events(triggers: tuple[Fields, ...]) -> tuple[str, ...]:
    """The events whose fields `start.*` can have."""
    return tuple(trigger.text("event") for trigger in triggers if trigger.text("event"))


def start_names(triggers: tuple[Fields, ...]) -> tuple[str, ...]:
    """What `start.name` can be."""
    named: list[str] = []
    for trigger in triggers:
        verb = trigger.table.verb
        named += trigger.many("holiday", str) if verb == "holiday" else [trigger.text(verb)] if verb != "manual" else []
    return tuple(dict.fromkeys([*filter(None, named), "manual"]))


def thing_of(triggers: tuple[Fields, ...]) -> str:
    """The kind of thing that the sequence is about: every one of its starts must name it."""
    kinds = {trigger.text("per") if trigger.table.verb == "day" else "" for trigger in triggers}
    return kinds.pop() if len(kinds) == 1 else ""


def read_trigger(trigger: Fields, asking: Asking) -> AnyTrigger | None:
    """One trigger; None when it could not be understood."""
    place = trigger.place
    event = trigger.text("event")
    condition = (asking.about(event) if trigger.written("event") else asking).condition(trigger, "if")
    settle = trigger.get("settle", Length) or SETTLE
    match trigger.table.verb:
        case "event":
            fresh = trigger.get("fresh", Length) or FRESH
            return EventTrigger(place=place, condition=condition, settle=settle, fresh=fresh, event=event)
        case "day":
            return DayTrigger(
                place=place,
                condition=condition,
                skip_if_late=trigger.text("if_late") == "skip",
                path=_day_path(trigger, asking),
                yearly=trigger.text("every") == "year",
                lead=trigger.get("lead", Length),
                per=trigger.text("per"),
            )
        case "holiday":
            return _holiday(trigger, condition, asking)
        case "every":
            weekday = trigger.text("weekday", WEEKDAYS[0])
            at = trigger.get("at", time) or TEN
            return EveryTrigger(place=place, condition=condition, weekday=WEEKDAYS.index(weekday), at=at)
        case "once":
            return _once(trigger, condition, asking)
        case "lapse":
            return LapseTrigger(
                place=place,
                condition=condition,
                event=trigger.text("lapse"),
                length=trigger.get("for", Length),
                rhythm=trigger.get("rhythm", float),
                at_least=trigger.get("at_least", Length),
                at_most=trigger.get("at_most", Length),
                if_unknown=trigger.get("if_unknown", Length),
            )
        case "stage":
            return StageTrigger(place=place, condition=condition, settle=settle, stage=trigger.text("stage"))
        case "stage_left":
            stage = trigger.text("stage_left")
            return StageTrigger(place=place, condition=condition, settle=settle, stage=stage, left=True)
        case "manual":
            return ManualTrigger(place=place, condition=condition)
    return None


def _day_path(trigger: Fields, asking: Asking) -> tuple[str, ...]:
    thing = trigger.text("per")
    if trigger.written("per") and not thing:
        return ()  # the thing has its own finding
    if thing and trigger.text("every"):
        message = f"'every: year' does not go with 'per: {thing}'"
        hint = "each date of a thing is kept once; it gets a new date for the next"
        asking.reader.say("E114", trigger.place_of("every"), message, hint)
    return read_path(trigger, "day", asking, thing)


def _holiday(trigger: Fields, condition: Condition | None, asking: Asking) -> HolidayTrigger:
    observed_by = _fact(trigger, "observed_by", Kind.tags, "a list of tags in which people say so", asking)
    country = _fact(trigger, "in", Kind.text, "a country", asking)
    _check_religious(trigger, asking)
    return HolidayTrigger(
        place=trigger.place,
        condition=condition,
        skip_if_late=trigger.text("if_late") == "skip",
        days=trigger.many("holiday", str),
        observed_by=observed_by,
        country=country or ("person", "country"),
        lead=trigger.get("lead", Length),
    )


def _fact(fields: Fields, key: str, kind: Kind, wanted: str, asking: Asking) -> tuple[str, ...]:
    """The path of a fact of one type; empty, with a finding, when it is something else."""
    node = fields.node.get(key)
    if not isinstance(node, ScalarNode) or not fields.text(key):
        return ()
    value = asking.value(node)
    if isinstance(value, Name) and value.kind is not kind and key == "in":
        asking.reader.say("E201", node.place, f"'{value}' is a {value.kind.value}; '{key}' needs {wanted}")
    return value.path if isinstance(value, Name) else ()


def _religious(name: str) -> bool:
    return name in SPECIAL_DAYS and SPECIAL_DAYS[name].category == RELIGIOUS


def _check_religious(trigger: Fields, asking: Asking) -> None:
    """E331: who keeps a religious day is told by themselves, never guessed from country, name or language."""
    religious = [name for name in trigger.many("holiday", str) if _religious(name)]
    if not religious:
        return
    cure = "observed_by: a fact of type tags in which people say what they observe"
    if not trigger.written("observed_by"):
        place = trigger.place_of("holiday")
        asking.reader.say("E331", place, f"'{religious[0]}' is a religious day; nobody may be guessed to keep it", cure)
        return
    node = trigger.node.get("observed_by")
    meaning = asking.scope.names.get(trigger.text("observed_by")) if asking.scope else None
    if node is not None and meaning is not None and meaning.kind is not Kind.tags:
        message = f"'{trigger.text('observed_by')}' does not say what somebody observes; '{religious[0]}' is religious"
        asking.reader.say("E331", node.place, message, cure)


def _once(trigger: Fields, condition: Condition | None, asking: Asking) -> OnceTrigger | None:
    words = trigger.text("once")
    if not words:
        return None
    day, clock = words.split(" ")
    try:
        return OnceTrigger(
            place=trigger.place, condition=condition, day=date.fromisoformat(day), at=time.fromisoformat(clock)
        )
    except ValueError:
        message = f"'once: {words}' is not understood"
        asking.reader.say("E114", trigger.place_of("once"), message, "there is no such day")
    return None


def read_path(fields: Fields, key: str, asking: Asking, thing: str = "") -> tuple[str, ...]:
    """A dotted name of a day or a moment, of the person's or of the thing it is about; else empty, with a finding."""
    node = fields.node.get(key)
    if not isinstance(node, ScalarNode) or not fields.text(key):
        return ()
    if not fields.text(key).startswith(("person.", f"{thing}." if thing else "person.")):
        hint = f"a day of the {thing}'s or the person's" if thing else "a day of the person's, such as person.birthday"
        asking.reader.say("E114", node.place, f"'{key}: {node.text}' is not understood", hint)
        return ()
    value = asking.value(node)
    if isinstance(value, Name) and value.kind not in (Kind.day, Kind.moment):
        message = f"'{value}' is a {value.kind.value}; '{key}' needs a day"
        asking.reader.say("E201", node.place, message)
    if str(value) in asking.derived:
        message = f"'{value}' is worked out from events; '{key}' needs a day that is told"
        asking.reader.say("E201", node.place, message, "start from the event, or use person.orders.first_at")
    return value.path if isinstance(value, Name) else ()


def read_again(sequence: Fields, triggers: tuple[Fields, ...], asking: Asking) -> Again:
    """Who may start again; `per` falls back to the trigger's own (4.2)."""
    per = DEFAULT_PER.get(triggers[0].table.verb, "person") if len(triggers) == 1 else "event"
    fields = sequence.get("again", Fields)
    if fields is None:
        return Again(never=sequence.text("again") == "never", per=per)
    if fields.text("per"):
        per = fields.text("per")
        _check_per(fields, per, triggers, asking)
    limit = fields.text("limit")
    return Again(
        per=per,
        running=fields.text("running", "ignore"),
        gap=fields.get("gap", Length),
        limit=rolling(limit) if limit else None,
    )


OWN_SUBJECTS = ("person", "event", "occurrence")


def _check_per(again: Fields, per: str, triggers: tuple[Fields, ...], asking: Asking) -> None:
    """An occurrence needs a day, an event's field an event that has it (E114, E201)."""
    verbs = {trigger.table.verb for trigger in triggers} - {""}
    place, say = again.place_of("per"), asking.reader.say
    if per == "occurrence" and verbs - DATED:
        hint = "only 'day', 'holiday' and 'every' starts have occurrences"
        say("E114", place, "'per: occurrence' is not understood", hint)
    if per not in OWN_SUBJECTS and not per.startswith("event.") and per != thing_of(triggers):
        say("E114", place, f"'per: {per}' is not understood", f"only where every start is a day 'per: {per}'")
    if per == "event" and verbs and "event" not in verbs:
        say("E114", place, "'per: event' is not understood", "nothing here starts from an event")
    if not per.startswith("event."):
        return
    if verbs - {"event"}:
        say("E114", place, f"'per: {per}' is not understood", "only events have fields")
    name = per.removeprefix("event.")
    known = asking.scope.events if asking.scope else {}
    for event in start_events(triggers):
        if event in known and name not in known[event] and f".{name}" not in asking.doubtful:
            say("E201", place, f"'{event}' has no field '{name}'", did_you_mean(name, known[event]))
