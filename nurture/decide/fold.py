"""What one event changes in a person: facts, tags, address, consent, history (architecture.md 2.1)."""

from bisect import insort
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from nurture.decide import consents, drafts, gifts, merging
from nurture.decide.clock import Clock, at, local, reader_clock
from nurture.decide.consents import words_of
from nurture.decide.draft import Draft
from nurture.decide.inside import Inside
from nurture.decide.orders import counted
from nurture.model import event as names
from nurture.model.event import Event
from nurture.model.makers import new_stage
from nurture.model.person import Round
from nurture.model.step import AnyStep, Repeat, WaitDay, WaitEvent, WaitLength, WaitUntil, WaitWeekday

CLICKS = "clicks"
"""What a first click changes, as `draft.changed` names it."""
_CLOCK_FACTS = frozenset({"zone", "country"})
_NO_FACTS = frozenset(  # starts and answers, which triggers and waits see, and what only the shell reads
    {
        names.PERSON_ENROLLED, names.TASK_DONE, names.WEBHOOK_ANSWERED, names.CONSENT_ASKED,
        names.ADDRESS_ASKED, names.ADDRESS_KEPT, names.FORGOTTEN,
    }
)  # fmt: skip


def fold(draft: Draft, event: Event) -> None:
    """Take one event in; what it moved is named in `draft.changed`."""
    match event.name:
        case names.PERSON_CHANGED:
            _facts(draft, event)
        case names.PERSON_TAGGED:
            _tags(draft, draft.tags | words_of(event, "tags"))
        case names.PERSON_UNTAGGED:
            _tags(draft, draft.tags - words_of(event, "tags"))
        case names.ADDRESS_ADDED:
            _address(draft, event)
        case names.ADDRESS_STATE:
            if event.fields.get("address", draft.address) == draft.address:
                draft.address_state = str(event.fields["state"])
        case name if name in consents.WORDS:
            consents.fold(draft, event)
        case names.THEME_SPARED:
            draft.spared = draft.spared | {str(event.fields["theme"])}
        case names.SUPPRESSED:
            draft.suppressed = str(event.fields.get("because") or "asked")
        case names.ERASED:
            _erased(draft)
        case names.THEME_WANTED:
            draft.spared = draft.spared - {str(event.fields["theme"])}
        case names.THING_CHANGED | names.THING_REMOVED:
            _thing(draft, event)
        case names.NUMBERS_TOLD:
            _numbers(draft, event)
        case names.STAGE_MOVED:
            _moved_to(draft, event)
        case names.GIFT_GIVEN | names.GIFT_REFUSED | names.GIFT_USED:
            gifts.fold(draft, event)
        case names.DRAFT_SETTLED:
            drafts.settle(draft, event)
        case names.PERSON_MERGED:
            merging.fold(draft, event)
        case names.MAIL_CLICKED | names.MAIL_REPLIED:
            _answered(draft, event)
        case name if name not in _NO_FACTS:
            _happened(draft, event)


def _erased(draft: Draft) -> None:
    draft.erased = True
    draft.stage, draft.moments, draft.moments_check_at = None, frozenset(), None
    draft.changed.add("erased")


def _happened(draft: Draft, event: Event) -> None:
    """An event of the catalogue joins the history, in the order in which things happened."""
    known = draft.events
    if not known or (known[-1].happened_at, known[-1].number) <= (event.happened_at, event.number):
        draft.events = (*known, event)
    else:
        history = list(known)
        insort(history, event, key=lambda e: (e.happened_at, e.number))
        draft.events = tuple(history)
    draft.changed.add(event.name)
    if event.name in draft.index.order_events:
        _count(draft)


def _count(draft: Draft) -> None:
    """Work the orders out anew; a date of theirs that a wait or a trigger reads is named only when it moved."""
    before, draft.orders = draft.orders, counted(draft.book, draft.events, draft.clock)
    draft.changed.add("person.orders")
    if before.first_at != draft.orders.first_at:
        draft.changed.add("person.orders.first_at")
    if before.last_at != draft.orders.last_at:
        draft.changed.add("person.orders.last_at")


def _address(draft: Draft, event: Event) -> None:
    """What is known to be dead stays dead, however often the shop tells us the same address again."""
    address = str(event.fields["address"])
    if address != draft.address:
        consents.moved(draft, event)
        draft.address, draft.address_state = address, "ok"
        draft.changed.add("person.email")


def _facts(draft: Draft, event: Event) -> None:
    given = event.fields.get("facts")
    if not isinstance(given, dict):
        return
    facts = dict(draft.facts)
    for name, told in given.items():
        value = _known(draft, name, told)
        if facts.get(name) != value:
            draft.changed.add(f"person.{name}")
            facts[name] = value
    draft.facts = facts
    if any(f"person.{name}" in draft.changed for name in _CLOCK_FACTS):
        _moved(draft)


def _known(draft: Draft, name: str, value: object) -> object:
    """A placeholder such as 1970-01-01 is not a birthday: it counts as unknown (language.md 6.6)."""
    field = draft.book.catalogue.person.get(name)
    if field is not None and isinstance(value, date) and value in field.placeholders:
        return None
    return value


def _moved(draft: Draft) -> None:
    """The reader's clock changed: order days and calendar waits are read on the new one (6.1)."""
    old, new = draft.clock, reader_clock(draft.book.rules, draft.facts)
    if old == new:
        return
    draft.clock, draft.moved_from = new, old
    draft.alarms = None
    draft.orders = counted(draft.book, draft.events, new)
    for inside in draft.inside:
        node = inside.node
        if inside.due_at is None or node is None:
            continue
        if _by_calendar(node.step):
            inside.due_at = same_wall_time(inside.due_at, old, new)
    for inside in draft.inside:
        if inside.rounds:
            inside.rounds = tuple(_round_moved(inside, round_, old, new) for round_ in inside.rounds)


def _by_calendar(step: AnyStep) -> bool:
    """Whether a step waits for a wall time of the reader, and not for a stretch of elapsed time or for the shop."""
    match step:
        case WaitDay() | WaitUntil() | WaitWeekday():
            return True
        case WaitLength():
            return not step.length.elapsed
        case WaitEvent():
            return not step.up_to.elapsed
        case Repeat():
            return not step.every.elapsed
    return False


def _round_moved(inside: Inside, round_: Round, old: Clock, new: Clock) -> Round:
    """The rounds to come are counted from the same wall time on the new clock."""
    node = inside.book_sequence.nodes.get(round_.repeat)
    if node is None or not _by_calendar(node.step):
        return round_
    return replace(round_, began_at=same_wall_time(round_.began_at, old, new))


def same_wall_time(instant: datetime, old: Clock, new: Clock) -> datetime:
    """The instant at which the new clock shows what the old one showed then."""
    shown = local(instant, old)
    return at(shown.date(), shown.time(), new)


def _thing(draft: Draft, event: Event) -> None:
    """What the shop tells of a thing: fields it does not name stay as they were, and None makes one unknown."""
    kind, key = str(event.fields["thing"]), str(event.fields["key"])
    known = dict(draft.things.get(kind, {}))
    before = known.pop(key, {})
    after_: dict[str, object] = {}
    if event.name == names.THING_CHANGED:
        told = event.fields.get("fields")
        merged = {**before, **(told if isinstance(told, Mapping) else {})}
        known[key] = after_ = {name: value for name, value in merged.items() if value is not None}
    elif not before:
        return
    draft.things = {**draft.things, kind: known}
    draft.changed.add(kind)
    draft.changed |= {
        f"{kind}.{name}" for name in before.keys() | after_.keys() if before.get(name) != after_.get(name)
    }


def _numbers(draft: Draft, event: Event) -> None:
    """The newest telling counts, in whatever order they arrive."""
    name, told = str(event.fields["numbers"]), event.fields.get("fields")
    before = draft.numbers.get(name)
    if before is not None and before[0] > event.happened_at:
        return
    draft.numbers = {**draft.numbers, name: (event.happened_at, told if isinstance(told, Mapping) else {})}
    draft.changed.add(f"numbers.{name}")


def _moved_to(draft: Draft, event: Event) -> None:
    """A `move_to` step put them into a stage; without a pin the stage rules move them on at the next occasion."""
    stage, until = str(event.fields["stage"]), event.fields.get("until")
    if stage not in {one.id for one in draft.book.stages}:
        return
    pinned = until if isinstance(until, datetime) else event.happened_at
    before = draft.stage
    since = before.since if before is not None and before.id == stage else event.happened_at
    check = until if isinstance(until, datetime) else before.check_at if before is not None else None
    draft.stage = new_stage(stage, since, None, check, draft.index.stage_rules, pinned)
    if before is None or before.id != stage:
        draft.changed.add("person.stage")


def _answered(draft: Draft, event: Event) -> None:
    """They followed a link of a mail, or wrote to us by their own hand."""
    if event.name == names.MAIL_CLICKED:
        _clicked(draft, event)
    elif event.fields.get("kind") != "automatic":
        draft.wrote_at = max(event.happened_at, draft.wrote_at or event.happened_at)


def _clicked(draft: Draft, event: Event) -> None:
    """The first click on a mail counts."""
    key = event.fields.get("key")
    for place, message in enumerate(draft.messages):
        if message.key == key and message.clicked_at is None:
            clicked = replace(message, clicked_at=event.happened_at)
            draft.messages = (*draft.messages[:place], clicked, *draft.messages[place + 1 :])
            draft.changed.add(CLICKS)


def _tags(draft: Draft, tags: frozenset[str]) -> None:
    if tags != draft.tags:
        draft.tags = tags
        draft.changed.add("tags")
