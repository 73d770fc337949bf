"""Where a condition's names are read: person, event, start, steps, gifts, things (language.md 7, roots)."""

from collections.abc import Callable
from datetime import datetime

from nurture.decide.clock import after, local_day
from nurture.decide.happened import as_number, worked_out
from nurture.decide.ladders import taken
from nurture.decide.scene import Scene
from nurture.model.event import Event
from nurture.model.expression import Kind, Name
from nurture.model.length import Length, Unit
from nurture.model.person import Message

Reader = Callable[[Scene], object | None]


def reader(name: Name) -> Reader:
    """The function that reads this name in a scene; what is not of the name's type is unknown."""
    root, *rest = name.path
    if root == "today":
        return lambda scene: local_day(scene.now, scene.clock)
    if not rest:
        raise ValueError(f"'{name}' is no name of the language")
    if root == "person":
        return _PERSON.get(".".join(rest)) or _typed(_fact(rest[0]), name.kind)
    if root == "event":
        return _typed(_event_field(rest[0]), name.kind)
    if root == "start":
        return _START.get(rest[0]) or _typed(_start_field(rest[0]), name.kind)
    if root in _BY_STEP:
        return _BY_STEP[root](rest[0], rest[1])
    if root == "numbers":
        return _typed(_number(rest[0], rest[1]), name.kind) if rest[1:] else _all_numbers(rest[0])
    return _typed(_thing_field(root, rest[0]), name.kind)


def _typed(raw: Reader, kind: Kind) -> Reader:
    """Guard against data that came in another type than the catalogue says: it is unknown, not a crash."""
    if kind is Kind.number:
        return lambda scene: as_number(raw(scene), scene)
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
    """The last outcome of a step (of a split its way), when it was done, and whether its mail was clicked."""
    if part == "clicked":
        return lambda scene: _clicked(scene, step)

    def done(scene: Scene) -> object | None:
        if scene.enrolment is None:
            return None
        for outcome in reversed(scene.enrolment.outcomes):
            if outcome.step == step:
                return outcome.at if part == "at" else outcome.outcome
        return None

    return done


def mail_of(scene: Scene, step: str) -> Message | None:
    """The last mail of a step of this enrolment that was not cancelled."""
    one = scene.enrolment
    if one is None:
        return None
    messages = [m for m in scene.person.messages if (m.sequence, m.subject) == (one.sequence, one.subject)]
    called = _former_names(scene, one.sequence, step) if messages else frozenset()
    return next((m for m in reversed(messages) if m.step in called and not m.cancelled), None)


def _former_names(scene: Scene, sequence: str, step: str) -> frozenset[str]:
    """What a step is called and was called: a mail keeps the name under which it was decided."""
    written = scene.book.sequences.get(sequence)
    node = written.nodes.get(step) if written is not None else None
    return frozenset((step,)) if node is None else frozenset((step, node.step.was, node.step.lineage)) - {""}


def _clicked(scene: Scene, step: str) -> object | None:
    """Unknown for a mail that did not go."""
    mail = mail_of(scene, step)
    return None if mail is None else mail.clicked_at is not None


def _gift(step: str, part: str) -> Reader:
    """A gift exists only once a mail that carries it went out: until then it is not given, and the rest is unknown."""

    def gift(scene: Scene) -> object | None:
        if scene.enrolment is None:
            return None
        found = next((one for one in reversed(scene.enrolment.gifts) if one.step == step), None)
        if part == "given":
            return found is not None and found.given_at is not None
        if found is None or found.given_at is None:
            return None
        return found.used_at is not None if part == "used" else getattr(found, part) or None

    return gift


def _ladder(step: str, part: str) -> Reader:
    """The rung that a step offered, and whether it was taken; unknown while nothing was offered."""

    def ladder(scene: Scene) -> object | None:
        mail = mail_of(scene, step)
        if mail is None or not mail.offered:
            return None
        name, _, rung = mail.offered.partition(".")
        rule = scene.book.house.ladder(name)
        return rung if part == "rung" else rule is not None and taken(scene, rule, rung, mail)

    return ladder


def _thing_field(kind: str, name: str) -> Reader:
    """A field of the thing that the enrolment is about; `id` is its key, also when the thing itself is gone."""

    def thing_field(scene: Scene) -> object | None:
        key = scene.enrolment.thing if scene.enrolment is not None else ""
        return key or None if name == "id" else scene.person.things.get(kind, {}).get(key, {}).get(name)

    return thing_field


def _number(numbers: str, name: str) -> Reader:
    """A number that the shop told: known for one `over` from then, unknown after (language.md 3)."""

    def number(scene: Scene) -> object | None:
        told = scene.person.numbers.get(numbers)
        described = scene.book.catalogue.numbers.get(numbers)
        if told is None or described is None:
            return None
        known_until = after(told[0], Length(1, Unit(described.over)), scene.clock)
        return told[1].get(name) if told[0] <= scene.now < known_until else None

    return number


def _all_numbers(numbers: str) -> Reader:
    """The numbers of one name together, each as far as it is known."""

    def together(scene: Scene) -> object | None:
        described = scene.book.catalogue.numbers.get(numbers)
        return {name: _number(numbers, name)(scene) for name in described.fields} if described else None

    return together


_BY_STEP: dict[str, Callable[[str, str], Reader]] = {"steps": _step, "gifts": _gift, "ladders": _ladder}
