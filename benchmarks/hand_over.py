"""From decided to accepted, up to 100 mails a request: how many a second and core, and what of it each part takes.

The server is another process; only this one's processor counts. Work on the store and on mails runs in one thread
beside the event loop, as in the daemon.
"""

import asyncio
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import TypeVar

from benchmarks import on_postgresql
from benchmarks.crowd import write
from benchmarks.frame import Figure, nurture, run
from benchmarks.post_office import mailing_shop
from benchmarks.smtp_sink import sink
from nurture.deliver.smtp import Smtp
from nurture.engine.sending import Sending
from nurture.engine.threads import Thread
from nurture.engine.tick import tick
from nurture.engine.workshop import Workshop
from nurture.model.mail import Fate
from nurture.wiring import live, now, workshop

PEOPLE = 20_000
NOON = time_of_day(12, tzinfo=UTC)
ZONES = ("Europe/Paris", "Europe/Istanbul", "Asia/Yerevan", "Africa/Cairo", "Asia/Jerusalem")
LOCALES = ("en", "tr", "ar", "he", "hy")
GOALS = {"SendGrid": "20,000 mails/s and core", "SMTP": "8,000 mails/s and core"}

T = TypeVar("T")


def measure(sizes: Sequence[int] = ()) -> list[Figure]:
    """So many newcomers all at once, each with a first mail: by SendGrid's personalizations, and by SMTP."""
    return [figure for people in sizes or (PEOPLE,) for way in (by_sendgrid, by_smtp) for figure in way(people)]


def by_sendgrid(people: int) -> list[Figure]:
    """Up to 100 mails a request."""
    with mailing_shop() as (folder, server), workshop(folder) as opened:
        return figures(opened, server.accepted, decent(made(folder, people)), "SendGrid")


def by_smtp(people: int) -> list[Figure]:
    """One message each."""
    with mailing_shop() as (folder, _), sink() as port, workshop(folder) as opened:
        shop = replace(opened, provider=Smtp("127.0.0.1", port.number, "none", "", "", now))
        return figures(shop, port.accepted, decent(made(folder, people)), "SMTP")


def made(folder: Path, people: int) -> datetime:
    """The newcomers, and when they came."""
    print(f"  making a shop of {people:,} newcomers …", file=sys.stderr, flush=True)
    return newcomers(folder, people)


def decent(begun: datetime) -> datetime:
    """An hour later, or the next noon: when it is quiet in none of the zones, and no first mail is too old."""
    soon = begun + timedelta(hours=1)
    if 8 <= soon.hour < 16:
        return soon
    return datetime.combine(soon + timedelta(days=soon.hour >= 16), NOON)


def figures(shop: Workshop, taken: Callable[[], int], moment: datetime, way: str) -> list[Figure]:
    """One tick in which everybody has a mail decided, then the round that hands them over."""
    spent: dict[str, float] = defaultdict(float)
    server, wall = on_postgresql.worked(), time.perf_counter()
    with worked(spent, "decide"):
        mails = tick(shop.store, live(shop.store).book, moment).intents
    decided = time.perf_counter() - wall
    wall = time.perf_counter()
    with worked(spent, "way out"):
        accepted = asyncio.run(hand_over(shop, moment, spent))
    out = time.perf_counter() - wall
    if not mails or accepted != mails or taken() != mails:
        raise SystemExit(f"{mails:,} mails were decided, {accepted:,} accepted; the server took {taken():,}")
    spent["loop"] = spent["way out"] - sum(spent[name] for name in ("prepare", "settle", "other"))
    return lines(mails, spent, decided, out, way) + server_line(mails, on_postgresql.worked() - server)


def server_line(mails: int, seconds: float) -> list[Figure]:
    """What PostgreSQL did beside; nothing on SQLite."""
    if not on_postgresql.on():
        return []
    words = f"{seconds / mails * 1e6:,.0f} µs"
    return [Figure("a mail: the server of the store, beside all this", words, "", {"server": seconds})]


def lines(mails: int, spent: dict[str, float], decided: float, out: float, way: str) -> list[Figure]:
    """The figures, from seconds of processor and of the clock."""

    def each(name: str) -> str:
        return f"{spent[name] / mails * 1e6:,.0f} µs"

    whole = spent["decide"] + spent["way out"]
    goal, values = GOALS[way], {"mails": mails, **{name.replace(" ", "_"): value for name, value in spent.items()}}
    return [
        Figure(
            f"{mails:,} mails decided, rendered, journaled, handed over by {way}",
            f"{mails / whole:,.0f} mails/s of processor, {mails / (decided + out):,.0f} by the clock",
            goal,
            {**values, "seconds": decided + out, "processor_seconds": whole},
        ),
        Figure(
            f"the way out alone, by {way}",
            f"{mails / spent['way out']:,.0f} mails/s of processor, {mails / out:,.0f} by the clock",
            goal,
        ),
        Figure("a mail: read the person, decide, keep", each("decide")),
        Figure("a mail: claim, look once more, render, commit `handed`", each("prepare")),
        Figure("a mail: post and read the answer", each("loop")),
        Figure("a mail: settle", each("settle")),
    ]


async def hand_over(shop: Workshop, moment: datetime, spent: dict[str, float]) -> int:
    """A round; how many were accepted. What the store's thread does is added up by what it was asked for."""
    thread = Thread("sending")

    def timed(function: Callable[..., T], *arguments: object) -> T:
        name = function.__name__.strip("_")
        begun = time.thread_time()
        try:
            return function(*arguments)
        finally:
            spent[name if name in ("prepare", "settle") else "other"] += time.thread_time() - begun

    async def run(function: Callable[..., T], *arguments: object) -> T:
        return await thread.run(timed, function, *arguments)

    book = live(shop.store)
    sending = Sending(shop, lambda: book, lambda: moment, run)
    try:
        return (await sending.round()).fates.get(Fate.accepted, 0)
    finally:
        await shop.provider.close()
        thread.close()


@contextmanager
def worked(spent: dict[str, float], name: str) -> Iterator[None]:
    """Add this process's seconds of processor to a name."""
    begun = time.process_time()
    try:
        yield
    finally:
        spent[name] += time.process_time() - begun


def newcomers(folder: Path, people: int, zones: tuple[str, ...] = ZONES) -> datetime:
    """So many contacts in five languages and zones, who have all just joined; the moment they did."""
    who = (
        (f"c{n}", f"reader{n}@crowd.example", f"Reader {n}", zones[n % len(zones)], LOCALES[n % len(LOCALES)])
        for n in range(people)
    )
    write(
        folder / "contacts.csv",
        ("id", "email", "first_name", "zone", "locale", "consent"),
        ((*one, "coffee_tips celebrations") for one in who),
    )
    nurture("import", "contacts", "contacts.csv", "--basis", "ticked the box", folder=folder)
    begun = now()
    joined = ((f"c{n}", begun.isoformat(timespec="seconds"), "subscriber.joined", f"j{n}") for n in range(people))
    write(folder / "joined.csv", ("id", "at", "event", "outside_id"), joined)
    nurture("import", "events", "joined.csv", "--fresh", "2 days", folder=folder)
    return begun


if __name__ == "__main__":
    run({"hand_over": measure})
