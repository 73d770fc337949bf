"""The questions of a file: which names each `if` may use, and conditions read at their place (language.md 7)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, replace

from nurture.language.expressions import parse_condition, parse_value
from nurture.language.reader import Fields, Reader
from nurture.language.scope import Scope, StepWords
from nurture.language.start_grammar import NAME
from nurture.language.tree import ScalarNode, place_in
from nurture.language.values import matches
from nurture.model.decision import MESSAGES_NOT_SENT, Why
from nurture.model.expression import Condition, Expression, Kind, Literal
from nurture.model.place import Place, Problem
from nurture.model.step import Text
from nurture.model.values import dataclass

_MESSAGE = tuple(why.value for why in Why if why is Why.sent or why in MESSAGES_NOT_SENT)
OUTCOMES = {
    "send": _MESSAGE,
    "ladder": (*_MESSAGE, "none"),
    "event": ("came", "timed_out"),
    "gift": ("waiting", "given", "had_enough", "over_budget", "out_of_codes"),
    "task": ("made", "done", "not_done"),
    "webhook": ("ok", "failed"),
    "enrol": ("started", "refused"),
}
"""What `steps.<id>.outcome` can be, by verb; `event` is a wait for one. Of a split it is the way."""
APPROVED = ("approved", "edited", "dropped")


@dataclass(frozen=True, slots=True)
class Asking:
    """Reads conditions and values with one scope.

    `scope` is None when the catalogue could not be read: then nothing is said about names.
    `doubtful` are names whose own declaration is broken; questions that use one are left alone.
    `derived` are facts worked out from events, which no day can be watched by; `rungs` those of each ladder,
    `unheard` the sequence that the rule of silence starts.
    """

    reader: Reader
    scope: Scope | None
    doubtful: frozenset[str] = frozenset()
    derived: frozenset[str] = frozenset()
    rungs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unheard: str = ""

    def within(self, widen: Callable[[Scope], Scope]) -> "Asking":
        """The same with more names."""
        return self if self.scope is None else replace(self, scope=widen(self.scope))

    def about(self, event: str) -> "Asking":
        """With `event.*` of this event; of one that does not exist, nothing is said about `event.*`."""
        if self.scope is None or event not in self.scope.events:
            return self.doubting("event.")
        return self.within(lambda scope: scope.with_event([event]))

    def doubting(self, name: str) -> "Asking":
        """Leaving questions alone that use this name too."""
        return replace(self, doubtful=self.doubtful | {name})

    def about_any(self, events: tuple[str, ...]) -> "Asking":
        """With `event.*` of whichever of these events; as `about` where one of them does not exist."""
        if self.scope is None or not events or any(event not in self.scope.events for event in events):
            return self.doubting("event.")
        return self.within(lambda scope: scope.with_event(events))

    def condition(self, fields: Fields, key: str) -> Condition | None:
        """The condition behind a key; None when there is none or it has findings."""
        node = fields.get(key, ScalarNode)
        if node is None or self.scope is None or self.reader.crowded(node.place):
            return None
        found, problems = parse_condition(node.text, _locate(node), self.scope)
        self._keep(node, problems)
        return found

    def value(self, node: ScalarNode) -> Expression | None:
        """The value a text stands for; None when it has findings."""
        if self.scope is None or self.reader.crowded(node.place):
            return None
        found, problems = parse_value(node.text, _locate(node), self.scope)
        self._keep(node, problems)
        return found

    def values(self, fields: Fields, key: str, *, words: bool = False) -> tuple[tuple[str, Expression], ...]:
        """Names and the values they stand for; without those that have findings.

        With `words` a single word that names nothing stands for itself.
        """
        nodes = fields.named(key, ScalarNode).items()
        worked_out = ((name, _word(node) if words and _is_word(node) else self.value(node)) for name, node in nodes)
        return tuple((name, value) for name, value in worked_out if value is not None)

    def text(self, node: ScalarNode) -> Text:
        """A text with `{{ expressions }}` in it; a part with a finding is left out."""
        parts: list[str | Expression] = []
        end = 0
        while (start := node.text.find("{{", end)) >= 0:
            close = node.text.find("}}", start)
            if close < 0:
                self.reader.say("E114", node.place, "'{{' is here without its '}}'", "write {{ person.first_name }}")
                break
            parts.append(node.text[end:start])
            value = self._part(node, start + 2, node.text[start + 2 : close])
            parts += [] if value is None else [value]
            end = close + 2
        parts.append(node.text[end:])
        return Text(node.text, tuple(part for part in parts if part != ""))

    def _part(self, node: ScalarNode, offset: int, words: str) -> Expression | None:
        if self.scope is None or self.reader.crowded(node.place):
            return None
        shift = offset + len(words) - len(words.lstrip())
        place = _locate(node)
        found, problems = parse_value(words.strip(), lambda start, length: place(start + shift, length), self.scope)
        self._keep(node, problems)
        return found

    def _keep(self, node: ScalarNode, problems: Iterable[Problem]) -> None:
        if not any(name in node.text for name in self.doubtful):
            for problem in problems:
                self.reader.keep(problem)


def _locate(node: ScalarNode) -> Callable[[int, int], Place]:
    return lambda offset, length: place_in(node, offset, length)


def _is_word(node: ScalarNode) -> bool:
    return isinstance(node.value, str) and matches(NAME.regex, node.text) and node.text != "today"


def _word(node: ScalarNode) -> Expression:
    return Literal(node.text, Kind.text)


def step_words(step: Fields, rungs: Mapping[str, tuple[str, ...]]) -> StepWords:
    """What can be asked of a step, as far as it was understood; `rungs` are those of each ladder."""
    verb = step.table.verb
    wait = step.get("wait", Fields)
    possible = OUTCOMES.get("event" if wait and wait.table.verb == "event" else verb, ())
    if step.written("approve"):
        possible = tuple(dict.fromkeys((*possible, *APPROVED)))
    ways = tuple(way.text("way") for way in step.many("split", Fields)) if verb == "split" else ()
    return StepWords(verb, ways or possible, ways, rungs.get(step.text("ladder"), ()), step.text("was"))
