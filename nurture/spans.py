"""Stretches of work, as metrics and traces see them: nobody watching, they cost next to nothing.

`observe.note` says what happened, `span` how long something took and what it was part of, `count` how often. Names and
fields are those of this module alone, and no field holds anything that names a person.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from types import MappingProxyType
from typing import ParamSpec, Protocol, TypeVar

TURN = "turn"  # one turn of the daemon, or a tick of a worker
PAGE = "page"  # a page of people decided and kept
CLAIM = "batch.claim"
RENDER = "batch.render"  # a batch looked at once more and rendered
POST = "batch.post"  # provider: one request on its way
SETTLE = "batch.settle"
IMPORT = "import"
REQUEST = "web.request"  # method, route: of ours, never the address that was asked for
SPANS = frozenset({TURN, PAGE, CLAIM, RENDER, POST, SETTLE, IMPORT, REQUEST})

ANSWERED = "provider.answered"  # provider, answer: one of ANSWERS
ANSWERS = ("taken", "refused", "pause", "later", "halt", "doubt")
DECIDED = "decided"  # why: a reason that was given
COUNTS = frozenset({ANSWERED, DECIDED})

Field = str | int | float | bool
Ended = Callable[[BaseException | None], None]


class Watcher(Protocol):
    """Who hears of all this. It must not raise, and must not wait for anybody."""

    def begun(self, name: str, fields: Mapping[str, Field]) -> Ended:
        """A stretch of work began; what is given is called at its end, with the fault that ended it."""
        ...

    def counted(self, name: str, fields: Mapping[str, Field], times: int) -> None:
        """Something happened so many times."""
        ...

    def noted(self, name: str, fields: Mapping[str, object]) -> None:
        """A log event, whatever its level."""
        ...


_WATCHERS: list[Watcher] = []


def watch(watcher: Watcher) -> Callable[[], None]:
    """Tell somebody of everything from now on; what is given ends it."""
    _WATCHERS.append(watcher)
    return lambda: _WATCHERS.remove(watcher)


def watched() -> bool:
    """Whether anybody watches: what costs something to find out need not be found out else."""
    return bool(_WATCHERS)


_FOLLOWED: ContextVar[Mapping[str, Field]] = ContextVar("followed", default=MappingProxyType({}))


@contextmanager
def following(**fields: Field) -> Iterator[None]:
    """Say these of every stretch of work and every log event within, in this thread or task: what it is part of."""
    before = _FOLLOWED.set({**_FOLLOWED.get(), **fields})
    try:
        yield
    finally:
        _FOLLOWED.reset(before)


def followed() -> Mapping[str, Field]:
    """What is followed here."""
    return _FOLLOWED.get()


@contextmanager
def span(name: str, **fields: Field) -> Iterator[None]:
    """A stretch of work; ValueError for a name that is not in this module."""
    if name not in SPANS:
        raise ValueError(f"no stretch of work is called {name}")
    said = {**_FOLLOWED.get(), **fields}
    ends = [one.begun(name, said) for one in _WATCHERS]
    try:
        yield
    except BaseException as fault:
        for end in reversed(ends):
            end(fault)
        raise
    for end in reversed(ends):
        end(None)


def count(name: str, times: int = 1, **fields: Field) -> None:
    """Something happened so many times; ValueError for a name that is not in this module."""
    if name not in COUNTS:
        raise ValueError(f"nothing is counted as {name}")
    for one in _WATCHERS:
        one.counted(name, fields, times)


def noted(name: str, fields: Mapping[str, object]) -> None:
    """Pass a log event on; only `observe.note` calls it."""
    for one in _WATCHERS:
        one.noted(name, fields)


P = ParamSpec("P")
R = TypeVar("R")


def spanned(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make of a function a stretch of work of that name."""

    def of(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def stretch(*given: P.args, **more: P.kwargs) -> R:
            if not _WATCHERS:
                return function(*given, **more)
            with span(name):
                return function(*given, **more)

        return stretch

    return of
