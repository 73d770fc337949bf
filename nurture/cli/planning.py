"""The verbs that show what an apply would do, and change nothing: diff, plan."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nurture.cli.command import Asked, command
from nurture.cli.edge import CHANGES, DECISION, FINDINGS, FINE
from nurture.cli.output import answer, plural, say, say_all, say_next
from nurture.cli.progress import progress

if TYPE_CHECKING:
    from nurture.engine.check import Checked


PAST_HOUR = click.option(
    "--past-hour",
    type=click.Choice(["send", "skip"]),
    help="Whether a new broadcast goes also to readers whose hour has passed.",
)


@command(
    "diff",
    "nurture diff                every file against what is live",
    "nurture diff first_order    only one sequence",
)
@click.argument("sequence", default="")
def diff_command(asked: Asked, sequence: str) -> int:
    """Show in words how the files differ from what is live, and what a reader would notice of it."""
    from nurture.engine.check import check
    from nurture.engine.diff import differences
    from nurture.engine.project import read_files
    from nurture.wiring import now, workshop

    files = read_files(asked.root)
    checked = check(files)
    if checked.book is None:
        return say_findings(asked, checked)
    with workshop(asked.root) as shop:
        found = differences(shop.store, checked.book, files, now(), sequence)
    if asked.json:
        answer(found)
        return FINE
    say_all(found.lines())
    say_next("nurture plan")
    return FINE


@command(
    "plan",
    "nurture plan                      what an apply would change, and what happens to people inside",
    'nurture plan --due-now "spread 3 days" --out plan.json',
    "nurture plan --comment            Markdown for a merge request",
)
@click.option("--due-now", default="", help="Who is due at once by it: send, old-day, or 'spread 3 days'.")
@PAST_HOUR
@click.option("--drop", multiple=True, help="NAME=stop: all inside a sequence whose file is gone leave.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Keep the plan for apply --plan.")
@click.option("--comment", is_flag=True, help="Write Markdown, for a comment on a merge request.")
def plan_command(
    asked: Asked, due_now: str, past_hour: str | None, drop: tuple[str, ...], out: Path | None, comment: bool
) -> int:
    """Show what an apply would change: sequences, people inside, house rules, mails, and decisions that are missing.

    Exit code 0: nothing changes; 1: the files have errors; 2: there are changes; 3: a decision is missing.
    """
    from nurture.engine.broadcasts import head_lines
    from nurture.engine.check import check
    from nurture.engine.choosing import choice_of
    from nurture.engine.plan import plan
    from nurture.engine.plan_file import write_plan
    from nurture.engine.plan_words import document, markdown, plan_lines
    from nurture.engine.project import read_files
    from nurture.engine.switches import switch_lines
    from nurture.wiring import now, workshop

    choice = choice_of(due_now, drop, past_hour or "")
    files = read_files(asked.root)
    checked = check(files)
    if checked.book is None:
        return say_findings(asked, checked)
    with workshop(asked.root) as shop, progress("planning", shop.store.counts().people) as tell:
        found = plan(shop.store, checked.book, files, now(), choice, look_ahead=True, tell=tell)
        switches = shop.store.switches()
        broadcasts = tuple(head_lines(shop.store, found.tree.book, now()))
    if out is not None:
        write_plan(found, out)
    code = DECISION if found.missing else CHANGES if found.changes else FINE
    if asked.json:
        answer(document(found))
    elif comment:
        click.echo("\n".join(markdown(found)))
    else:
        say_all(plan_lines(found))
        say_all(broadcasts)
        say_all(switch_lines(switches))
        say_next(*next_of(code, out))
    return code


def next_of(code: int, out: Path | None) -> tuple[str, ...]:
    """What is useful after a plan."""
    if code == DECISION:
        return ("take the decisions, then nurture plan",)
    if code == CHANGES:
        return (f"nurture apply --plan {out}" if out is not None else "nurture apply", "nurture simulate --days 14")
    return ("nurture status",)


def say_findings(asked: Asked, checked: "Checked") -> int:
    """The files have errors: they are shown, and nothing else is."""
    from nurture.language import report

    if asked.json:
        click.echo(report.as_json(checked.problems))
        return FINDINGS
    say_all(report.as_text(checked.problems, checked.sources).splitlines())
    say(f"{plural(checked.errors, 'error')}: nothing was planned or applied.")
    say_next("mend the first error, then nurture check")
    return FINDINGS


COMMANDS = {"diff": diff_command, "plan": plan_command}
