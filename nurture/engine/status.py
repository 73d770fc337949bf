"""What runs, what waits and what comes next: the figures of a store, each from an index (language.md 6.5)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from datetime import datetime, timedelta

from nurture.decide.clock import day_start, local_day, reader_clock
from nurture.engine.doctor_pace import pace_lines
from nurture.engine.faults import StateError
from nurture.engine.gates import UNDECLARED, held_words, undeclared
from nurture.engine.handed import pace_words
from nurture.engine.live import live_book
from nurture.engine.pools import Left, left
from nurture.engine.shop_day import today
from nurture.engine.switches import switch_lines
from nurture.engine.tick import leap, next_due
from nurture.engine.workshop import Workshop
from nurture.model.book import Book
from nurture.model.mail import Fate
from nurture.model.rules import CLASSES
from nurture.model.sequence import Sequence
from nurture.model.switch import Switch
from nurture.model.values import dataclass
from nurture.store.alarms import Alarms, Told
from nurture.store.desk import desk
from nurture.store.figures import Application
from nurture.store.outbox_lists import Paced
from nurture.store.runner import Runner
from nurture.store.up_to import number_words, together

PATIENCE = timedelta(minutes=3)  # a daemon says every 30 seconds that it lives, and may be in a long transaction
SILENT = " · SILENT: end it if it hangs, and start it again"
ENDED_WITHOUT_A_WORD = "GONE: its process ended without a word"
WAYS = (
    (Fate.handed, "on the way"),
    (Fate.in_doubt, "in doubt"),
    (Fate.refused, "refused"),
    (Fate.unknown, "of unknown fate"),
)


@dataclass(frozen=True, slots=True)
class Standing:
    """One sequence of the live book: its version, its status in one word, and how many are inside any version."""

    name: str
    version: int
    status: str
    inside: int


@dataclass(frozen=True, slots=True)
class Status:
    """All of it at one instant (UTC).

    `held` is by cause, `lying` by fate; `today` is since midnight in the project's zone, unless it is very many: then
    `accepted` is how many providers took since midnight UTC. What is counted is counted up to 100,000, and 100,001
    stands for more. Of the waiting, `put_off` wait
    for their readers' allowed hours, and `paced` for our own pace; `pace` says what slows mail down. `undeclared`:
    nobody has said yet who must not have mail. `alarms` are those that a daemon found and that are open.
    """

    at: datetime
    project: str
    halted: str
    switches: tuple[Switch, ...]
    runners: tuple[Runner, ...]
    silent: tuple[str, ...]
    applied: Application | None
    unreadable: str
    sequences: tuple[Standing, ...]
    decided_until: datetime | None
    overdue: int
    next_due: datetime | None
    waiting: Mapping[str, int]
    held: Mapping[str, int]
    lying: Mapping[str, int]
    today: Mapping[str, int]
    today_by_class: Mapping[str, int]
    put_off: int = 0
    put_off_until: datetime | None = None
    gifts: tuple[Left, ...] = ()
    desk: Mapping[str, int] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    pace: tuple[str, ...] = ()
    paced: tuple[Paced, ...] = ()
    undeclared: bool = False
    alarms: tuple[Told, ...] = ()
    accepted: int | None = None

    def lines(self) -> Iterator[str]:
        """For people."""
        yield from self._running()
        yield from self._book()
        yield from self._decided()
        yield from self._mail()
        yield from self._desk()

    def _running(self) -> Iterator[str]:
        if self.halted:
            yield f"Nothing is sent: {self.halted} (nurture run --once --accept)"
        yield from switch_lines(self.switches)
        for alarm in self.alarms:
            yield f"Alarm       {alarm.words}, since {moment(alarm.since)} (nurture doctor)"
        for runner in self.runners:
            since = f"since {moment(runner.started_at)}, seen {ago(self.at - runner.seen_at)} ago"
            if not runner.ended:
                said = SILENT if runner.name in self.silent else ""
                said = f" · {ENDED_WITHOUT_A_WORD}" if runner.name in self.gone else said
                who = f"{runner.kind.capitalize():<12}process {runner.process}{on_machine(runner)}"
                yield f"{who}, {since} · {runner.state or 'at work'}{said}"
        if all(runner.ended or runner.name in self.gone for runner in self.runners):
            yield "Daemon      none runs (nurture run)"

    def _book(self) -> Iterator[str]:
        if self.applied is None:
            yield "Book        nothing is live yet (nurture apply)"
            return
        who = f" by {self.applied.who}" if self.applied.who else ""
        yield f"Book        applied {moment(self.applied.at)}{who}"
        if self.unreadable:
            yield f"            cannot be read: {self.unreadable}"
        for one in self.sequences:
            inside = f"{number_words(one.inside):>10} inside"
            yield f"            {one.name:<28} version {one.version:<4} {one.status:<8} {inside}"

    def _decided(self) -> Iterator[str]:
        until = moment(self.decided_until) if self.decided_until else "nothing yet"
        behind = f" · {number_words(self.overdue)} due and not looked at" if self.overdue else ""
        yield f"Decided     until {until}{behind}"
        following = "as soon as a round is run" if self.overdue else "nothing by itself"
        yield f"Next        {moment(self.next_due) if self.next_due else following}"

    def _mail(self) -> Iterator[str]:
        waiting = [f"{number_words(number)} {class_}" for class_, number in self.waiting.items()]
        yield f"Waiting     {', '.join(waiting) or 'no mail'}"
        if self.undeclared and self.waiting:
            yield f"            {UNDECLARED}"
        if self.put_off_until is not None:
            until = moment(self.put_off_until)
            some = number_words(self.put_off)
            yield f"            {some} of them until their readers may have them, the first until {until}"
        for one in self.paced:
            yield f"            {pace_words(one)}"
        for words in self.pace:
            yield f"Pace        {words}"
        if self.held:
            yield f"Held        {held_words(self.held, '')} (nurture release)"
        pools = [one.words() for one in self.gifts if one.source == "pool"]
        if pools:
            yield f"Codes       {'; '.join(pools)} (nurture codes)"
        elsewhere = [
            f"{number_words(self.lying[fate.value])} {words}" for fate, words in WAYS if self.lying.get(fate.value)
        ]
        if elsewhere:
            yield f"Elsewhere   {', '.join(elsewhere)} (nurture outbox)"
        if self.accepted is not None:
            yield f"Today       {self.accepted:,} accepted since midnight UTC: too many to tell apart"
            return
        today = [f"{number:,} {fate.replace('_', ' ')}" for fate, number in self.today.items()]
        classes = ", ".join(f"{number:,} {class_}" for class_, number in self.today_by_class.items())
        apart = classes or ("too many to tell apart by class" if today else "")
        yield f"Today       {', '.join(today) or 'no mail'}{' · ' if apart else ''}{apart}"

    def _desk(self) -> Iterator[str]:
        """What people of the shop are waited for, and other systems."""
        late = f", {self.desk['late']:,} late" if self.desk.get("late") else ""
        parts = (
            (self.desk.get("tasks"), "task", f"{late} (nurture tasks)"),
            (self.desk.get("drafts"), "draft", " for approval (nurture drafts)"),
            (self.desk.get("webhooks"), "webhook", " not answered yet (nurture webhooks)"),
        )
        said = [f"{count:,} {one}{'' if count == 1 else 's'}{more}" for count, one, more in parts if count]
        if said:
            yield f"Desk        {'; '.join(said)}"


def never(_: Runner) -> bool:
    """Nothing is known of any daemon but what it said itself."""
    return False


def status(shop: Workshop, now: datetime, gone: Callable[[Runner], bool] = never) -> Status:
    """How things stand. Nothing is written, and no question walks through all people.

    `gone` says of a daemon that did not say goodbye whether it is known to have ended.
    """
    store, figures = shop.store, shop.store.figures
    book, unreadable = readable(shop)
    put_off, paced = put_off_and_paced(figures.later(now))
    gone_today = figures.gone_since(midnight(book, now)) if book else ({}, {})
    classes, fates = gone_today or ({}, {})
    lanes, held = figures.waiting_by_lane(), figures.held_up_to()
    lying = {
        **figures.lying(),
        Fate.planned: together(*lanes.values()),
        Fate.held: together(*held.values()),
    }
    runners = store.runners()
    return Status(
        at=now,
        project=book.rules.project if book else "",
        halted=store.halted or leap(store, now),
        switches=store.switches(),
        runners=runners,
        silent=tuple(one.name for one in runners if is_silent(one, now)),
        applied=figures.application(),
        unreadable=unreadable,
        sequences=standings(shop, book) if book else (),
        decided_until=store.watermark,
        overdue=figures.overdue(now),
        next_due=next_due(store, book, now) if book else None,
        waiting=by_class(lanes, book),
        held=held,
        lying={fate.value: number for fate, number in lying.items()},
        today={fate.value: number for fate, number in fates.items()},
        today_by_class=classes,
        put_off=put_off.number if put_off else 0,
        put_off_until=put_off.until if put_off else None,
        gifts=left(store, book, quickly=True) if book else (),
        desk=on_the_desk(shop, book, now),
        gone=tuple(one.name for one in runners if gone(one)),
        pace=tuple(pace_lines(shop, now)),
        paced=paced,
        undeclared=undeclared(shop),
        alarms=Alarms(store.database).all(),
        accepted=figures.accepted_on(now.date()) if gone_today is None else None,
    )


def put_off_and_paced(later: Iterable[tuple[str, int, datetime]]) -> tuple[Paced | None, tuple[Paced, ...]]:
    """What waits for its readers' hours, if anything does, and what for our own pace, by cause."""
    found = [Paced(*one) for one in later]
    return next((one for one in found if not one.because), None), tuple(one for one in found if one.because)


def on_the_desk(shop: Workshop, book: Book | None, now: datetime) -> dict[str, int]:
    """How much waits for people of the shop and for other systems; a task is late by the shop's date."""
    doors = desk(shop.store)
    tasks, late = doors.tasks.how_many(today(book.rules, now) if book else now.date())
    webhooks = shop.store.figures.calls_to_answer()
    return {"tasks": tasks, "late": late, "drafts": doors.drafts.how_many(), "webhooks": webhooks}


def readable(shop: Workshop) -> tuple[Book | None, str]:
    """The live book; or why the applied files cannot be read by this version."""
    try:
        live = live_book(shop.store)
    except StateError as error:
        return None, str(error)
    return (live.book, "") if live else (None, "")


def on_machine(runner: Runner) -> str:
    """Where a worker is, since there may be many."""
    return f" on {runner.name.split(' ')[0]}" if runner.kind != "daemon" else ""


def is_silent(runner: Runner, now: datetime) -> bool:
    """Whether a daemon that did not say goodbye has not been heard of for too long."""
    expected = max(runner.seen_at, runner.next_at or runner.seen_at)
    return not runner.ended and now - expected > PATIENCE


def standings(shop: Workshop, book: Book) -> tuple[Standing, ...]:
    """Every sequence of the book, by name, with all who are inside, on whatever version."""
    inside: dict[str, int] = {}
    for (name, _), number in shop.store.figures.inside(shop.store.figures.versions()).items():
        inside[name] = together(inside.get(name, 0), number)
    return tuple(
        Standing(name, book.version(name), word_of(sequence), inside.get(name, 0))
        for name, sequence in sorted(book.sequences.items())
    )


def word_of(sequence: Sequence) -> str:
    """The status in one word; what was said at the command line outweighs the file."""
    switch = sequence.switch
    return sequence.status.value if switch is None else switch.words.partition(" ")[0]


def by_class(lanes: Mapping[int, int], book: Book | None) -> dict[str, int]:
    """What waits, by the class that a lane is for; of a class that is no more, `other`."""
    classes = book.rules.classes if book else CLASSES
    found: dict[str, int] = {}
    for lane, number in lanes.items():
        name = classes[lane] if lane < len(classes) else "other"
        found[name] = together(found.get(name, 0), number)
    return found


def midnight(book: Book, now: datetime) -> datetime:
    """When today began in the project's zone."""
    clock = reader_clock(book.rules, {"zone": book.rules.zone})
    return day_start(local_day(now, clock), clock)


def moment(instant: datetime) -> str:
    """`2027-03-09 10:00 UTC`."""
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def ago(gone: timedelta) -> str:
    """`12 seconds`, `4 minutes`, `3 hours`, `5 days`: the largest unit that fits; never negative."""
    seconds = max(int(gone.total_seconds()), 0)
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}{'' if seconds // length == 1 else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
