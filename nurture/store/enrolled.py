"""The enrolments of a person in few words: of each only what is not as in the one before it.

What ended is kept for good: `again`, splits, gifts and `explain` ask it years later. One event starts several
sequences, and their enrolments are much alike, so each is told by the fields in which it differs. An instant is told by
the seconds since the one it follows, and a word that was said before by its place among all words.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from nurture.store.codec import EPOCH, decoded, encoded

SEQUENCE, SUBJECT, ORDINAL, VERSION, STARTED, DAY0, NAME, TRIGGER, EVENT, STEP, DONE = range(11)
DUE, MESSAGE_DUE, OUTCOMES, ENDED, ENDING, GOAL, THING, ANSWER, ROUNDS, GIFTS, WAITS_FOR = range(11, 22)
PACKED, LISTED = "enrolled", "enrolments"
"""The keys of a state: what is in few words, and what former versions wrote, each enrolment in a list of its own."""

Row = list[Any]
_WORDS = frozenset({SEQUENCE, SUBJECT, NAME, EVENT, STEP, ENDING, THING, ANSWER, WAITS_FOR})
_AFTERWARDS = (DONE, DUE, MESSAGE_DUE, ENDED, GOAL)  # told since the last outcome
_FIRST: Row = ["", "", 1, 1, 0, 0, "", 0, None, None, None, None, None, [], None, "", None, "", None, [], [], ""]
_RARE: Row = _FIRST[THING:]
_FIELDS = 22
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_DAY_ONE = EPOCH.toordinal()
_PLACES = tuple(range(_FIELDS))
_BITS = tuple([1 << place for place in _PLACES])
_OTHERWISE = _BITS[STARTED] | _BITS[OUTCOMES]


def packed(rows: Iterable[Row]) -> list[Any]:
    """Enrolments as rows of the listed form, one after the other in one list.

    Each begins with the sum of 2 to the power of each place that differs from the enrolment before, and goes on with
    the values of these places in their order.
    """
    words: dict[str, int] = {}
    said: list[Any] = []
    was, before = _FIRST, _FIRST  # as it is, and by what its instants follow
    for row in rows:
        now = _related(row, was, before)
        differing = [place for place, new, old in zip(_PLACES, now, before, strict=True) if new != old]
        said.append(sum([_BITS[place] for place in differing]))
        for place in differing:
            value = now[place]
            if place in _WORDS:
                value = _word(value, words)
            elif place == OUTCOMES:
                value = [part if at % 3 == 2 else _word(part, words) for at, part in enumerate(value)]
            said.append(value)
        now[STARTED] = 0  # nothing is told of a start that is that of the one before
        was, before = row, now
    return said


def unpacked(said: Sequence[Any]) -> list[Row]:
    """The inverse of `packed`. Rows that follow each other and have the same outcomes have one list of them."""
    words: list[str] = []
    rows: list[Row] = []
    now, started, outcomes, last = _FIRST.copy(), 0, _FIRST[OUTCOMES], 0
    coming = iter(said)
    for mask in coming:
        for place in _places(mask):
            value = next(coming)
            if place in _WORDS:
                value = _said(value, words)
            elif place == STARTED:
                started = _instant(value, started)
            elif place == OUTCOMES:
                value = [part if at % 3 == 2 else _said(part, words) for at, part in enumerate(value)]
            now[place] = value
        if mask & _OTHERWISE:
            outcomes, last = _outcomes(now[OUTCOMES], started)
        row = now[:THING] if now[THING:] == _RARE else now.copy()
        row[STARTED], row[OUTCOMES] = started, outcomes
        row[DAY0] += started // _DAY
        for place in _AFTERWARDS:
            if row[place] is not None:
                row[place] = _instant(row[place], last)
        rows.append(row)
    return rows


def rows_of(state: dict[str, Any]) -> list[Row]:
    """The enrolments of a decoded state in the listed form, whichever form they have."""
    said = state.get(PACKED)
    return unpacked(said) if said is not None else state.get(LISTED, [])


def listed(text: str) -> str:
    """A state as former versions wrote it: what was written then is held against what is written now by it."""
    state = decoded(text)
    if PACKED in state:
        state[LISTED] = rows_of(state)
        del state[PACKED]
    return encoded(state)


def _related(row: Row, was: Row, before: Row) -> Row:
    """A row whose instants are told by those they follow; `was` is the row before it, `before` the same so told."""
    now = row.copy() if len(row) == _FIELDS else row + _RARE
    at = now[STARTED]
    now[DAY0] -= at // _DAY
    now[STARTED] = 0 if at == was[STARTED] else _since(at, was[STARTED])
    outcomes = row[OUTCOMES]
    if at == was[STARTED] and outcomes == was[OUTCOMES]:
        now[OUTCOMES] = before[OUTCOMES]
        at = outcomes[-1][2] if outcomes else at
    else:
        told: list[Any] = []
        for step, outcome, then, *round_ in outcomes:
            since = _since(then, at)
            told += (step, outcome, [since, *round_] if round_ else since)
            at = then
        now[OUTCOMES] = told
    for place in _AFTERWARDS:
        then = now[place]
        if then is not None:
            now[place] = 0 if then == at else _since(then, at)
    return now


def _outcomes(told: Row, at: int) -> tuple[Row, int]:
    """Outcomes of an enrolment that started at an instant, and when the last of them was."""
    found, parts = [], iter(told)
    for step, outcome, then in zip(parts, parts, parts, strict=True):
        round_ = then[1:] if type(then) is list else ()
        at = _instant(then[0] if round_ else then, at)
        found.append([step, outcome, at, *round_])
    return found, at


def _since(at: int, before: int) -> int | str:
    """Microseconds as whole seconds since an instant; what has a part of a second as text, with the seconds' own."""
    seconds, rest = divmod(at - before, _SECOND)
    if not rest:
        return seconds
    seconds, rest = at // _SECOND - before // _SECOND, at % _SECOND
    return f"{seconds}.{rest:06}" if rest else f"{seconds}."


def _instant(since: int | str, before: int) -> int:
    if type(since) is int:
        return before + since * _SECOND
    seconds, _, rest = str(since).partition(".")
    return (before // _SECOND + int(seconds)) * _SECOND + int(rest or 0)


def _word(value: Any, words: dict[str, int]) -> Any:
    """A word by its place when it was said before; what is none, such as an event told whole, as it is."""
    if type(value) is not str:
        return value
    place = words.get(value)
    if place is not None:
        return place
    words[value] = len(words)
    return value


def _said(value: Any, words: list[str]) -> Any:
    """The inverse of `_word`."""
    if type(value) is int:
        return words[value]
    if type(value) is str:
        words.append(value)
    return value


@lru_cache(maxsize=4096)
def _places(mask: int) -> tuple[int, ...]:
    return tuple([place for place in _PLACES if mask >> place & 1])
