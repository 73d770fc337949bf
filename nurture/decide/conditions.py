"""Asking conditions: three-valued answers about one person at one instant (language.md 7)."""

from nurture.decide.change import next_change
from nurture.decide.closures import evaluate
from nurture.decide.looks import facts_named, looks
from nurture.decide.scene import Scene
from nurture.model.expression import Condition
from nurture.model.moving import computable_change

__all__ = ["computable_change", "evaluate", "facts_named", "looks", "next_change", "truth"]


def truth(condition: Condition, scene: Scene) -> bool | None:
    """Yes, no, or None for unknown; what unknown counts as is language.md 6.3."""
    answer = evaluate(condition.root, scene)
    return answer if isinstance(answer, bool) else None
