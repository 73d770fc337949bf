"""Living a test person through their case: the core from wake to wake, and a world that answers as the case says.

No outbox: what would be handed over, called or shown to a person is answered at once (language.md 10).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from nurture.decide.assume import assumed
from nurture.decide.simulate import live
from nurture.engine.book_tests_world import Clocks, Life
from nurture.language.test_files import Case
from nurture.model import event as own
from nurture.model.book import Book
from nurture.model.decision import Decision, Intent
from nurture.model.event import Event
from nurture.model.person import Person

FIRST_ANSWER = 1_000_000  # numbers of events that the world makes up come after those that the case tells
HELD = "held"
DROPPED = "dropped"
FAILED = "failed"

Deed = Callable[[Person, "World", datetime], Event | None]
"""What somebody does at a moment (UTC), as an event of their log; None where there is nothing to do it to."""


@dataclass(slots=True)
class World:
    """What answers the engine in one case: a shop and a person who do as it says."""

    case: Case
    tasks: dict[str, str] = field(default_factory=dict)  # the key of the newest task, by the id of its step
    drafts: dict[str, str] = field(default_factory=dict)  # what became of drafts, by the key of the mail
    made: int = 0

    def answers(self, book: Book, decision: Decision) -> list[Event]:
        """What comes back at once: gifts are given, webhooks answered, drafts settled as the case says."""
        self.tasks |= {task.step: task.key for task in decision.tasks}
        mails = {intent.key: intent.mail for intent in decision.intents if intent.approve}
        hooks = {hook.key: hook.step for hook in decision.webhooks}
        told = (self._as_told(event, mails, hooks) for event in assumed(book, decision))
        return [self._numbered(event) for event in told if event is not None]

    def _numbered(self, event: Event) -> Event:
        """After everything that the case tells of the same instant."""
        self.made += 1
        return replace(event, number=FIRST_ANSWER + self.made)

    def _as_told(self, event: Event, mails: dict[str, str], hooks: dict[str, str]) -> Event | None:
        """One answer, unless the case says another, or none."""
        key = str(event.fields.get("key", ""))
        if event.name == own.DRAFT_SETTLED and key in mails:
            outcome = self.case.drafts.get(mails[key], str(event.fields["outcome"]))
            self.drafts[key] = outcome
            return None if outcome == HELD else replace(event, fields={**event.fields, "outcome": outcome})
        if event.name == own.WEBHOOK_ANSWERED and self.case.webhooks.get(hooks.get(key, "")) == FAILED:
            return replace(event, fields={**event.fields, "ok": False, "words": "failed, as the test says"})
        if event.name in (own.GIFT_GIVEN, own.GIFT_REFUSED) and self.kept(str(event.fields.get("mail", ""))):
            return None
        return event

    def kept(self, mail: str) -> bool:
        """Whether a mail stays with the shop: it does not go, and its gift is not drawn."""
        return self.drafts.get(mail) in (HELD, DROPPED)

    def goes(self, intent: Intent) -> bool:
        """Whether a mail that was decided on leaves the shop."""
        return not self.kept(intent.key)

    def deeds(self, clocks: Clocks) -> list[tuple[datetime, Deed]]:
        """What people do at a moment of the case: clicks, finished tasks, gifts used; in the order of time."""
        told = [(clocks.instant(one.at), _click(one.name)) for one in self.case.clicks]
        told += [(clocks.instant(one.at), _finish(one.name)) for one in self.case.tasks]
        told += [
            (clocks.instant(one.at), _use(str(one.fields.get("gift", ""))))
            for one in self.case.given.events
            if one.event == own.GIFT_USED
        ]
        return sorted(told, key=lambda one: one[0])

    def event(self, name: str, at: datetime, fields: dict[str, object]) -> Event:
        """An event of this world."""
        return self._numbered(Event(f"world-{self.made + 1}", name, at, at, fields=fields))


def _click(mail: str) -> Deed:
    def deed(person: Person, world: World, at: datetime) -> Event | None:
        had = [one for one in person.messages if one.mail == mail and not one.cancelled and not world.kept(one.key)]
        return world.event(own.MAIL_CLICKED, at, {"key": had[-1].key}) if had else None

    return deed


def _finish(step: str) -> Deed:
    def deed(_person: Person, world: World, at: datetime) -> Event | None:
        key = world.tasks.get(step)
        return world.event(own.TASK_DONE, at, {"key": key, "by": "test", "words": ""}) if key else None

    return deed


def _use(gift: str) -> Deed:
    def deed(person: Person, world: World, at: datetime) -> Event | None:
        had = [one for inside in person.enrolments for one in inside.gifts if one.gift == gift and one.code]
        newest = max(had, key=lambda one: one.given_at or one.at, default=None)
        return world.event(own.GIFT_USED, at, {"code": newest.code}) if newest else None

    return deed


def lived(life: Life, world: World, clocks: Clocks) -> Iterator[Decision]:
    """Every decision of a case, in order; each Decision's person is the next one's.

    Time is cut where people do something or a new version is applied, since what happens then depends on what was.
    """
    deeds = [one for one in world.deeds(clocks) if life.begin < one[0] <= life.end]
    cuts = sorted({at for at, _ in deeds} | ({life.changes} if life.changes else set()))
    person, begin, done = life.person, life.begin, list[Event]()
    for end in [*(cut for cut in cuts if life.begin < cut < life.end), life.end]:
        events = [*(event for event in life.events if begin < event.known_at <= end), *done]
        for decision in live(_book_at(life, begin), person, events, begin, end, world.answers):
            person = decision.person
            yield decision
        made = (deed(person, world, end) for at, deed in deeds if at == end)
        done = [event for event in made if event is not None]
        begin = end


def _book_at(life: Life, instant: datetime) -> Book:
    """What they live by from a moment on."""
    return life.after if life.after and life.changes and instant >= life.changes else life.book
