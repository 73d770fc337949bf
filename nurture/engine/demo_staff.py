"""What the people of the demo's shop do: calls are answered, drafts approved, tasks done; and what is on their desk."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from nurture.engine.applying import LiveBook
from nurture.engine.drafts import approve
from nurture.engine.drafts import listing as drafts_waiting
from nurture.engine.short_keys import KEY_SHOWN
from nurture.engine.tasks import listing as tasks_open
from nurture.engine.workshop import Workshop
from nurture.model.person import Reserved
from nurture.store.desk import desk
from nurture.store.webhooks import OK, Result

WHO = "lena"
MOST = 1_000
PATIENCE = timedelta(days=2)  # how long a task lies on the desk
SHOWN = 3


def answer_calls(shop: Workshop, now: datetime) -> bool:
    """Every call that waits is answered at once, as if the other side were well; whether there was any."""
    calls = desk(shop.store).webhooks.claim(MOST, now)
    for call in calls:
        desk(shop.store).webhooks.settle(Result(call.key, OK, "answered by the demo"), now)
    return bool(calls)


def approve_drafts(shop: Workshop, live: LiveBook, now: datetime) -> bool:
    """Every draft written at this instant is approved as it is; whether there was any."""
    written = [sheet for sheet in desk(shop.store).drafts.waiting(MOST) if sheet.since == now]
    for sheet in written:
        approve(shop, live, sheet.intent.key[:KEY_SHOWN], WHO, now)
    return bool(written)


def do_tasks(shop: Workshop, now: datetime) -> None:
    """What has lain on the desk for two days is done."""
    for task in desk(shop.store).tasks.open(MOST):
        if task.made_at <= now - PATIENCE:
            desk(shop.store).tasks.finish(task.key, WHO, "", now)


def desk_lines(shop: Workshop, live: LiveBook, now: datetime) -> Iterator[str]:
    """What waits for a person: tasks and drafts, the first of each, and the commands that list them."""
    tasks = tasks_open(shop, live.book.rules, now, MOST).tasks
    yield f"On Lena's desk: {counted(len(tasks), 'task')} (nurture tasks)"
    for task in tasks[:SHOWN]:
        yield from task.lines()
    drafts = drafts_waiting(shop, live, now, MOST)
    yield f"and {counted(len(drafts), 'draft')} that she reads before it goes (nurture drafts)"
    for draft in drafts[:SHOWN]:
        yield from draft.lines()


def gift_lines(shop: Workshop, now: datetime) -> Iterator[str]:
    """How many gifts were given, and the last of each kind with its code."""
    given: dict[str, list[tuple[datetime, str, Reserved]]] = {}
    for page in shop.store.everybody():
        labels = shop.store.labels(page)
        for person, _ in shop.store.people(page, now):
            for enrolment in person.enrolments:
                for gift in enrolment.gifts:
                    if gift.given_at is not None:
                        given.setdefault(gift.gift, []).append((gift.given_at, labels[person.id], gift))
    count = counted(sum(map(len, given.values())), "gift")
    yield f"{count} given, each code drawn with the mail that carries it; the last of each kind:"
    for name in sorted(given):
        at, label, gift = max(given[name], key=lambda one: one[:2])
        until = f", good until {gift.expires_on}" if gift.expires_on else ""
        yield f"  {at:%a} {at.day} {at:%b}  {label:<8}  {name:<14}  {gift.code}{until}"


def counted(count: int, one: str) -> str:
    """`1 task`, `12 tasks`."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"
