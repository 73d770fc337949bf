"""PyYAML's parser made patient: what the house refuses is told with its place, and reading goes on."""

from yaml.error import MarkedYAMLError
from yaml.events import Event
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from nurture.language.page import Page
from nurture.model.place import Problem


class TooDeep(Exception):
    """More lists and mappings in each other than are read."""

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.index = index


class YamlParser(Reader, Scanner, Parser):
    """The parser over one page; `problems` grows while events are taken."""

    def __init__(self, page: Page, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        self.page = page
        self.problems: list[Problem] = []

    def take(self) -> Event:
        """The next event; MarkedYAMLError where this is not YAML."""
        event = self.get_event()  # type: ignore[no-untyped-call]
        assert isinstance(event, Event)  # noqa: S101 - the stream end is taken by nobody twice
        return event


def span(event: Event) -> tuple[int, int]:
    """The indices in the text from which and to which an event reaches."""
    assert event.start_mark and event.end_mark  # noqa: S101 - every event of a parser has its marks
    return event.start_mark.index, event.end_mark.index


def in_plain_words(page: Page, error: MarkedYAMLError) -> Problem:
    """A syntax error as a finding."""
    mark = error.problem_mark or error.context_mark
    return page.problem("E100", mark.index if mark else 0, None, f"this is not YAML: {error.problem}")
