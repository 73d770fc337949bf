"""The database is away, and there again: each said once, and what the queue's libraries say of it not at all."""

import logging
from collections.abc import Callable

from nurture import observe
from nurture.store.world_faults import away, in_words, waits_for_it

AGAIN = 600.0  # seconds until the same other fault is said again
QUIET = 5.0  # seconds without a fault, after which the database is there again
HELD_UP = "this worker was held up for so long that the others took it for gone; it begins anew"
OF_THE_QUEUE = "Database error."  # what the queue says of any fault of its database, beside the fault itself


class Outage:
    """Whether the database is away. `passed` gives seconds, of which only differences count."""

    def __init__(self, passed: Callable[[], float]) -> None:
        self._passed = passed
        self._since: float | None = None
        self._last = 0.0
        self._others: dict[tuple[str, str], float] = {}
        self.because = ""  # what stands in the way, in our words; empty while nothing does
        self.ending = False  # the queue's libraries then bring up what was long ago, and which connections they cut

    def told(self, fault: BaseException, lane: str) -> bool:
        """Whether a fault is that the database is away or lets nobody in, or that we were: said here, once."""
        found = of_database(fault)
        words = in_queue(found)
        if not words:
            return False
        self._last = self._passed()
        self._since = self._last if self._since is None else self._since
        if not self.because or (words != self.because and not away(found)):
            error, self.because = type(found).__name__, words
            observe.note(observe.QUEUE_LOST, level=logging.WARNING, lane=lane, error=error, words=words)
        return True

    def new(self, fault: BaseException | None, lane: str) -> bool:
        """Whether a fault that is no outage is worth a line: the same one of a lane is said once in ten minutes."""
        which, now = (lane, type(fault and of_database(fault)).__name__), self._passed()
        if now - self._others.get(which, -AGAIN) < AGAIN:
            return False
        self._others[which] = now
        return True

    def well(self) -> None:
        """The database answers: that it is there again is said when nothing has failed for some seconds."""
        if self._since is None or self._passed() - self._last < QUIET:
            return
        observe.note(observe.QUEUE_BACK, seconds=round(self._last - self._since))
        self._since, self.because = None, ""

    def written(self, line: logging.LogRecord) -> bool:
        """Whether a line of another library goes into the log: not what is said here already."""
        faults = [one for one in (line.exc_info or ()) if isinstance(one, BaseException)]
        if line.name == "psycopg" and any(isinstance(one, BaseException) for one in line.args or ()):
            return False  # what it passes over amid a fault that it raises: whoever takes that one says it
        if of_pool := line.name.startswith("psycopg.pool"):
            faults += [one for one in (line.args or ()) if isinstance(one, BaseException)]
        if self.ending and any(in_queue(of_database(fault)) for fault in faults):
            return False
        if any(self.told(fault, "queue") for fault in faults):
            return False
        if of_pool and not faults and self._since is not None:
            return False  # which connections it gives up
        if self.ending and line.name.startswith("psycopg") and line.levelno <= logging.WARNING:
            return False
        return not (line.name.startswith("procrastinate") and not faults and OF_THE_QUEUE in line.getMessage())


def in_queue(found: BaseException) -> str:
    """Why the queue cannot be worked with for now; empty for a fault for which there is nothing to wait."""
    if type(found).__name__ == "ForeignKeyViolation":  # its jobs name their worker, and ours was struck off
        return HELD_UP
    words = in_words(found)
    return words if waits_for_it(words) else ""


def of_database(fault: BaseException) -> BaseException:
    """What the database's driver said, within a fault of the queue; the fault itself where it said nothing."""
    found: BaseException | None = fault
    while found is not None:
        if type(found).__module__.startswith(("psycopg", "sqlalchemy")):
            return found
        found = found.__cause__
    return fault
