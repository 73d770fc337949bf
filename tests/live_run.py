"""A daemon that is killed again and again while events arrive: nothing twice, nothing lost, the doubtful listed.

As a program: `python -m tools.kill_test --kills 1000 --mails 50000`, which prints its figures. The server, the daemons
and the imports are processes; only the last step, which needs a clock 20 minutes ahead, is the engine in this one.
The server fails, lies, and tells of the mails that it took, so that events settle what is in doubt. Daemons are forked
from a process that has loaded their modules (tests/daemon_nursery.py); now and then one is started whole. Readers of a
wave share a language, so that requests carry many mails.
"""

import os
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random  # noqa: TID251  (tests may draw: the seed is said, and can be given)
from unittest.mock import patch

from nurture.engine.hand_over import hand_over_all
from nurture.wiring import live, now, stopwatch, workshop
from tests import live_shop
from tests.daemon_nursery import Nursery, shared
from tests.daemons import came_true, free_port, until
from tests.live_fleet import Fleet, configure, end_daemon, fleet
from tests.live_judge import Figures, Judge, accepted, doubtful, in_store, plain
from tests.live_server import Server, server_process
from tests.live_shop import Person
from tests.projects import Project
from tests.sendgrid_server import KEY

__all__ = ["Figures", "accepted", "at_rest", "configure", "fleet", "in_store", "live_run", "plain"]

LATENCY = 0.05  # seconds before each answer, so that there is a time between the first byte and the answer
LONGEST = 20.0  # seconds that a kill waits for its moment
FAILING = 3.0  # and where the server fails, for nurture then pauses
KILLS_A_WAVE = 5
MOST_WAVES = 60
FEW = 20  # mails that wait; with fewer the next wave comes in
ONE_IN = 2  # kills with a second daemon waiting
WHOLE_IN = 16  # kills for one daemon that is started whole, loading its modules
AHEAD = timedelta(minutes=20)
FAULTS = (
    "lost_answer", "half", "500_after_accept", "503_after_accept", "502_after_accept", "wrong_body",
    "html_after_accept", "close_before", "close_after", "reset", "500", "503", "502_html", "429_seconds:1",
    "429_epoch:1", "429_retry_after:1", "late:0.5", "late:2", "sandbox", "202_untaken",
)  # fmt: skip
# How a kill finds its moment, each as often as it stands here.
MOMENTS = ("handing", "answering", "starting", "answering", "failing", "handing", "deciding", "answering")
AFTER = {"starting": 1.5, "deciding": 1.0, "answering": 0.5, "handing": 0.2, "failing": 0.5}  # seconds, at the most


def stood(project: Project) -> str:
    """Where a killed process left its work: the furthest that any batch had come."""
    open_batches = {row[0] for row in in_store(project, "SELECT DISTINCT status FROM batch")} & {"claimed", "handed"}
    if open_batches:
        return "handed" if "handed" in open_batches else "claimed"
    return "waiting" if in_store(project, "SELECT 1 FROM planned LIMIT 1") else "idle"


def nothing(_: int) -> None:
    """A wave that has arrived."""


def events_of(number: int) -> str:
    """The file of a wave's events."""
    return f"events-{number}.csv"


def at_rest(project: Project, mails: int) -> bool:
    """Whether so many mails were decided, and none waits or is on its way."""
    open_batches = "SELECT 1 FROM batch WHERE status IN ('claimed', 'handed') UNION ALL SELECT 1 FROM planned"
    return decided(project) == mails and not in_store(project, open_batches)


def decided(project: Project) -> int:
    """How many mails were decided."""
    return int(in_store(project, "SELECT count(*) FROM message")[0][0])


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
    def judge(self) -> Judge:
        who = {one.id: one for wave in self.waves for one in wave}
        return Judge(self.project, self.server, who, self.figures)

    def arrive(self, number: int) -> None:
        """A wave of events; every second one with people who are new. One that had begun to arrive comes once more."""
        if number % 2:
            live_shop.take_contacts(self.project, self.waves[number], f"contacts-{number}.csv")
        if (self.project.root / events_of(number)).exists():
            self.project.ok("import", "events", events_of(number), "--fresh", live_shop.FRESH)
            return
        rows = [row for one in self.waves[number] for row in one.events(now())]
        live_shop.take_events(self.project, rows, events_of(number))

    def go(self, moments: Sequence[str]) -> None:
        """Kill at each moment that is left, while the waves come in, and let what is left settle."""
        known = [one for number, wave in enumerate(self.waves) if not number % 2 for one in wave]
        begun = sum((self.project.root / events_of(number)).exists() for number in range(len(self.waves)))
        if not begun:
            live_shop.take_contacts(self.project, known)
        with ThreadPoolExecutor(1) as importing:
            last = begun - 1  # which may have come in part
            arriving = [importing.submit(self.arrive if number == last else nothing, number) for number in range(begun)]
            for number, moment in list(enumerate(moments))[self.figures.kills :]:
                ahead = len(arriving) - number * len(self.waves) // len(moments)
                is_due = ahead < 1 or (ahead < 2 and self.waiting() < FEW)
                if is_due and len(arriving) < len(self.waves) and all(one.done() for one in arriving):
                    arriving.append(importing.submit(self.arrive, len(arriving)))
                come = live_shop.expected(one for wave in self.waves[: len(arriving)] for one in wave).total()
                self.one_kill(moment, partial(at_rest, self.project, come))
                self.figures.decided_by_the_last_kill = decided(self.project)
                if not self.goes_on(self.figures):
                    del self.waves[len(arriving) :]
                    break
            self.server.control(forget=True, always="")
            arriving += [importing.submit(self.arrive, number) for number in range(len(arriving), len(self.waves))]
            for one in arriving:
                one.result()
        self.settle()

    def waiting(self) -> int:
        """How many mails wait to be handed over."""
        return int(in_store(self.project, "SELECT count(*) FROM planned")[0][0])

    def one_kill(self, moment: str, is_quiet: Callable[[], bool]) -> None:
        """Start what is missing, wait for the moment, kill, and look where the kill fell."""
        before = len(self.server.accepted)
        fleet = self.daemons
        two = self.random.randrange(ONE_IN) == 0
        fleet.grow(2 if two else 1, whole=fleet.started_whole * WHOLE_IN <= self.figures.kills)
        failing = self.random.choices(FAULTS, k=self.random.randint(1, 8)) if moment == "failing" else []
        self.server.control(faults=failing, always="late:0.4" if moment == "handing" else "")
        if moment != "starting":
            came_true(lambda: fleet.at_work().said("daemon.started"), LONGEST)
        if moment in ("handing", "answering", "failing"):
            enough = before + self.random.randint(1, 10)
            patience = FAILING if moment == "failing" else LONGEST
            came_true(lambda: len(self.server.accepted) >= enough or is_quiet(), patience, look=0.01)
        instant = self.random.uniform(0, AFTER[moment])
        came_true(lambda: False, instant, look=0.001 + instant / 4)
        fleet.kill()
        self.figures.kills += 1
        self.figures.with_two_daemons += two
        self.figures.fell[stood(self.project)] += 1
        self.figures.took_over, self.figures.started_whole = self.daemons.took_over, self.daemons.started_whole

    def settle(self) -> None:
        """A daemon that is left alone brings all to its end, takes in what is told of it, and ends when asked."""
        mails, last = self.judge.wanted.total(), self.daemons.grow(1)
        until(
            lambda: at_rest(self.project, mails),
            lambda: f"{decided(self.project)} of {mails} decided, {self.waiting()} wait\n{self.daemons.at_work().log}",
            180 + mails / 10,
        )
        until(self.all_told, lambda: f"{self.server.control()}\n{self.daemons.at_work().log}", 120 + mails / 50)
        assert last.process.poll() is None or len(self.daemons.running) > 1, last.log
        self.daemons.stop()
        self.server.read_notes()

    def all_told(self) -> bool:
        """Whether all that the server had to tell was taken, and read."""
        unread = "SELECT 1 FROM received WHERE done_at IS NULL LIMIT 1"
        return not self.server.control().get("untold") and not in_store(self.project, unread)

    def later(self) -> None:
        """20 minutes on, service that is in doubt goes once more and no other mail does; 40 minutes on, nothing.

        In a run that takes longer than service waits some went once more already; what is in doubt then stays so.
        """
        judge = self.judge
        early = max(judge.times().values(), default=0) > 1
        doubts, before = doubtful(self.project), len(self.server.accepted)
        self.hand_over(AHEAD)
        again = [line["key"] for line in self.server.accepted[before:]]
        owed = [key for key, (_, mail) in doubts.items() if mail in live_shop.SERVICE]
        told = f"{len(again)} of {len(owed)} went once more, {doubtful(self.project)}"
        assert set(again) <= set(owed) if early else sorted(again) == sorted(owed), told
        assert max(judge.times().values(), default=0) <= 2
        self.hand_over(2 * AHEAD)
        assert len(self.server.accepted) == before + len(again)
        taken = accepted(self.server, judge.who)
        assert early or not {mail for _, mail in doubtful(self.project).values()} & live_shop.SERVICE
        assert len({(line["key"], line["message_id"]) for line in self.server.accepted}) == len(taken)
        self.figures.service_twice = before + len(again) - len(taken)
        assert not judge.breaches()

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
    born: Nursery | None = None,
    moments: Sequence[str] = MOMENTS,
    people: Callable[[int, int, int], list[Person]] = live_shop.people,
) -> Figures:
    """A whole run in an empty folder; AssertionError when anything of the above does not hold.

    `goes_on` is asked after every kill; when it says no, there are no more, nothing else arrives, and what is under
    way goes to its end. Daemons are forked by `born`, which may plant a fault in them. In the folder of a run that was
    itself cut off (and asked for as much, by the same seed) it goes on where that one was.
    """
    figures = Figures.kept(root) or Figures(secrets.randbelow(10**6) if seed is None else seed, kills)
    assert seed in (None, figures.seed), f"the run in this folder has the seed {figures.seed}"
    before, passed = figures.seconds, stopwatch()

    def kept(found: Figures) -> bool:
        found.seconds = round(before + passed(), 1)
        found.keep(root)
        return goes_on(found)

    waves, random = max(2, min(MOST_WAVES, kills // KILLS_A_WAVE)), Random(figures.seed)  # noqa: S311
    print(f"seed {figures.seed}", flush=True)
    port = free_port()
    told = ("--latency", str(LATENCY), "--events", f"http://127.0.0.1:{port}")
    with ExitStack() as beside:
        server = beside.enter_context(server_process(root / "accepted.log", *told))
        project = Project(root)
        if figures.kills == 0:
            project.ok("init")
            live_shop.make(project)
        end_daemon(project)
        with fleet(project, born or shared()) as daemons:
            configure(project, server, rate, port)
            each = max(1, round(mails / live_shop.expected(live_shop.people(20)).total() * 20 / waves) + 1)
            arriving = [people(each, each * number, each) for number in range(waves)]
            daemons.took_over, daemons.started_whole = figures.took_over, figures.started_whole
            run = LiveRun(project, server, daemons, random, figures, arriving, kept)
            when = [moments[kill % len(moments)] for kill in range(kills)]
            random.shuffle(when)
            run.go(when)
            run.judge.judge()
            run.later()
    figures.seconds = round(before + passed(), 1)
    return figures
