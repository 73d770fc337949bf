"""Hiding Jinja from Markdown, and putting it back: every token returns exactly once.

Markdown is converted once per template, not per reader, so it must not see Jinja. In running text a token
becomes a word that Markdown leaves alone; a statement alone on its line becomes a block of its own.
"""

import re
from dataclasses import dataclass

_QUOTED = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
TOKEN = re.compile(
    rf"\{{\#.*?\#\}}|\{{\{{(?:{_QUOTED}|[^'\"])*?\}}\}}|\{{%(?:{_QUOTED}|[^'\"])*?%\}}",
    re.DOTALL,
)
_TAG = re.compile(r"<[^>]*>")
_ATTRIBUTE = re.compile(r'([a-z]+)="([^"]*)"')
ADDRESSES = frozenset({"href", "src"})
_OPENING = re.compile(r"\{%[-+]?\s*(if|for)\b")
_MIDDLE = re.compile(r"\{%[-+]?\s*(elif|else)\b")
_CLOSING = re.compile(r"\{%[-+]?\s*end(if|for)\b")
VOID = frozenset({"br", "hr", "img"})


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
    """A token stands where it cannot be kept; carries the token and what to say."""

    def __init__(self, token: Token, message: str) -> None:
        super().__init__(message)
        self.token = token


def tokens_in(text: str) -> list[Token]:
    """The expressions and statements of a template, in order; comments are left out."""
    found = (Token(match.group(), match.start()) for match in TOKEN.finditer(text))
    return [token for token in found if not token.text.startswith("{#")]


@dataclass(frozen=True, slots=True)
class Hidden:
    """A template whose tokens are replaced by marks such as `jj00001jj`."""

    text: str
    tokens: tuple[Token, ...]
    letters: str

    @property
    def mark(self) -> re.Pattern[str]:
        """Finds a mark; group 1 is the token's number."""
        return re.compile(rf"{self.letters}(\d{{5}}){self.letters}")


def hide(template: str) -> Hidden:
    """Replace every token by a mark that does not occur in the template."""
    letters = "jj"
    while re.search(rf"{letters}\d{{5}}{letters}", template):
        letters += "j"
    tokens: list[Token] = []

    def mark(match: re.Match[str]) -> str:
        if match.group().startswith("{#"):
            return ""
        tokens.append(Token(match.group(), match.start()))
        written = f"{letters}{len(tokens) - 1:05d}{letters}"
        return f"\n\n{written}\n\n" if tokens[-1].statement and _alone(template, match) else written

    return Hidden(TOKEN.sub(mark, template), tuple(tokens), letters)


def _alone(template: str, match: re.Match[str]) -> bool:
    before = template[template.rfind("\n", 0, match.start()) + 1 : match.start()]
    end = template.find("\n", match.end())
    after = template[match.end() : end if end >= 0 else len(template)]
    return not before.strip() and not after.strip()


def html_with_tokens(html: str, hidden: Hidden) -> str:
    """Put the tokens back into HTML. Raises Misplaced where one was lost or cannot stand."""
    block = re.compile(rf"<p[^>]*>({hidden.mark.pattern})</p>")

    def unwrapped(match: re.Match[str]) -> str:
        return match.group(1) if hidden.tokens[int(match.group(2))].statement else match.group()

    html = block.sub(unwrapped, html).replace("{", "&#123;")
    _each_once(html, hidden, everything=True)
    _balanced(html, hidden)
    parts = re.split(f"({_TAG.pattern})", html)
    return "".join(
        _tag(part, hidden) if part.startswith("<") else hidden.mark.sub(lambda mark: _token(mark, hidden).text, part)
        for part in parts
    )


def text_with_tokens(text: str, hidden: Hidden) -> str:
    """Put the tokens back into plain text; the address of a picture may be missing there."""
    _each_once(text, hidden, everything=False)
    return hidden.mark.sub(lambda mark: _token(mark, hidden).text, text.replace("{", "{{ '{' }}"))


def _token(mark: re.Match[str], hidden: Hidden) -> Token:
    return hidden.tokens[int(mark.group(1))]


def _each_once(text: str, hidden: Hidden, everything: bool) -> None:
    seen = [int(number) for number in hidden.mark.findall(text)]
    for number, token in enumerate(hidden.tokens):
        times = seen.count(number)
        if times > 1 or (times == 0 and (everything or token.statement)):
            raise Misplaced(token, f"'{token.text}' would be {'lost' if times == 0 else 'doubled'} here")


def _balanced(html: str, hidden: Hidden) -> None:
    """A statement and its end must stand inside the same tags, or a reader gets broken HTML."""
    inside: list[int] = []  # where the open tags began, so that two paragraphs are two places
    open_statements: list[list[int]] = []
    for match in re.finditer(f"{_TAG.pattern}|{hidden.mark.pattern}", html):
        if match.group().startswith("<"):
            _step(match.group(), match.start(), inside)
            continue
        token = _token(match, hidden)
        if _OPENING.match(token.text):
            open_statements.append(list(inside))
        elif _MIDDLE.match(token.text) or _CLOSING.match(token.text):
            if not open_statements or open_statements[-1] != inside:
                raise Misplaced(token, f"'{token.text}' and its beginning stand in different paragraphs or emphases")
            if _CLOSING.match(token.text):
                open_statements.pop()


def _step(tag: str, start: int, inside: list[int]) -> None:
    name = tag.strip("</>").split()[0]
    if tag.startswith("</"):
        inside.pop()
    elif name not in VOID and not tag.endswith("/>"):
        inside.append(start)


def _tag(tag: str, hidden: Hidden) -> str:
    return _ATTRIBUTE.sub(lambda found: f'{found[1]}="{_value(found[1], found[2], hidden)}"', tag)


def _value(attribute: str, value: str, hidden: Hidden) -> str:
    """An attribute's value: a whole address is checked, a part of one percent-encoded, the rest escaped."""

    def put_back(mark: re.Match[str]) -> str:
        token = _token(mark, hidden)
        if token.statement:
            raise Misplaced(token, f"'{token.text}' cannot stand inside a link or a picture")
        how = "_plain"
        if attribute in ADDRESSES:
            how = "_quoted" if mark.start() else "_address"
        return f"{{{{ ({token.expression}) | {how} }}}}"

    return hidden.mark.sub(put_back, value)
