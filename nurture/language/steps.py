"""The steps of a sequence as values, with everything they inherit filled in (language.md 4.3)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from typing import TypedDict

from nurture.language.asking import Asking
from nurture.language.fact_values import check_set
from nurture.language.reader import Fields
from nurture.language.step_names import StepNames, arms_of, steps_of
from nurture.language.tree import ScalarNode
from nurture.language.triggers import read_path
from nurture.language.windows import between, read_window, weekdays
from nurture.model.catalogue import Field
from nurture.model.expression import Condition, Expression
from nurture.model.length import Length, Unit
from nurture.model.place import Place
from nurture.model.step import (
    AnyStep,
    Arm,
    Branch,
    Send,
    Set,
    Stop,
    Tag,
    Untag,
    WaitDay,
    WaitLength,
    WaitUntil,
    WaitWeekday,
    Window,
)

VALID_FOR = {
    "service": Length(3, Unit.day),
    "care": Length(3, Unit.day),
    "celebration": Length(1, Unit.day),
    "news": Length(3, Unit.day),
    "offer": Length(5, Unit.day),
}
TEN = time(10, 0)


class Common(TypedDict):
    """What every step carries."""

    id: str
    place: Place
    condition: Condition | None
    note: str


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a send takes from its sequence when it says nothing itself."""

    class_: str
    topic: str
    theme: str
    window: Window | None
    from_day: bool


@dataclass(frozen=True, slots=True)
class StepReader:
    """Builds the steps of one sequence; `by_id` gathers what each was read from, for the findings."""

    names: StepNames
    asking: Asking
    inherited: Inherited
    facts: Mapping[str, Field]
    by_id: dict[str, Fields]

    def steps(self, fields: tuple[Fields, ...]) -> tuple[AnyStep, ...]:
        """A list of steps; the message right after a wait for a weekday inherits its window."""
        return tuple(self._list(fields))

    def _list(self, fields: tuple[Fields, ...]) -> Iterator[AnyStep]:
        before: AnyStep | None = None
        for each in fields:
            before = self._step(each, before)
            self.by_id[before.id] = each
            yield before

    def _step(self, step: Fields, before: AnyStep | None) -> AnyStep:
        if step.table.verb == "send":
            return self._send(step, before)
        return _BUILDERS.get(step.table.verb, _unread)(self, step)

    def common(self, step: Fields) -> Common:
        """What every step carries."""
        return {
            "id": self.names.of(step),
            "place": step.place,
            "condition": self.asking.condition(step, "if"),
            "note": step.text("note"),
        }

    def say(self, code: str, place: Place, message: str, hint: str = "") -> None:
        """Keep a finding."""
        self.asking.reader.say(code, place, message, hint)

    def _send(self, step: Fields, before: AnyStep | None) -> Send:
        class_ = step.text("class", self.inherited.class_)
        own = read_window(step, self.asking.reader)
        after_weekday = Window(before.days, before.start, before.end) if isinstance(before, WaitWeekday) else None
        mail = step.node.get("send")
        return Send(
            **self.common(step),
            mail=mail.text if isinstance(mail, ScalarNode) else "",
            class_=class_,
            topic=step.text("topic", self.inherited.topic),
            theme=step.text("theme", self.inherited.theme),
            variables=self._values(step, "with"),
            variant=step.text("variant"),
            window=own or after_weekday or self.inherited.window,
            valid_for=step.get("valid_for", Length) or VALID_FOR.get(class_, VALID_FOR["news"]),
            at_once=step.flag("at_once", default=False),
            if_capped=step.text("if_capped", "later"),
            if_muted=step.text("if_muted", "later"),
            if_no_consent=step.text("if_no_consent", "skip"),
            fixed=self._fixed(step, class_),
        )

    def _fixed(self, step: Fields, class_: str) -> bool:
        """Whether it belongs to its day: a celebration of a day, or where it is written; never an offer (6.10)."""
        if class_ == "offer" and step.flag("fixed", default=False):
            self.say("E114", step.place_of("fixed"), "'fixed: true' is not understood", "an offer is never fixed")
        anchored = class_ == "celebration" and self.inherited.from_day
        return class_ != "offer" and step.flag("fixed", default=anchored)

    def _values(self, step: Fields, key: str) -> tuple[tuple[str, Expression], ...]:
        worked_out = ((name, self.asking.value(node)) for name, node in step.named(key, ScalarNode).items())
        return tuple((name, value) for name, value in worked_out if value is not None)

    def _wait(self, step: Fields) -> AnyStep:
        form = step.get("wait", Fields)
        if form is None:
            return self._wait_length(step)
        if step.written("at"):
            self.say("E113", step.place_of_key("at"), "'at' belongs inside the braces of this wait")
        match form.table.verb:
            case "until_day":
                day, at = form.get("until_day", int) or 0, form.get("at", time) or TEN
                return WaitDay(**self.common(step), day=day, at=at)
            case "until":
                path, at = read_path(form, "until", self.asking), form.get("at", time) or TEN
                return WaitUntil(**self.common(step), path=path, minus=form.get("minus", Length), at=at)
            case "until_weekday":
                return self._wait_weekday(step, form)
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
        values = self._values(step, "set")
        check_set(step, values, self.facts, self.asking.reader)
        return Set(**self.common(step), values=tuple((name.removeprefix("person."), value) for name, value in values))

    def _stop(self, step: Fields) -> Stop:
        return Stop(**self.common(step), reason=step.text("stop"))


def _unread(reader: StepReader, step: Fields) -> AnyStep:
    """A step that does nothing in the place of one with findings, so that what follows is judged."""
    return Tag(**reader.common(step), tags=())


_BUILDERS: dict[str, Callable[[StepReader, Fields], AnyStep]] = {
    "wait": StepReader._wait,
    "branch": StepReader._branch,
    "tag": StepReader._tag,
    "untag": StepReader._untag,
    "set": StepReader._set,
    "stop": StepReader._stop,
}
