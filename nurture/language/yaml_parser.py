"""PyYAML's parser made patient: what the house refuses is told with its place, and reading goes on.

Refused are anchors, aliases, tags and directives (E102) and values that YAML would take for something
else because they lack quotes (E103, language.md 7). Only what cannot be read at all ends the reading.
"""

import re

from yaml.error import Mark
from yaml.events import Event
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner, ScannerError
from yaml.tokens import ScalarToken, Token

from nurture.language.page import Page
from nurture.model.place import Problem

CONDITION_KEYS = frozenset({"if", "while", "enter"})
_CANNOT_BEGIN = frozenset("%@`")  # reserved by YAML: no text begins with these
_LONGEST_SUGGESTION = 60  # characters; a longer value is not written out in a hint
_BLANKS = re.compile(r" *")
_PROPERTY = re.compile(r"[^ \n\0]+")
_PROPERTY_IN_FLOW = re.compile(r"[^ \n\0,\[\]{}]+")
_BLOCK_HEADER = re.compile(r"[|>](?:[-+]?[1-9]?|[1-9][-+])(?: *[\n\0]| +#)")


class YamlParser(Reader, Scanner, Parser):
    """The parser over one page; `problems` grows while events are taken."""

    def __init__(self, page: Page, text: str) -> None:
        self.page = page
        self.source = f"{text}\0"
        self.problems: list[Problem] = []
        self._key = ""
        self._value_token = -1
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)

    def take(self) -> Event:
        """The next event; MarkedYAMLError where this is not YAML."""
        event = self.get_event()  # type: ignore[no-untyped-call]
        assert isinstance(event, Event)  # noqa: S101 - the stream end is taken by nobody twice
        return event

    # What a value belongs to

    def fetch_value(self) -> None:
        """Remember whose value the next token is."""
        last = self.tokens[-1] if self.tokens else None
        self._key = last.value if isinstance(last, ScalarToken) else ""
        super().fetch_value()
        self._value_token = self._next_token

    @property
    def _next_token(self) -> int:
        return self.tokens_taken + len(self.tokens)

    @property
    def _in_condition(self) -> bool:
        return self._key in CONDITION_KEYS and self._value_token == self._next_token

    def _may_be_key(self, number: int) -> bool:
        key = self.possible_simple_keys.get(self.flow_level)
        return key is not None and key.token_number == number

    def _must_be_key(self, number: int) -> bool:
        return self._may_be_key(number) and bool(self.possible_simple_keys[self.flow_level].required)

    # Anchors, aliases, tags, directives

    def fetch_anchor(self) -> None:
        """`&name`."""
        self._refuse("anchors (& and *) are not used here")

    def fetch_alias(self) -> None:
        """`*name`, which then stands for its own letters."""
        start = self.get_mark()
        if self._refuse("anchors (& and *) are not used here"):
            text = self.source[start.index : self.index]
            self.tokens.append(ScalarToken(text, True, start, self.get_mark()))

    def fetch_tag(self) -> None:
        """`!type`."""
        self._refuse("tags (!) are not used here")

    def fetch_directive(self) -> None:
        """`%YAML 1.2`."""
        start, end = self.index, self.source.find("\n", self.index)
        end = len(self.source) - 1 if end < 0 else end
        self._tell("E102", start, end, "directives (%) are not used here")
        self.unwind_indent(-1)
        self.forward(end - start)

    def _refuse(self, message: str) -> bool:
        """Step over a word before a value; in a condition the author meant it as an operator: quotes are missing."""
        start = self.get_mark()
        if self._in_condition:
            self._begins_badly(start)
            return False
        self.save_possible_simple_key()
        self.allow_simple_key = False
        word = (_PROPERTY_IN_FLOW if self.flow_level else _PROPERTY).match(self.source, start.index)
        assert word is not None  # noqa: S101 - it begins with & * or !
        self.forward(word.end() - start.index)
        self._tell("E102", start.index, word.end(), message)
        return True

    # Values that need quotes

    def fetch_flow_collection_start(self, TokenClass: type[Token]) -> None:  # noqa: N803 - PyYAML's name
        """`[` or `{`; no condition begins with them."""
        if self._in_condition:
            self._begins_badly(self.get_mark())
        else:
            super().fetch_flow_collection_start(TokenClass)

    def fetch_block_scalar(self, style: str) -> None:
        """`|` or `>` alone on their line; with something behind them they were meant as letters."""
        if _BLOCK_HEADER.match(self.source, self.index):
            super().fetch_block_scalar(style)
        else:
            self._begins_badly(self.get_mark())

    def fetch_flow_scalar(self, style: str) -> None:
        """A quoted value; when the line goes on behind it, the whole needed quotes."""
        start, number, condition = self.get_mark(), self._next_token, self._in_condition
        super().fetch_flow_scalar(style)
        if self._goes_on() and not self._must_be_key(number):
            self.tokens.pop()
            self._begins_badly(start, condition=condition)

    def _goes_on(self) -> bool:
        index, letter = self._next_letter(self.index)
        if letter == ":":
            return not self.flow_level and self.source[index + 1] not in " \n\0"
        if letter == "#":
            return bool(index == self.index)
        return letter not in ("\n\0,]}" if self.flow_level else "\n\0")

    def check_plain(self) -> bool:
        """Let the letters that YAML keeps to itself begin a text too, to say what is wrong with it."""
        return self.peek() in _CANNOT_BEGIN or super().check_plain()

    def fetch_plain(self) -> None:
        """An unquoted value, unless something in or behind it would make it another one."""
        start, number, condition = self.get_mark(), self._next_token, self._in_condition
        if self.peek() in _CANNOT_BEGIN:
            self._begins_badly(start)
            return
        super().fetch_plain()
        token = self.tokens[-1]
        holds = self._would_break(token, condition=condition, key=self._may_be_key(number))
        if not holds:
            return
        if "\n" in self.source[start.index : token.end_mark.index]:
            raise self._misplaced(token)
        self.tokens.pop()
        where = ", inside { } or [ ]," if self.flow_level and holds[0] not in ": " else ""
        kind = "condition" if condition else "text"
        message = f"a {kind} that holds '{holds}'{where} needs quotes round the whole of it"
        self._take_whole(start, start.index, message, condition=condition, comment=holds == " #" and not condition)

    def _would_break(self, token: ScalarToken, *, condition: bool, key: bool) -> str:
        """The letters that end this value before its author meant it to end; empty when all is well."""
        letter = self._next_letter(token.end_mark.index)[1]
        if letter == ":" and not key:
            return ": "
        if letter == "#" and not key:
            return " #" if (self._cuts(token) if condition else self._glued(token)) else ""
        if not self.flow_level or key:
            return ""
        if letter in "[{?":
            return letter
        open_text = condition and token.value.count("'") % 2 == 1
        open_call = token.value.count("(") > token.value.count(")")
        return "," if letter == "," and (open_text or open_call) else ""

    def _cuts(self, token: ScalarToken) -> bool:
        """Whether a # stands inside a text of a condition, which goes on behind it."""
        index = token.end_mark.index
        line = self.source[index : self.source.find("\n", index)]
        return token.value.count("'") % 2 == 1 and "'" in line

    def _glued(self, token: ScalarToken) -> bool:
        """Whether a # with no blank after it follows: more often a number than a comment."""
        index, letter = self._next_letter(token.end_mark.index)
        return letter == "#" and self.source[index + 1] not in " #\n\0"

    def _misplaced(self, token: ScalarToken) -> ScannerError:
        """A value that runs on into a line that has a ':' of its own."""
        end = token.end_mark
        begin = self.source.rfind("\n", 0, end.index) + 1
        begin = self._next_letter(begin)[0]
        mark = Mark(end.name, begin, end.line, 0, None, 0)
        if self.flow_level:
            return ScannerError(None, None, "a ',' or a closing bracket is missing at the end of the line above", mark)
        words = self.source[begin : end.index]
        shown = words if len(words) <= _LONGEST_SUGGESTION else "it"
        return ScannerError(None, None, f"'{shown}' stands further right than the line above allows", mark)

    def _begins_badly(self, start: Mark, *, condition: bool | None = None) -> None:
        condition = self._in_condition if condition is None else condition
        letter = self.source[start.index]
        name = "a quote" if letter in "'\"" else f"'{letter}'"
        kind = "condition" if condition else "text"
        message = f"a {kind} that begins with {name} needs quotes round the whole of it"
        self._take_whole(start, self.index, message, condition=condition)

    def _take_whole(self, start: Mark, scanned: int, message: str, *, condition: bool, comment: bool = False) -> None:
        """Take everything up to the end of the value as the text its author meant, and tell E103."""
        end = max(value_end(self.source, scanned, flow=self.flow_level > 0, comment=comment), self.index)
        self.forward(end - self.index)
        text = self.source[start.index : end].rstrip(" ").replace("\n", " ")
        self.possible_simple_keys.pop(self.flow_level, None)
        self.allow_simple_key = False
        self.tokens.append(ScalarToken(text, True, start, self.get_mark()))
        hint = f"write {in_quotes(text, whole=condition)}" if len(text) <= _LONGEST_SUGGESTION else ""
        if comment and hint:
            hint += ", or put a blank after # if it is a comment"
        self._tell("E103", start.index, end, message, hint)

    # The rest

    def scan_flow_scalar_non_spaces(self, double: bool, start_mark: Mark) -> list[str]:
        """PyYAML asks Python for the character behind an escape without looking whether there is one."""
        try:
            return super().scan_flow_scalar_non_spaces(double, start_mark)
        except (OverflowError, ValueError) as error:
            message = "there is no character with this number"
            raise ScannerError(None, None, message, self.get_mark()) from error

    def _next_letter(self, index: int) -> tuple[int, str]:
        found = _BLANKS.match(self.source, index)
        index = found.end() if found else index
        return index, self.source[index]

    def _tell(self, code: str, start: int, end: int, message: str, hint: str = "") -> None:
        self.problems.append(self.page.problem(code, start, end, message, hint))


def span(event: Event) -> tuple[int, int]:
    """The indices in the text from which and to which an event reaches."""
    assert event.start_mark is not None  # noqa: S101 - every event of a parser has its marks
    assert event.end_mark is not None  # noqa: S101
    return event.start_mark.index, event.end_mark.index


def value_end(text: str, start: int, *, flow: bool, comment: bool = False, quotes: bool = True) -> int:
    """Where a value on one line was meant to end: at a comment, in flow style at a `,` or a bracket of its own.

    `comment` says that ` #` is part of the value. Quotes that never close are letters.
    """
    quote, depth = "", 0
    index = start
    while (letter := text[index]) not in "\n\0":
        if quote:
            quote = "" if letter == quote else quote
        elif quotes and letter in "'\"":
            quote = letter
        else:
            comment_begins = letter == "#" and not comment and index > start and text[index - 1] == " "
            if comment_begins or (flow and depth == 0 and letter in ",]}"):
                break
            depth = max(depth + (letter in "([{") - (letter in ")]}"), 0)
        index += 1
    if quote:
        return value_end(text, start, flow=flow, comment=comment, quotes=False)
    while index > start and text[index - 1] == " ":
        index -= 1
    return index


def in_quotes(text: str, *, whole: bool) -> str:
    """The value as it should be written; a text already between quotes that holds the same quote loses them."""
    if not whole and len(text) > 2 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'
