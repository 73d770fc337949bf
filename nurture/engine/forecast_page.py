"""`simulate --html`: the calendar as one page that needs no network and runs no script (language.md 11.4)."""

from calendar import Calendar, month_name
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from html import escape
from importlib.resources import files
from string import Template

from nurture.engine.forecast import Forecast

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def page(project: str, found: Forecast, classes: Sequence[str], notes: Sequence[str]) -> str:
    """The page as HTML: months with a shade for every day, then what each sequence sends and loses."""
    template = Template(files("nurture.engine").joinpath("forecast.html").read_text(encoding="utf-8"))
    totals: Counter[date] = Counter()
    for (day, _), number in found.days.items():
        totals[day] += number
    return template.substitute(
        title=escape(f"{project}: what the next days send"),
        summary=escape(f"{found.messages:,} messages to {found.people:,} people"),
        months="\n".join(_month(year, month, totals, found, classes) for year, month in _months(totals)),
        sequences="\n".join(_sequences(found)),
        notes="\n".join(f"<li>{escape(note)}</li>" for note in notes),
    )


def _months(totals: Counter[date]) -> list[tuple[int, int]]:
    return sorted({(day.year, day.month) for day in totals})


def _month(year: int, month: int, totals: Counter[date], found: Forecast, classes: Sequence[str]) -> str:
    most = max(totals.values(), default=1)
    rows = []
    for week in Calendar().monthdatescalendar(year, month):
        cells = (_day(day, totals[day], most, found, classes) if day.month == month else "<td></td>" for day in week)
        rows.append(f"<tr>{''.join(cells)}</tr>")
    head = "".join(f'<th scope="col">{day}</th>' for day in WEEKDAYS)
    caption = f"{month_name[month]} {year}"
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _day(day: date, number: int, most: int, found: Forecast, classes: Sequence[str]) -> str:
    if not number:
        return f'<td><span class="date">{day.day}</span></td>'
    parts = ", ".join(f"{class_} {found.days[day, class_]:,}" for class_ in classes if found.days[day, class_])
    shade = 12 + round(60 * number / most)
    title = escape(f"{day:%a} {day.day} {day:%b}: {parts}", quote=True)
    return f'<td style="--shade:{shade}%" title="{title}"><span class="date">{day.day}</span><b>{number:,}</b></td>'


def _sequences(found: Forecast) -> Iterator[str]:
    for name in sorted(set(found.sent) | {name for name, _ in found.lost}):
        lost = sorted(((why, n) for (of, why), n in found.lost.items() if of == name), key=lambda one: -one[1])
        words = ", ".join(f"{why.replace('_', ' ')} {number:,}" for why, number in lost)
        yield f'<tr><th scope="row">{escape(name)}</th><td>{found.sent[name]:,}</td><td>{escape(words)}</td></tr>'
