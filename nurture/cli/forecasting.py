"""What `simulate` does once it is told what is wanted: some people mail by mail, or everybody counted."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nurture.cli.command import Asked
from nurture.cli.output import answer, say, say_all, say_next
from nurture.cli.progress import progress
from nurture.model.values import dataclass

if TYPE_CHECKING:
    from nurture.engine.forecast import Forecast, Question
    from nurture.engine.workshop import Workshop
    from nurture.model.length import Length


@dataclass(frozen=True, slots=True)
class Wishes:
    """How everybody is asked: events imagined, beside the live book, in an outage, as a page; 0 processes is all."""

    events: bool
    compared: bool
    down: "Length | None"
    html: Path | None
    processes: int


def ask_some(asked: Asked, wanted: list[str], start: datetime | None, days: int) -> None:
    """Every mail of the people named."""
    from nurture.engine.simulation import simulate
    from nurture.engine.switches import switch_lines
    from nurture.wiring import now, workshop

    with workshop(asked.root) as shop:
        with progress("simulating", len(wanted)) as tell:
            calendar = simulate(shop, wanted, start, days, now(), tell)
        switches = shop.store.switches()
    if asked.json:
        answer(calendar)
        return
    say_all(calendar.lines())
    say_all(switch_lines(switches))
    say("Timers only: no new orders or answers are imagined.")
    say_next("nurture explain PERSON", "nurture apply")


def ask_everybody(asked: Asked, start: datetime | None, days: int, wishes: Wishes) -> None:
    """The calendar of everybody, and what of it is beside the live book."""
    from nurture.engine.applying import live_book
    from nurture.engine.forecast import forecast
    from nurture.engine.outlook import asked_of
    from nurture.engine.simulation import simulated_book
    from nurture.wiring import now, workshop

    with workshop(asked.root) as shop:
        book = simulated_book(shop, now())
        question = asked_of(shop, book, now(), start, days, events=wishes.events, down=wishes.down)
        live = live_book(shop.store) if wishes.compared else None
        rounds = 1 if live is None else 2
        with progress("simulating", rounds * shop.store.counts().people) as tell:
            found = forecast(shop, question, tell, wishes.processes)
            applied = None
            if live is not None:
                applied = forecast(
                    shop, question.under(live.book), lambda done: tell(found.people + done), wishes.processes
                )
        beside = list(beside_lines(shop, question, found))
    if wishes.html is not None:
        write_page(wishes.html, question, found, beside)
    if asked.json:
        answer(document(found, applied))
        return
    say_all(told(question, found, applied, beside))
    if wishes.html is not None:
        say(f"Written: {wishes.html}")
    say_next("nurture simulate --people PERSON", "nurture plan")


def told(question: "Question", found: "Forecast", applied: "Forecast | None", beside: list[str]) -> Iterator[str]:
    """The answer in lines: mail by mail where they are few, then counted."""
    from nurture.engine import forecast_words as words
    from nurture.engine.simulation import Calendar

    if found.few and applied is None:
        yield from Calendar(found.mails, found.dropped).lines()
    else:
        yield from words.calendar_lines(found, question.book.rules.classes)
        yield from words.fullest_lines(found)
        yield from words.lost_lines(found)
    if applied is not None:
        yield from words.compared_lines(applied, found)
    yield from beside


def beside_lines(shop: "Workshop", question: "Question", found: "Forecast") -> Iterator[str]:
    """Limits, gifts, tasks, what holds sending, and what was assumed."""
    from nurture.engine import forecast_words as words
    from nurture.engine.road import may_delay
    from nurture.engine.switches import switch_lines

    yield from words.limit_lines(found)
    pools = [gift.name for gift in question.book.house.gifts if gift.pool]
    yield from words.gift_lines(found, shop.store.outbox.codes.stock(), pools)
    for who, number in sorted(found.tasks.items()):
        yield f"{number:,} task{'' if number == 1 else 's'} for {who}"
    yield from switch_lines(shop.store.switches())
    yield from may_delay(shop, question.now)
    yield from words.assumption_lines(question, found)


def write_page(target: Path, question: "Question", found: "Forecast", lines: list[str]) -> None:
    """The calendar as a page."""
    from nurture.engine.forecast_page import page

    rules = question.book.rules
    target.write_text(page(rules.project, found, rules.classes, lines), encoding="utf-8")


def document(found: "Forecast", applied: "Forecast | None") -> dict[str, object]:
    """The answer as one document."""
    days = [{"day": day, "class": class_, "messages": n} for (day, class_), n in sorted(found.days.items())]
    lost = [{"sequence": name, "why": why, "count": n} for (name, why), n in sorted(found.lost.items())]
    return {
        "people": found.people,
        "messages": found.messages,
        "days": days,
        "sequences": dict(sorted(found.sent.items())),
        "lost": lost,
        "held": dict(sorted(found.held.items())),
        "gifts": dict(sorted(found.gifts.items())),
        "tasks": dict(sorted(found.tasks.items())),
        "limited": dict(found.limited.most_common(100)),
        "imagined_events": found.events,
        "mails": found.mails if found.few else [],
        "dropped": found.dropped if found.few else [],
        "applied": None if applied is None else dict(sorted(applied.sent.items())),
    }
