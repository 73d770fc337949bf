"""A daemon that is killed again and again while events arrive: nothing twice, nothing lost, the doubtful listed.

As a program: `python -m tools.kill_test --kills 1000 --mails 50000`, which prints its figures. The server, the daemons
and the imports are processes; only the last step, which needs a clock 20 minutes ahead, is the engine in this one.
Readers of a wave share a language, so that requests carry many mails.
"""

import json
import os
import re
import secrets
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random  # noqa: TID251  (tests may draw: the seed is said, and can be given)
from unittest.mock import patch

from nurture.engine.hand_over import hand_over_all
from nurture.wiring import live, now, stopwatch, workshop
from tests import live_shop
from tests.daemons import Running, came_true, daemon, until
from tests.live_server import Server, server_process
from tests.live_shop import Person, Wanted
from tests.projects import Project
from tests.sendgrid_server import KEY

LATENCY = 0.05  # seconds before each answer, so that there is a time between the first byte and the answer
LONGEST = 8.0  # seconds that a kill waits for its moment
KILLS_A_WAVE = 5
MOST_WAVES = 60
FEW = 20  # mails that wait; with fewer the next wave comes in
ONE_IN = 2  # kills with a second daemon waiting
AHEAD = timedelta(minutes=20)
FAULTS = (
    "lost_answer", "half", "500_after_accept", "close_before", "close_after", "reset", "500", "503", "429_seconds:1",
    "429_retry_after:1", "late:0.5", "late:2",
)  # fmt: skip
# How a kill finds its moment, each as often as it stands here.
MOMENTS = ("handing", "answering", "starting", "answering", "failing", "handing", "deciding", "answering")
AFTER = {"starting": 1.5, "deciding": 2.0, "answering": 0.7, "handing": 0.2, "failing": 0.5}  # seconds, at the most
DEAD = re.compile(r"batch\.recovered put_back=(\d+) in_doubt=(\d+)")


@dataclass
class Figures:
    """What came of a live run. `fell`: how the store stood when the process was dead; mails are counted by key."""

    seed: int
    kills: int = 0
    with_two_daemons: int = 0
    fell: Counter[str] = field(default_factory=Counter)
    took_over: int = 0
    mails: int = 0
    requests: int = 0
    largest_request: int = 0
    accepted: int = 0
    accepted_twice: int = 0
    lost: int = 0
    in_doubt: int = 0
    in_doubt_of_service: int = 0
    in_doubt_though_accepted: int = 0
    put_back: int = 0
    recovered_in_doubt: int = 0
    service_twice: int = 0
    seconds: float = 0.0

    def lines(self) -> Iterator[str]:
        """For people."""
        for one in fields(self):
            value = getattr(self, one.name)
            yield f"{one.name.replace('_', ' '):<26} {dict(value) if isinstance(value, Counter) else value}"


@dataclass
class Fleet:
    """The daemons that live; the first at work, another may wait."""

    project: Project
    running: list[Running] = field(default_factory=list)
    took_over: int = 0
    _open: ExitStack = field(default_factory=ExitStack)

    def grow(self, count: int) -> Running:
        """So many daemons at least; the one at work, or the first that will be."""
        while len(self.running) < count:
            self.running.append(self._open.enter_context(daemon(self.project, SENDGRID_KEY=KEY)))
        return self.at_work()

    def at_work(self) -> Running:
        """The one that has taken the work, else the oldest."""
        return next((one for one in self.running if one.said("daemon.started")), self.running[0])

    def kill(self) -> None:
        """`kill -9` the one at work."""
        one = self.at_work()
        self.running.remove(one)
        assert one.process.poll() is None, one.log
        one.kill()
        self.took_over += one.said("daemon.waits") and one.said("daemon.started")

    def stop(self) -> None:
        """Ask all to end, who must end in good order."""
        for one in [self.at_work(), *self.running]:
            if one in self.running:
                self.running.remove(one)
                until(partial(waits_or_works, one), partial(getattr, one, "log"))
                assert one.stop() == 0, one.log

    def close(self) -> None:
        self._open.close()


def waits_or_works(one: Running) -> bool:
    """Whether a daemon has come so far that it can be asked to end."""
    return bool(one.said("daemon.waits") or one.said("daemon.started"))


@contextmanager
def fleet(project: Project) -> Iterator[Fleet]:
    """Daemons that are gone at the end, however it ends."""
    made = Fleet(project)
    try:
        yield made
    finally:
        made.close()


def configure(project: Project, server: Server, rate: float | None = None, web: int | None = None) -> None:
    """Mails go to the server; readers reach us over https, which a web server in front of `web` would speak."""
    lines = [
        '[provider]\nname = "sendgrid"',
        f'[sendgrid]\nurl = "{server.url}"\nkey_env = "SENDGRID_KEY"',
        '[web]\nurl = "https://mail.shop.example"' + (f'\nlisten = "127.0.0.1:{web}"' if web else ""),
        '[tick]\nevery = "1 second"',
        f"[rate]\nper_second = {rate}" if rate else "",
    ]
    (project.root / "config.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


# What the store and the outbox say


def in_store(project: Project, question: str) -> list[tuple[object, ...]]:
    """Ask the store's file, without the product and without changing anything."""
    file = project.root / "nurture.db"
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30) as store:
        return store.execute(question).fetchall()


def stood(project: Project) -> str:
    """Where a killed process left its work: the furthest that any batch had come."""
    open_batches = {row[0] for row in in_store(project, "SELECT status FROM batch")} & {"claimed", "handed"}
    if open_batches:
        return "handed" if "handed" in open_batches else "claimed"
    return "waiting" if in_store(project, "SELECT 1 FROM planned LIMIT 1") else "idle"


def at_rest(project: Project, mails: int) -> bool:
    """Whether so many mails were decided, and none waits or is on its way."""
    open_batches = "SELECT 1 FROM batch WHERE status IN ('claimed', 'handed') UNION ALL SELECT 1 FROM planned"
    (decided,) = in_store(project, "SELECT count(*) FROM message")[0]
    return decided == mails and not in_store(project, open_batches)


def doubtful(project: Project) -> dict[str, tuple[str, str]]:
    """What `nurture outbox` lists as in doubt: (person's id, mail) by key."""
    document = json.loads(project.ok("outbox", "--in-doubt", "--all", "--json").out)
    assert document["counts"]["in_doubt"] == len(document["mails"])
    return {one["key"]: (one["person"], one["mail"]) for one in document["mails"]}


def accepted(server: Server, who: dict[str, Person]) -> dict[str, tuple[str, str]]:
    """What the server took: (person's id, mail) by key; the mail by its subject line."""
    found: dict[str, tuple[str, str]] = {}
    for line in server.accepted:
        one = who[line["to"].partition("@")[0]]
        mails = [mail for mail in live_shop.SUBJECTS if one.subject(mail) == plain(line["subject"])]
        assert len(mails) == 1, line
        assert found.setdefault(line["key"], (one.id, mails[0])) == (one.id, mails[0]), line
    return found


def plain(text: str) -> str:
    """Text without the signs that isolate a name in it."""
    return re.sub("[\u2066-\u2069\u200e\u200f]", "", text)


# The run


@dataclass
class LiveRun:
    """One run: a shop, its server, its daemons, and events that arrive in waves."""

    project: Project
    server: Server
    daemons: Fleet
    random: Random
    figures: Figures
    waves: list[list[Person]]
    goes_on: Callable[[Figures], bool]

    @property
    def who(self) -> dict[str, Person]:
        return {one.id: one for wave in self.waves for one in wave}

    @property
    def wanted(self) -> Wanted:
        return live_shop.expected(self.who.values())

    def arrive(self, number: int) -> None:
        """A wave of events; every second one with people who are new."""
        if number % 2:
            live_shop.take_contacts(self.project, self.waves[number], f"contacts-{number}.csv")
        rows = [row for one in self.waves[number] for row in one.events(now())]
        live_shop.take_events(self.project, rows, f"events-{number}.csv")

    def go(self, kills: int) -> None:
        """Kill so often, while the waves come in, and let what is left settle."""
        known = [one for number, wave in enumerate(self.waves) if not number % 2 for one in wave]
        live_shop.take_contacts(self.project, known)
        with ThreadPoolExecutor(1) as importing:
            arriving: list[Future[None]] = []
            moments = [MOMENTS[kill % len(MOMENTS)] for kill in range(kills)]
            self.random.shuffle(moments)
            for moment in moments:
                if len(arriving) < len(self.waves) and self.waiting() < FEW and all(one.done() for one in arriving):
                    arriving.append(importing.submit(self.arrive, len(arriving)))
                self.one_kill(moment, lambda: not self.waiting() and all(one.done() for one in arriving))
                if not self.goes_on(self.figures):
                    break
            self.server.control(forget=True, always="")
            arriving += [importing.submit(self.arrive, number) for number in range(len(arriving), len(self.waves))]
            for one in arriving:
                one.result()
        self.settle()

    def waiting(self) -> int:
        """How many mails wait to be handed over."""
        return int(str(in_store(self.project, "SELECT count(*) FROM planned")[0][0]))

    def one_kill(self, moment: str, is_quiet: Callable[[], bool]) -> None:
        """Start what is missing, wait for the moment, kill, and look where the kill fell."""
        before = len(self.server.accepted)
        fleet = self.daemons
        two = self.random.randrange(ONE_IN) == 0
        fleet.grow(2 if two else 1)
        failing = self.random.choices(FAULTS, k=self.random.randint(1, 8)) if moment == "failing" else []
        self.server.control(faults=failing, always="late:0.4" if moment == "handing" else "")
        if moment != "starting":
            came_true(lambda: fleet.at_work().said("daemon.started"), LONGEST)
        if moment in ("handing", "answering", "failing"):
            enough = before + self.random.randint(1, 10)
            came_true(lambda: len(self.server.accepted) >= enough or is_quiet(), LONGEST, look=0.002)
        instant = self.random.uniform(0, AFTER[moment])
        came_true(lambda: False, instant, look=0.001)
        fleet.kill()
        self.figures.kills += 1
        self.figures.with_two_daemons += two
        self.figures.fell[stood(self.project)] += 1

    def settle(self) -> None:
        """A daemon that is left alone brings all to its end, and ends when asked."""
        mails, last = self.wanted.total(), self.daemons.grow(1)
        until(
            lambda: at_rest(self.project, mails),
            lambda: f"{self.missing()}\n{self.daemons.at_work().log}",
            120 + mails / 20,
        )
        assert last.process.poll() is None or len(self.daemons.running) > 1, last.log
        self.daemons.stop()

    def missing(self) -> str:
        """What is wanted and neither accepted nor in doubt, and the other way round; for a test that fails."""
        found = Counter((accepted(self.server, self.who) | doubtful(self.project)).values())
        stands = in_store(self.project, "SELECT status, count(*) FROM batch GROUP BY status")
        return f"lost {self.wanted - found}, too many {found - self.wanted}, batches {stands}"

    # What must hold

    def judge(self) -> None:
        """Nothing twice, nothing lost, nobody else, the doubtful listed and explained."""
        taken, doubts = accepted(self.server, self.who), doubtful(self.project)
        twice = [key for key, times in self.times().items() if times > (1 + (taken[key][1] in live_shop.SERVICE))]
        one, found = self.figures, Counter((taken | doubts).values())
        one.accepted_twice, one.lost = len(twice), (self.wanted - found).total()
        assert twice == []
        assert found == self.wanted, self.missing()
        assert self.server.control()["refused"] == []
        for person, mail in list(doubts.values())[:2]:
            assert "in doubt: it may have gone" in self.project.ok("explain", person, "--mail", mail).out
        said = [DEAD.findall(log.read_text("utf-8")) for log in self.project.root.glob("daemon-*.log")]
        one.put_back = sum(int(back) for log in said for back, _ in log)
        one.recovered_in_doubt = sum(int(doubt) for log in said for _, doubt in log)
        requests = Counter(line["id"] for line in self.server.accepted)
        one.requests, one.largest_request = len(requests), max(requests.values(), default=0)
        one.took_over = self.daemons.took_over
        one.mails, one.accepted, one.in_doubt = self.wanted.total(), len(taken), len(doubts)
        one.in_doubt_of_service = sum(mail in live_shop.SERVICE for _, mail in doubts.values())
        one.in_doubt_though_accepted = len(doubts.keys() & taken.keys())

    def times(self) -> Counter[str]:
        """How often each mail was accepted."""
        return Counter(line["key"] for line in self.server.accepted)

    def later(self) -> None:
        """20 minutes on, service that is in doubt goes once more and no other mail does; 40 minutes on, nothing.

        In a run that takes longer than service waits some went once more already; what is in doubt then stays so.
        """
        early = max(self.times().values(), default=0) > 1
        doubts, before = doubtful(self.project), len(self.server.accepted)
        self.hand_over(AHEAD)
        again = [line["key"] for line in self.server.accepted[before:]]
        owed = [key for key, (_, mail) in doubts.items() if mail in live_shop.SERVICE]
        told = f"{len(again)} of {len(owed)} went once more, {doubtful(self.project)}"
        assert set(again) <= set(owed) if early else sorted(again) == sorted(owed), told
        assert max(self.times().values(), default=0) <= 2
        self.hand_over(2 * AHEAD)
        assert len(self.server.accepted) == before + len(again)
        taken = accepted(self.server, self.who)
        assert Counter((taken | doubtful(self.project)).values()) == self.wanted
        assert early or not {mail for _, mail in doubtful(self.project).values()} & live_shop.SERVICE
        assert len({(line["key"], line["message_id"]) for line in self.server.accepted}) == len(taken)
        self.figures.service_twice = before + len(again) - len(taken)

    def hand_over(self, ahead: timedelta) -> None:
        """A round of the engine under a clock that is ahead: the product has no such clock."""
        with patch.dict(os.environ, SENDGRID_KEY=KEY), workshop(self.project.root) as shop:
            hand_over_all(shop, live(shop.store), now() + ahead, clock=lambda: now() + ahead)


def on_and_on(_: Figures) -> bool:
    """To the last kill that was asked for."""
    return True


def live_run(
    root: Path,
    kills: int,
    mails: int,
    rate: float,
    seed: int | None = None,
    goes_on: Callable[[Figures], bool] = on_and_on,
) -> Figures:
    """A whole run in an empty folder; AssertionError when anything of the above does not hold.

    `goes_on` is asked after every kill; when it says no, the rest of the mails goes without one.
    """
    seed = secrets.randbelow(10**6) if seed is None else seed
    passed, waves = stopwatch(), max(2, min(MOST_WAVES, kills // KILLS_A_WAVE))
    print(f"seed {seed}", flush=True)
    project = Project(root)
    project.ok("init")
    live_shop.make(project)
    with server_process(root / "accepted.log", "--latency", str(LATENCY)) as server, fleet(project) as daemons:
        configure(project, server, rate)
        each = max(1, round(mails / live_shop.expected(live_shop.people(20)).total() * 20 / waves) + 1)
        arriving = [live_shop.people(each, each * number, together=each) for number in range(waves)]
        figures = Figures(seed)
        run = LiveRun(project, server, daemons, Random(seed), figures, arriving, goes_on)  # noqa: S311  (no secret)
        run.go(kills)
        run.judge()
        run.later()
    figures.seconds = round(passed(), 1)
    return figures
