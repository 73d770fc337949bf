"""Findings about `stop_when` rules without an event: they are asked when something they name changes (language.md 6.3).

E201 for one in which nothing can change: it would never be asked. W354 of this module's own: one that
waits for days to pass, which alone do not make it asked.
"""

from collections.abc import Iterator

from nurture.language.written import Written
from nurture.model.expression import Call, Compare, Expression, Name
from nurture.model.moving import TODAY, walk
from nurture.model.place import Problem
from nurture.model.sequence import StopRule

_CHANGING = frozenset({"count", "got", "bought", "has_tag", "has_moment"})
_NEVER_CHANGES = ("person", "id")


def findings(written: Written) -> Iterator[Problem]:
    """What is wrong with when the rules of one sequence are asked."""
    for rule in written.sequence.stop_when:
        if rule.condition is not None and not rule.event:
            yield from _when_asked(rule)


def _when_asked(rule: StopRule) -> Iterator[Problem]:
    if rule.condition is None:
        return
    parts = list(walk(rule.condition.root))
    if not any(map(_changes, parts)):
        message = "a 'stop_when' is asked when something it names changes, and nothing in this one ever does"
        yield Problem("E201", rule.condition.place, message, "name a fact, or use a wait and a 'stop' step")
    elif any(map(_ripens, parts)):
        message = "this is asked when a fact in it changes, not when days pass"
        yield Problem("W354", rule.condition.place, message, "for time alone, use a wait and a 'stop' step")


def _changes(part: Expression) -> bool:
    """Whether its change makes the rule asked."""
    if isinstance(part, Name):
        return part.path[0] == "person" and part.path != _NEVER_CHANGES
    return isinstance(part, Call) and part.function in _CHANGING


def _ripens(part: Expression) -> bool:
    """Whether it turns true by days passing, such as `days_since(x) > 30`."""
    if not isinstance(part, Compare) or part.operator in ("==", "!="):
        return False
    greater = part.left if part.operator in (">", ">=") else part.right
    if isinstance(greater, Call):
        return greater.function == "days_since"
    return isinstance(greater, Name) and greater.path == TODAY
