"""`nurture test --sweep`: the people of the cases live in every clock and season under the whole book (language.md 10).

Nothing is compared with `expect`, only the laws of `book_tests_laws` are held against each life. Sequences that no
case starts are given somebody of their own.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import field, replace
from datetime import date, datetime, time, timedelta
from itertools import cycle, islice

from nurture.decide.clock import reader_clock
from nurture.engine.book_tests_laws import Broken, broken, witnessed
from nurture.engine.book_tests_life import World, lived
from nurture.engine.book_tests_seasons import clocks, odd_days, years_from
from nurture.engine.book_tests_world import Clocks, Worlds
from nurture.language.test_files import Case, CaseFile, Doing, Given, Happening, Moment, Record
from nurture.model import event as own
from nurture.model.book import Book
from nurture.model.event import MonthDay
from nurture.model.place import Place
from nurture.model.sequence import Sequence as BookSequence
from nurture.model.sequence import Status
from nurture.model.trigger import DayTrigger, EventTrigger, LapseTrigger, ManualTrigger
from nurture.model.values import dataclass

LONGEST = timedelta(days=60)  # of a life in a sweep, from its first event
PAGE = 100  # lives handed to a process at a time
AHEAD = 8
NEAR = timedelta(days=800)  # a date so near the case moves with it; an older one, such as a birth, keeps its year
HOURS = (None, time(22, 10), time(2, 30), time(0, 0), time(8, 29), time(23, 59), time(12, 0))
"""When the first event happens, in turn: as the case has it, in quiet hours, round midnight, as clocks are changed."""
LATEST_YEAR = 2097
LIVES = 6  # that begin on one day in one clock
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Stay:
    """One life: whose case, in which zone, and when it begins; `hour` None keeps the case's own."""

    case: int
    zone: str
    day: date
    hour: time | None


@dataclass(frozen=True, slots=True)
class Question:
    """What every process is told once. `rules_of` is the book whose laws are held, as a rule the same one."""

    book: Book
    cases: tuple[Case, ...]
    rules_of: Book


@dataclass(frozen=True, slots=True)
class Fault:
    """A broken law, and in whose life."""

    broken: Broken
    case: str
    stay: Stay

    @property
    def line(self) -> str:
        """For people."""
        one = self.broken
        what = f"{one.sequence}: {one.mail}" if one.mail else one.sequence
        when = f" {one.at:%a %d %b %Y %H:%M}" if one.at else ""
        begins = f"{self.stay.day}{f' {self.stay.hour:%H:%M}' if self.stay.hour else ''}"
        return f"  {one.law:<14}{what}{when}  {one.words}; '{self.case}' from {begins} in {self.stay.zone}"


@dataclass(slots=True)
class Swept:
    """How many lives were lived in how many clocks and years, and each fault once for its law and mail."""

    lives: int = 0
    clocks: int = 0
    years: tuple[int, int] = (0, 0)
    messages: int = 0
    broken: int = 0
    faults: dict[tuple[str, str, str], Fault] = field(default_factory=dict)

    def add(self, faults: Iterable[Fault], lives: int, messages: int) -> None:
        """Take in what some lives showed."""
        self.lives += lives
        self.messages += messages
        for fault in faults:
            self.broken += 1
            self.faults.setdefault((fault.broken.law, fault.broken.sequence, fault.broken.mail), fault)


def sweep(
    book: Book,
    files: Sequence[CaseFile],
    tell: Callable[[int, int], None],
    *,
    every_day: bool = False,
    processes: int = 0,
    rules_of: Book | None = None,
) -> Swept:
    """Live everybody everywhere; `tell` hears how many lives are done, and of how many."""
    cases = (*(case for file in files for case in file.cases), *lonely(book, files))
    years = years_from(min(LATEST_YEAR, *(case.until.day.year for case in cases))) if cases else (0, 0)
    zones = clocks(years) if cases else []
    stays = list(stays_of(zones, years, len(cases), every_day=every_day))
    swept = Swept(clocks=len(zones), years=years)
    question = Question(book, cases, rules_of or book)
    for faults, lives, messages in answers(question, stays, processes or min(os.cpu_count() or 1, 8)):
        swept.add(faults, lives, messages)
        tell(swept.lives, len(stays))
    return swept


def stays_of(zones: Sequence[str], years: tuple[int, int], cases: int, *, every_day: bool) -> Iterator[Stay]:
    """Every clock with every odd day, the cases and hours in turn, so that each meets each clock and many seasons."""
    turn = cycle((case, hour) for hour in HOURS for case in range(cases))
    for number, zone in enumerate(zones):
        for day in odd_days(zone, years, every=every_day):
            for case, hour in islice(turn, min(LIVES, cases)):
                yield Stay((case + number) % cases, zone, day, hour)


def answers(question: Question, stays: Sequence[Stay], workers: int) -> Iterator[tuple[list[Fault], int, int]]:
    """What the lives showed, page by page; over several processes where there are so many."""
    pages = (list(stays[start : start + PAGE]) for start in range(0, len(stays), PAGE))
    if workers == 1:
        for page in pages:
            yield looked_at(question, page)
        return
    with ProcessPoolExecutor(workers, initializer=_begin, initargs=(question,)) as pool:
        waiting = [pool.submit(_page, page) for page in islice(pages, workers * AHEAD)]
        while waiting:
            yield waiting.pop(0).result()
            waiting.extend(pool.submit(_page, page) for page in islice(pages, 1))


_question: Question | None = None


def _begin(question: Question) -> None:
    global _question  # noqa: PLW0603 - a process of the pool is told once; sending the book with each page costs more
    _question = question


def _page(page: list[Stay]) -> tuple[list[Fault], int, int]:
    if _question is None:
        raise RuntimeError("the process was not told its question")
    return looked_at(_question, page)


def looked_at(question: Question, page: Sequence[Stay]) -> tuple[list[Fault], int, int]:
    """Live some lives and hold the laws against each: the faults, how many lives, and how many messages they had."""
    worlds = Worlds(question.book)
    names = tuple(name for name, one in question.book.sequences.items() if one.status is not Status.draft)
    faults: list[Fault] = []
    messages = 0
    for stay in page:
        case = moved(question.cases[stay.case], stay)
        life = worlds.life(names, case)
        decisions = [
            (decision, reader_clock(question.book.rules, decision.person.facts))
            for decision in lived(life, World(case), Clocks(worlds.book, case.given))
        ]
        seen = witnessed(decisions)
        messages += len(seen.sent)
        faults += [Fault(one, case.name, stay) for one in broken(question.rules_of, seen)]
    return faults, len(page), messages


def moved(case: Case, stay: Stay) -> Case:
    """The case in another zone, with everything so many days and minutes later or earlier."""
    start = first_moment(case)
    target = datetime.combine(stay.day, stay.hour or start.time())
    by = target - start
    given = case.given
    facts = {name: dated(value, start.date(), by) for name, value in given.facts.items()} | {"zone": stay.zone}
    events = tuple(replace(one, at=later(one.at, by)) for one in given.events)
    until = min(datetime.combine(case.until.day, case.until.clock) + by, target + LONGEST)
    return replace(
        case,
        given=replace(
            given,
            facts=facts,
            events=tuple(with_zone(one, stay.zone) for one in events),
            things=tuple(record_later(one, start.date(), by) for one in given.things),
            numbers=tuple(record_later(one, start.date(), by) for one in given.numbers),
        ),
        start=later(case.start, by) if case.start else None,
        until=Moment(until.date(), until.time()),
        clicks=tuple(doing_later(one, by) for one in case.clicks),
        tasks=tuple(doing_later(one, by) for one in case.tasks),
        version=None,
    )


def first_moment(case: Case) -> datetime:
    """When a case begins, as its wall clock shows it."""
    told = [one.at for one in case.given.events] if case.start is None else [case.start]
    found = min(((one.day, one.clock) for one in told), default=None)
    return datetime.combine(*found) if found else datetime.combine(case.until.day, time(12)) - LONGEST


def later(moment: Moment, by: timedelta) -> Moment:
    """A wall time so much later."""
    found = datetime.combine(moment.day, moment.clock) + by
    return Moment(found.date(), found.time())


def doing_later(one: Doing, by: timedelta) -> Doing:
    """A deed so much later."""
    return replace(one, at=later(one.at, by))


def record_later(one: Record, start: date, by: timedelta) -> Record:
    """A thing with its dates, so much later."""
    fields = {name: dated(value, start, by) for name, value in one.fields.items()}
    return replace(one, fields=fields, at=later(one.at, by) if one.at else None)


def with_zone(one: Happening, zone: str) -> Happening:
    """Nobody moves during a sweep: the clock that is looked at stays theirs."""
    return replace(one, fields={**one.fields, "zone": zone}) if "zone" in one.fields else one


def dated(value: object, start: date, by: timedelta) -> object:
    """A day that moves with the case: a day of the year by as much, a birth keeps its year."""
    if isinstance(value, datetime):
        return value + by
    if isinstance(value, date) and abs(value - start) < NEAR:
        return value + timedelta(days=by.days)
    if isinstance(value, date | MonthDay):
        there = date(2000, value.month, value.day) + timedelta(days=by.days)
        if isinstance(value, MonthDay):
            return MonthDay(there.month, there.day)
        return date(value.year, there.month, min(there.day, 28) if there.month == 2 else there.day)
    return value


def lonely(book: Book, files: Iterable[CaseFile]) -> Iterator[Case]:
    """Somebody for each sequence that no test file has in its world: what starts it happens to them."""
    tested = {name for file in files for name in file.sequences}
    for name, sequence in book.sequences.items():
        if name not in tested and sequence.status is not Status.draft:
            yield Case(
                f"somebody for {name}", sequence.place, Moment(date(2027, 5, 1), time(0)), given_for(book, sequence)
            )


def given_for(book: Book, sequence: BookSequence) -> Given:
    """The facts and events that its triggers ask for, with an order before them, since most ask for customers."""
    facts: dict[str, object] = {"country": "FR"}
    order = book.catalogue.orders
    happened: list[tuple[str, int, dict[str, str]]] = [(order.event, 0, {})] if order else []
    for trigger in sequence.start:
        match trigger:
            case EventTrigger(event=event):
                happened.append((event, 2, {}))
            case LapseTrigger(event=event):
                happened.append((event, 1, {}))
            case ManualTrigger():
                happened.append((own.PERSON_ENROLLED, 2, {"sequence": sequence.name}))
            case DayTrigger(path=("person", fact)) if fact in book.catalogue.person:
                facts[fact] = MonthDay(3, 20) if book.catalogue.person[fact].year_optional else date(2027, 3, 20)
    place = Place(sequence.place.file)
    events = tuple(
        Happening(Moment(date(2027, 3, 1 + days), time(14, 20)), name, with_examples(book, name, fields), place)
        for name, days, fields in happened
    )
    return Given(facts=facts, events=events)


def with_examples(book: Book, event: str, fields: dict[str, str]) -> dict[str, object]:
    """Fields that the catalogue gives an example for, and a name of its own for the order."""
    described = book.catalogue.events.get(event, {})
    found: dict[str, object] = {name: one.example for name, one in described.items() if one.example is not None}
    named = book.catalogue.orders.id_field if book.catalogue.orders else ""
    return {**found, **({named: f"{event}-1"} if named in described else {}), **fields}
