"""The questions of a file: which names each `if` may use, and conditions read at their place (language.md 7)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from nurture.language.expressions import parse_condition, parse_value
from nurture.language.reader import Fields, Reader
from nurture.language.scope import Scope
from nurture.language.tree import ScalarNode, place_in
from nurture.model.decision import MESSAGES_NOT_SENT, Why
from nurture.model.expression import Condition, Expression
from nurture.model.place import Place, Problem

OUTCOMES = {"send": tuple(why.value for why in Why if why is Why.sent or why in MESSAGES_NOT_SENT)}
"""What `steps.<id>.outcome` can be, by verb."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Reads conditions and values with one scope.

    `scope` is None when the catalogue could not be read: then nothing is said about names.
    `doubtful` are names whose own declaration is broken; questions that use one are left alone.
    `derived` are facts worked out from events, which no day can be watched by.
    """

    reader: Reader
    scope: Scope | None
    doubtful: frozenset[str] = frozenset()
    derived: frozenset[str] = frozenset()

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

    def _keep(self, node: ScalarNode, problems: Iterable[Problem]) -> None:
        if not any(name in node.text for name in self.doubtful):
            for problem in problems:
                self.reader.keep(problem)


def _locate(node: ScalarNode) -> Callable[[int, int], Place]:
    return lambda offset, length: place_in(node, offset, length)


def outcomes(steps: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The closed lists of outcomes for steps given as id and verb."""
    return {step: OUTCOMES.get(verb, ()) for step, verb in steps.items()}
