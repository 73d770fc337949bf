"""The steps of a sequence as values, with everything they inherit filled in (language.md 4.3)."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import time

from nurture.language.asking import Asking
from nurture.language.fact_values import check_set
from nurture.language.reader import NEEDS_ID, Fields
from nurture.language.shop_steps import SHOP_STEPS, Common
from nurture.language.step_names import StepNames, arms_of, steps_of
from nurture.language.tree import ListNode, Node, ScalarNode, place_in
from nurture.language.triggers import read_path
from nurture.language.windows import between, read_window, weekdays
from nurture.model.catalogue import Field
from nurture.model.expression import Expression, Kind, Name
from nurture.model.length import Length, Unit
from nurture.model.moving import walk
from nurture.model.place import Place
from nurture.model.step import (
    AnyStep,
    Arm,
    Branch,
    Offer,
    Repeat,
    Send,
    Set,
    Split,
    Stop,
    Tag,
    Untag,
    WaitDay,
    WaitEvent,
    WaitLength,
    WaitUntil,
    WaitWeekday,
    Way,
    Window,
    inner,
)
from nurture.model.values import dataclass

VALID_FOR = {
    "service": Length(3, Unit.day),
    "care": Length(3, Unit.day),
    "celebration": Length(1, Unit.day),
    "news": Length(3, Unit.day),
    "offer": Length(5, Unit.day),
}
TEN = time(10, 0)
MOST_ROUNDS = 60
GIVEN = ("code", "expires_on")
LONGEST_DAYS = 731


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a send takes from its sequence when it says nothing itself."""

    class_: str
    topic: str
    theme: str
    window: Window | None
    from_day: bool
    thing: str = ""


@dataclass(frozen=True, slots=True)
class StepReader:
    """Builds the steps of one sequence; `by_id` gathers what each was read from, for the findings.

    `answered` are the events that a wait before may have been answered by: `event.*` is read from them.
    """

    names: StepNames
    base: Asking
    inherited: Inherited
    facts: Mapping[str, Field]
    by_id: dict[str, Fields]
    answered: frozenset[str] = frozenset()

    @property
    def asking(self) -> Asking:
        """What questions may name at this place."""
        return self.base.about_any(tuple(sorted(self.answered))) if self.answered else self.base

    def knowing(self, events: Iterable[str]) -> "StepReader":
        """The same, where `event.*` is one of these events."""
        return replace(self, answered=frozenset(events))

    def steps(self, fields: tuple[Fields, ...]) -> tuple[AnyStep, ...]:
        """A list of steps; the message right after a wait for a weekday inherits its window."""
        return tuple(self._list(fields))

    def _list(self, fields: tuple[Fields, ...]) -> Iterator[AnyStep]:
        before: AnyStep | None = None
        reader = self
        for each in fields:
            before = reader._step(each, before)
            self.by_id[before.id] = each
            yield before
            reader = reader.knowing(answered_after(before, reader.answered))

    def _step(self, step: Fields, before: AnyStep | None) -> AnyStep:
        verb = step.table.verb
        if verb in ("send", "ladder"):
            return self._send(step, before)
        if verb in SHOP_STEPS:
            return SHOP_STEPS[verb](self.common(step), step, self.asking, self.facts)
        return _BUILDERS.get(verb, _unread)(self, step)

    def common(self, step: Fields) -> Common:
        """What every step carries."""
        return {
            "id": self.names.of(step),
            "place": step.place,
            "condition": self.asking.condition(step, "if"),
            "note": step.text("note"),
            "was": step.text("was"),
        }

    def say(self, code: str, place: Place, message: str, hint: str = "") -> None:
        """Keep a finding."""
        self.asking.reader.say(code, place, message, hint)

    def _send(self, step: Fields, before: AnyStep | None) -> Send:
        class_ = step.text("class", self.inherited.class_)
        own = read_window(step, self.asking.reader)
        after_weekday = Window(before.days, before.start, before.end) if isinstance(before, WaitWeekday) else None
        mail = step.node.get("mail" if step.table.verb == "ladder" else "send")
        variant, variant_from = self._variant(step)
        variables = self.asking.values(step, "with")
        self._gifts_stand_alone(step, variables)
        send = Send(
            **self.common(step),
            mail=mail.text if isinstance(mail, ScalarNode) else "",
            class_=class_,
            topic=step.text("topic", self.inherited.topic),
            theme=step.text("theme", self.inherited.theme),
            variables=variables,
            variant=variant,
            variant_from=variant_from,
            window=own or after_weekday or self.inherited.window,
            valid_for=step.get("valid_for", Length) or VALID_FOR.get(class_, VALID_FOR["news"]),
            at_once=step.flag("at_once", default=False),
            if_capped=step.text("if_capped", "later"),
            if_muted=step.text("if_muted", "later"),
            if_no_consent=step.text("if_no_consent", "skip"),
            fixed=self._fixed(step, class_),
            approve=step.text("approve"),
        )
        if step.table.verb == "send":
            return send
        return Offer(
            **{each.name: getattr(send, each.name) for each in dataclasses.fields(send)}, ladder=step.text("ladder")
        )

    def _gifts_stand_alone(self, step: Fields, variables: tuple[tuple[str, Expression], ...]) -> None:
        """E201 for a code or last day that is worked into something: both are put in as the mail is handed over."""
        nodes = step.named("with", ScalarNode)
        for name, value in variables:
            for part in walk(value):
                if part is not value and isinstance(part, Name) and part.path[0] == "gifts" and part.path[2] in GIVEN:
                    message = f"'{part}' is put in when the mail is handed over, so nothing can be worked out of it"
                    place = place_in(nodes[name], part.column - 1, len(str(part)))
                    self.say("E201", place, message, f"{name}: {part}, just so; the template can shape it")

    def _variant(self, step: Fields) -> tuple[str, Expression | None]:
        """A folder's name, or what works it out."""
        word, node = step.text("variant"), step.node.get("variant")
        if "." not in word or not isinstance(node, ScalarNode):
            return word, None
        value = self.asking.value(node)
        if value is not None and value.kind is not Kind.text:
            self.say("E201", node.place, f"'{word}' is a {value.kind.value}; 'variant' needs a text")
        return "", value

    def _fixed(self, step: Fields, class_: str) -> bool:
        """Whether it belongs to its day: a celebration of a day, or where it is written; never an offer (6.10)."""
        if class_ == "offer" and step.flag("fixed", default=False):
            self.say("E114", step.place_of("fixed"), "'fixed: true' is not understood", "an offer is never fixed")
        anchored = class_ == "celebration" and self.inherited.from_day
        return class_ != "offer" and step.flag("fixed", default=anchored)

    def _wait(self, step: Fields) -> AnyStep:
        form = step.get("wait", Fields)
        for key in ("then", "else"):
            if step.written(key) and (form is None or form.table.verb != "event"):
                hint = "wait: {event: .., up_to: 7 days}"
                self.say("E113", step.place_of_key(key), f"'{key}' only goes with a wait for an event", hint)
        if form is None:
            return self._wait_length(step)
        if step.written("at"):
            self.say("E113", step.place_of_key("at"), "'at' belongs inside the braces of this wait")
        match form.table.verb:
            case "until_day":
                day, at = form.get("until_day", int) or 0, form.get("at", time) or TEN
                return WaitDay(**self.common(step), day=day, at=at)
            case "until":
                path, at = read_path(form, "until", self.asking, self.inherited.thing), form.get("at", time) or TEN
                return WaitUntil(**self.common(step), path=path, minus=form.get("minus", Length), at=at)
            case "until_weekday":
                return self._wait_weekday(step, form)
            case "event":
                return self._wait_event(step, form)
        return _unread(self, step)

    def _wait_length(self, step: Fields) -> AnyStep:
        length = step.get("wait", Length)
        if length is None:
            return _unread(self, step)
        if step.written("at") and length.elapsed:
            message = f"'at' does not go with '{length}', which is elapsed time"
            self.say("E113", step.place_of_key("at"), message, "wait for days, or leave out 'at'")
        return WaitLength(**self.common(step), length=length, at=step.get("at", time))

    def _wait_weekday(self, step: Fields, form: Fields) -> WaitWeekday:
        start, end = between(form, self.asking.reader)
        days, at_least = weekdays(form, "until_weekday"), form.get("at_least", Length)
        return WaitWeekday(**self.common(step), days=days, start=start, end=end, at_least=at_least)

    def _wait_event(self, step: Fields, form: Fields) -> AnyStep:
        if not step.written("id"):
            self.say("E211", step.place, "a wait for an event needs an id", NEEDS_ID)
        up_to, events = form.get("up_to", Length), _words(form.node.get("event"))
        fits = self.base.about_any(events).condition(form, "if")
        then = self.knowing(events).steps(step.many("then", Fields))
        otherwise = self.knowing(()).steps(step.many("else", Fields))
        if up_to is None:
            return _unread(self, step)
        common = self.common(step)
        return WaitEvent(**common, events=events, fits=fits, up_to=up_to, then=then, otherwise=otherwise)

    def _split(self, step: Fields) -> Split:
        measure = step.get("measure", Fields)
        ways = step.many("split", Fields)
        for place, way in enumerate(ways):
            if way.text("way") in [other.text("way") for other in ways[:place]]:
                self.say("E210", way.place_of("way"), f"two ways are called '{way.text('way')}'")
        return Split(
            **self.common(step),
            ways=tuple(
                Way(way.text("way"), way.get("weight", int) or 1, self.steps(way.many("then", Fields)), way.place)
                for way in ways
            ),
            fresh=step.text("again") == "fresh",
            measured=measure.text("event") if measure else "",
            measured_within=measure.get("within", Length) if measure else None,
        )

    def _repeat(self, step: Fields) -> AnyStep:
        rounds, steps = step.get("repeat", Fields), self.steps(step.many("steps", Fields))
        every = rounds.get("every", Length) if rounds else None
        times = rounds.get("times", int) if rounds else None
        if rounds is None or every is None or times is None:
            return _unread(self, step)
        for inside in everywhere(steps):
            if isinstance(inside, Repeat):
                cure = "make the inner one a sequence of its own, and 'enrol' it"
                self.say("E114", inside.place, "a 'repeat' stands inside another", cure)
        self._check_rounds(rounds, times, every)
        until = self.asking.condition(rounds, "until")
        return Repeat(**self.common(step), times=times, every=every, until=until, steps=steps)

    def _check_rounds(self, rounds: Fields, times: int, every: Length) -> None:
        """E231: nobody means to go round for ever."""
        if times > MOST_ROUNDS:
            message = f"{times} rounds; a repeat has at most {MOST_ROUNDS}"
            self.say("E231", rounds.place_of("times"), message, "an 'every' or 'day' start goes on by itself")
        elif (times - 1) * _days(every) > LONGEST_DAYS:
            message = f"{times} rounds, each {every}, take longer than two years"
            self.say("E231", rounds.place_of("every"), message, "an 'every' or 'day' start goes on by itself")

    def _branch(self, step: Fields) -> Branch:
        arms = tuple(
            Arm(self.asking.condition(arm, "if"), self.steps(steps_of(arm)), arm.place) for arm in arms_of(step)
        )
        for arm in arms_of(step)[:-1]:
            if arm.table.verb == "else":
                self.say("E114", arm.place, "'else' comes last", "move it behind the other arms")
        return Branch(**self.common(step), arms=arms)

    def _tag(self, step: Fields) -> Tag:
        return Tag(**self.common(step), tags=step.many("tag", str))

    def _untag(self, step: Fields) -> Untag:
        return Untag(**self.common(step), tags=step.many("untag", str))

    def _set(self, step: Fields) -> Set:
        values = self.asking.values(step, "set")
        check_set(step, values, self.facts, self.asking.reader)
        return Set(**self.common(step), values=tuple((name.removeprefix("person."), value) for name, value in values))

    def _stop(self, step: Fields) -> Stop:
        return Stop(**self.common(step), reason=step.text("stop"))


def everywhere(steps: tuple[AnyStep, ...]) -> Iterator[AnyStep]:
    """Every step, those inside others too."""
    for step in steps:
        yield step
        for inside in inner(step):
            yield from everywhere(inside)


def answered_after(step: AnyStep, before: frozenset[str]) -> frozenset[str]:
    """The events that `event.*` can be behind a step: of the last wait for one on each way through it."""
    if isinstance(step, WaitEvent):
        came = _answered_through(step.then, frozenset(step.events))
        return came | _answered_through(step.otherwise, frozenset())
    return before.union(*(_answered_through(inside, before) for inside in inner(step)))


def _answered_through(steps: tuple[AnyStep, ...], before: frozenset[str]) -> frozenset[str]:
    for step in steps:
        before = answered_after(step, before)
    return before


def _words(node: Node | None) -> tuple[str, ...]:
    """The names as written, one or a list, also those that do not exist."""
    items = node.items if isinstance(node, ListNode) else (node,)
    return tuple(item.text for item in items if isinstance(item, ScalarNode))


_DAYS = {Unit.day: 1, Unit.working_day: 1, Unit.week: 7, Unit.month: 30, Unit.year: 365}


def _days(length: Length) -> float:
    return length.seconds / 86_400 if length.elapsed else length.amount * _DAYS[length.unit]


def _unread(reader: StepReader, step: Fields) -> AnyStep:
    """A step that does nothing in the place of one with findings, so that what follows is judged."""
    return Tag(**reader.common(step), tags=())


_BUILDERS: dict[str, Callable[[StepReader, Fields], AnyStep]] = {
    "wait": StepReader._wait,
    "branch": StepReader._branch,
    "split": StepReader._split,
    "repeat": StepReader._repeat,
    "tag": StepReader._tag,
    "untag": StepReader._untag,
    "set": StepReader._set,
    "stop": StepReader._stop,
}
