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


def packed(rows: Iterable[Row]) -> list[Any]:
    """Enrolments as rows of the listed form, one after the other in one list.

    Each begins with the sum of 2 to the power of each place that differs from the enrolment before, and goes on with
    the values of these places in their order.
    """
    words: dict[str, int] = {}
    said: list[Any] = []
    before, started = _FIRST, 0  # nothing is told of a start that is that of the one before
    for row in rows:
        now = _related(row, started)
        started = row[STARTED]
        differing = [place for place in _PLACES if now[place] != before[place]]
        said.append(sum([1 << place for place in differing]))
        for place in differing:
            value = now[place]
            if place in _WORDS:
                value = _word(value, words)
            elif place == OUTCOMES:
                value = [part if at % 3 == 2 else _word(part, words) for at, part in enumerate(value)]
            said.append(value)
        before, before[STARTED] = now, 0
    return said


def unpacked(said: Sequence[Any]) -> list[Row]:
    """The inverse of `packed`."""
    words: list[str] = []
    rows: list[Row] = []
    now, started = _FIRST.copy(), 0
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
        rows.append(_absolute(now, started))
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


def _related(row: Row, started_before: int) -> Row:
    """A row whose instants are told by those they follow; in its outcomes there are no lists but for rounds."""
    now = row.copy() if len(row) == _FIELDS else row + _RARE
    at = now[STARTED]
    now[STARTED] = _since(at, started_before)
    now[DAY0] -= at // _DAY
    outcomes: list[Any] = []
    for step, outcome, then, *round_ in now[OUTCOMES]:
        outcomes += (step, outcome, [_since(then, at), *round_] if round_ else _since(then, at))
        at = then
    now[OUTCOMES] = outcomes
    for place in _AFTERWARDS:
        if now[place] is not None:
            now[place] = _since(now[place], at)
    return now


def _absolute(now: Row, at: int) -> Row:
    """The inverse of `_related`, by the instant at which the enrolment started."""
    row = now[:THING] if now[THING:] == _RARE else now.copy()
    row[STARTED] = at
    row[DAY0] += at // _DAY
    outcomes, row[OUTCOMES] = iter(row[OUTCOMES]), []
    for step, outcome, then in zip(outcomes, outcomes, outcomes, strict=True):
        round_ = then[1:] if type(then) is list else ()
        at = _instant(then[0] if round_ else then, at)
        row[OUTCOMES].append([step, outcome, at, *round_])
    for place in _AFTERWARDS:
        if row[place] is not None:
            row[place] = _instant(row[place], at)
    return row


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
