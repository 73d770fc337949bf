"""One file of sequences/ as a Sequence (language.md 4), beside what it was read from for the findings."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from nurture.language.asking import Asking, step_words
from nurture.language.edits import check_edits
from nurture.language.grammar import SEQUENCE
from nurture.language.house import share
from nurture.language.reader import Fields, Reader
from nurture.language.step_names import StepNames, all_steps
from nurture.language.steps import Inherited, StepReader
from nurture.language.tree import Node
from nurture.language.triggers import fields_of, read_again, read_trigger, start_events, start_names, thing_of
from nurture.language.windows import read_window
from nurture.language.written import Written
from nurture.model.catalogue import Field
from nurture.model.length import Length
from nurture.model.sequence import Goal, Removal, Sequence, Status, StopRule
from nurture.model.step import flow
from nurture.model.trigger import AnyTrigger

MOST_STEPS = 300


def read_sequence(file: str, root: Node, asking: Asking, facts: Mapping[str, Field]) -> Written | None:
    """The sequence of a file, as far as it can be understood; findings gather in `asking.reader`."""
    fields = asking.reader.fields(root, SEQUENCE, PurePosixPath(file).stem)
    if fields is None:
        return None
    _check_name(file, fields, asking.reader)
    triggers = fields_of(fields.get("start", Fields))
    steps = fields.many("steps", Fields)
    if _too_many(fields, steps, asking.reader):
        return None
    names = StepNames(steps)
    names.say_twins(steps, asking.reader)
    asking_start = _asking_start(asking, triggers, PurePosixPath(file).stem)
    ids = {names.of(step): step_words(step, asking.rungs) for step in all_steps(steps)}
    inside = asking_start.within(lambda scope: scope.with_steps(ids))
    read = (read_trigger(trigger, asking_start) for trigger in triggers)
    start = tuple(trigger for trigger in read if trigger is not None)
    return _build(file, fields, start, StepReader(names, inside, _inherited(fields, asking, triggers), facts, {}))


def _too_many(fields: Fields, steps: tuple[Fields, ...], reader: Reader) -> bool:
    """E114 for a sequence that is so long that nobody could follow it, nor the findings about its flow."""
    count = sum(1 for _ in all_steps(steps))
    if count > MOST_STEPS:
        message = f"there are {count:,} steps, in arms and all; a sequence has at most {MOST_STEPS}"
        reader.say("E114", fields.place_of("steps"), message, "make several sequences of it")
    return count > MOST_STEPS


def _asking_start(asking: Asking, triggers: tuple[Fields, ...], name: str) -> Asking:
    """With `start.*`; where a start names an event that does not exist, nothing is said about its fields."""
    unread = any(trigger.written("event") and not trigger.text("event") for trigger in triggers)
    known = asking.doubting("start.") if unread else asking
    thing = thing_of(triggers)
    about = known.within(lambda scope: scope.with_thing(thing)) if thing else known
    names = (*start_names(triggers), *(["silence"] if name == asking.unheard else []))
    return about.within(lambda scope: scope.with_start(start_events(triggers), names))


def _inherited(fields: Fields, asking: Asking, triggers: tuple[Fields, ...]) -> Inherited:
    from_day = bool(triggers) and all(trigger.table.verb in ("day", "holiday") for trigger in triggers)
    window, thing = read_window(fields, asking.reader), thing_of(triggers)
    return Inherited(fields.text("class", "news"), fields.text("topic"), fields.text("theme"), window, from_day, thing)


def _build(file: str, fields: Fields, start: tuple[AnyTrigger, ...], reader: StepReader) -> Written:
    asking, inherited = reader.asking, reader.inherited
    steps = reader.steps(fields.many("steps", Fields))
    _check_because(fields, asking.reader)
    stages = _stages(fields, asking.reader)
    name = fields.text("sequence", PurePosixPath(file).stem)
    sequence = Sequence(
        name=name,
        title=fields.text("title"),
        place=fields.place,
        class_=inherited.class_,
        status=Status(fields.text("status", "draft")),
        start=start,
        again=read_again(fields, fields_of(fields.get("start", Fields)), asking),
        steps=steps,
        stage=stages,
        serves=fields.many("serves", str) or stages,
        topic=inherited.topic,
        theme=inherited.theme,
        because=fields.text("because"),
        priority=_priority(fields),
        while_=asking.condition(fields, "while"),
        stop_when=tuple(_stop_rule(rule, asking) for rule in fields.many("stop_when", Fields)),
        goal=_goal(fields.get("goal", Fields), asking),
        window=inherited.window,
        about=fields.text("about"),
        owner=fields.text("owner"),
        note=fields.text("note"),
        lineage=name,
        nodes=flow(steps),
        pillars=fields.many("pillar", str),
        aims_at=fields.text("aims_at"),
        hold_out=share(fields),
        at_most=fields.get("at_most", int),
        spread=fields.get("spread", Length),
        on_change=fields.text("on_change", "move"),
        was=fields.text("was"),
        removed=tuple(map(_removal, fields.many("removed", Fields))),
    )
    check_edits(fields, sequence, reader.by_id, asking.reader)
    names = asking.scope.names if asking.scope else {}
    words = {name: meaning.one_of for name, meaning in names.items() if meaning.one_of}
    return Written(sequence, fields, reader.by_id, words)


def _removal(part: Fields) -> Removal:
    return Removal(part.text("step"), part.text("people_there", "next"), part.text("go_to"), part.place)


def _priority(fields: Fields) -> int:
    priority = fields.get("priority", int)
    return 50 if priority is None else priority


def _check_name(file: str, fields: Fields, reader: Reader) -> None:
    name, stem = fields.text("sequence"), PurePosixPath(file).stem
    if name and name != stem:
        message = f"this file is called '{stem}', the sequence in it '{name}'"
        reader.say("E120", fields.place_of("sequence"), message, "they must be the same")


def _check_because(fields: Fields, reader: Reader) -> None:
    if fields.text("class") == "service" and not fields.written("because"):
        message = "a service sequence needs 'because': it skips consent and limits"
        reader.say("E115", fields.place_of("class"), message, "because: contract | law | reply")
    if fields.text("class", "service") != "service" and fields.written("because"):
        message = "'because' is only for class service"
        reader.say("E110", fields.place_of_key("because"), message)


def _stages(fields: Fields, reader: Reader) -> tuple[str, ...]:
    """The stages of those who may start; empty for `any`."""
    stages = fields.many("stage", str)
    if "any" in stages and len(stages) > 1:
        reader.say("E114", fields.place_of("stage"), "'any' stands alone: it means everybody")
    return () if "any" in stages else stages


def _stop_rule(rule: Fields, asking: Asking) -> StopRule:
    event = rule.text("event")
    return StopRule(event, (asking.about(event) if rule.written("event") else asking).condition(rule, "if"), rule.place)


def _goal(goal: Fields | None, asking: Asking) -> Goal | None:
    if goal is None:
        return None
    event = goal.text("event")
    condition = asking.about(event).condition(goal, "if")
    return Goal(event, goal.get("within", Length), condition, goal.flag("stop", default=True))
