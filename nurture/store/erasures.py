"""Who was forgotten, as keyed hashes: in the store, and listed beside the installation's file for after a restore.

Nobody can read an address out of them. Who holds the key and guesses an address can try it: that is what keeps
anybody from writing to it again (email.md 4.3).
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path

from sqlalchemy import Connection, func, insert, select

from nurture.model.values import dataclass
from nurture.store.codec import EPOCH, decoded, encoded, micros
from nurture.store.database import among, insert_many
from nurture.store.installation import all_secrets, read_mark
from nurture.store.tables import BATCH, ERASURE, MERGED, SECRET, SUPPRESSION

SECRET_NAME = "erasures"  # noqa: S105  (the name of the key, not the key)
ASKED = "asked to be forgotten"
FORGOTTEN_AGAIN = "forgotten again"  # declared, when a restored backup knew them still
HASHED = "forgotten:"  # what a suppression's key begins with, where it is a hash
_DIGEST = 20  # bytes


def address_hash(key: bytes, address: str) -> str:
    """What is kept of an address (normal form); the letters' case does not count."""
    return _hash(key, "address", address.casefold())


def outside_hash(key: bytes, source: str, value: str) -> str:
    """What is kept of a shop's id."""
    return _hash(key, "outside", source, value)


def hidden(key: bytes, text: str) -> str:
    """A text that tells two things apart, without saying what they are; nothing stays nothing."""
    return _hash(key, "text", text)[len(HASHED) :][:24] if text else ""


def _hash(key: bytes, *words: str) -> str:
    return HASHED + blake2b("\x1f".join(words).encode(), digest_size=_DIGEST, key=key).hexdigest()


@dataclass(frozen=True, slots=True)
class Erasure:
    """One line of the list outside the store. `at` is in microseconds, `key` what the hashes were made with, in hex.

    `old` are the contacts that were merged into theirs: a backup from before may have them apart.
    """

    store: str
    person: str
    at: int
    who: str
    addresses: tuple[str, ...]
    outside: tuple[str, ...]
    key: str
    old: tuple[str, ...] = ()


def barred(connection: Connection, source: str, outside: Iterable[str], addresses: Iterable[str]) -> set[str]:
    """Which of these ids of a shop and addresses belong to somebody who was forgotten; an id as `#` and itself."""
    keys = all_secrets(connection, SECRET_NAME)
    if not keys:
        return set()
    asked = {address_hash(key, one): one for key in keys for one in addresses}
    asked |= {outside_hash(key, source, one): f"#{one}" for key in keys for one in outside}
    found: set[str] = set()
    names = list(asked)
    for start in range(0, len(names), 500):
        page = names[start : start + 500]
        rows = connection.execute(select(SUPPRESSION.c.key).where(SUPPRESSION.c.key.in_(page)))
        found |= {asked[row] for row in rows.scalars()}
    return found


def keep(connection: Connection, one: Erasure) -> None:
    """Keep an erasure with its hashes, in place of what was kept of the same person before."""
    known = connection.execute(select(ERASURE.c.addresses, ERASURE.c.outside).where(ERASURE.c.person == one.person))
    before = known.first()
    addresses = sorted({*one.addresses, *(decoded(before[0]) if before else ())})
    outside = sorted({*one.outside, *(decoded(before[1]) if before else ())})
    said = {"addresses": encoded(addresses), "outside": encoded(outside)}
    if before is None:
        connection.execute(insert(ERASURE), {"person": one.person, "at": one.at, "who": one.who, **said})
    else:
        connection.execute(ERASURE.update().where(ERASURE.c.person == one.person).values(**said))
    hashes = [*addresses, *outside]
    there = set(connection.execute(select(SUPPRESSION.c.key).where(SUPPRESSION.c.key.in_(hashes))).scalars())
    new = [{"key": key, "because": ASKED, "since": one.at} for key in hashes if key not in there]
    insert_many(connection, SUPPRESSION, new)


def believe(connection: Connection, key: bytes) -> None:
    """Believe a key that this store does not know: it was drawn after the backup that was restored."""
    if key not in all_secrets(connection, SECRET_NAME):
        connection.execute(insert(SECRET), {"name": SECRET_NAME, "value": key, "since": micros(EPOCH)})


def is_listed(connection: Connection, person: str) -> bool:
    """Whether the store knows that somebody was forgotten."""
    return connection.execute(select(ERASURE.c.person).where(ERASURE.c.person == person)).first() is not None


def among_people(connection: Connection, people: Iterable[str]) -> set[str]:
    """Which of these were forgotten."""
    return {row[0] for row in among(connection, _FORGOTTEN, ERASURE.c.person, sorted(set(people)))}


def since_claimed(connection: Connection, batch: int, people: Iterable[str]) -> set[str]:
    """Which of these were forgotten since the batch was claimed."""
    claimed = select(BATCH.c.claimed_at).where(BATCH.c.id == batch).scalar_subquery()
    return set(connection.execute(_FORGOTTEN.where(ERASURE.c.at >= claimed)).scalars()).intersection(people)


_FORGOTTEN = select(ERASURE.c.person)


def how_many(connection: Connection) -> int:
    """How many were forgotten in this store."""
    return int(connection.execute(select(func.count()).select_from(ERASURE)).scalar_one())


def list_of(installation: Path) -> Path:
    """The list outside the store: beside the installation's file."""
    return installation.with_name("erasures")


def read_list(installation: Path, store: str) -> list[Erasure]:
    """Who was forgotten in this store, by the list outside it; the newest line of each counts."""
    return list({one.person: one for one in _lines(list_of(installation)) if one.store == store}.values())


def _lines(path: Path) -> Iterator[Erasure]:
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            found = json.loads(line)
            yield Erasure(
                str(found["store"]), str(found["person"]), int(found["at"]), str(found["who"]),
                tuple(found["addresses"]), tuple(found["outside"]), str(found["key"]),
                tuple(found["old"]),
            )  # fmt: skip
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path} is damaged; restore it: it says who must stay forgotten") from error


def list_outside(installation: Path, erasures: Sequence[Erasure]) -> None:
    """Add to the list outside the store, on the disk when this returns; only its owner may read it."""
    _add_lines(list_of(installation), [line_of(one) for one in erasures])


def line_of(one: Erasure) -> str:
    """How an erasure stands in the list."""
    return json.dumps(asdict(one))


def _add_lines(path: Path, lines: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())


def kept_in(connection: Connection) -> list[Erasure]:
    """Who was forgotten in a store, as the store itself has it: the list outside may lie on another machine."""
    keys = all_secrets(connection, SECRET_NAME)
    if not keys:
        return []
    store, merged = read_mark(connection).store, dict[str, list[str]]()
    for old, person in connection.execute(select(MERGED.c.old, MERGED.c.person)):
        merged.setdefault(person, []).append(old)
    names = ("person", "at", "who", "addresses", "outside")
    return [
        Erasure(store, person, at, who, tuple(decoded(addresses)), tuple(decoded(outside)), keys[0].hex(),
                tuple(sorted(merged.get(person, ()))))
        for person, at, who, addresses, outside in connection.execute(select(*(ERASURE.c[name] for name in names)))
    ]  # fmt: skip


def lines_of(lists: Sequence[Path], also: Sequence[Erasure]) -> list[str]:
    """All that several lists say, each line once, and those whom none of them has; `ValueError` for a damaged one."""
    lines = {line: None for path in lists if path.exists() for line in path.read_text(encoding="utf-8").splitlines()}
    listed = {(one.store, one.person) for path in lists for one in _lines(path)}
    lines |= {line_of(one): None for one in also if (one.store, one.person) not in listed}
    return list(lines)


def take_over(installation: Path, theirs: Path, also: Sequence[Erasure]) -> None:
    """Add to our list whom another list or a store has, and ours has not."""
    ours = list_of(installation)
    known = set(lines_of([ours], ()))
    if new := [line for line in lines_of([ours, theirs], also) if line not in known]:
        _add_lines(ours, new)
