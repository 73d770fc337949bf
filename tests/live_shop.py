"""A shop for live runs: people with a story each, what a shop's system would export of them, and who must get what.

What must arrive is worked out here in plain Python, from the stories alone; nothing of nurture's is asked. The book is
the starter book without what depends on the hour at which a test runs: quiet hours, limits, and waiting for second
thoughts (`settle`).
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from pathlib import Path

from tests.projects import Project

FRESH = "20 days"
COLUMNS = ("id", "event", "at", "ticket", "order_id")
EVENT_TRIGGERS = ("subscriber.joined", "order.delivered", "order.placed")
RIGHT_TO_LEFT = ("ar", "he")
NAMES = ("", "Salma", "Ayşe", "Արամ", "")
# What a reader speaks, and the language of the book that they get.
LOCALES = {"en": "en", "tr-TR": "tr", "ar-EG": "ar", "he": "he", "hy-AM": "hy", "fr": "en", "": "en"}
ZONES = ("Europe/Paris", "Asia/Yerevan", "Africa/Cairo", "America/New_York")

SORRY, WELCOME, FIRST_BAG, BEANS = "we_got_your_message", "welcome_hello", "first_bag_check_in", "storing_beans"
TOPICS = {WELCOME: "coffee_tips", FIRST_BAG: "order_care", BEANS: "coffee_tips"}
SERVICE = frozenset({SORRY})
SUBJECTS = {
    SORRY: {"en": "We got your message", "tr": "Mesajınızı aldık", "ar": "وصلتنا رسالتكم",
            "he": "קיבלנו את הפנייה שלכם", "hy": "Ստացել ենք Ձեր հաղորդագրությունը"},
    WELCOME: {"en": "Welcome to the roastery{}", "tr": "Kavurma evimize hoş geldiniz{}", "ar": "أهلًا بكم في المحمصة{}",
              "he": "ברוכים הבאים לבית הקלייה{}", "hy": "Բարի գալուստ մեր բովարան{}"},
    FIRST_BAG: {"en": "How is the first bag{}?", "tr": "İlk paket nasıl{}?", "ar": "كيف وجدتم الكيس الأول{}؟",
                "he": "איך השקית הראשונה{}?", "hy": "Ինչպե՞ս է առաջին տոպրակը{}"},
    BEANS: {"en": "Where coffee likes to sleep", "tr": "Kahve nerede uyumayı sever?", "ar": "أين تحب القهوة أن تنام؟",
            "he": "איפה קפה אוהב לישון", "hy": "Որտե՞ղ է սուրճը սիրում քնել"},
}  # fmt: skip


@dataclass(frozen=True)
class Story:
    """What happens to somebody: (event, how long ago, number of the ticket or order), and the mails that follow."""

    events: tuple[tuple[str, timedelta, int], ...]
    mails: tuple[str, ...]
    consent: str = ""


def days(number: float) -> timedelta:
    return timedelta(days=number)


JUST, A_MINUTE = timedelta(seconds=20), timedelta(seconds=60)
# Days are whole, so that what followed from them fell due yesterday at 10:00 wherever the reader lives.
STORIES = {
    "complains": Story((("complaint.opened", JUST, 1),), (SORRY,)),
    "joins": Story((("subscriber.joined", JUST, 0),), (WELCOME,), "coffee_tips"),
    "has a first bag": Story((("order.placed", days(10), 1), ("order.delivered", days(7), 1)), (FIRST_BAG,)),
    "complains twice": Story((("complaint.opened", A_MINUTE, 1), ("complaint.opened", JUST, 2)), (SORRY, SORRY)),
    "needs a next bag": Story((("order.placed", days(19), 1),), (BEANS,), "coffee_tips"),
    "joins without consent": Story((("subscriber.joined", JUST, 0),), ()),
    "complains and joins": Story(
        (("complaint.opened", A_MINUTE, 1), ("subscriber.joined", JUST, 0)), (SORRY,), "coffee_tips"
    ),
    "has a second bag": Story(
        (("order.placed", days(30), 1), ("order.placed", days(10), 2), ("order.delivered", days(7), 2)), ()
    ),
    "refused to be asked": Story(
        (("order.placed", days(10), 1), ("order.delivered", days(7), 1)), (), "-order_care"
    ),
    "was delivered long ago": Story((("order.placed", days(40), 1), ("order.delivered", days(30), 1)), ()),
}  # fmt: skip
NEXT_BAG = ("order.placed", days(19), 9)  # for somebody who has a welcome already


@dataclass(frozen=True)
class Person:
    """Somebody with a story; everything about them follows from their number. So many in a row share a language."""

    number: int
    story: str
    together: int = 1

    @property
    def id(self) -> str:
        return f"p{self.number}"

    @property
    def address(self) -> str:
        return f"p{self.number}@shop.example"

    @property
    def name(self) -> str:
        return NAMES[self.number % len(NAMES)]

    @property
    def locale(self) -> str:
        return list(LOCALES)[self.number // self.together % len(LOCALES)]

    @property
    def language(self) -> str:
        """The language that their mails are in."""
        return LOCALES[self.locale]

    def contact(self) -> tuple[str, ...]:
        zone = ZONES[self.number % len(ZONES)]
        return self.id, self.address, self.name, self.locale, zone, STORIES[self.story].consent

    def events(self, now: datetime) -> Iterator[tuple[str, ...]]:
        for what in STORIES[self.story].events:
            yield self.event(*what, now)

    def event(self, name: str, ago: timedelta, number: int, now: datetime) -> tuple[str, ...]:
        at = (now - ago).isoformat(timespec="seconds")
        ticket, order = self.ticket(number), f"o{self.number}-{number}"
        return self.id, name, at, ticket if "complaint" in name else "", order if "order" in name else ""

    def ticket(self, number: int) -> str:
        return f"T{self.number}-{number}"

    def subject(self, mail: str) -> str:
        """The subject line as it must arrive."""
        comma = "، " if self.language == "ar" else ", "
        return SUBJECTS[mail][self.language].format(comma + self.name if self.name else "")


def people(count: int, first: int = 0, together: int = 1) -> list[Person]:
    """So many people; the stories take turns, and two of three people have one that leads to a mail."""
    told = list(STORIES)
    turns = [*told, *told[:5], *told[:5]]
    return [Person(number, turns[number % len(turns)], together) for number in range(first, first + count)]


Wanted = Counter[tuple[str, str]]


def expected(who: Iterable[Person]) -> Wanted:
    """Which mails must go: how many of each (person's id, mail)."""
    return Counter((one.id, mail) for one in who for mail in STORIES[one.story].mails)


def make(project: Project) -> None:
    """Turn a fresh `nurture init` into this shop, and apply it."""
    rules = project.root / "sequences" / "house" / "rules.yaml"
    text = rules.read_text(encoding="utf-8")
    for line in (r"quiet_hours:.*\n", r"limits:.*\n(?:  - .*\n)+", r"min_gap:.*\n", r"brake:.*\n"):
        text, found = re.subn(rf"^{line}", "", text, flags=re.MULTILINE)
        assert found == 1, line
    rules.write_text(text, encoding="utf-8")
    for path in (project.root / "sequences").glob("*.yaml"):
        at_once(path)
    project.ok("apply")
    project.ok("import", "suppressions", "--none")


def at_once(path: Path) -> None:
    """Nothing waits for second thoughts."""
    text = path.read_text(encoding="utf-8")
    for event in EVENT_TRIGGERS:
        text = text.replace(f"start:\n  event: {event}\n", f"start:\n  event: {event}\n  settle: 0 minutes\n")
    path.write_text(text, encoding="utf-8")


def take_contacts(project: Project, who: Iterable[Person], name: str = "contacts.csv") -> None:
    """Import people as the shop's list has them."""
    columns = ("id", "email", "first_name", "locale", "zone", "consent")
    project.table(name, columns, (one.contact() for one in who))
    project.ok("import", "contacts", name, "--basis", "said so in the shop")


def take_events(project: Project, rows: Iterable[tuple[str, ...]], name: str = "events.csv") -> None:
    """Import what happened, the oldest first, as a shop's log has it."""
    project.table(name, COLUMNS, sorted(rows, key=itemgetter(2)))
    project.ok("import", "events", name, "--fresh", FRESH)
