"""What every command shares: an example first in its help, --project, --json, and a last line naming the next."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import click

from nurture.model.values import dataclass

if TYPE_CHECKING:
    from nurture.model.length import Length

WIDTH = 100
YEARS = range(1970, 2200)  # what a moment typed may lie in; calendars reach no further


@dataclass(frozen=True, slots=True)
class Asked:
    """What every command is told: which project, and whether to answer as one JSON document."""

    project: Path | None
    json: bool

    @property
    def root(self) -> Path:
        """The project's folder; MisuseError when there is none."""
        from nurture.engine.project import find_project

        return find_project(self.project, Path.cwd())


class ExampleFirst(click.Command):
    """A command whose help starts with an example."""

    examples: tuple[str, ...] = ()

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Examples, then what click prints."""
        formatter.write("Example:\n" + "".join(f"  {line}\n" for line in self.examples) + "\n")
        super().format_help(ctx, formatter)


class ExampleCommand(ExampleFirst):
    """One command."""


class ExampleGroup(ExampleFirst, click.Group):
    """A command with commands of its own."""


def command(name: str, *examples: str) -> Callable[[Callable[..., int | None]], ExampleCommand]:
    """Make a function a command: its first argument is `Asked`, its answer the exit code (None is 0)."""

    def make(function: Callable[..., int | None]) -> ExampleCommand:
        def call(project: Path | None, as_json: bool, **options: Any) -> int | None:
            return function(Asked(project, as_json), **options)

        made = click.command(name, cls=ExampleCommand, help=function.__doc__)(copy_options(function, call))
        made.params += [
            click.Option(["--project"], type=click.Path(path_type=Path), help="The project's folder."),
            click.Option(["--json", "as_json"], is_flag=True, help="Answer with one JSON document."),
        ]
        made.examples = examples
        return made

    return make


def copy_options(source: Callable[..., Any], target: Callable[..., Any]) -> Callable[..., Any]:
    """Hand the options that click's decorators left on one function to another."""
    target.__dict__["__click_params__"] = getattr(source, "__click_params__", [])
    return target


class Instant(click.ParamType[datetime]):
    """A moment as typed: `2027-03-08 10:00`, `2027-03-08`, or with an offset. Stays naive without one."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it, or say how it is written."""
        try:
            found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is not a moment; write 2027-03-08 or '2027-03-08 10:00'", param, ctx)
        if found.year not in YEARS:
            self.fail(f"'{value}' is too far away; years from {YEARS[0]} to {YEARS[-1]} are reckoned with", param, ctx)
        return found


class Day(click.ParamType[date]):
    """A day as typed: `2027-03-08`."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read it, or say how it is written."""
        try:
            return value if isinstance(value, date) else date.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is not a day; write 2027-03-08", param, ctx)


class NearDay(click.ParamType["date | str"]):
    """A day as typed: `2027-03-08`, or one near by: `today`, `yesterday`, `mon`; the name stays one, as `Mon`."""

    name = "day"
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date | str:
        """Read it, or say how it is written; which date a name means depends on the reader's clock."""
        if isinstance(value, date):
            return value
        typed = str(value).strip().casefold()
        if typed in ("today", "yesterday"):
            return typed
        weekday = next((name[:3] for name in self.names if len(typed) > 2 and name.casefold().startswith(typed)), "")
        try:
            return weekday or date.fromisoformat(typed)
        except ValueError:
            self.fail(f"'{value}' is not a day; write 2027-03-08, mon, today or yesterday", param, ctx)


class LengthOfTime(click.ParamType["Length"]):
    """A length as the language writes it, `3 days`, `72 hours`; at the shell `3d`, `72h`, `2w` will do."""

    name = "length"
    short: ClassVar[dict[str, str]] = {"d": "days", "h": "hours", "w": "weeks"}

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> "Length":
        """Read it, or say how it is written."""
        from nurture.engine.lengths import read_length
        from nurture.model.length import Length

        if isinstance(value, Length):
            return value
        typed = str(value).strip()
        found = read_length(f"{typed[:-1]} {self.short[typed[-1]]}" if typed[-1:] in self.short else typed)
        if found is None:
            self.fail(f"'{value}' is not a length; write '3 days' or '72 hours'", param, ctx)
        return found
