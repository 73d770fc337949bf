"""Tasks for the shop and calls of its endpoints: made once, waited for, answered (language.md 4.3, 6.1, 6.2)."""

from datetime import date, datetime, timedelta

from nurture.decide.calendar import add_dates
from nurture.decide.clock import Clock, after, local_day
from nurture.decide.conditions import evaluate
from nurture.decide.draft import Draft
from nurture.decide.inside import Inside
from nurture.decide.kept_answers import NOT_KEPT, as_fact
from nurture.decide.keys import key_of
from nurture.decide.making import make
from nurture.decide.outcomes import found, note_of, turn
from nurture.decide.shop import shop_clock, shop_country
from nurture.decide.spoken import spoken
from nurture.model import event as names
from nurture.model.decision import TaskIntent, WebhookIntent, Why
from nurture.model.event import Event
from nurture.model.length import Length
from nurture.model.step import Node, Task, Webhook

GIVEN_UP = timedelta(days=3)  # an endpoint that said nothing for so long has failed, whatever the shell does
MADE, DONE, NOT_DONE, OK, FAILED = "made", "done", "not_done", "ok", "failed"
_TASKS, _CALLS = frozenset({MADE, NOT_DONE}), frozenset({FAILED})


def task(draft: Draft, inside: Inside, node: Node, step: Task, now: datetime) -> None:
    """Make a task; with `hold_until_done` the flow waits for it, else it is done as soon as it is made."""
    key, shop = key_of(draft.book, draft.id, inside), shop_clock(draft.book.rules)
    country = shop_country(draft.book.rules.zone)
    due = _day_after(now, step.due, shop, country)
    held = after(now, step.hold, shop, None, country) if step.hold is not None else None
    draft.tasks.append(
        TaskIntent(
            key, draft.id, inside.sequence, inside.version, inside.subject, step.id,
            spoken(step.text, draft.scene(now, inside)), step.to, now, due, held,
        )
    )  # fmt: skip
    words = f"for {step.to}, due {due.day} {due:%b}"
    draft.note(Why.task, now, inside, words=words, step=step.id, until=held, place=step.place)
    if held is None:
        inside.goes_on(MADE, inside.done_at, node.next)
    else:
        inside.due_at, inside.waits_for = held, key


def webhook(draft: Draft, inside: Inside, step: Webhook, now: datetime) -> None:
    """Ask for a call; the flow waits until it is answered or given up."""
    key, scene = key_of(draft.book, draft.id, inside), draft.scene(now, inside)
    body = {name: evaluate(value, scene) for name, value in step.body}
    draft.webhooks.append(
        WebhookIntent(
            key, draft.id, inside.sequence, inside.version, inside.subject, step.id, step.endpoint, body,
            step.retry, _seconds(step.timeout), now,
        )
    )  # fmt: skip
    inside.due_at, inside.waits_for = now + GIVEN_UP, key


def over(draft: Draft, inside: Inside, node: Node, step: Task | Webhook, now: datetime) -> None:
    """The time is up: the task is not done, the call is given up."""
    due = inside.due_at or now
    if isinstance(step, Task):
        draft.note(Why.task, now, inside, words="not done in time", step=step.id, due_at=due, place=step.place)
        inside.goes_on(NOT_DONE, due, node.next)
    else:
        _failed(draft, inside, node, step, due, now, "no answer")


def answer(draft: Draft, event: Event, now: datetime) -> None:
    """A task was done or a call answered: who waits for it goes on at its own time."""
    if event.name not in (names.TASK_DONE, names.WEBHOOK_ANSWERED):
        return
    key = str(event.fields.get("key"))
    for inside in draft.inside:
        node = inside.node
        if inside.waits_for != key or node is None:
            continue
        if isinstance(node.step, Task) and event.name == names.TASK_DONE:
            _finished(draft, inside, node, node.step, event, now)
            return
        if isinstance(node.step, Webhook) and event.name == names.WEBHOOK_ANSWERED:
            _answered(draft, inside, node, node.step, event, now)
            return
    _afterwards(draft, event, key, now)


def _finished(draft: Draft, inside: Inside, node: Node, step: Task, event: Event, now: datetime) -> None:
    by = str(event.fields.get("by") or "")
    words = f"done by {by}" if by else "done"
    draft.note(Why.task, now, inside, words=words, step=step.id, due_at=event.happened_at, place=step.place)
    inside.goes_on(DONE, _own_time(inside, event, now), node.next)


def _answered(draft: Draft, inside: Inside, node: Node, step: Webhook, event: Event, now: datetime) -> None:
    done = _own_time(inside, event, now)
    if event.fields.get("ok") is not True:
        _failed(draft, inside, node, step, done, now, str(event.fields.get("words") or "refused"))
        return
    kept = _kept(draft, inside, step, event.fields.get("value"), now)
    words = f"{step.endpoint} answered" + ("" if kept else f"; {NOT_KEPT}")
    draft.note(Why.webhook, now, inside, words=words, step=step.id, due_at=done, place=step.place)
    inside.goes_on(OK, done, node.next)


def _kept(draft: Draft, inside: Inside, step: Webhook, answered: object, now: datetime) -> bool:
    """Set the fact that keeps what was answered, if one does; False when it is no value of that fact."""
    name = step.save_as.removeprefix("person.")
    fact = draft.book.catalogue.person.get(name)
    if fact is None or answered is None:
        return True
    value = as_fact(fact, answered, shop_clock(draft.book.rules))
    if value is not None:
        make(draft, inside, now, names.PERSON_CHANGED, {"facts": {name: value}})
    return value is not None


def _failed(
    draft: Draft, inside: Inside, node: Node, step: Webhook, done: datetime, now: datetime, because: str
) -> None:
    words = f"{step.endpoint} failed: {because}"
    draft.note(Why.webhook, now, inside, words=words, step=step.id, due_at=done, place=step.place)
    inside.goes_on(FAILED, done, node.next)
    if step.if_fails == "stop":
        draft.end(inside, Why.stopped, now, words)


def _afterwards(draft: Draft, event: Event, key: str, now: datetime) -> None:
    """Nobody waits for it: a task that was only made is done now; what was given up stays given up, and is said."""
    words = _TASKS if event.name == names.TASK_DONE else _CALLS
    for one, outcome, step in list(found(draft, key, words)):
        if outcome.outcome == MADE:
            turn(draft, one, outcome, DONE, max(outcome.at, min(event.happened_at, now)))
        else:
            note_of(draft, one, Why.came_too_late, now, step, event.name, outcome.at)


def _own_time(inside: Inside, event: Event, now: datetime) -> datetime:
    """When it happened; not before the step was reached, and not after we know of it."""
    return max(inside.done_at, min(event.happened_at, now))


def _day_after(now: datetime, length: Length, shop: Clock, country: str) -> date:
    if length.elapsed:
        return local_day(now + timedelta(seconds=length.seconds), shop)
    return add_dates(local_day(now, shop), length, country)


def _seconds(length: Length) -> int:
    return length.seconds if length.elapsed else (length.days or 1) * 86_400
