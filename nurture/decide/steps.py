"""Running an enrolment forward until it waits, has a message to judge, or ends (language.md 6.1, 6.2)."""

from datetime import date, datetime, timedelta

from nurture.decide import elsewhere, errands, gifts, repeating, splitting, waiting
from nurture.decide.clock import add_dates, after, at, local_day, next_occurrence, next_weekday, not_before
from nurture.decide.conditions import evaluate, looks, truth
from nurture.decide.draft import Draft
from nurture.decide.inside import Inside
from nurture.decide.making import make
from nurture.decide.triggers import date_of
from nurture.model import event as names
from nurture.model.decision import Why
from nurture.model.event import MonthDay
from nurture.model.length import Length
from nurture.model.step import (
    AnyStep,
    AnyWait,
    Branch,
    Enrol,
    Gift,
    MoveTo,
    Node,
    Repeat,
    Send,
    Set,
    Split,
    Stop,
    Tag,
    Task,
    Untag,
    WaitDay,
    WaitEvent,
    WaitLength,
    WaitUntil,
    WaitWeekday,
    Webhook,
)

WAITS = (WaitLength, WaitDay, WaitUntil, WaitWeekday)
STEP_IF = "the step's if does not hold"


def run(draft: Draft, inside: Inside, now: datetime) -> None:
    """Run one enrolment forward at an instant."""
    while inside.running:
        node = inside.node
        if node is None:
            draft.end(inside, Why.finished, now)
            return
        if inside.message_due is not None:
            return  # stands at a message: judged apart
        if inside.due_at is not None:
            if inside.due_at > now:
                return
            if inside.put_off:
                inside.done_at, inside.due_at = inside.due_at, None
            else:
                _over(draft, inside, node, now)
        elif _done_before(inside, node.step):
            draft.note(Why.version, now, inside, words=f"{node.step.id} was done before an edit: not done again",
                       step=node.step.id, place=node.step.place)  # fmt: skip
            inside.goes_on("", inside.done_at, node.next)
        elif not _round_done(draft, inside, node):
            _reach(draft, inside, node, now)


def _reach(draft: Draft, inside: Inside, node: Node, now: datetime) -> None:
    """Come to a step: `while` and its own `if` are asked, then it is begun."""
    step = node.step
    if not fits_on(draft, inside, now):
        return
    if step.condition is not None and not _asked(draft, inside, node, now):
        return
    if isinstance(step, Send):
        inside.message_due = inside.due_at = inside.done_at
    elif isinstance(step, WAITS):
        arrive(draft, inside, step, now)
    else:
        _do(draft, inside, node, now)


def _over(draft: Draft, inside: Inside, node: Node, now: datetime) -> None:
    """What they stood waiting at is over: at its due time, not when anybody woke."""
    match node.step:
        case WaitEvent():
            waiting.over(draft, inside, node, node.step, now)
        case Task() | Webhook():
            errands.over(draft, inside, node, node.step, now)
        case Repeat():
            repeating.over(draft, inside, node, node.step, now)
        case _:
            inside.goes_on("", inside.due_at or now, node.next)


def _round_done(draft: Draft, inside: Inside, node: Node) -> bool:
    """Whether they come back to a repeat from its round: then `while` and `if` are not asked of it again."""
    before = inside.rounds_of(node.step.id) if isinstance(node.step, Repeat) else None
    if before is None or not isinstance(node.step, Repeat):
        return False
    repeating.again(draft, inside, node, node.step, before)
    return True


def _done_before(inside: Inside, step: AnyStep) -> bool:
    """Whether an edit brought them back to a step whose effect they had in this round: it is not done again (8)."""
    if isinstance(step, (*WAITS, Branch, Stop)):
        return False
    return any(outcome.step == step.id and outcome.round == inside.round for outcome in inside.outcomes)


def fits_on(draft: Draft, inside: Inside, now: datetime) -> bool:
    """`while`, asked before every step: not true ends the enrolment (6.3)."""
    condition = inside.book_sequence.while_
    if condition is None:
        return True
    scene = draft.scene(now, inside)
    if truth(condition, scene):
        return True
    draft.end(inside, Why.no_longer_fits, now, condition.text, looks(condition, scene), condition.place)
    return False


def _asked(draft: Draft, inside: Inside, node: Node, now: datetime) -> bool:
    """A step's own `if`, asked when reached; not true skips the step."""
    step = node.step
    scene = draft.scene(now, inside)
    if step.condition is None or truth(step.condition, scene):
        return True
    if isinstance(step, Send):
        draft.note(
            Why.not_asked, now, inside, step=step.id, mail=step.mail, due_at=inside.done_at, words=STEP_IF,
            looks=looks(step.condition, scene), place=step.place,
        )  # fmt: skip
    inside.goes_on(Why.not_asked.value, inside.done_at, node.next)
    return False


def arrive(draft: Draft, inside: Inside, step: AnyWait, now: datetime) -> bool:
    """Work out when the wait is over; false when its date is not known and the enrolment ended."""
    due = due_of(draft, inside, step)
    if due is None:
        path = ".".join(step.path) if isinstance(step, WaitUntil) else ""
        draft.end(inside, Why.no_longer_fits, now, f"unknown: {path}")
        return False
    inside.due_at = due
    return True


def due_of(draft: Draft, inside: Inside, step: AnyWait) -> datetime | None:
    """The moment a wait arrives at, by the table of 6.2; None when its date is unknown."""
    clock, done = draft.clock, inside.done_at
    match step:
        case WaitLength():
            country = str(draft.facts.get("country") or "")
            return after(done, step.length, clock, step.at, country)
        case WaitDay():
            return at(inside.day0 + timedelta(days=step.day), step.at, clock)
        case WaitUntil():
            day = _date_after(draft, inside, step)
            return None if day is None else at(day, step.at, clock)
        case WaitWeekday():
            country = str(draft.facts.get("country") or "")
            earliest = not_before(done, step.at_least, clock, country)
            return next_weekday(earliest, step.days, step.start, step.end, clock)


def _date_after(draft: Draft, inside: Inside, step: WaitUntil) -> date | None:
    """The date a field names; a date without a year is its next one from the enrolment's start."""
    value = _date_named(draft, inside, step.path)
    if value is None:
        return None
    if not isinstance(value, date) or _only_its_day_counts(draft, step.path):
        started = local_day(inside.started_at, draft.clock)
        found = next_occurrence(value, started, draft.book.rules.leap_day, True)
        if found is None:
            return None
        value = found
    if step.minus is None or step.minus.elapsed:
        return value
    return add_dates(value, Length(-step.minus.amount, step.minus.unit), str(draft.facts.get("country") or ""))


def _date_named(draft: Draft, inside: Inside, path: tuple[str, ...]) -> date | MonthDay | None:
    """A date of the person, or of the thing that the enrolment is about."""
    kind, *rest = path
    if kind not in draft.book.catalogue.things:
        return date_of(draft, path)
    value = draft.things.get(kind, {}).get(inside.thing, {}).get(rest[0])
    if isinstance(value, datetime):
        return draft.today(value)
    return value if isinstance(value, date | MonthDay) else None


def _only_its_day_counts(draft: Draft, path: tuple[str, ...]) -> bool:
    """A fact whose year may lack, such as a birthday, comes every year; when it was born nobody waits for."""
    field = draft.book.catalogue.person.get(path[-1]) if path[0] == "person" and len(path) == 2 else None
    return field is not None and field.year_optional


def rearm(draft: Draft, now: datetime) -> None:
    """Waits until a person's date read it again whenever it changes (6.2); one that is known no more ends them."""
    for inside in draft.inside:
        node = inside.node
        if inside.due_at is None or node is None or not isinstance(node.step, WaitUntil):
            continue
        if ".".join(node.step.path) in draft.changed:
            arrive(draft, inside, node.step, now)
    draft.close()


def _do(draft: Draft, inside: Inside, node: Node, now: datetime) -> None:
    """The steps that are done at once, and those that begin to wait for something."""
    match node.step:
        case Branch():
            _branch(draft, inside, node, node.step, now)
        case Stop():
            draft.end(inside, Why.stopped, now, node.step.reason)
        case Split():
            splitting.split(draft, inside, node, node.step, now)
        case WaitEvent():
            waiting.begin(draft, inside, node, node.step, now)
        case Repeat():
            repeating.begin(draft, inside, node, node.step, now)
        case Gift():
            gifts.reserve(draft, inside, node, node.step, now)
        case Task():
            errands.task(draft, inside, node, node.step, now)
        case Webhook():
            errands.webhook(draft, inside, node.step, now)
        case MoveTo():
            elsewhere.move_to(draft, inside, node, node.step, now)
        case Enrol():
            elsewhere.enrol(draft, inside, node, node.step, now)
        case Tag() | Untag() | Set():
            _tell(draft, inside, node.step, now)
            inside.goes_on("done", inside.done_at, node.next)


def _tell(draft: Draft, inside: Inside, step: Tag | Untag | Set, now: datetime) -> None:
    """Tags and facts that a step sets, as events of nurture's own."""
    match step:
        case Tag():
            make(draft, inside, now, names.PERSON_TAGGED, {"tags": step.tags})
        case Untag():
            make(draft, inside, now, names.PERSON_UNTAGGED, {"tags": step.tags})
        case Set():
            scene = draft.scene(now, inside)
            facts = {name: evaluate(value, scene) for name, value in step.values}
            make(draft, inside, now, names.PERSON_CHANGED, {"facts": facts})


def _branch(draft: Draft, inside: Inside, node: Node, step: Branch, now: datetime) -> None:
    scene = draft.scene(now, inside)
    for number, arm in enumerate(step.arms):
        if arm.condition is None or truth(arm.condition, scene):
            inside.goes_on(str(number + 1), inside.done_at, node.arms[number])
            return
    inside.goes_on("none", inside.done_at, node.next)
