"""Applied files: what the daemon runs, by content and version; the working tree is never read (language.md 8)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, insert, select

from nurture.model.book import Applied
from nurture.store.codec import instant, maybe_micros, micros
from nurture.store.database import insert_one, pages, pairs
from nurture.store.tables import APPLICATION, APPLIED_FILE, CONTENT, VERSION


@dataclass(frozen=True, slots=True)
class Files:
    """The newest `apply`: every file, the sequences' versions, and the files of their older versions."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    applied: Mapping[str, Applied] = field(default_factory=dict)
    older: Mapping[tuple[str, int], tuple[str, bytes]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """What an `apply` changed: paths added, changed and taken away, and the sequences that got a new version."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    versions: Mapping[str, Applied]


def save_files(
    connection: Connection,
    files: Mapping[str, bytes],
    sequences: Mapping[str, str],
    live: Collection[str],
    now: datetime,
    who: str = "",
    commit: str = "",
) -> Change:
    """Keep the files of an `apply`. `sequences` gives the path of each by name, `live` those whose status is live.

    A sequence whose file differs from its last version gets the next number; `live_since` is kept
    while it stays live and starts anew when it goes live again.
    """
    hashes = {path: sha256(data).hexdigest() for path, data in files.items()}
    before = _newest(connection)
    _keep_contents(connection, {hashes[path]: data for path, data in files.items()})
    number = insert_one(connection, APPLICATION, {"at": micros(now), "who": who, "commit": commit})
    rows = [{"application": number, "path": path, "hash": hashes[path]} for path in sorted(files)]
    if rows:
        connection.execute(insert(APPLIED_FILE), rows)
    fresh: dict[str, Applied] = {}
    for name, path in sorted(sequences.items()):
        made = _version(connection, name, path, hashes[path], name in live, number, now)
        if made is not None:
            fresh[name] = made
    return Change(
        tuple(sorted(hashes.keys() - before.keys())),
        tuple(sorted(path for path in hashes.keys() & before.keys() if hashes[path] != before[path])),
        tuple(sorted(before.keys() - hashes.keys())),
        fresh,
    )


def ever_applied(connection: Connection, digest: str, folder: str) -> dict[str, bytes]:
    """Path and bytes of a file below `folder`, of any apply, whose SHA-256 this is; empty when there was none.

    A mail that went last year still names the picture of last year.
    """
    asked = (
        select(APPLIED_FILE.c.path, CONTENT.c.data)
        .join_from(CONTENT, APPLIED_FILE, APPLIED_FILE.c.hash == CONTENT.c.hash)
        .where(CONTENT.c.hash == digest, APPLIED_FILE.c.path.startswith(folder, autoescape=True))
    )
    return {path: bytes(data) for path, data in connection.execute(asked.limit(1))}


def _newest(connection: Connection) -> dict[str, str]:
    newest = select(APPLICATION.c.id).order_by(APPLICATION.c.id.desc()).limit(1).scalar_subquery()
    return pairs(
        connection, select(APPLIED_FILE.c.path, APPLIED_FILE.c.hash).where(APPLIED_FILE.c.application == newest)
    )


def _keep_contents(connection: Connection, contents: Mapping[str, bytes]) -> None:
    known: set[str] = set()
    for page in pages(list(contents)):
        known.update(connection.execute(select(CONTENT.c.hash).where(CONTENT.c.hash.in_(page))).scalars().all())
    new = [{"hash": hash_, "data": data} for hash_, data in contents.items() if hash_ not in known]
    if new:
        connection.execute(insert(CONTENT), new)


def _version(
    connection: Connection, name: str, path: str, hash_: str, live: bool, application: int, now: datetime
) -> Applied | None:
    """The new version of a sequence; None when its file is the same."""
    last = connection.execute(
        select(VERSION.c.version, VERSION.c.hash, VERSION.c.live_since)
        .where(VERSION.c.sequence == name)
        .order_by(VERSION.c.version.desc())
        .limit(1)
    ).first()
    if last is not None and last[1] == hash_:
        return None
    since = None if not live else (instant(last[2]) if last is not None and last[2] is not None else now)
    number = 1 if last is None else last[0] + 1
    row = {"sequence": name, "version": number, "path": path, "hash": hash_, "application": application}
    connection.execute(insert(VERSION), row | {"live_since": maybe_micros(since)})
    return Applied(number, since or now)


def load_files(connection: Connection) -> Files:
    """The newest applied files; empty when nothing was applied yet."""
    hashes = _newest(connection)
    versions = connection.execute(
        select(
            VERSION.c.sequence,
            VERSION.c.version,
            VERSION.c.path,
            VERSION.c.hash,
            VERSION.c.live_since,
            APPLICATION.c.at,
        )
        .join_from(VERSION, APPLICATION, APPLICATION.c.id == VERSION.c.application)
        .order_by(VERSION.c.sequence, VERSION.c.version)
    ).all()
    contents = _contents(connection, {*hashes.values(), *(row[3] for row in versions)})
    applied: dict[str, Applied] = {}
    older: dict[tuple[str, int], tuple[str, bytes]] = {}
    for name, version, path, hash_, live_since, at in versions:
        older[(name, version)] = (path, contents[hash_])
        if path in hashes:
            applied[name] = Applied(version, instant(at if live_since is None else live_since))
    for name, newest in applied.items():
        del older[(name, newest.version)]
    return Files({path: contents[hash_] for path, hash_ in hashes.items()}, applied, older)


def _contents(connection: Connection, hashes: Collection[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for page in pages(sorted(hashes)):
        rows = connection.execute(select(CONTENT.c.hash, CONTENT.c.data).where(CONTENT.c.hash.in_(page)))
        found.update({hash_: bytes(data) for hash_, data in rows})
    return found
