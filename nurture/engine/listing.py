"""`nurture ls`: the sequences, and the map of what each stage is given, with its holes (language.md 3 and 15)."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest

from nurture.engine.unknown import refuse_unknown
from nurture.engine.unstarted import trigger_words
from nurture.model.book import Book
from nurture.model.sequence import Sequence, Status
from nurture.model.step import Gift, Send
from nurture.model.values import dataclass

COLUMNS = ("content", "gift", "upsell", "asks and care", "greetings")
PILLARS = ("product", "service", "community", "experience", "bridge")  # mission B9 to B13
OF_CLASS = {"news": "content", "offer": "upsell", "care": "asks and care", "celebration": "greetings"}
WIDTH = 100  # columns of a terminal, as every command keeps to
HOLES = {"content": "nothing to read", "asks and care": "nobody is asked"}


@dataclass(frozen=True, slots=True)
class Listed:
    """One sequence in a line of the list; `inside` is None where no store was asked."""

    name: str
    status: str
    class_: str
    stage: str
    starts: str
    title: str
    inside: int | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """A map: what the rows are, the columns, and the sequences in each cell; `notes` name the holes."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: Mapping[tuple[str, str], tuple[str, ...]]
    notes: Mapping[tuple[str, str], str]

    def lines(self) -> Iterator[str]:
        """As a table of at most 100 columns; a cell that is empty is `-`, with what is missing where that is a hole."""
        texts = {(row, column): self._cell(row, column) for row in self.rows for column in self.columns}
        first = max(map(len, self.rows), default=0) + 2
        widths = _narrowed({c: [c, *(texts[row, c] for row in self.rows)] for c in self.columns}, WIDTH - first)
        yield (" " * first + "".join(f"{column:<{widths[column] + 2}}" for column in self.columns)).rstrip()
        for row in self.rows:
            cells = [_wrapped(texts[row, column], widths[column]) for column in self.columns]
            for number, parts in enumerate(zip_longest(*cells, fillvalue="")):
                line = "".join(f"{part:<{widths[c] + 2}}" for c, part in zip(self.columns, parts, strict=True))
                yield f"{'' if number else row:<{first}}{line}".rstrip()

    def _cell(self, row: str, column: str) -> str:
        names = self.cells.get((row, column), ())
        note = self.notes.get((row, column), "")
        return ", ".join(names) or (f"-  <- {note}" if note else "-")


def _narrowed(cells: Mapping[str, list[str]], most: int) -> dict[str, int]:
    """The widths of columns: as wide as their texts, the widest made narrower until all fit, a word at the least."""
    widths = {column: max(map(len, texts)) for column, texts in cells.items()}
    least = {column: max(map(len, [column, *" ".join(texts).split()])) for column, texts in cells.items()}
    while sum(widths.values()) + 2 * (len(widths) - 1) > most:
        column = max(widths, key=lambda each: (widths[each] > least[each], widths[each]))
        if widths[column] <= least[column]:
            break
        widths[column] -= 1
    return widths


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def listed(book: Book, inside: Mapping[str, int] | None = None) -> list[Listed]:
    """Every sequence, by name."""
    return [
        Listed(
            name, sequence.status.value, sequence.class_, ", ".join(sequence.stage) or "any",
            " or ".join(trigger_words(trigger) for trigger in sequence.start), sequence.title,
            None if inside is None else inside.get(name, 0),
        )
        for name, sequence in sorted(book.sequences.items())
    ]  # fmt: skip


def by_stage(book: Book) -> Grid:
    """What each stage and moment is given, by kind; those of sequences that serve no stage are left out."""
    cells: dict[tuple[str, str], tuple[str, ...]] = {}
    for sequence in _running(book):
        for kind in sorted(kinds(sequence), key=COLUMNS.index):
            for row in _served(book, sequence):
                cells[row, kind] = (*cells.get((row, kind), ()), sequence.name)
    rows = _rows(book)
    notes = {(row, column): HOLES[column] for row in rows for column in HOLES if (row, column) not in cells}
    return Grid(rows, COLUMNS, cells, notes)


def by_pillar(book: Book) -> Grid:
    """Which pillars serve each stage and moment (section 15)."""
    cells: dict[tuple[str, str], tuple[str, ...]] = {}
    for sequence in _running(book):
        for pillar in sequence.pillars:
            for row in _served(book, sequence):
                cells[row, pillar] = (*cells.get((row, pillar), ()), sequence.name)
    rows = _rows(book)
    empty = {(row, pillar): "empty" for row in rows for pillar in PILLARS if (row, pillar) not in cells}
    return Grid(rows, PILLARS, cells, empty)


def kinds(sequence: Sequence) -> set[str]:
    """What a sequence gives: by the classes of its messages, and gifts."""
    steps = [node.step for node in sequence.nodes.values()]
    given = {OF_CLASS[step.class_] for step in steps if isinstance(step, Send) and step.class_ in OF_CLASS}
    return given | ({"gift"} if any(isinstance(step, Gift) for step in steps) else set())


def chosen(book: Book, names: Iterable[str], stages: Iterable[str], tags: Iterable[str]) -> set[str]:
    """The sequences named, or that a stage may start, or that touch a tag; all when nothing is asked for.

    MisuseError for a name, a stage or a tag that there is not.
    """
    wanted, at, touched = set(names), set(stages), set(tags)
    moments = {moment.id for moment in book.moments}
    for kind, asked, known in (
        ("sequence", wanted, set(book.sequences)),
        ("stage", at, {stage.id for stage in book.stages} | moments),
        ("tag", touched, set(book.tags)),
    ):
        if asked - known:
            refuse_unknown(kind, min(asked - known), known)
    if not (wanted or at or touched):
        return set(book.sequences)
    return wanted | {
        name
        for name, sequence in book.sequences.items()
        if (at and (not sequence.stage or at & set(sequence.stage))) or touched & _tags(sequence)
    }


def _tags(sequence: Sequence) -> set[str]:
    """The tags that a sequence gives, takes or asks for."""
    texts = [node.step.condition.text for node in sequence.nodes.values() if node.step.condition]
    texts += [trigger.condition.text for trigger in sequence.start if trigger.condition]
    texts += [sequence.while_.text] if sequence.while_ else []
    named = {part.split("'")[0] for text in texts for part in text.split("has_tag('")[1:]}
    given = (getattr(node.step, "tags", ()) for node in sequence.nodes.values())
    return named.union(*given)


def _running(book: Book) -> list[Sequence]:
    names = sorted(book.sequences)
    return [book.sequences[name] for name in names if book.sequences[name].status is not Status.draft]


def _rows(book: Book) -> tuple[str, ...]:
    """The stages from the first to the last on the customer's way, then the moments."""
    order = {stage.id: place for place, stage in enumerate(reversed(book.stages))}
    return (*sorted(order, key=order.__getitem__), *(f"+ {moment.id}" for moment in book.moments))


def _served(book: Book, sequence: Sequence) -> tuple[str, ...]:
    moments = {moment.id for moment in book.moments}
    return tuple(f"+ {each}" if each in moments else each for each in sequence.serves)
