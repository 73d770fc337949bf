"""The calendar of `simulate` in words: days and classes, the fullest days, limits, gifts, what was lost (11.4)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from nurture.decide.explain import day_words
from nurture.engine.forecast import Forecast, Question
from nurture.engine.simulation import held_words
from nurture.store.codes import Stock

FULLEST = 10
MOST_DAYS = 31  # of a longer stretch the weeks are told
NAMED = 5  # the people whom limits hit most
WIDTH = 100


def calendar_lines(found: Forecast, classes: Sequence[str]) -> Iterator[str]:
    """Messages per day and class; per week where there are more than a month of days."""
    if not found.days:
        yield "No messages."
        return
    days = sorted({day for day, _ in found.days})
    weekly = (days[-1] - days[0]).days > MOST_DAYS
    counts: Counter[tuple[date, str]] = Counter()
    for (day, class_), number in found.days.items():
        counts[day - timedelta(days=day.weekday()) if weekly else day, class_] += number
    used = [class_ for class_ in classes if any(one == class_ for _, one in counts)]
    yield f"{'week of' if weekly else '':<12}" + "".join(f"{class_:>13}" for class_ in used) + f"{'all':>9}"
    for day in sorted({day for day, _ in counts}):
        numbers = [counts[day, class_] for class_ in used]
        yield f"{day_words(day):<12}" + "".join(f"{number:>13,}" for number in numbers) + f"{sum(numbers):>9,}"
    yield f"{found.messages:,} message{'' if found.messages == 1 else 's'} to {found.people:,} people"


def fullest_lines(found: Forecast) -> Iterator[str]:
    """The ten fullest days."""
    totals: Counter[date] = Counter()
    for (day, _), number in found.days.items():
        totals[day] += number
    if len(totals) > 1:
        told = (f"{day_words(day)} {number:,}" for day, number in totals.most_common(FULLEST))
        yield from folded("Fullest days: ", told)


def limit_lines(found: Forecast) -> Iterator[str]:
    """Who meets the limits."""
    if found.limited:
        most = ", ".join(f"{label} {number}" for label, number in found.limited.most_common(NAMED))
        people = len(found.limited)
        yield f"{people:,} {'person meets' if people == 1 else 'people meet'} a limit (most often: {most})."


def gift_lines(found: Forecast, stock: Mapping[str, Stock], pools: Sequence[str]) -> Iterator[str]:
    """The gifts that mails carry, and what the pools have left at the end."""
    for gift, number in sorted(found.gifts.items()):
        if gift not in pools:
            yield f"gift {gift}: {number:,} with codes that are made"
            continue
        free = stock.get(gift, Stock()).free
        left = free - number
        lack = f", {-left:,} too few: fill codes in before" if left < 0 else ""
        yield f"gift {gift}: {number:,} of {free:,} codes; {max(left, 0):,} left at the end{lack}"


def lost_lines(found: Forecast) -> Iterator[str]:
    """What each sequence lost to limits, mutes, expiry and the rest, and what was only moved."""
    for sequence in sorted({name for name, _ in found.lost} | found.held.keys()):
        mine = sorted(((why, n) for (name, why), n in found.lost.items() if name == sequence), key=lambda one: -one[1])
        told = [f"{why.replace('_', ' ')} {number:,}" for why, number in mine]
        told += [held_words(found.held[sequence])] if found.held[sequence] else []
        yield from folded(f"{sequence}: {found.sent[sequence]:,} sent; ", iter(told))


def compared_lines(live: Forecast, files: Forecast) -> Iterator[str]:
    """The live versions beside the files: messages per sequence."""
    names = sorted(set(live.sent) | set(files.sent))
    width = max((len(name) for name in names), default=8) + 2
    yield f"{'':<{width}}{'live':>10}{'files':>10}{'':>3}"
    for name in names:
        was, will = live.sent[name], files.sent[name]
        change = f"{will - was:+,}" if will != was else ""
        yield f"{name:<{width}}{was:>10,}{will:>10,}   {change}".rstrip()
    more = files.messages - live.messages
    yield f"{'all':<{width}}{live.messages:>10,}{files.messages:>10,}   {f'{more:+,}' if more else ''}".rstrip()


def folded(head: str, parts: Iterator[str]) -> Iterator[str]:
    """Parts with commas between them, on as many lines as they need."""
    line = head
    for number, part in enumerate(parts):
        piece = part if number == 0 else f", {part}"
        if len(line) + len(piece) > WIDTH:
            yield f"{line},"
            line, piece = " " * min(len(head), 8), part
        line += piece
    yield line


def assumption_lines(question: Question, found: Forecast) -> Iterator[str]:
    """What was assumed."""
    if question.imagined is None or not found.events:
        yield "Timers only: no new orders or answers are imagined."
    else:
        length = max(1, (question.imagined.until - question.imagined.since).days)
        span = "day" if length == 1 else f"{length} days"
        yield f"{found.events:,} events are imagined, as they came in the last {span} (--no-events: none)."
    if question.back is not None:
        yield f"Nobody looked before {question.back:%Y-%m-%d %H:%M} UTC."
