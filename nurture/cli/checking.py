"""The verbs that read files and change nothing that runs: check, schema."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from nurture.cli.command import Asked, command
from nurture.cli.edge import FINDINGS, FINE
from nurture.cli.output import answer, plural, say, say_next

if TYPE_CHECKING:
    from nurture.engine.check import Checked

KINDS = ("sequence", "rules", "catalogue", "stages", "topics", "gifts", "ladders", "calendar", "test")


@command(
    "check",
    "nurture check                     every file",
    "nurture check gone_quiet          only what concerns this sequence, its mails and its tests",
    "nurture check --strict            warnings count as errors, for CI",
    "nurture check --format github     annotations on a merge request",
)
@click.argument("names", nargs=-1)
@click.option("--strict", is_flag=True, help="Exit 1 for warnings too.")
@click.option("--state", is_flag=True, help="Look at live data too: facts, zones, codes, feasts, starts, old was:.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "sarif", "junit"]),
    default="text",
    help="How findings are written.",
)
def check_command(asked: Asked, names: tuple[str, ...], strict: bool, state: bool, form: str) -> int:
    """Find every mistake in sequences/ and templates/, with line, column and cure.

    With NAMES, of sequences or mails, only what concerns them.
    """
    from nurture.engine.check import check
    from nurture.engine.project import read_files
    from nurture.language import report

    files = read_files(asked.root)
    checked = check(files)
    if state:
        checked = looked_at_state(asked, checked)
    if names:
        from nurture.engine.check_chosen import of_names

        checked = of_names(checked, files, names)
    failed = bool(checked.errors or (strict and checked.warnings))
    if asked.json or form == "json":
        click.echo(report.as_json(checked.problems))
    elif form == "github":
        click.echo(report.as_github(checked.problems))
    elif form == "sarif":
        click.echo(report.as_sarif(checked.problems))
    elif form == "junit":
        click.echo(report.as_junit(checked.problems, strict))
    else:
        if checked.problems:
            click.echo(report.as_text(checked.problems, checked.sources).rstrip("\n"))
        say(
            f"{plural(checked.files, 'file')}, {plural(checked.errors, 'error')}, {plural(checked.warnings, 'warning')}"
        )
        say_standing(asked, files)
        say_next("mend the first error, then nurture check" if failed else "nurture simulate --days 14")
    return FINDINGS if failed else FINE


def looked_at_state(asked: Asked, checked: "Checked") -> "Checked":
    """With what the store says of the files."""
    from nurture.engine.check_live import with_live
    from nurture.engine.check_state import with_state
    from nurture.wiring import now, workshop

    with workshop(asked.root) as shop:
        return with_live(with_state(checked, shop.store), shop.store, now())


def say_standing(asked: Asked, files: Mapping[str, bytes]) -> None:
    """What holds beside the files: how many are not live as they are (language.md 8); halts, pauses and stops (6.5)."""
    import os

    from nurture.config import FILE, read_config
    from nurture.engine.unapplied import differing_files
    from nurture.store.peek import peek, peek_applied

    file = asked.root / FILE
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else None
    config, _ = read_config(asked.root, text, os.environ)
    if config is None:
        return
    applied = peek_applied(config.store_url)
    differing = differing_files(files, applied)
    if applied and differing:
        verb = "differs" if differing == 1 else "differ"
        say(f"{plural(differing, 'file')} {verb} from what is live: nurture plan shows what an apply would change")
    for switch in peek(config.store_url):
        say(switch.line)


@command(
    "schema",
    "nurture schema --write            .nurture/*.schema.json, for the editor",
    "nurture schema sequence           print one of them",
)
@click.argument("kind", required=False, type=click.Choice(KINDS))
@click.option("--write", is_flag=True, help="Write all of them to .nurture/.")
def schema_command(asked: Asked, kind: str | None, write: bool) -> int:
    """Write the JSON Schemas of this project, with its own mails, events and stages to choose from."""
    if bool(kind) == write:
        raise click.UsageError("say which schema to print, or --write for all of them")
    from nurture.engine.check import readable_book

    book = readable_book(asked.root)
    if kind:
        from nurture.language.schema import schema

        answer(schema(kind, book))
        return FINE
    from nurture.engine.starter import write_schemas

    written = write_schemas(asked.root, book)
    if asked.json:
        answer({"written": written})
        return FINE
    for path in written:
        say(f"Written: {path.relative_to(asked.root)}")
    say_next("nurture check")
    return FINE


COMMANDS = {"check": check_command, "schema": schema_command}
