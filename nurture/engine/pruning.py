"""Pruning: what is older than the house keeps goes, at quiet moments and a little at a time (rules.yaml, `keep:`)."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from nurture import observe
from nurture.engine.taking import KINDS as POSTS
from nurture.engine.taking import give_up_old
from nurture.engine.workshop import Workshop
from nurture.model.keeping import KINDS, Keep
from nurture.model.values import dataclass
from nurture.store.folding import fold_days
from nurture.store.pruning import Pruning
from nurture.store.received import Old

QUIET, BUSY = 5, 1  # transactions of a thousand rows at the most, after a turn with nothing to decide and after others
REST = timedelta(hours=1)  # of a kind of which nothing is old
DAYS = "days"  # counts of them, which nobody sets: families of mailboxes are told apart for two months
OF_ROWS = tuple(kind for kind in KINDS if kind != "posts")
WORDS = {
    "reasons": "reasons",
    "journal": "decisions of the journal",
    "posts": "raw posts",
    "letters": "letters, raw or as they were read",
    "news": "news of single mails",
    "bodies": "texts put into mails",
}


class Pruner:
    """A daemon's pruning, turn by turn. One for a process: it remembers of which kinds nothing was old."""

    def __init__(self) -> None:
        self._rests: dict[str, datetime] = {}

    def turn(self, shop: Workshop, keep: Keep, now: datetime, people: int) -> int:
        """After a turn in which so many people were decided on: a few transactions; how many rows went."""
        went: Counter[str] = Counter()
        budget = BUSY if people else QUIET
        door = Pruning(shop.store.database)
        for kind in OF_ROWS:
            if self._rests.get(kind, now) > now or not budget:
                continue
            went[kind], budget = _some(door, kind, keep, now, budget)
            if budget:
                self._rests[kind] = now + REST
        if budget and self._rests.get(DAYS, now) <= now and not fold_days(shop.store.database, now):
            self._rests[DAYS] = now + REST
        return _note(went)


def _some(door: Pruning, kind: str, keep: Keep, now: datetime, budget: int) -> tuple[int, int]:
    """Up to so many transactions of one kind; how many rows went, and what is left of the budget."""
    went = 0
    while budget:
        done = door.step(kind, keep.before(kind, now), now)
        went += done.went
        budget -= done.went > 0 or done.more
        if not done.more:
            break
    return went, budget


def _note(went: Counter[str]) -> int:
    found = {kind: number for kind, number in went.items() if number}
    if found:
        observe.note(observe.PRUNED, **found)
    return sum(found.values())


@dataclass(frozen=True, slots=True)
class Aged:
    """How much of one kind goes, or went, and from when on everything of it is there; None where nothing ever went."""

    kind: str
    rows: int
    before: datetime
    kept_since: datetime | None


def prune_all(shop: Workshop, keep: Keep, now: datetime, tell: Callable[[int], None]) -> Iterator[Aged]:
    """Let everything go that is old enough, kind by kind."""
    door, went = Pruning(shop.store.database), Counter[str]()
    for kind in KINDS:
        before = keep.before(kind, now)
        if kind == "posts":
            while some := give_up_old(shop, keep, now):
                went[kind] += some
                tell(went.total())
            yield Aged(kind, went[kind], before, None)
            continue
        more = True
        while more:
            done = door.step(kind, before, now)
            went[kind], more = went[kind] + done.went, done.more
            tell(went.total())
        yield Aged(kind, went[kind], before, door.kept_since(kind))
    while fold_days(shop.store.database, now):
        continue
    _note(Counter({kind: number for kind, number in went.items() if kind != "posts"}))


def would_go(shop: Workshop, keep: Keep, now: datetime) -> Iterator[Aged]:
    """How much of each kind is old enough to go; nothing is written."""
    door = Pruning(shop.store.database)
    for kind in KINDS:
        before = keep.before(kind, now)
        if kind == "posts":
            old = [Old(source, keep.before(of, now), whole=False) for source, of in POSTS.items()]
            yield Aged(kind, shop.store.received.how_many_old(old), before, None)
        else:
            yield Aged(kind, door.count(kind, before), before, door.kept_since(kind))
