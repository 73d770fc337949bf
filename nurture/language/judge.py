"""Types of conditions (language.md 7): gives every part its kind, and says what does not fit together."""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from nurture.language.names import called_now
from nurture.language.opens import CURE, WHY
from nurture.language.scope import KINDS, Meaning, Scope
from nurture.language.tokens import Mistake, Token
from nurture.model.expression import Among, Arithmetic, Call, Compare, Expression, IsKnown, Kind, Literal, Name
from nurture.model.length import Length, Unit
from nurture.model.moving import children, sides

Part = tuple[Expression | None, Token]
"""A part that was read (None: it already has a finding) and the word it begins with."""

_WORDS = {
    Kind.text: "a text",
    Kind.number: "a number",
    Kind.bool: "a yes/no question",
    Kind.day: "a day",
    Kind.moment: "a moment",
    Kind.tags: "a list of tags",
    Kind.record: "several fields together",
}
_COMPARE = {
    Kind.text: "compare it with something, e.g. … == 'FR'",
    Kind.number: "compare it with something, e.g. … > 0",
    Kind.day: "compare it with something, e.g. days_until(…) < 7",
    Kind.moment: "compare it with something, e.g. days_since(…) > 30",
    Kind.tags: "ask whether it is known, e.g. … is known",
    Kind.record: "ask one of its fields, e.g. numbers.cups.brewed > 0",
}
_TIMES = frozenset({Kind.day, Kind.moment})
_ORDERED = frozenset({Kind.number, Kind.day, Kind.moment})
_FUNCTIONS = {
    "days_since": Kind.number,
    "days_until": Kind.number,
    "ago": Kind.moment,
    "count": Kind.number,
    "has_tag": Kind.bool,
    "has_moment": Kind.bool,
    "got": Kind.bool,
    "bought": Kind.bool,
    "lower": Kind.text,
}
_EXAMPLES = {
    "days_since": "days_since(person.orders.last_at)",
    "days_until": "days_until(person.birthday)",
    "ago": "ago('30 days')",
    "count": "count('order.placed', within='90 days')",
    "has_tag": "has_tag('reviewer')",
    "has_moment": "has_moment('telling')",
    "got": "got('welcome', within='1 year')",
    "bought": "bought('grinder', within='90 days')",
    "lower": "lower(person.country)",
}
_DIGITS = 15  # what a double holds, so that Python and SQL agree
_LENGTH = re.compile(r"([0-9]{1,6}) (minute|hour|day|week|month|year)s?")


def _nearest(word: str, choices: Iterable[str]) -> str:
    close = get_close_matches(word, sorted(choices), n=1, cutoff=0.6)
    return f"did you mean '{close[0]}'?" if close else ""


class Judge:
    """Builds the typed tree. Findings are gathered in `mistakes`; a part with a finding is None."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.mistakes: list[Mistake] = []

    def _no(self, token: Token, message: str, hint: str = "", code: str = "E201") -> None:
        self.mistakes.append(Mistake(code, token, message, hint))

    def finish(self, root: Expression | None) -> None:
        """A finding for every `ago` that does not meet a value which stands still."""
        if root is None or (isinstance(root, Call) and root.function == "ago"):
            return
        for call in _loose(root):
            token = Token("name", call.function, call.column - 1)
            self._no(token, "ago() stands only beside a moment", "e.g. person.orders.last_at > ago('30 days')")

    def number(self, token: Token) -> Expression | None:
        """A number as it is written; whole numbers stay whole."""
        if len(token.text) > _DIGITS:
            self._no(token, "this number is too long", f"at most {_DIGITS} digits are counted exactly")
            return None
        value = float(token.text) if "." in token.text else int(token.text)
        return Literal(value, Kind.number, token.offset + 1)

    def text(self, token: Token) -> Expression:
        """A text without its quotes."""
        return Literal(token.text[1:-1], Kind.text, token.offset + 1)

    def truth(self, token: Token) -> Expression:
        """`true` or `false`."""
        return Literal(token.text == "true", Kind.bool, token.offset + 1)

    def name(self, token: Token) -> Expression | None:
        """A dotted name of the scope, or a finding with the nearest name."""
        reason = self._scope.beside.get(token.text)
        if reason is not None:
            self._no(token, reason)
            return None
        meaning = self._scope.names.get(token.text)
        if meaning is None:
            self._unknown_name(token)
            return None
        return Name(tuple(token.text.split(".")), meaning.kind, token.offset + 1)

    def _unknown_name(self, token: Token) -> None:
        root, _, rest = token.text.partition(".")
        step = rest.split(".")[0]
        if root in ("steps", "gifts", "ladders") and step in self._scope.steps_were:
            hint = called_now(self._scope.steps_were[step])
            self._no(token, f"there is no step '{step}'", hint, "E206" if root == "gifts" else "E201")
        elif token.text in _FUNCTIONS:
            self._no(token, f"'{token.text}' needs brackets", f"e.g. {_EXAMPLES[token.text]}")
        elif token.text.startswith("gifts.") and not self._is_gift(token.text.split(".")[1]):
            step = token.text.split(".")[1]
            hint = _nearest(step, self._gifts()) or "'gifts.' is followed by the id of a 'gift' step of this sequence"
            self._no(token, f"there is no gift step '{step}'", hint, "E206")
        elif token.text in ("None", "none", "null"):
            self._no(token, f"I don't know '{token.text}'", "use 'is known' or 'is unknown'")
        elif token.text in ("True", "False", "AND", "OR", "NOT", "And", "Or", "Not"):
            self._no(token, f"I don't know '{token.text}'", f"write '{token.text.lower()}'")
        else:
            hint = _nearest(token.text, self._names_meant(token.text))
            if token.text.endswith((".opened", ".opened_at")):
                hint = f"{WHY}; {CURE}"
            if token.text.startswith("person.orders.") and "person.orders.count" not in self._scope.names:
                hint = "it is known when sequences/house/catalogue.yaml has 'orders:'"
            if not hint and "." not in token.text and token.offset:
                hint = f"a text stands in quotes: '{token.text}'"
            self._no(token, f"nothing is called '{token.text}'", hint)

    def _gifts(self) -> set[str]:
        """The ids of the gift steps."""
        return {name.split(".")[1] for name in self._scope.names if name.startswith("gifts.")}

    def _is_gift(self, step: str) -> bool:
        return step in self._gifts()

    def _names_meant(self, word: str) -> list[str]:
        """Names that may be meant; those of steps, which can be many, only where steps are asked about."""
        return [name for name in self._scope.names if word.startswith("step") or not name.startswith("steps.")]

    def question(self, part: Expression | None, token: Token) -> None:
        """A finding unless the part is a yes/no question."""
        if part is not None and part.kind is not Kind.bool:
            self._no(token, f"this is {_WORDS[part.kind]}, not a yes/no question", _COMPARE[part.kind])

    def compare(self, operator: Token, left: Part, right: Part) -> Expression | None:
        """Two sides of one kind (a day and a moment compare as local dates)."""
        one, other = left[0], right[0]
        if one is None or other is None or not self._alike(operator, one, other):
            return None
        if operator.text not in ("==", "!=") and one.kind not in _ORDERED:
            self._no(operator, f"'{operator.text}' does not fit: this is {_WORDS[one.kind]}", "only == and != do")
            return None
        if not (self._listed(one, right) and self._listed(other, left)):
            return None
        return Compare(operator.text, one, other, column=one.column)

    def _alike(self, token: Token, one: Expression, other: Expression) -> bool:
        if Kind.record in (one.kind, other.kind):
            self._no(token, "several fields together cannot be compared", _COMPARE[Kind.record])
            return False
        if Kind.tags in (one.kind, other.kind):
            self._no(token, "a list of tags cannot be compared", "ask whether it is known, e.g. … is known")
            return False
        if one.kind is other.kind or {one.kind, other.kind} <= _TIMES:
            return True
        self._no(token, f"{_WORDS[one.kind]} and {_WORDS[other.kind]} cannot be compared", _cure(one, other))
        return False

    def _listed(self, named: Expression, value: Part) -> bool:
        """A literal beside a name with a closed list must be in that list."""
        meaning = self._meaning(named)
        written, token = value
        if meaning is None or not meaning.one_of or not isinstance(written, Literal):
            return True
        if written.value in meaning.one_of:
            return True
        hint = _nearest(str(written.value), meaning.one_of) or f"it is one of {', '.join(meaning.one_of[:8])}"
        self._no(token, f"'{named}' is never '{written.value}'", hint, meaning.code)
        return False

    def _meaning(self, named: Expression) -> Meaning | None:
        return self._scope.names.get(str(named)) if isinstance(named, Name) else None

    def among(self, item: Part, options: list[Part], *, negated: bool) -> Expression | None:
        """`in [..]`: each option of the item's kind and in its closed list."""
        one, first = item
        values = [value for value, _ in options if value is not None]
        if one is None or len(values) < len(options):
            return None
        fits = True
        for value, token in options:
            if value is not None:
                fits = self._alike(token, one, value) and self._listed(one, (value, token)) and fits
        if not fits:
            return None
        return Among(one, tuple(values), negated, column=first.offset + 1)

    def known(self, item: Expression | None, first: Token, *, negated: bool) -> Expression | None:
        """`is known` fits every kind."""
        return IsKnown(item, negated, column=first.offset + 1) if item is not None else None

    def arithmetic(self, operator: Token, left: Part, right: Part) -> Expression | None:
        """Numbers only."""
        one, other = self._numeric(left), self._numeric(right)
        if one is None or other is None:
            return None
        return Arithmetic(operator.text, one, other, column=one.column)

    def minus(self, token: Token, part: Part) -> Expression | None:
        """A minus before a number is part of it; before anything else it is 0 - x."""
        value = self._numeric(part)
        if value is None:
            return None
        if isinstance(value, Literal) and isinstance(value.value, int | float):
            return Literal(-value.value, Kind.number, token.offset + 1)
        return Arithmetic("-", Literal(0, Kind.number, token.offset + 1), value, column=token.offset + 1)

    def _numeric(self, part: Part) -> Expression | None:
        value, token = part
        if value is not None and value.kind is not Kind.number:
            hint = "days_since(…) makes a number of it" if value.kind in _TIMES else ""
            self._no(token, f"this is {_WORDS[value.kind]}, not a number", hint)
            return None
        return value

    def call(
        self, token: Token, plain: list[Part], named: list[tuple[Token, Expression | None, Token]]
    ) -> Expression | None:
        """A function of the closed list with the arguments it takes."""
        if token.text not in _FUNCTIONS:
            self._no(token, f"there is no function '{token.text}()'", _nearest(token.text, _FUNCTIONS))
            return None
        if len(plain) != 1:
            self._no(token, f"{token.text}() takes one plain value", f"e.g. {_EXAMPLES[token.text]}")
            return None
        if token.text in ("days_since", "days_until", "lower"):
            return self._operand(token, plain[0], named)
        return self._worded(token, plain[0], named)

    def _operand(
        self, token: Token, part: Part, named: list[tuple[Token, Expression | None, Token]]
    ) -> Expression | None:
        value, _ = part
        for name, _, _ in named:
            self._no(name, f"{token.text}() takes no '{name.text}'", f"e.g. {_EXAMPLES[token.text]}")
        if value is None or named:
            return None
        wanted, word = _OPERANDS[token.text]
        if value.kind not in wanted:
            self._no(token, f"{token.text}() needs {word}, this is {_WORDS[value.kind]}")
            return None
        return Call(token.text, _FUNCTIONS[token.text], value, column=token.offset + 1)

    def _worded(
        self, token: Token, part: Part, named: list[tuple[Token, Expression | None, Token]]
    ) -> Expression | None:
        value, first = part
        if value is None:
            return None
        if not isinstance(value, Literal) or not isinstance(value.value, str):
            self._no(first, f"{token.text}() needs a text in quotes", f"e.g. {_EXAMPLES[token.text]}")
            return None
        word, before = value.value, len(self.mistakes)
        span = self._length(first, word) if token.text == "ago" else None
        if token.text != "ago":
            self._declared(token, first, word)
        within, fields = self._named(token, word, named)
        if len(self.mistakes) > before:
            return None
        return Call(token.text, _FUNCTIONS[token.text], None, word, span or within, fields, token.offset + 1)

    def _declared(self, function: Token, token: Token, word: str) -> None:
        scope = self._scope
        if function.text == "bought":
            if not scope.products:
                self._no(function, "the catalogue's order event has no lines, so nothing is known to be bought")
            return
        code, message, known = {
            "count": ("E202", f"there is no event '{word}'", frozenset(scope.events)),
            "has_tag": ("E208", f"there is no tag '{word}'", scope.tags),
            "has_moment": ("E203", f"there is no moment '{word}'", scope.moments),
            "got": ("E204", f"there is no mail '{word}' (templates/{word}/)", scope.mails),
        }[function.text]
        if word not in known:
            kind = {"has_tag": "tag", "got": "mail"}.get(function.text, "")
            hint = scope.of_today(kind, word) or _nearest(word, known)
            if not hint and function.text == "has_moment":
                hint = f"there are {', '.join(sorted(known)[:8])}" if known else "no moment is declared"
            self._no(token, message, hint, code)

    def _named(
        self, function: Token, word: str, named: list[tuple[Token, Expression | None, Token]]
    ) -> tuple[Length | None, tuple[tuple[str, Expression], ...]]:
        within, fields, seen = None, [], set[str]()
        for name, value, first in named:
            if name.text in seen:
                self._no(name, f"'{name.text}' is here twice; only one would count")
            seen.add(name.text)
            if name.text == "within" and function.text in ("count", "got", "bought"):
                within = self._within(value, first)
            elif function.text == "count":
                fields += self._field(word, name, value, first)
            else:
                self._no(name, f"{function.text}() takes no '{name.text}'", f"e.g. {_EXAMPLES[function.text]}")
        return within, tuple(fields)

    def _within(self, value: Expression | None, first: Token) -> Length | None:
        if isinstance(value, Literal) and isinstance(value.value, str):
            return self._length(first, value.value)
        if value is not None:
            self._no(first, "within= needs a length of time in quotes", "e.g. within='90 days'")
        return None

    def _field(self, event: str, name: Token, value: Expression | None, first: Token) -> list[tuple[str, Expression]]:
        fields = self._scope.events.get(event)
        if fields is None or value is None:
            return []
        described = fields.get(name.text)
        if described is None:
            self._no(name, f"'{event}' has no field '{name.text}'", _nearest(name.text, fields))
            return []
        kind = KINDS.get(described.type)
        if kind in (None, Kind.tags) or kind is not value.kind:
            called = _WORDS[kind] if kind is not None else "a list of products"
            self._no(first, f"'{name.text}' is {called}, this is {_WORDS[value.kind]}")
            return []
        if described.one_of and isinstance(value, Literal) and value.value not in described.one_of:
            hint = _nearest(str(value.value), described.one_of)
            self._no(first, f"'{name.text}' is never '{value.value}'", hint)
            return []
        return [(name.text, value)]

    def _length(self, token: Token, text: str) -> Length | None:
        match = _LENGTH.fullmatch(text)
        if match is None or int(match[1]) == 0:
            cure = "working days are for waits; write days" if "working" in text else "write it like '30 days'"
            self._no(token, f"'{text}' is not a length of time", cure)
            return None
        return Length(int(match[1]), Unit(match[2]))


_OPERANDS = {
    "days_since": (_TIMES, "a moment"),
    "days_until": (_TIMES, "a day"),
    "lower": (frozenset({Kind.text}), "a text"),
}


def _loose(expression: Expression) -> Iterator[Call]:
    """Every `ago` outside a comparison with something that stands still."""
    if sides(expression) is not None:
        return
    if isinstance(expression, Call) and expression.function == "ago":
        yield expression
    for part in children(expression):
        yield from _loose(part)


def _cure(one: Expression, other: Expression) -> str:
    """What helps when two kinds do not compare."""
    kinds = {one.kind, other.kind}
    if kinds == {Kind.text, Kind.number}:
        return "a number stands without quotes"
    if kinds & _TIMES:
        return "days_since(…) makes a number of days of it"
    return ""
