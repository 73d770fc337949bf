"""`nurture test --record` and `--accept`: what came is written into the file, and nothing else of it is touched.

Comments and layout stay, those beside entries of `expect` that stay too (language.md 10).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from nurture.engine.book_tests import Came, Result, paired, unlike
from nurture.engine.faults import RefusedError
from nurture.language.test_files import CaseFile, Expected
from nurture.language.test_files_places import Expectation, Unwritable, expectations
from nurture.model.values import dataclass

BYTE_ORDER_MARK = "\ufeff"


def record(root: Path, files: Iterable[CaseFile], results: Iterable[Result]) -> list[Path]:
    """Write what came in these cases into their files; answers the files that are different now.

    RefusedError, before anything is written, for a case whose `expect` cannot be replaced as it is written.
    """
    came = {(one.file, one.case.name): one.story.came for one in results}
    texts: list[tuple[Path, bytes]] = []
    for file in files:
        path = root / file.file
        before = path.read_bytes()
        wanted = {n: came[file.file, case.name] for n, case in enumerate(file.cases) if (file.file, case.name) in came}
        try:
            after = rewritten(before.decode(), file, wanted).encode() if wanted else before
        except Unwritable as reason:
            raise RefusedError(str(reason)) from None
        texts += [(path, after)] if after != before else []
    for path, text in texts:
        path.write_bytes(text)
    return [path for path, _ in texts]


def rewritten(text: str, file: CaseFile, came: Mapping[int, Sequence[Came]]) -> str:
    """The text of a test file with the expectations of some cases, by their number from 0, as they came."""
    mark = BYTE_ORDER_MARK if text.startswith(BYTE_ORDER_MARK) else ""
    breaks = "\r\n" if "\r\n" in text else "\n"
    text = text.removeprefix(mark).replace("\r\n", "\n")
    places = expectations(text, file.file)
    is_toml = file.file.endswith(".toml")
    for number in sorted(came, reverse=True):
        old = file.cases[number].expect or ()
        start, end, new = (_toml if is_toml else _yaml)(text, places[number], old, came[number])
        text = text[:start] + new + text[end:]
    return mark + text.replace("\n", breaks)


Spell = Callable[[list[tuple[str, str]]], str]


@dataclass(frozen=True, slots=True)
class Chunk:
    """The lines of one entry with the comments above them, and where in them the entry itself stands."""

    text: str
    start: int
    end: int

    def holding(self, entry: str) -> str:
        """The same lines with another entry."""
        return self.text[: self.start] + entry + self.text[self.end :]

    @property
    def entry(self) -> str:
        """The entry itself."""
        return self.text[self.start : self.end]

    @property
    def comment(self) -> str:
        """What stands behind it on its line, without the comma of a list."""
        return self.text[self.end :].lstrip(" ,").rstrip()


def _yaml(text: str, place: Expectation, old: Sequence[Expected], came: Sequence[Came]) -> tuple[int, int, str]:
    """The stretch that an `expect:` takes up, and what stands there from now on."""
    dash = f"{' ' * place.dash}- "
    if place.key is None:
        lines = [f"{dash}{_entry(one, None, _in_yaml)}" for one in came]
        return place.behind, place.behind, "\n" + _headed(f"{' ' * place.column}expect:", lines)
    end = _line_end(text, place.value[1])
    head = text[place.key : _line_end(text, place.key)] if place.listed else f"expect:{text[place.value[1] : end]}"
    chunks = list(_chunks(text, place)) if place.listed else []
    lines = []
    for wanted, chunk, one in _matched(old, chunks, came):
        if chunk is None:
            lines.append(f"{dash}{_entry(one, wanted, _in_yaml)}")
        elif wanted is not None and not list(unlike(wanted, one)):
            lines.append(chunk.text)
        else:
            lines.append(chunk.holding(_entry(one, wanted, _in_yaml)))
    return place.key, end, _headed(head.rstrip(), lines)


def _headed(head: str, lines: list[str]) -> str:
    """The key and its list; an empty list stands beside the key, before its comment."""
    if lines:
        return "\n".join([head, *lines])
    key, _, comment = head.partition(":")
    return f"{key}: []{comment}"


def _toml(text: str, place: Expectation, old: Sequence[Expected], came: Sequence[Came]) -> tuple[int, int, str]:
    """The same in TOML: a list in brackets, one entry a line."""
    indent = " " * place.column
    chunks = [Chunk(text[begin : _line_end(text, end)], 0, end - begin) for begin, end in place.entries]
    lines = []
    for wanted, chunk, one in _matched(old, chunks, came):
        same = chunk is not None and wanted is not None and not list(unlike(wanted, one))
        entry = chunk.entry if same and chunk is not None else _entry(one, wanted, _in_toml)
        comment = chunk.comment if chunk is not None and chunk.comment.startswith("#") else ""
        lines.append(f"{indent}  {entry},{' ' if comment else ''}{comment}")
    value = "\n".join(["[", *lines, f"{indent}]"]) if lines else "[]"
    if place.key is None:
        return place.behind, place.behind, f"\n{indent}expect = {value}"
    return place.value[0], place.value[1], value


def _chunks(text: str, place: Expectation) -> Iterator[Chunk]:
    start = _line_end(text, place.key or 0) + 1
    for begin, end in place.entries:
        stop = _line_end(text, end)
        yield Chunk(text[start:stop], begin - start, end - start)
        start = stop + 1


def _matched(
    old: Sequence[Expected], chunks: Sequence[Chunk], came: Sequence[Came]
) -> Iterator[tuple[Expected | None, Chunk | None, Came]]:
    """What came, each with the entry that spoke of it before, where there is one."""
    for wanted, got in paired([one.mail for one in old], [one.mail for one in came]):
        if got is None:
            continue
        if wanted is None:
            yield None, None, came[got]
        else:
            yield old[wanted], chunks[wanted] if wanted < len(chunks) else None, came[got]


def _entry(came: Came, wanted: Expected | None, spell: Spell) -> str:
    """One message as an entry: with what it carries, or with the keys that its author had chosen to look at."""
    at = f"{came.at:%Y-%m-%d %H:%M}"
    if wanted is not None and wanted.at.day is None:
        at = f"day {(came.at.date() - came.day0).days} {came.at:%H:%M}"
    parts = [("at", at), ("send", came.mail)]
    told = {"gift": came.gifts[0] if came.gifts else "", "rung": came.rung, "class": came.class_}
    told["variant"] = came.variant
    looked_at = {"gift", "rung"} if wanted is None else _looked_at(wanted)
    parts += [(name, word) for name, word in told.items() if word and name in looked_at]
    return spell(parts)


def _looked_at(wanted: Expected) -> set[str]:
    written = {"gift": wanted.gift, "rung": wanted.rung, "class": wanted.class_, "variant": wanted.variant}
    return {name for name, word in written.items() if word}


def _in_yaml(parts: list[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{name}: {word}" for name, word in parts) + "}"


def _in_toml(parts: list[tuple[str, str]]) -> str:
    return "{" + ", ".join(f'{name} = "{word}"' for name, word in parts) + "}"


def _line_end(text: str, index: int) -> int:
    found = text.find("\n", index)
    return len(text) if found < 0 else found
