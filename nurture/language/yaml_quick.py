"""The quick way through a YAML file: libyaml reads it, and where anything is out of the ordinary, the patient parser.

Nine files of ten have nothing to be told. What comes out of here is letter for letter what `yaml_parser` makes
of the same text (tests/unit/language/test_yaml_quick.py); whatever it might tell or read otherwise is `Unusual`.
"""

import re

from yaml.error import YAMLError
from yaml.events import (
    AliasEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from nurture.language.yaml_parser import CONDITION_KEYS, span

try:
    from yaml._yaml import CParser
except ImportError:  # a PyYAML that was built without libyaml
    CParser = None  # type: ignore[assignment,misc]

# Characters that the two parsers may take for breaks or blanks, or that are refused.
_RARE = re.compile("[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_EXPLICIT = re.compile(r"(?:^|[\[{,:-])[ ]*\?", re.MULTILINE)  # `? key`
_IN_FLOW = re.compile(r"(?![,%@`]|-(?:[ \n]|$))(?:[^?:]|:(?=\w))*")
_IN_BLOCK = re.compile(r"(?![-?:,](?:[ \n]|$)|[%@`]).*", re.DOTALL)
_BLANKS = re.compile(" *")


class Unusual(Exception):
    """The patient parser is to read this text."""


class QuickParser:
    """The events of one document without a mistake that a parser could tell; raises Unusual for every other."""

    def __init__(self, text: str) -> None:
        if CParser is None or _RARE.search(text) or _EXPLICIT.search(text):
            raise Unusual
        self.source = f"{text}\0"
        self._open: list[tuple[bool, bool]] = []  # lists and mappings: whether a mapping, and whether in flow style
        self._key_next = False
        self._condition = False  # whether what comes next is a condition
        self._parser = CParser(text)

    def take(self) -> Event:
        """The next event."""
        try:
            event = self._parser.get_event()
        except YAMLError as fault:
            raise Unusual from fault
        if isinstance(event, ScalarEvent):
            self._scalar(event)
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            self._begin(event)
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self._open.pop()
            self._key_next = bool(self._open) and self._open[-1][0]
        elif isinstance(event, AliasEvent) or getattr(event, "explicit", False):
            raise Unusual  # or a document that begins or ends with a line of its own
        assert isinstance(event, Event)  # noqa: S101 - the stream end is taken by nobody twice
        return event

    def _begin(self, event: MappingStartEvent | SequenceStartEvent) -> None:
        """A list or a mapping; it can be no key and no condition."""
        if event.anchor is not None or event.tag is not None or self._key_next or self._condition:
            raise Unusual
        mapping = isinstance(event, MappingStartEvent)
        self._open.append((mapping, bool(event.flow_style)))
        self._key_next = mapping

    def _scalar(self, event: ScalarEvent) -> None:
        """Raises Unusual for a value that is more than it seems, or may need quotes."""
        mapping, flow = self._open[-1] if self._open else (False, False)
        start, end = span(event)
        written = self.source[start:end]
        if event.anchor is not None or event.tag is not None or event.style in ("|", ">"):
            raise Unusual
        if flow and ("\n" in written or not written):
            raise Unusual
        blanks = _BLANKS.match(self.source, end)
        follows = blanks.end() if blanks else end
        if event.style:
            if self._goes_on(end, follows, flow):
                raise Unusual
        elif (_IN_FLOW if flow else _IN_BLOCK).fullmatch(written) is None or self._would_break(written, follows, flow):
            raise Unusual
        self._condition = self._key_next and event.value in CONDITION_KEYS
        self._key_next = mapping and not self._key_next

    def _goes_on(self, end: int, follows: int, flow: bool) -> bool:
        """Whether the line goes on behind a quoted value."""
        letter = self.source[follows]
        if letter == ":":
            return not flow and self.source[follows + 1] not in " \n\0"
        if letter == "#":
            return follows == end
        return letter not in ("\n\0,]}" if flow else "\n\0")

    def _would_break(self, written: str, follows: int, flow: bool) -> bool:
        """Whether something behind an unquoted value may have been meant as a part of it."""
        letter = self.source[follows]
        open_text = self._condition and written.count("'") % 2 == 1
        if letter == "#":
            return open_text or self.source[follows + 1] not in " #\n\0"
        if letter == "," and flow:
            return open_text or written.count("(") > written.count(")")
        return flow and letter in "[{?"
