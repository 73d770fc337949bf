"""Where a condition's names are read: person, event, start, steps, today (language.md 7, roots)."""

from collections.abc import Callable
from datetime import datetime

from nurture.decide.clock import local_day
from nurture.decide.happened import as_number, worked_out
from nurture.decide.scene import Scene
from nurture.model.event import Event
from nurture.model.expression import Kind, Name

Reader = Callable[[Scene], object | None]


def reader(name: Name) -> Reader:
    """The function that reads this name in a scene; what is not of the name's type is unknown."""
    root, *rest = name.path
    if root == "today":
        return lambda scene: local_day(scene.now, scene.clock)
    if root == "person":
        return _PERSON.get(".".join(rest)) or _typed(_fact(rest[0]), name.kind)
    if root == "event":
        return _typed(_event_field(rest[0]), name.kind)
    if root == "start":
        return _START.get(rest[0]) or _typed(_start_field(rest[0]), name.kind)
    if root == "steps":
        return _step(rest[0], rest[1])
    raise ValueError(f"'{name}' is no name of the language")


def _typed(raw: Reader, kind: Kind) -> Reader:
    """Guard against data that came in another type than the catalogue says: it is unknown, not a crash."""
    if kind is Kind.number:
        return lambda scene: as_number(raw(scene))
    if kind is Kind.day:
        return lambda scene: _day(raw(scene), scene)
    wanted = {Kind.text: str, Kind.bool: bool, Kind.moment: datetime}.get(kind)
    if wanted is None:
        return raw

    def typed(scene: Scene) -> object | None:
        value = raw(scene)
        return value if isinstance(value, wanted) else None

    return typed


def _day(value: object, scene: Scene) -> object | None:
    """A fact taken from a moment is read as the reader's date; a day without its year stays as it is."""
    if isinstance(value, datetime):
        return local_day(value, scene.clock)
    return None if isinstance(value, str | int | float) else value


def _fact(name: str) -> Reader:
    def fact(scene: Scene) -> object | None:
        value = scene.person.facts.get(name)
        return worked_out(scene, name) if value is None else value

    return fact


def _email(scene: Scene) -> object | None:
    return scene.person.address or None


def _stage(scene: Scene) -> object | None:
    stage = scene.person.stage
    return stage.id if stage is not None else None


_PERSON: dict[str, Reader] = {
    "id": lambda scene: scene.person.id,
    "email": _email,
    "stage": _stage,
    "orders.count": lambda scene: scene.person.orders.count,
    "orders.total": lambda scene: float(scene.person.orders.total),
    "orders.first_at": lambda scene: scene.person.orders.first_at,
    "orders.last_at": lambda scene: scene.person.orders.last_at,
}


def _event_field(name: str) -> Reader:
    def event_field(scene: Scene) -> object | None:
        return scene.event.fields.get(name) if scene.event is not None else None

    return event_field


def _cause(scene: Scene) -> Event | None:
    """What started it; before there is an enrolment, the event being looked at."""
    return scene.enrolment.event if scene.enrolment is not None else scene.event


def _start_field(name: str) -> Reader:
    def start_field(scene: Scene) -> object | None:
        cause = _cause(scene)
        return cause.fields.get(name) if cause is not None else None

    return start_field


def _start_name(scene: Scene) -> object | None:
    if scene.enrolment is not None:
        return scene.enrolment.name or None
    return scene.event.name if scene.event is not None else None


def _start_day(scene: Scene) -> object | None:
    if scene.enrolment is not None:
        return scene.enrolment.day0
    return local_day(scene.event.happened_at, scene.clock) if scene.event is not None else None


_START: dict[str, Reader] = {"name": _start_name, "day": _start_day}


def _step(step: str, part: str) -> Reader:
    """The last outcome of a step, or when it was done; unknown until then."""

    def done(scene: Scene) -> object | None:
        if scene.enrolment is None:
            return None
        for outcome in reversed(scene.enrolment.outcomes):
            if outcome.step == step:
                return outcome.outcome if part == "outcome" else outcome.at
        return None

    return done
