"""The little world of a test case: its book, its person and what happens, as the core takes it (language.md 10)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, date, datetime, time, timedelta

from nurture.decide.advance import advance
from nurture.decide.clock import Clock, at, reader_clock
from nurture.decide.lineages import traced
from nurture.language.test_files import Case, Given, Moment, Record
from nurture.model import event as own
from nurture.model.book import Applied, Book, Move
from nurture.model.event import Event, Origin
from nurture.model.person import Person
from nurture.model.sequence import Sequence as BookSequence
from nurture.model.sequence import Status
from nurture.model.step import AnyStep, Branch, Repeat, Split, WaitEvent, flow
from nurture.model.values import dataclass

INSTANT = timedelta(microseconds=1)
LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)  # the sequences of a test have been live since
YEAR = timedelta(days=365)
BEFORE = timedelta(hours=1)
ALL = "all"


@dataclass(frozen=True, slots=True)
class Life:
    """Somebody at the start of a test, and what is to come: `begin` exclusive, `end` inclusive, all in UTC.

    `book` is what they live by; from `changes` on it is `after`, where a new version is applied in the middle.
    """

    person: Person
    events: tuple[Event, ...]
    begin: datetime
    end: datetime
    book: Book
    after: Book | None = None
    changes: datetime | None = None


@dataclass(slots=True)
class Worlds:
    """Makes the little worlds of one book; books are kept, since the core remembers what it worked out for each.

    `old` are the sequences of old files by their path, for cases that apply a new version in the middle.
    """

    book: Book
    old: Mapping[str, BookSequence] = field(default_factory=dict)
    _books: dict[object, Book] = field(default_factory=dict)

    def life(self, sequences: Sequence[str], case: Case) -> Life:
        """The person of a case, at the moment before anything happens."""
        given = case.given
        told = list(happenings(self.book, given))
        clocks = Clocks(self.book, given)
        end = clocks.instant(case.until) + timedelta(seconds=1) - INSTANT
        begin = clocks.instant(case.start) - INSTANT if case.start else first(told, end) - INSTANT
        book, after, changes = self.books(sequences, case, clocks)
        known = tuple(who_they_are(self.book, case, begin if case.start or not told else begin + INSTANT))
        past = tuple(event for event in (*known, *told) if event.known_at <= begin)
        coming = tuple(event for event in (*known, *told) if event.known_at > begin)
        person = Person(given.person or "somebody", min([begin, *(event.known_at for event in past)]) - BEFORE)
        if past:
            person = advance(self.bare(), person, begin, past).person
        return Life(person, coming, begin, end, book, after, changes)

    def bare(self) -> Book:
        """The book without its sequences: what lies in the past starts nothing."""
        return self._kept("bare", lambda: replace(self.book, sequences={}, applied={}, older={}))

    def books(
        self, sequences: Sequence[str], case: Case, clocks: "Clocks"
    ) -> tuple[Book, Book | None, datetime | None]:
        """What they live by; with an old version first, then the new one, and when it is applied."""
        version = case.version
        old = self.old.get(version.old) if version else None
        if version is None or old is None:
            return self.little(sequences, case), None, None
        changes = clocks.instant(version.at)
        little = self.little(sequences, case)
        others = {name: one for name, one in little.sequences.items() if old.name not in (name, one.was)}
        now = next((name for name in little.sequences if name not in others), old.name)
        before = {**others, old.name: live(with_ways(old, case.ways))}
        after = dict(little.sequences)
        if now in after:
            after[now] = traced(after[now], before[old.name], 2)
        renamed = little.renamed if now == old.name else {**little.renamed, "sequence": {old.name: now}}
        second = replace(
            little,
            sequences=after,
            applied={**little.applied, now: Applied(2, changes)},
            older={(name, 1): before[old.name] for name in (now, old.name)},
            moves={now: (Move(2, changes, version.due_now),)},
            renamed=renamed,
        )
        applied = dict.fromkeys(before, Applied(1, LONG_AGO))
        return replace(little, sequences=before, applied=applied), second, changes

    def little(self, sequences: Sequence[str], case: Case) -> Book:
        """The book with these sequences alone, all live for long; hold-out and ways as the case says."""
        key = (tuple(sequences), case.held_out, tuple(sorted(case.ways.items())))
        return self._kept(key, lambda: self._little(sequences, case))

    def _little(self, sequences: Sequence[str], case: Case) -> Book:
        found = {name: self.book.sequences[name] for name in sequences if name in self.book.sequences}
        chosen = {name: live(with_ways(one, case.ways)) for name, one in found.items()}
        rules = replace(self.book.rules, hold_out=100 if case.held_out else 0)
        applied = dict.fromkeys(chosen, Applied(1, LONG_AGO))
        return replace(self.book, rules=rules, sequences=chosen, applied=applied, older={}, moves={})

    def _kept(self, key: object, make: Callable[[], Book]) -> Book:
        if key not in self._books:
            self._books[key] = make()
        return self._books[key]


def live(sequence: BookSequence) -> BookSequence:
    """As it is in a test: live, whatever its file says, and without a hold-out of its own."""
    return replace(sequence, status=Status.live, hold_out=0, switch=None)


def with_ways(sequence: BookSequence, ways: Mapping[str, str]) -> BookSequence:
    """The sequence with everybody on the wanted ways of its splits."""
    if not any(isinstance(node.step, Split) and node.step.id in ways for node in sequence.nodes.values()):
        return sequence
    steps = tuple(chosen(step, ways) for step in sequence.steps)
    return replace(sequence, steps=steps, nodes=flow(steps))


def chosen(step: AnyStep, ways: Mapping[str, str]) -> AnyStep:
    """A step with the wanted way alone carrying weight, in itself and in everything inside it."""
    match step:
        case Split():
            wanted = ways.get(step.id)
            return replace(
                step,
                ways=tuple(
                    replace(
                        way,
                        weight=way.weight if wanted is None else int(way.name == wanted),
                        steps=tuple(chosen(one, ways) for one in way.steps),
                    )
                    for way in step.ways
                ),
            )
        case Branch():
            arms = (replace(arm, steps=tuple(chosen(one, ways) for one in arm.steps)) for arm in step.arms)
            return replace(step, arms=tuple(arms))
        case WaitEvent():
            then = tuple(chosen(one, ways) for one in step.then)
            return replace(step, then=then, otherwise=tuple(chosen(one, ways) for one in step.otherwise))
        case Repeat():
            return replace(step, steps=tuple(chosen(one, ways) for one in step.steps))
        case _:
            return step


class Clocks:
    """The test person's own clock, which changes where the case tells another zone or country."""

    def __init__(self, book: Book, given: Given) -> None:
        facts = dict(given.facts)
        self._since: list[tuple[tuple[date, time], Clock]] = [((date.min, time.min), reader_clock(book.rules, facts))]
        for one in sorted(given.events, key=lambda one: (one.at.day, one.at.clock)):
            if one.event == own.PERSON_CHANGED and not {"zone", "country"}.isdisjoint(one.fields):
                facts |= one.fields
                self._since.append(((one.at.day, one.at.clock), reader_clock(book.rules, facts)))

    def instant(self, moment: Moment) -> datetime:
        """The instant (UTC) of a wall time on their clock as it is then."""
        shown = (moment.day, moment.clock)
        clock = next(clock for since, clock in reversed(self._since) if since < shown or since[0] == date.min)
        return at(moment.day, moment.clock, clock)


def first(told: Sequence[Event], end: datetime) -> datetime:
    """When a case without `from` starts: with the first thing that happens, else a year before its end."""
    return min((event.happened_at for event in told), default=end - YEAR)


def happenings(book: Book, given: Given) -> Iterator[Event]:
    """What happens to them, as events that are known at once."""
    clocks = Clocks(book, given)
    number = 0
    for number, one in enumerate(given.events, 1):
        if one.event == own.GIFT_USED:
            continue  # its code is known only when it was given
        when = clocks.instant(one.at)
        yield Event(f"test-{number}", one.event, when, when, number, own_form(one.event, one.fields))
    for record in (*given.things, *given.numbers):
        if record.at is not None:
            number += 1
            yield told_record(book, record, clocks.instant(record.at), number)


def own_form(name: str, fields: Mapping[str, object]) -> Mapping[str, object]:
    """The fields of an event as the core keeps them: facts stand together, and a basis beside a consent."""
    if name == own.PERSON_CHANGED:
        return {"facts": dict(fields)}
    if name == own.CONSENT_GIVEN:
        return {"basis": "test", **fields}
    if name in (own.CONSENT_REFUSED, own.CONSENT_LIFTED):
        return {"topics": (), **fields}
    return fields


def told_record(book: Book, record: Record, when: datetime, number: int) -> Event:
    """A thing or numbers as an event; numbers before everything else, since the others are counted from 1."""
    thing = book.catalogue.things.get(record.kind)
    if thing is None:
        fields: dict[str, object] = {"numbers": record.kind, "fields": dict(record.fields)}
        return Event(f"test-told-{number}", own.NUMBERS_TOLD, when, when, number, fields)
    named = str(record.fields[thing.key])
    known = {name: value for name, value in record.fields.items() if name in thing.fields}
    fields = {"thing": record.kind, "key": named, "fields": known}
    return Event(f"test-told-{number}", own.THING_CHANGED, when, when, number, fields)


def who_they_are(book: Book, case: Case, when: datetime) -> Iterator[Event]:
    """Facts, address, consents, tags and things they have from the start, as an import would bring them."""
    given = case.given
    topics = tuple(sorted(book.topics)) if given.consents is None else given.consents
    refused = () if ALL in given.refused else given.refused  # of nothing in particular: of everything
    told: list[tuple[str, Mapping[str, object]]] = []
    if case.reachable:
        told.append((own.ADDRESS_ADDED, {"address": f"{given.person or 'somebody'}@test.invalid"}))
    if given.facts:
        told.append((own.PERSON_CHANGED, {"facts": dict(given.facts)}))
    if topics:
        told.append((own.CONSENT_GIVEN, {"topics": topics, "basis": "test"}))
    if given.refused:
        told.append((own.CONSENT_REFUSED, {"topics": refused}))
    if given.tags:
        told.append((own.PERSON_TAGGED, {"tags": given.tags}))
    told += [(own.THEME_SPARED, {"theme": theme}) for theme in given.spared]
    for number, (name, fields) in enumerate(told, -1000):
        yield Event(f"known-{name}-{number}", name, when, when, number, fields, Origin.imported)
    standing = [record for record in (*given.things, *given.numbers) if record.at is None]
    for number, record in enumerate(standing, -500):
        yield replace(told_record(book, record, when, number), origin=Origin.imported)
