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


@dataclass(slots=True)
class Progress:
    """How far a run got: the answers so far, and whether one more was begun. `clock` tells the instant (UTC)."""

    clock: Callable[[], datetime]
    answers: list[Answer] = field(default_factory=list)
    begun: int = 0
    _until: datetime | None = None
    _stopped: bool = False
    _lock: Lock = field(default_factory=Lock)

    def begin(self) -> bool:
        """Whether one more mail may be begun, which it is with that."""
        now = self.clock()
        with self._lock:
            if self._until is None:
                self._until = now + LONGEST
            if self._stopped or now > self._until:
                return False
            self.begun += 1
            return True

    def heard(self, answer: Answer, left: int) -> bool:
        """What became of a mail before `left` others; whether the next may be tried.

        Without a connection none of them goes, and that is their answer too.
        """
        unreached = answer.phase <= Phase.login
        self.answers += [answer] * (1 + left if unreached else 1)
        return not unreached and not halting(answer)

    def cut(self, mails: int) -> tuple[Answer, ...]:
        """The answers of all mails when nobody waits any more: the one in hand is in doubt, others have not gone."""
        with self._lock:
            self._stopped = True
            known, begun = self.answers[:mails], self.begun
        doubt, left = (Answer(self.clock(), phase, fault=STOPPED) for phase in (Phase.dot, Phase.connect))
        return (*known, *(doubt if place < begun else left for place in range(len(known), mails)))
