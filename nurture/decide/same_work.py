"""Whether two steps of two versions do the same, so that who stands on one is asked nothing (language.md 8)."""

from collections.abc import Iterator
from dataclasses import fields

from nurture.decide.by_identity import by_identity
from nurture.model.plain import plain
from nurture.model.step import AnyStep

_NAMES = frozenset({"id", "place", "note", "was", "lineage"})
"""Fields of a step that do not say what it does."""
_INSIDE = frozenset({"then", "otherwise", "arms", "ways", "steps"})
"""Fields that hold other steps: those are compared by themselves."""


@by_identity
def same_work(old: AnyStep, new: AnyStep) -> bool:
    """Whether two steps do the same, whatever they are called and wherever they stand."""
    return type(old) is type(new) and dict(_said(old)) == dict(_said(new))


def _said(step: AnyStep) -> Iterator[tuple[str, object]]:
    for field in fields(step):
        if field.name not in _NAMES and field.name not in _INSIDE:
            yield field.name, plain(getattr(step, field.name))
