"""Whatever a lost store did after its backup: what the restored one lets go by itself is no mail that went before.

The other store lives on from the backup to its end. Ours is what the backup knew: all that was told meanwhile is told
to it shortly before or after somebody accepts it, and what it decides from then on is looked at as what leaves is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from nurture.decide.advance import advance
from nurture.engine.told_late import Looked, Lost
from nurture.model import event as names
from nurture.model.decision import Decision, Intent
from nurture.model.event import Event
from nurture.model.person import Person
from tests.drawing import Dice, between, one_of, seeded
from tests.hunting import hunt
from tests.random_worlds import START, World, replies, world

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
UNDATED = frozenset({names.TASK_DONE, names.WEBHOOK_ANSWERED, names.DRAFT_SETTLED})
TRIES = 250


@dataclass
class Lived:
    """Somebody at the end of some time: what was decided, each with the person then, and what is still to come."""

    person: Person
    decisions: list[Decision]
    coming: list[Event]


def by_arrival(events: list[Event]) -> list[Event]:
    return sorted(events, key=lambda one: (one.known_at, one.happened_at, one.number))


def lived(one: World, person: Person, coming: list[Event], now: datetime, until: datetime) -> Lived:
    found = Lived(person, [], by_arrival(coming))
    while True:
        known = [event for event in found.coming if event.known_at <= now]
        decision = advance(one.book, found.person, now, known)
        found.person = decision.person
        found.decisions.append(decision)
        found.coming = by_arrival([*found.coming[len(known) :], *replies(decision)])
        following = [decision.wake] if decision.wake is not None else []
        due = min([*following, *(event.known_at for event in found.coming[:1])], default=None)
        if due is None or due > until:
            return found
        now = max(now, due)


class Loss:
    """A world, a backup of it, and when it is accepted; `told` is when all is told that the backup does not know."""

    def __init__(self, dice: Dice) -> None:
        self.world = world(dice)
        self.backup = START + HOUR * between(dice, 24, 300)
        self.accepted = self.backup + HOUR * between(dice, 1, 120)
        self.told = self.accepted + one_of(dice, -1, 1) * timedelta(minutes=1)

    @cached_property
    def went(self) -> frozenset[str]:
        """The keys of all that the lost store had decided as it ended."""
        end = self.accepted
        other = lived(self.world, self.world.person, list(self.world.events), self.world.person.asof, end)
        return frozenset(mail.key for decision in other.decisions for mail in decision.intents)

    def _again(self, event: Event) -> Event:
        """What was told to the lost store, as it is told to ours; of some things nobody says when they happened."""
        if event.known_at > self.accepted:
            return event
        happened = self.told if event.name in UNDATED else event.happened_at
        return replace(event, known_at=max(self.told, happened), happened_at=happened)

    @cached_property
    def ours(self) -> tuple[Lived, tuple[Event, ...]]:
        """What the restored store decides once it was accepted, and all that it was told."""
        person, moment = self.world.person, self.accepted
        before = lived(self.world, person, list(self.world.events), person.asof, self.backup)
        told = [self._again(event) for event in before.coming]
        at_once = advance(self.world.book, before.person, moment, [one for one in told if one.known_at <= moment])
        later = [*(one for one in told if one.known_at > moment), *replies(at_once)]
        history = [one for one in self.world.events if one.known_at <= self.backup]
        return lived(self.world, at_once.person, later, moment, moment + 20 * DAY), (*history, *told)

    def goes(self, since: datetime) -> Iterator[tuple[Intent, Person]]:
        """The mails that leave by themselves where ours is taken to have known all until then."""
        after, history = self.ours
        looked = Looked(self.world.book, Lost(since, self.accepted), lambda _: history)
        for decision in after.decisions:
            yield from ((mail, decision.person) for mail in decision.intents if not looked.why(mail, decision.person))

    def twice(self, since: datetime) -> list[str]:
        """The keys of those of them that went before: but for what begins with something new of the same number."""
        return [mail.key for mail, person in self.goes(since) if mail.key in self.went and not self._new(mail, person)]

    def _new(self, mail: Intent, person: Person) -> bool:
        about = next((one for one in person.enrolments if one.identity == (mail.sequence, mail.subject)), None)
        return about is not None and about.event is not None and about.event.happened_at >= self.accepted


def test_no_mail_that_the_lost_store_sent_goes_by_itself() -> None:
    losses = [Loss(seeded(seed)) for seed in range(TRIES)]
    assert [(seed, loss.twice(loss.backup)) for seed, loss in enumerate(losses) if loss.twice(loss.backup)] == []
    assert sum(len(list(loss.goes(loss.backup))) for loss in losses) > TRIES / 2, "what is new goes"


def test_the_law_sees_a_store_that_takes_for_known_what_was_told_after_the_backup() -> None:
    hunt(Loss, lambda loss: bool(loss.twice(loss.accepted + DAY)), TRIES)
