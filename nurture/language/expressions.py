"""The parser of conditions (language.md 7): a subset of the Jinja expression grammar, typed as it is read."""

from collections.abc import Callable

from nurture.language.judge import Judge
from nurture.language.scope import Scope, scope_of
from nurture.language.tokens import KEYWORDS, Mistake, Token, tokens
from nurture.model.expression import Both, Condition, Either, Expression, Opposite
from nurture.model.place import Place, Problem

__all__ = ["Locate", "Scope", "parse_condition", "parse_value", "scope_of"]

Locate = Callable[[int, int], Place]
"""From an offset in the text (characters, from 0) and a length to a place in the file."""

DEEPEST = 25
"""So many brackets, `not` and minus signs may stand inside each other."""
LONGEST = 60
"""So many terms may stand in one sum or product."""

_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})


def parse_condition(text: str, place: Place | Locate, scope: Scope) -> tuple[Condition | None, tuple[Problem, ...]]:
    """Read a yes/no question; None with the findings (E201 to E208) when it cannot be asked.

    `place` is where the text begins, or a function that knows where each part of it stands.
    """
    locate = _locator(place)
    reading = _Reading(text, scope)
    root, problems = reading.run(locate, question=True)
    if root is None:
        return None, problems
    return Condition(text, root, locate(0, len(text))), ()


def parse_value(text: str, place: Place | Locate, scope: Scope) -> tuple[Expression | None, tuple[Problem, ...]]:
    """Read a value for `set` or `with`: any type; None with the findings when it cannot be worked out."""
    return _Reading(text, scope).run(_locator(place), question=False)


def _locator(place: Place | Locate) -> Locate:
    if not isinstance(place, Place):
        return place
    return lambda offset, length: Place(place.file, place.line, place.column + offset, length)


class _Reading:
    """One pass over one text: recursive descent, each rule of the grammar a method of its name."""

    def __init__(self, text: str, scope: Scope) -> None:
        self._text = text
        self._judge = Judge(scope)
        self._tokens: list[Token] = []
        self._at = 0
        self._depth = 0

    def run(self, locate: Locate, *, question: bool) -> tuple[Expression | None, tuple[Problem, ...]]:
        try:
            root = self._whole(question=question)
        except Mistake as mistake:
            return None, (_problem(mistake, locate),)
        if self._judge.mistakes:
            return None, tuple(_problem(mistake, locate) for mistake in self._judge.mistakes)
        return root, ()

    def _whole(self, *, question: bool) -> Expression | None:
        self._tokens = tokens(self._text)
        first = self._tokens[0]
        if first.sort == "end":
            raise Mistake("E201", first, "there is nothing here", "ask something, e.g. person.country == 'FR'")
        root = self._or()
        if self._now.sort != "end":
            raise self._unexpected()
        if question:
            self._judge.question(root, first)
        self._judge.finish(root)
        return root

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._now
        self._at += 1
        return token

    def _is(self, *words: str) -> bool:
        return self._now.sort in ("sign", "name") and self._now.text in words

    def _expect(self, sign: str) -> Token:
        if not self._is(sign):
            raise self._unexpected(f"'{sign}'")
        return self._take()

    def _unexpected(self, wanted: str = "") -> Mistake:
        token = self._now
        if token.sort == "end":
            return Mistake(
                "E201", token, "something is missing at the end", f"{wanted} is wanted here" if wanted else ""
            )
        if token.text == "=":
            return Mistake("E201", token, "I don't know '='", "to compare write '=='")
        if wanted:
            return Mistake("E201", token, f"I don't understand '{token.text}' here", f"{wanted} is wanted here")
        keyword = token.text.lower() if token.text.lower() in KEYWORDS else ""
        hint = f"write '{keyword}'" if keyword else "join two questions with 'and' or 'or'"
        return Mistake("E201", token, f"I don't understand '{token.text}' here", hint)

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise Mistake("E201", self._now, "too much is nested here", "split it into several steps or arms")

    def _or(self) -> Expression | None:
        first, parts = self._now, [self._and()]
        while self._is("or"):
            self._judge.question(parts[-1], first)
            self._take()
            first = self._now
            parts.append(self._and())
        return self._joined(Either, parts, first)

    def _and(self) -> Expression | None:
        first, parts = self._now, [self._not()]
        while self._is("and"):
            self._judge.question(parts[-1], first)
            self._take()
            first = self._now
            parts.append(self._not())
        return self._joined(Both, parts, first)

    def _joined(self, how: type[Both] | type[Either], parts: list[Expression | None], last: Token) -> Expression | None:
        if len(parts) == 1:
            return parts[0]
        self._judge.question(parts[-1], last)
        known = tuple(part for part in parts if part is not None)
        return how(known, column=known[0].column) if len(known) == len(parts) else None

    def _not(self) -> Expression | None:
        if not self._is("not"):
            return self._comparison()
        token = self._take()
        self._deeper()
        first = self._now
        part = self._not()
        self._depth -= 1
        self._judge.question(part, first)
        return Opposite(part, column=token.offset + 1) if part is not None else None

    def _comparison(self) -> Expression | None:
        first, found = self._now, self._sum()
        if self._now.sort == "sign" and self._now.text in _COMPARISONS:
            found = self._compared(first, found)
        elif self._is("in", "not"):
            found = self._among(first, found)
        elif self._is("is"):
            found = self._known(first, found)
        else:
            return found
        if self._is("in", "is", *_COMPARISONS):
            raise Mistake("E201", self._now, "two comparisons in a row", "join them with 'and'")
        return found

    def _compared(self, first: Token, left: Expression | None) -> Expression | None:
        operator = self._take()
        second = self._now
        right = self._sum()
        return self._judge.compare(operator, (left, first), (right, second))

    def _among(self, first: Token, item: Expression | None) -> Expression | None:
        negated = self._is("not")
        if negated:
            self._take()
        if not self._is("in"):
            raise self._unexpected("'in'")
        self._take()
        if self._now.sort in ("text", "number", "name"):
            raise Mistake("E201", self._now, "'in' needs a list", f"write [{self._now.text}]")
        self._expect("[")
        options = [(self._now, self._sum())]
        while self._is(","):
            self._take()
            options.append((self._now, self._sum()))
        self._expect("]")
        return self._judge.among((item, first), [(value, token) for token, value in options], negated=negated)

    def _known(self, first: Token, item: Expression | None) -> Expression | None:
        self._take()
        negated = self._is("not")
        if negated:
            self._take()
        word = self._now
        if not self._is("known", "unknown"):
            raise Mistake(
                "E201",
                word,
                f"'is {word.text}' is not a test" if word.sort != "end" else "'is' needs a word after it",
                "use 'is known' or 'is unknown'; to compare values use '=='",
            )
        self._take()
        return self._judge.known(item, first, negated=negated != (word.text == "unknown"))

    def _sum(self) -> Expression | None:
        return self._chain(("+", "-"), self._product)

    def _product(self) -> Expression | None:
        return self._chain(("*", "/"), self._atom)

    def _chain(self, signs: tuple[str, str], part: Callable[[], Expression | None]) -> Expression | None:
        first, found, terms = self._now, part(), 1
        while self._now.sort == "sign" and self._now.text in signs:
            operator, second = self._take(), self._now
            found = self._judge.arithmetic(operator, (found, first), (part(), second))
            terms += 1
            if terms > LONGEST:
                raise Mistake("E201", operator, f"more than {LONGEST} terms in a row", "make it shorter")
        return found

    def _atom(self) -> Expression | None:
        token = self._take()
        if token.sort == "number":
            return self._judge.number(token)
        if token.sort == "text":
            return self._judge.text(token)
        if token.text in ("true", "false"):
            return self._judge.truth(token)
        if token.sort == "name" and token.text not in KEYWORDS:
            return self._call(token) if self._is("(") else self._judge.name(token)
        if token.text in ("-", "("):
            return self._nested(token)
        self._at -= 1
        raise self._unexpected("a value")

    def _nested(self, token: Token) -> Expression | None:
        self._deeper()
        if token.text == "-":
            inner, found = self._now, self._atom()
            found = self._judge.minus(token, (found, inner))
        else:
            found = self._or()
            self._expect(")")
        self._depth -= 1
        return found

    def _call(self, token: Token) -> Expression | None:
        """`func(arg, name=arg)`; which arguments a function takes is the judge's affair."""
        self._deeper()
        self._take()
        plain: list[tuple[Expression | None, Token]] = []
        named: list[tuple[Token, Expression | None, Token]] = []
        while not self._is(")"):
            if plain or named:
                self._expect(",")
            self._argument(plain, named)
        self._take()
        self._depth -= 1
        return self._judge.call(token, plain, named)

    def _argument(
        self, plain: list[tuple[Expression | None, Token]], named: list[tuple[Token, Expression | None, Token]]
    ) -> None:
        first = self._now
        following = self._tokens[min(self._at + 1, len(self._tokens) - 1)]
        if first.sort == "name" and following.text == "=":
            self._at += 2
            value = self._now
            named.append((first, self._or(), value))
        elif named:
            raise Mistake("E201", first, "a plain value stands before the named ones", "give it a name, or move it")
        else:
            plain.append((self._or(), first))


def _problem(mistake: Mistake, locate: Locate) -> Problem:
    token = mistake.token
    return Problem(mistake.code, locate(token.offset, token.length), mistake.message, mistake.hint)
