"""The store as the engine knows it: one object, whose questions and answers are the nouns of `model`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from nurture import spans
from nurture.model.book import Book
from nurture.model.decision import Decision, Reason
from nurture.model.event import Event, Origin
from nurture.model.mail import Fate, Handover
from nurture.model.person import Person
from nurture.model.switch import Switch, Word
from nurture.store import files, inquiries, installation, load, outbox, rebuild, runner, said, save, switches
from nurture.store.applications import Applications, refuse_superseded
from nurture.store.at_most import Places, keep
from nurture.store.basis import basis_of
from nurture.store.beside import giving_in
from nurture.store.candidates import Buckets, fell_due, next_agenda, next_scan, watched
from nurture.store.clicks import Clicks
from nurture.store.codec import micros
from nurture.store.crowds import Dates
from nurture.store.database import CACHE, PAGE, Database, connect, pages
from nurture.store.figures import Figures
from nurture.store.happenings import Happenings
from nurture.store.ingest import Importing
from nurture.store.load import Loaded
from nurture.store.migrate import bring_up_to_date
from nurture.store.outbox_doors import Outbox
from nurture.store.outbox_rows import Batch, fates
from nurture.store.page import Rows
from nurture.store.projections import zones_of
from nurture.store.proposing import proposed
from nurture.store.received import Posts
from nurture.store.rounds import Rounds

ZoneOf = Callable[[Person], str]
_REMEMBERED = 2 * PAGE  # people kept between `people` and `commit`


def open_store(url: str, installation_file: Path | None = None, cache: int = CACHE) -> "Store":
    """Open a store by its SQLAlchemy URL, making or migrating its tables (SQLite after a backup copy).

    `installation_file` is where this installation remembers the store it works with; None asks nothing.
    `cache`: megabytes of it that are kept in memory.
    """
    # The file before the store: what another process commits in between only puts the store ahead.
    remembered = installation.read_file(installation_file) if installation_file is not None else None
    database = connect(url, cache=cache)
    backup = bring_up_to_date(database)
    halted = installation.standing(database)
    mark = installation.first_mark(database)
    if installation_file is not None:
        halted = halted or installation.halted_because(mark, remembered, installation_file)
        if not halted:
            installation.keep_file(installation_file, mark, remembered)
    return Store(database, mark, installation_file, halted, backup)


class Store:
    """People, events, decisions and mails on disk. Not shared between threads."""

    def __init__(
        self, database: Database, mark: installation.Mark, file: Path | None, halted: str, backup: Path | None
    ) -> None:
        self.database, self.unreadable = database, load.Unreadable()
        self.id, self.halted, self.backup, self._file = mark.store, halted, backup, file
        self._loaded, self._places = dict[str, Loaded](), Places()
        self.also: Callable[[Connection, Rows], None] = lambda *_: None  # in the transaction of decisions
        self.outbox = Outbox(database, self._remember)
        self.figures, self.applications = Figures(database), Applications(database, self._remember)
        self.received, self.rounds = Posts(database, self._remember), Rounds(database)
        self.happenings, self.clicks = Happenings(database, self._remember), Clicks(database, self._remember)

    def close(self) -> None:
        """Let the files go."""
        self.database.engine.dispose()

    def accept(self) -> None:
        """A person has looked: this store is the one this installation works with from now on."""
        with self.database.writing() as connection:
            mark = installation.begin_anew(connection, self._file) if self.halted else installation.count_on(connection)
        if self._file is not None:
            installation.write_file(self._file, mark)
        self.halted = ""

    # What holds beside the people: secrets, declarations

    def secret(self, name: str, now: datetime) -> bytes:
        """The newest secret of that name; a new store makes its own here (RFC 8058 links must stay valid for ever)."""
        with self.database.writing() as connection:
            return installation.secret(connection, name, micros(now))

    def secrets(self, name: str) -> tuple[bytes, ...]:
        """Every secret of that name there ever was, the newest first: all of them are believed."""
        with self.database.reading() as connection:
            return installation.all_secrets(connection, name)

    def declare(self, name: str, words: str, now: datetime) -> None:
        """Keep that something was stated, such as that suppressions were imported; the newest words win."""
        with self.database.writing() as connection:
            installation.declare(connection, name, words, micros(now))
            mark = installation.count_on(connection)
        self._remember(mark)

    def declared(self, name: str) -> str | None:
        """What was stated under that name; None when nothing was."""
        with self.database.reading() as connection:
            return installation.declared(connection, name)

    # What a person said until they take it back

    def switches(self) -> tuple[Switch, ...]:
        """The switches that hold: halt first, then by sequence."""
        with self.database.reading() as connection:
            return switches.switches(connection)

    def set_switch(self, switch: Switch, now: datetime) -> Switch:
        """Make a switch hold, and answer what holds now; see `switches.set_switch`. It counts as a commit."""
        with self.database.writing(durable=True) as connection:
            holds = switches.set_switch(connection, switch, now)
            mark = installation.count_on(connection)
        self._remember(mark)
        return holds

    def lift_switch(self, word: Word, sequence: str, now: datetime) -> Switch | None:
        """Take a switch back, and answer what held; None when nothing did. It counts as a commit."""
        with self.database.writing(durable=True) as connection:
            held = switches.lift_switch(connection, word, sequence, now)
            mark = installation.count_on(connection)
        self._remember(mark)
        return held

    def inside(self, sequence: str) -> int:
        """How many enrolments of a sequence run."""
        with self.database.reading() as connection:
            return switches.inside(connection, sequence)

    def inside_of(self, sequence: str) -> Iterator[list[str]]:
        """The ids of those inside a sequence as this is called, ascending and in pages."""
        with self.database.reading() as connection:
            found = switches.people_inside(connection, sequence)
        yield from (list(page) for page in pages(found))

    # Deciding

    @property
    def watermark(self) -> datetime | None:
        """Up to when all that falls due by itself has been looked at; None before the first tick."""
        with self.database.reading(once=True) as connection:
            return load.watermark(connection)

    def move_watermark(self, until: datetime) -> None:
        """All candidates up to `until` were decided; it never moves back."""
        with self.database.writing() as connection:
            save.move_watermark(connection, until)

    def candidates(
        self,
        book: Book,
        since: datetime,
        until: datetime,
        dates: Dates | None = None,
        buckets: Buckets | None = None,
    ) -> Iterator[list[str]]:
        """Ids, ascending and in pages, of all for whom anything can fall due in (since, until]: never one too few.

        `dates` says when special days fall; ValueError without it for a book that starts people by them. With
        `buckets` only people of these are looked for: a part of what many workers share.
        """
        return proposed(self.database, book, since, until, dates, buckets)

    def fell_due(self, after: datetime, until: datetime, limit: int) -> list[str]:
        """Ids, ascending, of up to so many for whom something arrived or was to be looked at in (after, until]."""
        with self.database.reading() as connection:
            return fell_due(connection, after, until, limit)

    def next_agenda(self, after: datetime) -> datetime | None:
        """The next instant later than `after` at which anybody in flight is due."""
        with self.database.reading() as connection:
            return next_agenda(connection, after)

    def next_scan(self, book: Book, after: datetime) -> datetime | None:
        """The next instant later than `after` at which dates or lapses of some zone fall due."""
        with self.database.reading() as connection:
            return next_scan(zones_of(connection), watched(book), after)

    def people(self, ids: Sequence[str], now: datetime) -> list[tuple[Person, tuple[Event, ...]]]:
        """Each person as last decided, in the order of ids, with the events known by `now` that arrived since.

        One whose row is damaged is set aside: left out, in `unreadable`, and logged once.
        """
        with self.database.reading() as connection:
            found = load.people(connection, ids, now, self.unreadable)
        if len(self._loaded) > _REMEMBERED:
            self._loaded.clear()
        self._loaded.update((one.person.id, one) for one in found)
        return [(one.person, one.arrived) for one in found]

    def commit(
        self,
        decisions: Sequence[Decision],
        now: datetime,
        zone_of: ZoneOf,
        book: Book | None = None,
        insist: bool = False,
    ) -> None:
        """Write decisions, up to 500 in one transaction: all of a person's or nothing.

        `zone_of` names the reader's time zone. Raises Conflict when one of them was decided by somebody
        else meanwhile, Superseded when another book was applied meanwhile (unless one insists), and IntegrityError
        when a send key or an enrolment would double (a defect).
        """
        for page in pages(decisions):
            self._commit(page, now, zone_of, book, insist)

    def _commit(
        self, decisions: Sequence[Decision], now: datetime, zone_of: ZoneOf, book: Book | None, insist: bool
    ) -> None:
        ids = [decision.person.id for decision in decisions]
        before = {id_: self._loaded.pop(id_) for id_ in ids if id_ in self._loaded}
        with giving_in(), self.database.writing(beside=True) as connection:
            if book is not None and not insist:
                refuse_superseded(connection, book)
            missing = [id_ for id_ in ids if id_ not in before]
            before |= {one.person.id: one for one in load.people(connection, missing, now)} if missing else {}
            rows = save.gather(decisions, before, zone_of, save.classes_of(book), basis_of(connection, book))
            keep(connection, rows, now, min((one.horizon for one in before.values()), default=0), book, self._places)
            self.also(connection, rows)
            mark = installation.count_on(connection)
        self._places.stand(mark.counter)
        self._remember(mark)

    def _remember(self, mark: installation.Mark) -> None:
        """Keep the mark in the installation; never while halted, or the store would let itself go."""
        if self._file is not None and not self.halted:
            installation.write_file(self._file, mark)

    def wake_everybody(self, now: datetime) -> None:
        """Have everybody looked at in the next tick: new stage rules or rhythms may hold for anyone."""
        with self.database.writing() as connection:
            rebuild.wake_everybody(connection, now)

    # Taking in

    def importing(self, now: datetime, source: str = "shop", origin: Origin = Origin.imported) -> Importing:
        """A bulk writer of contacts, events, consents, suppressions and earlier mails, known from `now` on.

        It counts as a commit: a backup from before it lacks refusals.
        """
        with self.database.writing() as connection:
            mark = installation.count_on(connection)
        self._remember(mark)
        return Importing(self.database, self.id, now, source, origin)

    def record(self, one: said.Said, now: datetime) -> bool | None:
        """Record what a reader said by a link; whether it is new, and None when there is no such person.

        It is safe from a power cut when this returns, and counts as a commit: a backup from before it lacks it.
        """
        with self.database.writing(durable=True) as connection:
            new = said.record(connection, one, now)
            mark = installation.count_on(connection) if new else None
        if mark is not None:
            self._remember(mark)
        return new

    # The outbox

    def recover(self, now: datetime, book: Book | None = None, owner: str | None = None) -> outbox.Recovered:
        """Once at start, before the owner's first claim: what a cut left behind is put back, or in doubt.

        What others are handing over is left to them while their lease runs; without an owner nothing is.
        """
        return outbox.recover(self.database, now, book, owner)

    def claim(self, limit: int, now: datetime, owner: str = "") -> Batch | None:
        """The next mails to hand over, service first; None when nothing waits. Nothing is asked of any gate."""
        return outbox.claim(self.database, limit, now, owner).batch

    def hand(self, batch: Batch, now: datetime) -> None:
        """Commit that a batch is about to leave; call it before the first byte."""
        self._remember(outbox.hand(self.database, batch, now))

    @spans.spanned(spans.SETTLE)
    def settle(
        self,
        batch: Batch,
        handovers: Iterable[Handover],
        now: datetime,
        book: Book | None = None,
        reasons: Sequence[tuple[str, Reason]] = (),
        provider: str = "",
    ) -> None:
        """What became of each mail, with (person, reason) for those that did not go. See `outbox.settle`."""
        self._remember(outbox.settle(self.database, batch, handovers, now, book, reasons, provider))

    def settle_key(self, key: str, fate: Fate, detail: str, now: datetime) -> bool:
        """News about one mail; False when it tells nothing new. See `Outbox.settle_key`."""
        return self.outbox.settle_key(key, fate, detail, now)

    def in_doubt(self, limit: int) -> list[tuple[str, str]]:
        """Person and mail of the newest mails in doubt, which a person should look at."""
        with self.database.reading() as connection:
            return outbox.in_doubt(connection, limit)

    def fates(self, keys: Sequence[str]) -> dict[str, Fate]:
        """Where each of these mails stands."""
        with self.database.reading() as connection:
            return fates(connection, keys)

    def load_files(self) -> files.Files:
        """The newest applied files and versions; empty when nothing was applied yet."""
        with self.database.reading() as connection:
            return files.load_files(connection)

    def ever_applied(self, digest: str, folder: str) -> dict[str, bytes]:
        """Path and bytes of a file below `folder`, of any apply, whose SHA-256 this is; empty when there was none."""
        with self.database.reading() as connection:
            return files.ever_applied(connection, digest, folder)

    # The daemon

    @property
    def counter(self) -> int:
        """How many times this store has committed something that can lead to a mail."""
        with self.database.reading() as connection:
            return installation.read_mark(connection).counter

    def beat(self, one: runner.Runner) -> None:
        """Write that a daemon lives, in place of what its installation said before."""
        with self.database.writing(beside=True) as connection:
            runner.beat(connection, one)

    def goodbye(self, name: str) -> None:
        """Say nothing more of a worker that ended or is gone."""
        with self.database.writing(beside=True) as connection:
            runner.leave(connection, name)

    def runners(self) -> tuple[runner.Runner, ...]:
        """Every daemon that ever worked on this store, the last seen first."""
        with self.database.reading() as connection:
            return runner.runners(connection)

    def edition(self) -> tuple[object, ...]:
        """A mark of the applied book and of the switches over it: while it is the same, so is the live book."""
        with self.database.reading() as connection:
            return runner.edition(connection)

    # Asking

    def find(self, text: str) -> str | None:
        """The person meant by our id, the shop's id or an address."""
        with self.database.reading() as connection:
            return inquiries.find(connection, text)

    def labels(self, ids: Sequence[str]) -> dict[str, str]:
        """What people call each of these: the shop's id, else the address, else our id."""
        with self.database.reading() as connection:
            return inquiries.labels(connection, ids)

    def everybody(self) -> Iterator[list[str]]:
        """All ids, ascending, in pages."""
        return inquiries.everybody(self.database)

    def histories(self, ids: Sequence[str], decided: bool = False) -> dict[str, tuple[Event, ...]]:
        """The events of these people in the order of arrival; with `decided` only those already taken in."""
        with self.database.reading() as connection:
            return inquiries.histories(connection, ids, decided)

    def reasons(
        self,
        person: str,
        *,
        sequence: str = "",
        mail: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Reason]:
        """Why things did or did not happen to a person, oldest first; `since` inclusive, `until` exclusive."""
        with self.database.reading() as connection:
            return inquiries.reasons(connection, person, sequence=sequence, mail=mail, since=since, until=until)

    def counts(self) -> inquiries.Counts:
        """How much there is."""
        with self.database.reading() as connection:
            return inquiries.counts(connection)

    def differences(self, people: Sequence[Person], zone_of: ZoneOf) -> list[str]:
        """Where what is stored of people differs from what their events say, in words; nothing is written."""
        with self.database.reading() as connection:
            return rebuild.differences(connection, people, zone_of)

    def project(self, people: Sequence[Person], zone_of: ZoneOf) -> int:
        """Rewrite what follows from the events of these people; how many of them changed."""
        with self.database.writing() as connection:
            return rebuild.project(connection, people, zone_of)
