"""The road: what our own pace says of a mail that would leave now, by the mailbox it goes to (docs/pace.md).

Service goes before all, always. The rest is held where readers complain too much, and waits where a family of
mailboxes turns mails away, where a new sender has had its day, and for its turn in its family's line.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from nurture import observe
from nurture.engine.complaints import EVERYWHERE, WINDOW, Brake, Heard, braking
from nurture.engine.families import HOUR, Answered, Lines, Rests
from nurture.engine.kept import Kept
from nurture.engine.warm_up import FULL, IDLE, allowance
from nurture.engine.workshop import Workshop
from nurture.model.decision import Intent, Why
from nurture.model.happening import Happened
from nurture.model.mail import Fate, Handover
from nurture.model.mailbox import mailbox_family
from nurture.store.mail_figures import MailFigures, Said, day_of

EVERY = timedelta(minutes=1)
DAY = timedelta(days=1)
SERVICE = "service"
TAKEN = frozenset({Happened.delivered})
TURNED_AWAY = frozenset({Happened.deferred, Happened.blocked})
SOON = timedelta(minutes=1)  # so long a round waits for a mail's turn
LOOK = 0.25  # seconds between two looks whether a turn has come
TOLD_FROM = timedelta(minutes=1)  # a shorter wait is nothing that `explain` would tell of


@dataclass(slots=True)
class Road:
    """Asked before each mail; in the store's thread. Looks at the figures every minute, and at its own mails always.

    What one process has on its way is known to it alone; the day's figures are those of all.
    """

    shop: Workshop
    lines: Lines = field(default_factory=Lines)
    rests: Rests = field(default_factory=Rests)
    brakes: dict[str, Heard] = field(default_factory=dict)
    share: int = 1  # processes that hand over at the same time: each has its part of what all may
    _flying: dict[str, str] = field(default_factory=dict)  # key -> family, of all but service
    _landed: set[str] = field(default_factory=set)  # of those, what the next look finds in the figures
    _rooms: dict[str, "Room"] = field(default_factory=dict)
    _looked_at: datetime | None = None

    def look(self, now: datetime) -> None:
        """Read the figures, at most once a minute, and put off until tomorrow what the day has no room for."""
        same_day = all(room.day == day_of(now) for room in self._rooms.values())
        if self._looked_at is not None and timedelta() <= now - self._looked_at < EVERY and same_day:
            return
        self._looked_at = now
        figures, before = figures_of(self.shop), self.brakes
        for key in self._landed:
            self._flying.pop(key, None)
        self._landed.clear()
        self.brakes = braking(figures.by_family(day_of(now) - DAY * (WINDOW - 1)))
        say_new(self.brakes, before)
        begun = self.rests.hear(answered(figures.said(now - HOUR)), now)
        for rest in begun.values():
            observe.note(observe.FAMILY_RESTS, level=logging.WARNING, until=rest.until, mails=rest.turned_away)
        self._rooms = rooms(self.shop, self.brakes, now)
        room = self._rooms.get(EVERYWHERE)
        if room is not None:
            left = max(0, room.left - len(self._flying))
            if put_off := figures.shorten(now, left, tomorrow(now), room.because):
                observe.note(observe.PACE_PUT_OFF, mails=put_off, until=tomorrow(now))

    def kept(self, intent: Intent, released: bool, now: datetime) -> Kept | None:
        """Why a mail does not leave now; None when it does, and then it counts. `released` by a person."""
        if intent.class_ == SERVICE:
            return None
        family = mailbox_family(intent.address)
        found = self._stopped(family, released) or self._waits(family, intent.key, released, now)
        if found is None:
            self._landed.discard(intent.key)
            self._flying[intent.key] = family
            return None
        words, until = found
        if until is None:
            return Kept(Why.held, Handover(intent.key, Fate.held, words))
        put_off = Handover(intent.key, Fate.planned, words, not_before=until, pace=words)
        return Kept(Why.held, put_off, told=until - now >= TOLD_FROM)

    def landed(self, keys: Iterable[str]) -> None:
        """What became of these is in the store's figures now, or they are in the queue again."""
        self._landed.update(key for key in keys if key in self._flying)

    async def turn_comes(self, clock: Callable[[], datetime]) -> bool:
        """Wait a little for the next mail in the line before a family of mailboxes; False when none comes soon."""
        now = clock()
        turn = self.lines.next_at(now)
        if turn is None or turn > now + SOON:
            return False
        await asyncio.sleep(min(LOOK, (turn - now).total_seconds()))
        return clock() > now  # a clock that stands still would make us wait for ever

    def _stopped(self, family: str, released: bool) -> tuple[str, None] | None:
        for name in (family, EVERYWHERE):
            if not released and name in self.brakes and self.brakes[name].brake is Brake.stop:
                return because_of(name), None
        return None

    def _waits(self, family: str, key: str, released: bool, now: datetime) -> tuple[str, datetime] | None:
        until = self.rests.until(family, now)
        if until is not None:
            return f"{family} turns mails away", until
        for name in (EVERYWHERE, family):
            room = self._rooms.get(name)
            if (
                room is not None
                and -(-room.left // self.share) <= self._on_the_way(name)
                and not (released and room.brake)
            ):
                return room.because, tomorrow(now)
        rate = self._rate(family)
        turn = self.lines.turn(family, key, now, rate)
        return None if turn is None or rate is None else (f"{family} gets {rate * self.share:g} mails a second", turn)

    def _on_the_way(self, family: str) -> int:
        return len(self._flying) if family == EVERYWHERE else sum(one == family for one in self._flying.values())

    def _rate(self, family: str) -> float | None:
        rate = self.shop.config.rate_per_family
        slowed = any(name in self.brakes for name in (family, EVERYWHERE))
        ours = rate / self.share if rate is not None else None
        return ours / 2 if ours is not None and slowed else ours


@dataclass(slots=True)
class Room:
    """How many more mails but service may be accepted on a day (UTC), not counting those on their way; and why.

    `brake` says that it is one of complaints, which a person's release outweighs.
    """

    day: date
    left: int
    because: str
    brake: bool


def figures_of(shop: Workshop) -> MailFigures:
    """What is known of the mails of the provider in use."""
    return MailFigures(shop.store.database, shop.provider.name)


def because_of(family: str) -> str:
    """Why mails are held that a brake of complaints stopped."""
    return f"complaints of {family or 'readers everywhere'}"


def tomorrow(now: datetime) -> datetime:
    """When the next day begins (UTC); the hours of each reader are looked at then."""
    return datetime.combine(day_of(now) + DAY, time(), UTC)


def rooms(shop: Workshop, brakes: Mapping[str, Heard], now: datetime) -> dict[str, Room]:
    """What is left of today for everybody, and for each family that complaints slow down; no entry is no limit."""
    figures, found = figures_of(shop), {}
    slowed = [name for name, one in brakes.items() if one.brake is Brake.half]
    most = allowed_today(shop, now)
    sent = figures.by_day(day_of(now) - DAY * WINDOW)
    if EVERYWHERE in slowed:
        half = half_of_busiest(sent, day_of(now))
        if most is None or half < most:
            found[EVERYWHERE] = room(half, sent, now, because_of(EVERYWHERE))
    if most is not None and EVERYWHERE not in found:
        words = f"warm-up allows {a_day(most)} so far"
        found[EVERYWHERE] = Room(day_of(now), left_of(most, sent, now), words, brake=False)
    for family in (one for one in slowed if one != EVERYWHERE):
        theirs = figures.by_day_of_family(day_of(now) - DAY * WINDOW, family)
        half = half_of_busiest(theirs, day_of(now))
        found[family] = room(half, theirs, now, because_of(family))
    return found


def room(most: int, sent: dict[date, int], now: datetime, because: str) -> Room:
    """What complaints leave of today."""
    return Room(day_of(now), left_of(most, sent, now), f"{because} allow {a_day(most)}", brake=True)


def left_of(most: int, sent: dict[date, int], now: datetime) -> int:
    """What is left of so many a day."""
    return most - sent.get(day_of(now), 0)


def allowed_today(shop: Workshop, now: datetime) -> int | None:
    """How many mails but service warm-up allows today; None when nothing is warmed up."""
    config, today = shop.config, day_of(now)
    if config.warm_up_since is None:
        return None
    since = max(config.warm_up_since, today - DAY * (FULL + 2 * IDLE.days))
    return allowance(since, config.warm_up_first_day, today, figures_of(shop).by_day(since))


def may_delay(shop: Workshop, now: datetime) -> Iterator[str]:
    """What a look ahead has to say: it tells when mails are decided, and our own pace may keep some back after that."""
    allowed = allowed_today(shop, now)
    if allowed is not None:
        yield f"Warm-up lets {allowed:,} mails but service go on {day_of(now):%-d %B} (UTC); what is above waits."
    for name, one in braking(figures_of(shop).by_family(day_of(now) - DAY * (WINDOW - 1))).items():
        then = "is held" if one.brake is Brake.stop else "goes at half the pace"
        yield f"{because_of(name).capitalize()}: what goes {f'to {name}' if name else 'out'}, but for service, {then}."


def a_day(mails: int) -> str:
    """`1 mail a day`, `50 mails a day`."""
    return f"{mails:,} {'mail' if mails == 1 else 'mails'} a day"


def half_of_busiest(sent: dict[date, int], today: date) -> int:
    """Half of what went on the busiest of the days before today, at least one."""
    return max(1, max((number for day, number in sent.items() if day < today), default=0) // 2)


def answered(said: Iterable[Said]) -> list[Answered]:
    """What servers answered, as far as it says whether they take our mails."""
    told = TAKEN | TURNED_AWAY
    return [Answered(one.family, one.what in TAKEN, one.at) for one in said if one.what in told]


def say_new(brakes: dict[str, Heard], before: dict[str, Heard]) -> None:
    """A brake that begins, or grips harder, is an alarm; a mailbox family names nobody, but may be somebody's own."""
    for name, one in brakes.items():
        if name not in before or before[name].brake < one.brake:
            level = logging.ERROR if one.brake is Brake.stop else logging.WARNING
            observe.note(
                observe.COMPLAINTS_BRAKE, level=level, brake=one.brake.name, overall=name == EVERYWHERE,
                complaints=one.complained, delivered=one.delivered,
            )  # fmt: skip
