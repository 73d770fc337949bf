"""Applied files: what the daemon runs, by content and version; the working tree is never read (language.md 8)."""

from collections.abc import Collection, Mapping
from dataclasses import field
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType

from sqlalchemy import Connection, func, insert, select, update

from nurture.model.book import Applied, Move
from nurture.model.values import dataclass
from nurture.store.codec import decoded, encoded, instant, maybe_instant, maybe_micros, micros
from nurture.store.database import ask, insert_one, pages, pairs
from nurture.store.effects import length_of, length_text
from nurture.store.tables import APPLICATION, APPLIED_FILE, CONTENT, ENROLMENT, MOVE, RENAMED, VERSION

Version = tuple[str, int]
NOTHING_SAID: Mapping[str, Applied] = MappingProxyType({})
NO_LINEAGES: Mapping[str, Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class OlderFile:
    """A version that somebody still stands on: its file, and the `apply` that brought it."""

    path: str
    data: bytes
    application: int


@dataclass(frozen=True, slots=True)
class Files:
    """The newest `apply`: every file, the sequences' versions, and the files of older ones that people are inside of.

    `lineages` are the first names of each version's steps, where they differ (the sequence's own under ""); `moves`
    how people came to versions; `renamed` every former name by kind, each leading to the one of today. `numbers` are
    the highest version that each sequence ever had, those that are gone too.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    applied: Mapping[str, Applied] = field(default_factory=dict)
    older: Mapping[Version, OlderFile] = field(default_factory=dict)
    lineages: Mapping[Version, Mapping[str, str]] = field(default_factory=dict)
    moves: Mapping[str, tuple[Move, ...]] = field(default_factory=dict)
    renamed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    application: int = 0
    numbers: Mapping[str, int] = field(default_factory=dict)


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
    *,
    same: Collection[str] = (),
    lineages: Mapping[str, Mapping[str, str]] = NO_LINEAGES,
    applied: Mapping[str, Applied] = NOTHING_SAID,
) -> Change:
    """Keep the files of an `apply`. `sequences` gives the path of each by name, `live` those whose status is live.

    A sequence whose file differs from its last version gets the next number, but for those in `same`, whose meaning
    is as it was; `live_since` is kept while it stays live and starts anew when it goes live again. `applied` says
    since when a new version starts people, and whether a broadcast goes also to those whose hour had passed.
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
        made = _version(
            connection, name, path, hashes[path], name in live, number, now, name in same, applied.get(name)
        )
        if made is not None:
            fresh[name] = made
            _keep_lineages(connection, name, made.version, lineages.get(name, {}))
            _keep_start(connection, name, made.version, applied.get(name))
    return Change(
        tuple(sorted(hashes.keys() - before.keys())),
        tuple(sorted(path for path in hashes.keys() & before.keys() if hashes[path] != before[path])),
        tuple(sorted(before.keys() - hashes.keys())),
        fresh,
    )


def _keep_lineages(connection: Connection, name: str, version: int, lineages: Mapping[str, str]) -> None:
    if lineages:
        mine = (VERSION.c.sequence == name, VERSION.c.version == version)
        connection.execute(update(VERSION).where(*mine).values(lineages=encoded(dict(lineages))))


def _keep_start(connection: Connection, name: str, version: int, said: Applied | None) -> None:
    if said is not None and (said.starts_since is not None or said.past_too):
        mine = (VERSION.c.sequence == name, VERSION.c.version == version)
        starts = {"starts_since": maybe_micros(said.starts_since), "past_too": said.past_too}
        connection.execute(update(VERSION).where(*mine).values(**starts))


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
    connection: Connection, name: str, path: str, hash_: str, live: bool, application: int, now: datetime, same: bool,
    told: Applied | None,
) -> Applied | None:  # fmt: skip
    """The new version of a sequence; None when its file is the same, or says the same in other words.

    One that was given up and comes back word for word is a new version all the same: it is live from now on.
    """
    last = connection.execute(
        select(VERSION.c.version, VERSION.c.hash, VERSION.c.live_since)
        .where(VERSION.c.sequence == name)
        .order_by(VERSION.c.version.desc())
        .limit(1)
    ).first()
    fresh = last is None or (told is not None and told.version > last[0])
    if last is not None and (same or (last[1] == hash_ and not fresh)):
        newest = (VERSION.c.sequence == name, VERSION.c.version == last[0])
        connection.execute(update(VERSION).where(*newest).values(path=path, hash=hash_))
        return None
    kept = (
        told.live_since if told is not None else instant(last[2]) if last is not None and last[2] is not None else now
    )
    since = kept if live else None
    number = 1 if last is None else last[0] + 1
    row = {"sequence": name, "version": number, "path": path, "hash": hash_, "application": application}
    connection.execute(insert(VERSION), row | {"live_since": maybe_micros(since)})
    return Applied(number, since or now)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the files of an `apply`, as `Files` has it; an older version is path, hash and `apply`."""

    applied: Mapping[str, Applied]
    older: Mapping[Version, tuple[str, str, int]]
    lineages: Mapping[Version, Mapping[str, str]]
    moves: Mapping[str, tuple[Move, ...]]
    renamed: Mapping[str, Mapping[str, str]]
    numbers: Mapping[str, int]


def load_files(connection: Connection) -> Files:
    """The newest applied files; empty when nothing was applied yet."""
    hashes = _newest(connection)
    return _files(connection, hashes, _known(connection, hashes), newest_application(connection))


def files_then(connection: Connection, application: int) -> Files | None:
    """The files of an `apply` with what was known beside them then; None where that was not kept."""
    text = connection.execute(select(APPLICATION.c.known).where(APPLICATION.c.id == application)).scalar()
    return _files(connection, _hashes(connection, application), _known_of(text), application) if text else None


def _files(connection: Connection, hashes: Mapping[str, str], known: Known, application: int) -> Files:
    contents = _contents(connection, {*hashes.values(), *(one[1] for one in known.older.values())})
    return Files(
        {path: contents[hash_] for path, hash_ in hashes.items()},
        known.applied,
        {key: OlderFile(path, contents[hash_], brought) for key, (path, hash_, brought) in known.older.items()},
        known.lineages,
        known.moves,
        known.renamed,
        application,
        known.numbers,
    )


def _known(connection: Connection, hashes: Mapping[str, str]) -> Known:
    rows = connection.execute(
        select(
            VERSION.c.sequence,
            VERSION.c.version,
            VERSION.c.path,
            VERSION.c.hash,
            VERSION.c.live_since,
            APPLICATION.c.at,
            VERSION.c.application,
            VERSION.c.lineages,
            VERSION.c.starts_since,
            VERSION.c.past_too,
        )
        .join_from(VERSION, APPLICATION, APPLICATION.c.id == VERSION.c.application)
        .order_by(VERSION.c.sequence, VERSION.c.version)
    ).all()
    newest = {name: row for name, *row in rows}
    applied = {
        name: Applied(version, instant(at if since is None else since), maybe_instant(starts), past_too)
        for name, (version, path, _, since, at, _, _, starts, past_too) in newest.items()
        if path in hashes
    }
    live = {(name, one.version) for name, one in applied.items()}
    inside = inhabited(connection) - live
    return Known(
        applied,
        {(row[0], row[1]): (row[2], row[3], row[6]) for row in rows if (row[0], row[1]) in inside},
        {(row[0], row[1]): decoded(row[7]) for row in rows if row[7] != "{}"},
        _moves(connection),
        renamed(connection),
        {name: row[0] for name, row in newest.items()},
    )


def known_text(connection: Connection) -> str:
    """What is known beside the newest files, as text; for `files_then`."""
    known = _known(connection, _newest(connection))
    return encoded(
        {
            "applied": {
                name: [one.version, micros(one.live_since), maybe_micros(one.starts_since), one.past_too]
                for name, one in known.applied.items()
            },
            "older": [[*key, *one] for key, one in known.older.items()],
            "lineages": [[*key, one] for key, one in known.lineages.items()],
            "moves": {
                name: [[one.version, micros(one.at), one.due_now, length_text(one.spread)] for one in moves]
                for name, moves in known.moves.items()
            },
            "renamed": known.renamed,
            "numbers": known.numbers,
        }
    )


def _known_of(text: str) -> Known:
    said = decoded(text)
    return Known(
        {
            name: Applied(version, instant(since), maybe_instant(starts), past_too)
            for name, (version, since, starts, past_too) in said["applied"].items()
        },
        {(name, version): (path, hash_, brought) for name, version, path, hash_, brought in said["older"]},
        {(name, version): lineages for name, version, lineages in said["lineages"]},
        {
            name: tuple([Move(version, instant(at), due, length_of(spread)) for version, at, due, spread in moves])
            for name, moves in said["moves"].items()
        },
        said["renamed"],
        said["numbers"],
    )


def inhabited(connection: Connection) -> set[Version]:
    """The versions that anybody is inside of; read from an index."""
    running = select(ENROLMENT.c.sequence, ENROLMENT.c.version).where(ENROLMENT.c.ended_at.is_(None)).distinct()
    return {(name, version) for name, version in connection.execute(running)}


def newest_application(connection: Connection) -> int:
    """The number of the newest `apply`; 0 before the first."""
    return int(ask(connection, _NEWEST)[0][0] or 0)


_NEWEST = select(func.max(APPLICATION.c.id))
_RENAMED = select(RENAMED.c.kind, RENAMED.c.old, RENAMED.c.new)


def renamed(connection: Connection) -> dict[str, dict[str, str]]:
    """Every former name and the one of today, by kind."""
    found: dict[str, dict[str, str]] = {}
    for kind, old, new in ask(connection, _RENAMED):
        found.setdefault(kind, {})[old] = new
    return found


def _moves(connection: Connection) -> dict[str, tuple[Move, ...]]:
    asked = select(MOVE.c.sequence, MOVE.c.version, MOVE.c.at, MOVE.c.due_now, MOVE.c.spread)
    found: dict[str, tuple[Move, ...]] = {}
    for name, version, at, due_now, spread in connection.execute(asked.order_by(MOVE.c.sequence, MOVE.c.version)):
        found[name] = (*found.get(name, ()), Move(version, instant(at), due_now, length_of(spread)))
    return found


def files_of(connection: Connection, application: int) -> dict[str, bytes]:
    """Every file as it stood in an `apply`."""
    hashes = _hashes(connection, application)
    contents = _contents(connection, set(hashes.values()))
    return {path: contents[hash_] for path, hash_ in hashes.items()}


def _hashes(connection: Connection, application: int) -> dict[str, str]:
    asked = select(APPLIED_FILE.c.path, APPLIED_FILE.c.hash).where(APPLIED_FILE.c.application == application)
    return pairs(connection, asked)


def application_at(connection: Connection, moment: datetime) -> tuple[int, datetime] | None:
    """The `apply` that was live at an instant (UTC), and when it was made; None before the first."""
    asked = select(APPLICATION.c.id, APPLICATION.c.at).where(APPLICATION.c.at <= micros(moment))
    row = connection.execute(asked.order_by(APPLICATION.c.id.desc()).limit(1)).first()
    return None if row is None else (row[0], instant(row[1]))


def _contents(connection: Connection, hashes: Collection[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for page in pages(sorted(hashes)):
        rows = connection.execute(select(CONTENT.c.hash, CONTENT.c.data).where(CONTENT.c.hash.in_(page)))
        found.update({hash_: bytes(data) for hash_, data in rows})
    return found
