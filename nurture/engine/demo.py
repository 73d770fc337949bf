"""`nurture demo`: the starter book on a made-up shop, by the daemon's own tick, so that all can be seen at once.

Sixty days of a shop of 300 people run into a folder, every mail is shown on a page in every language, the next
fourteen days are simulated, and one mail and one silence are explained. Nothing here decides anything: it feeds
events and calls the tick.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email import policy
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import NamedTuple

from nurture.decide.explain import day_words
from nurture.engine.applying import LiveBook, apply, live_book
from nurture.engine.check import check
from nurture.engine.demo_people import deeds, people
from nurture.engine.demo_shapes import Deed, Someone
from nurture.engine.demo_staff import answer_calls, approve_drafts, desk_lines, do_tasks, gift_lines
from nurture.engine.explaining import Asking, explain
from nurture.engine.faults import MisuseError, StateError
from nurture.engine.hand_over import hand_over_all
from nurture.engine.people import find_person
from nurture.engine.preview import Desk, Preview, everywhere, links_of
from nurture.engine.preview_page import page_of, page_written
from nurture.engine.preview_reader import made_up_reader
from nurture.engine.project import read_files
from nurture.engine.simulation import Calendar, calendar
from nurture.engine.starter import make_project
from nurture.engine.tick import next_due, tick
from nurture.engine.workshop import Workshop
from nurture.model.decision import MESSAGES_NOT_SENT, STARTS, Reason, Why
from nurture.render.locales import direction
from nurture.store.rows import AnyRow, ConsentRow, ContactRow, EventRow

DAYS = 60
AHEAD = 14
SHOWN = 12
NEWEST = 3
DRAFTS_LIE, TASKS_LIE = 5, 3  # so many days before its end nobody at the shop reads drafts, or does tasks
MARK = ".nurture-demo"
HEADS = BytesHeaderParser(policy=policy.default)

Open = Callable[[Path], AbstractContextManager[Workshop]]


class Letter(NamedTuple):
    """One mail in the folder: when it went (UTC), to whom, about what, and its file."""

    at: datetime
    address: str
    subject: str
    file: Path


@dataclass(slots=True)
class Demo:
    """What the demo showed; `complete` when there was a mail, a silence and a mail written right to left.

    `end` is up to when it ran (UTC). `last_day` is its day, or the last one before it that had mail; `newest` are the
    last of the `mails_then`. `page` shows each of `previews`, every mail in every language.
    """

    folder: Path
    end: datetime
    people: int = 0
    mails: int = 0
    right_to_left: int = 0
    last_day: date | None = None
    mails_then: int = 0
    newest: list[Letter] = field(default_factory=list)
    page: Path = Path()
    previews: int = 0
    example: str = ""
    calendar: Calendar = field(default_factory=Calendar)
    gifts: list[str] = field(default_factory=list)
    desk: list[str] = field(default_factory=list)
    mail: list[str] = field(default_factory=list)
    silence: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether everything that the demo is for was there to be seen."""
        return bool(self.mails and self.right_to_left and self.mail and self.silence)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.people:,} people, {DAYS} days, {self.mails:,} mails in {self.folder / 'outbox'}/"
        yield f"{self.right_to_left:,} of them are written right to left."
        yield ""
        yield from self.todays_lines()
        yield f"Every mail in every language, on phone and desktop, light and dark ({self.previews} previews):"
        yield f"  {self.page}"
        yield ""
        yield f"The next {AHEAD} days, if nothing new happens:"
        shown = list(self.calendar.lines())
        yield from (f"  {line}" for line in shown[:SHOWN])
        if len(shown) > SHOWN:
            yield f"  … {len(self.calendar.mails):,} messages, {self.calendar.beside}"
        yield ""
        yield from self.gifts
        yield ""
        yield from self.desk
        yield ""
        yield "Why did this mail go?"
        yield from (f"  {line}" for line in self.mail)
        yield ""
        yield "And why this silence?"
        yield from (f"  {line}" for line in self.silence)
        if not self.complete:
            yield "This shop lacked a mail, a silence or a right-to-left mail: try another --seed."

    def todays_lines(self) -> Iterator[str]:
        """The newest mails of the last day, each with its file."""
        if self.last_day is None:
            return
        named = "Today" if self.last_day == self.end.date() else "The last day"
        count = f"{self.mails_then:,} mail{'' if self.mails_then == 1 else 's'}"
        yield f"{named}, {day_words(self.last_day)}, {count}; the newest (times in UTC):"
        for letter in self.newest:
            yield f"  {letter.at:%H:%M}  {letter.address:<26}  {letter.subject}"
            yield f"         {letter.file.name}"
        yield ""


def run_demo(
    into: Path, seed: int, count: int, today: datetime, open_project: Open, tell: Callable[[int], None]
) -> Demo:
    """Make the shop in `into` and run it up to noon (UTC) of `today`, or to its hour when that is earlier.

    `tell` hears how many days are done.
    """
    end = min(today.replace(hour=12), today).replace(minute=0, second=0, microsecond=0)
    begin = end - timedelta(days=DAYS)
    make_folder(into)
    demo = Demo(into, end, count)
    everybody = people(seed, end, count)
    done = deeds(seed, everybody, end)
    with open_project(into) as shop:
        opening(shop, everybody, done, begin)
        live = live_book(shop.store)
        if live is None:
            raise StateError("the demo's book was not kept")
        run_days(shop, live, everybody, done, begin, tell)
        look_back(demo, shop, live, everybody, end)
        tell(DAYS)
    return demo


def make_folder(into: Path) -> None:
    """A fresh project; a folder that an earlier demo made is made anew, anybody else's is left alone."""
    if (into / MARK).exists():
        shutil.rmtree(into)
    elif into.exists() and any(into.iterdir()):
        raise MisuseError(f"{into} is there already and is not a demo's; name another folder with --into.")
    make_project(into)
    (into / MARK).write_text("made by nurture demo, which makes it anew every time\n", encoding="utf-8")


def opening(shop: Workshop, everybody: Sequence[Someone], done: Sequence[Deed], begin: datetime) -> None:
    """The day the shop begins to use nurture: its past is imported, then the book goes live."""
    past = [row for person in everybody if person.joined < begin for row in contact_rows(person)]
    past += [event_row(deed) for deed in done if deed.at < begin]
    take(shop, past, begin - timedelta(hours=2))
    files = read_files(shop.root)
    book = check(files).book
    if book is None:
        raise StateError("the starter book has errors; `nurture check` in the demo's folder shows them.")
    apply(shop.store, book, files, begin - timedelta(hours=1), "demo")


def run_days(
    shop: Workshop,
    live: LiveBook,
    everybody: Sequence[Someone],
    done: Sequence[Deed],
    begin: datetime,
    tell: Callable[[int], None],
) -> None:
    """Sixty days, noon to noon: what happens in a day arrives as it happens, and the tick runs when anything is due."""
    for number in range(DAYS):
        since, until = begin + timedelta(days=number), begin + timedelta(days=number + 1)
        arriving: list[AnyRow] = []
        for person in everybody:
            if since <= person.joined < until:
                arriving += contact_rows(person, person.joined)
        arriving += [event_row(deed, deed.at) for deed in done if since <= deed.at < until]
        take(shop, arriving, since)
        run_until(shop, live, since, until, reads_drafts=number < DAYS - DRAFTS_LIE)
        if number < DAYS - TASKS_LIE:
            do_tasks(shop, until)
        tell(number + 1)


def run_until(shop: Workshop, live: LiveBook, since: datetime, until: datetime, *, reads_drafts: bool = True) -> None:
    """Tick at every instant at which anything can be due, as the daemon does, and hand over what was decided.

    Calls of other systems are answered at once, and drafts approved, unless nobody `reads_drafts`.
    """
    moment = since
    while (due := next_due(shop.store, live.book, moment)) is not None and due < until:
        moment = due
        step(shop, live, moment, reads_drafts)
    step(shop, live, until, reads_drafts)


def step(shop: Workshop, live: LiveBook, moment: datetime, reads_drafts: bool) -> None:
    """Everything that happens at one instant."""
    decided = tick(shop.store, live.book, moment)
    if decided.intents:
        hand_over_all(shop, live, moment)
    answered = answer_calls(shop, moment)
    if answered or (reads_drafts and decided.intents and approve_drafts(shop, live, moment)):
        tick(shop.store, live.book, moment)
        hand_over_all(shop, live, moment)


def take(shop: Workshop, rows: Sequence[AnyRow], now: datetime) -> None:
    """Into the store; the made-up world has no bad rows, so one is a fault of ours."""

    def refuse(row: AnyRow, reason: str) -> None:
        raise StateError(f"the demo made a row that the store refuses: {reason}: {row}")

    shop.store.importing(now).take(rows, refuse)


def contact_rows(person: Someone, known_at: datetime | None = None) -> list[AnyRow]:
    """A contact with what is known of them, and the topics they ticked."""
    contact = ContactRow(
        outside_id=person.id, address=person.address, facts=person.facts, at=person.joined, known_at=known_at
    )
    agreed = ConsentRow(
        outside_id=person.id, topics=person.topics, basis="ticked when joining", given=True, at=person.joined,
        known_at=known_at,
    )  # fmt: skip
    return [contact, agreed] if person.topics else [contact]


def event_row(deed: Deed, known_at: datetime | None = None) -> EventRow:
    """Something somebody did."""
    return EventRow(outside_id=deed.person, name=deed.name, at=deed.at, fields=deed.fields, known_at=known_at)


def look_back(demo: Demo, shop: Workshop, live: LiveBook, everybody: Sequence[Someone], end: datetime) -> None:
    """Count what went, show every mail, simulate what comes, and explain one mail and one silence."""
    mails = sorted((shop.root / "outbox").glob("*.eml"))
    demo.mails = len(mails)
    demo.right_to_left = sum(direction(language_of(path)) == "rtl" for path in mails)
    name_todays(demo, mails)
    show_every_mail(demo, shop, live, end)
    span = (end, end, end + timedelta(days=AHEAD))
    demo.calendar = calendar(shop, live.book, shop.store.everybody(), span, lambda _done: None)
    demo.gifts, demo.desk = list(gift_lines(shop, end)), list(desk_lines(shop, live, end))
    explain_two(demo, shop, live, everybody, end)


def name_todays(demo: Demo, mails: Sequence[Path]) -> None:
    """The newest mails, by the files' names, which begin with the instant (UTC)."""
    if not mails:
        return
    todays = [path for path in mails if path.name[:8] == mails[-1].name[:8]]
    demo.newest = [letter(path) for path in reversed(todays[-NEWEST:])]
    demo.last_day, demo.mails_then = demo.newest[0].at.date(), len(todays)


def language_of(path: Path) -> str:
    """The locale a mail is written in, as its head says it."""
    with path.open("rb") as file:
        return str(HEADS.parse(file)["Content-Language"] or "")


def letter(path: Path) -> Letter:
    """One mail as its file says it."""
    with path.open("rb") as file:
        message = HEADS.parse(file)
    at = datetime.strptime(path.name.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return Letter(at, message["To"].addresses[0].addr_spec, str(message["Subject"]), path)


def show_every_mail(demo: Demo, shop: Workshop, live: LiveBook, end: datetime) -> None:
    """The page of every mail in every language; a mail that cannot be written is said on it."""
    desk = Desk(live.book, live.templates, links_of(shop.config, live.book), end)
    reader = made_up_reader(live.book, None, end)
    shown = list(everywhere(desk, tuple(sorted(live.book.mails)), reader))
    demo.page = page_written(shop.root, "", page_of(live.book.rules.project, shown))
    demo.previews = sum(isinstance(one, Preview) for _, _, one in shown)


def explain_two(demo: Demo, shop: Workshop, live: LiveBook, everybody: Sequence[Someone], end: datetime) -> None:
    """Somebody's newest mail, and why somebody else got none; of those who joined last."""
    for person in reversed(everybody):
        reasons = shop.store.reasons(find_person(shop, person.id))
        if not demo.mail and (sent := last_of(reasons, frozenset({Why.sent}))):
            demo.example = person.id
            demo.mail = explained(shop, live, person.id, sent, end)
        silent = last_of(reasons, (MESSAGES_NOT_SENT | STARTS) - {Why.started, Why.too_old})
        if not demo.silence and person.id != demo.example and silent:
            demo.silence = explained(shop, live, person.id, silent, end)
        if demo.mail and demo.silence:
            return


def last_of(reasons: Sequence[Reason], wanted: frozenset[Why]) -> Reason | None:
    """The newest reason of these kinds, if any."""
    return next((reason for reason in reversed(reasons) if reason.why in wanted), None)


def explained(shop: Workshop, live: LiveBook, label: str, reason: Reason, now: datetime) -> list[str]:
    """What `nurture explain` says of it."""
    asking = Asking(mail=reason.mail) if reason.mail else Asking(sequence=reason.sequence)
    asked = f"--mail {reason.mail}" if reason.mail else f"--sequence {reason.sequence}"
    return [f"$ nurture explain {label} {asked}", *explain(shop, live, label, asking, now).lines]
