"""Whom a week, a broadcast or a feast concerns: the people of a zone, narrowed by what SQL can say (language.md 4.2).

Nothing is kept per person for it: the hour is known of each zone, and those who fit are read from an index, by id.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, bindparam, exists, func, or_, select, text

from nurture.model.book import Book
from nurture.model.bucket import BUCKETS, bucket
from nurture.model.expression import Both, Expression
from nurture.model.length import Length
from nurture.model.moving import is_still, numbers_needed
from nurture.model.placing import stage_rules
from nurture.model.sequence import Sequence, Status
from nurture.model.special_days import SPECIAL_DAYS
from nurture.model.trigger import EveryTrigger, HolidayTrigger, OnceTrigger
from nurture.model.values import dataclass
from nurture.store.database import ask
from nurture.store.local import clock_of, days_opening, next_opening, opening
from nurture.store.prefilter import LocalDay, prefilter
from nurture.store.projections import numbers_path, tag_path
from nurture.store.tables import DAY_OF, PERSON

Dates = Callable[[Book, str, str, int], tuple[date, ...]]
"""The dates of a special day in a country (in capitals) in a year, as `decide` knows them."""

DAY_START = time(0, 0)
_DAY = timedelta(days=1)
_LONG = {"month": 30, "year": 365}
_FEW_TURNS = 16  # of a spread that are looked for by their buckets
_TOLD = {"week": 9, "month": 33, "day": 3}  # so many dates back numbers that are known still can have been told
_COLUMNS = {
    "person.country": "NULLIF(person.country, '')",
    "person.orders.count": "person.orders_count",
}
"""What a condition may ask that stands in a column just as the core reads it."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """Who can fit at all: in one of these stages (none: any), by these parts of `if`, with these numbers told."""

    stages: tuple[str, ...]
    parts: tuple[Expression, ...]
    numbers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Weekly:
    """`every: week`: 0 is Monday."""

    weekday: int
    at: time
    who: Fitting


@dataclass(frozen=True, slots=True)
class Broadcast:
    """`once`: went live at `since` (never: None); goes also to those whose hour had passed then, where `past_too`."""

    day: date
    at: time
    since: datetime | None
    past_too: bool
    spread: timedelta
    salt: int
    who: Fitting

    def hour(self, zone: ZoneInfo) -> datetime | None:
        """When it begins in a zone (UTC); None where it does not go any more."""
        found = opening(self.day, self.at, zone)
        if self.since is None or found >= self.since:
            return found
        return self.since if self.past_too else None


@dataclass(frozen=True, slots=True)
class Feasts:
    """`holiday`: names, the fact that says who keeps them (empty: all do), whether the usual fact tells the country."""

    names: tuple[str, ...]
    fact: str
    by_country: bool
    lead: int
    who: Fitting


Crowd = Weekly | Broadcast | Feasts


def crowds_of(book: Book) -> tuple[Crowd, ...]:
    """What concerns very many at once, of the sequences that may start people."""
    running = (one for one in book.sequences.values() if one.status not in (Status.draft, Status.closed))
    return tuple(crowd for sequence in running for crowd in _crowds(book, sequence))


def _crowds(book: Book, sequence: Sequence) -> Iterator[Crowd]:
    for trigger in sequence.start:
        root = trigger.condition.root if trigger.condition is not None else None
        if isinstance(trigger, EveryTrigger):
            yield Weekly(trigger.weekday, trigger.at, _fitting(book, sequence, root))
        elif isinstance(trigger, OnceTrigger):
            applied = book.applied.get(sequence.name)
            since = (applied.starts_since or applied.live_since) if applied is not None else None
            past_too, salt = applied is not None and applied.past_too, bucket(sequence.lineage or sequence.name)
            who, spread = _fitting(book, sequence, root), _elapsed(sequence.spread)
            yield Broadcast(trigger.day, trigger.at, since, past_too, spread, salt, who)
        elif isinstance(trigger, HolidayTrigger):
            fact = trigger.observed_by[-1] if trigger.observed_by else ""
            lead = (trigger.lead.days or 0) if trigger.lead else 0
            usual = trigger.country[-1] == "country"
            yield Feasts(trigger.days, fact, usual, lead, _fitting(book, sequence, root))


def _elapsed(length: Length | None) -> timedelta:
    """A spread as elapsed time, as `decide` takes it."""
    if length is None:
        return timedelta()
    if length.elapsed:
        return timedelta(seconds=length.seconds)
    return timedelta(days=length.days if length.days is not None else length.amount * _LONG[length.unit.value])


def fitting_in(connection: Connection, book: Book, sequence: Sequence, zone: str) -> int:
    """How many people of a zone can fit the first trigger of a sequence, whatever numbers they were told."""
    condition = sequence.start[0].condition
    who = replace(_fitting(book, sequence, condition.root if condition is not None else None), numbers=())
    these = narrowed(_people(zone), who, stage_rules(book), (date.min, date.min)).subquery()
    return int(connection.execute(select(func.count()).select_from(these)).scalar_one())


def _fitting(book: Book, sequence: Sequence, root: Expression | None) -> Fitting:
    stages = {stage.id for stage in book.stages}
    wanted = sequence.stage if stages.issuperset(sequence.stage) else ()  # moments are in no column
    parts = () if root is None else root.parts if isinstance(root, Both) else (root,)
    still = tuple(part for part in parts if is_still(part))
    told = numbers_needed(root) if root is not None else frozenset[str]()
    numbers = [(name, book.catalogue.numbers[name].over) for name in sorted(told) if name in book.catalogue.numbers]
    return Fitting(tuple(wanted), still, tuple(numbers))


def crowds(
    connection: Connection, book: Book, rules: str, wanted: Iterable[Crowd], zone: str, since: datetime,
    until: datetime, dates: Dates | None,
) -> Iterator[Select[Any]]:  # fmt: skip
    """The statements, each of one column of ids, that find whom anything of this can start in (since, until].

    `rules` is the digest of today's stage rules: a stage worked out by others narrows nothing. Without `dates`
    ValueError for a book that starts people by special days.
    """
    clock, countries = clock_of(zone), cache(partial(countries_of, connection, zone))
    for crowd in wanted:
        if isinstance(crowd, Feasts):
            days = days_opening(clock, DAY_START, since, until)
            if days is not None:
                yield from _feasts(book, rules, crowd, zone, countries, days, _known(dates))
        elif isinstance(crowd, Weekly):
            days = days_opening(clock, crowd.at, since, until)
            if days is not None and any(day.weekday() == crowd.weekday for day in _between(*days)):
                yield from (narrowed(one, crowd.who, rules, days) for one in _everybody(zone, countries()))
        else:
            turns = _turns(crowd, clock, since, until)
            if turns is not None:
                these = _whose_turn(crowd, *turns, zone, countries)
                yield from (narrowed(one, crowd.who, rules, (crowd.day, crowd.day)) for one in these)


def _known(dates: Dates | None) -> Dates:
    if dates is None:
        raise ValueError("the book starts people by special days: say when they fall")
    return dates


def _between(first: date, last: date) -> Iterator[date]:
    for number in range(min((last - first).days, 7) + 1):
        yield first + timedelta(days=number)


def _turns(crowd: Broadcast, zone: ZoneInfo, since: datetime, until: datetime) -> tuple[int, int] | None:
    """The first and last turn of a broadcast that can come in (since, until]; one too many at either end."""
    hour = crowd.hour(zone)
    if hour is None or hour > until or hour + crowd.spread <= since:
        return None
    if not crowd.spread:
        return 0, BUCKETS - 1
    first = (since - hour) * BUCKETS // crowd.spread
    last = (until - hour) * BUCKETS // crowd.spread + 1
    return max(first, 0), min(last, BUCKETS - 1)


def _people(zone: str) -> Select[Any]:
    return select(PERSON.c.id).where(PERSON.c.zone == zone)


def _everybody(zone: str, countries: list[str]) -> Iterator[Select[Any]]:
    """Everybody of a zone who lives in one of these, a question for each: so it reads an index in the order of ids."""
    return (_people(zone).where(PERSON.c.country == country) for country in countries)


def _whose_turn(
    crowd: Broadcast, first: int, last: int, zone: str, countries: Callable[[], list[str]]
) -> Iterator[Select[Any]]:
    """Those of a zone whose turn comes: a few turns are found by their buckets, for many everybody is gone through."""
    if (first, last) == (0, BUCKETS - 1):
        yield from _everybody(zone, countries())
    elif last - first < _FEW_TURNS:
        yield _people(zone).where(
            PERSON.c.bucket.in_([(turn - crowd.salt) % BUCKETS for turn in range(first, last + 1)])
        )
    else:
        turn = (PERSON.c.bucket + crowd.salt) % BUCKETS
        yield from (one.where(turn.between(first, last)) for one in _everybody(zone, countries()))


def narrowed(statement: Select[Any], who: Fitting, rules: str, days: tuple[date, date]) -> Select[Any]:
    """A statement about people without those who cannot fit on any of these local dates."""
    if who.stages:
        statement = statement.where(or_(PERSON.c.stage.in_(who.stages), PERSON.c.placed_by != rules))
    for name, over in who.numbers:
        statement = statement.where(_told(name, over, days))
    if not who.parts:
        return statement
    asked = who.parts[0] if len(who.parts) == 1 else Both(who.parts)
    said, given = prefilter(asked, _COLUMNS, _NO_DAY)
    return statement if said == "TRUE" else statement.where(text(said).bindparams(**given))


def _told(name: str, over: str, days: tuple[date, date]) -> Any:
    """Whether numbers were told late enough to be known still; of a long stretch, whether they ever were."""
    told = [DAY_OF.c.person == PERSON.c.id, DAY_OF.c.path == numbers_path(name)]
    first, last = days[0] - timedelta(days=_TOLD.get(over, 400)), days[1] + _DAY
    if (last - first).days < 300:
        counted = range((last - first).days + 1)
        these = {(day.month * 100 + day.day) for day in (first + timedelta(days=number) for number in counted)}
        told.append(DAY_OF.c.month_day.in_(sorted(these)))
    return exists().where(*told)


def _never(*_: object) -> Any:
    raise ValueError("only what stands still is asked of everybody")


_NO_DAY = LocalDay(datetime.min.replace(tzinfo=UTC), date.min, _never, _never)


def _feasts(
    book: Book, rules: str, crowd: Feasts, zone: str, countries: Callable[[], list[str]], days: tuple[date, date],
    dates: Dates,
) -> Iterator[Select[Any]]:  # fmt: skip
    ahead = (days[0] + timedelta(days=crowd.lead), days[1] + timedelta(days=crowd.lead))
    told = countries() if crowd.by_country else []
    for name in crowd.names:
        due = [country for country in told if _falls(book, name, country.upper(), ahead, dates)]
        if not due and (crowd.by_country or not _falls_anywhere(book, name, ahead, dates)):
            continue
        if crowd.fact:
            keepers = _keepers(zone, crowd.fact, name)
            these = iter((keepers.where(PERSON.c.country.in_(due)) if due else keepers,))
        else:
            these = _everybody(zone, due if crowd.by_country else countries())
        yield from (narrowed(one, crowd.who, rules, ahead) for one in these)


def _keepers(zone: str, fact: str, name: str) -> Select[Any]:
    """Who says that they keep a feast."""
    kept = (DAY_OF.c.path == tag_path(fact, name), DAY_OF.c.month_day == 0, DAY_OF.c.zone == zone, DAY_OF.c.year == 0)
    return select(DAY_OF.c.person).join_from(DAY_OF, PERSON, PERSON.c.id == DAY_OF.c.person).where(*kept)


def _falls(book: Book, name: str, country: str, days: tuple[date, date], dates: Dates) -> bool:
    years = range(days[0].year, days[1].year + 1)
    return any(days[0] <= day <= days[1] for year in years for day in dates(book, name, country, year))


def _falls_anywhere(book: Book, name: str, days: tuple[date, date], dates: Dates) -> bool:
    """Whether a feast can fall on such a date in some country: where another fact than `country` names it."""
    table, ours = SPECIAL_DAYS.get(name), book.house.day(name)
    named = {country for one in table.dated for country in one.countries} if table is not None else set()
    told = {where for _, where, _ in ours.dates} if ours is not None else set()
    near = (days[0] - 3 * _DAY, days[1] + 3 * _DAY)  # moon-sighted feasts lie within these of one another
    return _falls(book, name, "ZZ", near, dates) or any(
        _falls(book, name, country, days, dates) for country in {"", *named, *told}
    )


def countries_of(connection: Connection, zone: str) -> list[str]:
    """The countries of the people of a zone, as they were told: a few steps through an index, whoever lives there."""
    found: list[str] = []
    ((country,),) = ask(connection, _FIRST_COUNTRY, zone=zone)
    while country is not None:
        found.append(country)
        ((country,),) = ask(connection, _NEXT_COUNTRY, zone=zone, country=country)
    return found


_FIRST_COUNTRY = select(func.min(PERSON.c.country)).where(PERSON.c.zone == bindparam("zone"))
_NEXT_COUNTRY = _FIRST_COUNTRY.where(PERSON.c.country > bindparam("country"))


def next_moment(crowd: Crowd, zone: ZoneInfo, after: datetime) -> datetime | None:
    """The next instant later than `after` at which this can concern somebody of a zone."""
    if isinstance(crowd, Feasts):
        return next_opening(zone, DAY_START, after)
    if isinstance(crowd, Weekly):
        moment = next_opening(zone, crowd.at, after)
        while moment.astimezone(zone).weekday() != crowd.weekday:
            moment = next_opening(zone, crowd.at, moment)
        return moment
    hour = crowd.hour(zone)
    if hour is None or hour + crowd.spread < after:
        return None
    if hour > after or not crowd.spread:
        return hour if hour > after else None
    turn = (after - hour) * BUCKETS // crowd.spread + 1
    return hour + crowd.spread * turn / BUCKETS if turn < BUCKETS else None
