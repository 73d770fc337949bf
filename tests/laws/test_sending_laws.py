"""What holds of sending whatever happens: answers, cuts, clocks, two processes. Each law catches a planted fault.

A process dies at a commit or in the middle of a post: its memory is gone, the store is opened anew. A request carries
one mail or several, which a provider takes or refuses whole; it may say whose fault that was, or not.
"""

import asyncio
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import event

from nurture.engine import sending
from nurture.engine.sending import Sending
from nurture.model.event import GIFT_GIVEN, GIFT_REFUSED
from nurture.model.house import House
from nurture.model.mail import Email, Fate, Handover
from nurture.store.outbox_by_hand import Wanted
from tests.postgres_server import Server
from tests.sending_faults import FAULTS
from tests.sending_histories import WORLDS, Step, World
from tests.sending_worlds import BAG, NOW, Bundling, Clock, Shop, open_shop, planned, the_book

LAWFUL = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
ENDS = {Fate.accepted, Fate.refused, Fate.cancelled, Fate.expired, Fate.unknown}
HOUSE = House(gifts=(BAG,))
SHOWN = re.compile(r"\[(\w+)\]")
PARIS = ZoneInfo("Europe/Paris")
GOES = {"accept", "lost", "raise", "cut", "die after", "meanwhile"}


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Lived:
    """What the world outside saw: when each mail was begun, how often it was taken; and how each ended."""

    begun: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)
    taken: Counter[str] = field(default_factory=Counter)
    codes: dict[str, set[str]] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    told: list[tuple[str, str]] = field(default_factory=list)
    middle: dict[str, Fate] = field(default_factory=dict)
    ended: dict[str, Fate] = field(default_factory=dict)
    service: frozenset[str] = frozenset()


class Process:
    """One process with a store of its own on the same file; `die` makes its memory worth nothing."""

    def __init__(self, life: "Life", owner: str) -> None:
        self.life, self.owner = life, owner
        self.busy = False
        self.open()

    def open(self) -> None:
        self.dead, self.left = False, None
        world = self.life.world
        provider = Bundling(self.answer, before=self.before, each=world.each)
        self.shop = open_shop(self.life.where, provider, world.brake, self.owner, world.quiet, HOUSE)
        self.shop.clock = self.life.clock
        self.sending: Sending = self.shop.sending()
        event.listen(self.shop.store.database.engine, "commit", self.commit)

    left: int | None = None

    def commit(self, _connection: object) -> None:
        self.left = None if self.left is None else self.left - 1
        self.dead = self.dead or self.left == 0
        if self.dead:
            raise Killed

    async def before(self, _mail: Email) -> None:
        if self.dead:
            raise Killed
        self.life.what = self.life.next_answer()
        if self.life.what == "die before":
            self.dead = True
            raise Killed
        if self.life.what == "meanwhile":
            what = self.life.what
            self.life.clock.now += timedelta(minutes=7)
            await self.life.others_round(self)
            self.life.what = what

    def answer(self, mail: Email, _nth: int) -> Handover | BaseException:
        what = self.one_of_many(mail)
        self.life.lived.begun.setdefault(mail.key, []).append((self.life.clock.now, what))
        self.life.lived.taken[mail.key] += what in GOES
        self.life.lived.codes.setdefault(mail.key, set()).update(SHOWN.findall(mail.text))
        if what == "die after":
            self.dead = True
            raise Killed
        if what == "raise":
            return RuntimeError("the line went dead")
        if what == "cut":
            return asyncio.CancelledError()
        return Handover(mail.key, FATES[what], what, blameless=what == "blameless")

    def one_of_many(self, mail: Email) -> str:
        """What becomes of a mail of a request that is refused: the first is to blame, or nobody says who."""
        together = self.shop.provider.together
        if self.life.what not in ("one refused", "vague"):
            return self.life.what
        to_blame = len(together) == 1 or (self.life.what == "one refused" and mail.key == together[0].key)
        return "refuse" if to_blame else "blameless"

    async def round(self, dies_at: int | None) -> None:
        if self.busy:
            return
        self.busy, self.left = True, dies_at
        try:
            await self.sending.round()
        except BaseException:
            if not self.dead:
                raise
            self.shop.store.close()
            self.open()
        finally:
            self.busy, self.left = False, None


FATES = {
    "accept": Fate.accepted, "meanwhile": Fate.accepted, "lost": Fate.in_doubt, "doubt": Fate.in_doubt,
    "busy": Fate.planned, "refuse": Fate.refused, "blameless": Fate.planned,
}  # fmt: skip


class Life:
    """A world lived to its end: after the steps all is well, and four days pass."""

    def __init__(self, world: World, where: Path | str) -> None:
        self.world, self.where, self.clock = world, where, Clock(NOW)
        self.lived = Lived()
        self.what = "accept"
        self.answers: Iterator[str] = iter(world.answers)
        self.processes = [Process(self, "one"), Process(self, "two")]

    def next_answer(self) -> str:
        return next(self.answers, "accept")

    async def others_round(self, one: Process) -> None:
        for other in self.processes:
            if other is not one:
                await other.round(None)

    def live(self) -> Lived:
        for step in self.world.steps:
            self.clock.now += timedelta(minutes=step.minutes)
            asyncio.run(self.processes[step.who].round(step.dies_at))
        shop = self.processes[0].shop
        self.lived.middle = self._fates(shop)
        self.answers = iter(())
        for minutes in (6, 6, 16, 16, 6, 60 * 73, 60 * 73):
            self.clock.now += timedelta(minutes=minutes)
            self.processes[0].shop.store.outbox.release(Wanted())
            for process in self.processes:
                asyncio.run(process.round(None))
        self.lived.ended = self._fates(self.processes[0].shop)
        self.lived.service = frozenset(self.processes[0].shop.send_keys()[:2])
        self._look_at_gifts(self.processes[0].shop)
        for process in self.processes:
            process.shop.store.close()
        return self.lived

    def _look_at_gifts(self, shop: Shop) -> None:
        with shop.store.database.reading() as connection:
            given = "SELECT mail, code FROM code WHERE given_at IS NOT NULL AND reservation IS NOT NULL"
            self.lived.given = dict(connection.exec_driver_sql(given).all())  # type: ignore[arg-type]
            people = list(connection.exec_driver_sql("SELECT id FROM person").scalars())
        for _, arrived in shop.store.people(people, self.clock.now + timedelta(days=9)):
            about = [e for e in arrived if e.name in (GIFT_GIVEN, GIFT_REFUSED)]
            self.lived.told += [(str(e.fields["mail"]), e.name) for e in sorted(about, key=lambda e: e.number)]

    def _fates(self, shop: Shop) -> dict[str, Fate]:
        return dict(zip(shop.send_keys(), shop.fates(), strict=True))


_MADE: list[TemporaryDirectory[str]] = []


def made() -> Path:
    """A store in which two mails of service and three of news with a gift wait; made once, then copied."""
    if not _MADE:
        _MADE.append(TemporaryDirectory(prefix="nurture-laws-"))
        make(Path(_MADE[0].name))
    return Path(_MADE[0].name)


def make(where: Path | str) -> None:
    shop = open_shop(where)
    planned(shop.store, service=2, news=3, book=the_book(house=HOUSE))
    shop.store.outbox.codes.fill("bag", ["ONE", "TWO", "THREE", "FOUR"])
    shop.store.close()


def lived(world: World) -> Lived:
    with TemporaryDirectory(prefix="nurture-laws-") as folder:
        shutil.copytree(made(), folder, dirs_exist_ok=True)
        return lived_in(world, Path(folder))


def lived_in(world: World, where: Path | str) -> Lived:
    size = sending.BATCH
    sending.BATCH = world.size
    try:
        return Life(world, where).live()
    finally:
        sending.BATCH = size


# --- the laws ------------------------------------------------------------------------------------


def nothing_goes_twice_but_service_once_more(world: World, life: Lived) -> bool:
    """Begun and not certainly turned away: once; service twice, and then 15 minutes apart at least."""
    for key, begun in life.begun.items():
        risked = [at for at, what in begun if what not in ("busy", "blameless")]
        if len(risked) > (2 if key in life.service else 1):
            return False
        if len(risked) == 2 and world.forward and risked[1] - risked[0] < timedelta(minutes=15):
            return False
    return True


def every_mail_comes_to_an_end(world: World, life: Lived) -> bool:
    """Nothing is lost: when all is well again and four days have passed, each has ended in a way that has a name."""
    return len(life.ended) == 5 and set(life.ended.values()) <= ENDS


def what_went_is_never_called_not_gone(world: World, life: Lived) -> bool:
    """What the provider took is accepted, in doubt, of unknown fate, or on its way once more; never anything else."""
    return all(life.ended[key] in (Fate.accepted, Fate.unknown) for key, times in life.taken.items() if times) and all(
        life.taken[key] for key, fate in life.ended.items() if fate is Fate.accepted
    )


def nothing_but_service_goes_in_quiet_hours(world: World, life: Lived) -> bool:
    """However long a mail waited and for what: its reader's night, 20:30 to 8:30 in Paris, is left in peace."""
    if world.quiet is None:
        return True
    begun = [at for key, times in life.begun.items() if key not in life.service for at, _ in times]
    return not any(world.quiet.holds(at.astimezone(PARIS).time()) for at in begun)


def no_code_is_seen_in_two_mails_and_none_is_lost(world: World, life: Lived) -> bool:
    """One mail, one code, whatever was put back, cut or taken by the other process; and what is kept says the same.

    Who has a mail with a code was told that it was given, once; whose mail did not go after all was told so.
    """
    seen = [code for own in life.codes.values() for code in own]
    if len(seen) != len(set(seen)) or any(len(own) > 1 for own in life.codes.values()):
        return False
    for key, own in life.codes.items():
        if key in life.service:
            continue
        told = [name for mail, name in life.told if mail == key]
        went = life.ended[key] in (Fate.accepted, Fate.unknown)
        if told != ([GIFT_GIVEN] if went else [GIFT_GIVEN, GIFT_REFUSED]) or ({life.given.get(key)} == own) != went:
            return False
    return True


def one_that_is_to_blame_holds_up_no_other(world: World, life: Lived) -> bool:
    """Who only travelled with a mail that was refused is posted again, at once, and to the end: no blame sticks.

    And nobody is refused who did not stand alone or was named.
    """
    for key, begun in life.begun.items():
        words = [what for _, what in begun]
        if life.ended[key] is Fate.refused and "refuse" not in words:
            return False
    return True


LAWS: dict[str, Callable[[World, Lived], bool]] = {
    law.__name__: law
    for law in (
        nothing_goes_twice_but_service_once_more, every_mail_comes_to_an_end, what_went_is_never_called_not_gone,
        nothing_but_service_goes_in_quiet_hours, no_code_is_seen_in_two_mails_and_none_is_lost,
        one_that_is_to_blame_holds_up_no_other,
    )
}  # fmt: skip


def broken_in(world: World) -> list[str]:
    """The laws that do not hold in a world, which is lived once for all of them."""
    return broken(world, lived(world))


def broken(world: World, life: Lived) -> list[str]:
    return [name for name, law in LAWS.items() if not law(world, life)]


@LAWFUL
@given(world=WORLDS)
def test_the_laws_hold(world: World) -> None:
    assert broken_in(world) == []


def _world(answers: tuple[str, ...], *minutes: int, size: int = 100, each: int = 1) -> World:
    return World(tuple(Step(0, one, None) for one in minutes), answers, size, None, each=each)


# Worlds that tell: each brings about what one of the faults gets wrong.
TELLING = (
    _world(("lost",) * 20, 0, 16, 16, 16),
    _world(("lost",) * 20, 0, 1, 1, 1),
    _world(("lost", "accept", "accept", "accept", "accept", "refuse"), 0, 16, 16, size=1),
    _world(("die after",), 0, 1),
    _world(("busy",) * 4, 0, 1),
    _world(("cut",), 0, 1),
    _world(("busy",), 0, 610),
    _world((), 610),
    _world(("accept", "accept", "refuse"), 0),
    _world(("cut",), 0, 1, each=3),
    _world(("accept", "cut"), 0, 1, each=3),
    _world(("vague", "cut"), 0, 1, each=3),
    _world(("one refused", "one refused"), 0, 1, each=3),
    _world(("vague",) * 3, 0, 1, each=3),
    _world(("accept", "refuse"), 0, 1, each=3),
)


def test_the_laws_hold_in_the_worlds_that_tell() -> None:
    assert [(world, wrong) for world in TELLING if (wrong := broken_in(world))] == []


def test_the_laws_hold_in_the_worlds_that_tell_over_postgresql(postgres: Server) -> None:
    with postgres.new_store() as url:
        make(url)
        for world in TELLING[1:10:2]:  # cut, killed, lost and forgotten: what a database has to do with
            copy = postgres.copy_of(url)
            assert broken(world, lived_in(world, copy)) == [], world
            postgres.drop(copy)


@pytest.mark.parametrize("number", range(len(FAULTS)), ids=[f"{n}_{one[2]}" for n, one in enumerate(FAULTS)])
def test_the_law_catches_a_planted_fault(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    law, owner, name, fault = FAULTS[number]
    monkeypatch.setattr(owner, name, fault)
    assert not all(LAWS[law](world, lived(world)) for world in TELLING)
