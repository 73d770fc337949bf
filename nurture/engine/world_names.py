"""Names that the world gives and nobody can make up: countries, zones and locales in an import.

A name that nobody knows says nothing: the row is taken in without that fact, and the import says so at its end.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from nurture.decide.zones import ZONES, known_zone
from nurture.engine.cells import Reader

# Has a code and no zone of its own in tzdata's table: no islander lives there, or it is Belgrade's clock (XK).
WITHOUT_A_ZONE = frozenset({"BV", "HM", "XK"})
LOCALE = re.compile(
    r"[a-z]{2,3}([-_][a-z]{4})?([-_]([a-z]{2}|[0-9]{3}))?([-_]([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*",
    re.ASCII | re.IGNORECASE,
)  # BCP 47 (RFC 5646 2.1) without extensions, with either mark between the parts
NAMED = 3  # so many of the unknown names are told
LONGEST = 24  # characters of a name that are told


@lru_cache(maxsize=4096)
def is_zone(name: str) -> bool:
    """Whether the time zone database has it."""
    return known_zone(name) is not None


def is_country(name: str) -> bool:
    """Whether it is an ISO 3166 code of two letters."""
    code = name.upper()
    return code in ZONES or code in WITHOUT_A_ZONE


@lru_cache(maxsize=4096)
def is_locale(name: str) -> bool:
    """Whether it has the form of a locale."""
    return LOCALE.fullmatch(name) is not None


KNOWN: dict[str, tuple[Callable[[str], bool], str]] = {
    "zone": (is_zone, "the clock of their country is used, or the house's"),
    "country": (is_country, "the house's clock is used"),
    "locale": (is_locale, "the house's languages are used"),
}


class NotKnown(NamedTuple):
    """A fact, how many rows give it a name nobody knows, and the first of these names; one too many where more are."""

    fact: str
    rows: int
    names: tuple[str, ...]

    def words(self) -> Iterator[str]:
        """For the end of an import: `the zone of 3 rows is not known (Mars/Base, Luna):`, and what follows."""
        named = ", ".join(self.names[:NAMED]) + (", …" if len(self.names) > NAMED else "")
        of = "1 row" if self.rows == 1 else f"{self.rows:,} rows"
        yield f"the {self.fact} of {of} is not known ({named}):"
        yield f"  {KNOWN[self.fact][1]}"


class Unheard:
    """Counts the rows that name what is not known, and remembers the first few names of each fact."""

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()
        self.names: dict[str, dict[str, None]] = {}

    def watched(self, fact: str, read: Reader) -> Reader:
        """The reader of a fact; for one of these facts, one that answers None for a name nobody knows."""
        if fact not in KNOWN:
            return read
        is_known, _ = KNOWN[fact]

        def reader(text: str) -> object:
            value = read(text)
            if not isinstance(value, str) or is_known(value):
                return value
            self.rows[fact] += 1
            seen = self.names.setdefault(fact, {})
            if len(seen) <= NAMED:
                seen[printable(value)] = None
            return None

        return reader

    def found(self) -> tuple[NotKnown, ...]:
        """What was counted, by the name of the fact."""
        return tuple(NotKnown(fact, rows, tuple(self.names[fact])) for fact, rows in sorted(self.rows.items()))


def printable(name: str) -> str:
    """A name as a terminal may show it, cut where it goes on too long."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in name)
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"
