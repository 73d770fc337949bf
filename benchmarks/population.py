"""Stores of any number of people, believable and the same for the same seed: `python -m benchmarks.population 1000000`.

A sample of some thousands is lived by nurture's own parts (`lived`) and copied in SQL (`multiplied`). What is built is
kept in the folder that NURTURE_BENCHMARKS names, for a day, so that benchmarks share it.
"""

import shutil
import sqlite3
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path

from benchmarks import on_postgresql
from benchmarks.frame import ROOT, Taken, processor_seconds
from benchmarks.lived import DAYS, live_sample, quiet_id, quiet_of
from benchmarks.multiplied import multiply
from benchmarks.on_postgresql import kept_in
from nurture.engine.workshop import Workshop
from nurture.wiring import live, now, workshop

SAMPLE = 5_000
SEED = 1
STORE = "nurture.db"
MADE = 2  # how samples are lived and copied; one more when that changes
COPIED_UP_TO = 4_000_000_000  # bytes
KINDS = (".yaml", ".toml", ".md", ".html", ".mjml", ".py")


@dataclass(frozen=True, slots=True)
class Population:
    """A project whose store holds so many people, all of them decided on up to `moment` (UTC)."""

    folder: Path
    people: int
    moment: datetime
    sample: int = SAMPLE
    url: str = ""  # of its store in PostgreSQL

    def quiet(self, count: int, turn: int = 0) -> Iterator[str]:
        """The shop's ids of so many of the quiet ones, from all over the store; in another turn, others."""
        copies, some = self.people // self.sample, quiet_of(self.sample)
        for number in range(count):
            copy, place = number % copies, number // copies
            one = quiet_id((place * 37 + copy * 101 + turn * 997) % some)
            yield f"{one}.{copy}" if copy else one

    @property
    def file(self) -> Path:
        """The store's file."""
        return self.folder / STORE

    @contextmanager
    def opened(self) -> Iterator[Workshop]:
        """The project; a copy is taken for the real one."""
        with workshop(self.folder) as shop:
            if shop.store.halted:
                shop.store.accept()
            yield shop

    def accept(self) -> None:
        """Take a copy for the real one, so that commands do."""
        with workshop(self.folder) as shop:
            shop.store.accept()


def populated(people: int, sample: int = SAMPLE, days: int = DAYS, seed: int = SEED, sequences: int = 0) -> Population:
    """The store of so many people (a multiple of the sample), as it was built today; else built now.

    `sequences`: how many the book has, of the starter's copied under other names; else the starter's own.
    """
    sample = min(sample, people)
    end = now().replace(hour=0, minute=0, second=0, microsecond=0)
    digest = sha256(b"".join(path.read_bytes() for path in made_of())).hexdigest()[:8]
    book = f"{sequences}-sequences-" if sequences else ""
    kind = f"{people}-of-{sample}-{days}-days-to-{end:%Y-%m-%d}-{book}seed-{seed}-{MADE}-{digest}"
    folder = kept_in() / f"sqlite-{kind}"
    if not folder.exists():
        lived = partial(live_sample, count=sample, seed=seed, end=end, days=days, sequences=sequences)
        build(folder, people // sample, lived)
    found = Population(folder, people // sample * sample, end, sample)
    if not on_postgresql.on():
        return found
    folder, url = on_postgresql.moved(kind, folder, lambda copy: replace(found, folder=copy).accept())
    return replace(found, folder=folder, url=url)


def made_of() -> Iterator[Path]:
    """The files that say how a store looks: the starter book and the tables."""
    for folder in ("sequences", "templates", "migrations/versions"):
        yield from sorted(path for path in (ROOT / folder).rglob("*") if path.suffix in KINDS)


def build(folder: Path, copies: int, lived: Callable[[Path], None]) -> None:
    """Live the sample and copy it; the folder is there when all of it is."""
    building = folder.with_name(f"{folder.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    building.parent.mkdir(parents=True, exist_ok=True)
    print("  a sample of people lives their days …", file=sys.stderr, flush=True)
    lived(building)
    if copies > 1:
        print(f"  and is copied {copies:,} times …", file=sys.stderr, flush=True)
        with workshop(building) as shop:
            book = live(shop.store).book
        multiply(building / STORE, copies, book)
    building.rename(folder)


@contextmanager
def spoiled(population: Population) -> Iterator[Population]:
    """A copy that may be written to. One that is too large to copy is written to itself, and its days go on."""
    if not population.url and population.file.stat().st_size > COPIED_UP_TO:
        yield replace(population, moment=decided_until(population))
        return
    with tempfile.TemporaryDirectory(prefix="spoiled-", dir=kept_in()) as beside:
        folder = Path(beside) / "shop"
        if population.url:
            with on_postgresql.copied(population.folder, population.url, folder) as url:
                copy = replace(population, folder=folder, url=url)
                copy.accept()
                yield copy
            return
        shutil.copytree(population.folder, folder)
        copy = replace(population, folder=folder)
        copy.accept()
        yield copy


@contextmanager
def unmoved(population: Population) -> Iterator[Population]:
    """The one that is kept, for ticks that find nothing: its watermark is put back."""
    if population.url:
        with on_postgresql.watermarks_put_back(population.url):
            yield replace(population, moment=decided_until(population))
        return
    with sqlite3.connect(population.file) as connection:
        before = connection.execute("SELECT name, at FROM watermark").fetchall()
    try:
        yield replace(population, moment=decided_until(population))
    finally:
        with sqlite3.connect(population.file) as connection:
            connection.executemany("UPDATE watermark SET at = ?2 WHERE name = ?1", before)


def decided_until(population: Population) -> datetime:
    """Up to when its people were decided on, by now."""
    with population.opened() as shop:
        return shop.store.watermark or population.moment


def main() -> None:
    """Build what is not there yet."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("people", type=int, nargs="+")
    for people in parser.parse_args().people:
        begun, worked = time.perf_counter(), processor_seconds()
        found = populated(people)
        spent = Taken(time.perf_counter() - begun, processor_seconds() - worked)
        size = found.file.stat().st_size
        words = f"{found.people:,} people, {size / 1e9:.2f} GB, {size / found.people:,.0f} bytes each"
        print(f"{words}: {spent.words()}\n{found.folder}")


if __name__ == "__main__":
    main()
