"""How often each row came before in its file, in memory that does not grow with the file.

Equal rows without an id are told apart by nothing else. The newest are kept here, older ones in a database of SQLite
that has no name: it lies where temporary files do, and goes with the process.
"""

import sqlite3

KEPT = 100_000  # digests in memory, 15 MB; every 69,659 orders of CDNOW fit


class CountedRows:
    """Counts digests of one length; any number of them."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._newest: dict[bytes, int] = {}
        self._older: sqlite3.Connection | None = None

    def count(self, digest: bytes) -> int:
        """Which one of its equals this is: 1 for the first."""
        place = self._newest.get(digest)
        if place is None:
            place = self._before(digest)
            if len(self._newest) >= self._kept:
                self._put_away()
        self._newest[digest] = place + 1
        return place + 1

    def clear(self) -> None:
        """Begin anew."""
        self._newest.clear()
        if self._older is not None:
            self._older.close()
            self._older = None

    def _before(self, digest: bytes) -> int:
        if self._older is None:
            return 0
        found = self._older.execute("SELECT count FROM seen WHERE digest = ?", (digest,)).fetchone()
        return int(found[0]) if found else 0

    def _put_away(self) -> None:
        if self._older is None:
            self._older = sqlite3.connect("", isolation_level=None)
            self._older.execute("PRAGMA cache_size = -8000")
            self._older.execute("PRAGMA journal_mode = OFF")
            self._older.execute("CREATE TABLE seen (digest BLOB PRIMARY KEY, count INTEGER) WITHOUT ROWID")
        self._older.execute("BEGIN")
        self._older.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?)", sorted(self._newest.items()))
        self._older.execute("COMMIT")
        self._newest.clear()
