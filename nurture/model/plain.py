"""Values of the model without where they are written, so that moving a line or a column changes nothing."""

import dataclasses
from collections.abc import Mapping

from nurture.model.expression import Condition
from nurture.model.place import Place

_WHERE = frozenset({"place", "column"})


def plain(value: object) -> object:
    """A value to compare or to show: conditions are their words, dataclasses without words of their own mappings."""
    if isinstance(value, Place):
        return None
    if isinstance(value, Condition):
        return value.text
    if dataclasses.is_dataclass(value) and not isinstance(value, type) and type(value).__str__ is object.__str__:
        named = [field.name for field in dataclasses.fields(value) if field.name not in _WHERE]
        return {"kind": type(value).__name__, **{name: plain(getattr(value, name)) for name in named}}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return tuple(plain(item) for item in value)
    return value
