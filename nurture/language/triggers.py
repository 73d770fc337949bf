"""`start:` and `again:` as values (language.md 4.2 and 4.4)."""

from nurture.language.asking import Asking
from nurture.language.names import did_you_mean
from nurture.language.reader import Fields
from nurture.language.tree import ScalarNode
from nurture.language.values import rolling
from nurture.model.expression import Kind, Name
from nurture.model.length import Length
from nurture.model.rules import FRESH, SETTLE
from nurture.model.trigger import Again, AnyTrigger, DayTrigger, EventTrigger, LapseTrigger, ManualTrigger, StageTrigger

DEFAULT_PER = {"event": "event", "day": "occurrence", "lapse": "person", "stage": "person", "manual": "person"}


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
    named = (trigger.text(trigger.table.verb) for trigger in triggers if trigger.table.verb != "manual")
    return tuple(dict.fromkeys([*filter(None, named), "manual"]))


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
                path=read_path(trigger, "day", asking),
                yearly=trigger.text("every") == "year",
                lead=trigger.get("lead", Length),
            )
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
        case "manual":
            return ManualTrigger(place=place, condition=condition)
    return None


def read_path(fields: Fields, key: str, asking: Asking) -> tuple[str, ...]:
    """A dotted name of a day or a moment of the person's; empty, with a finding, when it is something else."""
    node = fields.node.get(key)
    if not isinstance(node, ScalarNode) or not fields.text(key):
        return ()
    if not fields.text(key).startswith("person."):
        hint = "a day of the person's, such as person.birthday"
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


def _check_per(again: Fields, per: str, triggers: tuple[Fields, ...], asking: Asking) -> None:
    """An occurrence needs a day, an event's field an event that has it (E114, E201)."""
    verbs = {trigger.table.verb for trigger in triggers} - {""}
    place, say = again.place_of("per"), asking.reader.say
    if per == "occurrence" and verbs - {"day"}:
        say("E114", place, "'per: occurrence' is not understood", "only a 'day' start has occurrences")
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
