"""What a condition may name: facts, event fields, steps, and the closed lists (language.md 3 and 7)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace

from nurture.model.catalogue import Catalogue, Field, Thing
from nurture.model.expression import Kind
from nurture.model.values import dataclass

KINDS = {
    "text": Kind.text,
    "number": Kind.number,
    "money": Kind.number,
    "bool": Kind.bool,
    "day": Kind.day,
    "moment": Kind.moment,
    "tags": Kind.tags,
}


OfToday = Callable[[str, str], str]
"""From what a name is of, and the name, to the hint that it is called otherwise now; empty for one that never was."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name is: its type, its closed list if it has one, and the finding for a value outside it."""

    kind: Kind
    one_of: tuple[str, ...] = ()
    code: str = "E201"


@dataclass(frozen=True, slots=True)
class StepWords:
    """What can be asked of a step: its verb, the closed list of its outcomes (empty is any text), ways, rungs."""

    verb: str
    outcomes: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()
    rungs: tuple[str, ...] = ()
    was: str = ""


_GIFT = {"code": Kind.text, "expires_on": Kind.day, "given": Kind.bool, "used": Kind.bool}


@dataclass(frozen=True, slots=True)
class Scope:
    """All names that may stand in one condition.

    `names` are dotted (`person.orders.count`); `beside` are names that exist but cannot be asked, with the reason.
    `steps_were` are former names of steps, `of_today` is the hint for any other former name. Build one with
    `scope_of` and widen it where a root is allowed.
    """

    names: Mapping[str, Meaning]
    beside: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, Mapping[str, Field]] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    moments: frozenset[str] = frozenset()
    mails: frozenset[str] = frozenset()
    things: Mapping[str, Thing] = field(default_factory=dict)
    products: bool = False
    steps_were: Mapping[str, str] = field(default_factory=dict)
    of_today: OfToday = field(default=lambda _what, _word: "", compare=False)

    def with_start(self, events: Iterable[str], names: Iterable[str] = ()) -> "Scope":
        """Allow `start.*`: the fields of the events that start it, `start.name` (closed list) and `start.day`."""
        own = {"start.name": Meaning(Kind.text, tuple(names), "E202"), "start.day": Meaning(Kind.day)}
        wider = self._with_fields("start", events)
        return replace(wider, names={**wider.names, **own})

    def with_event(self, events: Iterable[str]) -> "Scope":
        """Allow `event.*`: the fields of any of these events; one that an event lacks is unknown there."""
        return self._with_fields("event", events)

    def with_steps(self, steps: Mapping[str, "StepWords"]) -> "Scope":
        """Allow `steps.<id>.outcome|at|way|clicked`, `gifts.<id>.*` and `ladders.<id>.*`, each by what the step is."""
        own: dict[str, Meaning] = {}
        for name, step in steps.items():
            own[f"steps.{name}.outcome"] = Meaning(Kind.text, step.outcomes)
            own[f"steps.{name}.at"] = Meaning(Kind.moment)
            if step.ways:
                own[f"steps.{name}.way"] = Meaning(Kind.text, step.ways)
            if step.verb in ("send", "ladder"):
                own[f"steps.{name}.clicked"] = Meaning(Kind.bool)
            if step.verb == "gift":
                own |= {f"gifts.{name}.{part}": Meaning(kind) for part, kind in _GIFT.items()}
            if step.verb == "ladder":
                own[f"ladders.{name}.rung"] = Meaning(Kind.text, step.rungs)
                own[f"ladders.{name}.taken"] = Meaning(Kind.bool)
        were = {step.was: name for name, step in steps.items() if step.was}
        return replace(self, names={**self.names, **own}, steps_were=were)

    def with_thing(self, thing: str) -> "Scope":
        """Allow the fields of the thing that a sequence is about, and its key as `id`."""
        described = self.things.get(thing)
        if described is None:
            return self
        beside = {name: why for name, why in self.beside.items() if not name.startswith(f"{thing}.")}
        names = dict(self.names)
        names[f"{thing}.id"] = Meaning(Kind.text)
        for name, one in described.fields.items():
            _add(f"{thing}.{name}", one, names, beside)
        return replace(self, names=names, beside=beside)

    def _with_fields(self, root: str, events: Iterable[str]) -> "Scope":
        names, beside = dict(self.names), dict(self.beside)
        for event in events:
            for name, described in self.events.get(event, {}).items():
                _add(f"{root}.{name}", described, names, beside)
        return replace(self, names=names, beside=beside)


def _add(path: str, described: Field, names: dict[str, Meaning], beside: dict[str, str]) -> None:
    kind = KINDS.get(described.type)
    if kind is None:
        beside[path] = f"'{path}' is a list of products; ask bought('product')"
        return
    before = names.get(path)
    if before is not None and before.kind is not kind:
        beside[path] = f"'{path}' is a {before.kind.value} in one event and a {kind.value} in another"
        return
    listed = tuple(dict.fromkeys((*before.one_of, *described.one_of))) if before else described.one_of
    open_ended = not described.one_of or (before is not None and not before.one_of)
    names[path] = Meaning(kind, () if open_ended else listed)


_WORKED_OUT = {"count": Kind.number, "days": Kind.number, "sum": Kind.number}


def _fact(described: Field, catalogue: Catalogue) -> Kind | None:
    if described.take in _WORKED_OUT:
        return Kind.number
    if described.take and not described.type:
        taken = catalogue.events.get(described.source, {}).get(described.take_field)
        return KINDS.get(taken.type) if taken else Kind.moment
    return KINDS.get(described.type)


def scope_of(
    catalogue: Catalogue,
    *,
    stages: Iterable[str] = (),
    moments: Iterable[str] = (),
    tags: Iterable[str] = (),
    mails: Iterable[str] = (),
    of_today: OfToday = lambda _what, _word: "",
) -> Scope:
    """The names that are allowed everywhere: `person.*`, `numbers.*`, `today`, and what the functions take."""
    names = {
        "today": Meaning(Kind.day),
        "person.id": Meaning(Kind.text),
        "person.email": Meaning(Kind.text),
        "person.stage": Meaning(Kind.text, tuple(stages), "E203"),
    }
    for name, described in catalogue.person.items():
        kind = _fact(described, catalogue)
        if kind is not None:
            names[f"person.{name}"] = Meaning(kind, described.one_of)
    if catalogue.orders is not None:
        names |= _ORDERS
    beside: dict[str, str] = {}
    for told in catalogue.numbers.values():
        names[f"numbers.{told.name}"] = Meaning(Kind.record)
        for name, described in told.fields.items():
            _add(f"numbers.{told.name}.{name}", described, names, beside)
    for thing in catalogue.things.values():
        hint = f"only a sequence that starts from a day 'per: {thing.name}' is about one of them"
        beside |= {f"{thing.name}.{part}": hint for part in ("id", *thing.fields)}
    return Scope(
        names=names,
        beside=beside,
        events=catalogue.events,
        tags=frozenset(tags),
        moments=frozenset(moments),
        mails=frozenset(mails),
        things=catalogue.things,
        products=_has_lines(catalogue),
        of_today=of_today,
    )


_ORDERS = {
    "person.orders.count": Meaning(Kind.number),
    "person.orders.first_at": Meaning(Kind.moment),
    "person.orders.last_at": Meaning(Kind.moment),
    "person.orders.total": Meaning(Kind.number),
}


def _has_lines(catalogue: Catalogue) -> bool:
    if catalogue.orders is None:
        return False
    return any(described.type == "lines" for described in catalogue.events.get(catalogue.orders.event, {}).values())
