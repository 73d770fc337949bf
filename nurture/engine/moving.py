"""Taking a shop to another database: who must not be at work, what was done, and what to write in config.toml."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from nurture.config import FILE, Config, absolute
from nurture.engine.faults import MisuseError, StateError
from nurture.model.values import dataclass
from nurture.store.database import Database, connect
from nurture.store.installation import owner_of
from nurture.store.moving import Moved, move, name_of, room_for, size_of, working

FROM_ENVIRONMENT = "env:"
LIVELY = timedelta(minutes=5)  # of whoever was seen so lately it is not known that they are gone

Tell = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Way:
    """From where to where a shop is moved."""

    source: Database
    target: Database
    ours: bool = True  # whether it begins at the store that config.toml names
    secret: str = ""  # the environment variable that holds the target's address, if one was named

    def size(self) -> int:
        """How many rows there are to be moved."""
        return size_of(self.source)

    def lines(self, moved: Moved, seconds: float) -> Iterator[str]:
        """For people: what was done, and what is to be written where."""
        here, there = name_of(self.source), name_of(self.target)
        if moved.before:
            yield f"It is moved already: {there} is the store."
        else:
            tables = sum(one.rows > 0 for one in moved.sums.values())
            yield f"{moved.rows:,} rows of {tables} tables are in {there} and proved equal, in {seconds:.1f} s."
            if moved.found:
                yield f"{moved.found:,} of them an earlier try had brought."
            yield f"{here} is shut: nothing opens it and nothing is written to it any more. Keep it until you are sure."
        yield f"Now write in {FILE}, and start again:"
        yield ""
        yield "[store]"
        yield f'url_env = "{self.secret}"' if self.secret else f'url = "{there}"'


@contextmanager
def way(root: Path, config: Config, environment: Mapping[str, str], source: str, target: str) -> Iterator[Way]:
    """Both databases, neither changed yet. MisuseError for addresses that make no sense; faults in their own words."""
    here, _ = _address(source, root, environment)
    there, secret = _address(target, root, environment)
    if here == there:
        raise MisuseError("FROM and TO are the same.")
    if config.store_url not in (here, there):
        raise MisuseError(f"neither FROM nor TO is the store of this project; {FILE} names another.")
    databases = [connect(one) for one in (here, there)]
    try:
        yield Way(databases[0], databases[1], config.store_url == here, secret)
    except ValueError as fault:
        raise StateError(f"{fault}.") from fault
    finally:
        for one in databases:
            one.engine.dispose()


def _address(said: str, root: Path, environment: Mapping[str, str]) -> tuple[str, str]:
    """The URL that is meant, and the environment variable that holds it, if that was named."""
    if said in ("sqlite://", "sqlite:///:memory:"):
        raise MisuseError("a store in memory is gone when the command ends; name a file, as sqlite:///home.db.")
    if not said.startswith(FROM_ENVIRONMENT):
        return absolute(said, root), ""
    name = said.removeprefix(FROM_ENVIRONMENT)
    found = environment.get(name, "").strip()
    if not found:
        raise MisuseError(f"the environment variable {name} is not set.")
    return absolute(found, root), name


def move_shop(way: Way, config: Config, now: datetime, tell: Tell) -> Moved:
    """Move it; StateError while somebody works with either store, or for want of room.

    Whoever came to an empty target before would go on working there, amid what is brought over.
    """
    for database, ours in ((way.source, way.ours), (way.target, not way.ours)):
        refuse_beside(_others(database, config, ours, now), database)
    room_for(way.source, way.target)
    return move(way.source, way.target, now, tell)


def _others(database: Database, config: Config, ours: bool, now: datetime) -> list[str]:
    """Who works with a store. Of the project's own, whoever asks has the run lock: on PostgreSQL nobody else does."""
    if ours and database.file is None:
        return []
    mine = owner_of(config.installation)
    return [name for name in working(database, now - LIVELY) if not (ours and name.startswith(mine))]


def refuse_beside(names: Sequence[str], database: Database, also: str = "") -> None:
    """StateError when somebody works with a store; `also` says what of it is in the way."""
    if names:
        words = f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} at work with the store{also}. Stop that first"
        raise StateError(f"{words}{'; who was killed counts as gone after 5 minutes' if database.file else ''}.")
