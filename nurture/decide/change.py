"""When time alone may change an answer (language.md 7; architecture.md 2.2: stage and moment expiries)."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from math import ceil, floor

from nurture.decide.calendar import add_dates
from nurture.decide.clock import day_start, local_day
from nurture.decide.closures import as_day, evaluate, matching
from nurture.decide.happened import inside
from nurture.decide.scene import Scene
from nurture.model.expression import Call, Compare, Expression, IsKnown
from nurture.model.length import Length
from nurture.model.moving import FADING, children, is_clocked, is_plainly_clocked, is_still, sides
from nurture.model.values import dataclass

Turning = Callable[[Scene], Iterator[datetime]]
"""All instants at which one part of a condition can change its value, also some at which it does not."""

_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)
_TRIED = 24  # so many instants are tried out before the next one is simply named
_FARTHEST = 3_000_000  # days; beyond every calendar date


@dataclass(frozen=True, slots=True)
class Plan:
    """Where an expression can turn; `nightly` when some part can only be asked again at every midnight."""

    expression: Expression
    turnings: tuple[Turning, ...]
    nightly: bool


_BOUND = 8192
_plans: dict[int, Plan] = {}
"""By the identity of the tree, which the plan holds so that it is not given again."""


def next_change(expression: Expression, scene: Scene) -> datetime | None:
    """The first instant (UTC) after now at which time alone may change the answer; None is never.

    Nothing else is assumed to happen. It may be too early, never too late; it is exact where
    `model.moving.computable_change` holds, else it is the reader's next midnight at the latest.
    """
    plan = _plans.get(id(expression)) or _remember(expression)
    if not plan.turnings and not plan.nightly:
        return None
    latest = day_start(local_day(scene.now, scene.clock) + _DAY, scene.clock) if plan.nightly else None
    found = {instant for turning in plan.turnings for instant in turning(scene) if instant > scene.now}
    before = evaluate(expression, scene) if found else None
    for tried, instant in enumerate(sorted(found)):
        if latest is not None and instant >= latest:
            break
        if tried >= _TRIED or evaluate(expression, _at(scene, instant)) != before:
            return instant
    return latest


def _at(scene: Scene, instant: datetime) -> Scene:
    """The same at another moment (written out: `dataclasses.replace` takes four times as long)."""
    return Scene(scene.book, scene.person, instant, scene.clock, scene.event, scene.enrolment)


def _remember(expression: Expression) -> Plan:
    if len(_plans) >= _BOUND:
        _plans.clear()
    turnings, nightly = _planned(expression)
    plan = Plan(expression, tuple(turnings), nightly)
    _plans[id(expression)] = plan
    return plan


def _planned(expression: Expression) -> tuple[list[Turning], bool]:
    met = sides(expression)
    if met is not None:
        return [_meeting(*met)], False
    if isinstance(expression, IsKnown) and is_plainly_clocked(expression.item):
        return [], False
    turnings: list[Turning] = []
    nightly = is_clocked(expression)
    parts = children(expression)
    counted = _counted(expression)
    if counted is not None:
        turnings.append(_fading(*counted))
        parts = children(counted[0])
    elif isinstance(expression, Call) and expression.function in FADING:
        turnings.append(_fading(expression))
    for part in parts:
        more, also = _planned(part)
        turnings += more
        nightly = nightly or also
    return turnings, nightly


def _counted(expression: Expression) -> tuple[Call, Expression] | None:
    """A count that meets one still number; None for any other shape."""
    if isinstance(expression, Compare):
        for one, other in ((expression.left, expression.right), (expression.right, expression.left)):
            if isinstance(one, Call) and one.function == "count" and is_still(other):
                return one, other
    return None


def _fading(call: Call, number: Expression | None = None) -> Turning:
    """count, got, bought: when something leaves the window, or what is known ahead comes about.

    With the number that a count meets, only those few are named at whose leaving it is met.
    """
    moments, within = matching(call), call.within

    def fading(scene: Scene) -> Iterator[datetime]:
        known = moments(scene) or []
        ahead = [moment for moment in known if moment > scene.now]
        yield from ahead
        if within is None:
            return
        here = sorted(inside(scene, known, within))
        left = _met(call, number, scene) if not ahead else None
        if left is not None:
            here = [here[-1 - rest] for rest in left if 0 <= rest < len(here)]
        for moment in (*here, *ahead):
            yield from _leaving(moment, within, scene)

    return fading


def _met(call: Call, number: Expression | None, scene: Scene) -> tuple[int, ...] | None:
    """How many are left when the answer turns; None when it may turn at any."""
    if call.function != "count":
        return (0,)
    value = evaluate(number, scene) if number is not None else None
    if not isinstance(value, int | float) or abs(value) > _FARTHEST:
        return None
    return (ceil(value) - 1, floor(value))


def _leaving(moment: datetime, within: Length, scene: Scene) -> Iterator[datetime]:
    if within.elapsed:
        yield moment + timedelta(seconds=within.seconds)
        return
    yield from _starts(_after(local_day(moment, scene.clock), within), scene)


def _after(day: date, length: Length) -> Iterator[date]:
    """The dates on which a calendar length counted back from today can first reach `day`."""
    reached = add_dates(day, length)
    yield reached
    if length.days is None and reached < date.max:
        yield reached + _DAY  # after a clipped month end, the first of the next month


def _starts(days: Iterable[date], scene: Scene) -> Iterator[datetime]:
    for day in days:
        if day < date.max:
            yield day_start(day, scene.clock)


def _meeting(clocked: Expression, stills: tuple[Expression, ...]) -> Turning:
    """A value that runs with the clock meets values that stand still."""
    if not isinstance(clocked, Call):
        return lambda scene: _starts(_today_meets(stills, scene), scene)
    if clocked.function == "ago":
        return _ago_meets(clocked, stills)
    counted = _since if clocked.function == "days_since" else _until
    operand = clocked.operand

    def meeting(scene: Scene) -> Iterator[datetime]:
        day = as_day(evaluate(operand, scene), scene) if operand is not None else None
        if day is None:
            return
        for still in stills:
            number = evaluate(still, scene)
            if isinstance(number, int | float) and abs(number) < _FARTHEST:
                yield from _starts(_moved(day, counted(number)), scene)

    return meeting


def _since(number: float) -> tuple[int, ...]:
    """So many dates after the day, days_since reaches the number, and passes it."""
    return (ceil(number), floor(number) + 1)


def _until(number: float) -> tuple[int, ...]:
    """So many dates after the day (mostly before it), days_until comes down to the number, and falls below it."""
    return (-floor(number), 1 - ceil(number))


def _moved(day: date, numbers: tuple[int, ...]) -> Iterator[date]:
    for number in numbers:
        if date.min.toordinal() <= day.toordinal() + number <= date.max.toordinal():
            yield day + timedelta(days=number)


def _today_meets(stills: tuple[Expression, ...], scene: Scene) -> Iterator[date]:
    for still in stills:
        day = as_day(evaluate(still, scene), scene)
        if day is not None:
            yield from _moved(day, (0, 1))


def _ago_meets(call: Call, stills: tuple[Expression, ...]) -> Turning:
    length = call.within

    def meeting(scene: Scene) -> Iterator[datetime]:
        for still in stills:
            value = evaluate(still, scene)
            day = as_day(value, scene)
            if day is None or length is None:
                continue
            if not length.elapsed:
                for met in _moved(day, (0, 1)):
                    yield from _starts(_after(met, length), scene)
                continue
            back = timedelta(seconds=length.seconds)
            exactly = (value, value + _TICK) if isinstance(value, datetime) else ()
            yield from (moment + back for moment in (*exactly, *_starts(_moved(day, (0, 1)), scene)))

    return meeting
