"""How long a service mail takes while a broadcast of 200,000 leaves at the provider's limit.

The broadcast is decided for a tenth of its readers, who came in through `nurture import`; the others, with their
mails, are copies made in SQL. Then the daemon runs, and one reader after another writes to the shop: each is taken in
by this process, as an import of one row, while the daemon decides and sends.
"""

import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Column, ColumnElement, func, insert, select, update

from benchmarks.crowd import write
from benchmarks.frame import Figure, nurture, run
from benchmarks.frame import shop as project
from benchmarks.hand_over import newcomers
from benchmarks.post_office import Office, mailing, office
from benchmarks.running import Daemon, daemon
from nurture.engine.intake import Wanted
from nurture.engine.take_in import take_in
from nurture.engine.tick import tick
from nurture.engine.workshop import Workshop
from nurture.store.codec import instant
from nurture.store.open import Store
from nurture.store.tables import METADATA
from nurture.wiring import live, now, workshop

READERS = 200_000
COPIES = 10  # of each imported reader, itself among them
PER_SECOND = 500
WRITERS = 90  # one a second
COPIED = ("person", "outside_id", "address", "consent", "event", "silence", "day_of", "agenda")
RENAMED = {("person", "id"), ("outside_id", "value"), ("address", "key"), ("event", "id")}  # beside every `person`
MAILED = (*COPIED, "message", "planned")
ALL_DAY = (
    "Pacific/Auckland", "Asia/Tokyo", "Asia/Dhaka", "Asia/Dubai", "Europe/Istanbul", "Europe/Lisbon",
    "America/Sao_Paulo", "America/New_York", "America/Los_Angeles", "Pacific/Honolulu",
)  # fmt: skip


def measure(_sizes: Sequence[int] = ()) -> list[Figure]:
    """The waits of the service mails, from being taken in and from being decided to being accepted."""
    with project() as folder, office(folder.parent) as server:
        at_once(folder / "sequences" / "welcome.yaml")
        nurture("apply", folder=folder)
        mailing(folder, server, f"[rate]\nper_second = {PER_SECOND}\n")
        print(f"  making a broadcast to {READERS:,} readers …", file=sys.stderr, flush=True)
        newcomers(folder, READERS // COPIES, zones=by_day(now()))
        with workshop(folder) as opened:
            tick(opened.store, live(opened.store).book, now())
            for copy in range(1, COPIES):
                copy_everybody(opened.store, f"-{copy}")
            with daemon(folder) as running:
                running.until(lambda: server.accepted() > PER_SECOND)
                before = server.accepted(), time.perf_counter()
                waits = writers(opened, folder, running, server)
                pace = (server.accepted() - before[0]) / (time.perf_counter() - before[1])
    return figures(waits, pace)


def figures(waits: Sequence[tuple[float, float]], pace: float) -> list[Figure]:
    """The middle and the slowest hundredth of both waits."""
    amid = f"amid a broadcast of {READERS:,} at {PER_SECOND} mails/s ({pace:,.0f} reached)"
    decided, taken = (sorted(column) for column in zip(*waits, strict=True))
    return [
        Figure(f"a service mail {amid}, decided to accepted, {len(waits)} of them", halves(decided), "p99 2 s"),
        Figure("the same, taken in to accepted, with `tick.every` at 1 s", halves(taken)),
    ]


def halves(waits: Sequence[float]) -> str:
    """p50, p99 and the slowest, of sorted seconds."""
    p50, p99 = waits[len(waits) // 2], waits[min(len(waits) - 1, int(len(waits) * 0.99))]
    return f"p50 {p50:.2f} s, p99 {p99:.2f} s, the slowest {waits[-1]:.2f} s"


def at_once(welcome: Path) -> None:
    """Let the welcome begin as soon as somebody joins, so that a broadcast can be decided now."""
    text = welcome.read_text(encoding="utf-8")
    changed = text.replace("event: subscriber.joined", "event: subscriber.joined\n  settle: 0 minutes", 1)
    if changed == text:
        raise SystemExit("the starter book's welcome does not start as it did")
    welcome.write_text(changed, encoding="utf-8")


def by_day(moment: datetime) -> tuple[str, ...]:
    """Zones where it is day now, so that quiet hours hold nothing, whenever the measuring is done."""
    return tuple(zone for zone in ALL_DAY if 9 <= moment.astimezone(ZoneInfo(zone)).hour < 18)


def writers(shop: Workshop, folder: Path, running: Daemon, server: Office) -> list[tuple[float, float]]:
    """One reader a second writes to the shop; for each the seconds from decided, and from taken in, to accepted."""
    begun = time.perf_counter()
    for number in range(WRITERS):
        time.sleep(max(0.0, begun + number - time.perf_counter()))
        row = (f"c{number}", now().isoformat(timespec="seconds"), "complaint.opened", f"T{number}", f"letter-{number}")
        write(folder / "letter.csv", ("id", "at", "event", "ticket", "outside_id"), iter([row]))
        take_in(shop, folder / "letter.csv", Wanted("events"), now(), lambda _done: None)
    answers: dict[str, tuple[datetime, datetime]] = {}

    def answered() -> bool:
        time.sleep(1.0)
        answers.update(service_mails(shop.store))
        return len(answers) == WRITERS and set(answers) <= {line["key"] for line in server.lines()}

    running.until(answered)
    accepted = {line["key"]: datetime.fromisoformat(line["at"]) for line in server.lines()}
    return [
        ((accepted[key] - decided).total_seconds(), (accepted[key] - taken).total_seconds())
        for key, (decided, taken) in answers.items()
    ]


def service_mails(store: Store) -> dict[str, tuple[datetime, datetime]]:
    """By send key: when it was decided, and when the letter that it answers was taken in."""
    message, event = METADATA.tables["message"], METADATA.tables["event"]
    asked = select(message.c.key, message.c.decided_at, event.c.known_at).join(
        event, (event.c.person == message.c.person) & (event.c.name == "complaint.opened")
    )
    with store.database.reading() as connection:
        rows = connection.execute(asked.where(message.c.class_ == "service")).all()
    return {key: (instant(decided), instant(known)) for key, decided, known in rows}


def copy_everybody(store: Store, suffix: str) -> None:
    """Every reader once more with the mail that was decided for them, under ids that end in `suffix`."""
    person, event = METADATA.tables["person"], METADATA.tables["event"]
    with store.database.writing() as connection:
        for table in map(METADATA.tables.__getitem__, MAILED):
            columns = [column for column in table.columns if column.name != "number" or table.name == "agenda"]
            mine = table.c[{"person": "id", "planned": "key"}.get(table.name, "person")]
            rows = select(*(copied(column, suffix) for column in columns)).where(mine.not_like("%-%"))
            connection.execute(insert(table).from_select([column.name for column in columns], rows))
        newest = select(func.max(event.c.number)).scalar_subquery()
        connection.execute(update(person).where(person.c.id.like(f"%{suffix}")).values(decided_number=newest))


def copied(column: Column[Any], suffix: str) -> ColumnElement[Any]:
    """A column of the copy: ids get the suffix, also that of the event by which somebody came to be inside."""
    place = (column.table.name, column.name)
    if column.name in ("person", "key") or place in RENAMED:
        return column + suffix
    if place != ("person", "state"):
        return column
    person, event = METADATA.tables["person"], METADATA.tables["event"]
    joined = select(event.c.id).where(event.c.person == person.c.id, event.c.name == "subscriber.joined")
    begun = joined.limit(1).scalar_subquery()
    return func.replace(column, begun, begun + suffix)


if __name__ == "__main__":
    run({"service_amid_broadcast": measure})
