"""`dataclass`, as the standard library has it, made in a fraction of the time: every start makes hundreds of them.

The library writes and compiles six methods of each class while its module is loaded, a quarter of a daemon's start.
A frozen class with slots has them written here when its first value is made, compared or hashed, and most classes
never have one in a run; what needs no writing is shared. To mypy, `fields`, `replace`, `match` and pickle it is a
dataclass like any other. Every other kind is the library's own.
"""

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from dataclasses import dataclass as of_the_library
from typing import TYPE_CHECKING, Any

_HERE = {"kw_only", "weakref_slot"}  # what else may be said of a class whose methods are written here

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414  (what mypy sees)
else:

    def dataclass(cls=None, /, *, frozen=False, slots=False, **more):
        """`dataclasses.dataclass`."""

        def make(kind):
            if not frozen or not slots or not more.keys() <= _HERE:
                return of_the_library(kind, frozen=frozen, slots=slots, **more)
            own = {name for name in _METHODS if vars(kind).get(name) is not None}
            return _frozen(of_the_library(kind, init=False, repr=False, eq=False, slots=True, **more), own)

        return make if cls is None else make(cls)


def _frozen(kind: Any, own: set[str]) -> Any:
    """The class with the methods of a frozen one, but for those that it has written itself."""
    for name, method in _METHODS.items():
        if name not in own:
            setattr(kind, name, _later(kind, name, method) if name in _WRITTEN else method)
    return kind


def _later(kind: Any, name: str, write: Callable[[Any], tuple[str, str, dict[str, Any]]]) -> Any:
    """A method that is written when it is first called."""

    def first(self: Any, *given: Any, **named: Any) -> Any:
        if vars(kind)[name] is first:  # unless another thread was quicker
            takes, does, known = write(kind)
            exec(f"def {name}({takes}):\n {does}", known)  # noqa: S102  (as the library does: names of fields only)
            known[name].__qualname__ = f"{kind.__qualname__}.{name}"
            setattr(kind, name, known[name])
        return vars(kind)[name](self, *given, **named)

    return first


def _constructor(kind: Any) -> tuple[str, str, dict[str, Any]]:
    known: dict[str, Any] = {"_put_": object.__setattr__, "_absent_": MISSING}
    told = [one for one in fields(kind) if one.init]
    by_place = [_argument(one, known) for one in told if not one.kw_only]
    by_name = [_argument(one, known) for one in told if one.kw_only]
    puts = [f"_put_(self, {one.name!r}, {_value(one, known)})" for one in fields(kind) if one.init or _made(one)]
    puts += ["self.__post_init__()"] if hasattr(kind, "__post_init__") else []
    return ", ".join(["self", *by_place, *(["*", *by_name] if by_name else [])]), "; ".join(puts) or "pass", known


def _made(one: "Field[Any]") -> bool:
    return one.default_factory is not MISSING


def _argument(one: "Field[Any]", known: dict[str, Any]) -> str:
    if one.default is not MISSING:
        known[f"_usual_{one.name}_"] = one.default
        return f"{one.name}=_usual_{one.name}_"
    return f"{one.name}=_absent_" if _made(one) else one.name


def _value(one: "Field[Any]", known: dict[str, Any]) -> str:
    if not _made(one):
        return one.name
    known[f"_make_{one.name}_"] = one.default_factory
    made = f"_make_{one.name}_()"
    return f"{made} if {one.name} is _absent_ else {one.name}" if one.init else made


def _comparison(kind: Any) -> tuple[str, str, dict[str, Any]]:
    names = [one.name for one in fields(kind) if one.compare]
    mine, theirs = (f"({''.join(f'{side}.{name}, ' for name in names)})" for side in ("self", "other"))
    return "self, other", f"return {mine} == {theirs} if other.__class__ is self.__class__ else NotImplemented", {}


def _hash(kind: Any) -> tuple[str, str, dict[str, Any]]:
    names = [one.name for one in fields(kind) if (one.compare if one.hash is None else one.hash)]
    return "self", f"return hash(({''.join(f'self.{name}, ' for name in names)}))", {}


def _repr(self: Any) -> str:
    shown = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in fields(self) if one.repr)
    return f"{self.__class__.__qualname__}({shown})"


def _no_setting(_self: Any, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _no_deleting(_self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, one.name) for one in fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for one, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, one.name, value)


_WRITTEN = ("__init__", "__eq__", "__hash__")
_METHODS: dict[str, Callable[..., Any]] = {
    "__init__": _constructor, "__eq__": _comparison, "__hash__": _hash, "__repr__": _repr, "__setattr__": _no_setting,
    "__delattr__": _no_deleting, "__getstate__": _state, "__setstate__": _restore,
}  # fmt: skip
