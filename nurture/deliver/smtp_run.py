"""Mails that go one after the other in one thread, so that nobody has to be woken for each of them.

A run is no request: each of its mails is taken or refused by itself, and is in doubt by itself. It ends early when its
time is over, so that service need not wait for it, or when what ended one mail would end them all.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from threading import Lock

from nurture.deliver.smtp_answer import Answer, Phase, halting
from nurture.deliver.smtp_talk import Envelope
from nurture.model.values import dataclass

MOST = 10  # mails
LONGEST = timedelta(seconds=0.25)  # after which no other mail of a run is begun
STOPPED = "nurture stopped waiting for the answer"


@dataclass(frozen=True, slots=True)
class Run:
    """The mails, in their order."""

    mails: tuple[Envelope, ...]


def runs(mails: Sequence[Envelope], connections: int) -> Iterator[Run]:
    """The mails in runs, so many that no connection is idle while another has several."""
    each = max(1, min(MOST, -(-len(mails) // connections)))
    for start in range(0, len(mails), each):
        yield Run(tuple(mails[start : start + each]))


class Stopped(Exception):
    """Nobody waits for the mail any more: its dot does not go out, so it has certainly not gone."""


@dataclass(slots=True)
class Progress:
    """How far a run got: the answers so far, and which mail is in hand. `clock` tells the instant (UTC)."""

    mails: Sequence[Envelope]
    clock: Callable[[], datetime]
    answers: list[Answer] = field(default_factory=list)
    _until: datetime | None = None
    _ahead: bool = False
    _leaving: bool = False  # the dot of the mail in hand goes out, or did
    _stopped: bool = False
    _lock: Lock = field(default_factory=Lock)

    def begin(self) -> Envelope | None:
        """The mail that goes next; None when all went, time is over or nobody waits."""
        ahead, self._ahead = self._ahead, False
        place = len(self.answers)
        if place == len(self.mails) or self._stopped or not (ahead or self._in_time()):
            return None
        return self.mails[place]

    def leave(self, together: bool) -> Envelope | None:
        """The dot of the mail in hand goes out now; the mail to begin with it, where these travel `together`.

        None is begun with the first: how long the server takes is not known yet. Raises Stopped.
        """
        after = len(self.answers) + 1
        with self._lock:
            if self._stopped:
                raise Stopped(STOPPED)
            self._leaving = True
        self._ahead = together and 1 < after < len(self.mails) and self._in_time()
        return self.mails[after] if self._ahead else None

    def _in_time(self) -> bool:
        now = self.clock()
        if self._until is None:
            self._until = now + LONGEST
        return now <= self._until

    def heard(self, answer: Answer) -> bool:
        """What became of the mail in hand; whether the next may be tried.

        Without a connection none of the others goes, and that is their answer too.
        """
        unreached = answer.phase <= Phase.login
        with self._lock:
            self.answers += [answer] * (len(self.mails) - len(self.answers) if unreached else 1)
            self._leaving = False
        return not unreached and not halting(answer)

    def cut(self) -> tuple[Answer, ...]:
        """The answers of all when nobody waits any more: one whose dot went out is in doubt, others have not gone."""
        with self._lock:
            self._stopped = True
            known, leaving = tuple(self.answers), self._leaving
        doubt, left = (Answer(self.clock(), phase, fault=STOPPED) for phase in (Phase.dot, Phase.connect))
        return (
            *known,
            *(doubt if leaving and place == len(known) else left for place in range(len(known), len(self.mails))),
        )
