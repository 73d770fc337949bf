"""Hiding Jinja from Markdown, and putting it back into plain text: every token returns exactly once.

A page is made once per template, not per reader, so its makers must not see Jinja. In running text a token becomes
a word that Markdown leaves alone; a statement alone on its line becomes a block of its own.
"""

import re
from functools import cached_property

from nurture.model.values import dataclass

_QUOTED = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
TOKEN = re.compile(
    rf"\{{\#.*?\#\}}|\{{\{{(?:{_QUOTED}|[^'\"])*?\}}\}}|\{{%(?:{_QUOTED}|[^'\"])*?%\}}",
    re.DOTALL,
)
LETTERS = "jj"
OPENING = re.compile(r"\{%[-+]?\s*(if|for)\b")
MIDDLE = re.compile(r"\{%[-+]?\s*(elif|else)\b")
CLOSING = re.compile(r"\{%[-+]?\s*end(if|for)\b")


@dataclass(frozen=True, slots=True)
class Token:
    """One `{{ … }}` or `{% … %}` of a template and its offset there."""

    text: str
    offset: int

    @property
    def statement(self) -> bool:
        """Whether it is a `{% … %}`."""
        return self.text.startswith("{%")

    @property
    def expression(self) -> str:
        """What stands between the braces, without marks for white space."""
        return self.text[2:-2].strip("-+").strip()


class Misplaced(Exception):
    """A token stands where it cannot be kept; carries the token, what to say and the cure."""

    def __init__(self, token: Token, message: str, hint: str = "put it in a paragraph of its own") -> None:
        super().__init__(message)
        self.token = token
        self.hint = hint


def tokens_in(text: str) -> list[Token]:
    """The expressions and statements of a template, in order; comments are left out."""
    found = (Token(match.group(), match.start()) for match in TOKEN.finditer(text))
    return [token for token in found if not token.text.startswith("{#")]


@dataclass(frozen=True)
class Hidden:
    """A template whose tokens are replaced by marks such as `jj00001jj`; the first has the number `first`."""

    text: str
    tokens: tuple[Token, ...]
    letters: str = LETTERS
    first: int = 0

    @cached_property
    def mark(self) -> re.Pattern[str]:
        """Finds a mark; group 1 is the token's number."""
        return re.compile(rf"{self.letters}(\d{{5}}){self.letters}")

    def token(self, mark: re.Match[str]) -> Token:
        """The token that a mark stands for."""
        return self.tokens[int(mark.group(1)) - self.first]


def letters_for(*templates: str) -> str:
    """Letters of which no mark can be mistaken for a word of these templates."""
    letters = LETTERS
    while any(re.search(rf"{letters}\d{{5}}", template) for template in templates):
        letters += "j"
    return letters


def mark_of(letters: str, number: int) -> str:
    """How a token's number is written in running text."""
    return f"{letters}{number:05d}{letters}"


def hide(template: str, letters: str = "") -> Hidden:
    """Replace every token of a Markdown template by a mark that does not occur in it."""
    letters = letters or letters_for(template)
    tokens: list[Token] = []

    def mark(match: re.Match[str]) -> str:
        if match.group().startswith("{#"):
            return ""
        tokens.append(Token(match.group(), match.start()))
        written = mark_of(letters, len(tokens) - 1)
        return f"\n\n{written}\n\n" if tokens[-1].statement and _alone(template, match) else written

    return Hidden(TOKEN.sub(mark, template), tuple(tokens), letters)


def _alone(template: str, match: re.Match[str]) -> bool:
    before = template[template.rfind("\n", 0, match.start()) + 1 : match.start()]
    end = template.find("\n", match.end())
    after = template[match.end() : end if end >= 0 else len(template)]
    return not before.strip() and not after.strip()


def text_with_tokens(text: str, hidden: Hidden, values: bool = False) -> str:
    """Put the tokens back into plain text; the address of a picture may be missing there.

    `values` says that whole statements may be missing too, which stood in the values of attributes.
    """
    seen = [int(number) - hidden.first for number in hidden.mark.findall(text)]
    for number, token in enumerate(hidden.tokens):
        refuse_count(token, seen.count(number), missing=values or not token.statement)
    return hidden.mark.sub(lambda mark: hidden.token(mark).text, text.replace("{", "{{ '{' }}"))


def keeps_order(text: str, hidden: Hidden) -> bool:
    """Whether a text holds every mark once and in order, so that Jinja reads it as it reads the template itself."""
    return [int(number) - hidden.first for number in hidden.mark.findall(text)] == list(range(len(hidden.tokens)))


def refuse_count(token: Token, times: int, missing: bool = False) -> None:
    """Raises Misplaced unless a token came back exactly once; `missing` allows that it did not."""
    if times > 1:
        hint = 'write a fixed value here, or the value in the text or the style="…" of one element'
        raise Misplaced(token, f"'{token.text}' would be doubled here", hint)
    if times == 0 and not missing:
        raise Misplaced(token, f"'{token.text}' would be lost here", "put it in the text, or in a value that is kept")
