"""The parts of many mails of a kind: one line, the text and the page, each worked out once for all who share it.

What is kept follows from what a part asks for. A part is put together of a skeleton with the words of its slots, and
woven as `weaving` weaves it; where that would need the words beside a slot, `weaving` itself does it.
"""

import re
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from jinja2 import Template

from nurture.links import Links, fields_in_a_token, in_a_token
from nurture.model.mail import Woven, new_woven
from nurture.render.asking import SPOKEN, Ask, EachItsOwn, OneMail
from nurture.render.markers import Marker
from nurture.render.splitting import Answered, Around, Read, Slot, Split
from nurture.render.told import OWN
from nurture.render.values import END_OF_ISOLATE, ISOLATE
from nurture.render.weaving import Part, Pattern, Shape, in_a_line, is_plain, taken_apart, woven_page, woven_text

_LATIN = "[A-Za-z0-9\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u024f]+"
TAME = re.compile(f"{_LATIN}(?:[ .-]{_LATIN})*")  # nothing of it is escaped or cleaned, none runs from right to left
UNESCAPED = re.compile(f"[^&<>'\"{ISOLATE}{END_OF_ISOLATE}]+")  # a line that stands in HTML as it is
SKELETONS_KEPT = 32  # 30 KB each; a mail has one for each way through its conditions
WORDS_KEPT = 4096
MISSES = 200  # so many more misses than hits, and a part is not kept any more

_A_VALUE: Shape = (None,)

Asking = Callable[[Sequence[Read]], tuple[Ask, ...]]
Context = Callable[[OneMail], dict[str, Any]]
Words = Callable[[OneMail], str]


def pieces_of(template: Template, context: dict[str, Any]) -> list[Any]:
    """What a template says, in the pieces that the weaver can tell apart."""
    return list(template.root_render_func(template.new_context(context, shared=True)))


class Fixed:
    """A line that asks for nothing."""

    def __init__(self, line: str) -> None:
        self.line = line

    def of(self, _one: OneMail, _finish: Callable[[Sequence[str]], str]) -> str:
        """The line of every mail."""
        return self.line


class _Kept:
    """A slot whose words are kept by what it asks for."""

    def __init__(self, slot: Slot, asks: tuple[Ask, ...], context: Context) -> None:
        self.slot, self.asks, self.context = slot, asks, context
        self.known: dict[Hashable, str] = {}

    def __call__(self, one: OneMail) -> str:
        asks = self.asks
        key = asks[0](one) if len(asks) == 1 else tuple([ask(one) for ask in asks])
        found = self.known.get(key)
        if found is None:
            if len(self.known) >= WORDS_KEPT:
                self.known.clear()
            found = self.known[key] = said(self.slot, self.context(one))
        return found


def said(slot: Slot, context: dict[str, Any]) -> str:
    """The words of a slot."""
    pieces = pieces_of(slot.template, context)
    words: str = pieces[0] if len(pieces) == 1 else "".join(pieces)
    return words


def words_of(slot: Slot, asking: Asking, context: Context, links: Links | None) -> Words:
    """How a slot comes to its words, as cheaply as it can."""
    if links is not None and links.is_plain:
        if slot.address:
            return _leave if slot.address.removeprefix(OWN) == "unsubscribe_url" else _choose
        if slot.answered is not None:
            return _answering(slot.answered)
    try:
        kept = _Kept(slot, asking(slot.reads), context)
    except EachItsOwn:
        return lambda one: said(slot, context(one))
    match slot.around:
        case Around(("person", name)) if name not in ("stage", "orders"):
            return _Put(slot.around, kept, lambda one: one.person.facts.get(name), TAME)
        case Around((name,)) if name.startswith(OWN) and name.removeprefix(OWN) in SPOKEN:
            line = name.removeprefix(OWN)
            return _Put(slot.around, kept, lambda one: _spoken(getattr(one, line), slot.bare), UNESCAPED)
    return kept


def _spoken(line: str, bare: bool) -> str:
    """A line as a slot puts it in."""
    if bare and type(line) is str and ISOLATE in line:
        return line.replace(ISOLATE, "").replace(END_OF_ISOLATE, "")
    return line


def _leave(one: OneMail) -> str:
    return one.leave


def _choose(one: OneMail) -> str:
    return one.choose


def _answering(answered: Answered) -> Words:
    event, fields = in_a_token(answered.event), fields_in_a_token(dict(answered.fields))

    def answer(one: OneMail) -> str:
        if one.ways is None:
            raise TypeError("an answer without a web address")
        return one.ways.answer(event, fields)

    return answer


class _Put:
    """A slot that puts a value between two words: a tame one needs no template.

    What stands round it is taken from what the template says of the first, and believed if it is what was expected.
    """

    def __init__(self, around: Around, kept: _Kept, raw: Callable[[OneMail], object], tame: re.Pattern[str]) -> None:
        self.around, self.kept, self.raw, self.tame = around, kept, raw, tame.fullmatch
        self.found: tuple[str, str] | None = None
        self.tried = False

    def __call__(self, one: OneMail) -> str:
        value = self.raw(one)
        if type(value) is not str or self.tame(value) is None:
            return self.kept(one)
        if self.found is not None:
            return f"{self.found[0]}{value}{self.found[1]}"
        words = self.kept(one)
        if not self.tried:
            self.tried, (_, before, behind) = True, self.around
            apart = (before + ISOLATE, END_OF_ISOLATE + behind)
            for pair in ((before, behind), apart):
                if words == f"{pair[0]}{value}{pair[1]}":
                    self.found = pair
        return words


class Skeleton:
    """What a template says to all who are the same in what it asks, with markers for the slots."""

    __slots__ = ("in_line", "patterns", "pieces", "slots")

    def __init__(self, pieces: Sequence[Any], in_line: Callable[[Sequence[Any], int], bool]) -> None:
        self.pieces = pieces
        places = [place for place, piece in enumerate(pieces) if type(piece) is Marker]
        self.slots = tuple(pieces[place].number for place in places)
        self.in_line = tuple(in_line(pieces, place) for place in places)
        self.patterns: dict[Hashable, Pattern | None] = {}

    def filled(self, words: Sequence[str]) -> list[str]:
        """The pieces of one mail."""
        left = iter(words)
        return [next(left) if type(piece) is Marker else piece for piece in self.pieces]


class _Sewn:
    """A part with slots."""

    def __init__(self, template: Template, split: Split, asking: Asking, context: Context, links: Links | None) -> None:
        self.template, self.split, self.context = template, split, context
        self.slots = [words_of(slot, asking, context, links) for slot in split.slots]
        self.known: dict[Hashable, Skeleton] = {}
        self.misses = 0
        try:
            self.asks: tuple[Ask, ...] | None = asking(split.reads)
        except EachItsOwn:
            self.asks = None

    def skeleton(self, one: OneMail) -> Skeleton | None:
        """What this mail shares with others; None where that is nothing."""
        if self.asks is None:
            return None
        key = tuple([ask(one) for ask in self.asks])
        found = self.known.get(key)
        if found is not None:
            self.misses -= self.misses > 0
            return found
        self.misses += 1
        if self.misses > MISSES:
            self.asks = None
        if len(self.known) >= SKELETONS_KEPT:
            self.known.clear()
        found = self.known[key] = Skeleton(pieces_of(self.split.template, self.context(one)), self.stands_in_line)
        return found

    @staticmethod
    def stands_in_line(pieces: Sequence[Any], place: int) -> bool:
        """Whether words stand before a marker in its line."""
        before = pieces[place - 1] if place else ""
        return type(before) is Marker or before.rstrip(" \t")[-1:] not in ("", "\n")


class Line(_Sewn):
    """A subject or preheader; `finish` makes one line of the pieces."""

    def of(self, one: OneMail, finish: Callable[[Sequence[str]], str]) -> str:
        """The line of one mail."""
        skeleton = self.skeleton(one)
        if skeleton is None:
            return finish(pieces_of(self.template, self.context(one)))
        return finish(skeleton.filled([self.slots[number](one) for number in skeleton.slots]))


class Page(_Sewn):
    """The HTML."""

    def of(self, one: OneMail) -> Part:
        """The page of one mail."""
        skeleton = self.skeleton(one)
        if skeleton is None:
            return woven_page(pieces_of(self.template, self.context(one)))
        words = [self.slots[number](one) for number in skeleton.slots]
        shapes: Hashable = ()
        values = words
        if not all(map(is_plain, words)):
            apart = [(_A_VALUE, (piece,)) if is_plain(piece) else taken_apart(piece) for piece in words]
            shapes = tuple(shape for shape, _ in apart)
            values = [value for _, those in apart for value in those]
        try:
            pattern = skeleton.patterns[shapes]
        except KeyError:
            return self._new(skeleton, shapes, words, values)
        return _woven(pattern, values) or woven_page(skeleton.filled(words))

    def _new(self, skeleton: Skeleton, shapes: Hashable, words: Sequence[str], values: Sequence[str]) -> Part:
        made = woven_page(skeleton.filled(words))
        _keep(skeleton, shapes, made, values)
        return made


class Text(_Sewn):
    """The text part."""

    def of(self, one: OneMail, footer: Woven) -> Part:
        """The text of one mail, with its footer under it."""
        skeleton = self.skeleton(one)
        if skeleton is None:
            return woven_text(pieces_of(self.template, self.context(one)), footer)
        words = [self.slots[number](one) for number in skeleton.slots]
        values = [*map(in_a_line, words, skeleton.in_line), *footer.values]
        if None in values:
            return woven_text(skeleton.filled(words), footer)
        try:
            pattern = skeleton.patterns[footer.pattern]
        except KeyError:
            made = woven_text(skeleton.filled(words), footer)
            _keep(skeleton, footer.pattern, made, values)
            return made
        return _woven(pattern, values) or woven_text(skeleton.filled(words), footer)


def _keep(skeleton: Skeleton, by: Hashable, made: Part, values: Sequence[Any]) -> None:
    """Keep the pattern of a part that was made whole, if these are its values."""
    woven = made.woven
    fits = woven is not None and woven.values == tuple(values)
    skeleton.patterns[by] = woven.pattern if woven is not None and fits else None


def _woven(pattern: Pattern | None, values: Sequence[Any]) -> Part | None:
    if pattern is None:
        return None
    return Part("", new_woven(pattern, tuple(values)))
