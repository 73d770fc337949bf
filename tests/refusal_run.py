"""Nobody who refused is mailed: a long run by the installed command, with everything that might undo a refusal.

As a program: `python -m tools.refusal_run --rounds 200`, which prints its figures. In every round somebody refuses, in
one of ten ways; then something happens that could bring mail back to them; then everybody orders, which is worth
three mails each: a letter (consent), care (soft opt-in) and a receipt (service). After each of these the server's log
is read: what went to somebody who had refused it is kept as wrong, and every mail that is owed must have gone once.
"""

import os
import re
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from random import Random  # noqa: TID251  (tests may draw: the seed is said, and can be given)

from nurture.wiring import now, stopwatch
from tests.daemons import until
from tests.projects import Project
from tests.refusal_moves import PATIENCE, Deeds
from tests.refusal_shop import SECRET, listing_server, mail_of, write
from tests.refusals import as_before

REFUSALS = (
    "one click", "page of choices", "page of all", "reply", "spam report", "unsubscribe event", "csv", "api",
    "provider list", "while mail waits",
)  # fmt: skip
TRIALS = (
    "topic renamed", "sequence renamed", "merged", "restored", "copied", "copied by file", "shop tells again",
    "api tells again", "csv again", "csv with another basis", "list is empty", "address changes", "forgotten",
)  # fmt: skip
AT_ONCE = ("page of all", "reply", "spam report", "unsubscribe event", "api", "provider list")
IN_SHORT = (
    "topic renamed", "merged", "restored", "copied", "shop tells again", "api tells again", "csv again", "forgotten",
)  # fmt: skip
FAULTS = {
    "any later consent counts": (
        "from nurture.decide import consents\nconsents._refused_since = lambda *_: frozenset()\n"
    ),
    "nobody asks for consent": "from nurture.decide import consent\nconsent._consent = lambda *_: None\n",
}
BEFORE_UPGRADE = ("one click", "page of choices", "csv")


@dataclass
class Figures:
    """What came of a run. `wrong` must be nothing; `missing` are mails that were owed and did not go, or went twice."""

    seed: int
    lives: int = 0
    rounds: int = 0
    refusals: Counter[str] = field(default_factory=Counter)
    trials: Counter[str] = field(default_factory=Counter)
    looks: int = 0
    mails: Counter[str] = field(default_factory=Counter)
    spared: int = 0
    wrong: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def lines(self) -> Iterator[str]:
        """For people."""
        for one in fields(self):
            value = getattr(self, one.name)
            yield f"{one.name:<10} {dict(value) if isinstance(value, Counter) else value}"


@dataclass
class Life(Deeds):
    """One project from its beginning until most of its people have refused."""

    figures: Figures = field(default_factory=lambda: Figures(0))

    def __post_init__(self) -> None:
        super().__post_init__()
        self.seen = len(self.server.accepted)

    def begin(self) -> None:
        """A project with its people, who agreed to everything, as the version before would have left it."""
        write(self.project, self.server.url, self.port, self.events.key)
        self.project.ok("apply")
        self.project.ok("import", "suppressions", "--none")
        rows = [(one, f"{one}@shop.example", "en", "letters") for one in self.crowd.names]
        self.project.table("people.csv", ["id", "email", "locale", "consent"], rows)
        self.csv_again("", basis="a form")
        self.start()

    def upgraded(self) -> None:
        """What lived until now was written by the version before; this one opens it."""
        self.stop()
        as_before(self.project.root / "nurture.db")
        self.start()
        assert list(self.project.root.glob("nurture.db.before-*")), "nothing was migrated"
        said = self.project.ok("keys", "new", "till", "--scope", "contacts,events,consents").out
        self.key = re.findall(r"nvk_\w+", said)[0]
        self.put_aside()

    def refuse(self, how: str) -> None:
        """Somebody who refused nothing yet refuses, in this way."""
        one = self.random.choice(self.crowd.free())
        getattr(self, how.replace(" ", "_"))(one)
        self.figures.refusals[how] += 1
        self.look(how)

    def suffer(self, what: str) -> None:
        """Something happens that might bring mail back to who refused."""
        refused = [one for one in self.crowd.single() if self.crowd.refused[one] and one not in self.crowd.barred]
        getattr(self, what.replace(" ", "_"))(self.random.choice(refused or self.crowd.names))
        self.figures.trials[what] += 1
        self.look(what)

    def order(self, by_csv: bool = False) -> None:
        """Everybody orders; who did not refuse gets what they are owed, once."""
        self.number += 1
        order, at, before = f"r{self.number}", now().isoformat(timespec="seconds"), self.seen
        if by_csv:
            rows = [(one, "order.placed", at, f"{order}-{one}") for one in self.crowd.names]
            self.project.table("orders.csv", ["id", "event", "at", "order_id"], rows)
            self.project.ok("import", "events", "orders.csv", "--fresh", "1 day")
        else:
            told = {"event": "order.placed", "at": at}
            ids = ((one, f"{order}-{one}") for one in self.crowd.names)
            self.tell("events", ({**told, "id": one, "outside_id": id_, "order_id": id_} for one, id_ in ids))
        self.look(f"order {order}")
        came = Counter((mail.mail, mail.order) for mail in map(mail_of, self.server.accepted[before:]))
        wanted = Counter(self.crowd.wanted(order))
        self.figures.spared += 3 * self.size - wanted.total()
        if came != wanted:
            self.figures.missing.append(f"{order}: not {dict(wanted - came)}, but {dict(came - wanted)}")

    def look(self, after: str, at_rest: bool = True) -> None:
        """All has come to rest; what the server took since is held against who had refused by then."""
        if at_rest and self.running is not None:
            until(self.at_rest, lambda: f"{after}\n{self.running.log if self.running else ''}", PATIENCE)
        self.figures.looks += 1
        for mail in map(mail_of, self.server.accepted[self.seen :]):
            self.figures.mails[mail.mail] += 1
            self.last[(mail.one, mail.mail)] = mail
            if self.crowd.wrong(mail):
                self.figures.wrong.append(f"{after}: {mail.mail} about {mail.order} to {mail.address}")
        self.seen = len(self.server.accepted)


@dataclass(frozen=True)
class Shop(Project):
    """A project whose commands know the secrets, and believe a planted fault."""

    fault: Path | None = None

    def environment(self) -> dict[str, str]:
        paths = [str(self.fault)] if self.fault else []
        before = super().environment()
        return {**before, **SECRET, "PYTHONPATH": os.pathsep.join([*paths, before.get("PYTHONPATH", "")])}


def refusal_run(
    root: Path,
    rounds: int,
    seed: int | None = None,
    goes_on: Callable[[Figures], bool] = lambda _: True,
    size: int = 24,
) -> Figures:
    """So many rounds in an empty folder, in as many lives as it takes. `goes_on` is asked after each round."""
    seed = secrets.randbelow(10**6) if seed is None else seed
    figures, passed, random = Figures(seed), stopwatch(), Random(seed)  # noqa: S311  (no secret)
    with listing_server() as server:
        while figures.rounds < rounds and goes_on(figures):
            figures.lives += 1
            (root / f"life-{figures.lives}").mkdir()
            server.lists.clear()
            life = Life(Shop(root / f"life-{figures.lives}"), server, random, size, figures=figures)
            try:
                lived(life, rounds, goes_on)
            finally:
                life.open.close()
    figures.seconds = round(passed(), 1)
    return figures


def short_run(root: Path, seed: int = 7) -> Figures:
    """Every way to refuse, and then most of what might undo it, once each, in one short life."""
    with one_life(root, seed) as life:
        life.begin()
        life.order(by_csv=True)
        life.refuse("one click")
        life.refuse("page of choices")
        life.upgraded()
        for how in AT_ONCE:
            life.refuse(how)
        life.order()
        for number, what in enumerate(life.random.sample(IN_SHORT, len(IN_SHORT)), 1):
            life.suffer(what)
            if number % 4 == 0:
                life.order()
    return life.figures


def faulty_run(root: Path, fault: str) -> Figures:
    """A life in which somebody refuses and a list says yes once more, under a planted fault of nurture's."""
    folder = root / "fault"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(FAULTS[fault], encoding="utf-8")
    with one_life(root, 7, folder) as life:
        life.begin()
        life.order(by_csv=True)
        life.refuse("one click")
        life.suffer("csv with another basis")
        life.order(by_csv=True)
    return life.figures


@contextmanager
def one_life(root: Path, seed: int, fault: Path | None = None) -> Iterator[Life]:
    """A life with a server of its own; its daemon ends with it."""
    (root / "life").mkdir()
    with listing_server() as server:
        random = Random(seed)  # noqa: S311  (no secret)
        life = Life(Shop(root / "life", fault), server, random, 24, figures=Figures(seed))
        try:
            yield life
            life.stop()
        finally:
            life.open.close()


def lived(life: Life, rounds: int, goes_on: Callable[[Figures], bool]) -> None:
    """One life: some days under the version before, then rounds until too few are left who refused nothing."""
    life.begin()
    life.order(by_csv=True)
    for how in BEFORE_UPGRADE:
        life.refuse(how)
    life.order(by_csv=True)
    life.upgraded()
    life.order()
    ways, trials = endless(life.random, REFUSALS), endless(life.random, TRIALS)
    while len(life.crowd.free()) > life.size // 4 and life.figures.rounds < rounds and goes_on(life.figures):
        life.refuse(next(ways))
        life.suffer(next(trials))
        life.order()
        life.figures.rounds += 1
    life.stop()


def endless(random: Random, words: Sequence[str]) -> Iterator[str]:
    """All of them in one order, then in another."""
    while True:
        yield from random.sample(words, len(words))
