"""A sample of a shop that was really lived: imported, decided on and mailed for a month by nurture's own parts.

One in twenty-five is as busy as the people of `nurture demo`; the others are what most of a list is: known, asked once,
and quiet since. What the larger populations are copied from (`benchmarks/population.py`).
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from random import Random

from benchmarks.book_tests import grow
from benchmarks.frame import unbraked
from nurture.engine.applying import LiveBook
from nurture.engine.demo import contact_rows, event_row, opening, step, take
from nurture.engine.demo_people import deeds, people
from nurture.engine.demo_shapes import Deed, Someone
from nurture.engine.pruning import Pruner
from nurture.engine.starter import make_project
from nurture.engine.workshop import Workshop
from nurture.wiring import live, workshop

DAYS = 30
BUSY = 25  # one of so many
TICKS = 6  # a day
LONG, FIRST_MONTHS = timedelta(days=365), timedelta(days=60)
YEARS = 3  # so long ago the quiet ones may have joined
KNOWN = ("first_name", "locale", "country", "zone")


def live_sample(folder: Path, count: int, seed: int, end: datetime, days: int = DAYS, sequences: int = 0) -> None:
    """Make a project in `folder` whose store holds so many people, lived up to `end` (UTC).

    With `sequences` the starter book has grown to so many, as `book_tests.grow` lets it. In a year or more what is
    older than `keep:` goes, as a daemon lets it go.
    """
    make_project(folder)
    unbraked(folder)
    if sequences:
        grow(folder, sequences)
    begin = end - timedelta(days=days)
    everybody, done = crowd_of(count, seed, begin, end)
    with workshop(folder) as shop:
        opening(shop, everybody, done, begin)
        book, pruner = live(shop.store), Pruner()
        for day in range(days):
            live_day(shop, book, everybody, done, begin + timedelta(days=day), reads=day < days - 5)
            if end - begin >= LONG:
                pruner.turn(shop, book.book.rules.keep, begin + timedelta(days=day + 1), 0)
                shutil.rmtree(folder / "outbox", ignore_errors=True)
    shutil.rmtree(folder / "outbox", ignore_errors=True)


def live_day(
    shop: Workshop, book: LiveBook, everybody: Sequence[Someone], done: Sequence[Deed], since: datetime, *, reads: bool
) -> None:
    """What happens on one day arrives as it happens, and everything due is decided and handed over."""
    until = since + timedelta(days=1)
    newcomers = (contact_rows(one, one.joined) for one in everybody if since <= one.joined < until)
    happened = (event_row(deed, deed.at) for deed in done if since <= deed.at < until)
    take(shop, [*chain.from_iterable(newcomers), *happened], since)
    for turn in range(1, TICKS + 1):
        step(shop, book, since + timedelta(days=1) / TICKS * turn, reads)


def crowd_of(count: int, seed: int, begin: datetime, end: datetime) -> tuple[list[Someone], list[Deed]]:
    """The busy and the quiet, and what they do in the order in which it happens.

    The busy joined within the year before the end; of a longer time, before its third month.
    """
    busy = people(seed, end if end - begin < LONG else begin + FIRST_MONTHS, count - quiet_of(count))
    quiet = list(quiet_ones(count - len(busy), seed, begin))
    done = deeds(seed, busy, end)
    done += (deed for one in quiet for deed in orders_of(one, begin))
    return [*busy, *quiet], sorted(done, key=lambda deed: (deed.at, deed.person, deed.name))


def quiet_of(count: int) -> int:
    """How many of a sample are quiet."""
    return count - max(1, count // BUSY)


def quiet_id(number: int) -> str:
    """What the shop calls one of them."""
    return f"q{number:05}"


def quiet_ones(count: int, seed: int, begin: datetime) -> Iterator[Someone]:
    """People who joined within the last years, of whom less is known, and who agreed to one topic or to none."""
    draw = Random(seed + 11)  # noqa: S311 - no secret: the same people every time
    for number, one in enumerate(people(seed + 11, begin, count)):
        facts = {name: one.facts[name] for name in KNOWN if name in one.facts}
        if draw.random() < 0.35 and "birthday" in one.facts:
            facts["birthday"] = one.facts["birthday"]
        topics = (draw.choice(("offers", "coffee_tips", "news")),) if draw.random() < 0.6 else ()
        since = (begin - timedelta(days=1) - timedelta(days=365 * YEARS) * draw.random()).replace(microsecond=0)
        address = f"quiet{number:05}@shop.example"
        yield replace(one, id=quiet_id(number), address=address, facts=facts, topics=topics, joined=since)


def orders_of(one: Someone, begin: datetime) -> Iterator[Deed]:
    """Every fifth bought once, long ago."""
    draw = Random(one.id)  # noqa: S311 - as above
    if draw.random() < 0.2:
        at = one.joined + (begin - timedelta(hours=3) - one.joined) * draw.random()
        fields: dict[str, object] = {"order_id": f"{one.id}-00", "total": float(draw.randint(8, 60))}
        yield Deed(one.id, "order.placed", at.replace(second=0, microsecond=0), fields)
