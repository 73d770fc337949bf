"""The words of a condition (language.md 7): text into tokens, each with its offset in characters."""

import re

from nurture.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Token:
    """One word: `sort` is number, text, name, sign or end; offset and length count characters from 0."""

    sort: str
    text: str
    offset: int

    @property
    def length(self) -> int:
        """How many characters it covers; the end of the text counts as one."""
        return max(1, len(self.text))


class Mistake(Exception):
    """A condition that cannot be read further; becomes a Problem at the edge of this room."""

    def __init__(self, code: str, token: Token, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.token = token
        self.message = message
        self.hint = hint


KEYWORDS = frozenset({"and", "or", "not", "in", "is", "true", "false"})

_TOKEN = re.compile(
    r"""(?P<number>[0-9]+(?:\.[0-9]+)?)(?![\w.])
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
      | (?P<text>'[^'\\]*'|"[^"\\]*")
      | (?P<sign>(?:==|!=|<=|>=|[<>])(?![<>=])|[()\[\],+\-]|=(?![=<>])|\*(?!\*)|/(?!/))""",
    re.VERBOSE,
)
_FOREIGN = re.compile(r"&&|\|\||===|!==|<>|=>|=<|\*\*|//|:=|[0-9][\w.]*|'[^']*|\"[^\"]*|.", re.DOTALL)
_CURES = {
    "&&": "write 'and'",
    "&": "write 'and'",
    "||": "write 'or'",
    "|": "filters are for mails; write 'or' to join two questions",
    "!": "write 'not'",
    "===": "write '=='",
    "!==": "write '!='",
    "<>": "write '!='",
    "=>": "write '>='",
    "=<": "write '<='",
    "%": "write a share as a number, e.g. 0.1",
    "{": "a condition stands without braces",
    "}": "a condition stands without braces",
    "~": "texts cannot be joined in a condition",
    "\\": "a text holds no backslash",
    **dict.fromkeys("\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb", "write a straight quote '"),
}


def tokens(text: str) -> list[Token]:
    """Split a condition into its words; raises Mistake at the first that is not of the language."""
    found: list[Token] = []
    offset = 0
    while offset < len(text):
        if text[offset].isspace():
            offset += 1
            continue
        match = _TOKEN.match(text, offset)
        if match is None or match.lastgroup is None or _twisted(match):
            raise _unreadable(text, offset)
        found.append(Token(match.lastgroup, match.group(), offset))
        offset = match.end()
    found.append(Token("end", "", len(text)))
    return found


def _twisted(match: re.Match[str]) -> bool:
    """A number that begins with a needless zero: Jinja would read two numbers."""
    return match.lastgroup == "number" and re.match(r"0[0-9]", match.group()) is not None


def _unreadable(text: str, offset: int) -> Mistake:
    match = _FOREIGN.match(text, offset)
    word = match.group() if match else text[offset]
    if word[0] in "'\"":
        return _bad_text(word, offset)
    hint = _CURES.get(word, "a number is written like 12 or 0.5" if word[0].isdigit() else "")
    return Mistake("E201", Token("sign", word, offset), f"I don't know '{word}'", hint)


def _bad_text(word: str, offset: int) -> Mistake:
    slash = word.find("\\")
    if slash > 0:
        return Mistake("E201", Token("sign", "\\", offset + slash), "I don't know '\\'", _CURES["\\"])
    return Mistake("E201", Token("text", word[:1], offset), "this text is not closed", f"end it with {word[0]}")
