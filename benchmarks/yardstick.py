"""The same little shop through nurture and through django-drip-campaigns: one tick with 1 % due, and an idle one.

A series of three mails for whoever joins, and one for whoever has not ordered for sixty days; both on SQLite, neither
sends anything over a network: nurture makes the bytes of each message and drops them, Django keeps its messages in
memory (`locmem`). The mails have the same HTML. In turns, on one machine. It is installed from a hashed list into an
environment of its own (`yardstick.lock`), and is no part of nurture's.

nurture does beside: consent, limits, quiet hours and a last look for each mail, reasons and a journal that can be
replayed, a batch that survives a cut between two bytes, one-click headers, a text part of its own. What
django-drip-campaigns has over it: Django's admin, and every field of the site's own users is a condition as it stands.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.crowd import take
from benchmarks.frame import ROOT, Figure, nurture, run, unbraked
from benchmarks.on_postgresql import kept_in
from nurture.deliver.folder import Folder, Letter, Written
from nurture.engine.hand_over import hand_over_all
from nurture.engine.starter import make_project
from nurture.engine.tick import tick
from nurture.engine.workshop import Workshop
from nurture.store.rows import AnyRow, ContactRow, EventRow
from nurture.wiring import live, now, workshop

SIZES = (100_000,)
NEWCOMERS = 100  # one of so many has just joined
TIMES = 3
LOCK = ROOT / "benchmarks" / "yardstick.lock"
SHOP = ROOT / "benchmarks" / "yardstick_shop.py"
WELCOME = """sequence: welcome
title: Three mails of welcome
stage: any
aims_at: buying
pillar: [bridge]
class: news
topic: coffee_tips
status: live
priority: 40
start: {event: subscriber.joined, settle: 0 minutes}
again: never
steps:
  - {send: welcome_hello, at_once: true}
  - {wait: 3 days}
  - {send: brew_guide_question}
  - {wait: 4 days}
  - {send: slow_filter_morning}
"""
LAPSE = """sequence: keep_in_touch
title: Sixty days without an order
stage: any
aims_at: again
pillar: [bridge]
class: news
topic: coffee_tips
status: live
priority: 50
start: {lapse: order.placed, for: 60 days}
again: {per: person, gap: 180 days}
steps:
  - {send: what_is_new_at_the_roastery}
"""


@dataclass(slots=True)
class Dropped(Folder):
    """The folder without its disk: a message is made whole, its bytes are counted and let go."""

    messages: int = 0
    size: int = 0
    html: str = ""

    async def post(self, request: Letter) -> Written:
        """Nothing can go wrong."""
        self.messages, self.size = self.messages + 1, self.size + len(request.data)
        return Written()


@dataclass(frozen=True, slots=True)
class Turn:
    """One tick with everything it sends: seconds by clock and of processor, mails and their bytes."""

    seconds: float
    processor_seconds: float
    mails: int
    bytes: int

    @property
    def values(self) -> dict[str, float]:
        """For JSON."""
        return {"seconds": self.seconds, "processor_seconds": self.processor_seconds, "mails": self.mails}


def measure(sizes: Sequence[int] = ()) -> list[Figure]:
    """Both, in turns, at each size."""
    python = environment()
    return [figure for people in sizes or SIZES for figure in compared(people, python)]


def compared(people: int, python: Path) -> list[Figure]:
    """The ticks of both over the same people, several times, each time over a fresh copy of their stores."""
    told: dict[str, list[tuple[Turn, Turn]]] = {"nurture": [], "django-drip-campaigns": []}
    with tempfile.TemporaryDirectory(prefix="yardstick-") as made:
        folder = Path(made)
        moment = our_shop(folder / "ours", people)
        (folder / "mail.html").write_text(our_html(folder / "ours"), encoding="utf-8")
        call(python, "make", folder / "theirs.db", str(people), str(folder / "mail.html"), str(NEWCOMERS))
        for _ in range(TIMES):
            told["nurture"].append(our_turns(folder, moment))
            told["django-drip-campaigns"].append(their_turns(folder, python))
    for name, turns in told.items():
        if any((due.mails, idle.mails) != (people // NEWCOMERS, 0) for due, idle in turns):
            raise SystemExit(f"{name} did not send what it should: {turns}")
    return list(figures(people, told))


def figures(people: int, told: dict[str, list[tuple[Turn, Turn]]]) -> Iterator[Figure]:
    """Medians of each, and the ratios."""
    for place, what in enumerate(("1 % due", "idle")):
        medians = {}
        for name, turns in told.items():
            middle = sorted((pair[place] for pair in turns), key=lambda one: one.processor_seconds)[len(turns) // 2]
            medians[name] = middle.processor_seconds
            words = f"{middle.processor_seconds * 1e3:,.1f} ms of processor, {middle.seconds * 1e3:,.1f} by the clock"
            kept = (
                f", {middle.mails:,} mails of {middle.bytes / max(1, middle.mails) / 1e3:.0f} KB"
                if middle.mails
                else ""
            )
            yield Figure(f"{name}: {people:,} people, {what}", words + kept, "", middle.values)
        times = medians["django-drip-campaigns"] / medians["nurture"]
        yield Figure(f"{what}: django-drip-campaigns takes so many times as long", f"{times:.1f}", "", {"times": times})


def our_shop(folder: Path, people: int) -> datetime:
    """A project with the two sequences, whose people are decided on up to the moment given; newcomers are not yet."""
    make_project(folder)
    unbraked(folder)
    for file in (*folder.glob("sequences/*.yaml"), *folder.glob("sequences/*.toml")):
        file.unlink()
    shutil.rmtree(folder / "sequences" / "tests")
    (folder / "sequences" / "welcome.yaml").write_text(WELCOME, encoding="utf-8")
    (folder / "sequences" / "keep_in_touch.yaml").write_text(LAPSE, encoding="utf-8")
    nurture("apply", folder=folder)
    begun = now()
    with workshop(folder) as shop:
        take(shop, our_people(people, begun), begun)
        tick(shop.store, live(shop.store).book, begun)
        joined = (
            EventRow(outside_id=f"c{number}", name="subscriber.joined", at=begun, id=f"j{number}", fresh=True)
            for number in range(0, people, NEWCOMERS)
        )
        take(shop, joined, begun + timedelta(minutes=1))
    nurture("import", "suppressions", "--none", folder=folder)
    return begun + timedelta(minutes=2)


def our_people(people: int, begun: datetime) -> Iterator[AnyRow]:
    """The same people: all agreed to the topic, and all but the newcomers have an order of the last fifty days."""
    for number in range(people):
        facts: dict[str, object] = {"first_name": f"Reader {number}", "locale": "en", "zone": "Europe/Paris"}
        at = begun - timedelta(days=100 + number % 900)
        yield ContactRow(outside_id=f"c{number}", address=f"reader{number}@crowd.example", facts=facts, at=at,
                         topics=("coffee_tips",), basis="ticked the box")  # fmt: skip
        if number % NEWCOMERS:
            ordered = begun - timedelta(days=1 + number % 50, minutes=number % 600)
            yield EventRow(outside_id=f"c{number}", name="order.placed", at=ordered, fields={"order_id": f"o{number}"})


def our_html(folder: Path) -> str:
    """Our first mail as its preview has it, as a template of Django's: only what is the reader's own is put in."""
    shown = json.loads(nurture("preview", "welcome_hello", "--json", folder=folder))
    html = max((text for text in strings(shown) if "<" in text), key=len)
    return html.replace("{", "(").replace("}", ")") + "<!-- {{ user.first_name }} {{ unsubscribe_link }} -->"


def strings(value: object) -> Iterator[str]:
    """All texts in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from strings(one)


def our_turns(folder: Path, moment: datetime) -> tuple[Turn, Turn]:
    """A tick and the hand-over of what it decided; then both again, with nothing due."""
    copy = folder / "copy"
    shutil.copytree(folder / "ours", copy)
    try:
        with workshop(copy) as opened:
            opened.store.accept()
            shop = replace(opened, provider=Dropped(copy / "outbox"))
            return our_turn(shop, moment), our_turn(shop, moment + timedelta(minutes=1))
    finally:
        shutil.rmtree(copy)


def our_turn(shop: Workshop, moment: datetime) -> Turn:
    """One of them."""
    provider = shop.provider
    assert isinstance(provider, Dropped)
    before = provider.messages, provider.size
    book = live(shop.store)
    wall, worked = time.perf_counter(), time.process_time()
    tick(shop.store, book.book, moment)
    hand_over_all(shop, book, moment)
    spent = time.perf_counter() - wall, time.process_time() - worked
    return Turn(*spent, provider.messages - before[0], provider.size - before[1])


def their_turns(folder: Path, python: Path) -> tuple[Turn, Turn]:
    """The same of theirs, each in a process of its own, as cron would start it; only the run itself is timed."""
    copy = folder / "copy.db"
    shutil.copyfile(folder / "theirs.db", copy)
    first, second = (Turn(**json.loads(call(python, "tick", copy))) for _ in range(2))
    copy.unlink()
    return first, second


def call(python: Path, what: str, database: Path, *more: str) -> str:
    """Their shop, in its own Python."""
    words = [str(python), str(SHOP), what, str(database), *more]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def environment() -> Path:
    """The Python of an environment with what the list names, and nothing else; made once."""
    folder = kept_in() / "yardstick"
    python = folder / "bin" / "python"
    stamp = folder / "lock"
    if not stamp.exists() or stamp.read_bytes() != LOCK.read_bytes():
        shutil.rmtree(folder, ignore_errors=True)
        print("  installing django-drip-campaigns …", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = ["-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", str(LOCK)]
        subprocess.run([str(python), *install], check=True)
        shutil.copyfile(LOCK, stamp)
    return python


if __name__ == "__main__":
    run({"yardstick": measure})
