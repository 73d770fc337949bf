"""The door between files and what runs: apply."""

import click

from nurture.cli.command import Asked, command
from nurture.cli.edge import FINDINGS, FINE
from nurture.cli.output import answer, plural, say, say_all, say_next


@command("apply", "nurture apply")
def apply_command(asked: Asked) -> int:
    """Check the files and make them live. People inside a sequence stay on the version they started on.

    Nobody is taken in for what happened before; mail text is live for everybody at once.
    """
    from nurture.engine.applying import apply
    from nurture.engine.check import check
    from nurture.engine.project import read_files
    from nurture.language import report
    from nurture.wiring import now, workshop

    root = asked.root
    files = read_files(root)
    checked = check(files)
    if checked.book is None and asked.json:
        click.echo(report.as_json(checked.problems))
        return FINDINGS
    if checked.book is None:
        say_all(report.as_text(checked.problems, checked.sources).splitlines())
        say(f"{plural(checked.errors, 'error')}: nothing was applied.")
        say_next("mend the first error, then nurture check")
        return FINDINGS
    with workshop(root) as shop:
        applied = apply(shop.store, checked.book, files, now(), who())
    if asked.json:
        answer(applied)
        return FINE
    say_all(applied.lines())
    say_next("nurture simulate --days 14", "nurture run --once")
    return FINE


def who() -> str:
    """The name that an applied version is kept under; a container's user may have none, only a number."""
    import getpass
    import os

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no name in the environment and no entry for the number
        return f"user {os.getuid()}"


COMMANDS = {"apply": apply_command}
