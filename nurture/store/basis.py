"""By which book, engine and language is decided: kept once each, so that the book can be had as it was."""

from sqlalchemy import Connection, bindparam, select, text, update

from nurture import __version__
from nurture.model.book import Book
from nurture.model.switch import Switch, Word
from nurture.model.values import dataclass
from nurture.store.codec import decoded, encoded, instant, micros
from nurture.store.database import ask
from nurture.store.files import known_text, newest_application
from nurture.store.tables import APPLICATION, BASIS


@dataclass(frozen=True, slots=True)
class Basis:
    """A book as it was: the `apply` that brought it (0: files never applied), and the switches that held."""

    digest: str
    engine: str
    application: int
    switches: tuple[Switch, ...]


def basis_of(connection: Connection, book: Book | None) -> int:
    """The number under which this book, engine and language are kept."""
    said = {
        "book": book.digest if book else "",
        "engine": __version__,
        "language": book.rules.language if book else 1,
        "application": book.application if book else 0,
        "switches": _switches_text(book) if book else "",
    }
    found = ask(connection, _SAME, **said)
    if not found:
        connection.execute(_NEW, said)
        found = ask(connection, _SAME, **said)
        if book is not None and book.application:
            _keep_known(connection, book.application)
    return int(found[0][0])


_SAME = select(BASIS.c.id).where(
    *(BASIS.c[name] == bindparam(name) for name in ("book", "engine", "language", "application", "switches"))
)

_NEW = text(
    "INSERT INTO basis (book, engine, language, application, switches)"
    " VALUES (:book, :engine, :language, :application, :switches) ON CONFLICT DO NOTHING"
)  # somebody beside us may be as quick


def _keep_known(connection: Connection, application: int) -> None:
    """What is known beside the files of an `apply`, while it is the newest: later renames and versions change it."""
    if application == newest_application(connection):
        mine = (APPLICATION.c.id == application, APPLICATION.c.known == "")
        connection.execute(update(APPLICATION).where(*mine).values(known=known_text(connection)))


def _switches_text(book: Book) -> str:
    """The switches that a book is under, as text; empty for none."""
    switches = [one.switch for _, one in sorted(book.sequences.items()) if one.switch is not None]
    rows = [[one.word.value, micros(one.since), one.who, one.sequence, one.because] for one in switches]
    return encoded(rows) if rows else ""


def _switches_of(text: str) -> tuple[Switch, ...]:
    if not text:
        return ()
    rows = decoded(text)
    return tuple(Switch(Word(word), instant(since), who, name, because) for word, since, who, name, because in rows)


def bases(connection: Connection) -> dict[int, Basis]:
    """All that was ever decided by, by number."""
    asked = select(BASIS.c.id, BASIS.c.book, BASIS.c.engine, BASIS.c.application, BASIS.c.switches)
    return {
        int(number): Basis(digest, engine, int(application), _switches_of(switches))
        for number, digest, engine, application, switches in connection.execute(asked)
    }
