"""The lines of a timeline: each step with the day on which somebody can stand at it, and its ways as a tree."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import time

from nurture.decide.explain import WEEKDAYS
from nurture.language.lint_flow import SERVICE, always_stops, exhaustive
from nurture.language.ways import LAST_DAY as FAR
from nurture.language.ways import days_of
from nurture.model.length import Length
from nurture.model.step import (
    AnyStep,
    Arm,
    Branch,
    Enrol,
    Gift,
    MoveTo,
    Offer,
    Repeat,
    Send,
    Set,
    Split,
    Stop,
    Tag,
    Task,
    Untag,
    WaitDay,
    WaitEvent,
    WaitLength,
    WaitUntil,
    WaitWeekday,
    Webhook,
    Window,
)
from nurture.model.values import dataclass

CAPPED_WORDS = {"skip": "dropped if limits are full", "stop": "ends it if limits are full"}
GIFT_WORDS = {"go_on": "without it if there is none", "stop": "ends it if there is none"}


@dataclass(frozen=True, slots=True)
class Stand:
    """When somebody can stand at a step: an interval of days from day 0, or words where a date rules it."""

    earliest: int
    latest: int
    clock: str = ""
    date: str = ""

    @property
    def words(self) -> str:
        """`day 6`, `day 3 to 9`, `from day 4`, or the date's own words."""
        if self.date:
            return self.date
        if self.latest >= FAR:
            return f"from day {self.earliest}"
        return f"day {self.earliest}" + (f" to {self.latest}" if self.latest > self.earliest else "")


@dataclass(frozen=True, slots=True)
class Row:
    """One line: when, the lines of the tree before it, what is done there, of which class, and what else is to say."""

    when: str
    clock: str
    tree: str
    what: str
    class_: str = ""
    notes: tuple[str, ...] = ()


def either(words: tuple[str, ...]) -> str:
    """`buying, again or vip`."""
    return " or ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def walked(steps: tuple[AnyStep, ...], stand: Stand, tree: str) -> tuple[list[Row], Stand | None]:
    """The rows of some steps from where one stands, and where one then is; None when nobody comes out."""
    rows: list[Row] = []
    for step in steps:
        ways = ways_of(step, stand)
        if ways:
            found, after = forked(step, ways, tree)
            rows += found
            if after is None:
                return rows, None
            stand = joined([stand, after]) if step.condition else after
            continue
        rows += row_of(step, stand, tree)
        if always_stops(step):
            return rows, None
        later = waited(step, stand)
        stand = joined([stand, later]) if step.condition else later
    return rows, stand


def row_of(step: AnyStep, stand: Stand, tree: str) -> list[Row]:
    """One step's line; a wait has none, for the day of what follows tells it."""
    asked = (f"only if {step.condition.text}",) if step.condition else ()
    if isinstance(step, Send):
        return [Row(stand.words, stand.clock, tree, step.mail, step.class_, (*asked, *send_notes(step)))]
    what, *notes = deed_words(step)
    return [Row(stand.words, stand.clock, tree, what, "", (*asked, *notes))] if what else []


def deed_words(step: AnyStep) -> tuple[str, ...]:
    """What a step that sends nothing does, and what else is to say of it; nothing of a wait."""
    match step:
        case Gift(gift=gift):
            return (f"gift {gift}", *(() if step.if_none == "skip" else (GIFT_WORDS[step.if_none],)))
        case Task(to=to, text=text, due=due, hold=hold):
            held = (f"waits for it, {hold} at most",) if hold else ()
            return (f"task for {to}: {text.source}", f"due in {due}", *held)
        case Webhook(endpoint=endpoint, if_fails=if_fails):
            return (f"calls {endpoint}", *(("ends it if the call fails",) if if_fails == "stop" else ()))
        case Tag(tags=tags):
            return (f"tag {', '.join(tags)}",)
        case Untag(tags=tags):
            return (f"untag {', '.join(tags)}",)
        case Set(values=values):
            return (f"set {', '.join(f'person.{name}' for name, _ in values)}",)
        case MoveTo(stage=stage, pin=pin):
            return (f"moves them to {stage}", *((f"and keeps them there for {pin}",) if pin else ()))
        case Enrol(sequence=sequence):
            return (f"enrols them in {sequence}",)
        case Stop(reason=reason):
            return (f"ends here: {reason}",)
    return ("",)


def send_notes(send: Send) -> Iterator[str]:
    """What an author set for this message beside its day."""
    if send.window is not None:
        yield window_words(send.window)
    if send.at_once and send.class_ != SERVICE:
        yield "quiet hours do not hold it"
    if isinstance(send, Offer):
        yield f"with the next rung of {send.ladder}, if one fits"
    if send.approve:
        yield f"waits until {send.approve} approves it"
    if send.if_capped in CAPPED_WORDS:
        yield CAPPED_WORDS[send.if_capped]
    if send.fixed:
        yield "booked ahead: it is fixed to its day"


def window_words(window: Window) -> str:
    """`Sat or Sun, 09:00 to 11:00`."""
    days = either(tuple(WEEKDAYS[day] for day in sorted(window.days))) if window.days else ""
    hours = "" if (window.start, window.end) == (time(0), time(23, 59, 59)) else f"{window.start:%H:%M} to "
    return ", ".join(part for part in (days, hours and f"{hours}{window.end:%H:%M}") if part)


@dataclass(frozen=True, slots=True)
class Path:
    """One way from a step: what the author calls it, its steps, and where one stands at their beginning."""

    words: str
    steps: tuple[AnyStep, ...]
    stand: Stand


def ways_of(step: AnyStep, stand: Stand) -> list[Path]:
    """The ways from a step; none of one that simply goes on."""
    match step:
        case Branch(arms=arms):
            ways = [Path(arm_words(arm), arm.steps, stand) for arm in arms]
            return ways if exhaustive(step) else [*ways, Path("otherwise it goes on", (), stand)]
        case Split(ways=ways_):
            whole = sum(way.weight for way in ways_)
            return [Path(f"{way.weight} of {whole}: {way.name}", way.steps, stand) for way in ways_]
        case WaitEvent(up_to=up_to):
            came, timed_out = (
                replace(after_length(stand, up_to), earliest=stand.earliest, clock=""),
                after_length(stand, up_to),
            )
            return [Path(came_words(step), step.then, came), Path("if none comes", step.otherwise, timed_out)]
        case Repeat(times=times, every=every, until=until):
            last = days_of(every)[1] * (times - 1)
            often = f"{times} rounds, {every} apart" + (f", until {until.text}" if until else "")
            return [Path(often, step.steps, replace(stand, latest=min(stand.latest + last, FAR)))]
    return []


def forked(step: AnyStep, ways: list[Path], tree: str) -> tuple[list[Row], Stand | None]:
    """A step with its ways as a tree, and where one is after it; None when nobody comes out."""
    rows = [Row("", "", tree, f"only if {step.condition.text}:")] if step.condition else []
    ends: list[Stand] = []
    for number, way in enumerate(ways):
        last = number == len(ways) - 1
        rows.append(Row("", "", tree, f"{'└' if last else '├'} {way.words}"))
        found, after = walked(way.steps, way.stand, f"{tree}{' ' if last else '│'}   ")
        rows += found
        ends += [after] if after else []
    return rows, joined(ends) if ends else None


def arm_words(arm: Arm) -> str:
    """The question of an arm in the author's words."""
    return f"if {arm.condition.text}" if arm.condition else "otherwise"


def came_words(wait: WaitEvent) -> str:
    """What a wait waits for."""
    asked = f", where {wait.fits.text}" if wait.fits else ""
    return f"if {either(wait.events)} comes within {wait.up_to}{asked}"


def joined(ways: list[Stand]) -> Stand:
    """Where one can stand after several ways."""
    clock = ways[0].clock if len({way.clock for way in ways}) == 1 else ""
    date = ways[0].date if len({way.date for way in ways}) == 1 else ""
    return Stand(min(way.earliest for way in ways), max(way.latest for way in ways), clock, date)


def waited(step: AnyStep, stand: Stand) -> Stand:
    """Where one stands after a step; only waits move anybody."""
    match step:
        case WaitLength(length=length, at=at):
            return after_length(stand, length, at)
        case Task(hold=Length() as hold):
            return replace(after_length(stand, hold), earliest=stand.earliest, clock="")
        case WaitDay(day=day, at=at):
            return Stand(max(stand.earliest, day), max(stand.latest, day), f"{at:%H:%M}")
        case WaitUntil(path=path, minus=minus, at=at):
            named = ".".join(path)
            date = f"{minus} before {named}" if minus else f"on {named}"
            return Stand(stand.earliest, FAR, f"{at:%H:%M}", date)
        case WaitWeekday(days=days, at_least=at_least, start=start):
            least, most_days = days_of(at_least) if at_least else (0, 0)
            clock = either(tuple(WEEKDAYS[day] for day in sorted(days))) + (
                f" {start:%H:%M}" if start > time(0) else ""
            )
            return Stand(
                stand.earliest + least, min(stand.latest + most_days + 6, FAR), clock, later(stand.date, "a weekday")
            )
        case Send():
            return replace(stand, clock="" if stand.clock == "at once" else stand.clock)
        case _:
            return stand


def after_length(stand: Stand, length: Length, at: time | None = None) -> Stand:
    """Where one stands after a length of time."""
    least, most = days_of(length)
    clock = f"{at:%H:%M}" if at else "" if length.elapsed else stand.clock.replace("at once", "")
    return Stand(stand.earliest + least, min(stand.latest + most, FAR), clock, later(stand.date, f"{length}"))


def later(date: str, by: str) -> str:
    """After a wait that began on a date nobody knows yet."""
    return f"{date}, then {by}" if date else ""
