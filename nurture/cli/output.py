"""How a command speaks: plain lines of at most 100 columns, one JSON document, and what to do next."""

import dataclasses
import json
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import PurePath

import click

from nurture.cli.command import WIDTH

LATEST_COLUMN = 64  # a last column that begins further right has no room to go on under itself


def say(line: str = "") -> None:
    """Print one line to people; what is longer than 100 columns goes on below, under its last column."""
    click.echo("\n".join(wrapped(line)))


def wrapped(line: str) -> list[str]:
    """A line in lines of at most 100 columns; only a single word that is longer stands out, since nothing is cut."""
    if len(line) <= WIDTH:
        return [line]
    columns = [gap.end() for gap in re.finditer(r"\S\s{2,}(?=\S)", line) if gap.end() <= LATEST_COLUMN]
    indent = columns[-1] if columns else len(line) - len(line.lstrip()) + 4
    return textwrap.wrap(
        line,
        WIDTH,
        subsequent_indent=" " * indent,
        replace_whitespace=False,
        break_long_words=False,
        break_on_hyphens=False,
    )


def say_all(lines: Iterable[str]) -> None:
    """Print lines as they come."""
    for line in lines:
        say(line)


def say_next(*commands: str) -> None:
    """The end of every command: what is useful now, whole, to be copied; one command a line where they are long."""
    line = f"Next: {'   ·   '.join(commands)}"
    click.echo(line if len(line) <= WIDTH else "Next: " + "\n      ".join(commands))


def typed(count: int, to: str, ask: Callable[..., str]) -> bool:
    """Whether a person typed the number to do this, which nobody does by mistake; where nobody can type, it was not."""
    try:
        said = ask(f"Type {count} to {to}", default="", show_default=False)
    except click.Abort:
        return False
    return said.strip().replace(",", "") == str(count)


def answer(document: object) -> None:
    """Print one JSON document: the whole answer of a command under --json."""
    click.echo(json.dumps(as_document(document), ensure_ascii=False, indent=2, sort_keys=False))


def as_document(value: object) -> object:
    """A value of ours as JSON knows it; instants as ISO 8601 with their offset, money as text."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal | PurePath):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_document(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_document(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: as_document(item) for name, item in zip(value._fields, value, strict=True)}
    if isinstance(value, list | tuple):
        return [as_document(item) for item in value]
    if isinstance(value, frozenset | set):
        return sorted(as_document(item) for item in value)  # type: ignore[type-var]
    return value


def plural(count: int, one: str, many: str = "") -> str:
    """`1 file`, `1,204 files`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
