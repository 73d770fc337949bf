"""The same rows come to the same store: in any order, twice, in halves, by two at once, and after a kill -9."""

import os
import signal
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zlib import crc32

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select

from nurture.store.identity import RefusedRow, normal_address
from nurture.store.open import Store, open_store
from nurture.store.rows import AnyRow, ConsentRow, ContactRow, EventRow
from nurture.store.tables import ADDRESS, AGENDA, EVENT, OUTSIDE_ID
from tests.new_stores import NewStores

NOW = datetime(2027, 3, 2, 10, tzinfo=UTC)
SOME = 40  # rows in one transaction here, by `full`


def some(number: int, what: str, most: int) -> int:
    """A number below `most`, the same in every run."""
    return crc32(f"{what} {number}".encode()) % most


def log() -> list[AnyRow]:
    """Orders with and without an id, equal ones among them, of people with an address or without, and refusals."""
    rows: list[AnyRow] = []
    for number in range(400):
        who = some(number, "who", 60)
        address = f"reader.{who}@example-{who % 3}.org" if who % 4 else ""
        at = NOW - timedelta(hours=some(number, "hours", 200))
        own = f"A{number}" if number % 3 else ""
        fields = {"total": some(number, "total", 3)}
        rows.append(EventRow(line=number, outside_id=f"c{who}", address=address, name="order.placed", at=at, id=own,
                             fields=fields))  # fmt: skip
        if number % 12 == 0:  # without an id: somebody orders the same once more, at that very time
            rows.append(replace(rows[-1], line=400 + number))
        if number % 40 == 0:
            rows.append(ConsentRow(outside_id=f"c{who}", topics=("offers",), given=False, at=at))
            rows.append(ContactRow(outside_id=f"n{number}", address=f"new{number}@example.org", at=at))
    return rows


ROWS = log()


def take(url: str, rows: Iterable[AnyRow], now: datetime = NOW) -> None:
    """Import them as one file, in small transactions."""
    store, count = open_store(url), 0

    def full() -> bool:
        nonlocal count
        count += 1
        return count % SOME == 0

    try:
        store.importing(now).take(rows, _no_rejects, full=full)
    finally:
        store.close()


def _no_rejects(row: AnyRow, why: str) -> None:
    raise AssertionError((row, why))


def content(url: str) -> dict[str, list[tuple[object, ...]]]:
    """What a store knows, in words that no store's own ids are in."""
    store = open_store(url)
    try:
        return _content(store)
    finally:
        store.close()


def _content(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.database.reading() as connection:
        asked = select(OUTSIDE_ID.c.person, OUTSIDE_ID.c.value)
        name: dict[str, str] = {row[0]: row[1] for row in connection.execute(asked)}
        events = connection.execute(
            select(EVENT.c.person, EVENT.c.name, EVENT.c.happened_at, EVENT.c.fields, EVENT.c.outside_id)
        )
        told = [(name[one[0]], one[1], 0 if one[1] == "address.added" else one[2], *one[3:]) for one in events]
        addresses = connection.execute(select(ADDRESS.c.person, ADDRESS.c.key))
        awaited = connection.execute(select(AGENDA.c.person).distinct())
        return {
            "events": sorted(told),
            "addresses": sorted((name[one[0]], one[1]) for one in addresses),
            "awaited": sorted((name[one[0]],) for one in awaited),
        }


def killed(url: str, rows: Sequence[AnyRow], after: int) -> None:
    """Import them in a process that is killed by the system before the row with that number is taken."""

    def until_killed() -> Iterator[AnyRow]:
        for number, row in enumerate(rows):
            if number == after:
                os.kill(os.getpid(), signal.SIGKILL)
            yield row

    child = os.fork()
    if child == 0:
        try:
            take(url, until_killed())
        finally:
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


def at_once(url: str, *files: Sequence[AnyRow]) -> None:
    """So many imports beside each other."""
    with ThreadPoolExecutor(len(files)) as pool:
        list(pool.map(take, [url] * len(files), files))


def test_the_same_rows_come_to_the_same_store_however_they_come(new_stores: NewStores) -> None:
    """Equal rows without an id are told apart by their place in a file, so halves and orders are of those with one."""
    whole, twice, cut, two = (new_stores() for _ in range(4))
    with_id = [row for row in ROWS if not isinstance(row, EventRow) or row.id]
    mixed = [row for _, row in sorted(enumerate(with_id), key=lambda one: some(one[0], "place", 10_000))]
    take(whole, ROWS)
    take(twice, ROWS)
    take(twice, ROWS, NOW + timedelta(hours=1))
    killed(cut, ROWS, 250)
    partly = content(cut)["events"]
    take(cut, ROWS, NOW + timedelta(hours=1))
    assert 0 < len(partly) < len(content(whole)["events"])
    at_once(two, mixed[:300], with_id)
    take(two, mixed)
    take(two, ROWS)
    expected = content(whole)
    assert sum(row[4] == "" and row[1] == "order.placed" for row in expected["events"]) == 134 + 34
    assert [content(url) for url in (twice, cut, two)] == [expected] * 3


def by_the_library(text: str) -> str | None:
    """The normal form as `email_validator` alone gives it; None for no address."""
    try:
        found = validate_email(text.strip(), check_deliverability=False)
    except EmailNotValidError:
        return None
    return found.normalized if len(found.local_part.encode()) <= 64 else None


LABEL = st.text("ab1-x.nEé", min_size=1, max_size=9)
LOCAL = st.one_of(st.text("ab1._+-'Aé ", min_size=1, max_size=12), st.sampled_from(["postmaster", "Info", "a" * 65]))


@given(local=LOCAL, labels=st.lists(LABEL, max_size=3), end=st.sampled_from(["org", "Org", "test", "xn--p1ai", "c0m"]))
@example(local="a" * 60, labels=["b" * 63] * 2 + ["c" * 61], end="org")
@example(local="a" * 64, labels=["b" * 63] * 2 + ["c" * 58], end="org")
@example(local="a", labels=["b@c"], end="org")
@example(local="a..b", labels=["b"], end="org")
@example(local="a", labels=["gmail "], end="org")
def test_an_address_has_the_form_that_the_library_gives_it(local: str, labels: list[str], end: str) -> None:
    """Most are not asked for whole: each domain is, once."""
    text = f"{local}@{'.'.join([*labels, end])}"
    wanted = by_the_library(text)
    if wanted is None:
        with pytest.raises(RefusedRow):
            normal_address(text)
    else:
        assert normal_address(text) == wanted
