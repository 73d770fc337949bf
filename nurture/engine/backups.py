"""Backups of the store and their way back, in words: what was made, what was put back, what a person has to look at."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from nurture.config import Config
from nurture.engine.faults import MisuseError, StateError
from nurture.model.values import dataclass
from nurture.store.backing_up import back_up, file_name, forgotten_in, list_beside, older_of, work_to_do
from nurture.store.backups_made import remember
from nurture.store.database import Database, connect
from nurture.store.erasures import list_of, take_over
from nurture.store.installation import read_file
from nurture.store.probe import Reach, probe
from nurture.store.restoring import readable, restore, store_of

FOLDER = "backups"  # in the project, where none is named
_NOT_FOR_GIT = "*\n"  # the names of all readers are in it
_UNITS = ("bytes", "KB", "MB", "GB", "TB")

Tell = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that was made: its file, how large, up to when the store had decided (UTC), what was given up for it."""

    file: Path
    bytes: int
    decided: datetime | None
    removed: tuple[Path, ...]

    def lines(self, seconds: float) -> Iterator[str]:
        """For people."""
        yield f"{self.file}: {size_words(self.bytes)}, taken and checked in {seconds:.1f} s; {_as_of(self.decided)}."
        if self.removed:
            count = len(self.removed)
            yield f"{count} older {'backup was' if count == 1 else 'backups were'} deleted (--keep)."


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that was put back: up to when it had decided (UTC), and where the store that was there is kept."""

    file: Path
    bytes: int
    decided: datetime | None
    kept: str
    forgotten: str = ""

    def lines(self, seconds: float) -> Iterator[str]:
        """For people: what is there now, and what to do before it mails again."""
        yield f"{self.file} is the store now: {size_words(self.bytes)}, in {seconds:.1f} s; {_as_of(self.decided)}."
        yield f"What was there before is kept: {self.kept}." if self.kept else "There was no store here before."
        if self.forgotten:
            yield f"{self.forgotten[0].upper()}{self.forgotten[1:]}."
        yield "Nothing is sent until you have looked. What happened since then is not in it:"
        yield "  1. who refused, complained or bounced: nurture import suppressions FILE, import consents, nurture sync"
        yield (
            "  2. new contacts, orders and events: import them again, with the dates on which they came and happened; "
            "what is known already is not taken twice"
        )
        yield "  3. what the shop's people did: tasks, drafts, switches, files applied (nurture diff, nurture apply)"
        yield (
            "  4. nurture run --once --accept: what fell due since then is listed as in doubt instead of sent; what is "
            "told of that time only later, or without a date, is held (nurture outbox --held, nurture release)"
        )
        yield "Only you know of these, so look before you do them again: nurture enrol, broadcasts with another name."


def size_words(size: float) -> str:
    """How large, as people say it."""
    for unit in _UNITS:
        if size < 1000 or unit == _UNITS[-1]:
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == _UNITS[0] or size >= 100 else f"{size:.1f} {unit}"


def _as_of(decided: datetime | None) -> str:
    return "nothing was decided in it yet" if decided is None else f"it had decided up to {decided:%Y-%m-%d %H:%M} UTC"


def place_of(root: Path, wanted: Path | None, keep: int | None, now: datetime) -> Path:
    """The file to make: in the named folder, or the named file; MisuseError for a file with older ones to delete."""
    if wanted is not None and wanted.suffix and not wanted.is_dir():
        if keep is not None:
            raise MisuseError("--keep goes with a folder: nurture backup FOLDER --keep 14")
        return wanted
    return (root / FOLDER if wanted is None else wanted) / file_name(now)


@contextmanager
def store_there(config: Config) -> Iterator[Database]:
    """The database of a store that is there and can be reached; nothing is made or migrated. StateError otherwise."""
    found = probe(config.store_url)
    if found.reach in (Reach.absent, Reach.unreachable):
        raise StateError(f"there is no store: {found.words}{f': {found.cure}' if found.cure else ''}")
    with database_of(config) as database:
        yield database


@contextmanager
def database_of(config: Config) -> Iterator[Database]:
    """The database in which the store lies, or is to lie; what goes wrong there is a StateError in its own words."""
    database = connect(config.store_url)
    try:
        yield database
    except ValueError as fault:
        raise StateError(f"{fault}.") from fault
    finally:
        database.engine.dispose()


def make_backup(
    database: Database, config: Config, root: Path, file: Path, keep: int | None, now: datetime, tell: Tell
) -> BackedUp:
    """Make a backup, and only then delete the oldest ones of its folder but for `keep`; the store keeps that it was."""
    if file.parent == root / FOLDER and not file.parent.exists():
        file.parent.mkdir()
        (file.parent / ".gitignore").write_text(_NOT_FOR_GIT, encoding="utf-8")
    made = back_up(database, file, tell)
    list_beside(file.parent, config.installation, database)
    remember(database, now)
    removed = tuple(older_of(file.parent, keep)) if keep is not None else ()
    for one in removed:
        one.unlink()
    return BackedUp(file, made.bytes, made.decided, removed)


def how_much(database: Database) -> int:
    """What `make_backup` tells of, in all."""
    return work_to_do(database)


def put_back(database: Database, config: Config, file: Path, now: datetime, tell: Tell) -> Restored:
    """Put a backup in the store's place; it starts halted, and whoever was forgotten is listed once more."""
    try:
        remembered = read_file(config.installation)
    except ValueError:
        remembered = None  # damaged: the store that is there says which it is
    inside = readable(file, _known(*store_of(database), remembered.mark.store if remembered is not None else None))
    config.installation.parent.mkdir(parents=True, exist_ok=True)
    take_over(config.installation, file.parent / list_of(config.installation).name, forgotten_in(database))
    kept = restore(database, file, inside, now.astimezone(UTC), config.installation.parent, tell)
    return Restored(file, inside.bytes, inside.decided, kept)


def _known(there: str | None, used: bool, remembered: str | None) -> str | None:
    """Whose backup it must be: this project's, unless it never had a store in which anything happened."""
    if used:
        return there
    return None if remembered == there else remembered
