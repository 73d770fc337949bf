"""Moving a whole store from one database to another: to PostgreSQL, back, or to the same kind elsewhere.

Nobody writes to the source while it lasts, and until the very end it is the store: then it is shut, in one commit, and
only after that the target opens. What was copied already is kept in the target, so a move that was cut goes on; what
the source changed since is found by its digest and copied again.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import field
from datetime import datetime
from shutil import disk_usage
from typing import Any

from sqlalchemy import Connection, Table, delete, inspect, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from nurture.model.values import dataclass
from nurture.store.codec import micros
from nurture.store.database import Database
from nurture.store.installation import MOVED, MOVING, Mark, declare, declared, read_mark
from nurture.store.migrate import bring_up_to_date, version_of
from nurture.store.moving_rows import (
    SQLITE,
    Sum,
    all_tables,
    count_of,
    go_on_counting,
    keys_of,
    numbers_of,
    pages_of,
    put,
    stay,
    sum_of,
)
from nurture.store.runner import ENDED
from nurture.store.seats import Taken
from nurture.store.tables import DECLARATION, HEAD, INSTALLATION, RUNNER
from nurture.store.world_faults import in_words

Tell = Callable[[int], None]
_OF_EVERY_STORE = {"installation", "declaration", "secret", "runner", "zone_group", "watermark"}
_QUEUES = "procrastinate_"  # how tables of the queue are called, which go with no store


class MoveError(ValueError):
    """The move cannot begin or go on; the words say why, and what to do."""


@dataclass(slots=True)
class Progress:
    """How far a move has come, as the target keeps it: whose, what is there of each table, whether it is proved."""

    store: str
    sums: dict[str, Sum] = field(default_factory=dict)
    proved: bool = False

    def text(self) -> str:
        """As it is kept."""
        sums = {name: [one.rows, f"{one.digest:x}", one.last] for name, one in self.sums.items()}
        return json.dumps({"store": self.store, "proved": self.proved, "sums": sums}, ensure_ascii=False)


def _progress(text: str) -> Progress:
    found = json.loads(text)
    sums = {name: Sum(rows, int(digest, 16), tuple(last)) for name, (rows, digest, last) in found["sums"].items()}
    return Progress(found["store"], sums, found["proved"])


@dataclass(frozen=True, slots=True)
class Moved:
    """What was done: rows and digest by table, how many rows an earlier try had brought; `before`: all was done."""

    sums: dict[str, Sum]
    found: int = 0
    before: bool = False

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(one.rows for one in self.sums.values())


def name_of(database: Database) -> str:
    """Where a store is, without its password."""
    url = database.engine.url
    return url.set(drivername=url.get_backend_name(), password=None).render_as_string(hide_password=False)


def size_of(database: Database) -> int:
    """How many rows a store has that can be moved; MoveError for what is no store, or not of this version."""
    with in_our_words("nothing was changed", database), database.reading() as connection:
        _of_this_version(connection, name_of(database))
        return sum(count_of(connection, table) for table in all_tables())


def working(database: Database, since: datetime) -> list[str]:
    """Who works with a store as far as it knows: connected to PostgreSQL; of a file, seen since then and not ended.

    It asks no more than the tables of every version have: the store may be one that is to be upgraded, or none yet.
    """
    if database.file is not None and not database.file.exists():
        return []
    with in_our_words("nothing was changed", database):
        with database.reading() as connection:
            said = connection.execute(_SAID).all() if inspect(connection).has_table(RUNNER.name) else []
        if database.file is not None:
            return [name for name, seen in said if seen >= micros(since)]
        taken = Taken(database)
        names = [name for name, _ in said if taken.has(name)]
        return names or (["somebody"] if taken.workers or taken.daemon else [])


_SAID = select(RUNNER.c.name, RUNNER.c.seen_at).where(RUNNER.c.state != ENDED).order_by(RUNNER.c.name)


def room_for(source: Database, target: Database) -> None:
    """MoveError when a file cannot become as large as the store is."""
    if target.file is None:
        return
    with in_our_words("nothing was changed", source), source.reading() as connection:
        if source.file is None:
            size = int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
        else:
            size = source.file.stat().st_size
    there = target.file.stat().st_size if target.file.exists() else 0
    free = disk_usage(target.file.parent).free
    if size - there > free:
        words = f"there is no room for {target.file}: it wants {size / 1e6:,.0f} MB, and {free / 1e6:,.0f} are free"
        raise MoveError(words)


def move(source: Database, target: Database, now: datetime, tell: Tell = lambda _rows: None) -> Moved:
    """Bring all rows over, prove them equal, shut the source and open the target.

    `tell` is told of each row twice: when it is there and when it is proved. MoveError when it cannot be done; then
    the source is what it was, and the same call goes on where this one ended.
    """
    step = Step(tell)
    so = "nothing is lost: the old store works as before, and the same command goes on from here"
    with in_our_words(so, source, target):
        with source.writing(durable=True) as holding:
            stay(holding)
            _of_this_version(holding, name_of(source))
            mark, gone = read_mark(holding), declared(holding, MOVED)
            progress = _begin(target, mark, gone)
            if progress is None:
                return Moved({}, before=True)
            found = sum(one.rows for one in progress.sums.values())
            if gone is None:
                numbers = copy_all(holding, target, progress, step)
                _prove(target, progress, numbers, step)
                _shut(holding, f"this store was moved to {name_of(target)} on {now:%Y-%m-%d %H:%M} UTC")
        with target.writing(durable=True) as connection:
            connection.execute(delete(DECLARATION).where(DECLARATION.c.name == MOVING))
    return Moved(progress.sums, found)


@dataclass(slots=True)
class Step:
    """Adds up what is told: how many rows more."""

    tell: Tell
    done: int = 0

    def on(self, rows: int) -> None:
        """So many rows more."""
        self.done += rows
        self.tell(self.done)


# Before it begins


def _of_this_version(connection: Connection, name: str) -> None:
    if not inspect(connection).has_table("installation"):
        raise MoveError(f"there is no store in {name}")
    version = version_of(connection)
    if version == HEAD:
        return
    if version is not None and version > HEAD:
        raise MoveError(f"{name} was made by a newer nurture (tables {version}, this one knows {HEAD}); install that")
    words = f"{name} is of an older nurture (tables {version}, wanted {HEAD}); run `nurture upgrade` with it first"
    raise MoveError(words)


def _begin(target: Database, mark: Mark, gone: str | None) -> Progress | None:
    """How far an earlier try came, or a beginning; None when all is done. MoveError for a place that is taken."""
    name = name_of(target)
    with target.reading() as connection:
        names = [one for one in inspect(connection).get_table_names() if not one.startswith(_QUEUES)]
    ours = {table.name for table in all_tables()} | {"alembic_version"}
    if strangers := sorted(set(names) - ours - {"sqlite_sequence"}):
        raise MoveError(f"{name} holds something else ({', '.join(strangers[:3])}); name an empty database")
    if names:
        with target.reading() as connection:
            _of_this_version(connection, name)
    elif gone is not None:
        raise MoveError(gone)
    else:
        bring_up_to_date(target)
    with target.writing(durable=True) as connection:
        return _taken_up(connection, mark, gone, name)


def _taken_up(connection: Connection, mark: Mark, gone: str | None, name: str) -> Progress | None:
    kept = declared(connection, MOVING)
    if kept is not None:
        progress = _progress(kept)
        if progress.store != mark.store:
            raise MoveError(f"another shop is being moved to {name}; name an empty database")
        if gone is not None and not progress.proved:
            raise MoveError(gone)
        return progress
    there = connection.execute(select(INSTALLATION.c.store, INSTALLATION.c.counter)).first()
    if gone is not None:
        if there is not None and there.store == mark.store and declared(connection, MOVED) is None:
            return None
        raise MoveError(gone)
    if used(connection):
        which = "this very shop, as it once was" if there is not None and there.store == mark.store else "another shop"
        raise MoveError(f"{name} is not empty: it holds {which}; name an empty database")
    for table in all_tables():
        connection.execute(delete(table))
    progress = Progress(mark.store)
    declare(connection, MOVING, progress.text(), 0)
    return progress


def used(connection: Connection) -> bool:
    """Whether anything ever happened in a store; a first look makes one in which nothing has."""
    mine = [table for table in all_tables() if table.name not in _OF_EVERY_STORE]
    full = any(connection.execute(select(table).limit(1)).first() is not None for table in mine)
    return full or bool(connection.execute(select(INSTALLATION.c.counter)).scalar())


# Bringing over


def copy_into(source: Connection, target: Database, tell: Tell) -> int:
    """Make an empty database a store with the same rows, and prove it; how many they are. It begins anew when cut."""
    stay(source)
    bring_up_to_date(target)
    progress, step = Progress(read_mark(source).store), Step(tell)
    with target.writing() as connection:
        connection.execute(delete(DECLARATION))  # a new store says something of itself already
        declare(connection, MOVING, progress.text(), 0)
    numbers = copy_all(source, target, progress, step)
    _prove(target, progress, numbers, step)
    with target.writing(durable=True) as connection:
        connection.execute(delete(DECLARATION).where(DECLARATION.c.name == MOVING))
    return sum(one.rows for one in progress.sums.values())


def copy_all(source: Connection, target: Database, progress: Progress, step: Step) -> dict[str, int]:
    """Every table, from where an earlier try ended; what the source changed since is brought over again.

    How far each table has counted is answered, as it is now: on PostgreSQL others count on meanwhile (a backup),
    though of their rows nothing is seen here.
    """
    numbers = numbers_of(source)
    for table in all_tables():
        known = progress.sums.get(table.name, Sum())
        if known.rows and not _still_so(source, table, known, step):
            step.on(-known.rows)
            with target.writing() as connection:
                connection.execute(_all_of(table))
                known = _keep(connection, progress, table, Sum())
        for rows in pages_of(source, table, known.last):
            known = known.plus(rows, keys_of(table))
            with target.writing() as connection:
                put(connection, table, rows)
                _keep(connection, progress, table, known)
            step.on(len(rows))
    with target.writing() as connection:
        go_on_counting(connection, numbers)
    return numbers


def _still_so(source: Connection, table: Table, known: Sum, step: Step) -> bool:
    """Whether the rows that were brought over are still those of the source; these count as brought."""
    found = Sum()
    for one in sum_of(source, table, known.last):
        found = one
    step.on(known.rows)
    return found.equals(known)


def _all_of(table: Table) -> Any:
    """To delete what was brought over of a table; of what is declared, the progress stays."""
    return delete(table).where(DECLARATION.c.name != MOVING) if table is DECLARATION else delete(table)


def _keep(connection: Connection, progress: Progress, table: Table, known: Sum) -> Sum:
    progress.sums[table.name] = known
    declare(connection, MOVING, progress.text(), 0)
    return known


def _prove(target: Database, progress: Progress, numbers: dict[str, int], step: Step) -> None:
    """Read every table of the target again and hold it against what the source has; MoveError where it differs."""
    with target.reading() as connection:
        stay(connection)
        apart = [table for table in all_tables() if not _same(connection, table, progress.sums, step)]
        counts = numbers_of(connection) == numbers
    for table in apart:
        with target.writing() as connection:
            connection.execute(_all_of(table))
            _keep(connection, progress, table, Sum())
    if apart or not counts:
        names = ", ".join(table.name for table in apart) or "numbers"
        raise MoveError(f"what was brought over is not the same ({names}); nothing is lost: run the same command again")
    progress.proved = True
    with target.writing(durable=True) as connection:
        declare(connection, MOVING, progress.text(), 0)


def _same(connection: Connection, table: Table, sums: dict[str, Sum], step: Step) -> bool:
    found = Sum()
    for one in sum_of(connection, table):
        step.on(one.rows - found.rows)
        found = one
    return found.equals(sums.get(table.name, Sum()))


# Shutting and opening


def _shut(connection: Connection, words: str) -> None:
    """Mark the source as moved: it is opened no more, and whoever has it open can write nothing to it."""
    declare(connection, MOVED, words, 0)
    said = words.replace("'", "''")
    if connection.dialect.name != SQLITE:
        raising = f"BEGIN RAISE EXCEPTION USING MESSAGE = '{said.replace('%', '%%')}'; END"
        connection.exec_driver_sql(
            f"CREATE OR REPLACE FUNCTION nurture_moved() RETURNS trigger LANGUAGE plpgsql AS $moved${raising}$moved$"
        )
    quote = connection.dialect.identifier_preparer.quote
    for table in all_tables():
        for word in ("INSERT", "UPDATE", "DELETE"):
            made = f"CREATE TRIGGER moved_{table.name}_{word.lower()} BEFORE {word} ON {quote(table.name)}"
            body = f"BEGIN SELECT RAISE(ABORT, '{said}'); END"
            if connection.dialect.name != SQLITE:
                body = "FOR EACH STATEMENT EXECUTE FUNCTION nurture_moved()"
            connection.exec_driver_sql(f"{made} {body}")


@contextmanager
def in_our_words(so: str, *databases: Database) -> Iterator[None]:
    """What goes wrong with a database, as MoveError; the words of the driver may quote a row, and are not repeated."""
    which = f"{name_of(databases[0])}: " if len(databases) == 1 else ""
    drivers: tuple[type[Exception], ...] = (
        SQLAlchemyError,
        *(database.engine.dialect.loaded_dbapi.Error for database in databases),
    )
    try:
        yield
    except drivers as fault:
        said = fault if isinstance(fault, DBAPIError) else DBAPIError(None, None, fault)
        words = (in_words(said) or type(getattr(fault, "orig", fault)).__name__).removesuffix("; nothing is lost")
        raise MoveError(f"{which}{words}; {so}") from fault
